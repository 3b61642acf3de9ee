package memory

import "syscall"

// systemCalls are the functions of the C library that do nothing but a system
// call of the same arguments. Those that change only the calling thread, such
// as setns, are missing: a program of this engine does not stay on one.
var systemCalls = map[string]uintptr{
	"mount":       syscall.SYS_MOUNT,
	"umount2":     syscall.SYS_UMOUNT2,
	"swapon":      syscall.SYS_SWAPON,
	"swapoff":     syscall.SYS_SWAPOFF,
	"init_module": syscall.SYS_INIT_MODULE,
	"fdatasync":   syscall.SYS_FDATASYNC,
	"statfs":      syscall.SYS_STATFS,
	"statfs64":    syscall.SYS_STATFS,
	"getxattr":    syscall.SYS_GETXATTR,
	"setxattr":    syscall.SYS_SETXATTR,
	"removexattr": syscall.SYS_REMOVEXATTR,
	"pivot_root":  syscall.SYS_PIVOT_ROOT,
	"fcntl":       syscall.SYS_FCNTL,
	"ioctl":       syscall.SYS_IOCTL,
	"prctl":       syscall.SYS_PRCTL,
	"sethostname": syscall.SYS_SETHOSTNAME,
	"flock":       syscall.SYS_FLOCK,
	"sync":        syscall.SYS_SYNC,
}
