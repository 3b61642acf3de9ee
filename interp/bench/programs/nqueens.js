function cons(a, d) { return { a: a, d: d }; }
function ok(row, dist, placed) {
  return placed === null ||
    (placed.a !== row + dist && placed.a !== row - dist && ok(row, dist + 1, placed.d));
}
function append(x, y) { return x === null ? y : cons(x.a, append(x.d, y)); }
function attempt(x, y, z) {
  if (x === null) return y === null ? 1 : 0;
  return (ok(x.a, 1, z) ? attempt(append(x.d, y), null, cons(x.a, z)) : 0) +
    attempt(x.d, cons(x.a, y), z);
}
function iota1(n) { var l = null; for (var i = n; i > 0; i--) l = cons(i, l); return l; }
function main() { return attempt(iota1(8), null, null); }
