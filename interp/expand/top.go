package expand

import (
	"fmt"
	"hash/fnv"

	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/module"
	"fruix/interp/syntax"
)

// topExpander receives the definitions of the top level.
type topExpander struct {
	x    *Expander
	emit func(core.Node) error
	// later collects the forms of a begin until all of its definitions are
	// known; nil outside of one.
	later *[]waiting
}

// waiting is a form of a top-level begin that is still to be expanded.
type waiting struct {
	expand func() core.Node
	module *module.Module
	origin *origin
}

// top expands a top-level form.
func (x *Expander) top(s stx, emit func(core.Node) error) {
	t := topExpander{x: x, emit: emit}
	t.nested(s)
}

func (t *topExpander) nested(s stx) {
	t.x.down(&s)
	saved := t.x.origin
	t.form(s)
	t.x.origin = saved
	t.x.depth--
}

// out expands a form and runs it, or puts both off until the begin around it
// has been seen to its end: its macros and the names that its definitions get
// hold in all of its forms.
func (t *topExpander) out(expand func() core.Node) {
	if t.later == nil {
		t.run(expand())
		return
	}
	*t.later = append(*t.later, waiting{expand, t.x.Modules.Current, t.x.origin})
}

func (t *topExpander) run(n core.Node) {
	saved := t.x.origin
	if err := t.emit(n); err != nil {
		panic(&failure{err})
	}
	t.x.origin = saved
}

// flush expands what waits and then runs it.
func (t *topExpander) flush() {
	if t.later == nil || len(*t.later) == 0 {
		return
	}
	x := t.x
	current, saved := x.Modules.Current, x.origin
	nodes := make([]core.Node, 0, len(*t.later))
	for _, w := range *t.later {
		x.Modules.Current, x.origin = w.module, w.origin
		nodes = append(nodes, w.expand())
	}
	x.Modules.Current, x.origin = current, saved
	*t.later = (*t.later)[:0]
	for _, n := range nodes {
		t.run(n)
	}
}

// sequence handles the forms that take the place of s, a splicing form.
func (t *topExpander) sequence(f *form, s stx) {
	x := t.x
	inner := *t
	switch {
	case f.name == "begin" && t.later == nil:
		inner.later = new([]waiting)
	case f.kind == toplevel || f.name == "eval-when":
		// A library has a module of its own, and the forms of eval-when run
		// while the rest is expanded.
		t.flush()
		inner.later = nil
	}
	forms, done := f.splice(x, s, true)
	if forms.isNull() {
		inner.out(func() core.Node { return unspecified(s.pos) })
	}
	for forms.isPair() {
		inner.nested(forms.car())
		forms = forms.cdr()
	}
	if t.later == nil {
		inner.flush()
	}
	if done != nil {
		if f.kind == toplevel {
			// The forms of a library belong to its module.
			x.runAhead()
		}
		done()
	}
}

func (t *topExpander) form(s stx) {
	x := t.x
	x.runAhead()
	for {
		if !s.isPair() {
			t.expression(s)
			return
		}
		x.place(&s)
		head := s.car()
		if !head.isID() {
			t.expression(s)
			return
		}
		d := x.resolve(&head)
		f := d.form()
		switch {
		case d.macro == nil:
			t.expression(s)
			return
		case f == nil:
			s = x.transform(d.macro, s)
		case f.rewrite != nil:
			out := f.rewrite(x, s)
			s = stx{v: out, pos: s.pos}
			s.norm()
		case f.define != nil:
			x.whole = s
			f.define(x, s, t)
			return
		case f.splice != nil:
			t.sequence(f, s)
			return
		case f.top != nil:
			if f.name == "define-module" {
				t.flush()
			}
			x.whole = s
			n := f.top(x, s)
			t.out(func() core.Node { return n })
			return
		case f.expr != nil:
			t.out(func() core.Node { return x.take(f, s) })
			return
		default:
			x.notHere(&s, f)
		}
	}
}

func (t *topExpander) expression(s stx) {
	t.out(func() core.Node { return t.x.expr1(s) })
}

// name decides which variable of the current module a definition of id makes.
// An identifier that a macro brought in gets a name of its own, which only that
// expansion's identifiers mean.
func (t *topExpander) name(id *stx) (*module.Module, *datum.Symbol) {
	x := t.x
	m := x.Modules.Current
	set := id.set
	for _, sc := range x.topScopes {
		set = set.Without(sc)
	}
	if set == nil {
		return m, id.sym()
	}
	if b := syntax.BoundExactly(id.sym(), set); b != nil && b.Kind == syntax.Toplevel && b.Module == m {
		return m, b.Global
	}
	g := freshName(m, id.sym())
	syntax.Bind(id.sym(), set, &syntax.Binding{Kind: syntax.Toplevel, Module: m, Global: g})
	return m, g
}

// freshName makes a name that no program writes, the same in every run.
func freshName(m *module.Module, sym *datum.Symbol) *datum.Symbol {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%s\x00%d", m.Key, sym.Name, m.FreshCount(sym))
	return datum.Intern(fmt.Sprintf("%s-%x", sym.Name, h.Sum64()))
}

func (t *topExpander) global(form, id *stx) *datum.Variable {
	m, sym := t.name(id)
	old := t.shadowed(form, m, sym)
	v := m.Define(sym)
	if syntax.MacroOf(v.Value) != nil {
		v.Value = datum.Unset
	}
	if v.Value == datum.Unset && old != nil {
		v.Value = old.Value
	}
	return v
}

// shadowed is the imported variable that a definition hides, if the definition
// may read it: in (define round round), the value is the imported one.
func (t *topExpander) shadowed(form *stx, m *module.Module, sym *datum.Symbol) *datum.Variable {
	if v, err := m.Local(sym); v != nil || err != nil {
		return nil
	}
	v, err := m.Lookup(sym)
	if v == nil || err != nil {
		return nil
	}
	rest, budget := form.cdr(), 10000
	if !rest.isPair() || !mentions(rest.v.Pair().Cdr, sym, &budget) {
		return nil
	}
	if v, err = t.x.Modules.Settle(v); v == nil || err != nil || syntax.MacroOf(v.Value) != nil {
		return nil
	}
	return v
}

// mentions reports whether a form contains a symbol among its first pairs.
func mentions(v datum.Value, sym *datum.Symbol, budget *int) bool {
	for v = unwrap(v); v.IsPair(); v = unwrap(v.Pair().Cdr) {
		if *budget--; *budget < 0 {
			return false
		}
		if mentions(v.Pair().Car, sym, budget) {
			return true
		}
	}
	return v.IsSymbol() && v.Symbol() == sym
}

func unwrap(v datum.Value) datum.Value {
	for syntax.Is(v) {
		v = syntax.Of(v).Datum
	}
	return v
}

func (t *topExpander) variable(form, id stx, rhs func() core.Node) {
	v := t.global(&form, &id)
	t.out(func() core.Node { return &core.GlobalDef{At: at(&form), Var: v, Value: rhs()} })
}

func (t *topExpander) values(form, formals stx, rhs func() core.Node) {
	var c core.Clause
	var sets []core.Node
	one := func(id stx) *core.Local {
		t.x.needID(&id, "define-values")
		l := &core.Local{Name: id.sym()}
		sets = append(sets, &core.GlobalDef{At: at(&form), Var: t.global(&form, &id), Value: &core.LocalRef{At: at(&form), Local: l}})
		return l
	}
	for formals.isPair() {
		c.Req = append(c.Req, one(formals.car()))
		formals = formals.cdr()
	}
	if !formals.isNull() {
		c.Rest = one(formals)
	}
	c.Body = seq(append(sets, unspecified(form.pos)), form.pos)
	t.out(func() core.Node { return &core.LetValues{At: at(&form), Producer: rhs(), Receiver: c} })
}

func (t *topExpander) macro(form, id, rhs stx) {
	m, sym := t.name(&id)
	mac := t.x.macroValue(id, rhs)
	defineMacro(m, sym, mac)
	t.out(func() core.Node { return unspecified(form.pos) })
}

func (t *topExpander) parameter(form, id, rhs stx) {
	m, sym := t.name(&id)
	defineMacro(m, sym, t.x.parameterMacro(id, rhs))
	t.out(func() core.Node { return unspecified(form.pos) })
}

// defineMacro makes mac the meaning of sym in m.
func defineMacro(m *module.Module, sym *datum.Symbol, mac *syntax.Macro) {
	v := m.Set(sym, mac.Value())
	if mac.Home == nil {
		mac.Home = v
	}
}
