function cons(a, d) { return { a: a, d: d }; }
function list() { var l = null; for (var i = arguments.length - 1; i >= 0; i--) l = cons(arguments[i], l); return l; }
function isPair(x) { return typeof x === "object" && x !== null; }
function map1(f, l) { return l === null ? null : cons(f(l.a), map1(f, l.d)); }
function deriv(a) {
  if (!isPair(a)) return a === "x" ? 1 : 0;
  if (a.a === "+") return cons("+", map1(deriv, a.d));
  if (a.a === "-") return cons("-", map1(deriv, a.d));
  if (a.a === "*") return list("*", a, cons("+", map1(function (a) { return list("/", deriv(a), a); }, a.d)));
  return list("error", a);
}
function size(a) { return isPair(a) ? 1 + size(a.a) + size(a.d) : 0; }
var expr = list("+", list("*", 3, "x", "x"), list("*", "a", "x", "x"), list("*", "b", "x"), 5);
function main() {
  var n = 0;
  for (var i = 0; i < 500; i++) n += size(deriv(expr));
  return n;
}
