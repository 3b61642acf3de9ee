function integrate(f, a, b, n) {
  var h = (b - a) / n, sum = f(a) + f(b);
  for (var i = 1; i !== n; i++) sum += (i % 2 === 0 ? 2 : 4) * f(a + i * h);
  return h / 3 * sum;
}
function curve(x) { return Math.sin(x) * Math.exp(-x) / (1 + Math.sqrt(x * x * x)); }
function main() { return Math.round(1e9 * integrate(curve, 0, 10, 10000)); }
