// Package interp is the Scheme engine of Fruix: Guile's dialect and R7RS,
// compiled to register code that a machine in Go runs.
//
// # Use
//
// [New] makes an [Engine]; [Options] say what it may reach and how much it may
// take. [Engine.Eval] evaluates a text, [Engine.Load] a file; [Engine.Lookup]
// finds a procedure of a module and [Engine.Apply] calls it. [Engine.Register]
// gives programs procedures written in Go. [ToScheme] and [FromScheme] convert
// data. Failures are of type [*Error], which knows the place, the procedures that
// were waiting and their variables.
//
//	e, err := interp.New(interp.Options{Stdlib: stdlib.FS, Stdout: os.Stdout})
//	…
//	v, err := e.Eval(ctx, "(map (lambda (x) (* x x)) '(1 2 3))", "squares.scm")
//	fmt.Println(e.Write(v)) // (1 4 9)
//
// # Engines and goroutines
//
// An Engine owns everything a program can change: modules, ports, the
// environment, the dynamic state. Two engines in one process share nothing
// but the tables of symbols and keywords, and may run at the same time; one
// engine serves one goroutine at a time. Natives may call the engine that runs
// them. Threads of programs run while their engine evaluates, and while its owner
// waits in [Engine.Idle].
//
// # Programs that are not trusted
//
// With Options.Sandbox a program can compute and use the streams it was given,
// and nothing else; MaxSteps, MaxMemory and the context bound what it takes.
//
// # Inside
//
// The way of a program through the packages below:
//
//	text ─ read ─► syntax ─ expand ─► core ─ compile ─► code ─ vm ─► values
package interp

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"fruix/interp/code"
	"fruix/interp/compile"
	"fruix/interp/condition"
	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/expand"
	"fruix/interp/module"
	"fruix/interp/port"
	"fruix/interp/prim/objects"
	"fruix/interp/prim/ports"
	"fruix/interp/prim/state"
	"fruix/interp/print"
	"fruix/interp/read"
	"fruix/interp/source"
	"fruix/interp/syntax"
	"fruix/interp/vm"
)

// Options configure an Engine. The zero value gives an engine without
// library, without input, whose output is discarded.
type Options struct {
	// Stdlib holds the library, module (a b) in the file a/b.scm. LoadPath
	// lists directories that are searched before it.
	Stdlib   fs.FS
	LoadPath []string

	Stdin          io.Reader // nil: empty
	Stdout, Stderr io.Writer // nil: discarded
	Args           []string  // (command-line)
	// Environ is the environment that programs see, as "NAME=value"; nil is
	// empty.
	Environ []string
	// Dir is the working directory of programs, "" for that of the process.
	Dir string
	// NoFiles forbids access to files other than Stdlib and LoadPath,
	// NoProcesses to other processes, NoNetwork to sockets.
	NoFiles, NoProcesses, NoNetwork bool
	// OwnsProcess says that the process serves this engine alone, so that
	// programs may change what belongs to all of it: working directory,
	// environment, umask, user, limits.
	OwnsProcess bool
	// Sandbox is for programs that are not trusted. It implies NoFiles,
	// NoProcesses and NoNetwork, ignores Environ and Cache, and makes every native
	// that could reach past the engine refuse to work (see Effects), but for the
	// standard ports. Natives that are given to Register are not looked at. Set
	// the limits below as well; the context's deadline bounds the time.
	Sandbox bool
	// Exit is called by (exit); nil makes Eval return an *Error whose Key is
	// "quit".
	Exit func(status int)

	// MaxSteps bounds the calls and loop iterations of one Eval, MaxMemory the
	// bytes of the process's heap while it runs, MaxDepthBytes the bytes of
	// the stack. 0 is no limit (for the stack: 1 GiB). With MaxMemory integers
	// are bounded, too, to about a million bits.
	MaxSteps, MaxMemory, MaxDepthBytes int64
	// Cache says where compiled files of modules are kept.
	Cache Cache
	// Warn is called with each warning of the module system.
	Warn func(text string)
}

// Engine runs programs.
type Engine struct {
	opts     Options
	machine  *vm.Machine
	modules  *module.Registry
	expander *expand.Expander
	types    *condition.Types
	printer  *print.Config
	ext      map[string]any
	probe    *Probe
	docs     map[string]*Documentation // of natives, when somebody has asked
	objects  *objects.System
	natives  map[string][]string // names of natives by module
	// setterType is that of procedures with setters.
	setterType *datum.RecordType
	cache      *cache          // nil for none
	ctx        context.Context // of the evaluation under way
	depth      int             // of nested evaluations
	forcing    int             // of definitions that were put off
}

// New makes an engine. The only failures are those of the library's boot file.
func New(opts Options) (*Engine, error) {
	if opts.Sandbox {
		opts.NoFiles, opts.NoProcesses, opts.NoNetwork, opts.OwnsProcess = true, true, true, false
		opts.Environ, opts.Cache = nil, Cache{}
	}
	e := &Engine{opts: opts, ext: map[string]any{}, natives: map[string][]string{}, ctx: context.Background()}
	e.printer = &print.Config{Describe: describe, Check: e.checkPrinting}
	e.types = condition.NewTypes()
	e.objects = objects.New()
	e.setterType = &datum.RecordType{
		Name: "procedure-with-setter", Fields: []*datum.Symbol{datum.Intern("procedure"), datum.Intern("setter")},
		Mutable: []bool{false, false}, Applicable: true, Printer: datum.False, Properties: datum.Null,
	}
	e.modules = module.NewRegistry()
	e.modules.Stdlib, e.modules.LoadPath = opts.Stdlib, opts.LoadPath
	e.modules.Warn = opts.Warn
	e.modules.Fixed = opts.NoFiles
	e.modules.Run = e.runFile
	e.modules.Merge = e.mergeGenerics
	e.modules.Force = e.force
	e.machine = vm.New(vm.Options{MaxStack: opts.MaxDepthBytes, MaxSteps: opts.MaxSteps, MaxMemory: opts.MaxMemory}, vm.Hooks{
		Raise:     e.types.FromError,
		Matches:   e.types.Matches,
		Extension: func(key string) any { return e.ext[key] },
		Settle:    e.modules.Settle,
		Generic:   e.objects.Generic,
		Suspend:   e.suspend,
		Fork:      e.fork,
		Busy:      func() bool { return e.forcing > 0 },
	})
	e.expander = expand.New(e.modules, runtime{e})
	e.cache = e.newCache()
	e.registerBase()
	if err := e.boot(); err != nil {
		return nil, err
	}
	return e, nil
}

// SetExtension stores what natives get from datum.Caller.Extension(key).
func (e *Engine) SetExtension(key string, v any) { e.ext[key] = v }

// Modules gives access to the module system.
func (e *Engine) Modules() *module.Registry { return e.modules }

// Register makes natives known: it creates or extends the module of the given
// name, "(fruix native store)", and exports them.
func (e *Engine) Register(name string, prims ...*datum.Primitive) {
	m := e.module(name)
	for _, p := range prims {
		e.define(m, p.Name, p.Value())
		if m != e.modules.Guile {
			e.natives[m.Key] = append(e.natives[m.Key], p.Name)
		}
	}
	if e.cache != nil {
		e.cache.forget()
	}
}

func (e *Engine) module(name string) *module.Module {
	v, ok := module.ParseName(name)
	if !ok {
		panic("interp: bad module name " + name)
	}
	return e.modules.Make(v)
}

// define makes a constant of m and exports it.
func (e *Engine) define(m *module.Module, name string, v datum.Value) {
	sym := datum.Intern(name)
	b := m.Set(sym, v)
	b.Constant = true
	if m != e.modules.Guile {
		m.Export(sym, sym)
	}
}

// Eval evaluates all forms of a text in the current module, which is
// (guile-user) at first, and returns the value of the last. fileName serves
// for positions alone.
func (e *Engine) Eval(ctx context.Context, text, fileName string) (datum.Value, error) {
	return e.protect(ctx, func() (datum.Value, error) {
		return e.evalFile(&source.File{Name: fileName, Text: []byte(text)}, false)
	})
}

// EvalIn is Eval in the module of the given name, which is loaded or made when
// there is none. The current module stays what it was.
func (e *Engine) EvalIn(ctx context.Context, moduleName string, text, fileName string) (datum.Value, error) {
	return e.protect(ctx, func() (datum.Value, error) {
		name, ok := module.ParseName(moduleName)
		if !ok {
			return datum.Value{}, &Error{Key: "misc-error", Message: "not a module name: " + moduleName}
		}
		m, err := e.modules.Load(name)
		if err != nil {
			if e.modules.Exists(name) {
				return datum.Value{}, err
			}
			m = e.modules.Make(name)
			m.Use(e.modules.Guile.Public())
		}
		saved := e.modules.Current
		e.modules.Current = m
		defer func() { e.modules.Current = saved }()
		return e.evalFile(&source.File{Name: fileName, Text: []byte(text)}, false)
	})
}

// Load evaluates the file at path in the current module and returns the value
// of its last form.
func (e *Engine) Load(ctx context.Context, path string) (datum.Value, error) {
	return e.protect(ctx, func() (datum.Value, error) {
		if e.opts.Dir != "" && !filepath.IsAbs(path) {
			path = filepath.Join(e.opts.Dir, path)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return datum.Value{}, &Error{Key: "system-error", Message: "cannot load: " + err.Error(), Cause: err}
		}
		return e.evalFile(&source.File{Name: path, Text: port.SourceText(text)}, false)
	})
}

// Apply calls a procedure.
func (e *Engine) Apply(ctx context.Context, proc datum.Value, args ...datum.Value) (datum.Value, error) {
	return e.protect(ctx, func() (datum.Value, error) { return e.machine.Run(e.ctx, proc, args...) })
}

// Lookup returns the value of an exported variable of a module, loading the
// module when needed, as (@ module name) does.
func (e *Engine) Lookup(moduleName, name string) (datum.Value, error) {
	return e.protect(e.ctx, func() (datum.Value, error) {
		mod, ok := module.ParseName(moduleName)
		if !ok {
			return datum.Value{}, &Error{Key: "misc-error", Message: "not a module name: " + moduleName}
		}
		m, err := e.modules.Load(mod)
		if err != nil {
			return datum.Value{}, err
		}
		return e.moduleRef(m.Public(), datum.Intern(name))
	})
}

// checkPrinting lets the printing of large data heed what bounds evaluations.
func (e *Engine) checkPrinting(length int) error {
	if err := e.ctx.Err(); err != nil {
		return &vm.Stopped{Cause: err}
	}
	return e.machine.Reserve(int64(length))
}

// Write gives the text of v as write does. It does not call the printers of
// records that programs define, and cuts off what is longer than a megabyte.
func (e *Engine) Write(v datum.Value) string { return e.printer.String(v, print.Write) }

// Display gives the text of v as display does.
func (e *Engine) Display(v datum.Value) string { return e.printer.String(v, print.Display) }

// protect runs f with ctx as the context of the evaluation, turns its error
// into *Error, and keeps panics from leaving the engine.
func (e *Engine) protect(ctx context.Context, f func() (datum.Value, error)) (v datum.Value, err error) {
	saved := e.ctx
	e.ctx = ctx
	mod := e.modules.Current
	if e.depth == 0 {
		e.machine.ResetBudget()
	}
	e.depth++
	defer func() {
		e.depth--
		e.ctx = saved
		if r := recover(); r != nil {
			e.modules.Current = mod
			v, err = datum.Value{}, e.internalError(r)
		}
		// What the program printed is out when its caller goes on.
		if ferr := e.flush(); ferr != nil && err == nil {
			err = &Error{Key: "system-error", Message: "cannot write output: " + ferr.Error(), Cause: ferr}
		}
	}()
	v, err = f()
	// What the program wrote is out when Eval returns.
	if st, ok := e.ext[state.Key].(*state.State); ok {
		if ferr := st.Flush(); err == nil {
			err = ferr
		}
	}
	if err != nil {
		return datum.Value{}, e.report(err)
	}
	return v, nil
}

// forms reads a file form by form.
type forms struct {
	e *Engine
	f *source.File
	r *read.Reader
	// deferring lets definitions of procedures and macros wait until they are
	// needed.
	deferring bool
	at        source.Pos // of the form under way
	rec       *recording // nil when nobody takes the steps down
}

func (e *Engine) formsOf(f *source.File, deferring bool) *forms {
	options := read.Options{Wrap: syntax.Wrap}
	if !deferring {
		options = e.ReadOptions()
	}
	return &forms{e: e, f: f, r: read.New(f, options), deferring: deferring}
}

// next gives the next form as a procedure, Unset at the end.
func (s *forms) next() (datum.Value, error) {
	e := s.e
	defer s.rec.listen(e)()
	for {
		if s.deferring {
			off, at := s.r.Peek()
			if end, ok := e.modules.Defer(s.f, off, at); ok {
				s.r.Skip(end.Offset, end.Line, end.Col)
				continue
			}
		}
		form, err := s.r.Read()
		if err != nil {
			return datum.Unset, err
		}
		if form == datum.EOF {
			return datum.Unset, nil
		}
		s.at = source.Pos{}
		n, err := e.expander.Last(form, func(n core.Node) error {
			_, err := s.runAhead(n)
			return err
		})
		if err != nil {
			return datum.Unset, err
		}
		s.at = n.Pos()
		c, err := compile.Compile(n)
		if err != nil {
			return datum.Unset, err
		}
		s.rec.form(e, c)
		return c.Value(), nil
	}
}

// runAhead runs a part of a form before the rest is expanded.
func (s *forms) runAhead(n core.Node) (datum.Value, error) {
	c, err := compile.Compile(n)
	if err != nil {
		return datum.Unset, err
	}
	s.rec.form(s.e, c)
	journal := s.e.modules.Journal
	s.e.modules.Journal = nil
	defer func() { s.e.modules.Journal = journal }()
	return s.e.runForm(c)
}

// sequence is a procedure that evaluates the forms one after the other.
func (s *forms) sequence() datum.Value {
	return vm.Sequence(func() (datum.Value, error) {
		v, err := s.next()
		return v, asDatum(err)
	})
}

// evalFile evaluates the forms of a file one after the other.
func (e *Engine) evalFile(f *source.File, deferring bool) (datum.Value, error) {
	return e.formsOf(f, deferring).run()
}

// run evaluates all forms.
func (s *forms) run() (datum.Value, error) {
	e := s.e
	v, err := e.machine.Run(e.ctx, s.sequence())
	return v, atTop(err, s.at)
}

// ReadOptions are the options to read programs with; the library
// is always read the same way.
func (e *Engine) ReadOptions() read.Options {
	o := ports.TextOptions(e.machine)
	o.Wrap, o.Program = syntax.Wrap, true
	return o
}

// runForm runs the code of one form.
func (e *Engine) runForm(c *code.Closure) (datum.Value, error) {
	v, err := e.machine.Run(e.ctx, c.Value())
	return v, atTop(err, c.Code.Full().Where)
}

// atTop adds the place of a top-level form to an exception that names no place
// in its file: the form ended in a tail call and is gone, and is still what the
// person wrote.
func atTop(err error, at source.Pos) error {
	var u *vm.Uncaught
	if at.Known() && errors.As(err, &u) && !mentions(u.Stack, at.File) {
		u.Stack = append(u.Stack, vm.Frame{Name: "top level", Pos: at})
	}
	return err
}

// mentions reports whether a frame lies in f.
func mentions(stack []vm.Frame, f *source.File) bool {
	for _, x := range stack {
		if x.Pos.File == f {
			return true
		}
	}
	return false
}

// runFile evaluates the file of the module with the given key.
func (e *Engine) runFile(key string, f *source.File, stdlib bool) error {
	saved := e.modules.Current
	// What is current may lack all that a module's file begins with.
	if user := e.modules.FindKey("(guile-user)"); user != nil {
		e.modules.Current = user
	}
	defer func() { e.modules.Current = saved }()
	if e.cache != nil {
		return e.cache.load(key, f, stdlib)
	}
	_, err := e.evalFile(f, stdlib)
	return err
}

// Disassemble shows the code of a procedure.
func (e *Engine) Disassemble(w io.Writer, v datum.Value) error {
	if !v.Is(datum.KClosure) {
		_, err := io.WriteString(w, e.Write(v)+": not compiled\n")
		return err
	}
	return code.ClosureOf(v).Code.Disassemble(w, e.Write)
}
