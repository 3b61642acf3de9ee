package builder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"fruix/builder/builtin"
	"fruix/builder/local"
	"fruix/builder/log"
	"fruix/builder/plan"
	"fruix/builder/sched"
	"fruix/jail"
	"fruix/store"
	"fruix/store/tree"
)

// Options configure a Builder. The letters are those of Guix's commands.
type Options struct {
	MaxJobs    int           // -M: builds at a time on this machine; 0 means 1, less than 0 none
	Cores      int           // -c: processors for one build; 0 means all
	KeepGoing  bool          // -k: after a failure, build what does not depend on it
	KeepFailed string        // -K: a folder that failed builds' folders are moved to; "" keeps none
	KeptOwner  *tree.Owner   // whom those are given to; nil leaves them
	MaxSilent  time.Duration // kill a builder that prints and fetches nothing for so long; 0 means never
	Timeout    time.Duration // kill a builder after so long; 0 means never
	MaxLog     int64         // kill a builder that prints more bytes; 0 means DefaultMaxLog, less than 0 never
	Memory     uint64        // bytes that the processes of a build may use together; 0 means no limit
	Processes  uint64        // of a build at a time; 0 means those of Limits
	Rounds     int           // build each derivation without a fixed output so often and compare; less than 2 means once
	LogDir     string        // "" means the store's
	LogLines   int           // how many lines BuildError.LogTail holds; 0 means 20
	Systems    []string      // what this machine can run; nil means HostSystems
	Features   []string      // what it offers to builds that ask for it; nil means HostFeatures
	Progress   Progress      // nil means nobody is told
	// Substitutes finds objects that need not be built; nil means none.
	Substitutes Substituter
	Now         func() time.Time
	// Machines are other machines that build, too; nil means none. It is called
	// when there is something to build, each time.
	Machines func(context.Context) ([]Machine, error)
	// Getenv looks up what fixed outputs take from the environment of the caller,
	// by impureEnvVars; nil means that nothing is set there.
	Getenv func(string) string

	// Sharing, when given, lets this builder and others of the process wait for the
	// same builds.
	Sharing *Sharing
	// Slot waits until another build may run here, and returns what is called when
	// it has ended; nil means that MaxJobs is all that counts. When it has to wait it
	// calls queued first, with how many go on. Load is then how much there is to do for
	// its size, as Machine.Load.
	Slot func(ctx context.Context, queued func(running int)) (release func(), err error)
	Load func() float64

	// Executor carries builds out; nil means a local one, made of what
	// follows.
	Executor plan.Executor
	Jail     jail.Jail
	Builtins builtin.Table
	// EUID is the effective user id of the process: root's builds run as
	// build users.
	EUID int
	// Environ is the environment of processes that fetch something as a build user.
	Environ []string
	// Limits are those of every build.
	Limits jail.Limits
}

// DefaultMaxLog is how much a builder may print: more than any that does not run
// away, and less than fills a disk.
const DefaultMaxLog = 1 << 30

// Builder builds derivations of one store. It may be used by several
// goroutines.
type Builder struct {
	store *store.Store
	o     Options
	exec  plan.Executor
	// tail counts shared builds that are not over.
	tail *sync.WaitGroup
}

// New returns a builder for s.
func New(s *store.Store, o Options) *Builder {
	if o.Cores <= 0 {
		o.Cores = runtime.NumCPU()
	}
	if o.LogDir == "" {
		o.LogDir = s.StatePath("log", "drvs")
	}
	if o.LogLines <= 0 {
		o.LogLines = 20
	}
	if o.MaxLog == 0 {
		o.MaxLog = DefaultMaxLog
	}
	if o.Systems == nil {
		o.Systems = HostSystems(runtime.GOOS, runtime.GOARCH)
	}
	if o.Features == nil {
		o.Features = HostFeatures()
	}
	if o.Progress == nil {
		o.Progress = silent{}
	}
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	b := &Builder{store: s, o: o, exec: o.Executor, tail: &sync.WaitGroup{}}
	if b.exec == nil {
		b.exec = NewLocal(s, o)
	}
	return b
}

// NewLocal returns the executor of this machine for the store at s. Of the options it uses
// Jail, Builtins, EUID, Environ, KeepFailed, KeptOwner and Limits.
func NewLocal(s interface{ StatePath(...string) string }, o Options) plan.Executor {
	var users *local.Users
	if o.EUID == 0 {
		users = local.NewUsers(s.StatePath("userpool"), local.FirstBuildUser, local.BuildUsers, local.BuildGroup)
	}
	return local.New(local.Options{Jail: o.Jail, Builtins: o.Builtins, Users: users, Environ: o.Environ, KeepFailed: o.KeepFailed, KeptOwner: o.KeptOwner, Limits: o.Limits})
}

// HostSystems returns the platforms, in Guix's notation, whose programs a
// machine runs.
func HostSystems(goos, goarch string) []string {
	arch := map[string][]string{
		"amd64": {"x86_64", "i686"}, "arm64": {"aarch64"}, "386": {"i686"}, "arm": {"armhf"},
		"riscv64": {"riscv64"}, "ppc64le": {"powerpc64le"},
	}[goarch]
	if arch == nil {
		arch = []string{goarch}
	}
	systems := make([]string, len(arch))
	for i, a := range arch {
		systems[i] = a + "-" + goos
	}
	return systems
}

// HostFeatures returns what every machine offers to builds that ask for it with
// requiredSystemFeatures. These are Nix's defaults without "kvm": no jail has
// /dev/kvm.
func HostFeatures() []string { return []string{"benchmark", "big-parallel", "nixos-test"} }

// A Target is something to build.
type Target struct {
	Drv     string   // full logical path of a derivation
	Outputs []string // names; nil means all
}

// Result tells what a successful run gave.
type Result struct {
	// Outputs holds, for each derivation asked for, its output paths by name:
	// those asked for.
	Outputs map[string]map[string]string
	// Built lists the derivations that were built, in order of completion.
	Built []string
}

func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w (%w)", ErrInterrupted, context.Cause(ctx))
	}
	return err
}

// failure gathers what went wrong.
func failure(r *sched.Result) *Failure {
	f := &Failure{Blocked: r.Blocked, Left: r.Left}
	for drv, err := range r.Failed {
		var be *BuildError
		if !errors.As(err, &be) {
			be = &BuildError{Drv: drv, Status: "error", Err: err}
		}
		f.Failed = append(f.Failed, be)
	}
	slices.SortFunc(f.Failed, func(x, y *BuildError) int {
		if x.Drv < y.Drv {
			return -1
		}
		return 1
	})
	slices.Sort(f.Left)
	return f
}

// ReadLog opens the log of a derivation's last build, decompressed. The error
// is fs.ErrNotExist when it was never built here.
func (b *Builder) ReadLog(drvPath string) (io.ReadCloser, error) {
	return log.Open(b.o.LogDir, drvPath)
}

// LogFile returns where that log is.
func (b *Builder) LogFile(drvPath string) string { return log.File(b.o.LogDir, drvPath) }

// Wait waits until builds are over that this builder has begun and that others go
// on waiting for although it does not: they use its store.
func (b *Builder) Wait() { b.tail.Wait() }

// build builds one derivation where the gate has let it in, unless somebody else does
// or has meanwhile.
func (b *Builder) build(ctx context.Context, gate *places, drvPath string, wanted []string) error {
	at := gate.taken(drvPath)
	if b.o.Sharing == nil || at.err != nil {
		defer at.leave()
		release, err := b.slot(ctx, at, drvPath)
		if err != nil {
			return err
		}
		defer release()
		return b.buildAt(ctx, gate, at, drvPath, wanted)
	}
	b.tail.Add(1)
	key := fmt.Sprintf("%s!%s %v %v %d", drvPath, strings.Join(wanted, ","), b.o.Timeout, b.o.MaxSilent, b.o.Rounds)
	return b.o.Sharing.do(ctx, key, b.o.Progress, sharedWork{
		slot: func(ctx context.Context) (func(), error) { return b.slot(ctx, at, drvPath) },
		build: func(ctx context.Context, p Progress) error {
			c := *b
			c.o.Progress = p
			return c.buildAt(ctx, gate, at, drvPath, wanted)
		},
		ended: func() { at.leave(); b.tail.Done() },
	})
}

// slot waits until another build may run at a place. On another machine it may already.
func (b *Builder) slot(ctx context.Context, at *place, drvPath string) (release func(), err error) {
	if at.machine != "" || at.err != nil {
		return at.leave, nil
	}
	if b.o.Slot == nil {
		return func() {}, nil
	}
	return b.o.Slot(ctx, func(running int) {
		name, _ := plan.Name(b.store.Dir(), drvPath) // a wrong one is refused later
		b.o.Progress.Event(Queued{Drv: drvPath, Name: name, Running: running})
	})
}

// buildAt builds one derivation, unless another process has meanwhile.
func (b *Builder) buildAt(ctx context.Context, gate *places, at *place, drvPath string, wanted []string) (err error) {
	name, err := plan.Name(b.store.Dir(), drvPath)
	if err != nil {
		return err
	}
	d, err := b.store.ReadDerivation(ctx, drvPath)
	if err != nil {
		return err
	}
	var outs []string
	for _, n := range d.OutputNames() {
		outs = append(outs, d.Outputs[n].Path)
	}
	end := b.begin(gate, at, drvPath, name)
	elsewhere := false
	defer func() { err = end(err, elsewhere) }()
	lock, err := b.store.LockOutputs(store.WithWaitNotice(ctx, func(w store.Wait) {
		b.o.Progress.Event(Waiting{drvPath, w.Path, w.Holder})
	}), outs)
	if err != nil {
		return err
	}
	defer lock.Release()
	var paths []string
	for _, n := range wanted {
		paths = append(paths, d.Outputs[n].Path)
	}
	missing, err := b.missing(ctx, paths)
	if err != nil {
		return err
	}
	if len(missing) == 0 {
		elsewhere = true
		return nil
	}
	j := &job{Builder: b, at: at, drvPath: drvPath, name: name, d: d}
	j.finish = j.register
	return j.run(ctx)
}

// begin notes when a job begins; end tells of its end and returns its error,
// sched.ErrAgain when it must be tried at another place.
func (b *Builder) begin(gate *places, at *place, drvPath, name string) (end func(err error, elsewhere bool) error) {
	start := b.o.Now()
	return func(err error, elsewhere bool) error {
		if gate.elsewhere(drvPath, at, err) {
			b.o.Progress.Event(Moved{Drv: drvPath, Name: name, Machine: at.machine, Err: err})
			return sched.ErrAgain
		}
		b.o.Progress.Event(Finished{Drv: drvPath, Name: name, Err: err, Elsewhere: elsewhere, Duration: b.o.Now().Sub(start)})
		return err
	}
}

// missing returns those of paths that are not valid.
func (b *Builder) missing(ctx context.Context, paths []string) ([]string, error) {
	valid, err := b.store.ValidMany(ctx, paths)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return valid[p] }), nil
}

// scratchOf returns the folder that a temporary place stands for.
func scratchOf(place string) string { return filepath.Dir(place) }
