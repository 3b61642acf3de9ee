package expand

import (
	"fmt"

	"fruix/interp/datum"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// Templates and patterns are data of this package alone. To be kept in a file
// with the code that uses them they are made into vectors of numbers, symbols
// and syntax objects, and back.
//
//	template  #(kind literal open? slot extra slots car cdr who)
//	pattern   #(kind literal slot count tail car cdr)
//	rules     #(name slots alone #(pattern template shape) …)
//
// A literal is syntax that holds a view as it is, #f when there is none; an
// absent part is #f.

const (
	templateTag = "syntax-template"
	patternTag  = "syntax-pattern"
)

// Portable makes plain data of an opaque constant that expansion put into code;
// ok is false for others.
func Portable(v datum.Value) (plain datum.Value, ok bool) {
	if !v.Is(datum.KOpaque) {
		return v, false
	}
	switch x := v.Opaque().Go.(type) {
	case *template:
		return x.plain(), true
	case *compiledPattern:
		return datum.NewVector([]datum.Value{fix(x.slots), x.pattern.plain()}), true
	}
	return v, false
}

// PortableRules makes plain data of the rules of a macro, Macro.Rules.
func PortableRules(m *syntax.Macro) (plain datum.Value, ok bool) {
	r, ok := m.Rules.(*rules)
	if !ok {
		return datum.Unset, false
	}
	items := []datum.Value{datum.Sym(r.name), fix(r.slots), r.alone.plain()}
	for i := range r.cases {
		c := &r.cases[i]
		items = append(items, datum.NewVector([]datum.Value{c.pattern.plain(), c.template.plain(), c.shape}))
	}
	return datum.NewVector(items), true
}

// Restore makes the opaque constant of the given type again.
func Restore(typ string, plain datum.Value) (v datum.Value, err error) {
	defer recoverPlain(&err)
	switch typ {
	case templateTag:
		return datum.NewOpaque(typ, templateOf(plain, maxForm)), nil
	case patternTag:
		f := fields(plain, 2)
		slots := number(f[0], 1<<16)
		return datum.NewOpaque(typ, &compiledPattern{patternOf(f[1], slots), slots}), nil
	}
	return datum.Unset, badPlain(typ)
}

// RestoreRules makes the macro of a syntax-rules again.
func (x *Expander) RestoreRules(name string, pos source.Pos, level int, plain datum.Value) (m *syntax.Macro, err error) {
	defer recoverPlain(&err)
	f := fields(plain, -1)
	if len(f) < 3 || !f[0].IsSymbol() {
		panic(badPlain("rules"))
	}
	r := &rules{x: x, name: f[0].Symbol().Name, slots: number(f[1], 1<<16), alone: templateOf(f[2], 0)}
	if r.alone != nil && r.alone.kind != tplConst {
		panic(badPlain("rules"))
	}
	for _, c := range f[3:] {
		p := fields(c, 3)
		if !p[2].IsPair() {
			panic(badPlain("rule"))
		}
		r.cases = append(r.cases, rule{patternOf(p[0], r.slots), templateOf(p[1], r.slots), p[2]})
	}
	return r.macro(name, pos, level), nil
}

type badPlain string

func (b badPlain) Error() string { return fmt.Sprintf("not the plain form of a %s", string(b)) }

func recoverPlain(err *error) {
	switch r := recover().(type) {
	case nil:
	case badPlain:
		*err = r
	default:
		panic(r)
	}
}

func fix(n int) datum.Value { return datum.Fix(int64(n)) }

func number(v datum.Value, below int) int {
	if !v.IsFix() || v.Fix() < 0 || v.Fix() > int64(below) {
		panic(badPlain("number"))
	}
	return int(v.Fix())
}

// fields gives the items of a vector of n items; n is -1 for any number.
func fields(v datum.Value, n int) []datum.Value {
	if !v.Is(datum.KVector) || n >= 0 && len(v.Vector().Items) != n {
		panic(badPlain("template or pattern"))
	}
	return v.Vector().Items
}

func plainView(s stx) datum.Value {
	if s == (stx{}) {
		return datum.False
	}
	return (&syntax.Syntax{Datum: s.v, Scopes: s.set, Module: s.mod, Pos: s.pos}).Value()
}

func viewOfPlain(v datum.Value) stx {
	if !syntax.Is(v) {
		return stx{}
	}
	s := syntax.Of(v)
	return stx{s.Datum, s.Scopes, s.Module, s.Pos}
}

func (t *template) plain() datum.Value {
	if t == nil {
		return datum.False
	}
	var levels []datum.Value
	for _, slots := range t.slots {
		var v []datum.Value
		for _, s := range slots {
			v = append(v, fix(s))
		}
		levels = append(levels, datum.NewVector(v))
	}
	return datum.NewVector([]datum.Value{
		fix(int(t.kind)), plainView(t.lit), datum.Bool(t.open != datum.Unset), fix(t.slot), fix(t.extra), datum.NewVector(levels),
		t.car.plain(), t.cdr.plain(), datum.Sym(t.who),
	})
}

func templateOf(v datum.Value, slots int) *template {
	if v == datum.False {
		return nil
	}
	f := fields(v, 9)
	t := &template{
		kind: templateKind(number(f[0], int(tplSplice))), lit: viewOfPlain(f[1]), open: datum.Unset,
		slot: number(f[3], slots), extra: number(f[4], 1<<10),
		car: templateOf(f[6], slots), cdr: templateOf(f[7], slots),
	}
	if f[2].Truthy() && (t.lit.isPair() || t.lit.isVector()) {
		t.open = opened(&t.lit)
	}
	if f[8].IsSymbol() {
		t.who = f[8].Symbol().Name
	}
	for _, level := range fields(f[5], -1) {
		var of []int
		for _, s := range fields(level, -1) {
			of = append(of, number(s, slots))
		}
		t.slots = append(t.slots, of)
	}
	whole := t.car != nil
	switch t.kind {
	case tplConst, tplVar:
		whole = true
	case tplPair:
		whole = whole && t.cdr != nil
	case tplMany:
		whole = whole && t.cdr != nil && len(t.slots) == t.extra+1
	case tplSplice:
		whole = t.cdr != nil
	}
	if !whole {
		panic(badPlain("template"))
	}
	return t
}

func (p *pattern) plain() datum.Value {
	if p == nil {
		return datum.False
	}
	return datum.NewVector([]datum.Value{
		fix(int(p.kind)), plainView(p.lit), fix(p.slot), fix(p.count), fix(p.tail), p.car.plain(), p.cdr.plain(),
	})
}

func patternOf(v datum.Value, slots int) *pattern {
	if v == datum.False {
		return nil
	}
	f := fields(v, 7)
	p := &pattern{
		kind: patternKind(number(f[0], int(patEq))), lit: viewOfPlain(f[1]),
		slot: number(f[2], slots), count: number(f[3], slots), tail: number(f[4], maxForm),
		car: patternOf(f[5], slots), cdr: patternOf(f[6], slots),
	}
	whole := true
	switch p.kind {
	case patVar:
		whole = p.slot < slots
	case patLit:
		whole = p.lit.isID()
	case patPair:
		whole = p.car != nil && p.cdr != nil
	case patMany:
		whole = p.car != nil && p.cdr != nil && p.slot+p.count <= slots
	case patVec:
		whole = p.car != nil
	}
	if !whole {
		panic(badPlain("pattern"))
	}
	return p
}
