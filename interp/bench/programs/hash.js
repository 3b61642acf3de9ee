function main() {
  var t = new Map();
  for (var i = 0; i < 10000; i++) {
    var k = (i * 7919) % 4099;
    t.set(k, 1 + (t.has(k) ? t.get(k) : 0));
  }
  var sum = 0;
  for (var i = 0; i < 4099; i++) sum += i * (t.has(i) ? t.get(i) : 0);
  return sum;
}
