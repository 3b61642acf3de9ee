function chain(n) {
  var length = 1, halved = 0;
  while (n !== 1) {
    if (n % 2 === 0) { n = n / 2; halved++; } else n = 3 * n + 1;
    length++;
  }
  return [length, halved];
}
function main() {
  var most = 0, sum = 0;
  for (var i = 1; i !== 1500; i++) {
    var [length, halved] = chain(i);
    most = Math.max(most, length);
    sum += halved;
  }
  return most * 1000000 + sum;
}
