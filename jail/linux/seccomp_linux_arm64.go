package linux

import "golang.org/x/sys/unix"

// callTables has the calls of 64-bit programs. Those of 32-bit ones, which some
// of these processors run, are refused.
func callTables() []calls {
	return []calls{{
		arch:    unix.AUDIT_ARCH_AARCH64,
		unshare: unix.SYS_UNSHARE, clone: unix.SYS_CLONE, clone3: unix.SYS_CLONE3,
		chmod: -1, fchmod: unix.SYS_FCHMOD, fchmodat: unix.SYS_FCHMODAT, fchmodat2: unix.SYS_FCHMODAT2,
		creat: -1, open: -1, openat: unix.SYS_OPENAT, openat2: unix.SYS_OPENAT2,
		mknod: -1, mknodat: unix.SYS_MKNODAT, socket: unix.SYS_SOCKET,
		setxattr: unix.SYS_SETXATTR, lsetxattr: unix.SYS_LSETXATTR, fsetxattr: unix.SYS_FSETXATTR, ioctl: unix.SYS_IOCTL,
		missing: []int{
			unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL,
			unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
			unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
			unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT,
			unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE,
			unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_SETXATTRAT, unix.SYS_FILE_SETATTR,
		},
	}}
}
