package local

import "syscall"

// endTogether makes a process the first one of a PID namespace: the kernel ends all that
// it has started with it, before it can be waited for.
func endTogether(a *syscall.SysProcAttr) {
	a.Cloneflags |= syscall.CLONE_NEWPID
}
