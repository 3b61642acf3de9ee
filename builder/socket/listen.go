package socket

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// DefaultPort is that of Guix's daemon, for addresses without one.
const DefaultPort = "44146"

// BusyError is a socket that a daemon serves already.
type BusyError struct {
	Address string
	Holder  string // such as "process 4711"; "" when unknown
}

func (e *BusyError) Error() string {
	if e.Holder == "" {
		return "a daemon listens on " + e.Address + " already"
	}
	return fmt.Sprintf("a daemon (%s) listens on %s already", e.Holder, e.Address)
}

// Listen listens at an address as "guix-daemon --listen" takes it: the path of a
// Unix socket, or HOST or HOST:PORT. A socket that a daemon has left behind is
// replaced; one that a daemon serves is a *BusyError. Everybody who can reach a
// socket may connect: what they may do is decided by who they are.
func Listen(address string) (net.Listener, error) {
	if strings.HasPrefix(address, "/") {
		return listenUnix(address)
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(strings.Trim(address, "[]"), DefaultPort)
	}
	return net.Listen("tcp", address)
}

// unixListener is a listener that holds the lock of its socket.
type unixListener struct {
	*net.UnixListener
	path string
	lock *os.File
}

// Addr is the name that clients know.
func (l *unixListener) Addr() net.Addr { return &net.UnixAddr{Name: l.path, Net: "unix"} }

// Close removes the socket, too.
func (l *unixListener) Close() error {
	err := l.UnixListener.Close()
	if rerr := os.Remove(l.path); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
		err = errors.Join(err, rerr)
	}
	// The lock file stays: without it, two could think that they hold it.
	return errors.Join(err, l.lock.Close())
}

func listenUnix(name string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	lock, err := lockSocket(name)
	if err != nil {
		return nil, err
	}
	l, err := bind(name)
	if err != nil {
		lock.Close()
		return nil, err
	}
	return &unixListener{l, name, lock}, nil
}

// lockSocket takes the lock of the daemon that serves a socket. It ends with its
// process, however that ends.
func lockSocket(name string) (*os.File, error) {
	// Whoever could read it could lock it, and so keep daemons from starting.
	f, err := os.OpenFile(name+".lock", os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(0o600); err != nil { // one of an older Fruix
		f.Close()
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		b, _ := io.ReadAll(io.LimitReader(f, 100))
		f.Close()
		if err == unix.EWOULDBLOCK {
			return nil, &BusyError{name, strings.TrimSpace(string(b))}
		}
		return nil, &fs.PathError{Op: "lock", Path: name + ".lock", Err: err}
	}
	_ = f.Truncate(0) // who holds it is for people
	_, _ = fmt.Fprintf(f, "process %d\n", os.Getpid())
	return f, nil
}

// bind makes the socket under another name first, so that it appears at its own
// with its mode, and takes the place of one that is left.
func bind(name string) (*net.UnixListener, error) {
	if st, err := os.Lstat(name); err == nil && st.Mode()&fs.ModeSocket == 0 {
		return nil, fmt.Errorf("cannot listen on %s: something that is no socket lies there", name)
	}
	temp := fmt.Sprintf("%s.%d", name, os.Getpid())
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := listenAt(temp)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", name, err)
	}
	l.SetUnlinkOnClose(false)
	err = os.Chmod(temp, 0o666)
	if err == nil {
		err = os.Rename(temp, name)
	}
	if err != nil {
		l.Close()
		os.Remove(temp)
		return nil, err
	}
	return l, nil
}

// Inherited returns the listeners that the process was started with, as systemd
// and Shepherd hand them over (sd_listen_fds(3)): descriptors from 3 on, as many as
// LISTEN_FDS says, when LISTEN_PID is this process. It returns none when there are
// none.
func Inherited(getenv func(string) string) ([]net.Listener, error) {
	const first = 3
	if pid, err := strconv.Atoi(getenv("LISTEN_PID")); err != nil || pid != os.Getpid() {
		return nil, nil
	}
	n, err := strconv.Atoi(getenv("LISTEN_FDS"))
	if err != nil || n < 0 || n > 1000 {
		return nil, fmt.Errorf("LISTEN_FDS is %q; the number of sockets is expected", getenv("LISTEN_FDS"))
	}
	var out []net.Listener
	for fd := first; fd < first+n; fd++ {
		unix.CloseOnExec(fd)
		f := os.NewFile(uintptr(fd), "socket "+strconv.Itoa(fd))
		l, err := net.FileListener(f)
		f.Close()
		if err != nil {
			for _, l := range out {
				l.Close()
			}
			return nil, fmt.Errorf("descriptor %d is no socket to listen on: %w", fd, err)
		}
		out = append(out, l)
	}
	return out, nil
}
