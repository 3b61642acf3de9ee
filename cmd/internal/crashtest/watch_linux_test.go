package crashtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A watched command stops at each of its system calls that is watched, in all of
// its threads and children, and this process decides what becomes of the call.
// It is done with seccomp(2)'s notifications of user space, which need no tracer,
// have one order for all threads, and leave the program as it is.

// call is a system call that a watched command is about to make.
type call struct {
	name string
	path string // of the file that it is about; "" when that is not known
	to   string // the other name of a rename or link
	arg  uint64 // the first number that is neither: flags, length
	pid  int
}

func (c call) String() string {
	if c.to != "" {
		return fmt.Sprintf("%s(%s, %s)", c.name, c.path, c.to)
	}
	return fmt.Sprintf("%s(%s)", c.name, c.path)
}

// verdict is what becomes of a call: 0 lets it go on, an error makes it fail.
type verdict struct {
	errno syscall.Errno
	kill  bool // kill all processes of the command before the call is made
}

// shape says where the arguments of a call are.
type shape struct {
	name string
	// dir and path are the places of an open directory and of a name in it; -1:
	// none. fd is the place of an open file.
	dir, path, fd int
	toDir, to     int
	arg           int
}

func byPath(name string, dir, path, arg int) shape { return shape{name, dir, path, -1, -1, -1, arg} }
func byFile(name string, arg int) shape            { return shape{name, -1, -1, 0, -1, -1, arg} }

// shapes are the calls that are watched.
func shapes() map[int]shape {
	m := map[int]shape{
		unix.SYS_OPENAT:          byPath("openat", 0, 1, 2),
		unix.SYS_MKDIRAT:         byPath("mkdirat", 0, 1, 2),
		unix.SYS_UNLINKAT:        byPath("unlinkat", 0, 1, 2),
		unix.SYS_SYMLINKAT:       byPath("symlinkat", 1, 2, -1),
		unix.SYS_FCHMODAT:        byPath("fchmodat", 0, 1, 2),
		unix.SYS_FCHOWNAT:        byPath("fchownat", 0, 1, -1),
		unix.SYS_UTIMENSAT:       byPath("utimensat", 0, 1, -1),
		unix.SYS_READLINKAT:      byPath("readlinkat", 0, 1, -1),
		unix.SYS_RENAMEAT2:       {"renameat2", 0, 1, -1, 2, 3, 4},
		unix.SYS_LINKAT:          {"linkat", 0, 1, -1, 2, 3, 4},
		unix.SYS_WRITE:           byFile("write", 2),
		unix.SYS_PWRITE64:        byFile("pwrite64", 2),
		unix.SYS_READ:            byFile("read", 2),
		unix.SYS_PREAD64:         byFile("pread64", 2),
		unix.SYS_GETDENTS64:      byFile("getdents64", -1),
		unix.SYS_FSYNC:           byFile("fsync", -1),
		unix.SYS_FDATASYNC:       byFile("fdatasync", -1),
		unix.SYS_SYNCFS:          byFile("syncfs", -1),
		unix.SYS_FTRUNCATE:       byFile("ftruncate", 1),
		unix.SYS_FALLOCATE:       byFile("fallocate", -1),
		unix.SYS_FCHMOD:          byFile("fchmod", 1),
		unix.SYS_FCHOWN:          byFile("fchown", -1),
		unix.SYS_FLOCK:           byFile("flock", 1),
		unix.SYS_COPY_FILE_RANGE: {"copy_file_range", -1, -1, 2, -1, -1, -1},
	}
	for nr, s := range moreShapes() {
		m[nr] = s
	}
	return m
}

// watchVariable makes this test program one that is to be watched: it asks for
// that and becomes the program that its arguments name.
const watchVariable = "FRUIX_CRASH_WATCHED"

// Of seccomp(2), which the unix package has no names for.
const (
	seccompSetModeFilter = 1
	seccompRetAllow      = 0x7fff0000
)

func watchedMain() bool {
	if os.Getenv(watchVariable) == "" {
		return false
	}
	runtime.LockOSThread()
	if err := beWatched(); err != nil {
		fmt.Fprintln(os.Stderr, "cannot be watched:", err)
		os.Exit(99)
	}
	err := syscall.Exec(os.Args[1], os.Args[1:], slices.DeleteFunc(os.Environ(), func(s string) bool {
		return strings.HasPrefix(s, watchVariable)
	}))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(99)
	return true
}

// beWatched puts the filter on this thread and sends the descriptor that tells
// of its calls through descriptor 3.
func beWatched() error {
	if os.Geteuid() != 0 {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return err
		}
	}
	numbers := shapes()
	program := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}} // seccomp_data.nr
	var list []int
	for nr := range numbers {
		list = append(list, nr)
	}
	for i, nr := range list {
		program = append(program, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(nr), Jt: uint8(len(list) - i)})
	}
	program = append(program,
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: seccompRetAllow},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF})
	prog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	// A call that has been told of is not interrupted by signals, so that none is
	// told of twice.
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, seccompSetModeFilter,
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER|unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	return unix.Sendmsg(3, []byte{0}, unix.UnixRights(int(fd)), nil, 0)
}

// runWatched runs fruix with args and asks judge about each watched call, in
// the order in which they are made.
func (w *world) runWatched(args []string, stdin io.Reader, judge func(call) verdict) *outcome {
	w.Helper()
	cmd := exec.Command(must(os.Executable())(w), append([]string{w.bin}, args...)...)
	w.dress(cmd)
	cmd.Env = append(cmd.Env, watchVariable+"=1")
	pair := must(unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))(w)
	theirs := os.NewFile(uintptr(pair[1]), "theirs")
	cmd.ExtraFiles = []*os.File{theirs}
	defer unix.Close(pair[0])
	done := make(chan struct{})
	o := w.run(cmd, stdin, func(p *os.Process) {
		theirs.Close()
		listener := must(receive(pair[0]))(w)
		go func() {
			defer close(done)
			defer unix.Close(listener)
			if err := watch(listener, p.Pid, judge); err != nil {
				w.Errorf("watching: %v", err)
			}
		}()
	})
	<-done
	o.what = strings.Join(args, " ")
	return o
}

// receive takes the descriptor that beWatched sends.
func receive(socket int) (int, error) {
	control := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, make([]byte, 1), control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return -1, err
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) == 0 {
		return -1, errors.Join(errors.New("no descriptor came"), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return -1, err
	}
	return fds[0], nil
}

// notification and answer are struct seccomp_notif and seccomp_notif_resp.
type notification struct {
	id         uint64
	pid, flags uint32
	nr         int32
	arch       uint32
	ip         uint64
	args       [6]uint64
}

type answer struct {
	id    uint64
	val   int64
	errno int32
	flags uint32
}

// watch answers notifications until all watched processes have ended.
func watch(listener, pgid int, judge func(call) verdict) error {
	numbers := shapes()
	for {
		poll := []unix.PollFd{{Fd: int32(listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(poll, -1); err == unix.EINTR {
			continue
		} else if err != nil {
			return err
		}
		if poll[0].Revents&unix.POLLIN == 0 {
			return nil // nobody is left
		}
		var n notification
		switch err := ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)); err {
		case nil:
		case unix.EINTR, unix.ENOENT:
			continue // killed meanwhile
		default:
			return err
		}
		v := judge(describe(n, numbers[int(n.nr)]))
		a := answer{id: n.id}
		switch {
		case v.kill:
			syscall.Kill(-pgid, syscall.SIGKILL)
			continue
		case v.errno != 0:
			a.errno = -int32(v.errno)
		default:
			a.flags = unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE
		}
		if err := ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&a)); err != nil && err != unix.ENOENT && err != unix.EINTR {
			return err
		}
	}
}

func ioctl(fd int, request uint, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}

// describe looks up what a call is about in the process that makes it, which
// stands still.
func describe(n notification, s shape) call {
	pid := int(n.pid)
	c := call{name: s.name, pid: pid}
	if s.arg >= 0 {
		c.arg = n.args[s.arg]
	}
	if s.fd >= 0 {
		c.path = openFile(pid, n.args[s.fd])
	}
	if s.path >= 0 {
		c.path = pathIn(pid, s.dir, n.args, s.path)
	}
	if s.to >= 0 {
		c.to = pathIn(pid, s.toDir, n.args, s.to)
	}
	return c
}

// openFile is the name of an open file.
func openFile(pid int, fd uint64) string {
	name, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, int32(fd)))
	if err != nil {
		return ""
	}
	return name
}

// pathIn is the name that argument path points to, in the open directory that
// argument dir is, if it is one.
func pathIn(pid, dir int, args [6]uint64, path int) string {
	name := stringAt(pid, args[path])
	if filepath.IsAbs(name) || name == "" {
		return name
	}
	at := fmt.Sprintf("/proc/%d/cwd", pid)
	if dir >= 0 && int32(args[dir]) != unix.AT_FDCWD {
		return filepath.Join(openFile(pid, args[dir]), name)
	}
	cwd, err := os.Readlink(at)
	if err != nil {
		return name
	}
	return filepath.Join(cwd, name)
}

// stringAt reads a text that ends with a zero from the memory of a process.
func stringAt(pid int, address uint64) string {
	var out []byte
	for len(out) < unix.PathMax {
		b := make([]byte, 256-address%256) // never into the next page
		local := []unix.Iovec{{Base: &b[0], Len: uint64(len(b))}}
		remote := []unix.RemoteIovec{{Base: uintptr(address), Len: len(b)}}
		n, err := unix.ProcessVMReadv(pid, local, remote, 0)
		if err != nil || n == 0 {
			return ""
		}
		if i := bytes.IndexByte(b[:n], 0); i >= 0 {
			return string(append(out, b[:i]...))
		}
		out = append(out, b[:n]...)
		address += uint64(n)
	}
	return ""
}

// below says whether a call is about something in the folder dir.
func (c call) below(dir string) bool {
	return strings.HasPrefix(c.path, dir+"/") || strings.HasPrefix(c.to, dir+"/") || c.path == dir
}
