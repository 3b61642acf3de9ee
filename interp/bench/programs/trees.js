function makeTree(depth) {
  return depth === 0 ? { a: null, d: null } : { a: makeTree(depth - 1), d: makeTree(depth - 1) };
}
function check(tree) { return tree.a === null ? 1 : 1 + check(tree.a) + check(tree.d); }
function main() {
  var long = makeTree(12), sum = 0;
  for (var i = 0; i < 20; i++) sum += check(makeTree(8));
  return sum + check(long);
}
