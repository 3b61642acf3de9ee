package crashtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// world is a store, and what a person who works with it has around it.
type world struct {
	testing.TB
	bin  string
	dir  string // everything is below
	root string // of the store
	tag  string // in the names of all that is made, so that worlds have nothing in common
	r    *rand.Rand
	n    int      // how many operations there were
	env  []string // besides the usual

	patience time.Duration // how long a command may take before it is said to hang

	// promised are paths that a command has printed, with 0, since garbage was
	// last collected.
	promised []string
}

// newWorld makes a store that holds a little.
func newWorld(t testing.TB, tag string, seed uint64) *world {
	t.Helper()
	dir := scratch(t)
	w := &world{TB: t, bin: program(t), dir: dir, root: filepath.Join(dir, "root"), tag: tag, patience: time.Minute, r: rand.New(rand.NewPCG(seed, uint64(len(tag))))}
	check(t, os.MkdirAll(w.root, 0o755))
	check(t, os.MkdirAll(filepath.Join(dir, "tmp"), 0o755))
	return w
}

func (w *world) path(elem ...string) string {
	return filepath.Join(append([]string{w.dir}, elem...)...)
}

// command is fruix with args, in a process group of its own.
func (w *world) command(args ...string) *exec.Cmd {
	cmd := exec.Command(w.bin, args...)
	w.dress(cmd)
	return cmd
}

func (w *world) dress(cmd *exec.Cmd) {
	cmd.Dir = w.dir
	cmd.Env = append([]string{
		"FRUIX_ROOT=" + w.root, "HOME=" + w.dir, "TMPDIR=" + w.path("tmp"), "PATH=" + os.Getenv("PATH"),
		// Compiled modules, which have tests of their own, are shared.
		"XDG_CACHE_HOME=" + filepath.Join(os.TempDir(), fmt.Sprintf("fruix-crash-cache-%d", os.Geteuid())),
	}, w.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// outcome is how a command went.
type outcome struct {
	what           string // the command line
	stdout, stderr string
	code           int  // -1: ended by a signal
	hung           bool // killed because it took too long
	took           time.Duration
}

// paths are the store paths that were printed.
func (o *outcome) paths() []string {
	var out []string
	for _, line := range strings.Fields(o.stdout) {
		if strings.HasPrefix(line, storeDir+"/") {
			out = append(out, line)
		}
	}
	return out
}

// run runs cmd to its end; started, when given, is told when it has begun.
// Output goes to files, so that nothing waits for processes that live longer.
func (w *world) run(cmd *exec.Cmd, stdin io.Reader, started func(*os.Process)) *outcome {
	o := &outcome{what: strings.Join(cmd.Args[1:], " ")}
	outs := make([]*os.File, 2)
	for i := range outs {
		outs[i] = must(os.CreateTemp(w.path("tmp"), "out"))(w)
		defer os.Remove(outs[i].Name())
		defer outs[i].Close()
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, outs[0], outs[1]
	begin := time.Now()
	check(w, cmd.Start())
	hang := time.AfterFunc(w.patience, func() {
		o.hung = true
		syscall.Kill(-cmd.Process.Pid, syscall.SIGQUIT) // Go prints what all goroutines do
		time.Sleep(time.Second)
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	})
	if started != nil {
		started(cmd.Process)
	}
	err := cmd.Wait()
	hang.Stop()
	o.took = time.Since(begin)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.Fatal(err)
	}
	o.code = cmd.ProcessState.ExitCode()
	o.stdout, o.stderr = string(must(os.ReadFile(outs[0].Name()))(w)), string(must(os.ReadFile(outs[1].Name()))(w))
	return o
}

// fails says what is wrong with how a command went that nothing disturbed.
func (o *outcome) fails() error {
	if o.code != 0 || o.hung {
		return fmt.Errorf("fruix %s: status %d, hung %v\n%s", o.what, o.code, o.hung, o.stderr)
	}
	if strings.Contains(strings.ToLower(o.stderr), "locked") {
		return fmt.Errorf("fruix %s said: %s", o.what, o.stderr)
	}
	return nil
}

// readable says what is wrong with how a disturbed command ended: it ends well,
// or with status 1 and an error for people.
func (o *outcome) readable(kill bool) error {
	if o.hung {
		return fmt.Errorf("it hung:\n%s", o.stderr)
	}
	if kill {
		return nil
	}
	for _, bad := range []string{"goroutine ", "panic", "runtime error", "SIGSEGV", "SIGBUS", "locked"} {
		if strings.Contains(o.stderr, bad) {
			return fmt.Errorf("it said %q:\n%s", bad, o.stderr)
		}
	}
	if o.code == 0 {
		return nil
	}
	lines := strings.Split(o.stderr, "\n")
	if o.code != 1 || !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "fruix: error: ") }) {
		return fmt.Errorf("it ended with status %d and said:\n%s", o.code, o.stderr)
	}
	return nil
}

// must runs fruix, which must succeed.
func (w *world) must(args ...string) *outcome {
	w.Helper()
	o := w.run(w.command(args...), nil, nil)
	if err := o.fails(); err != nil {
		w.Fatal(err)
	}
	return o
}

// operation is something that a person does: a command, with what it needs made
// ready.
type operation struct {
	name  string
	args  []string
	stdin []byte
}

func (w *world) start(op operation) *exec.Cmd { return w.command(op.args...) }

func (op operation) input() io.Reader {
	if op.stdin == nil {
		return nil
	}
	return bytes.NewReader(op.stdin)
}

// do carries an operation out; nothing disturbs it.
func (w *world) do(op operation) *outcome {
	w.Helper()
	o := w.run(w.start(op), op.input(), nil)
	w.keep(op, o)
	return o
}

// keep notes what a command that has ended has promised. Whatever it was, a
// collection ends the promises about what no root keeps.
func (w *world) keep(op operation, o *outcome) {
	if op.name == "gc" || op.name == "delete" {
		w.promised = nil
	}
	if o.code == 0 && (op.name == "add" || op.name == "build" || op.name == "keep" || op.name == "import") {
		w.promised = append(w.promised, o.paths()...)
	}
}

// file writes a file of the world and returns its name.
func (w *world) file(name, text string) string {
	p := w.path(name)
	check(w, os.MkdirAll(filepath.Dir(p), 0o755))
	check(w, os.WriteFile(p, []byte(text), 0o644))
	return p
}

// source makes a new tree of a few files. Some of them, one of some size, are in
// other trees too.
func (w *world) source() string {
	w.n++
	dir := fmt.Sprintf("src/%s-%d", w.tag, w.n)
	w.file(dir+"/own", fmt.Sprintf("%d\n", w.n))
	w.file(dir+"/d/e/other", fmt.Sprintf("the other of %d\n", w.n))
	w.file(dir+"/shared", strings.Repeat(fmt.Sprintf("line %d\n", w.r.IntN(3)), 2000))
	w.file(dir+"/run", "#!/bin/sh\n")
	check(w, os.Chmod(w.path(dir, "run"), 0o755))
	check(w, os.Symlink("d/e", w.path(dir, "link")))
	return w.path(dir)
}

// expression writes a file that declares two things to build, one of which
// needs the other.
func (w *world) expression() string {
	w.n++
	text := fmt.Sprintf(`(use-modules (guix gexp))
(define base
  (computed-file "%[1]s-%[2]d-base"
    #~(begin
        (mkdir #$output)
        (call-with-output-file (string-append #$output "/data")
          (lambda (port) (display (make-string 10000 #\%[3]c) port))))))
(computed-file "%[1]s-%[2]d"
  #~(begin
      (mkdir #$output)
      (symlink #$base (string-append #$output "/base"))
      (copy-file #$(local-file "%[4]s") (string-append #$output "/copy"))))
`, w.tag, w.n, 'a'+rune(w.r.IntN(3)), w.file(fmt.Sprintf("expr/data-%s-%d", w.tag, w.n%7), fmt.Sprint(w.n%7)))
	return w.file(fmt.Sprintf("expr/%d.scm", w.n), text)
}

// operations are what can be done, each made new when it is asked for.
func (w *world) operations() []func() operation {
	return []func() operation{
		func() operation {
			return operation{name: "add", args: []string{"store", "add", w.source(), w.source()}}
		},
		func() operation {
			w.n++
			f := w.file(fmt.Sprintf("src/%s-f%d", w.tag, w.n), strings.Repeat(fmt.Sprint(w.n), 3000))
			return operation{name: "add", args: []string{"store", "add-fixed", "sha256", f}}
		},
		func() operation { return operation{name: "build", args: []string{"build", "-q", "-f", w.expression()}} },
		func() operation {
			link := w.path(fmt.Sprintf("kept-%d", w.r.IntN(3)))
			return operation{name: "keep", args: []string{"build", "-q", "-f", w.expression(), "-r", link}}
		},
		func() operation { return operation{name: "gc", args: []string{"gc", "-q"}} },
		func() operation { return operation{name: "delete", args: []string{"gc", "-q", "-C", "1"}} },
		func() operation { return operation{name: "optimise", args: []string{"store", "optimise", "-q"}} },
		func() operation {
			return operation{name: "import", args: []string{"store", "import"}, stdin: w.export()}
		},
		func() operation { return operation{name: "verify", args: []string{"store", "verify"}} },
		func() operation { return operation{name: "rebuild", args: []string{"store", "rebuild", "-q"}} },
	}
}

// export is an export of something that this store does not have: its closure
// was made in another store.
func (w *world) export() []byte {
	w.Helper()
	other := *w
	other.root = w.path("other")
	built := other.must("build", "-q", "-f", other.expression())
	w.n = other.n
	exported := other.must("archive", "--export", "-r", strings.TrimSpace(built.stdout))
	other.must("gc", "-q")
	return []byte(exported.stdout)
}

// state is what the last thing was that happened to a store.
type state int

const (
	struck    state = iota // a command was killed
	settled                // a command ended well
	collected              // and that was a collection of all garbage
)

// holds looks at the store and says what is wrong with it. Promises must have
// been kept.
func (w *world) holds(s state) error {
	x := look(w.root)
	for _, p := range w.promised {
		base := strings.TrimPrefix(p, storeDir+"/")
		if x.valid[base] == nil {
			x.complain("a command has printed %s, which is not valid", base)
		}
	}
	if s >= settled {
		x.problems = append(x.problems, x.irregular...)
	}
	if s >= collected {
		x.tidy()
	}
	if len(x.problems) > 0 {
		return errors.New(strings.Join(x.problems, "\n"))
	}
	return nil
}
