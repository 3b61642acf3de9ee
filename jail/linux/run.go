//go:build linux

package linux

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

// Jail runs programs in Linux namespaces. Its zero value works; use New.
type Jail struct {
	root bool
	ids  idmaps
}

var _ jail.Jail = (*Jail)(nil)

// New returns the back end for a caller with the effective user id euid.
func New(euid int) *Jail { return &Jail{root: euid == 0} }

// capabilities that PID 1 needs to build the jail: see capabilities(7).
var setupCaps = []uintptr{
	unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_SETPCAP, unix.CAP_SYS_RESOURCE,
	unix.CAP_CHOWN, unix.CAP_FOWNER, unix.CAP_DAC_OVERRIDE, unix.CAP_SYS_CHROOT,
}

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

// run starts PID 1, hands it the plan and waits for the end.
func (j *Jail) run(ctx context.Context, p *plan) (res jail.Result, err error) {
	spec := p.Spec
	planR, planW, err := os.Pipe()
	if err != nil {
		return res, err
	}
	defer planR.Close()
	defer planW.Close()
	statusR, statusW, err := os.Pipe()
	if err != nil {
		return res, err
	}
	defer statusR.Close()
	defer statusW.Close()

	files := []*os.File{planR, statusW}
	if j.root {
		trees, err := j.openTrees(p.Trees, *spec.BuildUser)
		defer func() {
			for _, f := range trees {
				f.Close()
			}
		}()
		if err != nil {
			return res, err
		}
		files = append(files, trees...)
		p.TreesFD = true
	}

	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Args = []string{argv0}
	cmd.Env = []string{}
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = spec.Stdout, spec.Stderr
	cmd.ExtraFiles = files
	cmd.SysProcAttr = j.procAttr(spec)
	if err := cmd.Start(); err != nil {
		if ctx.Err() != nil {
			return res, ctx.Err()
		}
		return res, startError(err)
	}
	planR.Close()
	statusW.Close()

	data, err := p.marshal()
	if err == nil {
		_, err = planW.Write(append(data, '\n'))
	}
	var st final
	if err == nil {
		st, err = readStatus(statusR)
	}
	if err != nil || st.exit == nil {
		// Nothing more is to be expected from PID 1: do not wait for it.
		cmd.Process.Kill()
	}
	waitErr := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return res, ctx.Err()
	case st.failure != nil:
		return res, st.failure.err()
	case st.exit != nil:
		// The writers of the caller may have failed.
		var ee *exec.ExitError
		if waitErr != nil && !errors.As(waitErr, &ee) {
			return res, fmt.Errorf("jail: handling the output: %w", waitErr)
		}
		e := st.exit
		return jail.Result{
			ExitCode: e.Code, Signal: e.Signal,
			User: time.Duration(e.User), System: time.Duration(e.System), MaxRSS: e.MaxRSS,
		}, nil
	case err != nil && !errors.Is(err, syscall.EPIPE):
		return res, fmt.Errorf("jail: talking to its first process: %w", err)
	}
	return res, &jail.SetupError{Step: "start the first process", Err: fmt.Errorf("it ended without a word (%v)", waitErr),
		Hint: "the program must call ReexecMain first in main, and must be readable and executable for the build user"}
}

// procAttr says how PID 1 is cloned.
func (j *Jail) procAttr(spec jail.Spec) *syscall.SysProcAttr {
	flags := uintptr(unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWNET)
	if _, err := os.Lstat("/proc/self/ns/cgroup"); err == nil {
		flags |= unix.CLONE_NEWCGROUP
	}
	attr := &syscall.SysProcAttr{
		Cloneflags:  flags,
		Setsid:      true,
		AmbientCaps: setupCaps,
	}
	host := jail.HostUser{UID: os.Geteuid(), GID: os.Getegid()}
	if j.root {
		host = *spec.BuildUser
		attr.GidMappingsEnableSetgroups = true
		attr.Credential = &syscall.Credential{Uid: uint32(spec.UID), Gid: uint32(spec.GID)}
	}
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: spec.UID, HostID: host.UID, Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: spec.GID, HostID: host.GID, Size: 1}}
	return attr
}

// openTrees opens each tree as a detached mount.
func (j *Jail) openTrees(trees []tree, u jail.HostUser) ([]*os.File, error) {
	files := make([]*os.File, 0, len(trees))
	for _, t := range trees {
		fd, err := unix.OpenTree(unix.AT_FDCWD, t.Path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW)
		if err != nil {
			return files, &jail.SetupError{Step: "open_tree", Path: t.Path, Err: err, Hint: hint("open_tree", err)}
		}
		f := os.NewFile(uintptr(fd), t.Path)
		files = append(files, f)
		if t.ReadOnly {
			// Not every kernel and file system can; see idmaps.
			_ = j.ids.apply(f, u)
		}
	}
	return files, nil
}

// final is the last word of PID 1.
type final struct {
	failure *failure
	exit    *exit
}

// readStatus reads messages until the final one or the end of the pipe.
func readStatus(r io.Reader) (final, error) {
	dec := json.NewDecoder(r)
	for {
		var s status
		if err := dec.Decode(&s); err != nil {
			if err == io.EOF {
				return final{}, nil
			}
			return final{}, err
		}
		if s.Failure != nil || s.Exit != nil {
			return final{s.Failure, s.Exit}, nil
		}
	}
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

// startError explains why clone(2) or execve(2) of PID 1 failed.
func startError(err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return &jail.SetupError{Step: "start the first process", Err: err}
	}
	return &jail.SetupError{Step: "make namespaces", Err: errno, Hint: hint("clone", errno)}
}

// hint says what to do about an error, or "".
func hint(step string, err error) string {
	read := func(name string) string {
		b, err := os.ReadFile("/proc/sys/" + name)
		if err != nil {
			return ""
		}
		return string(bytes.TrimSpace(b))
	}
	switch {
	case errors.Is(err, unix.ENOSYS):
		return "Linux 5.12 or newer is needed"
	case !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EINVAL):
		return ""
	case step == "exec":
		return ""
	case step == "clone" && errors.Is(err, unix.EINVAL):
		return "this kernel lacks a kind of namespace (CONFIG_USER_NS, CONFIG_PID_NS, CONFIG_NET_NS, CONFIG_IPC_NS, CONFIG_UTS_NS)"
	case errors.Is(err, unix.EINVAL):
		return ""
	case read("kernel/unprivileged_userns_clone") == "0":
		return "unprivileged user namespaces are switched off; to allow them: sysctl kernel.unprivileged_userns_clone=1"
	case read("user/max_user_namespaces") == "0":
		return "user namespaces are switched off; to allow them: sysctl user.max_user_namespaces=10000"
	case read("kernel/apparmor_restrict_unprivileged_userns") == "1" && os.Geteuid() != 0:
		return "AppArmor restricts unprivileged user namespaces; to allow them: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or give fruix an AppArmor profile with the rule \"userns,\""
	case step == "mount proc":
		return "the host's /proc is partly covered, as in a container; run the container with an unmasked /proc (podman: --security-opt unmask=ALL; docker: --privileged)"
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES):
		return "a container or a security module may forbid it (docker and podman: --privileged, or a seccomp profile that allows clone, mount and pivot_root)"
	}
	return ""
}
