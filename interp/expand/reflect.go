package expand

import (
	"fruix/interp/datum"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// localBinding is (syntax-local-binding id [#:resolve-syntax-parameters? #t])
// (Guile manual, "Syntax Transformer Helpers"): two values, the kind of the
// binding and what identifies it.
func (x *Expander) localBinding(a []datum.Value) (datum.Value, error) {
	if !syntax.IsIdentifier(a[0]) {
		return datum.Unset, wrongType("syntax-local-binding", 1, a[0])
	}
	parameters := len(a) == 3 && a[1] == datum.InternKeyword("resolve-syntax-parameters?").Value() && a[2] == datum.False
	two := func(kind string, v datum.Value) (datum.Value, error) {
		return datum.MultipleValues([]datum.Value{datum.Sym(kind), v}), nil
	}
	s := view(a[0])
	if parameters {
		if m := x.parameterOf(&s); m != nil {
			return two("syntax-parameter", x.transformerOf(m))
		}
	}
	if b := syntax.Lookup(s.sym(), s.set); b != nil && b.Dead {
		return two("displaced-lexical", datum.False)
	}
	d := x.resolve(&s)
	switch b := d.binding; {
	case d.form() != nil:
		return two("other", datum.False)
	case d.macro != nil && d.macro.Kind == syntax.VariableMacro:
		// The bare procedure would not be asked about set!.
		return two("macro", d.macro.Value())
	case d.macro != nil:
		return two("macro", x.transformerOf(d.macro))
	case b != nil && b.Kind == syntax.Variable:
		return two("lexical", b.Token())
	case b != nil && b.Kind == syntax.Pattern:
		return two("pattern-variable", datum.Cons(b.Token(), datum.Fix(int64(b.Depth))))
	case b != nil && b.Kind == syntax.Toplevel:
		return two("global", datum.Cons(b.Global.Value(), b.Module.Name))
	}
	return two("global", datum.Cons(s.v, x.moduleOf(&s).Name))
}

// transformerOf is the procedure from syntax to syntax that a macro is, always
// the same one; False for a special form and for nil.
func (x *Expander) transformerOf(m *syntax.Macro) datum.Value {
	m = current(m)
	if m == nil || m.Kind == syntax.CoreMacro {
		return datum.False
	}
	if m.Kind == syntax.NativeMacro && m.Proc == (datum.Value{}) {
		p := &datum.Primitive{Name: m.Name, Min: 1, Max: 1, FN: native(func(a []datum.Value) (datum.Value, error) {
			if !syntax.Is(a[0]) {
				return datum.Unset, wrongType(m.Name, 1, a[0])
			}
			return m.Native(syntax.Of(a[0]), x.scopes.New())
		})}
		m.Proc = p.Value()
	}
	return m.Proc
}

// boundIdentifiers is (syntax-locally-bound-identifiers id): the identifiers
// whose local bindings are visible where id stands.
func boundIdentifiers(a []datum.Value) (datum.Value, error) {
	if !syntax.IsIdentifier(a[0]) {
		return datum.Unset, wrongType("syntax-locally-bound-identifiers", 1, a[0])
	}
	return datum.List(syntax.VisibleFrom(syntax.Of(a[0]))...), nil
}

// sourceVector is Guile's #(file line column) of a place, counted from 0.
func sourceVector(p source.Pos) datum.Value {
	if !p.Known() {
		return datum.False
	}
	name := datum.False
	if p.File != nil {
		name = datum.NewString(p.File.Name)
	}
	return datum.NewVector([]datum.Value{name, datum.Fix(int64(p.Line) - 1), datum.Fix(int64(p.Col) - 1)})
}
