package process

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	getTermios = unix.TIOCGETA
	setTermios = unix.TIOCSETA
	noLimit    = uint64(unix.RLIM_INFINITY)
)

// systemResources are limits that other systems lack. Their numbers are those
// of sys/resource.h.
var systemResources = map[string]int{"rss": 5, "memlock": 6, "nproc": 7, "sbsize": 9, "npts": 11, "swap": 12, "kqueues": 13, "umtxp": 14}

func setLimit(which int, soft, hard uint64) error {
	return unix.Setrlimit(which, &unix.Rlimit{Cur: int64(soft), Max: int64(hard)})
}

func getPriority(which, who int) (int, error) { return unix.Getpriority(which, who) }

func setPriority(which, who, prio int) error { return unix.Setpriority(which, who, prio) }

// affinity is not offered here: cpuset(2) works on other terms.
func affinity(int) ([]bool, error) { return nil, unix.ENOSYS }

func setAffinity(int, []bool) error { return unix.ENOSYS }

// closeOnExec leaves what the process inherited to programs: the system cannot
// mark it at once.
func closeOnExec() {}

// setHostname is sysctl kern.hostname, {CTL_KERN, KERN_HOSTNAME}.
func setHostname(name string) error {
	mib := [2]int32{1, 10}
	b := append([]byte(name), 0)
	_, _, errno := unix.Syscall6(unix.SYS___SYSCTL, uintptr(unsafe.Pointer(&mib[0])), 2, 0, 0, uintptr(unsafe.Pointer(&b[0])), uintptr(len(name)))
	if errno != 0 {
		return errno
	}
	return nil
}

func setUID(id int) error      { return syscall.Setuid(id) }
func setGID(id int) error      { return syscall.Setgid(id) }
func setEUID(id int) error     { return syscall.Seteuid(id) }
func setEGID(id int) error     { return syscall.Setegid(id) }
func setGroups(gs []int) error { return syscall.Setgroups(gs) }
