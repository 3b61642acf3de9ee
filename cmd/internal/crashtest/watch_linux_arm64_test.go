package crashtest

import "golang.org/x/sys/unix"

// moreShapes are the calls that this machine alone has.
func moreShapes() map[int]shape {
	return map[int]shape{unix.SYS_RENAMEAT: {"renameat", 0, 1, -1, 2, 3, -1}}
}
