package local

import (
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

// memoryResource bounds the data of a process.
const memoryResource = unix.RLIMIT_DATA

// startTogether starts a program as the first process of a PID namespace: the kernel
// ends all that it has started with it, before it can be waited for, so that end has
// nothing to do.
//
// No set-user-id program gives anything to it, nor to those that it starts:
// PR_SET_NO_NEW_PRIVS(2const). That is a thread's, which is handed on, so it is asked
// for in one that ends thereafter.
func startTogether(_ jail.Jail, cmd *exec.Cmd) (end func() error, err error) {
	cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWPID
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: a thread that is locked ends with its goroutine
		err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		if err == nil {
			err = cmd.Start()
		}
		done <- err
	}()
	return func() error { return nil }, <-done
}
