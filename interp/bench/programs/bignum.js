function fact(n) { var p = 1n; for (var i = n; i !== 0; i--) p = p * BigInt(i); return p; }
function main() { return Number(fact(400) % 1000003n); }
