function flips(perm, scratch, n) {
  for (var i = 0; i < n; i++) scratch[i] = perm[i];
  var count = 0;
  for (var k = scratch[0]; k !== 0; k = scratch[0]) {
    for (var i = 0, j = k; i < j; i++, j--) { var t = scratch[i]; scratch[i] = scratch[j]; scratch[j] = t; }
    count++;
  }
  return count;
}
function fannkuch(n) {
  var perm = [], scratch = [], counts = [], most = 0;
  for (var i = 0; i < n; i++) { perm.push(i); scratch.push(0); counts.push(0); }
  for (;;) {
    most = Math.max(most, flips(perm, scratch, n));
    for (var k = 1; ; k++) {
      if (k === n) return most;
      var first = perm[0];
      for (var i = 0; i < k; i++) perm[i] = perm[i + 1];
      perm[k] = first;
      if (++counts[k] <= k) break;
      counts[k] = 0;
    }
  }
}
function main() { return fannkuch(7); }
