package freebsd

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

// Options configure the back end.
type Options struct {
	// EUID is the effective user id of the process.
	EUID int
	// WorkDir is a folder in which the roots of running jails are mounted. It
	// is made when missing.
	WorkDir string
}

// Jail runs programs in FreeBSD jails.
type Jail struct {
	opts  Options
	sweep sync.Once
}

var (
	_ jail.Jail          = (*Jail)(nil)
	_ jail.MemoryBounder = (*Jail)(nil)
)

// New returns the back end.
func New(o Options) *Jail { return &Jail{opts: o} }

// Available implements jail.Jail.
func (j *Jail) Available() error {
	if j.opts.EUID != 0 {
		return &jail.SetupError{Step: "make a jail", Err: syscall.EPERM, Hint: "jail(2) takes root: run fruix as root, or let its daemon build"}
	}
	if n, err := unix.SysctlUint32("security.jail.jailed"); err == nil && n == 1 {
		if m, err := unix.SysctlUint32("security.jail.children.max"); err == nil && m == 0 {
			return &jail.SetupError{Step: "make a jail in a jail", Err: syscall.EPERM, Hint: "raise children.max of the outer jail, and allow it to mount nullfs, tmpfs and devfs"}
		}
	}
	return nil
}

// BoundsMemory implements jail.MemoryBounder.
func (j *Jail) BoundsMemory() error {
	if accounts() {
		return nil
	}
	return &jail.SetupError{Step: "bound the memory of all processes together", Err: errors.New("the kernel does not account resources"),
		Hint: "put kern.racct.enable=1 into /boot/loader.conf and boot again"}
}

// Run implements jail.Jail.
func (j *Jail) Run(ctx context.Context, spec jail.Spec) (res jail.Result, err error) {
	if err := ctx.Err(); err != nil {
		return res, err
	}
	if spec, err = spec.Normalize(); err != nil {
		return res, err
	}
	if err := j.Available(); err != nil {
		return res, err
	}
	if spec.BuildUser == nil || spec.BuildUser.UID == 0 {
		return res, &jail.SpecError{Field: "buildUser", Problem: "a user other than root is needed to run the program as"}
	}
	if err := os.MkdirAll(j.opts.WorkDir, 0o755); err != nil {
		return res, &jail.SetupError{Step: "make the work folder", Path: j.opts.WorkDir, Err: err}
	}
	var sweepErr error
	j.sweep.Do(func() { sweepErr = sweepRoots(j.opts.WorkDir) })
	if sweepErr != nil {
		return res, sweepErr
	}
	h := host{Racct: accounts(), Files: mountsFiles(), Lstat: os.Lstat, Readlink: os.Readlink, Root: filepath.Join(j.opts.WorkDir, newName())}
	if h.Self, err = os.Executable(); err != nil {
		return res, &jail.SetupError{Step: "find the running executable", Err: err}
	}
	p, err := makePlan(h, &spec)
	if err != nil {
		return res, err
	}
	undo, err := carryOut(new(machine), p)
	if err != nil {
		return res, err
	}
	defer func() {
		if uerr := undo(); err == nil {
			err = uerr
		}
	}()
	return execute(ctx, h, p, &spec)
}

// newName returns a name for a jail that no other has.
func newName() string {
	var b [8]byte
	rand.Read(b[:]) // nothing inside sees it
	return rootPrefix + hex.EncodeToString(b[:])
}

// execute runs the program in the jail of p and waits for it. All other processes of
// the jail are killed when it ends.
func execute(ctx context.Context, h host, p *plan, spec *jail.Spec) (res jail.Result, err error) {
	name := filepath.Base(h.Root)
	cmd := exec.CommandContext(ctx, h.Self)
	cmd.Env = []string{}
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = spec.Stdout, spec.Stderr
	// Before it is in the jail the process is killed by itself.
	cmd.Cancel = func() error { return errors.Join(killJail(name), cmd.Process.Kill()) }
	failed, err := p.Start.begin(cmd)
	if cmd.Process == nil {
		if ctx.Err() != nil {
			return res, ctx.Err()
		}
		return res, &jail.SetupError{Step: "start the program", Err: err}
	}
	exited := make(chan struct{})
	go func() {
		// Without reaping, so that cmd.Wait finds the process. Background processes
		// may hold the output open.
		waitExited(cmd.Process.Pid)
		killJail(name)
		close(exited)
	}()
	waitErr := cmd.Wait()
	<-exited
	var ee *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return res, ctx.Err()
	case failed != nil:
		return res, failed
	case err != nil:
		return res, &jail.SetupError{Step: "start the program", Err: err}
	case waitErr != nil && !errors.As(waitErr, &ee):
		return res, waitErr
	}
	return result(cmd.ProcessState), nil
}

// begin starts cmd, which is Fruix, as a process that becomes the program, beside what
// cmd.ExtraFiles holds. failed is why it could not; then, and after an error, the process
// still has to be waited for, if there is one.
func (s *start) begin(cmd *exec.Cmd) (failed, err error) {
	startR, startW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer startR.Close()
	defer startW.Close()
	statusR, statusW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer statusR.Close()
	defer statusW.Close()
	cmd.Args = childArgs(3 + len(cmd.ExtraFiles))
	cmd.ExtraFiles = append(cmd.ExtraFiles, startR, statusW)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	startR.Close()
	statusW.Close()
	if err := json.NewEncoder(startW).Encode(s); err != nil {
		return nil, err
	}
	startW.Close()
	var f failure
	switch err := json.NewDecoder(statusR).Decode(&f); err {
	case nil:
		return f.err(*s), nil
	case io.EOF:
		return nil, nil
	default:
		return nil, err
	}
}

func result(ps *os.ProcessState) jail.Result {
	res := jail.Result{ExitCode: ps.ExitCode(), User: ps.UserTime(), System: ps.SystemTime()}
	if ws, ok := ps.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		res.ExitCode, res.Signal = -1, int(ws.Signal())
	}
	if ru, ok := ps.SysUsage().(*syscall.Rusage); ok {
		res.MaxRSS = int64(ru.Maxrss) << 10
	}
	return res
}

// waitExited returns when process pid is a zombie or gone.
func waitExited(pid int) {
	kq, err := unix.Kqueue()
	if err != nil {
		pollExited(pid)
		return
	}
	defer unix.Close(kq)
	var ev unix.Kevent_t
	unix.SetKevent(&ev, pid, unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT)
	ev.Fflags = unix.NOTE_EXIT
	for {
		n, err := unix.Kevent(kq, []unix.Kevent_t{ev}, []unix.Kevent_t{{}}, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n > 0 {
			return // ESRCH: it has gone already
		}
	}
}

func pollExited(pid int) {
	for unix.Kill(pid, 0) == nil {
		time.Sleep(5 * time.Millisecond)
	}
}
