var symbols = [["red", 1], ["green", 2], ["blue", 3], ["cyan", 4], ["magenta", 5], ["yellow", 6],
  ["black", 7], ["white", 8], ["grey", 9], ["orange", 10]];
var numbers = [[10, 1], [20, 2], [30, 3], [40, 4], [50, 5], [60, 6], [70, 7], [80, 8]];
var strings = [["one", 1], ["two", 2], ["three", 3], ["four", 4], ["five", 5],
  ["six", 6], ["seven", 7], ["eight", 8]];
function find(key, table) {
  for (var i = 0; i < table.length; i++) if (table[i][0] === key) return table[i];
  return null;
}
function sum(keys, table) {
  var n = 0;
  for (var i = 0; i < keys.length; i++) {
    var p = find(keys[i], table);
    if (p !== null) n += p[1];
  }
  return n;
}
function main() {
  var n = 0;
  for (var i = 0; i < 200; i++) {
    n += sum(["white", "blue", "red", "none", "orange"], symbols) +
      sum([80, 10, 45, 50, 20], numbers) +
      sum(["eight", "zero", "three", "two", "five"], strings);
    var l = ["four", "five", "six", "seven"];
    n += (["red", "green", "blue", "grey"].indexOf("grey") >= 0 ? 1 : 0) + (l.length - l.indexOf("six"));
  }
  return n;
}
