package freebsd

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"fruix/jail"
)

// A plan is everything that is asked of the kernel for one jail, as plain data: the
// calls that make it, in order, each with the call that undoes it, and the program.
// It is made before anything is done, and on any system; see carryOut.
type plan struct {
	Steps []step
	Start start
}

// A step is one call.
type step struct {
	Do   call
	Undo *call // at the end, and when a later step fails
}

// A call is one system call, or a few that belong together. Its arguments are text, so
// that a plan can be shown.
type call struct {
	Op   op
	Args []string
}

// op is what a call does.
type op string

// The calls, with their arguments.
const (
	opMakeRoot   op = "make-root"   // DIR: a new directory and, beside it, a locked file
	opRemoveRoot op = "remove-root" // DIR
	opMkdir      op = "mkdir"       // DIR; one that is there already is fine, a link is not
	opTouch      op = "touch"       // FILE; one that is there already is fine
	opWrite      op = "write"       // FILE MODE CONTENT
	opSymlink    op = "symlink"     // TARGET LINK
	opCopy       op = "copy"        // FROM TO MODE
	opMount      op = "nmount"      // TYPE DIR FLAGS NAME=VALUE…, nmount(2)
	opUnmount    op = "unmount"     // DIR, unmount(2), by force if need be
	opDevices    op = "devfs-rule"  // DIR hide|unhide PATTERN, devfs(8)
	opRule       op = "rctl-add"    // RULE, rctl(8)
	opUnrule     op = "rctl-remove" // FILTER
	opJail       op = "jail-set"    // NAME=VALUE…, jail(8)
	opUnjail     op = "jail-remove" // NAME UID: kills all in it, and waits until they are gone

	// In the process that becomes the program.
	opMask      op = "umask"           // MASK
	opSession   op = "setsid"          //
	opLimit     op = "setrlimit"       // NAME VALUE, soft and hard
	opAttach    op = "jail-attach"     // NAME
	opChdir     op = "chdir"           // DIR
	opOpen      op = "open"            // DIR DESCRIPTOR
	opGroups    op = "setgroups"       // GID
	opGroup     op = "setgid"          // GID
	opUser      op = "setuid"          // UID
	opDie       op = "die-with-parent" // procctl(2), PROC_PDEATHSIG_CTL
	opCloseFrom op = "closefrom"       // DESCRIPTOR
)

// start is the program, and the calls by which the process that becomes it is made
// ready. It is Fruix, started once more: limits bind the process that sets them.
type start struct {
	Calls   []call
	Program string
	Argv    []string
	Env     []string
}

// String shows a call as one line. Contents of files are not shown.
func (c call) String() string {
	args := c.Args
	if c.Op == opWrite {
		args = []string{args[0], args[1], fmt.Sprintf("%d bytes", len(args[2]))}
	}
	return string(c.Op) + " " + strings.Join(args, " ")
}

// String shows a plan, a call to a line.
func (p *plan) String() string {
	var b strings.Builder
	for _, s := range p.Steps {
		fmt.Fprintln(&b, s.Do)
		if s.Undo != nil {
			fmt.Fprintln(&b, "  undo", *s.Undo)
		}
	}
	fmt.Fprintln(&b, "start")
	for _, c := range p.Start.Calls {
		fmt.Fprintln(&b, " ", c)
	}
	fmt.Fprintf(&b, "  execve %s %q %q\n", p.Start.Program, p.Start.Argv, p.Start.Env)
	return b.String()
}

// A host is what a plan needs to know of the machine.
type host struct {
	Root  string // where the jail's root will be; its base name is the jail's
	Self  string // the running executable
	Racct bool   // the kernel accounts resources, so that rctl(8) works
	Files bool   // nullfs(5) mounts files, and not directories only
	// Lstat and Readlink look at sources of mounts.
	Lstat    func(string) (fs.FileInfo, error)
	Readlink func(string) (string, error)
}

// makePlan makes the plan of a normalized spec.
func makePlan(h host, s *jail.Spec) (*plan, error) {
	b := &planner{host: h, made: map[string]bool{"/": true}}
	b.undone(call{opMakeRoot, []string{h.Root}}, call{opRemoveRoot, []string{h.Root}})
	b.mount("tmpfs", "/", "nosuid", "mode=0755")
	b.devices()
	for _, t := range s.Tmpfs {
		b.tmpfs(t, s.BuildUser)
	}
	for _, m := range s.Mounts {
		if err := b.bind(m); err != nil {
			return nil, err
		}
	}
	for _, d := range s.Dirs {
		b.mkdir(d)
	}
	for _, f := range s.Files {
		b.file(f)
	}
	if s.Self != "" {
		if err := b.bind(jail.Mount{Source: h.Self, Target: s.Self, ReadOnly: true}); err != nil {
			return nil, err
		}
	}
	name := path.Base(h.Root)
	if h.Racct {
		b.rules(name, s.Limits)
	}
	b.jail(name, s)
	b.Start = start{Calls: ready(name, s, h.Racct), Program: s.Program, Argv: s.Argv, Env: s.Env}
	return &b.plan, nil
}

// planner is a plan in the making.
type planner struct {
	plan
	host host
	made map[string]bool // directories of the root that are known to exist
}

func (b *planner) do(o op, args ...string) { b.Steps = append(b.Steps, step{Do: call{o, args}}) }

func (b *planner) undone(do, undo call) { b.Steps = append(b.Steps, step{Do: do, Undo: &undo}) }

// at returns where a path of the jail lies on the host.
func (b *planner) at(inside string) string { return path.Join(b.host.Root, inside) }

// mkdir makes a directory and its parents, never through a symbolic link.
func (b *planner) mkdir(dir string) {
	if b.made[dir] {
		return
	}
	b.mkdir(path.Dir(dir))
	b.do(opMkdir, b.at(dir))
	b.made[dir] = true
}

// mount makes a file system appear at a directory of the jail.
func (b *planner) mount(kind, inside, flags string, options ...string) {
	at := b.at(inside)
	b.undone(call{opMount, append([]string{kind, at, flags}, options...)}, call{opUnmount, []string{at}})
}

// visible are the devices of a jail, as patterns of devfs(8).
func visible() []string {
	return []string{"null", "zero", "full", "random", "urandom", "fd", "fd/*", "stdin", "stdout", "stderr", "ptmx", "pts", "pts/*", "tty"}
}

// devices mounts devfs and hides all but the harmless devices. The rules are applied
// to this mount directly, as rule sets are a table of the whole machine, which may or
// may not be loaded.
func (b *planner) devices() {
	b.mkdir("/dev")
	b.mount("devfs", "/dev", "nosuid,noexec")
	b.do(opDevices, b.at("/dev"), "hide", "*")
	for _, p := range visible() {
		b.do(opDevices, b.at("/dev"), "unhide", p)
	}
}

func (b *planner) tmpfs(t jail.Tmpfs, u *jail.HostUser) {
	b.mkdir(t.Target)
	mode := t.Mode
	if mode == 0 {
		mode = 0o755
	}
	options := []string{fmt.Sprintf("mode=%o", mode), fmt.Sprint("uid=", u.UID), fmt.Sprint("gid=", u.GID)}
	if t.Size > 0 {
		options = append(options, fmt.Sprint("size=", t.Size))
	}
	b.mount("tmpfs", t.Target, "nosuid", options...)
}

// bind makes m.Source appear at m.Target.
func (b *planner) bind(m jail.Mount) error {
	fi, err := b.host.Lstat(m.Source)
	if err != nil {
		return &jail.SetupError{Step: "look at the source of", Path: m.Target, Err: err}
	}
	at := b.at(m.Target)
	flags := "nosuid"
	if m.ReadOnly {
		flags += ",rdonly"
	}
	mount := call{opMount, []string{"nullfs", at, flags, "target=" + m.Source}}
	unmount := &call{opUnmount, []string{at}}
	switch {
	case fi.Mode()&fs.ModeSymlink != 0:
		link, err := b.host.Readlink(m.Source)
		if err != nil {
			return &jail.SetupError{Step: "read the link for", Path: m.Target, Err: err}
		}
		b.mkdir(path.Dir(m.Target))
		b.do(opSymlink, link, at)
	case fi.IsDir():
		b.mkdir(m.Target)
		b.Steps = append(b.Steps, step{Do: mount, Undo: unmount})
	default:
		b.mkdir(path.Dir(m.Target))
		switch {
		case b.host.Files:
			b.do(opTouch, at)
			b.Steps = append(b.Steps, step{Do: mount, Undo: unmount})
		case m.ReadOnly:
			b.do(opCopy, m.Source, at, fmt.Sprintf("%o", fi.Mode().Perm()))
		default:
			return &jail.SetupError{Step: "mount nullfs", Path: m.Target, Err: errors.ErrUnsupported,
				Hint: "before FreeBSD 14 only directories can be mounted for writing"}
		}
	}
	return nil
}

func (b *planner) file(f jail.File) {
	b.mkdir(path.Dir(f.Path))
	mode := f.Mode
	if mode == 0 {
		mode = 0o444
	}
	b.do(opWrite, b.at(f.Path), fmt.Sprintf("%o", mode&0o777), string(f.Content))
}

// rules bound what all processes of the jail take together. They come before the
// jail, so that they go after it.
func (b *planner) rules(name string, l jail.Limits) {
	add := func(what string, value uint64) {
		rule := fmt.Sprintf("jail:%s:%s=%d", name, what, value)
		b.undone(call{opRule, []string{rule}}, call{opUnrule, []string{"jail:" + name}})
	}
	if l.Memory != 0 {
		// Memory of its own that a process asks for counts at once; what it has in
		// memory, files included, is looked at every second.
		add("swapuse:deny", l.Memory)
		add("memoryuse:sigkill", l.Memory)
	}
	if l.Processes != 0 {
		add("maxproc:deny", l.Processes)
		add("nthr:deny", l.Processes)
	}
}

// jail makes the jail; see jail(8) for the parameters.
func (b *planner) jail(name string, s *jail.Spec) {
	b.undone(call{opJail, []string{
		"path=" + b.host.Root, "name=" + name, "host.hostname=" + s.Hostname, "persist",
		"ip4:" + strconv.Itoa(jailSysDisable), "ip6:" + strconv.Itoa(jailSysDisable),
		"children.max:0", "enforce_statfs:2",
		"allow.noset_hostname", "allow.nosysvipc", "allow.noraw_sockets", "allow.nochflags", "allow.nomount",
		"allow.noquotas", "allow.nosocket_af", "allow.nomlock", "allow.noreserved_ports", "allow.noread_msgbuf",
	}}, call{opUnjail, []string{name, strconv.Itoa(s.BuildUser.UID)}})
}

// jailSysDisable is JAIL_SYS_DISABLE of sys/jail.h: none of the host's, none of its
// own.
const jailSysDisable = 0

// ready makes a process of root's the program's: limits first, since they are root's
// to set, then into the jail, then the user.
func ready(name string, s *jail.Spec, racct bool) []call {
	gid, uid := strconv.Itoa(s.BuildUser.GID), strconv.Itoa(s.BuildUser.UID)
	calls := []call{{opMask, []string{"022"}}, {opSession, nil}}
	limits, space := rlimits(s.Limits, racct)
	for _, l := range limits {
		calls = append(calls, call{opLimit, []string{l.name, strconv.FormatUint(l.value, 10)}})
	}
	calls = append(calls,
		call{opAttach, []string{name}}, call{opChdir, []string{s.Dir}},
		call{opGroups, []string{gid}}, call{opGroup, []string{gid}}, call{opUser, []string{uid}},
		// With another user the kernel would forget the wish, so it comes now.
		call{opDie, nil})
	if space != 0 { // last: it binds this process as well
		calls = append(calls, call{opLimit, []string{"as", strconv.FormatUint(space, 10)}})
	}
	// Only what a program has always: what Fruix was itself started with stays out.
	return append(calls, call{opCloseFrom, []string{"5"}})
}

// rlimit is a resource limit, getrlimit(2).
type rlimit struct {
	name  string // such as "core"
	value uint64
}

// rlimits are the limits of the process that becomes the program, for its children to
// inherit, and, apart, that of its address space. Where resources are not accounted
// they are all there is.
func rlimits(l jail.Limits, racct bool) (list []rlimit, space uint64) {
	list = []rlimit{{"core", 0}}
	add := func(name string, v uint64, set bool) {
		if set {
			list = append(list, rlimit{name, v})
		}
	}
	add("fsize", l.FileSize, l.FileSize != 0)
	add("nofile", l.OpenFiles, l.OpenFiles != 0)
	add("cpu", uint64((l.CPU+time.Second-1)/time.Second), l.CPU > 0)
	space = l.AddressSpace
	if racct {
		return list, space
	}
	// Of the user, who is nobody else's while the jail lives.
	add("nproc", l.Processes, l.Processes != 0)
	if l.Memory != 0 {
		// All of the user's processes together, where vm.overcommit has bit 1; and
		// each by itself.
		add("swap", l.Memory, true)
		if space == 0 || l.Memory < space {
			space = l.Memory
		}
	}
	return list, space
}
