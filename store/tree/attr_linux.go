package tree

import (
	"strings"

	"golang.org/x/sys/unix"
)

// dropAttributes removes the extended attributes that could give a file rights
// or meaning beyond its mode: access lists, capabilities, and what users set.
// Labels that a security module puts on every file stay. changed, that the mode is
// another one now, is never so: an access list has the mode for its mask.
func dropAttributes(fd int, _ *unix.Stat_t) (changed bool, err error) {
	n, err := unix.Flistxattr(fd, nil)
	if err != nil || n == 0 {
		return false, ignoreUnsupported(err)
	}
	b := make([]byte, n)
	if n, err = unix.Flistxattr(fd, b); err != nil {
		return false, ignoreUnsupported(err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(b[:n]), "\x00"), "\x00") {
		if strings.HasPrefix(name, "user.") || strings.HasPrefix(name, "system.posix_acl") || name == "security.capability" {
			if err := unix.Fremovexattr(fd, name); err != nil && err != unix.ENODATA {
				return false, err
			}
		}
	}
	return false, nil
}

func ignoreUnsupported(err error) error {
	if err == unix.ENOTSUP || err == unix.ENOSYS {
		return nil
	}
	return err
}
