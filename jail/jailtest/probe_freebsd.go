package jailtest

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func domainName() string { return "" }

func openDescriptors() []string {
	var fds []string
	for fd := 3; fd < 256; fd++ {
		var st unix.Stat_t
		// Kernel queues, which the Go runtime opens itself, have no mode.
		if unix.Fstat(fd, &st) == nil && st.Mode != 0 {
			fds = append(fds, fmt.Sprint(fd))
		}
	}
	return fds
}

// attemptSystem tries what is FreeBSD's, or Linux's in FreeBSD's way: another process's
// or a new namespace is another or a new jail. What has no counterpart fails.
func attemptSystem(f []string) error {
	number := 0
	if len(f) > 1 {
		number, _ = strconv.Atoi(f[1])
	}
	switch f[0] {
	case "mount-tmpfs":
		return nmount("fstype", "tmpfs", "fspath", f[1])
	case "mount-proc":
		return nmount("fstype", "procfs", "fspath", f[1], "from", "procfs")
	case "detach-tree", "new-file-system":
		return nmount("fstype", "nullfs", "fspath", "/scratch", "target", "/")
	case "remount-rw":
		return nmount("fstype", "nullfs", "fspath", f[1], "target", f[1], "update", "", "noro", "")
	case "umount":
		return unix.Unmount(f[1], 0)
	case "mknod":
		return syscall.Mknod(f[1], syscall.S_IFCHR|0o600, 0)
	case "mknod-memory":
		return syscall.Mknod(f[1], syscall.S_IFCHR|0o600, 1)
	case "open-handle":
		var handle [64]byte
		return pathCall(unix.SYS_GETFH, f[1], uintptr(unsafe.Pointer(&handle)))
	case "ptrace":
		return unix.PtraceAttach(number)
	case "write-memory":
		if err := unix.PtraceAttach(number); err != nil {
			return err
		}
		return unix.PtraceDetach(number)
	case "enter":
		return attachAny()
	case "unshare-user", "unshare-mount", "clone-user", "clone3-user":
		return jailSet("path", "/scratch\x00", "persist", "")
	case "sethostname":
		return setSysctl("kern.hostname", []byte("other\x00"))
	case "set-sysctl":
		return setSysctl(f[1], []byte{1, 0, 0, 0})
	case "set-time":
		return errnoOf(unix.Syscall(unix.SYS_CLOCK_SETTIME, 0, uintptr(unsafe.Pointer(&unix.Timespec{Sec: 1})), 0))
	case "load-module":
		return let(pathCall(unix.SYS_KLDLOAD, "/none", 0), unix.ENOENT)
	case "set-kernel-environment":
		name, value := []byte("fruix.jailtest\x00"), []byte("x\x00")
		const set = 1 // KENV_SET
		return errnoOf(unix.Syscall6(unix.SYS_KENV, set, uintptr(unsafe.Pointer(&name[0])), uintptr(unsafe.Pointer(&value[0])), 2, 0, 0))
	case "kernel-log":
		_, err := unix.SysctlRaw("kern.msgbuf")
		return err
	case "processes-of":
		b, err := unix.SysctlRaw("kern.proc.uid", number)
		if err == nil && len(b) == 0 {
			err = errors.New("none")
		}
		return err
	case "arguments-of":
		_, err := unix.SysctlRaw("kern.proc.args", number)
		return err
	case "take-descriptor":
		_, err := unix.SysctlRaw("kern.proc.filedesc", number)
		return err
	case "raise-priority":
		return unix.Setpriority(unix.PRIO_PROCESS, 0, -20)
	case "real-time":
		// rtprio(2): RTP_SET, RTP_PRIO_REALTIME.
		prio := [2]uint16{2, 1}
		return errnoOf(unix.Syscall(unix.SYS_RTPRIO, 1, 0, uintptr(unsafe.Pointer(&prio))))
	case "raise-limit":
		return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20})
	case "shared-memory":
		return errnoOf(unix.Syscall(unix.SYS_SHMGET, uintptr(number), 0, 0))
	case "make-shared-memory":
		const create = 0o1000 | 0o600 // IPC_CREAT
		return errnoOf(unix.Syscall(unix.SYS_SHMGET, uintptr(number), 4096, create))
	case "named-memory":
		return pathCall(unix.SYS_SHM_OPEN, f[1], unix.O_RDWR)
	case "add-rule":
		rule := []byte("user:" + strconv.Itoa(os.Getuid()) + ":maxproc:deny=1\x00")
		return errnoOf(unix.Syscall6(unix.SYS_RCTL_ADD_RULE, uintptr(unsafe.Pointer(&rule[0])), uintptr(len(rule)), 0, 0, 0, 0))
	case "show-devices":
		return showDevices()
	case "system-flag":
		const immutable = 0x20000 // SF_IMMUTABLE
		if err := os.WriteFile(f[1], nil, 0o644); err != nil {
			return err
		}
		return unix.Chflags(f[1], immutable)
	case "socket":
		fd, err := unix.Socket(number, unix.SOCK_RAW, 0)
		if err == nil {
			unix.Close(fd)
		}
		return err
	case "fork":
		return forkMany(f[1])
	}
	return fmt.Errorf("%s: %w", f[0], syscall.ENOSYS)
}

// let makes no error of one that says that the kernel would have let it happen.
func let(err error, through syscall.Errno) error {
	if err == through {
		return nil
	}
	return err
}

func errnoOf(_, _ uintptr, errno syscall.Errno) error {
	if errno != 0 {
		return errno
	}
	return nil
}

func pathCall(trap uintptr, path string, arg uintptr) error {
	p, err := unix.BytePtrFromString(path)
	if err != nil {
		return err
	}
	return errnoOf(unix.Syscall(trap, uintptr(unsafe.Pointer(p)), arg, 0))
}

// pairs calls what takes names and values.
func pairs(trap uintptr, flags int, list ...string) error {
	var iov []unix.Iovec
	for i, text := range list {
		var v unix.Iovec
		if i%2 == 0 {
			text += "\x00"
		}
		if text != "" {
			b := []byte(text)
			v.Base = &b[0]
			v.SetLen(len(b))
		}
		iov = append(iov, v)
	}
	return errnoOf(unix.Syscall(trap, uintptr(unsafe.Pointer(&iov[0])), uintptr(len(iov)), uintptr(flags)))
}

func nmount(list ...string) error {
	for i := 1; i < len(list); i += 2 {
		if list[i] != "" {
			list[i] += "\x00"
		}
	}
	return pairs(unix.SYS_NMOUNT, 0, list...)
}

func jailSet(list ...string) error {
	const create = 1 // JAIL_CREATE
	return pairs(unix.SYS_JAIL_SET, create, list...)
}

// attachAny tries to enter any jail that there may be.
func attachAny() error {
	err := error(unix.ESRCH)
	for jid := range 64 {
		if err = errnoOf(unix.Syscall(unix.SYS_JAIL_ATTACH, uintptr(jid), 0, 0)); err == nil {
			return nil
		}
	}
	return err
}

func setSysctl(name string, value []byte) error {
	mib, err := sysctlNumbers(name)
	if err != nil {
		return err
	}
	return errnoOf(unix.Syscall6(unix.SYS___SYSCTL, uintptr(unsafe.Pointer(&mib[0])), uintptr(len(mib)), 0, 0,
		uintptr(unsafe.Pointer(&value[0])), uintptr(len(value))))
}

// sysctlNumbers asks the kernel what a name stands for: sysctl_name2oid of sysctl(3).
func sysctlNumbers(name string) ([]int32, error) {
	ask := [2]int32{0, 3}
	var out [24]int32
	size := unsafe.Sizeof(out)
	b := []byte(name)
	err := errnoOf(unix.Syscall6(unix.SYS___SYSCTL, uintptr(unsafe.Pointer(&ask)), 2, uintptr(unsafe.Pointer(&out)),
		uintptr(unsafe.Pointer(&size)), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b))))
	return out[:size/4], err
}

// showDevices asks for all devices to be shown: devfs(8), an empty rule that unhides.
func showDevices() error {
	d, err := os.Open("/dev")
	if err != nil {
		return err
	}
	defer d.Close()
	var rule [236]byte
	copy(rule[:], []byte{0x7a, 0x08, 0x0a, 0xdb}) // DEVFS_MAGIC
	const apply = 0x80000000 | 236<<16 | 'D'<<8 | 2
	return let(errnoOf(unix.Syscall(unix.SYS_IOCTL, d.Fd(), apply, uintptr(unsafe.Pointer(&rule[0])))), unix.EINVAL)
}
