function digits(n) {
  var q = 1n, r = 0n, t = 1n, k = 1n, m = 3n, x = 3n, sum = 0;
  while (n > 0) {
    if (4n * q + (r - t) < m * t) {
      sum = 3 * (sum % 1000003) + Number(m);
      var m2 = 10n * (3n * q + r) / t - 10n * m;
      r = 10n * (r - m * t);
      q = 10n * q;
      m = m2;
      n--;
    } else {
      var m3 = (q * (7n * k + 2n) + r * x) / (t * x);
      r = (2n * q + r) * x;
      q = q * k;
      t = t * x;
      k = k + 1n;
      m = m3;
      x = x + 2n;
    }
  }
  return sum;
}
function main() { return digits(200); }
