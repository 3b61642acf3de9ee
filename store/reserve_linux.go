package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// allocate gives an empty file room on the disk: fallocate(2).
func allocate(f *os.File, size int64) error { return unix.Fallocate(int(f.Fd()), 0, 0, size) }
