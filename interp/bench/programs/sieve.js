function sieve(n) {
  var v = new Array(n + 1), count = 0;
  for (var i = 0; i <= n; i++) v[i] = true;
  for (var i = 2; i <= n; i++) {
    if (v[i]) {
      for (var j = i * i; j <= n; j += i) v[j] = false;
      count++;
    }
  }
  return count;
}
function main() { return sieve(50000); }
