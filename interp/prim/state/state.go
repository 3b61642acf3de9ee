// Package state is what the natives of one engine share: its ports, its
// environment and working directory, its counters. Two engines never share
// one State.
package state

import (
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"weak"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/port"
	"fruix/interp/print"
	"fruix/interp/read"
	"fruix/interp/syntax"
)

// Key is the extension under which an engine keeps its *State.
const Key = "prim"

// Options configure a State.
type Options struct {
	Stdin          io.Reader // nil reads nothing
	Stdout, Stderr io.Writer // nil discards
	Args           []string  // what command-line and program-arguments give
	// Environ is the initial environment as "NAME=value" entries.
	Environ []string
	// Dir is the initial working directory; "" is that of the process.
	Dir string
	// NoFiles forbids all access to files, NoProcesses all access to other
	// processes and to the process's own state, NoNetwork all sockets.
	NoFiles, NoProcesses, NoNetwork bool
	// OwnsProcess makes chdir, setenv and umask change the process itself,
	// for a program whose only purpose is to run one engine.
	OwnsProcess bool
	// Seed is the seed of *random-state*; "" takes a fixed one.
	Seed string
	// Now is the clock; nil is that of the system.
	Now func() time.Time
	// Print configures the printer.
	Print *print.Config
	// LoadPath tells the folders of the load path; it is not nil where there
	// are files.
	LoadPath func() []string
	// Exit is called by primitive-exit after flushing; nil makes it an error
	// that carries the status.
	Exit func(status int)
}

// State is the shared state of an engine's natives.
type State struct {
	Options
	// Random is the variable *random-state*.
	Random *datum.Variable
	// Started is when the engine was made, the zero of internal time.
	Started time.Time
	// Properties are Guile's object properties by identity.
	Properties *datum.HashTable
	// In, Out, Err and Warning are the fluids of the current ports, and Load
	// that of the port being loaded.
	In, Out, Err, Warning, Load *datum.Fluid
	// ReadWaiter and WriteWaiter hold what is called with a port that is not
	// ready.
	ReadWaiter, WriteWaiter *datum.Fluid
	// DefaultEncoding and DefaultStrategy are those of new file ports.
	DefaultEncoding, DefaultStrategy *datum.Fluid
	// PortNames says how names of new file ports are made canonical.
	PortNames *datum.Fluid

	// Reading are the read options.
	Reading read.Settings
	// Places are those of the data that read returns; NoPositions is the read
	// option that keeps read from noting more.
	Places      *syntax.Places
	NoPositions bool

	symbols atomic.Int64

	stdout, stderr *port.Port
	ports          []weak.Pointer[port.Port] // see Track
	sweepAt        int
	dir            string
	umask          int
	ownUmask       bool
	env            map[string]string
	// HashReaders is %read-hash-procedures, the extensions made by
	// read-hash-extend: an association list from characters to procedures of a
	// character and a port.
	HashReaders *datum.Fluid
	// Writer gives the generic function that writes or displays objects, if
	// the object system is there.
	Writer func(display bool) (datum.Value, bool)
}

// RandomValue is a random generator as a value.
func RandomValue(s *num.RandomState) datum.Value { return datum.NewOpaque("random-state", s) }

// New makes the state of an engine.
func New(o Options) *State {
	s := &State{
		Options:    o,
		Properties: datum.NewHashTable(),
		dir:        o.Dir,
		env:        map[string]string{},
		Places:     new(syntax.Places),
		Started:    time.Now(),
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	seed := o.Seed
	if seed == "" {
		seed = num.DefaultSeed
	}
	s.Random = &datum.Variable{Name: datum.Intern("*random-state*"), Home: "(guile)", Value: RandomValue(num.NewRandomState(seed))}
	for _, kv := range o.Environ {
		if k, v, ok := strings.Cut(kv, "="); ok {
			s.env[k] = v
		}
	}
	if s.Print == nil {
		s.Print = &print.Config{}
	}
	in, out, errOut := o.Stdin, o.Stdout, o.Stderr
	if in == nil {
		in = strings.NewReader("")
	}
	if out == nil {
		out = io.Discard
	}
	if errOut == nil {
		errOut = io.Discard
	}
	stdin, stdout, stderr := port.NewReader(in, "stdin", nil), port.NewWriter(out, "stdout", nil), port.NewWriter(errOut, "stderr", nil)
	if !o.NoFiles {
		stdin, stdout, stderr = standard(stdin, in), standard(stdout, out), standard(stderr, errOut)
	}
	stdout.Buffering, stderr.Buffering = port.Line, port.None
	s.stdout, s.stderr = stdout, stderr
	fluid := func(name string, v datum.Value) *datum.Fluid { return &datum.Fluid{Name: name, Default: v} }
	s.In = fluid("current-input-port", stdin.Value())
	s.Out = fluid("current-output-port", stdout.Value())
	s.Err = fluid("current-error-port", stderr.Value())
	s.Warning = fluid("current-warning-port", stderr.Value())
	s.Load = fluid("current-load-port", datum.False)
	s.ReadWaiter = fluid("current-read-waiter", readWaiter.Value())
	s.WriteWaiter = fluid("current-write-waiter", writeWaiter.Value())
	s.DefaultEncoding = fluid("%default-port-encoding", datum.NewString("UTF-8"))
	s.DefaultStrategy = fluid("%default-port-conversion-strategy", datum.Sym("substitute"))
	s.PortNames = fluid("%file-port-name-canonicalization", datum.False)
	s.HashReaders = fluid("%read-hash-procedures", datum.Null)
	for _, p := range []*port.Port{stdin, stdout, stderr} {
		s.Track(p)
	}
	return s
}

// standard makes p, the port of a standard stream, a port over the stream's
// descriptor when there is one.
func standard(p *port.Port, stream any) *port.Port {
	f, ok := stream.(*os.File)
	if !ok || f == nil {
		return p
	}
	return port.NewFile(port.FileFD(f), p.Name, p.Input(), p.Output())
}

// Flush hands on what the standard output ports have collected.
func (s *State) Flush() error {
	if err := s.stdout.Flush(); err != nil {
		return err
	}
	return s.stderr.Flush()
}

// Parameters are the port parameters of Guile, such as current-output-port.
func (s *State) Parameters() map[string]datum.Value {
	out := map[string]datum.Value{}
	for _, f := range []*datum.Fluid{s.In, s.Out, s.Err, s.Warning} {
		out[f.Name] = datum.NewParameter(f, datum.False)
	}
	for _, f := range []*datum.Fluid{s.ReadWaiter, s.WriteWaiter} {
		out["%"+f.Name] = datum.NewParameter(f, datum.False)
	}
	for _, f := range []*datum.Fluid{s.DefaultEncoding, s.DefaultStrategy, s.PortNames, s.HashReaders} {
		out[f.Name] = f.Value()
	}
	return out
}

// Of returns the state of the engine that runs a native.
func Of(c datum.Caller) *State {
	s, _ := c.Extension(Key).(*State)
	return s
}

// NextSymbol counts the symbols made by gensym.
func (s *State) NextSymbol() int64 { return s.symbols.Add(1) }

// Getenv returns a variable of the engine's environment.
func (s *State) Getenv(name string) (string, bool) {
	v, ok := s.env[name]
	return v, ok
}

// Setenv changes a variable.
func (s *State) Setenv(name, value string) {
	s.env[name] = value
	if s.OwnsProcess {
		os.Setenv(name, value)
	}
}

// Unsetenv removes a variable.
func (s *State) Unsetenv(name string) {
	delete(s.env, name)
	if s.OwnsProcess {
		os.Unsetenv(name)
	}
}

// Environ lists the environment as "NAME=value", sorted by name.
func (s *State) Environ() []string {
	out := make([]string, 0, len(s.env))
	for k, v := range s.env {
		out = append(out, k+"="+v)
	}
	sort.Strings(out)
	return out
}

// ClearEnv removes all variables.
func (s *State) ClearEnv() {
	for k := range s.env {
		s.Unsetenv(k)
	}
}

// Umask is the engine's mask of permissions, and whether the program has set
// one that the process does not have.
func (s *State) Umask() (mask int, own bool) { return s.umask, s.ownUmask }

// SetUmask changes the mask and returns the one before.
func (s *State) SetUmask(mask int) (old int) {
	if s.OwnsProcess {
		return syscall.Umask(mask)
	}
	old = s.umask
	if !s.ownUmask {
		old = syscall.Umask(0o22)
		syscall.Umask(old)
	}
	s.umask, s.ownUmask = mask, true
	return old
}

// Getwd returns the engine's working directory.
func (s *State) Getwd() (string, error) {
	if s.dir == "" {
		return os.Getwd()
	}
	return s.dir, nil
}

// Chdir changes the engine's working directory.
func (s *State) Chdir(dir string) error {
	p := s.Path(dir)
	st, err := os.Stat(p)
	if err != nil {
		return err
	}
	if !st.IsDir() {
		return &os.PathError{Op: "chdir", Path: dir, Err: syscall.ENOTDIR}
	}
	if s.OwnsProcess {
		if err := os.Chdir(p); err != nil {
			return err
		}
		s.dir = ""
		return nil
	}
	abs, err := filepath.Abs(p)
	if err != nil {
		return err
	}
	s.dir = abs
	return nil
}

// Path resolves a file name against the engine's working directory.
func (s *State) Path(name string) string {
	if s.dir == "" || filepath.IsAbs(name) || name == "" {
		return name
	}
	return s.dir + "/" + name
}

// CheckFiles is the error for natives that touch files in an engine that
// must not, and nil elsewhere.
func (s *State) CheckFiles(who string) error {
	if s.NoFiles {
		return forbidden(who, "access to files is switched off")
	}
	return nil
}

// CheckProcesses is the same for processes.
func (s *State) CheckProcesses(who string) error {
	if s.NoProcesses {
		return forbidden(who, "access to processes is switched off")
	}
	return nil
}

// CheckNetwork is the same for sockets.
func (s *State) CheckNetwork(who string) error {
	if s.NoNetwork {
		return forbidden(who, "access to the network is switched off")
	}
	return nil
}

// CheckOwner is the error for natives that change the process as a whole in an
// engine that shares it.
func (s *State) CheckOwner(who string) error {
	if s.NoProcesses {
		return forbidden(who, "access to processes is switched off")
	}
	if !s.OwnsProcess {
		return forbidden(who, "this would change the whole process, which the program shares; run it with fruix repl, or make the engine with Options.OwnsProcess")
	}
	return nil
}

func forbidden(who, what string) error {
	return &datum.Error{Key: "system-error", Who: who, Message: "~A",
		Irritants: []datum.Value{datum.NewString(what)}, Rest: datum.List(datum.Fix(1)), Payload: datum.Unset}
}
