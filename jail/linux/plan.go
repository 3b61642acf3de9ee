//go:build linux

package linux

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"fruix/jail"
)

// argv0 is how the re-executed process knows what it is.
const argv0 = "fruix: jail"

// File descriptors of PID 1 beside 0, 1 and 2.
const (
	planFD   = 3 // reads the plan; its end of file means that the caller died
	statusFD = 4 // writes status messages
	treeFD   = 5 // the first of the detached mounts, when the caller is root
)

// A tree is a host directory (or file) from which mounts are taken. Inputs
// commonly lie side by side in one folder: that folder is attached once, with
// its flags, in a place that only PID 1 ever sees, and each input is then one
// bind mount from there, which inherits the flags. So a thousand inputs cost
// a thousand system calls and not four thousand.
type tree struct {
	Path     string `json:"path"` // on the host
	ReadOnly bool   `json:"readOnly"`
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

// A plan is what PID 1 carries out. It is a Spec with everything that needs
// the host's view resolved.
type plan struct {
	Spec     jail.Spec `json:"spec"`
	Trees    []tree    `json:"trees"`
	TreesFD  bool      `json:"treesFD"` // trees come as descriptors from treeFD on
	Binds    []bind    `json:"binds"`
	SelfPath string    `json:"selfPath,omitempty"` // host path of the executable
	Probe    bool      `json:"probe,omitempty"`    // set up, run nothing
}

// makePlan resolves the mounts of a normalized spec. With open set, the folder
// that inputs share must be open to everybody for its inputs to be mounted
// from there: PID 1 is not the user that resolves the plan.
func makePlan(spec jail.Spec, open bool) (*plan, error) {
	p := &plan{Spec: spec}
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
		if err != nil || open && fi.Mode()&0o001 == 0 {
			siblings[dir] = 0
		}
	}
	index := make(map[key]int)
	treeOf := func(k key) int {
		i, ok := index[k]
		if !ok {
			i = len(p.Trees)
			index[k] = i
			p.Trees = append(p.Trees, tree{Path: k.path, ReadOnly: k.ro})
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
			b.Tree, b.Name = treeOf(key{dir, true}), filepath.Base(src)
		} else {
			b.Tree = treeOf(key{src, m.ReadOnly})
		}
		p.Binds = append(p.Binds, b)
	}
	if spec.Self != "" {
		exe, err := os.Readlink("/proc/self/exe")
		if err != nil {
			return nil, &jail.SetupError{Step: "find the running executable", Err: err}
		}
		p.SelfPath = exe
	}
	return p, nil
}

// status is a message from PID 1 to the caller.
type status struct {
	// Exactly one of these is set.
	Failure *failure `json:"failure,omitempty"`
	Ready   bool     `json:"ready,omitempty"` // everything is set up
	Exit    *exit    `json:"exit,omitempty"`
}

type failure struct {
	Step  string        `json:"step"`
	Path  string        `json:"path,omitempty"`
	Errno syscall.Errno `json:"errno,omitempty"`
	Text  string        `json:"text,omitempty"` // when there is no number
}

func newFailure(err error) *failure {
	f := &failure{Step: "set up"}
	var se *jail.SetupError
	if errors.As(err, &se) {
		f.Step, f.Path, err = se.Step, se.Path, se.Err
	}
	if !errors.As(err, &f.Errno) {
		f.Text = err.Error()
	}
	return f
}

func (f *failure) err() error {
	e := &jail.SetupError{Step: f.Step, Path: f.Path, Err: f.Errno}
	if f.Text != "" {
		e.Err = errors.New(f.Text)
	}
	e.Hint = hint(f.Step, e.Err)
	return e
}

type exit struct {
	Code   int   `json:"code"`
	Signal int   `json:"signal,omitempty"`
	User   int64 `json:"user"`   // nanoseconds
	System int64 `json:"system"` // nanoseconds
	MaxRSS int64 `json:"maxRSS"` // bytes
}

func (p *plan) marshal() ([]byte, error) { return json.Marshal(p) }
