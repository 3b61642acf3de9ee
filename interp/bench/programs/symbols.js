function name(i) { return "item-" + String(i % 50); }
function count(table, key) {
  for (var p = table.next; p !== null; p = p.next)
    if (p.key === key) { p.n++; return; }
  table.next = { key: key, n: 1, next: table.next };
}
function main() {
  var table = { next: null }, n = 0;
  for (var i = 0; i < 2000; i++) count(table, name(i * 7));
  for (var p = table.next; p !== null; p = p.next)
    n += (p.key === "item-7" ? 100 : 0) + p.n * p.key.length;
  return n;
}
