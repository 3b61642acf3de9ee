package jailtest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func domainName() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Domainname[:])
}

func openDescriptors() []string {
	var fds []string
	for fd := 3; fd < 256; fd++ {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			link, _ := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
			// The Go runtime of the probe opens these itself.
			if !strings.HasPrefix(link, "anon_inode:") {
				fds = append(fds, fmt.Sprintf("%d %s", fd, link))
			}
		}
	}
	return fds
}

func attemptSystem(f []string) error {
	switch f[0] {
	case "mount-tmpfs":
		return unix.Mount("tmpfs", f[1], "tmpfs", 0, "")
	case "mount-proc":
		return unix.Mount("proc", f[1], "proc", 0, "")
	case "remount-rw":
		return unix.Mount("", f[1], "", unix.MS_BIND|unix.MS_REMOUNT, "")
	case "umount":
		return unix.Unmount(f[1], unix.MNT_DETACH)
	case "mknod":
		return unix.Mknod(f[1], unix.S_IFBLK|0o600, int(unix.Mkdev(8, 0)))
	case "mknod-memory":
		return unix.Mknod(f[1], unix.S_IFCHR|0o600, int(unix.Mkdev(1, 1)))
	case "open-handle":
		h, _, err := unix.NameToHandleAt(unix.AT_FDCWD, f[1], 0)
		if err != nil {
			return err
		}
		fd, err := unix.Open(f[1], unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			return err
		}
		_, err = unix.OpenByHandleAt(fd, h, unix.O_RDONLY)
		return err
	case "enter":
		// Another process's namespaces.
		n, _ := strconv.Atoi(f[1])
		fd, err := unix.PidfdOpen(n, 0)
		if err != nil {
			return err
		}
		return unix.Setns(fd, unix.CLONE_NEWUSER|unix.CLONE_NEWNS|unix.CLONE_NEWPID|unix.CLONE_NEWNET)
	case "clone-user", "clone3-user":
		return cloneUser(f[0] == "clone3-user")
	case "take-descriptor":
		n, _ := strconv.Atoi(f[1])
		fd, err := unix.PidfdOpen(n, 0)
		if err != nil {
			return err
		}
		for i := range 16 {
			if _, err = unix.PidfdGetfd(fd, i, 0); err == nil {
				return nil
			}
		}
		return err
	case "write-memory":
		n, _ := strconv.Atoi(f[1])
		b := []byte{0}
		_, err := unix.ProcessVMWritev(n, []unix.Iovec{{Base: &b[0], Len: 1}}, []unix.RemoteIovec{{Base: 0x400000, Len: 1}}, 0)
		if err == unix.EFAULT {
			return nil // it was let through
		}
		return err
	case "set-time":
		return unix.ClockSettime(unix.CLOCK_REALTIME, &unix.Timespec{Sec: 1})
	case "reboot":
		// CAD_ON changes little, should it be let through.
		return unix.Reboot(unix.LINUX_REBOOT_CMD_CAD_ON)
	case "load-module":
		return unix.FinitModule(0, "", 0)
	case "raise-priority":
		return unix.Setpriority(unix.PRIO_PROCESS, 0, -20)
	case "raise-limit":
		return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20})
	case "shared-memory":
		key, _ := strconv.Atoi(f[1])
		_, err := unix.SysvShmGet(key, 0, 0)
		return err
	case "detach-tree":
		_, err := unix.OpenTree(unix.AT_FDCWD, f[1], unix.OPEN_TREE_CLONE)
		return err
	case "new-file-system":
		_, err := unix.Fsopen("tmpfs", 0)
		return err
	case "tmpfile-setid":
		fd, err := unix.Open(f[1], unix.O_TMPFILE|unix.O_RDWR, 0o4755)
		if err == nil {
			unix.Close(fd)
		}
		return err
	case "setid-directory":
		if err := unix.Mkdir(f[1], 0o755); err != nil {
			return err
		}
		return unix.Chmod(f[1], 0o2755)
	case "unshare-user":
		// A single-threaded process is needed: start one.
		p, err := os.StartProcess(selfPath(), []string{ProbeName, "exit", "0"}, &os.ProcAttr{
			Sys: &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER}})
		if err == nil {
			p.Wait()
		}
		return err
	case "unshare-mount":
		return unix.Unshare(unix.CLONE_NEWNS)
	case "sethostname":
		return unix.Sethostname([]byte("other"))
	case "ptrace":
		n, _ := strconv.Atoi(f[1])
		return unix.PtraceAttach(n)
	case "cap-raise":
		hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		data := [2]unix.CapUserData{{Effective: 1 << unix.CAP_SYS_ADMIN, Permitted: 1 << unix.CAP_SYS_ADMIN}}
		return unix.Capset(&hdr, &data[0])
	case "kernel-log":
		_, err := unix.Klogctl(unix.SYSLOG_ACTION_READ_ALL, make([]byte, 16))
		return err
	case "abstract-socket":
		return dialUnix("@" + f[1])
	case "create-setid":
		fd, err := unix.Open(f[1], unix.O_CREAT|unix.O_WRONLY|unix.O_EXCL, 0o4755)
		if err == nil {
			unix.Close(fd)
		}
		return err
	case "create":
		fd, err := unix.Open(f[1], unix.O_CREAT|unix.O_WRONLY|unix.O_EXCL, 0o755)
		if err == nil {
			unix.Close(fd)
		}
		return err
	case "chmod-setid":
		return unix.Chmod(f[1], 0o2755)
	case "keyring":
		_, err := unix.KeyctlInt(unix.KEYCTL_GET_KEYRING_ID, unix.KEY_SPEC_SESSION_KEYRING, 0, 0, 0)
		return err
	case "add-key":
		_, err := unix.AddKey("user", "jailtest", []byte("x"), unix.KEY_SPEC_USER_KEYRING)
		return err
	case "socket":
		n, _ := strconv.Atoi(f[1])
		fd, err := unix.Socket(n, unix.SOCK_STREAM, 0)
		if err == nil {
			unix.Close(fd)
		}
		return err
	case "attribute":
		return unix.Setxattr(f[1], "user.x", []byte("1"), 0)
	case "flags":
		fd, err := unix.Open(f[1], unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		const noDump = 0x40 // FS_NODUMP_FL, which an owner may set
		return unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, noDump)
	case "file-attribute":
		// struct file_attr of <linux/fs.h>, with FS_XFLAG_NODUMP.
		attr := [3]uint64{0x80}
		at, err := unix.BytePtrFromString(f[1])
		if err != nil {
			return err
		}
		_, _, errno := unix.Syscall6(unix.SYS_FILE_SETATTR, uintptr(uint32(0xffffff9c)), uintptr(unsafe.Pointer(at)), uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0, 0)
		if errno != 0 {
			return errno
		}
		return nil
	case "io-uring":
		_, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, 0, 0)
		if errno == unix.EFAULT {
			return nil // it was let through
		}
		return errno
	case "fork":
		return forkMany(f[1])
	}
	return fmt.Errorf("unknown attempt %q", f[0])
}

// cloneUser makes a process in a user namespace of its own, by one call or the
// other.
func cloneUser(three bool) error {
	var pid uintptr
	var errno syscall.Errno
	if three {
		args := struct{ flags, pidfd, child, parent, exitSignal, stack, stackSize, tls uint64 }{
			flags: unix.CLONE_NEWUSER | unix.CLONE_VFORK, exitSignal: uint64(unix.SIGCHLD)}
		pid, _, errno = unix.RawSyscall(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&args)), unsafe.Sizeof(args), 0)
	} else {
		pid, _, errno = unix.RawSyscall6(unix.SYS_CLONE, unix.CLONE_NEWUSER|unix.CLONE_VFORK|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	}
	if errno != 0 {
		return errno
	}
	if pid == 0 {
		unix.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
	}
	return nil
}

func dialUnix(name string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, &unix.SockaddrUnix{Name: name})
}
