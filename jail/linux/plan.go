//go:build linux

package linux

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"fruix/jail"
)

// A tree is a host directory (or file) from which mounts are taken. Inputs
// commonly lie side by side in one folder: that folder is attached once, with
// its flags, in a place that only PID 1 ever sees, and each input is then one
// bind mount from there, which inherits the flags. So a thousand inputs cost
// a thousand system calls and not four thousand.
type tree struct {
	Path     string `json:"path"` // on the host
	ReadOnly bool   `json:"readOnly"`
	Dir      bool   `json:"dir"` // it is a directory
}

type kind uint8

const (
	kindDir kind = iota
	kindFile
	kindSymlink
)

// A bind is one mount inside the jail, resolved on the host.
type bind struct {
	Tree   int    `json:"tree"`           // index of the tree
	Name   string `json:"name,omitempty"` // below the tree; empty for all of it
	Target string `json:"target"`
	Kind   kind   `json:"kind"`
	Link   string `json:"link,omitempty"` // target of a symbolic link
}

// A plan is a Spec with everything that needs the host's view resolved. It is
// plain data; [compile] makes of it what the jail's processes do.
type plan struct {
	Spec      jail.Spec `json:"spec"`
	BuildUser bool      `json:"buildUser"` // the caller is root, and the program runs as the Spec's user
	Cgroups   bool      `json:"cgroups"`   // there are namespaces for control groups
	Base      string    `json:"base"`      // a directory of the host, to mount on
	Trees     []tree    `json:"trees"`
	TreesFD   bool      `json:"treesFD"` // trees are handed in as descriptors
	Binds     []bind    `json:"binds"`
	SelfPath  string    `json:"selfPath,omitempty"` // where the executable lies on the host, "" when it does no more
	SelfSize  int64     `json:"selfSize,omitempty"` // of the executable, which is handed in behind the trees
	Probe     bool      `json:"probe,omitempty"`    // set up, run nothing
	// Held is how many more files are handed in, behind those: [jail.Spec.Hold].
	Held int `json:"held,omitempty"`
	// MemoryEach makes the limit of memory one of each process.
	MemoryEach bool `json:"memoryEach,omitempty"`
}

// handed returns how many files the caller hands in: the trees, when it opens
// them, and the executable, when the Spec asks for it.
func (p *plan) handed() int {
	n := 0
	if p.TreesFD {
		n = len(p.Trees)
	}
	if p.Spec.Self != "" {
		n++
	}
	return n
}

// makePlan resolves the mounts of a normalized spec. For root, the folder that
// inputs share must be open to everybody for its inputs to be mounted from there:
// PID 1 is not the user that resolves the plan.
func makePlan(spec jail.Spec, root bool) (*plan, error) {
	base, err := mountPoint()
	if err != nil {
		return nil, err
	}
	p := &plan{Spec: spec, Base: base, BuildUser: root, TreesFD: root, Held: len(spec.Hold)}
	_, err = os.Lstat("/proc/self/ns/cgroup")
	p.Cgroups = err == nil
	type key struct {
		path string
		ro   bool
	}
	siblings := make(map[string]int) // how many read-only mounts share a folder
	for _, m := range spec.Mounts {
		if m.ReadOnly {
			siblings[filepath.Dir(m.Source)]++
		}
	}
	for dir := range siblings {
		fi, err := os.Stat(dir)
		if err != nil || root && fi.Mode()&0o001 == 0 {
			siblings[dir] = 0
		}
	}
	index := make(map[key]int)
	treeOf := func(k key, dir bool) int {
		i, ok := index[k]
		if !ok {
			i = len(p.Trees)
			index[k] = i
			p.Trees = append(p.Trees, tree{Path: k.path, ReadOnly: k.ro, Dir: dir})
		}
		return i
	}
	for _, m := range spec.Mounts {
		src := filepath.Clean(m.Source)
		fi, err := os.Lstat(src)
		if err != nil {
			return nil, &jail.SetupError{Step: "look at the source of", Path: m.Target, Err: err}
		}
		b := bind{Target: m.Target}
		switch {
		case fi.IsDir():
			b.Kind = kindDir
		case fi.Mode()&fs.ModeSymlink != 0:
			b.Kind = kindSymlink
			if b.Link, err = os.Readlink(src); err != nil {
				return nil, &jail.SetupError{Step: "read the link for", Path: m.Target, Err: err}
			}
			p.Binds = append(p.Binds, b)
			continue
		default:
			b.Kind = kindFile
		}
		if dir := filepath.Dir(src); m.ReadOnly && siblings[dir] > 1 {
			b.Tree, b.Name = treeOf(key{dir, true}, true), filepath.Base(src)
		} else {
			b.Tree = treeOf(key{src, m.ReadOnly}, fi.IsDir())
		}
		p.Binds = append(p.Binds, b)
	}
	if spec.Self != "" {
		if err := p.findSelf(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// self is this process's executable.
const self = "/proc/self/exe"

// findSelf fills in where the running executable lies. It may have been replaced
// or removed since this process was started, and of root's it may be that nobody else
// can execute it.
func (p *plan) findSelf() error {
	running, err := os.Stat(self)
	if err != nil {
		return &jail.SetupError{Step: "find the running executable", Err: err}
	}
	p.SelfSize = running.Size()
	path, err := os.Readlink(self)
	if err != nil {
		return &jail.SetupError{Step: "find the running executable", Err: err}
	}
	usable := !p.BuildUser || running.Mode()&0o005 == 0o005
	if there, err := os.Stat(path); usable && err == nil && os.SameFile(there, running) {
		p.SelfPath = path
	}
	return nil
}

// mountPoint returns a directory of the host: any serves, since the mount is seen
// by nobody else.
func mountPoint() (string, error) {
	for _, d := range []string{"/tmp", "/run", "/mnt", "/var/tmp", "/dev/shm", "/etc", "/proc"} {
		if fi, err := os.Stat(d); err == nil && fi.IsDir() {
			return d, nil
		}
	}
	return "", &jail.SetupError{Step: "find a mount point", Err: errors.New("the host has neither /tmp nor /proc")}
}
