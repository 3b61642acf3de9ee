package supervise

import (
	"syscall"
)

// From <sys/procctl.h> and <sys/wait.h>.
const (
	pPID            = 0
	procReapAcquire = 2
)

// BecomeReaper makes this process inherit orphans among its descendants, as
// process 1 does: procctl(2), PROC_REAP_ACQUIRE.
func BecomeReaper() error {
	_, _, e := syscall.Syscall6(syscall.SYS_PROCCTL, pPID, uintptr(syscall.Getpid()), procReapAcquire, 0, 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

func rlimit(l Limit) syscall.Rlimit {
	return syscall.Rlimit{Cur: clamp(l.Soft), Max: clamp(l.Hard)}
}

// clamp makes "unlimited", the largest number, FreeBSD's RLIM_INFINITY.
func clamp(n uint64) int64 {
	if n > 1<<63-1 {
		return 1<<63 - 1
	}
	return int64(n)
}
