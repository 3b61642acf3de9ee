package port

// chunk is how much a pipe takes without waiting when it takes anything
// (PIPE_BUF).
const chunk = 4096
