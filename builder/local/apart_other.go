//go:build !linux

package local

import "syscall"

// endTogether does nothing: what a process leaves behind here cannot write what is
// registered (store/tree), and its user is not given to another build (Users).
func endTogether(*syscall.SysProcAttr) {}
