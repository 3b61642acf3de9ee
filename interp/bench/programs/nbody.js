function makeBodies() {
  return [[0, 0, 0, 0, 1000], [100, 0, 0, 3, 1], [-150, 0, 0, -2.5, 1], [0, 220, -2, 0, 2]];
}
function advance(bs, dt) {
  var n = bs.length;
  for (var i = 0; i < n; i++) {
    var a = bs[i];
    for (var j = 0; j < n; j++) {
      if (i !== j) {
        var b = bs[j], dx = b[0] - a[0], dy = b[1] - a[1];
        var d2 = dx * dx + dy * dy + 0.01, f = b[4] / (d2 * Math.sqrt(d2));
        a[2] = a[2] + dx * f * dt;
        a[3] = a[3] + dy * f * dt;
      }
    }
  }
  for (var i = 0; i < n; i++) {
    var a = bs[i];
    a[0] = a[0] + dt * a[2];
    a[1] = a[1] + dt * a[3];
  }
}
function main() {
  var bs = makeBodies();
  for (var i = 0; i < 1000; i++) advance(bs, 0.01);
  return 90 < bs[1][0] && bs[1][0] < 100;
}
