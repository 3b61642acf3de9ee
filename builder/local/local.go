// Package local carries out build requests on this machine: ordinary builders
// and most builders of Fruix's own in a jail, and those that need the network
// in the calling process or, when that is root's, mostly in one of a build user.
//
// The store in the jail is a folder of the build's own, in the file system of
// the real store, with every input mounted read-only at its name. So a builder
// makes its outputs where they will be, and all that remains is to rename
// them.
package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/builder/builtin"
	"fruix/builder/plan"
	"fruix/jail"
	"fruix/store/tree"
)

// Options configure an Executor.
type Options struct {
	Jail     jail.Jail
	Builtins builtin.Table
	// Users are who builds run as when the caller is root; nil otherwise.
	Users *Users
	// Environ is the environment of processes that fetch something as a build user.
	Environ []string
	// KeepFailed, when not empty, is a folder into which the build folder of
	// a failed build is moved; KeptOwner is whom it is given to, unless nil.
	KeepFailed string
	KeptOwner  *tree.Owner
	// Limits are those of every build.
	Limits jail.Limits
}

// Executor implements plan.Executor.
type Executor struct{ o Options }

var _ plan.Executor = (*Executor)(nil)

// New returns an executor.
func New(o Options) *Executor { return &Executor{o} }

// Execute implements plan.Executor.
func (e *Executor) Execute(ctx context.Context, r *plan.Request, to plan.IO) (*plan.Result, error) {
	if to.Fetched == nil {
		to.Fetched = func(string, int64, int64) {}
	}
	limited, to, limits := r.Constraints.Limit(ctx, to)
	defer limits.Stop()
	b, err := e.prepare(r, &to)
	if err != nil {
		return nil, err
	}
	b.waiting = limits.Pause
	defer b.release()
	var res *plan.Result
	name, isBuiltin := r.Builtin()
	if isBuiltin {
		fn, err := e.o.Builtins.Lookup(name)
		if err != nil {
			return nil, err
		}
		if fn.InProcess {
			res, err = b.inProcess(limited, fn)
			return b.end(ctx, limited, res, err)
		}
	}
	if err := b.acquireUser(limited); err != nil {
		return b.end(ctx, limited, nil, err)
	}
	if err := b.giveAll(); err != nil {
		return nil, err
	}
	res, err = b.inJail(limited, name)
	if terr := b.takeBack(); err == nil {
		err = terr
	}
	return b.end(ctx, limited, res, err)
}

// build is one build under way.
type build struct {
	*Executor
	r    *plan.Request
	io   *plan.IO
	user *User
	// waiting is called before the build waits for something that is not its own doing,
	// and what it returns behind that.
	waiting func() (end func())
	// Folders below Scratch.
	store, tmp, dir string
}

// prepare makes the folders of a build.
func (e *Executor) prepare(r *plan.Request, to *plan.IO) (*build, error) {
	if path.Dir(r.BuildDir) != "/tmp" {
		return nil, fmt.Errorf("the build folder %s is not in /tmp", r.BuildDir)
	}
	b := &build{Executor: e, r: r, io: to, store: filepath.Join(to.Scratch, "store"), tmp: filepath.Join(to.Scratch, "tmp")}
	b.dir = filepath.Join(b.tmp, path.Base(r.BuildDir))
	for _, d := range []string{b.store, b.tmp, b.dir} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return nil, err
		}
	}
	for _, f := range r.Files {
		if f.Name != filepath.Base(f.Name) || f.Name == "." || f.Name == ".." {
			return nil, fmt.Errorf("%s: %q cannot be the name of a file in the build folder", r.Drv, f.Name)
		}
		if err := os.WriteFile(filepath.Join(b.dir, f.Name), f.Content, 0o644); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// acquireUser takes a build user, if the caller is root, and gives the build folder to
// it.
func (b *build) acquireUser(ctx context.Context) error {
	if b.o.Users == nil {
		return nil
	}
	var err error
	resume := b.waiting()
	b.user, err = b.o.Users.Acquire(ctx, func() {
		fmt.Fprintf(b.io.Log, "waiting for one of the %d build users, which others have\n", b.o.Users.count)
	})
	resume()
	if err != nil {
		return err
	}
	// What is inside first: nothing is looked up in a folder that is not ours.
	for _, f := range b.r.Files {
		if err := b.give(filepath.Join(b.dir, f.Name)); err != nil {
			return err
		}
	}
	return b.give(b.dir)
}

// giveAll gives the folders above to the build user, too, as the store and /tmp of a
// jail. Nothing in them has a name that can be relied on then.
func (b *build) giveAll() error {
	if err := os.Chmod(b.tmp, 0o777|os.ModeSticky); err != nil || b.user == nil {
		return err
	}
	return errors.Join(b.give(b.tmp), b.give(b.store))
}

func (b *build) give(name string) error { return os.Lchown(name, b.user.UID, b.user.GID) }

// takeBack closes the folders that were the builder's, now that all its processes are
// dead: what it made is out of anybody's reach before it is looked at.
func (b *build) takeBack() error {
	for _, dir := range []string{b.store, b.tmp} {
		// They lie in a folder of ours, so their names are what they were.
		if b.user != nil {
			if err := tree.Unlock(dir); err != nil {
				return err
			}
			if err := os.Lchown(dir, 0, 0); err != nil {
				return err
			}
		}
		if err := os.Chmod(dir, 0o700); err != nil {
			return err
		}
	}
	return nil
}

func (b *build) release() {
	if b.user != nil {
		b.user.Release()
	}
}

// end turns what came out of a build into what Execute returns.
func (b *build) end(outer, limited context.Context, res *plan.Result, err error) (*plan.Result, error) {
	if err == nil {
		if b.o.KeepFailed != "" {
			res.Keep = b.keep
		}
		return res, nil
	}
	if outer.Err() != nil {
		return nil, context.Cause(outer)
	}
	if cause := context.Cause(limited); errors.Is(cause, plan.ErrTimeout) || errors.Is(cause, plan.ErrSilent) || errors.Is(cause, plan.ErrLog) {
		err = &plan.FailedError{Status: "killed", Err: fmt.Errorf("the builder was killed: %w", cause)}
	}
	if b.o.KeepFailed == "" {
		return nil, err
	}
	dir, kerr := b.keep()
	if kerr != nil {
		return nil, errors.Join(err, fmt.Errorf("cannot keep the build folder: %w", kerr))
	}
	return nil, &plan.KeptError{Err: err, Dir: dir}
}

// outputs returns where the outputs lie.
func (b *build) outputs() map[string]string {
	m := make(map[string]string, len(b.r.Outputs))
	for _, o := range b.r.Outputs {
		m[o.Name] = filepath.Join(b.store, path.Base(o.Path))
	}
	return m
}

// inProcess runs a builder in this process.
func (b *build) inProcess(ctx context.Context, fn builtin.Builtin) (*plan.Result, error) {
	if b.r.Fixed() == nil {
		return nil, &plan.FailedError{Status: "refused", Err: fmt.Errorf("%s: %s makes fixed outputs only: give the output a hash", b.r.Drv, b.r.Builder)}
	}
	outs := b.outputs()
	call := &builtin.Call{
		Request: b.r, BuildDir: b.dir, Log: b.io.Log, Fetched: b.io.Fetched,
		Output: func(name string) string { return outs[name] },
		Input:  b.io.Physical,
	}
	if b.o.Users != nil {
		call.Apart = b.apart
	}
	err := fn.Run(ctx, call)
	if err != nil {
		return nil, &plan.FailedError{Status: "failed", Err: err}
	}
	return &plan.Result{Outputs: outs}, nil
}

// inJail runs the builder in a jail.
func (b *build) inJail(ctx context.Context, builtinName string) (*plan.Result, error) {
	spec, err := b.spec(builtinName)
	if err != nil {
		return nil, err
	}
	heard := &listener{w: b.io.Log}
	if builtinName != "" && spec.Limits.Memory != 0 {
		spec.Stdout, spec.Stderr = heard, heard
	}
	res, err := b.o.Jail.Run(ctx, *spec)
	if err != nil {
		var se *jail.SetupError
		if errors.As(err, &se) && se.Step == "exec" {
			return nil, &plan.FailedError{Status: "not started", Err: fmt.Errorf("cannot run the builder %s: %w%s", se.Path, se.Err, execHint(se))}
		}
		return nil, err
	}
	switch {
	case !res.OK() && res.OutOfMemory:
		return nil, &plan.FailedError{Status: "out of memory", Err: fmt.Errorf(
			"the builder used more memory than the %d bytes that it may, and was killed", spec.Limits.Memory)}
	case !res.OK() && heard.found:
		// Where nothing bounds all processes together, each has its own bound, and
		// is refused what it asks for.
		return nil, &plan.FailedError{Status: "out of memory", Err: fmt.Errorf(
			"the builder needs more memory than the %d bytes that it may use", spec.Limits.Memory)}
	case !res.OK():
		return nil, &plan.FailedError{Status: res.String()}
	}
	return &plan.Result{Outputs: b.outputs(), User: res.User, System: res.System, MaxRSS: res.MaxRSS}, nil
}

// listener passes on what a builder of Fruix's own prints, up to the words with which Go's
// runtime ends it when it gets no more memory: behind those are its goroutines. It is for
// one goroutine.
type listener struct {
	w     io.Writer
	end   []byte // what was printed last, of which the words may begin
	found bool
}

// outOfMemory matches those words, of at most mostWords bytes.
var outOfMemory = regexp.MustCompile(`fatal error: (runtime: )?(out of|cannot allocate) memory`)

const mostWords = 45

func (l *listener) Write(p []byte) (int, error) {
	if l.found {
		return len(p), nil
	}
	seen, shown := append(l.end, p...), p
	if at := outOfMemory.FindIndex(seen); at != nil {
		l.found = true
		shown = append(slices.Clone(p[:at[1]-len(l.end)]), '\n')
	}
	l.end = seen[max(0, len(seen)-mostWords+1):]
	if _, err := l.w.Write(shown); err != nil {
		return 0, err
	}
	return len(p), nil
}

// execHint explains the commonest reasons for an existing builder not to start.
func execHint(se *jail.SetupError) string {
	switch {
	case errors.Is(se.Err, os.ErrNotExist) && se.Path == builtin.SelfPath:
		return " (this fruix is no static program, so it cannot run where only the build's inputs are; build it with \"make\", or with CGO_ENABLED=0)"
	case errors.Is(se.Err, os.ErrNotExist):
		return " (the file, its script interpreter or its dynamic linker is not among the derivation's inputs)"
	case errors.Is(se.Err, unix.E2BIG):
		return " (the system bounds the length of each argument and variable, and of all together: put what is long into files in the store, or name its variables in passAsFile, so that the builder gets them as files)"
	}
	return ""
}

// limits are those of all builds, but where the request has its own.
func (b *build) limits() jail.Limits {
	l, c := b.o.Limits, b.r.Constraints
	if c.Memory != 0 {
		l.Memory = c.Memory
	}
	if c.Processes != 0 {
		l.Processes = c.Processes
	}
	return l
}

// spec describes the jail.
func (b *build) spec(builtinName string) (*jail.Spec, error) {
	r := b.r
	s := &jail.Spec{
		// Its name is without the folders, as from Nix's and Guix's daemons.
		Program: r.Builder, Argv: append([]string{path.Base(r.Builder)}, r.Args...),
		Env:    r.Environ(),
		Dir:    r.BuildDir,
		Stdout: b.io.Log, Stderr: b.io.Log,
		Limits: b.limits(),
		Mounts: make([]jail.Mount, 0, len(r.Inputs)+8),
		Files: []jail.File{
			{Path: "/etc/passwd", Content: fmt.Appendf(nil, "fruixbuild:x:%d:%d:Build user:/homeless-shelter:/noshell\nnobody:x:65534:65534:Nobody:/:/noshell\n", jail.DefaultUID, jail.DefaultGID)},
			{Path: "/etc/group", Content: fmt.Appendf(nil, "fruixbuild:!:%d:\nnogroup:x:65534:\n", jail.DefaultGID)},
			{Path: "/etc/hosts", Content: []byte("127.0.0.1 localhost\n::1 localhost\n")},
		},
	}
	s.Mounts = append(s.Mounts, jail.Mount{Source: b.store, Target: r.StoreDir}, jail.Mount{Source: b.tmp, Target: "/tmp"})
	for _, in := range r.Inputs {
		s.Mounts = append(s.Mounts, jail.Mount{Source: b.io.Physical(in), Target: in, ReadOnly: true})
	}
	if b.user != nil {
		s.BuildUser = &b.user.HostUser
		s.Hold = []*os.File{b.user.lock}
	}
	if builtinName != "" {
		bounded := *r
		bounded.Constraints.Memory = s.Limits.Memory
		data, err := json.Marshal(bounded)
		if err != nil {
			return nil, err
		}
		s.Program, s.Argv = builtin.Command(builtinName)
		s.Self = builtin.SelfPath
		s.Files = append(s.Files, jail.File{Path: builtin.RequestPath, Content: data})
		return s, nil
	}
	if !path.IsAbs(r.Builder) {
		return nil, &plan.FailedError{Status: "not started", Err: fmt.Errorf("the builder %q is neither an absolute path nor one of Fruix's own", r.Builder)}
	}
	return s, nil
}

// keep moves the build folder to where the user finds it, and nobody else can touch
// it.
func (b *build) keep() (string, error) {
	to, err := b.keptDir()
	if err != nil {
		return "", err
	}
	owner := b.o.KeptOwner
	if b.user != nil && owner == nil {
		owner = &tree.Owner{}
	}
	// Once it is the owner's nothing of it may be used by its name.
	if err := tree.Keep(b.dir, to, owner, tree.Added{Name: environmentFile, Content: b.environment()}); err != nil {
		os.Remove(to) // unless a part is there, which may be of use
		return "", err
	}
	return to, nil
}

// mostKept is up to which number kept build folders of a name are counted.
const mostKept = 1000

// keptDir makes an empty folder for a kept build folder, under the first free number.
// Others may have taken all of them; then it is a name that nobody could foresee.
func (b *build) keptDir() (string, error) {
	base := strings.TrimSuffix(path.Base(b.r.BuildDir), "-0")
	for i := range mostKept {
		to := filepath.Join(b.o.KeepFailed, fmt.Sprintf("%s-%d", base, i))
		if err := os.Mkdir(to, 0o700); !errors.Is(err, os.ErrExist) {
			return to, err
		}
	}
	return os.MkdirTemp(b.o.KeepFailed, base+"-")
}

// environmentFile is the file in which a kept build folder has the builder's
// environment, for a shell to read, as Guix calls it (Guix manual, "Debugging Build
// Failures"). One that the builder has made knows more, and stays.
const environmentFile = "environment-variables"

// environment is the content of that file.
func (b *build) environment() []byte {
	var text []byte
	for _, name := range slices.Sorted(maps.Keys(b.r.Env)) {
		if shellName.MatchString(name) {
			text = fmt.Appendf(text, "export %s='%s'\n", name, strings.ReplaceAll(b.r.Env[name], "'", `'\''`))
		}
	}
	return text
}

// shellName matches the variables that a shell can have.
var shellName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
