package tree

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// dropAttributes removes what could give a file rights or meaning beyond its mode, or
// keep even root from changing it: flags, attributes that users set, and an access list
// of the kind of NFSv4, as ZFS has them, that says more than a mode can. An access list
// of POSIX.1e has the mode for its mask. changed says that the mode is another one now.
func dropAttributes(fd int, st *unix.Stat_t) (changed bool, err error) {
	if st.Flags&locking != 0 {
		if err := again(func() error { return unix.Fchflags(fd, int(st.Flags&^locking)) }); err != nil {
			return false, err
		}
	}
	if err := dropUserAttributes(fd); err != nil {
		return false, err
	}
	return dropAccessList(fd)
}

func dropUserAttributes(fd int) error {
	const user = unix.EXTATTR_NAMESPACE_USER
	n, err := unix.ExtattrListFd(fd, user, 0, 0)
	if err != nil || n == 0 {
		return ignoreUnsupported(err)
	}
	b := make([]byte, n)
	if n, err = unix.ExtattrListFd(fd, user, uintptr(unsafe.Pointer(&b[0])), len(b)); err != nil {
		return err
	}
	for b = b[:n]; len(b) > 0; { // each name has its length before it: extattr_list_fd(2)
		end := min(1+int(b[0]), len(b))
		if err := unix.ExtattrDeleteFd(fd, user, string(b[1:end])); err != nil && err != unix.ENOATTR {
			return err
		}
		b = b[end:]
	}
	return nil
}

func ignoreUnsupported(err error) error {
	if err == unix.EOPNOTSUPP || err == unix.ENOSYS || err == unix.EINVAL {
		return nil
	}
	return err
}

// acl is struct acl of sys/acl.h.
type acl struct {
	max, count uint32
	_          [4]int32
	entries    [254]aclEntry
}

type aclEntry struct {
	tag, id, perm uint32
	kind, flags   uint16
}

// Names of sys/acl.h and sys/unistd.h.
const (
	hasNFS4         = 64 // _PC_ACL_NFS4
	kindNFS4        = 4  // ACL_TYPE_NFS4
	aclOwner        = 0x01
	aclGroup        = 0x04
	aclEveryone     = 0x40
	aclAllow        = 0x100
	aclNobody       = 0xffffffff // ACL_UNDEFINED_ID
	aclExecute      = 0x0001
	aclReadData     = 0x0008
	aclReadNamed    = 0x0040
	aclReadAttr     = 0x0200
	aclReadACL      = 0x1000
	aclSynchronize  = 0x8000
	aclLook         = aclReadNamed | aclReadAttr | aclReadACL | aclSynchronize
	aclOwnersAlways = aclLook | 0x0080 | 0x0400 | 0x2000 | 0x4000 // write named, attributes, ACL, owner
)

// dropAccessList puts the access list that a mode of 0 has in the place of one that says
// more than a mode can.
func dropAccessList(fd int) (changed bool, err error) {
	if n, err := unix.Fpathconf(fd, hasNFS4); err != nil || n != 1 {
		return false, nil // another kind, or none
	}
	l := acl{max: uint32(len(acl{}.entries))}
	if err := aclCall(unix.SYS___ACL_GET_FD, fd, &l); err != nil {
		return false, ignoreUnsupported(err)
	}
	if l.plain() {
		return false, nil
	}
	l = acl{max: l.max, count: 3}
	l.entries[0] = aclEntry{tag: aclOwner, id: aclNobody, perm: aclOwnersAlways, kind: aclAllow}
	l.entries[1] = aclEntry{tag: aclGroup, id: aclNobody, perm: aclLook, kind: aclAllow}
	l.entries[2] = aclEntry{tag: aclEveryone, id: aclNobody, perm: aclLook, kind: aclAllow}
	return true, aclCall(unix.SYS___ACL_SET_FD, fd, &l)
}

// plain says whether the list lets nobody but the owner do more than read and execute,
// and is for the file alone.
func (l *acl) plain() bool {
	for _, e := range l.entries[:min(int(l.count), len(l.entries))] {
		switch e.tag {
		case aclOwner:
		case aclGroup, aclEveryone:
			if e.kind == aclAllow && e.perm&^(aclLook|aclReadData|aclExecute) != 0 {
				return false
			}
		default:
			return false
		}
		if e.flags != 0 {
			return false
		}
	}
	return true
}

func aclCall(trap uintptr, fd int, l *acl) error {
	return again(func() error {
		_, _, errno := unix.Syscall(trap, uintptr(fd), kindNFS4, uintptr(unsafe.Pointer(l)))
		if errno != 0 {
			return errno
		}
		return nil
	})
}
