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
}

// top expands a top-level form.
func (x *Expander) top(s stx, emit func(core.Node) error) {
	x.down(&s)
	saved := x.origin
	t := topExpander{x, emit}
	t.form(s)
	x.origin = saved
	x.depth--
}

func (t *topExpander) out(s *stx, n core.Node) {
	saved := t.x.origin
	if err := t.emit(n); err != nil {
		panic(&failure{err})
	}
	t.x.origin = saved
}

func (t *topExpander) form(s stx) {
	x := t.x
	x.runAhead()
	for {
		if !s.isPair() {
			t.out(&s, x.expr1(s))
			return
		}
		head := s.car()
		if !head.isID() {
			t.out(&s, x.expr1(s))
			return
		}
		d := x.resolve(&head)
		f := d.form()
		switch {
		case d.macro == nil:
			t.out(&s, x.expr1(s))
			return
		case f == nil:
			s = x.transform(d.macro, s)
		case f.rewrite != nil:
			out := f.rewrite(x, s)
			s = stx{v: out, pos: s.pos}
			s.norm()
		case f.define != nil:
			f.define(x, s, t)
			return
		case f.splice != nil:
			forms, done := f.splice(x, s, true)
			if forms.isNull() {
				t.out(&s, unspecified(s.pos))
			}
			for forms.isPair() {
				x.top(forms.car(), t.emit)
				forms = forms.cdr()
			}
			if done != nil {
				if f.kind == toplevel {
					// The forms of a library belong to its module.
					x.runAhead()
				}
				done()
			}
			return
		case f.top != nil:
			t.out(&s, f.top(x, s))
			return
		case f.expr != nil:
			t.out(&s, f.expr(x, s))
			return
		default:
			x.notHere(&s, f)
		}
	}
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
	g := x.freshName(m, id.sym())
	syntax.Bind(id.sym(), set, &syntax.Binding{Kind: syntax.Toplevel, Module: m, Global: g})
	return m, g
}

// freshName makes a name that no program writes, the same in every run.
func (x *Expander) freshName(m *module.Module, sym *datum.Symbol) *datum.Symbol {
	k := freshKey{m, sym}
	x.fresh[k]++
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%s\x00%d", m.Key, sym.Name, x.fresh[k])
	return datum.Intern(fmt.Sprintf("%s-%x", sym.Name, h.Sum64()))
}

func (t *topExpander) global(id *stx) *datum.Variable {
	m, sym := t.name(id)
	v := m.Define(sym)
	if syntax.MacroOf(v.Value) != nil {
		v.Value = datum.Unset
	}
	return v
}

func (t *topExpander) variable(form, id stx, rhs func() core.Node) {
	v := t.global(&id)
	t.out(&form, &core.GlobalDef{At: at(&form), Var: v, Value: rhs()})
}

func (t *topExpander) values(form, formals stx, rhs func() core.Node) {
	var c core.Clause
	var sets []core.Node
	one := func(id stx) *core.Local {
		t.x.needID(&id, "define-values")
		l := &core.Local{Name: id.sym()}
		sets = append(sets, &core.GlobalDef{At: at(&form), Var: t.global(&id), Value: &core.LocalRef{At: at(&form), Local: l}})
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
	t.out(&form, &core.LetValues{At: at(&form), Producer: rhs(), Receiver: c})
}

func (t *topExpander) macro(form, id, rhs stx) {
	m, sym := t.name(&id)
	mac := t.x.macroValue(id, rhs)
	m.Set(sym, mac.Value())
	t.out(&form, unspecified(form.pos))
}

func (t *topExpander) parameter(form, id, rhs stx) {
	m, sym := t.name(&id)
	m.Set(sym, t.x.parameterMacro(id, rhs).Value())
	t.out(&form, unspecified(form.pos))
}
