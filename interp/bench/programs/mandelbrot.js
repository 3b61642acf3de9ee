function count(cr, ci) {
  var zr = cr, zi = ci, c = 0;
  for (; c !== 64; c++) {
    var r2 = zr * zr, i2 = zi * zi;
    if (r2 + i2 > 16.0) break;
    var t = r2 - i2 + cr;
    zi = 2.0 * zr * zi + ci;
    zr = t;
  }
  return c;
}
function main() {
  var sum = 0;
  for (var y = 0; y < 60; y++)
    for (var x = 0; x < 60; x++) sum += count(-1.5 + 0.033 * x, -1.0 + 0.033 * y);
  return sum;
}
