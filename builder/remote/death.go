//go:build linux || freebsd

package remote

import "syscall"

// diesWithParent has the kernel kill a program when this process has ended, however that
// was: one that hangs would notice nothing.
func diesWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }
