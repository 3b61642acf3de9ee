package crashtest

import "golang.org/x/sys/unix"

// moreShapes are the calls that only older machines have.
func moreShapes() map[int]shape {
	return map[int]shape{
		unix.SYS_OPEN:     byPath("open", -1, 0, 1),
		unix.SYS_UNLINK:   byPath("unlink", -1, 0, -1),
		unix.SYS_MKDIR:    byPath("mkdir", -1, 0, 1),
		unix.SYS_RMDIR:    byPath("rmdir", -1, 0, -1),
		unix.SYS_CHMOD:    byPath("chmod", -1, 0, 1),
		unix.SYS_CHOWN:    byPath("chown", -1, 0, -1),
		unix.SYS_READLINK: byPath("readlink", -1, 0, -1),
		unix.SYS_SYMLINK:  byPath("symlink", -1, 1, -1),
		unix.SYS_RENAME:   {"rename", -1, 0, -1, -1, 1, -1},
		unix.SYS_RENAMEAT: {"renameat", 0, 1, -1, 2, 3, -1},
		unix.SYS_LINK:     {"link", -1, 0, -1, -1, 1, -1},
	}
}
