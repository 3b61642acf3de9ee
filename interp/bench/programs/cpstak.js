function cpstak(x, y, z) {
  function tak(x, y, z, k) {
    if (!(y < x)) return k(z);
    return tak(x - 1, y, z, function (v1) {
      return tak(y - 1, z, x, function (v2) {
        return tak(z - 1, x, y, function (v3) { return tak(v1, v2, v3, k); });
      });
    });
  }
  return tak(x, y, z, function (a) { return a; });
}
function main() { return cpstak(14, 8, 4); }
