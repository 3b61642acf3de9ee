//go:build freebsd

package freebsd

import (
	"bytes"
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

// params are name and value pairs as jail_set(2) and nmount(2) take them.
type params struct {
	iov []unix.Iovec
}

func (p *params) raw(b []byte) {
	var v unix.Iovec
	if len(b) > 0 {
		v.Base = &b[0]
		v.SetLen(len(b))
	}
	p.iov = append(p.iov, v)
}

func (p *params) name(n string) { p.raw(append([]byte(n), 0)) }

// str adds a string parameter.
func (p *params) str(name, value string) {
	p.name(name)
	p.raw(append([]byte(value), 0))
}

// num adds an integer parameter, of C's type int.
func (p *params) num(name string, value int32) {
	p.name(name)
	b := make([]byte, 4)
	*(*int32)(unsafe.Pointer(&b[0])) = value
	p.raw(b)
}

// flag adds a parameter without value.
func (p *params) flag(name string) {
	p.name(name)
	p.raw(nil)
}

// buf adds a parameter that the kernel fills in.
func (p *params) buf(name string, b []byte) {
	p.name(name)
	p.raw(b)
}

func (p *params) call(trap uintptr, flags int) (int, error) {
	r, _, errno := unix.Syscall(trap, uintptr(unsafe.Pointer(&p.iov[0])), uintptr(len(p.iov)), uintptr(flags))
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}

// Values of sys/jail.h.
const (
	jailCreate     = 0x01 // JAIL_CREATE
	jailSysDisable = 0    // JAIL_SYS_DISABLE
)

// createJail makes a jail; see jail(8) for the parameters.
func createJail(root, name string, spec *jail.Spec) (int, error) {
	var p params
	msg := make([]byte, 1024)
	p.str("path", root)
	p.str("name", name)
	p.str("host.hostname", spec.Hostname)
	p.flag("persist")
	p.num("ip4", jailSysDisable)
	p.num("ip6", jailSysDisable)
	p.num("children.max", 0)
	p.num("enforce_statfs", 2)
	p.flag("allow.noset_hostname")
	p.flag("allow.nochflags")
	p.flag("allow.nomount")
	p.flag("allow.noraw_sockets")
	p.flag("allow.nosysvipc")
	p.buf("errmsg", msg)
	jid, err := p.call(unix.SYS_JAIL_SET, jailCreate)
	if err != nil {
		if i := bytes.IndexByte(msg, 0); i > 0 {
			err = fmt.Errorf("%w (%s)", err, msg[:i])
		}
		return 0, &jail.SetupError{Step: "jail_set", Path: root, Err: err}
	}
	return jid, nil
}

// removeJail kills every process in a jail and removes it. A jail that is gone
// already is fine.
func removeJail(jid int) error {
	_, _, errno := unix.Syscall(unix.SYS_JAIL_REMOVE, uintptr(jid), 0, 0)
	if errno != 0 && errno != unix.EINVAL && errno != unix.ESRCH {
		return &jail.SetupError{Step: "jail_remove", Err: errno}
	}
	return nil
}

// findJail returns the id of the jail of that name, or 0.
func findJail(name string) int {
	var p params
	p.str("name", name)
	jid, err := p.call(unix.SYS_JAIL_GET, 0)
	if err != nil {
		return 0
	}
	return jid
}

// mount calls nmount(2) with the type, the place and more name and value
// pairs.
func mount(fstype, at string, flags int, options ...string) error {
	var p params
	p.str("fstype", fstype)
	p.str("fspath", at)
	for i := 0; i+1 < len(options); i += 2 {
		p.str(options[i], options[i+1])
	}
	msg := make([]byte, 256)
	p.buf("errmsg", msg)
	if _, err := p.call(unix.SYS_NMOUNT, flags); err != nil {
		if i := bytes.IndexByte(msg, 0); i > 0 {
			return fmt.Errorf("%w (%s)", err, msg[:i])
		}
		return err
	}
	return nil
}

// unmount takes a mount off, by force if it is busy: whoever used it is being
// killed.
func unmount(at string) error {
	err := unix.Unmount(at, 0)
	if errors.Is(err, unix.EBUSY) {
		err = unix.Unmount(at, unix.MNT_FORCE)
	}
	if err != nil {
		return &jail.SetupError{Step: "unmount", Path: at, Err: err}
	}
	return nil
}
