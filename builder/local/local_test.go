package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"fruix/builder/builtin"
	"fruix/builder/plan"
	"fruix/jail"
	"fruix/store/tree"
)

// fakeJail tells of the spec and says how the program ended.
type fakeJail struct {
	run func(jail.Spec) (jail.Result, error)
}

func (j fakeJail) Available() error { return nil }

func (j fakeJail) Run(_ context.Context, s jail.Spec) (jail.Result, error) { return j.run(s) }

func request() *plan.Request {
	return &plan.Request{
		Drv: "/frx/store/x.drv", Name: "x", Builder: "/bin/b", StoreDir: "/frx/store", BuildDir: "/tmp/fruix-build-x-0",
		Outputs: []plan.Output{{Name: "out", Path: "/frx/store/o"}}, Files: []plan.File{{Name: "f", Content: []byte("f")}},
	}
}

func stat(t *testing.T, name string) (mode fs.FileMode, uid int) {
	t.Helper()
	fi, err := os.Lstat(name)
	if err != nil {
		t.Fatal(err)
	}
	return fi.Mode(), int(fi.Sys().(*syscall.Stat_t).Uid)
}

// TestTakenBack checks whose the folders of a build are while it goes on and when it
// has ended, whichever way, and that the build user stays locked with the jail.
func TestTakenBack(t *testing.T) {
	for name, end := range map[string]error{"good": nil, "bad": errors.New("no jail")} {
		t.Run(name, func(t *testing.T) {
			scratch := t.TempDir()
			o := Options{}
			owner := os.Geteuid()
			if owner == 0 {
				o.Users = NewUsers(filepath.Join(t.TempDir(), "pool"), 36001, 1, 36000)
				owner = 36001
			}
			called := false
			o.Jail = fakeJail{func(s jail.Spec) (jail.Result, error) {
				called = true
				for _, dir := range []string{"store", "tmp", "tmp/fruix-build-x-0", "tmp/fruix-build-x-0/f"} {
					if _, uid := stat(t, filepath.Join(scratch, dir)); uid != owner {
						t.Errorf("while it builds %s belongs to %d", dir, uid)
					}
				}
				if o.Users != nil && (len(s.Hold) != 1 || filepath.Base(s.Hold[0].Name()) != "36001" || s.BuildUser.UID != 36001) {
					t.Errorf("the jail holds %v for %v", s.Hold, s.BuildUser)
				}
				return jail.Result{}, end
			}}
			_, err := New(o).Execute(t.Context(), request(), plan.IO{Scratch: scratch, Log: new(bytes.Buffer), Physical: func(p string) string { return p }})
			if !errors.Is(err, end) || !called {
				t.Error(called, err)
			}
			for _, dir := range []string{"store", "tmp"} {
				if mode, uid := stat(t, filepath.Join(scratch, dir)); uid != os.Geteuid() || mode != fs.ModeDir|0o700 {
					t.Errorf("afterwards %s belongs to %d and has mode %v", dir, uid, mode)
				}
			}
		})
	}
}

// TestLimits checks that what a request bounds reaches the jail, and how an overrun
// is told.
func TestLimits(t *testing.T) {
	r := request()
	r.Constraints = plan.Constraints{Memory: 5 << 20, Processes: 7}
	var got jail.Limits
	_, err := New(Options{Limits: jail.Limits{Processes: 100, OpenFiles: 9}, Jail: fakeJail{func(s jail.Spec) (jail.Result, error) {
		got = s.Limits
		return jail.Result{ExitCode: -1, Signal: 9, OutOfMemory: true}, nil
	}}}).Execute(t.Context(), r, plan.IO{Scratch: t.TempDir(), Log: new(bytes.Buffer), Physical: func(p string) string { return p }})
	if want := (jail.Limits{Memory: 5 << 20, Processes: 7, OpenFiles: 9}); got != want {
		t.Errorf("limits %+v", got)
	}
	var fe *plan.FailedError
	if !errors.As(err, &fe) || fe.Status != "out of memory" || !strings.Contains(err.Error(), "used more memory than the 5242880 bytes that it may") {
		t.Errorf("error %v", err)
	}
}

// TestOutOfMemory hears a builder that gets no more memory, in whatever pieces it says so.
func TestOutOfMemory(t *testing.T) {
	const rest = "goroutine 1:\nruntime.goexit({})\n"
	for _, size := range []int{1, 7, 34, 35, 1000} {
		for _, tt := range []struct {
			builder string
			memory  uint64
			last    string
			found   bool
		}{
			{"builtin:x", 5 << 20, "fatal error: runtime: out of memory\n", true},
			{"builtin:x", 5 << 20, "fatal error: runtime: cannot allocate memory\n", true},
			{"builtin:x", 5 << 20, "fatal error: out of memory\n", true},
			{"builtin:x", 5 << 20, "fatal error: another\n", false},
			{"builtin:x", 0, "fatal error: out of memory\n", false},
			{"/bin/b", 5 << 20, "fatal error: out of memory\n", false},
		} {
			text := "some words\n" + tt.last + rest
			says, status := text, "exit code 2"
			if tt.found {
				says, status = strings.TrimSuffix(text, rest), "out of memory"
			}
			r, log := request(), new(bytes.Buffer)
			r.Builder, r.Constraints.Memory = tt.builder, tt.memory
			_, err := New(Options{Builtins: builtin.Table{"x": {}}, Jail: fakeJail{func(s jail.Spec) (jail.Result, error) {
				for piece := range slices.Chunk([]byte(text), size) {
					s.Stderr.Write(piece)
				}
				return jail.Result{ExitCode: 2}, nil
			}}}).Execute(t.Context(), r, plan.IO{Scratch: t.TempDir(), Log: log, Physical: func(p string) string { return p }})
			var fe *plan.FailedError
			if !errors.As(err, &fe) || fe.Status != status || log.String() != says {
				t.Errorf("%s in pieces of %d with a limit of %d: %v, log %q", tt.builder, size, tt.memory, err, log)
			}
		}
	}
}

// TestKeepElsewhere keeps a build folder on another file system, for this user and
// for another.
func TestKeepElsewhere(t *testing.T) {
	t.Run("own", func(t *testing.T) { keepElsewhere(t, nil, os.Geteuid()) })
	t.Run("other", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("giving files to others needs root")
		}
		keepElsewhere(t, &tree.Owner{UID: 4711, GID: 4712}, 4711)
	})
}

func keepElsewhere(t *testing.T, owner *tree.Owner, owns int) {
	kept, err := os.MkdirTemp("/dev/shm", "fruix-kept")
	if err != nil {
		t.Skip("another file system is missing: ", err)
	}
	defer os.RemoveAll(kept)
	scratch := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("x"), 0o640); err != nil {
		t.Fatal(err)
	}
	_, err = New(Options{KeepFailed: kept, KeptOwner: owner, Jail: fakeJail{func(jail.Spec) (jail.Result, error) {
		dir := filepath.Join(scratch, "tmp/fruix-build-x-0")
		err := errors.Join(os.Mkdir(dir+"/sub", 0o777), os.WriteFile(dir+"/sub/run", []byte("#!"), 0o777),
			os.Symlink(outside, dir+"/link"), syscall.Mkfifo(dir+"/pipe", 0o666), os.Chmod(dir+"/sub", 0o777))
		if err != nil {
			t.Error(err)
		}
		return jail.Result{ExitCode: 1}, nil
	}}}).Execute(t.Context(), request(), plan.IO{Scratch: scratch, Log: new(bytes.Buffer), Physical: func(p string) string { return p }})
	var k *plan.KeptError
	if !errors.As(err, &k) {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"": fs.ModeDir | 0o700, "sub": fs.ModeDir | 0o700, "sub/run": 0o755, "f": 0o644, "link": fs.ModeSymlink | 0o777} {
		if mode, uid := stat(t, filepath.Join(k.Dir, name)); mode != want || uid != owns {
			t.Errorf("%s: %v of %d", name, mode, uid)
		}
	}
	if mode, _ := stat(t, outside); mode != 0o640 {
		t.Errorf("the file outside has mode %v", mode)
	}
}

// TestKeepAmongMany keeps a build folder where somebody has taken all its names.
func TestKeepAmongMany(t *testing.T) {
	kept := t.TempDir()
	for i := range mostKept {
		if err := os.Symlink("nowhere", filepath.Join(kept, fmt.Sprintf("fruix-build-x-%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	_, err := New(Options{KeepFailed: kept, Jail: fakeJail{func(jail.Spec) (jail.Result, error) {
		return jail.Result{ExitCode: 1}, nil
	}}}).Execute(t.Context(), request(), plan.IO{Scratch: t.TempDir(), Log: new(bytes.Buffer), Physical: func(p string) string { return p }})
	var k *plan.KeptError
	if !errors.As(err, &k) || !strings.HasPrefix(k.Dir, filepath.Join(kept, "fruix-build-x-")) {
		t.Fatal(err)
	}
	if mode, _ := stat(t, k.Dir); mode != fs.ModeDir|0o700 {
		t.Errorf("mode %v", mode)
	}
}

// TestTooLong says what to do about more words than the system takes.
func TestTooLong(t *testing.T) {
	_, err := New(Options{Jail: fakeJail{func(s jail.Spec) (jail.Result, error) {
		return jail.Result{}, &jail.SetupError{Step: "exec", Path: "/bin/b", Err: syscall.E2BIG}
	}}}).Execute(t.Context(), request(), plan.IO{Scratch: t.TempDir(), Log: new(bytes.Buffer), Physical: func(p string) string { return p }})
	var fe *plan.FailedError
	if !errors.As(err, &fe) || !strings.Contains(err.Error(), "passAsFile") {
		t.Errorf("error %v", err)
	}
}
