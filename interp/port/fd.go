package port

import (
	"errors"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// FD is an open file descriptor. Its reads and writes never wait: where the
// descriptor is not ready they fail, and the port pauses.
type FD struct {
	fd   int
	kind fdKind
	// file is what was opened elsewhere and is closed there.
	file *os.File
	// Revealed counts the uses of the number outside of ports, Guile's
	// revealed count.
	Revealed int
	// Connecting is true while a socket connects and its user waits for it.
	Connecting bool
	closed     bool
}

type fdKind uint8

const (
	fdOther fdKind = iota
	fdRegular
	fdSocket
	fdPipe
)

// NewFD takes over a descriptor.
func NewFD(fd int) *FD {
	f := &FD{fd: fd}
	f.look()
	return f
}

// FileFD makes the descriptor of a file that the process has from elsewhere,
// such as its standard streams; closing it closes the file.
func FileFD(file *os.File) *FD {
	f := &FD{fd: int(file.Fd()), file: file, Revealed: 1}
	f.look()
	return f
}

func (f *FD) look() {
	var st unix.Stat_t
	f.kind = fdOther
	if unix.Fstat(f.fd, &st) != nil {
		return
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG, unix.S_IFBLK, unix.S_IFDIR:
		f.kind = fdRegular
	case unix.S_IFSOCK:
		f.kind = fdSocket
	case unix.S_IFIFO:
		f.kind = fdPipe
	}
}

// Fd is the number of the descriptor, -1 once it is closed.
func (f *FD) Fd() int {
	if f.closed {
		return -1
	}
	return f.fd
}

// Renumber notes that the descriptor has another number now.
func (f *FD) Renumber(fd int) {
	f.fd = fd
	f.look()
}

// Seekable reports whether the descriptor has a position.
func (f *FD) Seekable() bool { return f.kind == fdRegular }

// Socket reports whether it is a socket.
func (f *FD) Socket() bool { return f.kind == fdSocket }

// Poll reports whether the descriptor can be written to, or read from, within
// the time given. Descriptors that cannot be polled are always ready.
func (f *FD) Poll(write bool, timeout time.Duration) bool {
	if f.kind == fdRegular || f.closed {
		return true
	}
	events := int16(unix.POLLIN)
	if write {
		events = unix.POLLOUT
	}
	fds := []unix.PollFd{{Fd: int32(f.fd), Events: events}}
	for {
		n, err := unix.Poll(fds, int(timeout.Milliseconds()))
		if err == unix.EINTR {
			continue
		}
		return n > 0 || err != nil
	}
}

// Read implements io.Reader.
func (f *FD) Read(b []byte) (int, error) {
	if f.closed {
		return 0, os.ErrClosed
	}
	if f.kind != fdRegular && f.kind != fdSocket && !f.Poll(false, 0) {
		return 0, ErrBlocked
	}
	for {
		var n int
		var err error
		if f.kind == fdSocket {
			n, _, err = unix.Recvfrom(f.fd, b, unix.MSG_DONTWAIT)
		} else {
			n, err = unix.Read(f.fd, b)
		}
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return 0, ErrBlocked
		case err == unix.EIO && f.kind == fdOther:
			return 0, io.EOF // the other side of a terminal is gone
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

// Write implements io.Writer.
func (f *FD) Write(b []byte) (int, error) {
	if f.closed {
		return 0, os.ErrClosed
	}
	if f.file != nil {
		return f.file.Write(b)
	}
	done := 0
	for done < len(b) {
		part := b[done:]
		var n int
		var err error
		switch f.kind {
		case fdSocket:
			n, err = send(f.fd, part)
		case fdPipe:
			if !f.Poll(true, 0) {
				return done, ErrBlocked
			}
			n, err = unix.Write(f.fd, part[:min(chunk, len(part))])
		default:
			n, err = unix.Write(f.fd, part)
		}
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return done, ErrBlocked
		case err != nil:
			return done, err
		}
		done += n
	}
	return done, nil
}

// send writes to a socket without waiting and without SIGPIPE.
func send(fd int, b []byte) (int, error) {
	n, err := unix.SendmsgN(fd, b, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	if errors.Is(err, unix.ENOBUFS) {
		return n, unix.EAGAIN
	}
	return n, err
}

// Seek implements io.Seeker.
func (f *FD) Seek(offset int64, whence int) (int64, error) { return unix.Seek(f.fd, offset, whence) }

// Truncate sets the size of the file.
func (f *FD) Truncate(size int64) error { return unix.Ftruncate(f.fd, size) }

// Sync writes the file to its device.
func (f *FD) Sync() error { return unix.Fsync(f.fd) }

// Close closes the descriptor; again does nothing.
func (f *FD) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	if f.file != nil {
		return f.file.Close()
	}
	if err := unix.Close(f.fd); err != nil && err != unix.EINTR {
		return err
	}
	return nil
}

// Abandon makes the descriptor one that the port no longer owns.
func (f *FD) Abandon() { f.closed = true }

// Collect closes the port when nothing refers to it any longer, unless its
// descriptor's number is in use elsewhere.
func (p *Port) Collect() {
	runtime.SetFinalizer(p, func(p *Port) {
		if p.File != nil && p.File.Revealed == 0 && !p.closed {
			_ = p.Close() // nobody is left to be told
		}
	})
}

// Blocked reports whether a read or write of a descriptor failed because it was
// not ready.
func Blocked(err error) bool { return errors.Is(err, ErrBlocked) }
