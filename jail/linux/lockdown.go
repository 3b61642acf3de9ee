//go:build linux

package linux

import (
	"golang.org/x/sys/unix"

	"fruix/jail/linux/stub"
)

// lastCapability is the greatest number that a capability can have: there are 64
// bits for them.
const lastCapability = 63

// dropPrivileges takes from PID 1, and so from what it starts, every capability and
// every way to get one back: the bounding set and the ambient set are emptied and
// no_new_privs makes set-user-id programs harmless (see capabilities(7) and
// prctl(2)). PID 1 is made undumpable, which closes ptrace(2) and /proc/1. At last
// system calls are filtered; see rules.
func (c *program) dropPrivileges() {
	// The limit counts user namespaces below this one, so none can be made: the
	// classic way to get a capability anywhere.
	const limit = "/proc/sys/user/max_user_namespaces"
	s := step{"forbid user namespaces in", limit}
	c.add(s, record{Number: unix.SYS_OPENAT, Save: true, Tolerate: int(unix.ENOENT), SkipAfter: 2},
		atCWD, c.String(limit), number(unix.O_WRONLY|unix.O_CLOEXEC))
	c.add(s, record{Number: unix.SYS_WRITE, OnSaved: true, Expect: true, Want: 1}, nil, c.String("0"), number(1))
	c.add(s, record{Number: unix.SYS_CLOSE, OnSaved: true})

	prctl := func(name string, option int, args ...stub.Arg) {
		c.call(step{name, ""}, unix.SYS_PRCTL, append([]stub.Arg{number(option)}, args...)...)
	}
	prctl("make the first process undumpable", unix.PR_SET_DUMPABLE, number(0))
	prctl("clear ambient capabilities", unix.PR_CAP_AMBIENT, number(unix.PR_CAP_AMBIENT_CLEAR_ALL))
	for n := range lastCapability + 1 {
		// The kernel knows fewer.
		c.add(step{"drop a capability", ""}, record{Number: unix.SYS_PRCTL, Tolerate: int(unix.EINVAL)},
			number(unix.PR_CAPBSET_DROP), number(n))
	}
	prctl("lock the capability modes", unix.PR_SET_SECUREBITS, number(secureBits))
	c.call(step{"drop capabilities", ""}, unix.SYS_CAPSET,
		memory(c, unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}), memory(c, [2]unix.CapUserData{}))
	prctl("forbid new privileges", unix.PR_SET_NO_NEW_PRIVS, number(1))
	c.confine()
}

// confine puts the filter on PID 1 and on all that it starts.
func (c *program) confine() {
	tables := callTables()
	if len(tables) == 0 {
		return // a processor without a table: namespaces have to do
	}
	list := filter(tables)
	instructions := memory(c, list[0])
	for _, i := range list[1:] {
		memory(c, i) // each has 8 bytes, so they lie side by side
	}
	// struct sock_fprog: the number of instructions, and where they are.
	const pointer = 8
	prog := c.Space(2 * pointer)
	c.SetUint16(prog, uint16(len(list)))
	c.Point(prog+pointer, instructions)
	// A kernel may be without filters (CONFIG_SECCOMP_FILTER).
	c.add(step{"filter system calls", ""}, record{Number: unix.SYS_PRCTL, Tolerate: int(unix.EINVAL)},
		number(unix.PR_SET_SECCOMP), number(unix.SECCOMP_MODE_FILTER), prog)
}

// leaveKeyring gives PID 1 a session keyring of its own, in place of the caller's,
// which no namespace would keep away; see session-keyring(7). A kernel without
// keyrings has none to leave, and where it may not be left, the filter of system
// calls keeps it closed.
func (c *program) leaveKeyring() {
	c.add(step{"leave the session keyring", ""}, record{Number: unix.SYS_KEYCTL, Tolerate: stub.AnyError},
		number(unix.KEYCTL_JOIN_SESSION_KEYRING), number(0)) // a null name: nameless
}

// SECBIT_NOROOT, SECBIT_NO_SETUID_FIXUP, SECBIT_NO_CAP_AMBIENT_RAISE, and the
// lock of each; see capabilities(7), "The securebits flags".
const secureBits = 1<<0 | 1<<1 | 1<<2 | 1<<3 | 1<<6 | 1<<7
