function swap(v, i, j) { var t = v[i]; v[i] = v[j]; v[j] = t; }
function reverseBits(re, im, n) {
  for (var i = 0, j = 0; i < n; i++) {
    if (i < j) { swap(re, i, j); swap(im, i, j); }
    var m = n / 2;
    while (m >= 1 && j >= m) { j -= m; m = Math.floor(m / 2); }
    j += m;
  }
}
function fft(re, im, sign) {
  var n = re.length;
  reverseBits(re, im, n);
  for (var size = 2; size <= n; size *= 2) {
    var half = size / 2, step = sign * 2 * Math.PI / size;
    for (var k = 0; k < half; k++) {
      var wr = Math.cos(step * k), wi = Math.sin(step * k);
      for (var i = k; i < n; i += size) {
        var j = i + half, xr = re[j], xi = im[j];
        var tr = wr * xr - wi * xi, ti = wr * xi + wi * xr;
        re[j] = re[i] - tr; im[j] = im[i] - ti;
        re[i] = re[i] + tr; im[i] = im[i] + ti;
      }
    }
  }
}
function main() {
  var n = 1024, re = [], im = [], ok = true;
  for (var i = 0; i < n; i++) { re.push(i * 37 % 101); im.push(0); }
  fft(re, im, 1);
  fft(re, im, -1);
  for (var i = 0; i < n; i++) ok = ok && Math.abs(re[i] / n - i * 37 % 101) < 0.001;
  return ok;
}
