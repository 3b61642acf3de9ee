//go:build unix

package repl

import (
	"context"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// firstLine looks at the first line that a client sends, without taking it, and
// tells whether it is that of an HTTP request. It waits no longer than it takes
// to be sure that it is none.
func firstLine(ctx context.Context, file *os.File) (line string, isHTTP bool) {
	for {
		if err := wait(ctx, file); err != nil {
			return "", false
		}
		var b [4096]byte
		n, _, err := unix.Recvfrom(int(file.Fd()), b[:], unix.MSG_PEEK)
		if err == unix.EINTR || err == unix.EAGAIN {
			continue
		}
		if err != nil || n == 0 {
			return "", false
		}
		text := string(b[:n])
		if i := strings.IndexAny(text, "\r\n"); i >= 0 {
			return text[:i], httpLine.MatchString(text[:i])
		}
		if httpLine.MatchString(text) {
			return text, true
		}
		if !maybeHTTP.MatchString(text) {
			return text, false
		}
		select {
		case <-ctx.Done():
			return "", false
		case <-time.After(pollInterval * time.Millisecond):
		}
	}
}

// watchPeer calls gone when the other end of a connection is gone altogether,
// as opposed to one that sends nothing more.
func watchPeer(ctx context.Context, file *os.File, gone func()) {
	for ctx.Err() == nil {
		fds := []unix.PollFd{{Fd: int32(file.Fd())}}
		n, err := unix.Poll(fds, 2*pollInterval)
		if n > 0 && fds[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0 || err != nil && err != unix.EINTR {
			gone()
			return
		}
	}
}

// shutdown ends a connection while others may still read from it.
func shutdown(file *os.File) { unix.Shutdown(int(file.Fd()), unix.SHUT_RDWR) }
