function writeTable(n) {
  var out = [];
  for (var i = 0; i < n; i++) {
    out.push(String(i));
    out.push(" ");
    out.push(String(i * i));
    out.push("\n");
  }
  return out.join("");
}
function reader(text) {
  var at = 0;
  return function () { return at < text.length ? text.charAt(at++) : null; };
}
function readNumber(next) {
  var n = 0, any = false;
  for (;;) {
    var c = next();
    if (c === null) return any ? n : null;
    if (c >= "0" && c <= "9") { n = n * 10 + (c.charCodeAt(0) - 48); any = true; }
    else if (any) return n;
  }
}
function main() {
  var next = reader(writeTable(1000)), sum = 0;
  for (;;) {
    var n = readNumber(next);
    if (n === null) return sum;
    sum += n;
  }
}
