var text =
  "it was the best of times it was the worst of times it was the age of wisdom it was the age of foolishness it was the epoch of belief it was the epoch of incredulity";
function split(s) {
  var l = [], start = 0;
  for (var i = 0; i < s.length; i++)
    if (s.charAt(i) === " ") { l.push(s.substring(start, i)); start = i + 1; }
  l.push(s.substring(start));
  return l;
}
function main() {
  var table = new Map(), sum = 0;
  for (var i = 0; i < 60; i++) {
    var l = split(text);
    for (var j = 0; j < l.length; j++)
      table.set(l[j], 1 + (table.has(l[j]) ? table.get(l[j]) : 0));
  }
  table.forEach(function (v, k) { sum += v * k.length; });
  return 1000 * table.get("it") + table.get("wisdom") + sum;
}
