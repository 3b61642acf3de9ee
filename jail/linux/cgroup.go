//go:build linux

package linux

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

// A memory limit that holds for all processes of a jail together takes a control
// group: cgroups(7). A group is made for each jail that has one, below a group
// that this process may divide, and removed with the jail.
//
// Version 2 of control groups lets only groups without processes of their own be
// divided (the rule of no internal processes), so a place is looked for from the
// group of this process upwards: the root of all groups, a group that a service
// manager delegated and that keeps this process in a child, the slice of a user's
// session. A group that has a limit itself is not left: its owner wants it to
// hold for builds as well. Version 1 has a tree for each kind of resource, and
// groups there may always be divided, by root.

// groupPrefix begins the names of groups.
const groupPrefix = "fruix-jail-"

// A place is a group below which groups can be made.
type place struct {
	dir string // in the file system of control groups
	v2  bool
	// pids is a second tree, for the number of processes; version 1 only, and
	// there it may be "".
	pids string
}

// cgroupFiles are what is known of this process's groups; a test gives its own.
type cgroupFiles struct {
	mounts string // /proc/self/mountinfo, proc(5)
	self   string // /proc/self/cgroup, cgroups(7)
}

func readCgroupFiles() (f cgroupFiles, err error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return f, err
	}
	self, err := os.ReadFile("/proc/self/cgroup")
	return cgroupFiles{string(mounts), string(self)}, err
}

// hierarchy is one tree of control groups, as this process sees it.
type hierarchy struct {
	top string // where it is mounted
	own string // the group of this process, a path below top
}

// trees returns the hierarchy of version 2, and those of version 1 by
// controller.
func (f cgroupFiles) trees() (v2 *hierarchy, v1 map[string]*hierarchy) {
	own := make(map[string]string) // by controller; "" is version 2
	for line := range strings.Lines(f.self) {
		// hierarchy:controllers:path
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) == 3 {
			for c := range strings.SplitSeq(parts[1], ",") {
				own[c] = parts[2]
			}
		}
	}
	v1 = make(map[string]*hierarchy)
	for line := range strings.Lines(f.mounts) {
		// id parent device root point options tags… - type source options
		before, after, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		fields, rest := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 5 || len(rest) < 3 {
			continue
		}
		at := func(path string) *hierarchy {
			below, ok := strings.CutPrefix(path, strings.TrimSuffix(unescape(fields[3]), "/"))
			if !ok || strings.Contains(path, "/..") {
				return nil // this process's group is not in sight
			}
			top := unescape(fields[4])
			return &hierarchy{top, filepath.Join(top, below)}
		}
		switch rest[0] {
		case "cgroup2":
			if path, ok := own[""]; ok && v2 == nil {
				v2 = at(path)
			}
		case "cgroup":
			for c := range strings.SplitSeq(rest[2], ",") {
				if path, ok := own[c]; ok && v1[c] == nil {
					v1[c] = at(path)
				}
			}
		}
	}
	return v2, v1
}

// unescape undoes the octal escapes of mountinfo.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

var errNoGroups = errors.New("this machine shows no control groups that limit memory")

// findPlace looks for a place. The error says why there is none.
func findPlace(f cgroupFiles) (*place, error) {
	v2, v1 := f.trees()
	err := errNoGroups
	if v2 != nil && has(filepath.Join(v2.top, "cgroup.controllers"), "memory") {
		var p *place
		if p, err = divide(v2); err == nil {
			return p, nil
		}
	}
	if m := v1["memory"]; m != nil {
		if err = unix.Access(m.own, unix.W_OK); err != nil {
			return nil, &os.PathError{Op: "make a control group in", Path: m.own, Err: err}
		}
		p := &place{dir: m.own}
		if n := v1["pids"]; n != nil && unix.Access(n.own, unix.W_OK) == nil {
			p.pids = n.own
		}
		return p, nil
	}
	return nil, err
}

// divide finds the nearest group of t that this process may divide.
func divide(t *hierarchy) (*place, error) {
	var first error
	for dir := t.own; ; dir = filepath.Dir(dir) {
		err := enable(dir)
		if err == nil {
			return &place{dir: dir, v2: true}, nil
		}
		if first == nil {
			first = err
		}
		if dir == t.top || !strings.HasPrefix(dir, t.top) {
			return nil, first
		}
		if limited(dir) {
			return nil, fmt.Errorf("%w; and %s is limited, so that builds may not leave it", first, dir)
		}
	}
}

// limited says whether a group of version 2 has a limit of its own.
func limited(dir string) bool {
	for _, name := range []string{"memory.max", "memory.high", "pids.max"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err == nil && strings.TrimSpace(string(b)) != "max" {
			return true
		}
	}
	return false
}

// enable makes groups below dir have limits of memory and processes.
func enable(dir string) error {
	if err := unix.Access(dir, unix.W_OK); err != nil {
		return &os.PathError{Op: "make a control group in", Path: dir, Err: err}
	}
	control := filepath.Join(dir, "cgroup.subtree_control")
	if has(control, "memory") && has(control, "pids") {
		return nil
	}
	return os.WriteFile(control, []byte("+memory +pids"), 0)
}

// has says whether the file holds the word.
func has(name, word string) bool {
	b, err := os.ReadFile(name)
	if err != nil {
		return false
	}
	for w := range strings.FieldsSeq(string(b)) {
		if w == word {
			return true
		}
	}
	return false
}

// A group is the control group of one jail.
type group struct {
	dirs []string // the first limits memory
	lock *os.File // held for as long as the group is in use
	v2   bool
}

// newGroup makes a group with the limits l at p.
func newGroup(p *place, l jail.Limits) (g *group, err error) {
	p.sweep()
	// A sweep of another process may take a new group away before it is locked.
	for range 10 {
		if g, err = p.make(l); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return g, err
}

// make tries once to make a group.
func (p *place) make(l jail.Limits) (g *group, err error) {
	g = &group{v2: p.v2}
	defer func() {
		if err != nil {
			g.close()
			g = nil
		}
	}()
	dir, err := os.MkdirTemp(p.dir, groupPrefix)
	if err != nil {
		return g, err
	}
	g.dirs = append(g.dirs, dir)
	if g.lock, err = os.Open(dir); err != nil {
		return g, err
	}
	if err := unix.Flock(int(g.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return g, &os.PathError{Op: "lock", Path: dir, Err: err}
	}
	pids := dir
	if p.pids != "" {
		pids = filepath.Join(p.pids, filepath.Base(dir))
		if err := os.Mkdir(pids, 0o755); err != nil {
			return g, err
		}
		g.dirs = append(g.dirs, pids)
	}
	return g, g.limit(l, pids)
}

// limit writes the limits.
func (g *group) limit(l jail.Limits, pids string) error {
	number := func(n uint64) []byte { return strconv.AppendUint(nil, n, 10) }
	write := func(dir, name string, value []byte) error { return os.WriteFile(filepath.Join(dir, name), value, 0) }
	optional := func(dir, name string, value []byte) error {
		err := write(dir, name, value)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return nil // the kernel counts no swap, for one
		}
		return err
	}
	var errs []error
	if l.Memory != 0 && g.v2 {
		errs = append(errs,
			optional(g.dirs[0], "memory.swap.max", number(0)),
			// One process less would leave a build that goes on and fails
			// somewhere else, or does not fail.
			optional(g.dirs[0], "memory.oom.group", number(1)),
			write(g.dirs[0], "memory.max", number(l.Memory)))
	} else if l.Memory != 0 {
		errs = append(errs,
			write(g.dirs[0], "memory.limit_in_bytes", number(l.Memory)),
			optional(g.dirs[0], "memory.memsw.limit_in_bytes", number(l.Memory)))
	}
	if l.Processes != 0 {
		errs = append(errs, optional(pids, "pids.max", number(l.Processes)))
	}
	return errors.Join(errs...)
}

// add moves a process into the group.
func (g *group) add(pid int) error {
	for _, dir := range g.dirs {
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), strconv.AppendInt(nil, int64(pid), 10), 0); err != nil {
			return err
		}
	}
	return nil
}

// overrun says whether the kernel killed a process for the limit of memory.
func (g *group) overrun() bool {
	name := "memory.oom_control"
	if g.v2 {
		name = "memory.events"
	}
	b, err := os.ReadFile(filepath.Join(g.dirs[0], name))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(b)) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); ok {
			return n != "0"
		}
	}
	return false
}

// close removes the group. Its processes have ended; the kernel may take a moment
// to notice.
func (g *group) close() {
	for _, dir := range g.dirs {
		for wait := time.Millisecond; wait < time.Second; wait *= 2 {
			if err := unix.Rmdir(dir); err != unix.EBUSY {
				break
			}
			time.Sleep(wait)
		}
	}
	if g.lock != nil {
		g.lock.Close()
	}
}

// sweep removes groups whose makers have died. Those that processes are in stay.
func (p *place) sweep() {
	old, _ := filepath.Glob(filepath.Join(p.dir, groupPrefix+"*"))
	for _, dir := range old {
		f, err := os.Open(dir)
		if err != nil {
			continue
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil && unix.Rmdir(dir) == nil && p.pids != "" {
			_ = unix.Rmdir(filepath.Join(p.pids, filepath.Base(dir)))
		}
		f.Close()
	}
}

// groupHint says how to get a control group.
const groupHint = "to bound them together run fruix as root, or in a group of its own: systemd-run --user --scope -p Delegate=yes fruix …"

// groupFor makes a group with the limits l. The error says why none can be made.
func groupFor(l jail.Limits) (*group, error) {
	f, err := readCgroupFiles()
	if err != nil {
		return nil, err
	}
	p, err := findPlace(f)
	if err != nil {
		return nil, err
	}
	return newGroup(p, l)
}

var _ jail.MemoryBounder = (*Jail)(nil)

// BoundsMemory implements jail.MemoryBounder.
func (j *Jail) BoundsMemory() error {
	g, err := groupFor(jail.Limits{Memory: 1 << 30})
	if err != nil {
		return &jail.SetupError{Step: "bound the memory of all processes together", Err: err, Hint: groupHint}
	}
	g.close()
	return nil
}
