package remote_test

import (
	"os"
	"syscall"
	"testing"
)

// stop makes a process stand still until the test ends, as one on a machine that has
// dropped off the network seems to.
func stop(t *testing.T, p *os.Process) {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Error(err)
	}
	t.Cleanup(func() { p.Signal(syscall.SIGKILL) })
}
