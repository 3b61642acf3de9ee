//go:build freebsd

package freebsd

import (
	"context"
	"errors"
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

var _ jail.Jail = (*Jail)(nil)

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

// Run implements jail.Jail. Limits other than none are refused: FreeBSD sets
// them in the process itself only.
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
	if spec.Limits != (jail.Limits{}) {
		return res, &jail.SpecError{Field: "limits", Problem: "not supported on FreeBSD; use rctl(8)"}
	}
	var sweepErr error
	j.sweep.Do(func() { sweepErr = sweepRoots(j.opts.WorkDir) })
	if sweepErr != nil {
		return res, sweepErr
	}
	// The mask is the process's, and its child's. Fruix has no other use for
	// one: it sets the modes of what it makes.
	syscall.Umask(0o022)

	r, err := newRoot(j.opts.WorkDir)
	if err != nil {
		return res, err
	}
	defer func() {
		if cerr := r.close(); err == nil {
			err = cerr
		}
	}()
	if err := r.populate(&spec); err != nil {
		return res, err
	}
	if fi, err := os.Lstat(r.path(spec.Dir)); err != nil || !fi.IsDir() {
		return res, &jail.SetupError{Step: "enter", Path: spec.Dir, Err: syscall.ENOENT}
	}
	jid, err := createJail(r.dir, filepath.Base(r.dir), &spec)
	if err != nil {
		return res, err
	}
	r.undo = append(r.undo, func() error { return removeJail(jid) })
	return execute(ctx, jid, &spec)
}

// execute runs the program attached to the jail and waits for it.
func execute(ctx context.Context, jid int, spec *jail.Spec) (res jail.Result, err error) {
	cmd := exec.CommandContext(ctx, spec.Program)
	cmd.Args = spec.Argv
	cmd.Env = append([]string{}, spec.Env...)
	cmd.Dir = spec.Dir
	cmd.Stdout, cmd.Stderr = spec.Stdout, spec.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Jail:       jid,
		Credential: &syscall.Credential{Uid: uint32(spec.BuildUser.UID), Gid: uint32(spec.BuildUser.GID), Groups: []uint32{uint32(spec.BuildUser.GID)}},
		Setsid:     true,
		Pdeathsig:  syscall.SIGKILL,
	}
	// Background processes may hold the output open: do not wait for those,
	// but kill them with the jail as soon as the program itself is done.
	cmd.Cancel = func() error { return removeJail(jid) }
	if err := cmd.Start(); err != nil {
		var errno syscall.Errno
		if errors.As(err, &errno) {
			return res, &jail.SetupError{Step: "exec", Path: spec.Program, Err: errno}
		}
		return res, &jail.SetupError{Step: "exec", Path: spec.Program, Err: err}
	}
	exited := make(chan struct{})
	go func() {
		// Wait without reaping, so that cmd.Wait finds the process.
		waitExited(cmd.Process.Pid)
		removeJail(jid)
		close(exited)
	}()
	waitErr := cmd.Wait()
	<-exited
	if ctx.Err() != nil {
		return res, ctx.Err()
	}
	var ee *exec.ExitError
	if waitErr != nil && !errors.As(waitErr, &ee) {
		return res, waitErr
	}
	return result(cmd.ProcessState), nil
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
