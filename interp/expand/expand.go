// Package expand turns syntax into core: it resolves names, runs macros and
// takes the special forms apart.
//
// All special forms are written here in Go. A macro that syntax-rules makes is
// matched and instantiated here too; only transformers that are procedures run
// on the machine, through Runtime.
//
// Inside the package a program that is not well formed ends the expansion with
// a panic of type *failure, which the exported entry points turn into an error.
package expand

import (
	"context"

	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/module"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// Runtime is what expansion needs of the machine that runs programs.
type Runtime interface {
	// Eval runs an expression and returns its value, with the procedure of no
	// arguments that it compiled for that.
	Eval(n core.Node) (v, maker datum.Value, err error)
	// Compile makes a procedure of no arguments from an expression, so that it
	// can be run in another continuation.
	Compile(n core.Node) (datum.Value, error)
	// Apply calls a procedure.
	Apply(proc datum.Value, args ...datum.Value) (datum.Value, error)
	// Context is cancelled when work shall stop.
	Context() context.Context
	// Read reads all forms of a file as syntax, for include; foldCase makes
	// the case of letters in names meaningless, for include-ci. The file is
	// read as one of R6RS or R7RS if the one that includes it is.
	Read(f, from *source.File, foldCase bool) ([]datum.Value, error)
	// ReadFile reads a file that a program names, for include.
	ReadFile(name string) ([]byte, error)
}

// Expander expands for one engine. It is not for concurrent use.
type Expander struct {
	Modules *module.Registry
	Runtime Runtime
	// Features lists what cond-expand holds true besides modules.
	Features []string
	// Places are those of plain data, which programs evaluate after they have
	// read or made them; nil when nobody knows them.
	Places *syntax.Places
	// MaxExpansions bounds the number of macro uses in one top-level form and
	// MaxDepth nesting; 0 stands for the defaults.
	MaxExpansions int
	MaxDepth      int

	scopes       *syntax.Scopes
	forms        map[string]*form
	ids          map[string]datum.Value
	vars         map[string]*datum.Variable
	depth        int
	running      int // nested runs
	level        int // of transformer expressions around
	expansions   int
	origin       *origin
	use          source.Pos // the macro use that is being transformed
	whole        stx        // the special form that is being taken apart
	body         *bodyContext
	topScopes    []*syntax.Scope
	prims        primitives
	libraries    []*module.Module // what was current around the libraries being expanded
	ellipsis     func(*stx) bool  // with-ellipsis, nil for the usual one
	privateScope *syntax.Scope
	ahead        func() // runs what was emitted, before anything else is expanded
	evaluated    bool   // the form comes from eval: its constants keep their places
	modulesNamed int    // how many modules were named because somebody asked
}

// origin is the chain of macros whose output is being expanded.
type origin struct {
	macro  *syntax.Macro
	use    stx
	parent *origin
	depth  int
}

// within notes that the output of m, used in the form use, is expanded from here on. A
// long chain forgets the links between its ends.
func (x *Expander) within(m *syntax.Macro, use stx) {
	o := &origin{macro: m, use: use, parent: x.origin}
	if p := x.origin; p != nil {
		if o.depth = p.depth + 1; o.depth > 50 {
			o.parent, o.depth = p.parent, p.depth
		}
	}
	x.origin = o
}

// features are what cond-expand holds true unless Features says otherwise.
var features = []string{
	"guile", "guile-2", "guile-2.2", "guile-3", "guile-3.0", "fruix",
	"r5rs", "r6rs", "r7rs", "exact-closed", "ieee-float", "exact-complex", "full-unicode", "ratios",
	"srfi-0", "srfi-4", "srfi-6", "srfi-13", "srfi-14", "srfi-16", "srfi-23", "srfi-30", "srfi-39", "srfi-46",
	"srfi-55", "srfi-61", "srfi-62", "srfi-87", "srfi-105", "srfi-244",
}

// New makes an expander and defines the special forms in (guile).
func New(modules *module.Registry, rt Runtime) *Expander {
	x := &Expander{
		Modules:  modules,
		Runtime:  rt,
		scopes:   new(syntax.Scopes),
		forms:    map[string]*form{},
		Features: features,
		ids:      map[string]datum.Value{},
		vars:     map[string]*datum.Variable{},
	}
	x.prims = x.makePrimitives()
	x.defineForms()
	modules.PublishLoadPath()
	var names []datum.Value
	for _, f := range x.Features {
		names = append(names, datum.Sym(f))
	}
	modules.Guile.Set(datum.Intern("%cond-expand-features"), datum.List(names...))
	return x
}

// NewScope makes the scope of a binding form whose expressions are of the given
// level, of a macro use when level is -1: for syntax that is brought in from
// elsewhere.
func (x *Expander) NewScope(level int) *syntax.Scope {
	if level < 0 {
		return x.scopes.New()
	}
	return x.scopes.NewLocal(level)
}

// Age is that of the newest scope.
func (x *Expander) Age() uint64 { return x.scopes.Age() }

// Primitives lists the natives that expanded code calls and that no module
// has, by name.
func (x *Expander) Primitives() []*datum.Primitive {
	return []*datum.Primitive{x.prims.match, x.prims.instantiate, x.prims.noMatch}
}

// Top expands one top-level form in the current module. The parts of a
// top-level begin, and whatever else a form consists of, are given to emit one
// by one, so that each can be run before the next is expanded.
func (x *Expander) Top(form datum.Value, emit func(core.Node) error) (err error) {
	defer x.enter()()
	defer recoverFailure(&err)
	x.top(view(form), emit)
	return nil
}

// Last expands one top-level form and returns what is left to be run when its
// expansion is over. What a later part of the form may depend on, the parts of a
// library for example, is given to run before that part is expanded.
func (x *Expander) Last(form datum.Value, run func(core.Node) error) (n core.Node, err error) {
	return x.last(form, false, run)
}

func (x *Expander) last(form datum.Value, evaluated bool, run func(core.Node) error) (n core.Node, err error) {
	var nodes []core.Node
	defer x.enter()()
	x.evaluated = evaluated
	defer recoverFailure(&err)
	x.ahead = func() {
		for _, n := range nodes {
			if err := run(n); err != nil {
				panic(&failure{err})
			}
		}
		nodes = nodes[:0]
	}
	x.top(view(form), func(n core.Node) error {
		nodes = append(nodes, n)
		return nil
	})
	if len(nodes) == 0 {
		return unspecified(syntax.PosOf(form)), nil
	}
	return seq(nodes, nodes[len(nodes)-1].Pos()), nil
}

// runAhead runs what was emitted and not yet run.
func (x *Expander) runAhead() {
	if x.ahead != nil {
		saved := x.origin
		x.ahead()
		x.origin = saved
	}
}

// Expand expands one top-level form as a whole, for eval and for transformers.
func (x *Expander) Expand(form datum.Value) (core.Node, error) {
	var nodes []core.Node
	err := x.Top(form, func(n core.Node) error {
		nodes = append(nodes, n)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return seq(nodes, syntax.PosOf(form)), nil
}

// enter saves the state that one run of the expander changes and returns what
// restores it: expansion runs programs, which may expand others.
func (x *Expander) enter() func() {
	origin, use, body, top, level, depth, dots, ahead := x.origin, x.use, x.body, x.topScopes, x.level, x.depth, x.ellipsis, x.ahead
	evaluated, whole := x.evaluated, x.whole
	x.origin, x.body, x.topScopes, x.level, x.ellipsis, x.ahead, x.evaluated = nil, nil, nil, 0, nil, nil, false
	libraries := len(x.libraries)
	if x.running == 0 {
		x.expansions = 0
	}
	x.running++
	return func() {
		x.running--
		x.origin, x.use, x.body, x.topScopes, x.level, x.depth, x.ellipsis, x.ahead = origin, use, body, top, level, depth, dots, ahead
		x.evaluated, x.whole = evaluated, whole
		if len(x.libraries) > libraries {
			// A library failed half-way.
			x.Modules.Current = x.libraries[libraries]
			x.libraries = x.libraries[:libraries]
		}
	}
}

// Suspend puts the expansion under way away, so that another thread may expand;
// the result goes on with it.
func (x *Expander) Suspend() (resume func()) {
	saved := *x
	x.origin, x.use, x.body, x.topScopes, x.level, x.depth, x.ellipsis, x.ahead = nil, source.Pos{}, nil, nil, 0, 0, nil, nil
	x.running, x.expansions, x.libraries, x.evaluated, x.whole = 0, 0, nil, false, stx{}
	return func() { *x = saved }
}

// The defaults are far above what programs need, and low enough to end with a
// message before memory does.
const (
	defaultMaxDepth      = 10000
	defaultMaxExpansions = 1000000
)

func (x *Expander) down(s *stx) {
	x.depth++
	limit := x.MaxDepth
	if limit == 0 {
		limit = defaultMaxDepth
	}
	if x.depth > limit {
		x.fail(s, "", "expression nested too deeply (more than %d levels)", limit)
	}
}

// expr expands an expression.
func (x *Expander) expr(s stx) core.Node {
	x.down(&s)
	saved := x.origin
	n := x.expr1(s)
	x.origin = saved
	x.depth--
	return n
}

func (x *Expander) expr1(s stx) core.Node {
	for {
		switch {
		case s.isID():
			d := x.resolve(&s)
			if d.macro != nil {
				if f := d.form(); f != nil {
					x.misplaced(&s, f)
				}
				s = x.transform(d.macro, s)
				continue
			}
			return x.ref(&s, d)
		case s.isPair():
			x.place(&s)
			head := s.car()
			if !head.isID() && !x.moduleHead(&s, &head) {
				return x.call(s, x.expr(head))
			}
			d := x.resolve(&head)
			if d.macro == nil {
				return x.call(s, x.ref(&head, d))
			}
			f := d.form()
			if f == nil {
				s = x.transform(d.macro, s)
				continue
			}
			if f.rewrite != nil {
				out := f.rewrite(x, s)
				s = stx{out, nil, nil, s.pos}
				s.norm()
				continue
			}
			if f.expr == nil {
				x.notHere(&s, f)
			}
			return x.take(f, s)
		default:
			return x.literal(s)
		}
	}
}

// take lets a special form expand.
func (x *Expander) take(f *form, s stx) core.Node {
	saved := x.whole
	x.whole = s
	n := f.expr(x, s)
	x.whole = saved
	return n
}

// place gives a form that is plain data the place where it was read.
func (x *Expander) place(s *stx) {
	if at, ok := x.Places.Of(s.v); ok && at.File != source.Unnamed {
		s.pos = at
	}
}

// literal is a self-evaluating datum.
func (x *Expander) literal(s stx) core.Node {
	if s.v == datum.Null {
		x.failAs(syntax.Words{Message: "unexpected syntax"}, &s, "", "", "an empty pair of parentheses is not an expression; write '() for the empty list")
	}
	return &core.Const{At: at(&s), Value: constant(s.v)}
}

// constant makes a datum of a program immutable.
func constant(v datum.Value) datum.Value {
	v = syntax.Strip(v)
	freeze(v)
	return v
}

// freezeBudget is how many objects freeze visits before it looks out for
// circular data.
const freezeBudget = 1 << 16

// freeze marks the strings and vectors in a constant as such.
func freeze(v datum.Value) {
	var seen map[*datum.Pair]bool
	stack := append(make([]datum.Value, 0, 16), v)
	for n := 0; len(stack) > 0; n++ {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch {
		case v.IsPair():
			if n >= freezeBudget && seen == nil {
				seen = map[*datum.Pair]bool{}
			}
			if seen != nil {
				if seen[v.Pair()] {
					continue
				}
				seen[v.Pair()] = true
			}
			stack = append(stack, v.Pair().Cdr)
			if !v.Pair().Car.IsFix() && !v.Pair().Car.IsSymbol() {
				stack = append(stack, v.Pair().Car)
			}
		case v.IsString():
			v.Str().Literal = true
		case v.Is(datum.KVector):
			if !v.Vector().Literal {
				v.Vector().Literal = true
				stack = append(stack, v.Vector().Items...)
			}
		case v.Is(datum.KBytevector):
			v.Bytevector().Literal = true
		}
	}
}

func at(s *stx) core.At { return core.At{Where: s.pos} }

// call expands a procedure call whose operator is expanded already.
func (x *Expander) call(s stx, proc core.Node) core.Node {
	n := 0
	for v := s.v.Pair().Cdr; v.IsPair(); v = v.Pair().Cdr {
		if n++; endless(n, v) {
			x.fail(&s, "", "the form has no end")
		}
	}
	args := make([]core.Node, 0, min(n, 1<<16))
	rest := s.cdr()
	for rest.isPair() {
		args = append(args, x.expr(rest.car()))
		rest = rest.cdr()
		if endless(len(args), rest.v) {
			x.fail(&s, "", "the form has no end")
		}
	}
	if !rest.isNull() {
		x.failAs(noPattern, &s, "", "", "a procedure call must be a proper list, this one ends in `. %s'", x.show(&rest))
	}
	x.checkDeclared(&s, proc, len(args))
	return &core.Call{At: at(&s), Proc: proc, Args: args}
}

// checkDeclared holds a call with n arguments against what the procedure was
// declared to take, which concerns constructors of records.
func (x *Expander) checkDeclared(s *stx, proc core.Node, n int) {
	g, ok := proc.(*core.GlobalRef)
	if !ok || !g.Var.Value.Is(datum.KPrimitive) {
		return
	}
	if p := g.Var.Value.Primitive(); p.Declared && n != p.Min {
		plural := "s"
		if p.Min == 1 {
			plural = ""
		}
		x.failAs(syntax.Words{Who: p.Name, Message: "Wrong number of arguments"}, s, p.Name, "",
			"the constructor takes %d argument%s, not %d", p.Min, plural, n)
	}
}

// ref expands a reference to a variable.
func (x *Expander) ref(s *stx, d denotation) core.Node {
	if b := d.binding; b != nil && b.Kind != syntax.Toplevel {
		switch {
		case b.Kind == syntax.Pattern:
			x.failAs(syntax.Words{Message: "reference to pattern variable outside syntax form"}, s, s.sym().Name, "",
				"is a pattern variable; it can be used only inside a template: #'%s", s.sym().Name)
		case b.Dead || b.Level != x.level:
			x.outOfContext(s, b)
		}
		return &core.LocalRef{At: at(s), Local: b.Local}
	}
	return &core.GlobalRef{At: at(s), Var: x.global(s, d)}
}

var outsideScope = syntax.Words{Message: "reference to identifier outside its scope"}

func (x *Expander) outOfContext(s *stx, b *syntax.Binding) {
	if x.level > b.Level {
		x.failAs(outsideScope, s, s.sym().Name, "", "is a variable of the program; it has no value yet while macros are expanded")
	}
	x.failAs(outsideScope, s, s.sym().Name, "", "is used outside of the form that binds it")
}

// global is the variable of a top-level name.
func (x *Expander) global(s *stx, d denotation) *datum.Variable {
	if d.v != nil {
		return d.v
	}
	m := x.moduleOf(s)
	sym := s.sym()
	if b := d.binding; b != nil {
		m, sym = b.Module, b.Global
	}
	v, err := m.Ref(sym)
	if err != nil {
		x.failErr(s, err)
	}
	return v
}

func (x *Expander) moduleOf(s *stx) *module.Module {
	if s.mod != nil {
		return s.mod
	}
	return x.Modules.Current
}

// denotation is what an identifier means: a local binding, a macro, or a
// top-level variable (v, nil when the name is not known yet).
type denotation struct {
	binding *syntax.Binding
	macro   *syntax.Macro
	v       *datum.Variable
}

func (d *denotation) form() *form {
	if d.macro != nil && d.macro.Kind == syntax.CoreMacro {
		return d.macro.Core.(*form)
	}
	return nil
}

// resolve finds out what an identifier means.
func (x *Expander) resolve(s *stx) denotation {
	sym, m := s.sym(), s.mod
	if s.set != nil {
		if b := syntax.Lookup(sym, s.set); b != nil {
			switch b.Kind {
			case syntax.Keyword:
				if b.Dead {
					x.outOfContext(s, b)
				}
				return denotation{binding: b, macro: current(b.Macro)}
			case syntax.Toplevel:
				v, err := b.Module.Lookup(b.Global)
				if err != nil {
					x.failErr(s, err)
				}
				d := denotation{binding: b, v: v}
				if v != nil {
					d.macro = current(syntax.MacroOf(v.Value))
				}
				return d
			}
			return denotation{binding: b}
		}
	}
	if m == nil {
		m = x.Modules.Current
	}
	v := x.lookup(m, s)
	d := denotation{v: v}
	if v != nil {
		if v.Value == datum.Unset {
			if err := x.Modules.SettleSyntax(v); err != nil {
				x.failErr(s, err)
			}
		}
		d.macro = current(syntax.MacroOf(v.Value))
	}
	return d
}

// lookup finds the variable that the name of s means in m, nil when there is
// none. The module of an autoload may be missing as long as nothing of it is
// evaluated: the variable is looked for again then, and the error is of that
// time.
func (x *Expander) lookup(m *module.Module, s *stx) *datum.Variable {
	v, err := m.Lookup(s.sym())
	if e, ok := err.(*module.Error); ok && e.Autoload {
		return nil
	}
	if err != nil {
		x.failErr(s, err)
	}
	return v
}

// current looks through a syntax parameter.
func current(m *syntax.Macro) *syntax.Macro {
	for m != nil && m.Kind == syntax.Parameter {
		m = m.Current
	}
	return m
}

// sameMeaning is free-identifier=?.
func (x *Expander) sameMeaning(a, b *stx) bool {
	var ba, bb *syntax.Binding
	if a.set != nil {
		ba = syntax.Lookup(a.sym(), a.set)
	}
	if b.set != nil {
		bb = syntax.Lookup(b.sym(), b.set)
	}
	if ba != nil || bb != nil {
		return ba == bb
	}
	if a.sym() == b.sym() && x.moduleOf(a) == x.moduleOf(b) {
		return true
	}
	va, vb := x.lookup(x.moduleOf(a), a), x.lookup(x.moduleOf(b), b)
	if va == nil && vb == nil {
		return a.sym() == b.sym()
	}
	return va == vb
}

// isCore reports whether s is an identifier that means the special form (or
// auxiliary keyword) of that name.
func (x *Expander) isCore(s *stx, name string) bool {
	if !s.isID() {
		return false
	}
	if s.sym().Name != name && s.set == nil && s.mod == nil && x.Modules.Current.Key == "(guile-user)" {
		// Without renaming imports the name decides.
		if x.forms[s.sym().Name] != nil {
			return false
		}
	}
	d := x.resolve(s)
	if f := d.form(); f != nil {
		return f.name == name
	}
	// An auxiliary keyword is also meant by a name that nobody has bound.
	return d.macro == nil && d.binding == nil && d.v == nil && s.sym().Name == name
}

// bodyContext is one body with internal definitions while it is expanded.
type bodyContext struct {
	useSites []*syntax.Scope
	bound    []*syntax.Binding
}

// transform runs one use of a macro.
func (x *Expander) transform(m *syntax.Macro, s stx) stx {
	x.expansions++
	limit := x.MaxExpansions
	if limit == 0 {
		limit = defaultMaxExpansions
	}
	if x.expansions > limit {
		x.fail(&s, m.Name, "the macro expands without end (more than %d steps)", limit)
	}
	if x.expansions&255 == 0 && x.Runtime != nil {
		if err := x.Runtime.Context().Err(); err != nil {
			x.failErr(&s, err)
		}
	}
	if m.Level > x.level && m.Level > 0 {
		x.fail(&s, m.Name, "is a macro of a transformer's own code and does not exist here")
	}
	use := s
	if m.Context != nil && x.body != nil && m.Context == any(x.body) {
		sc := x.scopes.New()
		x.body.useSites = append(x.body.useSites, sc)
		use = s.with(sc)
	}
	intro := x.scopes.New()
	saved := x.use
	x.use = s.pos
	var out datum.Value
	var err error
	switch m.Kind {
	case syntax.NativeMacro:
		in := use.syntax()
		if !syntax.Is(in) {
			x.fail(&s, m.Name, "cannot be used here")
		}
		out, err = m.Native(syntax.Of(in), intro)
		if err == nil {
			x.use = saved
			x.within(m, s)
			r := stx{v: out, pos: s.pos}
			r.norm()
			r.pos = s.pos
			return r
		}
	default:
		in := use.with(intro)
		out, err = x.Runtime.Apply(m.Proc, in.syntax())
	}
	x.use = saved
	x.within(m, s)
	if err != nil {
		x.failTransformer(&s, m, err)
	}
	r := stx{v: out, set: intro.Only(), pos: s.pos}
	r.norm()
	if s.pos.Known() {
		r.pos = s.pos
	}
	return r
}
