package freebsd

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

var _ jail.Fencer = (*Jail)(nil)

// StartFenced implements jail.Fencer.
func (j *Jail) StartFenced(cmd *exec.Cmd) (end func() error, err error) {
	c := cmd.SysProcAttr.Credential
	name := newName()
	undo, err := carryOut(new(machine), fencePlan(name, &jail.HostUser{UID: int(c.Uid), GID: int(c.Gid)}))
	if err != nil {
		return nil, err
	}
	cmd.SysProcAttr.Jail = findJail(name)
	if err := cmd.Start(); err != nil {
		undo()
		return nil, err
	}
	// From here on it goes with the last process in it, should Fruix be killed.
	_, err = new(params).call(unix.SYS_JAIL_SET, jailUpdate, "name="+name, "nopersist")
	if err != nil && err != syscall.ENOENT && err != syscall.EINVAL { // it has gone
		cmd.Process.Kill()
		cmd.Wait()
		undo()
		return nil, &jail.SetupError{Step: "let the jail end with what is in it:", Path: name, Err: err}
	}
	return undo, nil
}

// jailUpdate is JAIL_UPDATE of sys/jail.h.
const jailUpdate = 0x02
