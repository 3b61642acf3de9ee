class Node {
  constructor(key, value, left, right) {
    this.key = key; this.value = value; this.left = left; this.right = right;
  }
}
function insert(t, key, value) {
  for (;;) {
    if (key === t.key) { t.value += value; return; }
    if (key < t.key) {
      if (t.left === null) { t.left = new Node(key, value, null, null); return; }
      t = t.left;
    } else {
      if (t.right === null) { t.right = new Node(key, value, null, null); return; }
      t = t.right;
    }
  }
}
function total(t) {
  return t instanceof Node ? t.key * t.value + total(t.left) + total(t.right) : 0;
}
function main() {
  var tree = new Node(500, 1, null, null);
  for (var i = 0, x = 7; i < 3000; i++) {
    insert(tree, x % 1000, i);
    x = (x * 1103 + 12345) % 65536;
  }
  return total(tree);
}
