//go:build linux

package linux

import "golang.org/x/sys/unix"

// What the filter says of a system call that it does not let through. A call
// that this kernel might as well lack gets ENOSYS, for which programs have other
// ways; one that is forbidden, EPERM.
const (
	allow   = uint32(unix.SECCOMP_RET_ALLOW)
	refuse  = uint32(unix.SECCOMP_RET_ERRNO) | uint32(unix.EPERM)
	missing = uint32(unix.SECCOMP_RET_ERRNO) | uint32(unix.ENOSYS)
	unknown = uint32(unix.SECCOMP_RET_ERRNO) | uint32(unix.EAFNOSUPPORT)
	// What file systems say that do not have it.
	unsupported = uint32(unix.SECCOMP_RET_ERRNO) | uint32(unix.EOPNOTSUPP)
	unasked     = uint32(unix.SECCOMP_RET_ERRNO) | uint32(unix.ENOTTY)
)

// setID are the mode bits that make a program run as its owner.
const setID = unix.S_ISUID | unix.S_ISGID

// A rule says what happens to one system call.
type rule struct {
	call int
	// arg is the argument that is looked at, -1 when the call is answered
	// whatever its arguments are.
	arg  int
	test test
	// bits belong to anyBits and creating.
	bits   uint32
	answer uint32
}

// makesFile are the flags O_CREAT and __O_TMPFILE of open(2), the same on all
// processors with a table.
const makesFile = 0x40 | 0x400000

type test uint8

const (
	always    test = iota
	anyBits        // the argument has one of bits
	creating       // the argument has a flag that makes a file, and the next one of bits
	otherThan      // the argument, a socket family, is none that a build needs
	keeping        // the argument is a request that an archive does not keep
)

// families are the socket families that a build may use: what stays in its own
// network namespace. Others, such as AF_VSOCK, reach out of it.
var families = []uint32{unix.AF_UNIX, unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK}

// requests are those of ioctl(2) that leave something with a file or folder that is in no
// archive: flags, a seal, or that it cannot be read without a key that the kernel forgets.
var requests = []uint32{
	unix.FS_IOC_SETFLAGS, fsSetFlags32, fsSetAttributes, unix.FS_IOC_ENABLE_VERITY, unix.FS_IOC_SET_ENCRYPTION_POLICY,
}

// FS_IOC32_SETFLAGS, of 32-bit programs, and FS_IOC_FSSETXATTR in <linux/fs.h>.
const (
	fsSetFlags32    = 0x40046602
	fsSetAttributes = 0x401c5820
)

// rules lists what builds are not given although they have no capabilities:
// parts of the kernel that they do not need, and that leaks were found in or may
// be; keyrings, which no namespace separates; the way to new user namespaces; and
// set-id programs, which must not even exist while a build goes on.
func rules(n calls) []rule {
	list := []rule{
		{n.unshare, 0, anyBits, unix.CLONE_NEWUSER, refuse},
		{n.clone, 0, anyBits, unix.CLONE_NEWUSER, refuse},
		{n.chmod, 1, anyBits, setID, refuse},
		{n.fchmod, 1, anyBits, setID, refuse},
		{n.fchmodat, 2, anyBits, setID, refuse},
		{n.fchmodat2, 2, anyBits, setID, refuse},
		{n.creat, 1, anyBits, setID, refuse},
		{n.open, 1, creating, setID, refuse},
		{n.openat, 2, creating, setID, refuse},
		{n.mknod, 1, anyBits, setID, refuse},
		{n.mknodat, 2, anyBits, setID, refuse},
		{n.socket, 0, otherThan, 0, unknown},
		// Their arguments lie in memory, where a filter cannot see them.
		{n.clone3, -1, always, 0, missing},
		{n.openat2, -1, always, 0, missing},
		// What keeps more of a file than an archive does.
		{n.setxattr, -1, always, 0, unsupported},
		{n.lsetxattr, -1, always, 0, unsupported},
		{n.fsetxattr, -1, always, 0, unsupported},
		{n.ioctl, 1, keeping, 0, unasked},
	}
	for _, c := range n.missing {
		list = append(list, rule{c, -1, always, 0, missing})
	}
	return list
}

// calls are the numbers of system calls on one processor; -1 is none.
type calls struct {
	arch uint32 // AUDIT_ARCH_*, <linux/audit.h>
	// tooHigh is the first number that belongs to another calling convention.
	tooHigh uint32

	unshare, clone, clone3, chmod, fchmod, fchmodat, fchmodat2 int
	creat, open, openat, openat2, mknod, mknodat, socket       int
	setxattr, lsetxattr, fsetxattr, ioctl                      int
	// missing are calls that a build does as well without: keyrings, io_uring,
	// tracing of the kernel, handles of files, loading into the kernel.
	missing []int
}

// The layout of struct seccomp_data, seccomp(2): the call's number, the
// architecture, the instruction pointer, six arguments of 64 bits.
const (
	offNumber = 0
	offArch   = 4
	offArgs   = 16
)

func statement(code uint16, k uint32) unix.SockFilter { return unix.SockFilter{Code: code, K: k} }

func jump(code uint16, k uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: code, K: k, Jt: yes, Jf: no}
}

const (
	bpfLoad    = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	bpfEqual   = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	bpfAtLeast = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	bpfBits    = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	bpfReturn  = unix.BPF_RET | unix.BPF_K
)

// filter is the program for all calling conventions of this processor.
func filter(tables []calls) []unix.SockFilter {
	var prog []unix.SockFilter
	for _, t := range tables {
		body := filterOne(t)
		prog = append(prog, statement(bpfLoad, offArch))
		// A jump of more than 255 needs an unconditional one.
		prog = append(prog, jump(bpfEqual, t.arch, 1, 0),
			statement(unix.BPF_JMP|unix.BPF_JA, uint32(len(body))))
		prog = append(prog, body...)
	}
	// Some other processor's calls: there is no telling what they are.
	return append(prog, statement(bpfReturn, missing))
}

func filterOne(t calls) []unix.SockFilter {
	prog := []unix.SockFilter{statement(bpfLoad, offNumber)}
	if t.tooHigh != 0 {
		prog = append(prog, jump(bpfAtLeast, t.tooHigh, 0, 1), statement(bpfReturn, missing))
	}
	for _, r := range rules(t) {
		if r.call < 0 {
			continue
		}
		var then []unix.SockFilter
		arg := uint32(offArgs + 8*r.arg) // the low half: both processors are little-endian
		switch r.test {
		case always:
			then = []unix.SockFilter{statement(bpfReturn, r.answer)}
		case anyBits:
			then = []unix.SockFilter{statement(bpfLoad, arg), jump(bpfBits, r.bits, 0, 1), statement(bpfReturn, r.answer), statement(bpfReturn, allow)}
		case creating:
			// Without such a flag the next argument may be anything.
			then = []unix.SockFilter{
				statement(bpfLoad, arg), jump(bpfBits, makesFile, 1, 0), statement(bpfReturn, allow),
				statement(bpfLoad, arg+8), jump(bpfBits, r.bits, 0, 1), statement(bpfReturn, r.answer), statement(bpfReturn, allow),
			}
		case keeping:
			then = []unix.SockFilter{statement(bpfLoad, arg)}
			for i, q := range requests {
				then = append(then, jump(bpfEqual, q, uint8(len(requests)-i), 0))
			}
			then = append(then, statement(bpfReturn, allow), statement(bpfReturn, r.answer))
		case otherThan:
			then = []unix.SockFilter{statement(bpfLoad, arg)}
			for i, f := range families {
				then = append(then, jump(bpfEqual, f, uint8(len(families)-i), 0))
			}
			then = append(then, statement(bpfReturn, r.answer), statement(bpfReturn, allow))
		}
		prog = append(prog, jump(bpfEqual, uint32(r.call), 0, uint8(len(then))))
		prog = append(prog, then...)
	}
	return append(prog, statement(bpfReturn, allow))
}
