package jail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"sort"
	"strings"
	"time"
)

// The user and group that a program sees itself running as. They are the same
// numbers for every caller, so that what a program makes of its own user id
// cannot depend on who started it. They lie outside the ranges that
// distributions hand out.
const (
	DefaultUID = 30001
	DefaultGID = 30000
)

// DefaultHostname is the host name inside unless the Spec says otherwise.
const DefaultHostname = "localhost"

// A Mount makes the host's file or directory Source appear at Target.
//
// A Source that is a symbolic link is not followed: the link itself is
// recreated at Target.
type Mount struct {
	// Source is an absolute path on the host.
	Source string `json:"source"`
	// Target is an absolute, clean path inside the jail. Missing parent
	// directories are made. It must not pass through a symbolic link.
	Target string `json:"target"`
	// ReadOnly forbids writing, whatever the file modes say.
	ReadOnly bool `json:"readOnly,omitempty"`
}

// A Tmpfs is an empty file system in memory.
type Tmpfs struct {
	Target string `json:"target"`
	// Size limits the content, in bytes; 0 means half of the memory.
	Size int64 `json:"size,omitempty"`
	// Mode holds the permission bits of its root; 0 means 0755. The program's
	// user owns it.
	Mode uint32 `json:"mode,omitempty"`
}

// A File is a small file given by its content, such as /etc/passwd.
type File struct {
	Path    string `json:"path"`
	Content []byte `json:"content"`
	// Mode holds the permission bits; 0 means 0444.
	Mode uint32 `json:"mode,omitempty"`
}

// HostUser is a user and group of the host.
type HostUser struct {
	UID int `json:"uid"`
	GID int `json:"gid"`
}

// Limits bound what a jail takes. Zero leaves a limit as it is, except that core
// dumps are always off. Those that are said to hold for each process are resource
// limits, setrlimit(2).
type Limits struct {
	// Memory is how many bytes all processes may use together, files in memory
	// included. Where the host does not let the caller bound that (see
	// [MemoryBounder]), it bounds the data of each process.
	Memory uint64 `json:"memory,omitempty"`

	AddressSpace uint64 `json:"addressSpace,omitempty"` // bytes, of each process
	FileSize     uint64 `json:"fileSize,omitempty"`     // bytes, of each file
	OpenFiles    uint64 `json:"openFiles,omitempty"`    // of each process
	// Processes is how many processes and threads there may be at a time, those
	// of the jail itself included, of which there are a few.
	Processes uint64        `json:"processes,omitempty"`
	CPU       time.Duration `json:"cpu,omitempty"` // of one process, rounded up to seconds
}

// Spec says what to run and what it may see. It is plain data (the writers
// aside), can be written as JSON, and is complete: nothing is inherited from
// the caller.
type Spec struct {
	// Argv is the program, as an absolute path inside the jail, and its
	// arguments. Argv[0] is what is executed, unless Program is set.
	Argv []string `json:"argv"`
	// Program, when not empty, is the path executed in place of Argv[0].
	Program string `json:"program,omitempty"`
	// Env is the whole environment, as NAME=VALUE.
	Env []string `json:"env"`
	// Dir is the working directory inside; empty means "/".
	Dir string `json:"dir,omitempty"`

	// Mounts are made in order of their targets, parents first.
	Mounts []Mount `json:"mounts,omitempty"`
	Tmpfs  []Tmpfs `json:"tmpfs,omitempty"`
	Files  []File  `json:"files,omitempty"`
	// Dirs are empty directories to make, such as mount points that the
	// program expects to exist.
	Dirs []string `json:"dirs,omitempty"`
	// Self, when not empty, is a path inside at which the executable of the
	// calling process itself appears, read-only.
	Self string `json:"self,omitempty"`

	Hostname string `json:"hostname,omitempty"` // empty means DefaultHostname
	// UID and GID are what the program sees; 0 means DefaultUID and DefaultGID.
	UID int `json:"uid,omitempty"`
	GID int `json:"gid,omitempty"`
	// BuildUser is the user of the host that the program runs as when the
	// caller is root. Concurrent jails must have distinct ones. It is ignored
	// for other callers: their jails run as themselves.
	BuildUser *HostUser `json:"buildUser,omitempty"`
	Limits    Limits    `json:"limits,omitzero"`

	// Stdout and Stderr receive the output; nil discards it. When both are the
	// same writer, writes come from one goroutine, in order. Standard input
	// is empty.
	Stdout io.Writer `json:"-"`
	Stderr io.Writer `json:"-"`
	// Hold are files that stay open until every process inside is dead, also
	// when the caller dies: locks, in short. The program does not see them.
	// Back ends whose jails end later than that ignore them.
	Hold []*os.File `json:"-"`
}

// Result tells how the program ended.
type Result struct {
	// ExitCode is the exit status, or -1 when a signal ended it.
	ExitCode int
	// Signal is the number of the signal that ended it, or 0.
	Signal int
	// User and System are the processor times of the program and those of its
	// children that it waited for.
	User, System time.Duration
	// MaxRSS is the largest resident set, in bytes.
	MaxRSS int64
	// OutOfMemory says that a process was killed since all of them together used
	// more than Limits.Memory.
	OutOfMemory bool
}

// OK reports whether the program exited with status 0.
func (r Result) OK() bool { return r.ExitCode == 0 && r.Signal == 0 }

// String says how the program ended, for a message: "exit code 3", "killed by
// signal 11".
func (r Result) String() string {
	if r.Signal != 0 {
		return fmt.Sprintf("killed by signal %d", r.Signal)
	}
	return fmt.Sprintf("exit code %d", r.ExitCode)
}

// Jail runs programs apart. Implementations may be used by several goroutines
// at once.
type Jail interface {
	// Run runs the program of spec until it ends. A program that ends with a
	// non-zero status is not an error. Errors are [*SetupError] when the jail
	// could not be made, [*SpecError] when the spec makes no sense, and the
	// context's error when it was cancelled, in which case every process
	// inside is dead when Run returns.
	Run(ctx context.Context, spec Spec) (Result, error)
	// Available returns nil when jails can be made here, and otherwise an
	// error that says what is missing and how to get it.
	Available() error
}

// MemoryBounder is a Jail that may be able to bound the memory of all processes of
// a jail together.
type MemoryBounder interface {
	// BoundsMemory returns nil when it can, and otherwise says why not and what
	// to do; then Limits.Memory holds for each process.
	BoundsMemory() error
}

// Fencer is a Jail that can also start a program that needs the files and the network of
// the machine, such as one that downloads, so that it is parted from other processes, and
// nothing of it outlives its end.
type Fencer interface {
	// StartFenced starts cmd as the user that cmd.SysProcAttr names, and may change that.
	// Once the program has been waited for, end kills what it has left behind and waits
	// until that is dead; it has to be called. Without root's rights it is an error.
	StartFenced(cmd *exec.Cmd) (end func() error, err error)
}

// SetupError is a failure to make a jail.
type SetupError struct {
	// Step is what was tried: "mount", "pivot_root", "exec", …
	Step string
	// Path is the file concerned, as seen inside the jail; may be empty.
	Path string
	Err  error
	// Hint says what to do about it; may be empty.
	Hint string
}

func (e *SetupError) Error() string {
	var b strings.Builder
	b.WriteString("cannot set up the jail: ")
	b.WriteString(e.Step)
	if e.Path != "" {
		b.WriteString(" " + e.Path)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	if e.Hint != "" {
		b.WriteString(": " + e.Hint)
	}
	return b.String()
}

func (e *SetupError) Unwrap() error { return e.Err }

// SpecError is a Spec that makes no sense.
type SpecError struct {
	Field, Problem string
}

func (e *SpecError) Error() string { return "jail spec: " + e.Field + ": " + e.Problem }

// Normalize returns a copy of s with defaults filled in and mounts ordered
// parents first, or a *SpecError. Back ends call it before anything else.
func (s Spec) Normalize() (Spec, error) {
	if s.Hostname == "" {
		s.Hostname = DefaultHostname
	}
	if s.UID == 0 {
		s.UID = DefaultUID
	}
	if s.GID == 0 {
		s.GID = DefaultGID
	}
	if s.Dir == "" {
		s.Dir = "/"
	}
	if len(s.Argv) == 0 {
		return s, &SpecError{"argv", "empty"}
	}
	if s.Program == "" {
		s.Program = s.Argv[0]
	}
	if s.UID < 0 || s.GID < 0 {
		return s, &SpecError{"uid", "negative"}
	}
	for _, a := range append([]string{s.Program, s.Hostname}, s.Argv...) {
		if strings.IndexByte(a, 0) >= 0 {
			return s, &SpecError{"argv", "holds a NUL byte"}
		}
	}
	for _, e := range s.Env {
		name, _, ok := strings.Cut(e, "=")
		if !ok || name == "" || strings.IndexByte(e, 0) >= 0 {
			return s, &SpecError{"env", fmt.Sprintf("%q is not NAME=VALUE", e)}
		}
	}
	if err := checkInside("program", s.Program, true); err != nil {
		return s, err
	}
	if err := checkInside("dir", s.Dir, true); err != nil {
		return s, err
	}
	s.Mounts = append([]Mount(nil), s.Mounts...)
	sort.SliceStable(s.Mounts, func(i, j int) bool { return s.Mounts[i].Target < s.Mounts[j].Target })
	for i, m := range s.Mounts {
		if !path.IsAbs(m.Source) {
			return s, &SpecError{"mounts", fmt.Sprintf("source %q is not absolute", m.Source)}
		}
		if strings.IndexByte(m.Source, 0) >= 0 {
			return s, &SpecError{"mounts", fmt.Sprintf("source %q holds a NUL byte", m.Source)}
		}
		if err := checkInside("mounts", m.Target, false); err != nil {
			return s, err
		}
		if i > 0 && s.Mounts[i-1].Target == m.Target {
			return s, &SpecError{"mounts", fmt.Sprintf("two mounts at %q", m.Target)}
		}
	}
	s.Tmpfs = append([]Tmpfs(nil), s.Tmpfs...)
	sort.SliceStable(s.Tmpfs, func(i, j int) bool { return s.Tmpfs[i].Target < s.Tmpfs[j].Target })
	for _, t := range s.Tmpfs {
		if err := checkInside("tmpfs", t.Target, false); err != nil {
			return s, err
		}
		if t.Size < 0 {
			return s, &SpecError{"tmpfs", fmt.Sprintf("size of %q is negative", t.Target)}
		}
	}
	for _, f := range s.Files {
		if err := checkInside("files", f.Path, false); err != nil {
			return s, err
		}
	}
	for _, d := range s.Dirs {
		if err := checkInside("dirs", d, false); err != nil {
			return s, err
		}
	}
	if s.Self != "" {
		if err := checkInside("self", s.Self, false); err != nil {
			return s, err
		}
	}
	return s, nil
}

// checkInside checks a path inside the jail.
func checkInside(field, p string, root bool) error {
	switch {
	case !path.IsAbs(p):
		return &SpecError{field, fmt.Sprintf("%q is not absolute", p)}
	case strings.IndexByte(p, 0) >= 0:
		return &SpecError{field, fmt.Sprintf("%q holds a NUL byte", p)}
	case path.Clean(p) != p:
		return &SpecError{field, fmt.Sprintf("%q is not clean", p)}
	case p == "/" && !root:
		return &SpecError{field, "the root itself cannot be replaced"}
	}
	return nil
}

// ErrUnsupported is what Available of a back end says on another system.
var ErrUnsupported = errors.New("not supported on this operating system")
