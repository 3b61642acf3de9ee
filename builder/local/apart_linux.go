package local

import (
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// memoryResource bounds the data of a process.
const memoryResource = unix.RLIMIT_DATA

// endTogether makes a process the first one of a PID namespace: the kernel ends all that
// it has started with it, before it can be waited for.
func endTogether(a *syscall.SysProcAttr) {
	a.Cloneflags |= syscall.CLONE_NEWPID
}

// startWithoutPrivileges starts a program that no set-user-id program gives anything to,
// nor those that it starts: PR_SET_NO_NEW_PRIVS(2const). That is a thread's, which is
// handed on, so it is asked for in one that ends thereafter.
func startWithoutPrivileges(cmd *exec.Cmd) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: a thread that is locked ends with its goroutine
		err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		if err == nil {
			err = cmd.Start()
		}
		done <- err
	}()
	return <-done
}
