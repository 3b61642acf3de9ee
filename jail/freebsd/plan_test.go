package freebsd

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"fruix/jail"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// node is a file of a made-up host.
type node struct {
	mode fs.FileMode
	link string
}

func (n node) Name() string       { return "" }
func (n node) Size() int64        { return 0 }
func (n node) Mode() fs.FileMode  { return n.mode }
func (n node) ModTime() time.Time { return time.Time{} }
func (n node) IsDir() bool        { return n.mode.IsDir() }
func (n node) Sys() any           { return nil }

// example is a plan that has something of everything.
func example(t *testing.T, racct bool) *plan {
	t.Helper()
	nodes := map[string]node{
		"/s/a": {mode: fs.ModeDir | 0o555}, "/s/f": {mode: 0o444}, "/s/l": {mode: fs.ModeSymlink | 0o777, link: "a"},
		"/out": {mode: fs.ModeDir | 0o755}, "/bin/fruix": {mode: 0o755},
	}
	lstat := func(p string) (fs.FileInfo, error) {
		n, ok := nodes[p]
		if !ok {
			return nil, &fs.PathError{Op: "lstat", Path: p, Err: syscall.ENOENT}
		}
		return n, nil
	}
	spec, err := jail.Spec{
		Argv: []string{"/self", "build"}, Env: []string{"A=1"}, Dir: "/tmp/build", Self: "/self",
		Mounts: []jail.Mount{
			{Source: "/s/a", Target: "/store/a", ReadOnly: true}, {Source: "/s/f", Target: "/store/f", ReadOnly: true},
			{Source: "/s/l", Target: "/store/l", ReadOnly: true}, {Source: "/out", Target: "/store"},
		},
		Tmpfs: []jail.Tmpfs{{Target: "/tmp", Mode: 0o1777, Size: 4096}},
		Files: []jail.File{{Path: "/etc/passwd", Content: []byte("x")}},
		Dirs:  []string{"/var/empty"}, BuildUser: &jail.HostUser{UID: 35001, GID: 35000},
		Limits: jail.Limits{Memory: 1 << 30, Processes: 100, OpenFiles: 64, CPU: 1500 * time.Millisecond},
	}.Normalize()
	if err != nil {
		t.Fatal(err)
	}
	p, err := makePlan(host{
		Root: "/work/fruix-jail-1", Self: "/bin/fruix", Racct: racct, Files: racct, Lstat: lstat,
		Readlink: func(p string) (string, error) { return nodes[p].link, nil },
	}, &spec)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPlan shows every change of what is asked of the kernel, of one that accounts
// resources and mounts files (racct) and of one that does not, and of a fence.
func TestPlan(t *testing.T) {
	for name, p := range map[string]*plan{
		"racct": example(t, true), "plain": example(t, false),
		"fence": fencePlan("fruix-jail-1", &jail.HostUser{UID: 35001, GID: 35000}, map[int]string{3: "/build"}),
	} {
		got := p.String()
		golden := "testdata/plan-" + name + ".golden"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("the plan has changed (-update rewrites %s):\n%s", golden, got)
		}
	}
}

// recorder is a kernel that notes calls, and fails some.
type recorder struct {
	calls []string
	fail  func(n int, c call) error // of the n-th call
}

var errRefused = errors.New("refused")

func (r *recorder) call(c call) error {
	r.calls = append(r.calls, c.String())
	if r.fail != nil {
		return r.fail(len(r.calls)-1, c)
	}
	return nil
}

// TestUndo lets each step fail in turn: what had been done is undone in reverse, and
// nothing else is.
func TestUndo(t *testing.T) {
	p := example(t, true)
	for n, s := range p.Steps {
		var want []string
		for _, before := range p.Steps[:n] {
			want = append(want, before.Do.String())
		}
		want = append(want, s.Do.String())
		made := len(want)
		for _, before := range slices.Backward(p.Steps[:n]) {
			if before.Undo != nil {
				want = append(want, before.Undo.String())
			}
		}
		r := &recorder{fail: func(i int, _ call) error {
			if i == n {
				return errRefused
			}
			return nil
		}}
		undo, err := carryOut(r, p)
		if undo != nil || !errors.Is(err, errRefused) {
			t.Errorf("step %d: %v", n, err)
		}
		if !slices.Equal(r.calls, want) {
			t.Errorf("step %d (%v): after %d calls\n%s\nwant\n%s", n, s.Do, made, strings.Join(r.calls[min(made, len(r.calls)):], "\n"), strings.Join(want[made:], "\n"))
		}
	}
}

// TestEnd undoes a whole jail: the jail goes first, so that nothing runs any more, then
// its limits, then what is mounted, and the root last; what cannot be undone does not
// keep the rest.
func TestEnd(t *testing.T) {
	p := example(t, true)
	r := &recorder{}
	undo, err := carryOut(r, p)
	if err != nil {
		t.Fatal(err)
	}
	r.calls = nil
	r.fail = func(_ int, c call) error {
		if c.Op == opUnmount && strings.HasSuffix(c.Args[0], "/store") {
			return errRefused
		}
		return nil
	}
	err = undo()
	if !errors.Is(err, errRefused) || !strings.Contains(err.Error(), "unmount /work/fruix-jail-1/store") {
		t.Errorf("error %v", err)
	}
	var ops []op
	for _, c := range r.calls {
		o := op(strings.Fields(c)[0])
		if len(ops) == 0 || ops[len(ops)-1] != o {
			ops = append(ops, o)
		}
	}
	if want := []op{opUnjail, opUnrule, opUnmount, opRemoveRoot}; !slices.Equal(ops, want) {
		t.Errorf("undone in the order %v", ops)
	}
	mounts := 0
	for _, s := range p.Steps {
		if s.Do.Op == opMount {
			mounts++
		}
	}
	if n := len(slices.DeleteFunc(slices.Clone(r.calls), func(c string) bool { return !strings.HasPrefix(c, string(opUnmount)) })); n != mounts {
		t.Errorf("%d of %d mounts are undone", n, mounts)
	}
	if err := undo(); err != nil {
		t.Errorf("undone twice: %v", err)
	}
}

// TestOldKernel makes a jail where nullfs mounts directories only: files are copied, and
// what would have to be written is refused.
func TestOldKernel(t *testing.T) {
	r := &recorder{}
	undo, err := carryOut(r, example(t, false))
	if err != nil {
		t.Fatal(err)
	}
	copies := 0
	for _, c := range r.calls {
		switch {
		case strings.HasPrefix(c, string(opCopy)):
			copies++
		case strings.HasPrefix(c, "nmount nullfs /work/fruix-jail-1/store/f "), strings.HasPrefix(c, string(opTouch)):
			t.Error(c)
		}
	}
	r.calls = nil
	if err := undo(); err != nil || copies != 2 || slices.Contains(r.calls, "unmount /work/fruix-jail-1/store/f") {
		t.Errorf("%d copies, error %v, undone: %v", copies, err, r.calls)
	}
	file := func(string) (fs.FileInfo, error) { return node{mode: 0o644}, nil }
	_, err = makePlan(host{Root: "/r", Lstat: file}, &jail.Spec{Mounts: []jail.Mount{{Source: "/f", Target: "/x"}}, BuildUser: &jail.HostUser{UID: 1}})
	var se *jail.SetupError
	if !errors.As(err, &se) || se.Path != "/x" || se.Hint == "" {
		t.Errorf("error %v", err)
	}
}

func TestMissingSource(t *testing.T) {
	_, err := makePlan(host{Root: "/r", Lstat: func(p string) (fs.FileInfo, error) { return nil, syscall.ENOENT }},
		&jail.Spec{Mounts: []jail.Mount{{Source: "/none", Target: "/x"}}, BuildUser: &jail.HostUser{UID: 1}})
	var se *jail.SetupError
	if !errors.As(err, &se) || se.Path != "/x" {
		t.Errorf("error %v", err)
	}
}
