package tree

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// chmodat changes the mode of name in dir, a file or a directory; of a link it
// is refused with ELOOP, and what it leads to stays as it is.
func chmodat(dir int, name string, mode uint32) error {
	err := again(func() error { return unix.Fchmodat(dir, name, mode, unix.AT_SYMLINK_NOFOLLOW) })
	if err != unix.EOPNOTSUPP && err != unix.ENOSYS {
		return err
	}
	// Linux before 6.6 cannot promise not to follow, and newer ones say the same
	// of a link. A descriptor of the node itself tells them apart, and cannot be
	// exchanged for another between the look at it and the change.
	fd, err := openat(dir, name, unix.O_PATH, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := again(func() error { return unix.Fstat(fd, &st) }); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		return unix.ELOOP
	}
	return again(func() error { return unix.Chmod("/proc/self/fd/"+strconv.Itoa(fd), mode) })
}
