package interp

import (
	_ "embed"
	"io/fs"
	"strings"

	"fruix/interp/code"
	"fruix/interp/datum"
	"fruix/interp/module"
	"fruix/interp/prim"
	"fruix/interp/prim/memory"
	"fruix/interp/prim/objects"
	"fruix/interp/prim/state"
	"fruix/interp/prim/weaks"
	"fruix/interp/print"
	"fruix/interp/source"
	"fruix/interp/stacks"
	"fruix/interp/syntax"
	"fruix/interp/threads"
)

// controlText is the part of the boot library that belongs to the machine:
// exceptions, parameters and escapes on top of prompts.
//
//go:embed control.scm
var controlText []byte

const controlName = "guile/engine-control.scm"

// registerBase fills (guile) with natives.
func (e *Engine) registerBase() {
	st := state.New(state.Options{
		Stdin: e.opts.Stdin, Stdout: e.opts.Stdout, Stderr: e.opts.Stderr, Args: e.opts.Args,
		Environ: e.opts.Environ, Dir: e.opts.Dir, NoFiles: e.opts.NoFiles, NoProcesses: e.opts.NoProcesses,
		NoNetwork: e.opts.NoNetwork, OwnsProcess: e.opts.OwnsProcess,
		Print: e.printer, Exit: e.opts.Exit, LoadPath: e.modules.Dirs,
	})
	e.SetExtension(state.Key, st)
	st.Writer = e.objects.Writer
	e.expander.Places = st.Places
	m := e.modules.Guile
	for name, v := range e.machine.Procedures() {
		e.define(m, name, v)
	}
	for name, v := range prim.Constants(st) {
		e.define(m, name, v)
	}
	for name, v := range threads.SignalConstants() {
		e.define(m, name, v)
	}
	m.Add(st.Random.Name, st.Random)
	e.Register("(guile)", prim.Guile()...)
	e.Register("(guile)", threads.Base()...)
	e.Register("(guile)", stacks.Table()...)
	e.Register(memory.Module, memory.Table()...)
	e.Register(objects.Module, e.objects.Table()...)
	e.Register(threads.Module, threads.Table()...)
	e.Register(weaks.Module, weaks.Table()...)
	e.Register("(guile)", e.expander.Natives()...)
	e.Register("(guile)", e.exceptionNatives()...)
	e.Register("(guile)", e.procedureNatives()...)
	e.Register("(guile)", e.evalNatives()...)
	e.Register("(guile)", programNatives()...)
	for _, t := range e.types.All() {
		e.define(m, t.Name, t.Value())
	}
	if e.opts.Sandbox {
		e.SetExtension(accountKey, &account{})
		e.confine()
	}
	e.define(m, "the-root-module", m.Value())
	e.define(m, "the-scm-module", m.Public().Value())
}

// boot indexes the boot library: the machine's part and the files guile/*.scm
// of Stdlib.
func (e *Engine) boot() error {
	if err := e.modules.Index(e.modules.Guile, &source.File{Name: controlName, Text: controlText}); err != nil {
		return e.report(err)
	}
	if e.opts.Stdlib == nil {
		return nil
	}
	files, err := fs.Glob(e.opts.Stdlib, "guile/*.scm")
	if err != nil {
		return e.report(err)
	}
	for _, name := range files {
		text, err := fs.ReadFile(e.opts.Stdlib, name)
		if err != nil {
			return e.report(err)
		}
		if err := e.modules.Index(e.modules.Guile, &source.File{Name: name, Text: text}); err != nil {
			return e.report(err)
		}
	}
	return nil
}

func (e *Engine) moduleRef(m *module.Module, sym *datum.Symbol) (datum.Value, error) {
	v, err := m.Lookup(sym)
	if err != nil {
		return datum.Value{}, err
	}
	if v != nil && v.Value == datum.Unset {
		if v, err = e.modules.Settle(v); err != nil {
			return datum.Value{}, err
		}
	}
	if v == nil || v.Value == datum.Unset || syntax.MacroOf(v.Value) != nil {
		out := &Error{Key: "unbound-variable", Message: "module " + m.Key + " has no variable " + sym.Name, Object: datum.Unset}
		var names []string
		for _, s := range m.Names() {
			names = append(names, s.Name)
		}
		if near := module.Nearest(sym.Name, names); len(near) > 0 {
			out.Hint = "did you mean " + strings.Join(near, " or ") + "?"
		}
		return datum.Value{}, out
	}
	return v.Value, nil
}

// signatureHint shows how a procedure wants to be called.
func signatureHint(proc datum.Value) string {
	if !proc.Is(datum.KClosure) {
		if proc.Is(datum.KPrimitive) {
			return proc.Primitive().Name + " takes " + countText(proc.Primitive().Min, proc.Primitive().Max)
		}
		return ""
	}
	c := code.ClosureOf(proc)
	name := code.ProcName(proc)
	if name == "" {
		name = "the procedure"
	}
	hint := name + " takes " + c.Code.Signature()
	if c.Code.Full().Where.Known() {
		hint += ", defined at " + c.Code.Where.String()
	}
	return hint
}

// describe gives the text of objects that the printer does not know.
func describe(v datum.Value) (string, bool) {
	switch v.Kind() {
	case datum.KClosure:
		c := code.ClosureOf(v)
		name := code.ProcName(v)
		if name == "" {
			name = "anonymous"
			if p := c.Code.Full().Where.String(); p != "" {
				name += " at " + p
			}
		}
		return "#<procedure " + name + " " + c.Code.Signature() + ">", true
	case datum.KModule:
		return "#<module " + module.Of(v).Key + ">", true
	case datum.KSyntax:
		return "#<syntax " + print.ToWrite(syntax.Strip(v)) + ">", true
	case datum.KMacro:
		return "#<macro " + syntax.MacroOf(v).Name + ">", true
	}
	return "", false
}

// flush writes what the standard output ports have collected.
func (e *Engine) flush() error {
	st, ok := e.ext[state.Key].(*state.State)
	if !ok {
		return nil
	}
	return st.Flush()
}
