function makeMatrix(n, f) {
  var m = [];
  for (var i = 0; i < n; i++) {
    var row = [];
    for (var j = 0; j < n; j++) row.push(f(i, j));
    m.push(row);
  }
  return m;
}
function multiply(a, b, n) {
  return makeMatrix(n, function (i, j) {
    var row = a[i], sum = 0;
    for (var k = 0; k < n; k++) sum += row[k] * b[k][j];
    return sum;
  });
}
function trace(m, n) {
  var sum = 0;
  for (var i = 0; i < n; i++) sum += m[i][i];
  return sum;
}
function main() {
  var n = 40;
  var a = makeMatrix(n, function (i, j) { return (3 * i + j) % 7; });
  var b = makeMatrix(n, function (i, j) { return i === j ? 1.5 : 0.25; });
  return Math.trunc(trace(multiply(a, multiply(a, b, n), n), n));
}
