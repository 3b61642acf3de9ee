package tree

import (
	"os"

	"golang.org/x/sys/unix"
)

// exchange lets two names change places in one step: renameat2(2). It says
// whether the file system can do that.
func exchange(a, b string) (bool, error) {
	err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
	switch err {
	case nil:
		return true, nil
	case unix.EINVAL, unix.ENOSYS, unix.EXDEV: // the last is that of a directory from a lower layer of an overlay
		return false, nil
	}
	return false, &os.LinkError{Op: "exchange", Old: a, New: b, Err: err}
}
