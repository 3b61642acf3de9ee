package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// allocate gives an empty file room on the disk: fallocate(2), or, where the file system
// has no such thing, what is in it.
func allocate(f *os.File, size int64) error {
	err := unix.Fallocate(int(f.Fd()), 0, 0, size)
	if err == unix.EOPNOTSUPP || err == unix.ENOSYS {
		return fill(f, size)
	}
	return err
}
