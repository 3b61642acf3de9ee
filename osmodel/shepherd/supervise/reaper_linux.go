package supervise

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// BecomeReaper makes this process inherit orphans among its descendants, as
// process 1 does: prctl(2), PR_SET_CHILD_SUBREAPER.
func BecomeReaper() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

func rlimit(l Limit) syscall.Rlimit { return syscall.Rlimit{Cur: l.Soft, Max: l.Hard} }
