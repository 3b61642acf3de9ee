function K() { this.v = 0; }
function escape(f) {
  var k = new K();
  try { return f(k); } catch (e) { if (e === k) return k.v; throw e; }
}
function aux(k, x, y, z) {
  if (!(y < x)) { k.v = z; throw k; }
  return escape(function (k) {
    return aux(k,
      escape(function (k) { return aux(k, x - 1, y, z); }),
      escape(function (k) { return aux(k, y - 1, z, x); }),
      escape(function (k) { return aux(k, z - 1, x, y); }));
  });
}
function main() { return escape(function (k) { return aux(k, 10, 6, 3); }); }
