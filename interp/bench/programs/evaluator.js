function cons(a, d) { return { a: a, d: d }; }
function lookup(name, env) { for (; ; env = env.d) if (env.a.a === name) return env.a.d; }
function bind(names, values, env) {
  for (var i = names.length - 1; i >= 0; i--) env = cons(cons(names[i], values[i]), env);
  return env;
}
function evaluateAll(x, env) {
  var out = [];
  for (var i = 1; i < x.length; i++) out.push(evaluate(x[i], env));
  return out;
}
function evaluate(x, env) {
  if (typeof x === "string") return lookup(x, env);
  if (!Array.isArray(x)) return x;
  switch (x[0]) {
    case "quote": return x[1];
    case "if": return evaluate(x[1], env) ? evaluate(x[2], env) : evaluate(x[3], env);
    case "lambda": return function (...args) { return evaluate(x[2], bind(x[1], args, env)); };
    case "fix":
      var cell = cons(x[1], null);
      cell.d = evaluate(x[2], cons(cell, env));
      return cell.d;
  }
  return evaluate(x[0], env).apply(null, evaluateAll(x, env));
}
var globals = bind(["+", "-", "<"],
  [function (a, b) { return a + b; }, function (a, b) { return a - b; }, function (a, b) { return a < b; }], null);
function program(n) {
  return [["fix", "fib", ["lambda", ["n"],
    ["if", ["<", "n", 2], "n", ["+", ["fib", ["-", "n", 1]], ["fib", ["-", "n", 2]]]]]], n];
}
function main() { return evaluate(program(12), globals); }
