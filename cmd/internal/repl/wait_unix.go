//go:build unix

package repl

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// pollInterval, in milliseconds, is how often a wait for input looks whether it
// shall end.
const pollInterval = 100

// wait returns when f has input, is at its end, or ctx is done.
func wait(ctx context.Context, f *os.File) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		fds := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, pollInterval)
		if n > 0 || err != nil && err != unix.EINTR {
			return nil // the read that follows tells of an error
		}
	}
}
