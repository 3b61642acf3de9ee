package files

import "golang.org/x/sys/unix"

const getTermios = unix.TIOCGETA

func mknod(path string, mode uint32, dev int) error { return unix.Mknod(path, mode, uint64(dev)) }

// clone makes to share the contents of from, which no file system here can be
// asked for.
func clone(_, _ int) error { return unix.EOPNOTSUPP }

// systemConstants are flags that other systems lack.
func systemConstants() map[string]int {
	return map[string]int{
		"O_DIRECT": unix.O_DIRECT, "O_ASYNC": unix.O_ASYNC, "O_EXLOCK": unix.O_EXLOCK, "O_SHLOCK": unix.O_SHLOCK,
		"SEEK_DATA": 3, "SEEK_HOLE": 4, "F_GETOWN": unix.F_GETOWN, "F_SETOWN": unix.F_SETOWN,
	}
}
