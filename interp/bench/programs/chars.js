var text =
  "The quick brown fox jumps over the lazy dog; 27 dogs, 14 foxes and a Cat slept.";
function alphabetic(c) { return c >= "a" && c <= "z" || c >= "A" && c <= "Z"; }
function words(s) {
  var inside = false, count = 0;
  for (var i = 0; i < s.length; i++) {
    if (alphabetic(s.charAt(i))) { if (!inside) count++; inside = true; }
    else inside = false;
  }
  return count;
}
function shift(c, by) {
  if (c >= "a" && c <= "z")
    return String.fromCharCode(97 + (by + c.charCodeAt(0) - 97 + 26) % 26);
  if (c >= "A" && c <= "Z") return shift(c.toLowerCase(), by);
  return c;
}
function encode(s, by) {
  var out = [];
  for (var i = 0; i < s.length; i++) out.push(shift(s.charAt(i), by));
  return out.join("");
}
function main() {
  var s = text.repeat(40), t = encode(s, 3);
  return words(s) + words(t) + (encode(t, -3) === s ? 1 : 0) + t.charCodeAt(5);
}
