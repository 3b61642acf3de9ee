package freebsd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// machine is the kernel of this machine.
type machine struct {
	locks map[string]*os.File // of the roots that it has made
}

var _ kernel = (*machine)(nil)

// call carries out one call.
func (m *machine) call(c call) error {
	a := c.Args
	switch c.Op {
	case opMakeRoot:
		return m.makeRoot(a[0])
	case opRemoveRoot:
		return m.removeRoot(a[0])
	case opMkdir:
		return mkdir(a[0])
	case opTouch:
		return touch(a[0])
	case opWrite:
		return write(a[0], a[1], a[2])
	case opSymlink:
		return os.Symlink(a[0], a[1])
	case opCopy:
		return copyFile(a[0], a[1], a[2])
	case opMount:
		return mount(a[0], a[1], a[2], a[3:])
	case opUnmount:
		return unmount(a[0])
	case opDevices:
		return applyRule(a[0], a[1], a[2])
	case opRule:
		return rctl(unix.SYS_RCTL_ADD_RULE, a[0])
	case opUnrule:
		err := rctl(unix.SYS_RCTL_REMOVE_RULE, a[0])
		if err == unix.ESRCH {
			return nil // one call removes all rules of a jail
		}
		return err
	case opJail:
		return makeJail(a)
	case opUnjail:
		return m.removeJail(a[0], a[1])
	}
	return become(c)
}

// makeRoot makes a directory, and a locked file beside it that says that it is in
// use.
func (m *machine) makeRoot(dir string) error {
	lock, err := os.OpenFile(dir+lockSuffix, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == nil {
		err = os.Mkdir(dir, 0o755)
	}
	if err != nil {
		os.Remove(lock.Name())
		lock.Close()
		return err
	}
	if m.locks == nil {
		m.locks = make(map[string]*os.File)
	}
	m.locks[dir] = lock
	return nil
}

func (m *machine) removeRoot(dir string) error {
	err := os.Remove(dir)
	if lock := m.locks[dir]; lock != nil {
		delete(m.locks, dir)
		err = errors.Join(err, os.Remove(lock.Name()), lock.Close())
	}
	return err
}

func mkdir(dir string) error {
	err := os.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrExist) {
		var fi fs.FileInfo
		if fi, err = os.Lstat(dir); err == nil && !fi.IsDir() {
			err = syscall.ENOTDIR
		}
	}
	return err
}

// touch makes a mount point.
func touch(name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o444)
	if errors.Is(err, fs.ErrExist) {
		fi, err := os.Lstat(name)
		if err == nil && fi.Mode()&fs.ModeSymlink != 0 {
			err = syscall.ELOOP
		}
		return err
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func write(name, mode, content string) error {
	m, err := strconv.ParseUint(mode, 8, 32)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	if err == nil {
		err = f.Chmod(fs.FileMode(m) & 0o777)
	}
	return errors.Join(err, f.Close())
}

func copyFile(from, to, mode string) error {
	m, err := strconv.ParseUint(mode, 8, 32)
	if err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fs.FileMode(m)|0o200)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

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

// add adds a parameter given as text: NAME=STRING, NAME:INTEGER, of C's type int, or
// NAME without a value.
func (p *params) add(text string) error {
	i := strings.IndexAny(text, "=:")
	if i < 0 {
		p.raw(append([]byte(text), 0))
		p.raw(nil)
		return nil
	}
	name, value := text[:i], text[i+1:]
	p.raw(append([]byte(name), 0))
	if text[i] == '=' {
		p.raw(append([]byte(value), 0))
		return nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	b := make([]byte, 4)
	*(*int32)(unsafe.Pointer(&b[0])) = int32(n)
	p.raw(b)
	return err
}

// call calls trap with parameters as text. The kernel's message, if any, is part of
// the error.
func (p *params) call(trap uintptr, flags int, list ...string) (int, error) {
	for _, text := range list {
		if err := p.add(text); err != nil {
			return -1, err
		}
	}
	message := make([]byte, 1024)
	p.raw([]byte("errmsg\x00"))
	p.raw(message)
	r, _, errno := unix.Syscall(trap, uintptr(unsafe.Pointer(&p.iov[0])), uintptr(len(p.iov)), uintptr(flags))
	if errno == 0 {
		return int(r), nil
	}
	if i := bytes.IndexByte(message, 0); i > 0 {
		return -1, fmt.Errorf("%w (%s)", errno, message[:i])
	}
	return -1, errno
}

// jailCreate is JAIL_CREATE of sys/jail.h.
const jailCreate = 0x01

func makeJail(list []string) error {
	_, err := new(params).call(unix.SYS_JAIL_SET, jailCreate, list...)
	return err
}

// findJail returns the id of the jail of that name, or 0.
func findJail(name string) int {
	jid, err := new(params).call(unix.SYS_JAIL_GET, 0, "name="+name)
	if err != nil {
		return 0
	}
	return jid
}

// removeJail kills every process in a jail, removes it, and waits until nothing of it
// runs any more: the kernel kills when it comes to it. A jail that is gone already is
// fine.
func (m *machine) removeJail(name, uid string) error {
	jid := findJail(name)
	if jid == 0 {
		return nil
	}
	id, err := strconv.Atoi(uid)
	if err != nil {
		return err
	}
	if err := unjail(jid); err != nil {
		return err
	}
	for start := time.Now(); runsIn(jid, id); time.Sleep(time.Millisecond) {
		if time.Since(start) > time.Minute {
			return fmt.Errorf("processes of the user %d do not end: %w", id, unix.EBUSY)
		}
	}
	return nil
}

// killJail removes a jail, which kills what is in it.
func killJail(name string) error {
	if jid := findJail(name); jid != 0 {
		return unjail(jid)
	}
	return nil
}

func unjail(jid int) error {
	_, _, errno := unix.Syscall(unix.SYS_JAIL_REMOVE, uintptr(jid), 0, 0)
	if errno != 0 && errno != unix.EINVAL && errno != unix.ESRCH {
		return errno
	}
	return nil
}

// runsIn says whether any process runs as the user in the jail, be that on its way out:
// KERN_PROC_UID and KERN_PROC_RUID of <sys/sysctl.h>.
func runsIn(jid, uid int) bool {
	for _, name := range []string{"kern.proc.uid", "kern.proc.ruid"} {
		b, err := unix.SysctlRaw(name, uid)
		if err != nil {
			continue
		}
		for len(b) >= kinfoJail+4 {
			size := int(binary.NativeEndian.Uint32(b)) // ki_structsize
			if size < kinfoJail+4 || size > len(b) {
				break
			}
			if int(int32(binary.NativeEndian.Uint32(b[kinfoJail:]))) == jid {
				return true
			}
			b = b[size:]
		}
	}
	return false
}

// kinfoJail is where ki_jid lies in struct kinfo_proc of <sys/user.h>, on machines with
// pointers of 64 bits.
const kinfoJail = 592

// rctl adds or removes a rule, rctl_add_rule(2).
func rctl(trap uintptr, rule string) error {
	in := append([]byte(rule), 0)
	_, _, errno := unix.Syscall6(trap, uintptr(unsafe.Pointer(&in[0])), uintptr(len(in)), 0, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// accounts says whether the kernel accounts resources.
func accounts() bool {
	b, err := unix.SysctlRaw("kern.racct.enable") // of C's type bool
	return err == nil && len(b) > 0 && b[0] != 0
}

// mountsFiles says whether nullfs mounts files: from FreeBSD 14 on. 13.2 does too, but
// its kernel (vn_path_to_global_path_hardlink) frees what it has not allocated when it
// does not like the garbage that a variable holds, and with that ends.
func mountsFiles() bool {
	n, err := unix.SysctlUint32("kern.osreldate")
	return err == nil && n >= 1400000
}

// mount calls nmount(2).
func mount(kind, at, flags string, options []string) error {
	bits := 0
	for f := range strings.SplitSeq(flags, ",") {
		switch f {
		case "nosuid":
			bits |= unix.MNT_NOSUID
		case "noexec":
			bits |= unix.MNT_NOEXEC
		case "rdonly":
			bits |= unix.MNT_RDONLY
		default:
			return fmt.Errorf("an unknown flag %q", f)
		}
	}
	_, err := new(params).call(unix.SYS_NMOUNT, bits, append([]string{"fstype=" + kind, "fspath=" + at}, options...)...)
	return err
}

// unmount takes a mount off, by force if it is busy: whoever used it is dead.
func unmount(at string) error {
	err := unix.Unmount(at, 0)
	if errors.Is(err, unix.EBUSY) {
		err = unix.Unmount(at, unix.MNT_FORCE)
	}
	return err
}

// devfsRule is struct devfs_rule of sys/fs/devfs/devfs.h.
type devfsRule struct {
	magic     uint32
	id        uint32
	icond     int32
	dswflags  int32
	pattern   [200]byte
	iacts     int32
	bacts     int32
	uid, gid  uint32
	mode      uint16
	includSet uint16
}

const (
	devfsMagic    = 0xdb0a087a
	condPattern   = 0x002 // DRC_PATHPTRN
	actBool       = 0x001 // DRA_BACTS
	boolHide      = 0x001 // DRB_HIDE
	boolUnhide    = 0x002 // DRB_UNHIDE
	iocIn         = 0x80000000
	devfsioRApply = iocIn | unsafe.Sizeof(devfsRule{})<<16 | 'D'<<8 | 2 // DEVFSIO_RAPPLY
)

// applyRule hides or shows devices of the devfs at dir.
func applyRule(dir, action, pattern string) error {
	r := devfsRule{magic: devfsMagic, icond: condPattern, iacts: actBool, bacts: boolHide}
	if action == "unhide" {
		r.bacts = boolUnhide
	}
	copy(r.pattern[:], pattern)
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, d.Fd(), devfsioRApply, uintptr(unsafe.Pointer(&r)))
	if errno != 0 {
		return errno
	}
	return nil
}
