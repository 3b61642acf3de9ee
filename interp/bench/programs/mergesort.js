function cons(a, d) { return { a: a, d: d }; }
function merge(a, b, less) {
  if (a === null) return b;
  if (b === null) return a;
  if (less(b.a, a.a)) return cons(b.a, merge(a, b.d, less));
  return cons(a.a, merge(a.d, b, less));
}
function take(l, n) { return n === 0 ? null : cons(l.a, take(l.d, n - 1)); }
function tail(l, n) { while (n-- > 0) l = l.d; return l; }
function mergeSort(l, n, less) {
  if (n < 2) return l;
  var half = Math.floor(n / 2);
  return merge(mergeSort(take(l, half), half, less), mergeSort(tail(l, half), n - half, less), less);
}
function randomList(n) {
  var l = null;
  for (var i = 0, x = 12345; i < n; i++) { l = cons(x, l); x = (x * 1103 + 12345) % 65536; }
  return l;
}
function reverse(l) { var r = null; for (; l !== null; l = l.d) r = cons(l.a, r); return r; }
function main() {
  var l = randomList(1000), n = 0;
  var up = mergeSort(l, 1000, function (a, b) { return a < b; });
  var down = reverse(mergeSort(l, 1000, function (a, b) { return a > b; }));
  for (; up !== null; up = up.d, down = down.d) n += up.a === down.a ? 1 : 0;
  return n;
}
