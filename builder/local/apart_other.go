//go:build !linux

package local

import (
	"os/exec"
	"syscall"
)

// memoryResource bounds the memory of all processes of a user that need swap space:
// RLIMIT_SWAP of FreeBSD's <sys/resource.h>.
const memoryResource = 12

// endTogether does nothing: what a process leaves behind here cannot write what is
// registered (store/tree), and its user is not given to another build (Users).
func endTogether(*syscall.SysProcAttr) {}

// startWithoutPrivileges starts a program; set-user-id programs of the host are what they
// are for any user.
func startWithoutPrivileges(cmd *exec.Cmd) error { return cmd.Start() }
