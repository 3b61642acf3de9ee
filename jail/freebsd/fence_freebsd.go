package freebsd

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

var _ jail.Fencer = (*Jail)(nil)

// StartFenced implements jail.Fencer. Directories among cmd.ExtraFiles are opened anew by
// their names.
func (j *Jail) StartFenced(cmd *exec.Cmd) (end func() error, err error) {
	user := cmd.SysProcAttr.Credential
	name := newName()
	dirs, closeNull, err := withoutDirs(cmd)
	if err != nil {
		return nil, err
	}
	defer closeNull()
	p := fencePlan(name, &jail.HostUser{UID: int(user.Uid), GID: int(user.Gid)}, dirs)
	p.Start.Program, p.Start.Argv, p.Start.Env = cmd.Path, cmd.Args, cmd.Env
	undo, err := carryOut(new(machine), p)
	if err != nil {
		return nil, err
	}
	stop := func(err error) (func() error, error) {
		if cmd.Process != nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
		return nil, errors.Join(err, undo())
	}
	if cmd.Path, err = os.Executable(); err != nil {
		return stop(err)
	}
	cmd.Env, cmd.SysProcAttr.Credential = []string{}, nil // until it is in the jail
	failed, err := p.Start.begin(cmd)
	if err = errors.Join(failed, err); err != nil {
		return stop(err)
	}
	// From here on it goes with the last process in it, should Fruix be killed.
	_, err = new(params).call(unix.SYS_JAIL_SET, jailUpdate, "name="+name, "nopersist")
	if err != nil && err != syscall.ENOENT && err != syscall.EINVAL { // it has gone
		return stop(&jail.SetupError{Step: "let the jail end with what is in it:", Path: name, Err: err})
	}
	return undo, nil
}

// withoutDirs puts something else in the place of the directories among the files that
// cmd hands on, and returns their names by their descriptors.
func withoutDirs(cmd *exec.Cmd) (dirs map[int]string, done func(), err error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, nil, err
	}
	dirs = map[int]string{}
	files := slices.Clone(cmd.ExtraFiles)
	for i, f := range files {
		fi, err := f.Stat()
		if err != nil {
			null.Close()
			return nil, nil, err
		}
		if fi.IsDir() {
			dirs[3+i], files[i] = f.Name(), null
		}
	}
	cmd.ExtraFiles = files
	return dirs, func() { null.Close() }, nil
}

// jailUpdate is JAIL_UPDATE of sys/jail.h.
const jailUpdate = 0x02
