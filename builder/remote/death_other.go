//go:build !linux && !freebsd

package remote

import "syscall"

// diesWithParent does nothing where no kernel does it.
func diesWithParent(*syscall.SysProcAttr) {}
