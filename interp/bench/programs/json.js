var text =
  "[{\"name\": \"a\", \"size\": 10, \"tags\": [\"x\", \"y\"]}, {\"name\": \"b\\n\", \"size\": 250, \"tags\": []}, {\"name\": \"c\", \"size\": 7, \"ok\": true, \"none\": null}]";
var pos = 0, input = "";
function peek() { return pos < input.length ? input.charAt(pos) : "\0"; }
function next() { var c = peek(); pos++; return c; }
function skip() { while (peek() === " ") next(); }
function digit(c) { return c >= "0" && c <= "9"; }
class Member { constructor(key, value) { this.key = key; this.value = value; } }
function readValue() {
  skip();
  var c = peek();
  if (c === "[") { next(); return readItems("]", readValue); }
  if (c === "{") { next(); return readItems("}", readMember); }
  if (c === "\"") { next(); return readText(); }
  if (digit(c)) return readInt();
  if (c === "t") { pos += 4; return true; }
  if (c === "f") { pos += 5; return false; }
  pos += 4;
  return null;
}
function readMember() {
  skip(); next();
  var key = readText();
  skip(); next();
  return new Member(key, readValue());
}
function readItems(close, readOne) {
  var l = [];
  for (;;) {
    skip();
    var c = peek();
    if (c === close) { next(); return l; }
    if (c === ",") next(); else l.push(readOne());
  }
}
function readText() {
  var l = [];
  for (;;) {
    var c = next();
    if (c === "\"") return l.join("");
    l.push(c === "\\" ? next() : c);
  }
}
function readInt() {
  var n = 0;
  while (digit(peek())) n = n * 10 + (next().charCodeAt(0) - 48);
  return n;
}
function size(x) {
  if (Array.isArray(x)) { var n = 1; for (var i = 0; i < x.length; i++) n += size(x[i]); return n; }
  if (x instanceof Member) return x.key.length + size(x.value);
  if (typeof x === "string") return x.length;
  return typeof x === "number" ? x : 1;
}
function main() {
  var n = 0;
  for (var i = 0; i < 100; i++) { pos = 0; input = text; n += size(readValue()); }
  return n;
}
