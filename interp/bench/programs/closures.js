function compose(f, g) { return function (x) { return f(g(x)); }; }
function adder(n) { return function (x) { return x + n; }; }
function main() {
  var l = [], sum = 0;
  for (var i = 1; i <= 500; i++) l.push(i);
  for (var i = 0; i < 40; i++)
    sum = l.map(compose(adder(i), adder(1))).reduce(function (acc, x) { return acc + x; }, sum);
  return sum;
}
