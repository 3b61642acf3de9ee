//go:build !linux

package local

import (
	"os/exec"

	"fruix/jail"
)

// memoryResource bounds the memory of all processes of a user that need swap space:
// RLIMIT_SWAP of FreeBSD's <sys/resource.h>.
const memoryResource = 12

// startTogether starts a program as its build user behind a fence of the jail's back
// end, so that all it starts is ended by end, once the program has been waited for.
func startTogether(j jail.Jail, cmd *exec.Cmd) (end func() error, err error) {
	if f, ok := j.(jail.Fencer); ok {
		return f.StartFenced(cmd)
	}
	return func() error { return nil }, cmd.Start()
}
