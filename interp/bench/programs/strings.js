function build(n) {
  var parts = [];
  for (var i = 0; i < n; i++) parts.push(String(i) + ",");
  return parts.join("");
}
function countDigit(s, ch) {
  var c = 0;
  for (var i = 0; i < s.length; i++) if (s.charAt(i) === ch) c++;
  return c;
}
function main() { return countDigit(build(5000), "7"); }
