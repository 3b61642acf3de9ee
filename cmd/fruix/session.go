package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"fruix/builder"
	"fruix/builder/access"
	"fruix/builder/builtin"
	"fruix/builder/builtin/archive"
	"fruix/builder/builtin/disk"
	"fruix/builder/builtin/download"
	"fruix/builder/builtin/initrd"
	"fruix/builder/builtin/scheme"
	"fruix/builder/fetch"
	"fruix/builder/fetch/git"
	"fruix/cmd/internal/progress"
	"fruix/cmd/internal/report"
	"fruix/cmd/internal/runtimes"
	"fruix/interp"
	"fruix/interp/datum"
	"fruix/interp/tls"
	"fruix/jail"
	"fruix/jail/native"
	"fruix/lang"
	"fruix/lang/codec"
	"fruix/osmodel"
	"fruix/stdlib"
	"fruix/store"
)

// builderVersion names the language and the natives that builder scripts get.
// It is part of every derivation of builtin:scheme and the other built-in
// builders: change it when what a script can observe, or what a builder
// writes, changes.
const builderVersion = "3"

// session is an engine with the declaration language, an open store, and a
// builder. One command uses one.
type session struct {
	env    *environment
	flags  *flags
	store  access.Store // nil until it is opened
	local  *store.Store // the store itself, when this process has opened it
	lang   *lang.Session
	engine *interp.Engine
	// ownsProcess lets programs change what belongs to the whole process.
	ownsProcess bool
	// limits bounds evaluations; other options in it are not looked at.
	limits interp.Options
	// substitutes finds objects elsewhere; nil when nobody is asked.
	substitutes builder.Substituter
	// transform changes packages; see prepareTransformation.
	transform datum.Value
	// shown is what shows progress; nil until there is something to show.
	shown   *progress.Reporter
	showing sync.Mutex // guards shown
	// asksItself is that the servers which the options name are for this process to ask,
	// not for a daemon.
	asksItself bool
	// others are the machines that builds may go to.
	others *fleet
	// built is how many derivations were built.
	built int
	// loaded are the files that the command line names, as far as they have been loaded.
	loaded []string
	// warnedOfMemory is set when it was said what --max-build-memory is worth here.
	warnedOfMemory bool
}

// open makes the session that f asks for. args are those of the program.
func open(ctx context.Context, e *environment, f *flags, args []string) (*session, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	s := &session{env: e, flags: f}
	if err := s.start(args); err != nil {
		return nil, err
	}
	if _, err := s.openStore(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// openLocal opens the store that the options name, once, for this process to work
// on it itself.
func (s *session) openLocal(ctx context.Context) (*store.Store, error) {
	if s.local != nil {
		return s.local, nil
	}
	c, err := s.storeConfig()
	if err != nil {
		return nil, err
	}
	if s.substitutes, err = s.substituter(c.Root); err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, c)
	s.local = st
	return st, err
}

// storeConfig is what the options say of the store.
func (s *session) storeConfig() (store.Config, error) {
	c := store.Config{StoreDir: s.flags.storeDir, Relaxed: s.flags.relaxed, Unshared: s.flags.unshared, OnWait: s.onWait, OnCollect: s.onCollect, OnFirstUse: s.onFirstUse}
	var err error
	if c.Root, err = s.storeRoot(); err == nil {
		c.MinFree, c.MaxFree, err = s.room(c.Root)
	}
	return c, err
}

func (s *session) start(args []string) error {
	modules := make([]fs.FS, 0, len(s.flags.loadPath)+1)
	for _, dir := range s.flags.loadPath {
		modules = append(modules, os.DirFS(dir))
	}
	host := s.flags.system
	if host == "" {
		host = hostSystem()
	}
	s.lang = lang.NewSession(lang.Config{
		Store: lazyStore{s}, Host: host, BuilderVersion: builderVersion,
		Runtime: runtimes.Embedded{}, Modules: append(modules, stdlib.FS), Build: s.build,
	})
	engine, err := interp.New(interp.Options{
		Stdlib: stdlib.FS, LoadPath: s.flags.loadPath,
		Stdin: s.env.stdin, Stdout: s.env.stdout, Stderr: s.env.stderr,
		Args: args, Environ: os.Environ(), OwnsProcess: s.ownsProcess,
		Cache:    moduleCache(s.env.getenv, os.LookupEnv),
		MaxSteps: s.limits.MaxSteps, MaxMemory: s.limits.MaxMemory, MaxDepthBytes: s.limits.MaxDepthBytes,
		Warn: s.warn,
	})
	if err != nil {
		return err
	}
	s.engine = engine
	engine.Register(tls.Module, tls.Natives()...)
	lang.Register(engine, s.lang)
	codec.Register(engine, rand.Reader)
	osmodel.Register(engine)
	return nil
}

// hostSystem is the system type of this machine, as Guix names it.
func hostSystem() string {
	arch := runtime.GOARCH
	switch arch {
	case "amd64":
		arch = "x86_64"
	case "arm64":
		arch = "aarch64"
	}
	return arch + "-" + runtime.GOOS
}

// Close ends the session.
func (s *session) Close() error {
	s.endProgress()
	if s.engine != nil {
		s.engine.Close()
	}
	if s.others != nil {
		s.others.close()
	}
	var err error
	if s.store != nil {
		err = s.store.Close()
	}
	if _, own := s.store.(*access.Direct); s.local != nil && !own {
		err = errors.Join(err, s.local.Close())
	}
	return err
}

// warn shows a warning. The module system words its warnings as Guile.
func (e *environment) warn(text string) {
	fmt.Fprintf(e.stderr, "fruix: warning: %s\n", strings.TrimPrefix(text, "WARNING: "))
}

// warn shows a warning beside the progress.
func (s *session) warn(text string) {
	s.progress().Warn(strings.TrimPrefix(text, "WARNING: "))
}

// onWait tells which process this one waits for, and why.
func (s *session) onWait(w store.Wait) {
	s.note("%s", waitText(w))
}

// onCollect tells that garbage was deleted to make room.
func (s *session) onCollect(c store.Collected) {
	s.note("made room: deleted %s, %s", count(len(c.Paths), "object"), sizeText(c.Freed))
}

// onFirstUse tells that a store which came with an image has been taken into use.
func (s *session) onFirstUse(objects int) {
	s.note("%s", firstUseText(objects))
}

func firstUseText(objects int) string {
	return "made the database of the store, which came with an image: " + count(objects, "object")
}

// waitText says what a wait is for.
func waitText(w store.Wait) string {
	switch {
	case w.Rebuild && w.Holder == "":
		return "waiting until the store's database has been made anew"
	case w.Rebuild:
		return fmt.Sprintf("waiting until %s has made the store's database anew", w.Holder)
	case w.Users && w.Holder == "":
		return "waiting until nobody uses the store's database; what uses it must end, a \"fruix daemon\" or its clients, too"
	case w.Users:
		return fmt.Sprintf("waiting until the store's database is no longer used by %s; what does not end by itself must be ended; a \"fruix daemon\" uses it as long as a client does", w.Holder)
	case w.Profile != "" && w.Holder == "":
		return fmt.Sprintf("waiting until somebody else has changed the profile %s", w.Profile)
	case w.Profile != "":
		return fmt.Sprintf("waiting until %s has changed the profile %s", w.Holder, w.Profile)
	case w.Database && w.Holder == "":
		return "waiting until somebody else has written to the store's database"
	case w.Database:
		return fmt.Sprintf("waiting until %s has written to the store's database", w.Holder)
	case w.Journal && w.Holder == "":
		return "waiting until somebody else is done with the store's journal"
	case w.Journal:
		return fmt.Sprintf("waiting until %s is done with the store's journal", w.Holder)
	case w.Collector && w.Holder == "":
		return "waiting until garbage has been collected"
	case w.Collector:
		return fmt.Sprintf("waiting until %s has collected garbage", w.Holder)
	case w.Holder == "":
		return fmt.Sprintf("waiting for %s, which somebody else is adding", w.Path)
	}
	return fmt.Sprintf("waiting for %s, which %s is adding", w.Path, w.Holder)
}

// build makes all outputs of derivations valid.
func (s *session) build(ctx context.Context, drvs []*lang.Derivation) error {
	targets := make([]builder.Target, len(drvs))
	for i, d := range drvs {
		targets[i] = builder.Target{Drv: d.Path}
	}
	return s.buildTargets(ctx, targets)
}

func (s *session) buildTargets(ctx context.Context, targets []builder.Target) error {
	err := s.withProgress(func(p builder.Progress) error {
		r, err := s.store.Build(ctx, p, targets...)
		if r != nil {
			s.built += len(r.Built)
		}
		return err
	})
	if err != nil {
		return &report.PlacedError{Err: err, HashPlace: s.hashPlace}
	}
	return nil
}

// withProgress lets f tell how builds go on.
func (s *session) withProgress(f func(builder.Progress) error) error {
	if s.ownsProcess {
		defer s.endProgress() // the dialogue goes on
	}
	return f(s.progress())
}

// progress returns what shows progress on standard error.
func (s *session) progress() *progress.Reporter {
	s.showing.Lock()
	defer s.showing.Unlock()
	if s.shown == nil {
		s.shown = progress.New(s.env.stderr, progress.Options{
			TTY: s.env.live(s.env.stderr), JSON: s.flags.json, Quiet: s.flags.quiet,
			Verbosity: s.flags.verbosity, Color: s.env.color(s.env.stderr),
		})
	}
	return s.shown
}

// endProgress takes away what shows progress, and sums up.
func (s *session) endProgress() {
	s.showing.Lock()
	defer s.showing.Unlock()
	if s.shown != nil {
		s.shown.Close()
		s.shown = nil
	}
}

// note shows a line beside the progress.
func (s *session) note(format string, args ...any) {
	s.progress().Note(fmt.Sprintf(format, args...))
}

// builderOptions are what the options ask of builders. p may be nil.
func (s *session) builderOptions(p builder.Progress) builder.Options {
	o := s.localOptions()
	o.MaxJobs, o.Cores, o.KeepGoing = s.flags.jobs, s.flags.cores, s.flags.keepGoing
	o.MaxSilent, o.Timeout, o.Rounds, o.Progress = s.flags.silent, s.flags.timeout, s.flags.rounds, p
	if o.MaxJobs == 0 {
		o.MaxJobs = -1 // all goes to other machines
	}
	if memory, log, err := s.flags.bounds(); err == nil { // check has seen to that
		o.Memory, o.MaxLog, o.Processes = uint64(memory), log, s.flags.maxProcesses
	}
	if o.Memory != 0 {
		s.warnOfMemory(o.Jail)
	}
	if s.flags.keepFailed {
		o.KeepFailed = os.TempDir()
	}
	o.Substitutes = s.substitutes
	s.addDownloads(o.Builtins, false)
	return o
}

// addDownloads adds the builders that fetch. For strangers they read no more of this
// machine than everybody may, and use no keys of whoever runs this.
func (s *session) addDownloads(to builtin.Table, strangers bool) {
	files, repositories := standardFetchers(s.env.getenv, strangers)
	if !strangers {
		repositories.SSH = s.env.dialGit
	}
	to["download"] = download.Builtin(files, !strangers)
	to["git-download"] = download.Git(files, repositories, !strangers)
}

// apartBuiltins are the builders of processes that fetch as a build user, who may read
// no more than everybody.
func apartBuiltins(getenv func(string) string) builtin.Table {
	files, repositories := standardFetchers(getenv, true)
	repositories.TempDir = "."
	return download.Table(files, repositories)
}

// standardFetchers fetch files and repositories. For strangers they read no more of this
// machine than everybody may.
func standardFetchers(getenv func(string) string, strangers bool) (*fetch.Client, *git.Fetcher) {
	files := fetch.Standard(getenv)
	repositories := &git.Fetcher{HTTP: &fetch.HTTP{Proxy: fetch.Proxies(getenv)}}
	if strangers {
		files.Fetchers["file"] = fetch.File{Open: fetch.OpenPublic}
		repositories.Open = fetch.OpenPublic
	}
	return files, repositories
}

// proxyVariables say how the network is reached.
func proxyVariables() []string {
	return []string{"http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
}

// strangersEnv is an environment for builds of users who may not read all of it.
func strangersEnv(getenv func(string) string) func(string) string {
	return func(name string) string {
		if !slices.Contains(proxyVariables(), name) {
			return ""
		}
		return getenv(name)
	}
}

// fetchEnviron are the variables that such a process has.
func fetchEnviron(getenv func(string) string) (out []string) {
	for _, name := range append(proxyVariables(), "FRUIX_SOURCES", "FRUIX_ARCHIVES", "SSL_CERT_FILE", "SSL_CERT_DIR", "PATH") {
		if v := getenv(name); v != "" {
			out = append(out, name+"="+v)
		}
	}
	return out
}

// localOptions are those of builds on this machine, whoever wants them.
func (s *session) localOptions() builder.Options {
	return builder.Options{
		Jail: native.New(native.Options{EUID: s.env.uid, WorkDir: os.TempDir()}),
		EUID: s.env.uid, Limits: native.Limits(), Getenv: s.env.getenv, Builtins: jailBuiltins(),
		Environ: fetchEnviron(s.env.getenv),
	}
}

// warnOfMemory says when a limit of memory is less than what was asked for.
func (s *session) warnOfMemory(j jail.Jail) {
	err := error(jail.ErrUnsupported)
	if b, ok := j.(jail.MemoryBounder); ok {
		err = b.BoundsMemory()
	}
	if err != nil && !s.flags.quiet && !s.warnedOfMemory {
		s.warnedOfMemory = true
		s.warn(fmt.Sprintf("--max-build-memory bounds each process of a build, not all of them together: %v", err))
	}
}

// jailBuiltins are the builders that run inside a jail.
func jailBuiltins() builtin.Table {
	return builtin.Table{
		"scheme": scheme.Builtin(runBuilderScript),
		"disk":   disk.Builtin(),
		"initrd": initrd.Builtin(),
	}
}

// runBuilderScript runs the program of a builtin:scheme derivation; the
// process is the build's own.
func runBuilderScript(ctx context.Context, p *scheme.Program) error {
	engine, err := interp.New(interp.Options{
		Stdlib: stdlib.FS, LoadPath: p.LoadPath,
		Stdout: os.Stdout, Stderr: os.Stderr, OwnsProcess: true,
		Args: append([]string{p.File}, p.Args...), Environ: os.Environ(),
	})
	if err != nil {
		return err
	}
	engine.Register(archive.Module, archive.Natives()...)
	_, err = engine.Load(ctx, p.File)
	if err == nil {
		return nil
	}
	// An error goes to the log with its place and what was going on; an end that
	// the program asked for needs no words.
	report.Error(os.Stderr, err, report.Options{})
	return &builtin.ExitError{Status: report.ExitCode(err)}
}

// call applies a procedure of a Scheme module.
func (s *session) call(ctx context.Context, module, name string, args ...datum.Value) (datum.Value, error) {
	proc, err := s.engine.Lookup(module, name)
	if err != nil {
		return datum.Value{}, err
	}
	return s.engine.Apply(ctx, proc, args...)
}

// openLazily makes a session for a program that has the process to itself, with
// limits; its store is opened when something is first asked of it.
func openLazily(e *environment, f *flags, limits interp.Options, args []string) (*session, error) {
	s := &session{env: e, flags: f, ownsProcess: true, limits: limits}
	if err := s.start(args); err != nil {
		return nil, err
	}
	return s, nil
}
