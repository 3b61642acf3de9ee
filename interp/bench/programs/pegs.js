var moves = [[0, 1, 3], [0, 2, 5], [1, 3, 6], [1, 4, 8], [2, 4, 7], [2, 5, 9], [3, 1, 0], [3, 4, 5],
  [3, 6, 10], [3, 7, 12], [4, 7, 11], [4, 8, 13], [5, 2, 0], [5, 4, 3], [5, 8, 12], [5, 9, 14],
  [6, 3, 1], [6, 7, 8], [7, 4, 2], [7, 8, 9], [8, 4, 1], [8, 7, 6], [9, 5, 2], [9, 8, 7],
  [10, 6, 3], [10, 11, 12], [11, 7, 4], [11, 12, 13], [12, 7, 3], [12, 8, 5], [12, 11, 10],
  [12, 13, 14], [13, 8, 4], [13, 12, 11], [14, 9, 5], [14, 13, 12]];
var board = new Array(15), count = 0;
function attempt(move, pegs) {
  var from = move[0], over = move[1], to = move[2];
  if (board[from] && board[over] && !board[to]) {
    board[from] = false; board[over] = false; board[to] = true;
    search(pegs - 1);
    board[from] = true; board[over] = true; board[to] = false;
  }
}
function search(pegs) {
  if (pegs === 7) { count++; return; }
  for (var i = 0; i < 36; i++) attempt(moves[i], pegs);
}
function main() {
  board.fill(true);
  board[4] = false;
  count = 0;
  search(14);
  return count;
}
