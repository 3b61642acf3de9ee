var depth = 0, most = 0;
function guarded(thunk) {
  depth++;
  if (depth > most) most = depth;
  try { return thunk(); } finally { depth--; }
}
function descend(n, stop) {
  if (n === 0) return stop(1);
  return guarded(function () { return 1 + descend(n - 1, stop); });
}
function escape(f) {
  var k = { value: 0 };
  try { return f(function (x) { k.value = x; throw k; }); }
  catch (e) { if (e === k) return k.value; throw e; }
}
function main() {
  var sum = 0;
  most = 0;
  for (var i = 0; i < 300; i++)
    sum += escape(function (k) { return descend(10, k); }) + descend(10, function (x) { return x; });
  return sum + most + depth;
}
