package report

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fruix/builder"
	"fruix/builder/fetch"
	"fruix/builder/plan"
	"fruix/builder/sched"
	"fruix/interp"
	"fruix/interp/source"
	"fruix/jail"
	"fruix/store"
	"fruix/store/drv"
	"fruix/store/hash"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// evaluate returns the error of a program.
func evaluate(t *testing.T, text string) error {
	t.Helper()
	e, err := interp.New(interp.Options{Stdlib: os.DirFS("../../../stdlib")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Eval(context.Background(), text, "os.scm")
	if err == nil {
		t.Fatalf("no error: %s", text)
	}
	return err
}

func failedBuild(name string) *builder.BuildError {
	return &builder.BuildError{
		Drv: "/frx/store/0c0bl8yqh9j7wyzwhz2v5dkn5bmmrjqr-" + name + ".drv", Name: name, Status: "exit code 2",
		Err:     &plan.FailedError{Status: "exit code 2"},
		LogTail: []string{"gcc -c main.c", "main.c:1: \x1b[31merror\x1b[0m: no", "make: *** [all] Error 2"},
		LogPath: "/frx/var/log/drvs/0c/x.drv.zst",
	}
}

// many are builds that have failed together; the fourth is wrong in more than a word.
func many(names ...string) *builder.Failure {
	f := new(builder.Failure)
	for _, n := range names {
		f.Failed = append(f.Failed, failedBuild(n))
	}
	f.Failed[3].Err = &store.HashMismatchError{Path: "/frx/store/xxx-d-4", Want: hash.Sum(hash.SHA256, []byte("a")), Got: hash.Sum(hash.SHA256, []byte("b"))}
	f.Failed[3].Status = "hash mismatch"
	return f
}

// cases are errors by the name of their golden file.
func cases() map[string]error {
	want, got := hash.Sum(hash.SHA256, []byte("a")), hash.Sum(hash.SHA256, []byte("b"))
	mismatch := &store.HashMismatchError{Path: "/frx/store/xxx-hello.tar.gz", Want: want, Got: got}
	kept := failedBuild("kept-1.0")
	kept.KeptDir = "/tmp/fruix-kept-1.0"
	hidden := failedBuild("source.tar.gz")
	hidden.Err, hidden.Status, hidden.LogTail = fmt.Errorf("download: %w", mismatch), "hash mismatch", nil
	file := &source.File{Name: "os.scm", Text: []byte("(define (second l)\n\t(+ 1 (car (cdr l))))\n(define (f x) (+ 1 (second x)))\n")}
	at := func(line, col uint32) source.Pos { return source.Pos{File: file, Line: line, Col: col} }
	var deep []interp.Frame
	for i := range 100 {
		deep = append(deep, interp.Frame{Name: fmt.Sprintf("f%d", i), Pos: at(1, 1)})
	}
	return map[string]error{
		"usage": &UsageError{Command: "fruix build", Message: "unknown option --frob", Hint: "\"fruix build --help\" tells more"},
		"scheme": &interp.Error{
			Key: "wrong-type-arg", Message: "In procedure car: Wrong type argument in position 1 (expecting pair): ()",
			Pos: at(2, 8), Hint: "car takes 1 argument",
			Stack: []interp.Frame{{Name: "second", Pos: at(2, 8)}, {Pos: at(3, 20)}, {Pos: at(3, 20)}, {Name: "f"}},
		},
		"paren": &interp.Error{
			Key: "read-error", Message: "this parenthesis is never closed", Pos: at(1, 1), Incomplete: true,
			Related: []interp.Note{{Pos: at(3, 1), Text: "going by the indentation, it was meant to end before this line"}},
		},
		"no-place":    &interp.Error{Key: "oops", Message: "Throw to key `oops' with args `(1)'.", Stack: []interp.Frame{{Name: "f"}}},
		"recursion":   &interp.Error{Key: "stack-overflow", Message: "too deep", Pos: at(1, 2), Stack: deep},
		"internal":    &interp.Error{Key: "internal-error", Message: "internal error: index out of range", Hint: "this is a defect", Cause: errors.New("panic: x\ngoroutine 1 [running]:\nmain.go:3")},
		"build":       failedBuild("hello-2.12"),
		"kept":        kept,
		"mismatch":    hidden,
		"failure":     fmt.Errorf("cannot build it: %w", &builder.Failure{Failed: []*builder.BuildError{failedBuild("a-1"), failedBuild("b-2")}, Blocked: map[string]string{"/frx/store/x-c.drv": "/frx/store/x-a-1.drv"}}),
		"circle":      &sched.CycleError{IDs: []string{"/frx/store/x-a.drv", "/frx/store/x-b.drv", "/frx/store/x-a.drv"}},
		"torn":        fmt.Errorf("/frx/store/x-a.drv: %w", &drv.SyntaxError{Offset: 7, Msg: "it ends here"}),
		"many":        many("a-1", "b-2", "c-3", "d-4", "e-5"),
		"one-failure": &builder.Failure{Failed: []*builder.BuildError{failedBuild("a-1")}, Blocked: map[string]string{"/frx/store/x-c.drv": "d"}, Left: []string{"/frx/store/x-e.drv"}},
		"in-scheme":   &interp.Error{Key: "misc-error", Message: "cannot lower: " + mismatch.Error(), Cause: mismatch},
		"no-space":    fmt.Errorf("image: %w", &store.NoSpaceError{Op: "add the text x", Root: "/frx", Err: errors.New("no space left on device")}),
		"jail":        &jail.SetupError{Step: "unshare", Err: errors.New("operation not permitted"), Hint: "set kernel.unprivileged_userns_clone to 1"},
		"fetch":       &fetch.Error{Name: "hello.tar.gz", Attempts: []fetch.Attempt{{Place: "https://a.example/hello.tar.gz", Err: errors.New("the server says 404 Not Found")}, {Place: "/src/hello.tar.gz", Err: fs.ErrNotExist}}},
		"interrupted": fmt.Errorf("building: %w", builder.ErrInterrupted),
		"cancelled":   fmt.Errorf("reading: %w", context.Canceled),
		"file":        &fs.PathError{Op: "open", Path: "os.scm", Err: fs.ErrNotExist},
		"joined":      errors.Join(errors.New("first"), errors.New("second")),
		"trace":       errors.New("it broke\npanic: oops\n\ngoroutine 1 [running]:\nmain.main()\n\t/x/main.go:3"),
		"exit-status": errors.New("gzip: exit status 1"),
		"deep":        fmt.Errorf("a: %w", fmt.Errorf("b: %w", &jail.SetupError{Step: "mount", Path: "/proc", Err: errors.New("no")})),
	}
}

func TestGolden(t *testing.T) {
	for name, err := range cases() {
		t.Run(name, func(t *testing.T) {
			var text, object, color bytes.Buffer
			Error(&text, err, Options{})
			Error(&object, err, Options{JSON: true})
			Error(&color, err, Options{Color: true})
			got := text.String() + "-- json --\n" + object.String()
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			for _, bad := range []string{"goroutine", "exit status", "panic:", ".go:"} {
				if strings.Contains(got, bad) {
					t.Errorf("%q reaches the user:\n%s", bad, got)
				}
			}
			if strings.Count(object.String(), "\n") != 1 {
				t.Errorf("not one line: %s", object.String())
			}
			if uncolored(color.String()) != text.String() {
				t.Errorf("colours change the text: %q", color.String())
			}
		})
	}
}

func uncolored(s string) string {
	for {
		i := strings.Index(s, "\x1b[")
		if i < 0 {
			return s
		}
		s = s[:i] + s[i+strings.IndexByte(s[i:], 'm')+1:]
	}
}

type shown struct{ error }

func (shown) Reported() bool { return true }

func TestSilent(t *testing.T) {
	for _, err := range []error{nil, fmt.Errorf("x: %w", shown{errors.New("y")}), evaluate(t, "(exit 3)")} {
		var b bytes.Buffer
		if Error(&b, err, Options{}); b.Len() > 0 {
			t.Errorf("%v prints %q", err, b.String())
		}
	}
}

// TestLive renders what the engine itself says.
func TestLive(t *testing.T) {
	for text, want := range map[string]string{
		"(define (f x)\n  (car x))\n(f 1)": "os.scm:2:3: error: ",
		"(f\n  (g":                         "os.scm:",
		"(displai 1)":                      "hint: ",
	} {
		var b bytes.Buffer
		Error(&b, evaluate(t, text), Options{})
		if !strings.Contains(b.String(), want) || !strings.Contains(b.String(), "^") {
			t.Errorf("%s:\n%s", text, b.String())
		}
	}
}

func TestExitCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0}, {errors.New("x"), 1}, {fmt.Errorf("x: %w", &UsageError{}), 2}, {evaluate(t, "(exit 3)"), 3},
		{evaluate(t, "(exit #t)"), 0}, {evaluate(t, "(car 1)"), 1}, {context.Canceled, 1},
	} {
		if got := ExitCode(c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
}

// FuzzError renders errors with any text: nothing may panic, nor reach the
// terminal as a control sequence through a log.
func FuzzError(f *testing.F) {
	f.Add("message", "log \x1b[2J")
	f.Fuzz(func(t *testing.T, message, log string) {
		var b bytes.Buffer
		Error(&b, &builder.BuildError{Drv: "d", Err: errors.New(message), LogTail: []string{log}}, Options{})
		if i := strings.Index(b.String(), "| "); i >= 0 && !strings.ContainsRune(message, 0x1b) && strings.ContainsRune(b.String(), 0x1b) {
			t.Errorf("%q", b.String())
		}
	})
}

// TestForeign reports what servers and builders said: nothing of it reaches the
// terminal's state or begins a line.
func TestForeign(t *testing.T) {
	const evil = "\x1b[31mred\x1b]0;title\x07\u009b\nhint: run this"
	b := failedBuild("x")
	b.Drv, b.Machine, b.KeptDir, b.Status = evil, evil, evil, evil
	b.LogTail = []string{evil}
	b.Err = &fetch.Error{Name: evil, Attempts: []fetch.Attempt{{Place: evil, Err: errors.New(evil)}}}
	bad := &builder.ReferenceError{Path: evil, Rule: evil, Bad: []builder.BadReference{{Path: evil, Where: evil, Chain: []string{evil, evil}}}}
	for _, err := range []error{
		&builder.Failure{Failed: []*builder.BuildError{b, {Drv: "x", Err: bad}, {Drv: "y", Err: errors.New(evil)}}, Blocked: map[string]string{evil: evil}},
		errors.New(evil),
		&interp.Error{Key: "x", Message: evil, Hint: evil, Related: []interp.Note{{Text: evil}}, Stack: []interp.Frame{{Name: evil}, {Name: evil}}},
	} {
		var out bytes.Buffer
		Error(&out, err, Options{})
		for l := range strings.Lines(out.String()) {
			if strings.HasPrefix(l, "hint: run") || strings.ContainsAny(l, "\x1b\x07\u009b") {
				t.Errorf("%q in\n%s", l, out.String())
			}
		}
	}
}

// TestElsewhere says how to build what cannot be built on this machine.
func TestElsewhere(t *testing.T) {
	for _, cause := range []error{&builder.PlatformError{Platform: "x"}, &builder.FeatureError{Missing: []string{"kvm"}}, builder.ErrNotHere} {
		p := Describe(&builder.BuildError{Drv: "d", Status: "not started", Err: fmt.Errorf("x: %w", cause)})
		if len(p.Hints) != 1 || !strings.Contains(p.Hints[0], "--builders") {
			t.Errorf("%v: hints %q", cause, p.Hints)
		}
	}
}

// TestReadOnly says what to do about a file system that cannot be written.
func TestReadOnly(t *testing.T) {
	p := Describe(&fs.PathError{Op: "open", Path: "/frx/var/fruix/db/lock", Err: syscall.EROFS})
	if p.Message != "cannot open /frx/var/fruix/db/lock: read-only file system" || len(p.Hints) != 1 || !strings.Contains(p.Hints[0], "mount the file system for writing") {
		t.Errorf("%q, hints %q", p.Message, p.Hints)
	}
	p = Describe(&store.ReadOnlyError{Path: "/frx/var/fruix"})
	if p.Kind != "read-only-store" || len(p.Hints) != 1 {
		t.Errorf("%+v", p)
	}
}
