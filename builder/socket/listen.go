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

// A place is where a Unix socket lies: a name in an open folder. The folder may be
// somebody else's, who then can exchange it, and all that is in it, at any time; so
// nothing is done by its name, and links in it are not followed.
type place struct {
	folder *os.File
	base   string
}

// open opens what is called so with suffix in the folder.
func (p place) open(suffix string, flags int, mode uint32) (*os.File, error) {
	name := p.base + suffix
	fd, err := unix.Openat(int(p.folder.Fd()), name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: filepath.Join(p.folder.Name(), name), Err: err}
	}
	return os.NewFile(uintptr(fd), filepath.Join(p.folder.Name(), name)), nil
}

// remove removes the socket, if it is there.
func (p place) remove() error {
	if err := unix.Unlinkat(int(p.folder.Fd()), p.base, 0); err != nil && err != unix.ENOENT {
		return &fs.PathError{Op: "remove", Path: filepath.Join(p.folder.Name(), p.base), Err: err}
	}
	return nil
}

// unixListener is a listener that holds the lock of its socket, if there is one.
type unixListener struct {
	*net.UnixListener
	path  string
	place place
	lock  *os.File
}

// Addr is the name that clients know.
func (l *unixListener) Addr() net.Addr { return &net.UnixAddr{Name: l.path, Net: "unix"} }

// Close removes the socket, too.
func (l *unixListener) Close() error {
	// The lock file stays: without it, two could think that they hold it.
	err := errors.Join(l.UnixListener.Close(), l.place.remove(), l.place.folder.Close())
	if l.lock != nil {
		err = errors.Join(err, l.lock.Close())
	}
	return err
}

// ListenPrivate listens on a Unix socket in a folder that there is, which nobody else can
// connect to. A socket that nobody listens on any more is replaced.
func ListenPrivate(name string) (net.Listener, error) {
	p, err := openPlace(name)
	if err != nil {
		return nil, err
	}
	var l *net.UnixListener
	if c, derr := dialAt(name); derr == nil {
		err = errors.Join(fmt.Errorf("somebody listens on %s already", name), c.Close())
	} else {
		l, err = bind(p, 0o600)
	}
	if err != nil {
		p.folder.Close()
		return nil, err
	}
	return &unixListener{l, name, p, nil}, nil
}

// openPlace opens the folder of a socket.
func openPlace(name string) (place, error) {
	folder, err := os.Open(filepath.Dir(name))
	return place{folder, filepath.Base(name)}, err
}

func listenUnix(name string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	p, err := openPlace(name)
	if err != nil {
		return nil, err
	}
	lock, err := lockSocket(name, p)
	if err != nil {
		p.folder.Close()
		return nil, err
	}
	l, err := bind(p, 0o666)
	if err != nil {
		p.folder.Close()
		lock.Close()
		return nil, fmt.Errorf("cannot listen on %s: %w", name, err)
	}
	return &unixListener{l, name, p, lock}, nil
}

// lockSocket takes the lock of the daemon that serves a socket. It ends with its
// process, however that ends.
func lockSocket(name string, p place) (*os.File, error) {
	// Whoever could read it could lock it, and so keep daemons from starting.
	f, err := p.open(".lock", unix.O_RDWR|unix.O_CREAT|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	if err := checkOwn(f); err != nil {
		f.Close()
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

// checkOwn refuses a lock that somebody else has put there: his own, or another name of
// a file of ours, which is not to be changed.
func checkOwn(f *os.File) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return &fs.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Nlink != 1 || int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is no lock of this user's: remove it, or choose a folder for the socket that nobody else may change", f.Name())
	}
	return nil
}

// bind makes the socket in a folder of its own first, which nobody else may enter, so
// that it appears at its place with its mode, instead of one that is left.
func bind(p place, mode uint32) (*net.UnixListener, error) {
	in := int(p.folder.Fd())
	var st unix.Stat_t
	if err := unix.Fstatat(in, p.base, &st, unix.AT_SYMLINK_NOFOLLOW); err == nil && st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return nil, errors.New("something that is no socket lies there")
	}
	closed, remove, err := p.closedFolder()
	if err != nil {
		return nil, err
	}
	defer remove()
	const name = "s"
	l, err := listenAt(closed, name)
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	// Nothing is there when the folder was exchanged on a system that can listen at
	// paths only.
	if err = unix.Fchmodat(int(closed.Fd()), name, mode, 0); err == nil {
		err = unix.Renameat(int(closed.Fd()), name, in, p.base)
	}
	if err != nil {
		l.Close()
		_ = unix.Unlinkat(int(closed.Fd()), name, 0)
		return nil, err
	}
	return l, nil
}

// closedFolder makes a folder beside the socket that is closed to others.
func (p place) closedFolder() (f *os.File, remove func(), err error) {
	in := int(p.folder.Fd())
	name := ""
	for i := range 100 { // one may be left of a process of the same number
		name = fmt.Sprintf("%s.%d-%d", p.base, os.Getpid(), i)
		if err = unix.Mkdirat(in, name, 0o700); err != unix.EEXIST {
			break
		}
	}
	if err != nil {
		return nil, nil, &fs.PathError{Op: "mkdir", Path: filepath.Join(p.folder.Name(), name), Err: err}
	}
	made := place{p.folder, name}
	if f, err = made.open("", unix.O_RDONLY|unix.O_DIRECTORY, 0); err != nil {
		return nil, nil, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(int(f.Fd()), &st); err == nil && (int(st.Uid) != os.Geteuid() || st.Mode&0o077 != 0) {
		err = fmt.Errorf("somebody exchanges what is in %s", p.folder.Name())
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, func() {
		f.Close()
		_ = unix.Unlinkat(in, name, unix.AT_REMOVEDIR)
	}, nil
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
