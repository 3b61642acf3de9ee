package linux

import "golang.org/x/sys/unix"

// callTables has the calls of 64-bit programs and those of 32-bit ones, which
// the same kernel runs: arch/x86/entry/syscalls/syscall_32.tbl.
func callTables() []calls {
	return []calls{
		{
			arch:    unix.AUDIT_ARCH_X86_64,
			tooHigh: 0x40000000, // the x32 convention
			unshare: unix.SYS_UNSHARE, clone: unix.SYS_CLONE, clone3: unix.SYS_CLONE3,
			chmod: unix.SYS_CHMOD, fchmod: unix.SYS_FCHMOD, fchmodat: unix.SYS_FCHMODAT, fchmodat2: unix.SYS_FCHMODAT2,
			creat: unix.SYS_CREAT, open: unix.SYS_OPEN, openat: unix.SYS_OPENAT, openat2: unix.SYS_OPENAT2,
			mknod: unix.SYS_MKNOD, mknodat: unix.SYS_MKNODAT, socket: unix.SYS_SOCKET,
			setxattr: unix.SYS_SETXATTR, lsetxattr: unix.SYS_LSETXATTR, fsetxattr: unix.SYS_FSETXATTR, ioctl: unix.SYS_IOCTL,
			missing: []int{
				unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL,
				unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
				unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
				unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT,
				unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE,
				unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_SETXATTRAT, unix.SYS_FILE_SETATTR,
			},
		},
		{
			arch:    unix.AUDIT_ARCH_I386,
			unshare: 310, clone: 120, clone3: 435,
			chmod: 15, fchmod: 94, fchmodat: 306, fchmodat2: 452,
			creat: 8, open: 5, openat: 295, openat2: 437,
			mknod: 14, mknodat: 297, socket: 359,
			setxattr: 226, lsetxattr: 227, fsetxattr: 228, ioctl: 54,
			missing: []int{
				286, 287, 288, // add_key, request_key, keyctl
				425, 426, 427, // io_uring_*
				357, 336, 374, // bpf, perf_event_open, userfaultfd
				341, 342, // name_to_handle_at, open_by_handle_at
				128, 350, 129, // init_module, finit_module, delete_module
				283, // kexec_load
				463, // setxattrat
				469, // file_setattr
				102, // socketcall, behind which families cannot be seen
			},
		},
	}
}
