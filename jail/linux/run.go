//go:build linux

package linux

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"fruix/jail"
	"fruix/jail/linux/stub"
)

// Jail runs programs in Linux namespaces. Its zero value works; use New.
type Jail struct {
	root bool
	ids  idmaps
}

var _ jail.Jail = (*Jail)(nil)

// New returns the back end for a caller with the effective user id euid.
func New(euid int) *Jail { return &Jail{root: euid == 0} }

// Run implements jail.Jail.
func (j *Jail) Run(ctx context.Context, spec jail.Spec) (jail.Result, error) {
	if err := ctx.Err(); err != nil {
		return jail.Result{}, err
	}
	spec, err := spec.Normalize()
	if err != nil {
		return jail.Result{}, err
	}
	if j.root && spec.BuildUser == nil {
		return jail.Result{}, &jail.SpecError{Field: "buildUser", Problem: "root needs a user to run the program as"}
	}
	p, err := makePlan(spec, j.root)
	if err != nil {
		return jail.Result{}, err
	}
	return j.run(ctx, p)
}

// Available implements jail.Jail by making an empty jail.
func (j *Jail) Available() error {
	spec, err := jail.Spec{Argv: []string{"/"}, Self: "/probe"}.Normalize()
	if err != nil {
		return err
	}
	spec.BuildUser = &jail.HostUser{UID: os.Geteuid(), GID: os.Getegid()}
	p, err := makePlan(spec, j.root)
	if err != nil {
		return err
	}
	p.Probe = true
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err = j.run(ctx, p)
	return err
}

// run starts the keeper, says who its user is and waits for the end.
func (j *Jail) run(ctx context.Context, p *plan) (res jail.Result, err error) {
	var g *group
	if p.Spec.Limits.Memory != 0 {
		if g, err = groupFor(p.Spec.Limits); err == nil {
			defer g.close()
		}
		p.MemoryEach = g == nil
	}
	c, err := compile(p, hardLimit)
	if err != nil {
		return res, err
	}
	handed, err := j.handIn(p)
	defer func() {
		for _, f := range handed {
			f.Close()
		}
	}()
	if err != nil {
		return res, err
	}
	callerR, callerW, err := os.Pipe()
	if err != nil {
		return res, err
	}
	defer callerR.Close()
	defer callerW.Close()
	statusR, statusW, err := os.Pipe()
	if err != nil {
		return res, err
	}
	defer statusR.Close()
	defer statusW.Close()

	cmd, done, err := command(ctx, &c.Program, slices.Concat([]*os.File{callerR, statusW}, handed, p.Spec.Hold))
	if err != nil {
		return res, err
	}
	cmd.Stdout, cmd.Stderr = p.Spec.Stdout, p.Spec.Stderr
	// The keeper kills PID 1, and ends when all is dead.
	cmd.Cancel = callerW.Close
	err = cmd.Start()
	done()
	if err != nil {
		if ctx.Err() != nil {
			return res, ctx.Err()
		}
		return res, &jail.SetupError{Step: "start the jail's keeper", Err: err}
	}
	statusW.Close()

	r, err := j.follow(p, g, cmd.Process.Pid, callerW, statusR)
	if err != nil || r.Kind != stub.ReportedExit {
		callerW.Close() // nothing more is to be expected
	}
	waitErr := cmd.Wait()
	outOfMemory := g != nil && g.overrun()
	switch {
	case ctx.Err() != nil:
		return res, ctx.Err()
	case r.Kind != stub.ReportedExit && outOfMemory:
		// PID 1 and the keeper shared the fate of the program.
		return jail.Result{ExitCode: -1, Signal: int(unix.SIGKILL), OutOfMemory: true}, nil
	case err != nil && err != io.EOF:
		return res, err
	case r.Kind == stub.ReportedFailure:
		return res, explain(c.steps[r.Record], r.Errno)
	case r.Kind == stub.ReportedExit:
		// The writers of the caller may have failed.
		var ee *exec.ExitError
		if waitErr != nil && !errors.As(waitErr, &ee) {
			return res, fmt.Errorf("jail: handling the output: %w", waitErr)
		}
		res := result(r)
		res.OutOfMemory = outOfMemory
		return res, nil
	}
	return res, &jail.SetupError{Step: "start the first process", Err: fmt.Errorf("it ended without a word (%v)", waitErr),
		Hint: "something has killed it, such as the kernel for want of memory (dmesg tells), or somebody; try again"}
}

// follow reads reports until the last, and answers. It returns io.EOF when there is
// none.
func (j *Jail) follow(p *plan, g *group, keeper int, caller io.Writer, status io.Reader) (stub.Report, error) {
	for {
		r, err := stub.ReadReport(status)
		if err != nil || r.Kind != stub.ReportedReady {
			return r, err
		}
		// What the keeper starts, once it is told to go on, will be in its group.
		if g != nil {
			if err := g.add(keeper); err != nil {
				return r, &jail.SetupError{Step: "enter the control group", Err: err}
			}
		}
		if err := mapUsers(p, keeper); err != nil {
			return r, err
		}
		endFirst(keeper)
		if _, err := caller.Write([]byte{0}); err != nil {
			return r, io.EOF // it has ended, or is being ended
		}
	}
}

// endFirst has the kernel end the jail's processes, which the keeper is yet to start,
// before any others of the machine when memory runs out: proc_pid_oom_score_adj(5). What
// root says here, nothing inside can take back. A machine without a killer needs none.
func endFirst(keeper int) {
	_ = os.WriteFile("/proc/"+strconv.Itoa(keeper)+"/oom_score_adj", []byte("1000"), 0)
}

// mapUsers says which user and group the new user namespace has; see
// user_namespaces(7), "User and group ID mappings".
func mapUsers(p *plan, keeper int) error {
	host := jail.HostUser{UID: os.Geteuid(), GID: os.Getegid()}
	if p.BuildUser {
		host = *p.Spec.BuildUser
	}
	write := func(name, text string) error {
		file := "/proc/" + strconv.Itoa(keeper) + "/" + name
		if err := os.WriteFile(file, []byte(text), 0); err != nil {
			return &jail.SetupError{Step: "map the jail's user", Path: file, Err: errors.Unwrap(err), Hint: hint(stepNamespaces, err)}
		}
		return nil
	}
	if err := write("uid_map", fmt.Sprintf("%d %d 1\n", p.Spec.UID, host.UID)); err != nil {
		return err
	}
	if !p.BuildUser {
		// An ordinary user may name a group only when groups cannot be dropped.
		if err := write("setgroups", "deny"); err != nil {
			return err
		}
	}
	return write("gid_map", fmt.Sprintf("%d %d 1\n", p.Spec.GID, host.GID))
}

// handIn opens what the jail's processes get as descriptors: each tree, as a
// detached mount, when the caller is root; and the executable.
func (j *Jail) handIn(p *plan) ([]*os.File, error) {
	files := make([]*os.File, 0, p.handed())
	if p.TreesFD {
		for _, t := range p.Trees {
			f, err := openTree(t.Path)
			if err != nil {
				return files, err
			}
			files = append(files, f)
			if t.ReadOnly {
				// Not every kernel and file system can; see idmaps.
				_ = j.ids.apply(f, *p.Spec.BuildUser)
			}
		}
	}
	if p.Spec.Self == "" {
		return files, nil
	}
	if p.TreesFD && p.SelfPath != "" {
		f, err := openTree(p.SelfPath)
		if err != nil {
			return files, err
		}
		return append(files, f), nil
	}
	f, err := os.Open(self)
	if err != nil {
		return files, &jail.SetupError{Step: "open the running executable", Err: err}
	}
	return append(files, f), nil
}

// openTree opens a directory or file as a detached mount.
func openTree(path string) (*os.File, error) {
	fd, err := unix.OpenTree(unix.AT_FDCWD, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW)
	if err != nil {
		return nil, &jail.SetupError{Step: "open_tree", Path: path, Err: err, Hint: hint("open_tree", err)}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// result says how the program ended.
func result(r stub.Report) jail.Result {
	res := jail.Result{ExitCode: -1, User: r.User, System: r.System, MaxRSS: r.MaxRSS}
	if r.Status.Signaled() {
		res.Signal = int(r.Status.Signal())
	} else {
		res.ExitCode = r.Status.ExitStatus()
	}
	return res
}

// explain makes an error of a step that failed.
func explain(s step, errno syscall.Errno) error {
	e := &jail.SetupError{Step: s.name, Path: s.path, Err: errno}
	switch {
	case errno != 0:
		e.Hint = hint(s.name, errno)
	case s.name == stepOverLink:
		e.Err = unix.ELOOP
	default:
		e.Err = errors.New("not all of it could be done")
	}
	return e
}
