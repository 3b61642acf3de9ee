//go:build linux

package linux

import (
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

var _ jail.Fencer = (*Jail)(nil)

// StartFenced implements jail.Fencer. The program is the first process of a PID
// namespace: the kernel ends all that it has started with it, before it can be waited
// for, so that end has nothing to do. What it shares in memory by number is its own, too.
//
// No set-user-id program gives anything to it, nor to those that it starts, and the
// filter of jails keeps them from leaving any behind, which would make whoever runs it
// their user: that is the user of other builds, later. Both are a thread's, and are
// handed on; so they are asked for in one that ends thereafter.
func (j *Jail) StartFenced(cmd *exec.Cmd) (end func() error, err error) {
	cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: a thread that is locked ends with its goroutine
		err := confineThread()
		if err == nil {
			err = cmd.Start()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		return nil, err
	}
	return func() error { return nil }, nil
}

// confineThread takes from this thread the ways to new privileges, as
// [program.dropPrivileges] does from PID 1, but for what it has.
func confineThread() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return &jail.SetupError{Step: "forbid new privileges", Err: err}
	}
	tables := callTables()
	if len(tables) == 0 {
		return nil
	}
	list := filter(tables)
	prog := unix.SockFprog{Len: uint16(len(list)), Filter: &list[0]}
	_, _, errno := unix.RawSyscall(unix.SYS_PRCTL, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 && errno != unix.EINVAL { // a kernel may be without filters
		return &jail.SetupError{Step: "filter system calls", Err: errno}
	}
	return nil
}
