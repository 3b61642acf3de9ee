function randomVector(n) {
  var v = new Array(n), x = 12345;
  for (var i = 0; i < n; i++) { v[i] = x; x = (x * 1103 + 12345) % 65536; }
  return v;
}
function quicksort(v, lo, hi) {
  if (lo < hi) {
    var p = v[(lo + hi) >> 1], i = lo, j = hi;
    while (i <= j) {
      while (v[i] < p) i++;
      while (v[j] > p) j--;
      if (i <= j) {
        var t = v[i];
        v[i] = v[j];
        v[j] = t;
        i++; j--;
      }
    }
    quicksort(v, lo, j);
    quicksort(v, i, hi);
  }
}
function main() {
  var v = randomVector(5000);
  quicksort(v, 0, 4999);
  return v[0] + v[2500] + v[4999];
}
