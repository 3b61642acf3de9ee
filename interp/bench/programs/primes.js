function cons(a, d) { return { a: a, d: d }; }
function interval(lo, hi) { return lo > hi ? null : cons(lo, interval(lo + 1, hi)); }
function removeMultiples(n, l) {
  if (l === null) return null;
  if (l.a % n === 0) return removeMultiples(n, l.d);
  return cons(l.a, removeMultiples(n, l.d));
}
function sieve(l) { return l === null ? null : cons(l.a, sieve(removeMultiples(l.a, l.d))); }
function main() {
  var n = 0;
  for (var l = sieve(interval(2, 1500)); l !== null; l = l.d) n++;
  return n;
}
