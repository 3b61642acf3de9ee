function gcd(a, b) { while (b !== 0n) { var t = a % b; a = b; b = t; } return a; }
function harmonic(n) {
  var num = 0n, den = 1n;
  for (var k = 1n; k <= n; k++) {
    num = num * k + den; den = den * k;
    var g = gcd(num, den);
    num = num / g; den = den / g;
  }
  return num;
}
function main() {
  var digits = 0;
  for (var i = 0; i < 20; i++) digits += String(harmonic(60n)).length;
  return digits;
}
