//go:build linux

package linux

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

// dropPrivileges takes from this thread, and so from what it starts, every
// capability and every way to get one back: the bounding set and the ambient
// set are emptied and no_new_privs makes set-user-id programs harmless (see
// capabilities(7) and prctl(2)). Other threads of this process keep theirs,
// but nothing inside can reach them, as the process is made undumpable, which
// closes ptrace(2) and /proc/1. At last system calls are filtered; see rules.
func dropPrivileges() error {
	// The limit counts user namespaces below this one, so none can be made: the
	// classic way to get a capability anywhere.
	if err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		return &jail.SetupError{Step: "forbid user namespaces in", Err: err}
	}
	step := func(name string, option int, args ...uintptr) error {
		var a [4]uintptr
		copy(a[:], args)
		if err := unix.Prctl(option, a[0], a[1], a[2], a[3]); err != nil {
			return &jail.SetupError{Step: name, Err: err}
		}
		return nil
	}
	if err := step("make the first process undumpable", unix.PR_SET_DUMPABLE, 0); err != nil {
		return err
	}
	if err := step("clear ambient capabilities", unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL); err != nil {
		return err
	}
	for c := uintptr(0); ; c++ {
		err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
		if err == unix.EINVAL {
			break // past the last one that this kernel knows
		}
		if err != nil {
			return &jail.SetupError{Step: "drop a capability", Err: err}
		}
	}
	if err := step("lock the capability modes", unix.PR_SET_SECUREBITS, secureBits); err != nil {
		return err
	}
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capset(&hdr, &data[0]); err != nil {
		return &jail.SetupError{Step: "drop capabilities", Err: err}
	}
	if err := step("forbid new privileges", unix.PR_SET_NO_NEW_PRIVS, 1); err != nil {
		return err
	}
	return confine()
}

// leaveKeyring gives this process a session keyring of its own, in place of the
// caller's, which no namespace would keep away; see session-keyring(7). A kernel
// without keyrings has none to leave.
func leaveKeyring() error {
	_, err := unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0) // a null name: nameless
	if err == nil || err == unix.ENOSYS || err == unix.EPERM || err == unix.EDQUOT {
		// Where it may not be left, the filter of system calls keeps it closed.
		return nil
	}
	return &jail.SetupError{Step: "leave the session keyring", Err: err}
}

// SECBIT_NOROOT, SECBIT_NO_SETUID_FIXUP, SECBIT_NO_CAP_AMBIENT_RAISE, and the
// lock of each; see capabilities(7), "The securebits flags".
const secureBits = 1<<0 | 1<<1 | 1<<2 | 1<<3 | 1<<6 | 1<<7

// loopbackUp switches on the one interface of a new network namespace; see
// netdevice(7).
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var req struct {
		name  [unix.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(req.name[:], "lo")
	req.flags = unix.IFF_UP | unix.IFF_RUNNING
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&req)))
	if errno != 0 {
		return errno
	}
	return nil
}
