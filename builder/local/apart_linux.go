package local

import "golang.org/x/sys/unix"

// memoryResource bounds the data of a process.
const memoryResource = unix.RLIMIT_DATA
