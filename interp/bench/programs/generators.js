function makeTree(depth) { return depth === 0 ? depth : { a: makeTree(depth - 1), d: makeTree(depth - 1) }; }
function* walk(tree) {
  if (typeof tree === "object") { yield* walk(tree.a); yield* walk(tree.d); }
  else yield tree;
}
function main() {
  var n = 0;
  for (var x of walk(makeTree(10))) n++;
  return n;
}
