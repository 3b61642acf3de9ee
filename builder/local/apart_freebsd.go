package local

import (
	"os/exec"

	"fruix/jail/freebsd"
)

// memoryResource bounds the memory of all processes of a user that need swap space:
// RLIMIT_SWAP of <sys/resource.h>.
const memoryResource = 12

// startTogether starts a program as its build user, in a jail by which all that it
// starts is ended: end does that, once the program has been waited for.
func startTogether(cmd *exec.Cmd) (end func() error, err error) { return freebsd.StartFenced(cmd) }
