//go:build unix

package edit

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// terminal is what the editor needs of one.
type terminal interface {
	// Raw turns line editing and signals of the kernel off, Restore on again.
	Raw() error
	Restore() error
	// Read waits for input. It fails with errResized when the size changed
	// meanwhile, and with the context's error.
	Read(ctx context.Context, p []byte) (int, error)
	io.Writer
	// Size is in columns and rows.
	Size() (columns, rows int)
	// Suspend stops the process until it is continued.
	Suspend() error
}

var errResized = errors.New("the terminal has another size")

// tty is the terminal of a process.
type tty struct {
	in    *os.File
	out   io.Writer
	state *term.State
	// wake is a pipe that ends the wait for input.
	wake    [2]int
	resized chan os.Signal
	done    chan struct{}
}

func openTTY(in *os.File, out io.Writer) *tty { return &tty{in: in, out: out} }

func (t *tty) Raw() error {
	state, err := term.MakeRaw(int(t.in.Fd()))
	if err != nil {
		return err
	}
	t.state = state
	if err := unix.Pipe2(t.wake[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		term.Restore(int(t.in.Fd()), state)
		return err
	}
	t.resized, t.done = make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(t.resized, unix.SIGWINCH)
	wake := t.wake[1]
	go func(resized chan os.Signal, done chan struct{}) {
		defer unix.Close(wake)
		for {
			select {
			case <-resized:
				unix.Write(wake, []byte{'r'})
			case <-done:
				return
			}
		}
	}(t.resized, t.done)
	return nil
}

func (t *tty) Restore() error {
	if t.state == nil {
		return nil
	}
	signal.Stop(t.resized)
	close(t.done)
	unix.Close(t.wake[0])
	err := term.Restore(int(t.in.Fd()), t.state)
	t.state = nil
	return err
}

func (t *tty) Read(ctx context.Context, p []byte) (int, error) {
	resized := t.resized
	stop := context.AfterFunc(ctx, func() { // ends the wait as a change of size does
		select {
		case resized <- unix.SIGWINCH:
		default:
		}
	})
	defer stop()
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		fds := []unix.PollFd{{Fd: int32(t.in.Fd()), Events: unix.POLLIN}, {Fd: int32(t.wake[0]), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			return 0, err
		} else if err != nil {
			continue
		}
		if fds[1].Revents != 0 {
			var b [64]byte
			unix.Read(t.wake[0], b[:])
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			return 0, errResized
		}
		n, err := unix.Read(int(t.in.Fd()), p)
		switch {
		case err == unix.EINTR || err == unix.EAGAIN:
			continue
		case err == unix.EIO: // the terminal is gone
			return 0, io.EOF
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

func (t *tty) Write(p []byte) (int, error) { return t.out.Write(p) }

func (t *tty) Size() (int, int) {
	columns, rows, err := term.GetSize(int(t.in.Fd()))
	if err != nil || columns <= 0 {
		columns = 80
	}
	if err != nil || rows <= 0 {
		rows = 24
	}
	return columns, rows
}

func (t *tty) Suspend() error {
	if err := t.Restore(); err != nil {
		return err
	}
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return err
	}
	return t.Raw()
}
