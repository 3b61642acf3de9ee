//go:build !linux && !freebsd

package local

import "os/exec"

const memoryResource = 0

// startTogether starts a program.
func startTogether(cmd *exec.Cmd) (end func() error, err error) {
	return func() error { return nil }, cmd.Start()
}
