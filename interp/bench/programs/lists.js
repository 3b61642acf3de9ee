function main() {
  var l = [], sum = 0;
  for (var i = 1; i <= 400; i++) l.push(i);
  for (var i = 0; i < 20; i++) {
    var m = l.slice().reverse().map(function (x) { return x + 1; });
    l.map(function (x, k) { return x * m[k] - i; }).forEach(function (x) { sum += x; });
    sum += l.concat(l).length + l[100] + l.map(function (x) { return x * x; })[20] + Math.max.apply(null, l);
  }
  return sum;
}
