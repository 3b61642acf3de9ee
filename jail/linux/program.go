//go:build linux

package linux

import (
	"math"
	"unsafe"

	"golang.org/x/sys/unix"

	"fruix/jail"
	"fruix/jail/linux/stub"
)

// Descriptors of the jail's processes beside 0, 1 and 2.
const (
	callerFD = 3             // reads from the caller; its end of file means that the caller died or wants no more
	statusFD = stub.StatusFD // writes reports
	handedFD = 5             // the first of the files that the caller hands in: see plan.handed
)

// A program is the list of system calls that makes a jail and runs its program:
// all that happens with privileges. It is made by the caller from a plan, and
// nothing in it depends on what the jail's processes find.
//
// Two processes go through it. The keeper makes the namespaces, has the caller say
// which users there are, starts PID 1, and waits for its end, or for that of the
// caller, which it kills PID 1 for. PID 1 makes the root file system, gives up every
// privilege, starts the program, and reaps.
type program struct {
	stub.Program
	steps []step          // of each record
	made  map[string]bool // directories of the new root that are known to exist
}

// step is what a record is for, for the message when it fails.
type step struct{ name, path string }

type (
	record = stub.Record
	number = stub.Number
)

const (
	atCWD = number(math.MaxUint - 99) // AT_FDCWD
	never = math.MaxUint              // no call's result
)

// Steps that [explain] knows.
const (
	stepNamespaces = "make namespaces"
	stepProc       = "mount proc"
	stepExec       = "exec"
	stepOverLink   = "mount over a symbolic link"
)

// compile makes the program of a plan. hard returns the limits of the caller, which
// nothing inside may exceed.
func compile(p *plan, hard func(resource int) (uint64, error)) (*program, error) {
	const records, data = 256, 16 << 10 // those of a build without inputs, and some
	c := &program{
		Program: stub.NewProgram(records, data),
		steps:   make([]step, 0, records),
		made:    map[string]bool{"/": true},
	}
	// The keeper's own descriptors lie behind those that it was given.
	keeperFD := number(handedFD + p.handed() + p.Held)
	childFD := keeperFD + 1

	c.makeNamespaces(p)
	c.openSelf(keeperFD)
	pid1 := c.Fork()
	c.mark(step{"start the first process", ""})
	c.keep(p, childFD)

	c.Child(pid1)
	c.closeHeld(p)
	if p.BuildUser {
		c.becomeUser(&p.Spec)
	}
	c.dieWithKeeper(keeperFD)
	c.call(step{"set the file mode mask", ""}, unix.SYS_UMASK, number(0o022))
	c.leaveKeyring()
	c.buildRoot(p)
	if err := c.setLimits(p, hard); err != nil {
		return nil, err
	}
	c.setNames(&p.Spec)
	c.dropPrivileges()
	if p.Probe {
		c.end()
		return c, nil
	}
	child := c.Fork()
	c.mark(step{"start the program", ""})
	c.Reap()
	c.mark(step{"wait", ""})
	c.end()

	c.Child(child)
	c.execute(&p.Spec)
	return c, nil
}

// add appends a call that belongs to s.
func (c *program) add(s step, r record, args ...stub.Arg) {
	c.Program.Add(r, args...)
	c.mark(s)
}

// call appends a call that must succeed.
func (c *program) call(s step, number int, args ...stub.Arg) {
	c.add(s, record{Number: number}, args...)
}

// mark says that the records that have no step yet belong to s.
func (c *program) mark(s step) {
	for len(c.steps) < c.Len() {
		c.steps = append(c.steps, s)
	}
}

// memory adds the bytes of v, a structure that a call points at.
func memory[T any](c *program, v T) stub.Place {
	return c.Bytes(unsafe.Slice((*byte)(unsafe.Pointer(&v)), unsafe.Sizeof(v)))
}

// makeNamespaces parts the keeper from the host and waits for the caller to say who
// its user is: see [Jail.run].
func (c *program) makeNamespaces(p *plan) {
	const flags = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWNET
	c.call(step{stepNamespaces, ""}, unix.SYS_UNSHARE, number(flags))
	c.ReportReady()
	c.mark(step{"report", ""})
	c.add(step{"wait for the caller", ""}, record{Number: unix.SYS_READ, Expect: true, Want: 1},
		number(callerFD), c.Space(1), number(1))
	if p.Cgroups {
		// The caller has put the keeper into the jail's control group by now, which
		// becomes the root of all that the program sees of them.
		c.call(step{stepNamespaces, ""}, unix.SYS_UNSHARE, number(unix.CLONE_NEWCGROUP))
	}
}

// openSelf opens the process itself as fd (pidfd_open(2)): PID 1 will want to know
// whether it is still there.
func (c *program) openSelf(fd stub.Number) {
	s := step{"watch the jail's keeper", ""}
	c.add(s, record{Number: unix.SYS_GETPID, Save: true})
	c.add(s, record{Number: unix.SYS_PIDFD_OPEN, OnSaved: true, Save: true}, nil, number(0))
	c.moveTo(s, fd)
}

// moveTo gives the descriptor that was saved another number.
func (c *program) moveTo(s step, fd stub.Number) {
	// dup3(2) wants two different ones; where the number is right already, that
	// is all right.
	c.add(s, record{Number: unix.SYS_DUP3, OnSaved: true, Tolerate: int(unix.EINVAL), SkipAfter: 1}, nil, fd, number(unix.O_CLOEXEC))
	c.add(s, record{Number: unix.SYS_CLOSE, OnSaved: true})
}

// poll is struct pollfd, poll(2).
type poll struct {
	fd     int32
	events int16
	_      int16 // what happened
}

// keep is what the keeper does until the end: it waits for PID 1 or the caller to
// end, kills PID 1, which with it kills all that is in its namespace, and waits
// until all that is done.
func (c *program) keep(p *plan, child stub.Number) {
	s := step{"watch the first process", ""}
	// Descriptors of trees would keep them mounted. What is held stays open.
	held := number(handedFD + p.handed())
	if p.handed() > 0 {
		c.call(s, unix.SYS_CLOSE_RANGE, number(handedFD), held-1, number(0))
	}
	c.call(s, unix.SYS_CLOSE_RANGE, held+number(p.Held), child-1, number(0))
	c.add(s, record{Number: unix.SYS_PIDFD_OPEN, OnChild: true, Save: true}, nil, number(0))
	c.moveTo(s, child)
	fds := memory(c, [2]poll{{fd: callerFD}, {fd: int32(child), events: unix.POLLIN}})
	c.call(s, unix.SYS_PPOLL, fds, number(2), number(0), number(0), number(0))
	c.add(s, record{Number: unix.SYS_KILL, OnChild: true}, nil, number(unix.SIGKILL))
	c.Reap()
	c.Exit(0)
	c.mark(s)
}

// closeHeld leaves what is held until the end of the jail to the keeper alone, which
// ends after everything else has.
func (c *program) closeHeld(p *plan) {
	if p.Held > 0 {
		first := number(handedFD + p.handed())
		c.call(step{"close files", ""}, unix.SYS_CLOSE_RANGE, first, first+number(p.Held)-1, number(0))
	}
}

// dieWithKeeper has the kernel kill PID 1 when the keeper dies, which nothing but
// force makes it do before PID 1 has. It comes after PID 1 has become the user it
// stays: with another user the kernel forgets the wish, prctl(2), PR_SET_PDEATHSIG.
func (c *program) dieWithKeeper(keeper stub.Number) {
	s := step{"watch the jail's keeper", ""}
	c.call(s, unix.SYS_PRCTL, number(unix.PR_SET_PDEATHSIG), number(unix.SIGKILL))
	// It may have died before.
	c.add(s, record{Number: unix.SYS_PPOLL, Expect: true, Want: 0},
		memory(c, poll{fd: int32(keeper), events: unix.POLLIN}), number(1), memory(c, unix.Timespec{}), number(0), number(0))
	c.call(s, unix.SYS_CLOSE, keeper)
	c.call(s, unix.SYS_CLOSE, number(callerFD))
}

// becomeUser makes PID 1, which root has started, the build user's, who is the only
// one that the user namespace knows.
func (c *program) becomeUser(spec *jail.Spec) {
	s := step{"become the build user", ""}
	uid, gid := number(spec.UID), number(spec.GID)
	c.call(s, unix.SYS_SETGROUPS, number(0), number(0))
	c.call(s, unix.SYS_SETRESGID, gid, gid, gid)
	c.call(s, unix.SYS_SETRESUID, uid, uid, uid)
}

// setNames gives the jail its names, and brings up the one interface of the
// network namespace; see netdevice(7).
func (c *program) setNames(spec *jail.Spec) {
	name := func(what string, call int, v string) {
		c.call(step{"set the " + what, ""}, call, c.String(v), number(len(v)))
	}
	name("host name", unix.SYS_SETHOSTNAME, spec.Hostname)
	name("domain name", unix.SYS_SETDOMAINNAME, "(none)")

	var request struct {
		name  [unix.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:], "lo")
	request.flags = unix.IFF_UP | unix.IFF_RUNNING
	s := step{"bring up the loopback interface", ""}
	c.add(s, record{Number: unix.SYS_SOCKET, Save: true}, number(unix.AF_INET), number(unix.SOCK_DGRAM|unix.SOCK_CLOEXEC), number(0))
	c.add(s, record{Number: unix.SYS_IOCTL, OnSaved: true}, nil, number(unix.SIOCSIFFLAGS), memory(c, request))
	c.add(s, record{Number: unix.SYS_CLOSE, OnSaved: true})
}

// execute starts the program in the child of PID 1. Standard input is empty.
func (c *program) execute(spec *jail.Spec) {
	c.call(step{"start a session", ""}, unix.SYS_SETSID)
	null := step{"open", "/dev/null"}
	c.add(null, record{Number: unix.SYS_OPENAT, Save: true}, atCWD, c.String("/dev/null"), number(unix.O_RDONLY))
	c.add(null, record{Number: unix.SYS_DUP3, OnSaved: true}, nil, number(0), number(0))
	// No descriptor but the first three reaches the program, those neither that the
	// caller was itself started with.
	c.call(step{"close files", ""}, unix.SYS_CLOSE_RANGE, number(3), number(math.MaxUint32), number(unix.CLOSE_RANGE_CLOEXEC))
	c.call(step{"enter", spec.Dir}, unix.SYS_CHDIR, c.String(spec.Dir))
	c.call(step{stepExec, spec.Program}, unix.SYS_EXECVE, c.String(spec.Program), c.Strings(spec.Argv), c.Strings(spec.Env))
}

// end reports how the program has ended and ends PID 1.
func (c *program) end() {
	c.ReportExit()
	c.Exit(0)
	c.mark(step{"report", ""})
}
