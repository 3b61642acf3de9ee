package interp

import (
	"fruix/interp/code"
	"fruix/interp/datum"
)

// programNatives look into compiled procedures, for (system vm program) and
// (system xref).
func programNatives() []*datum.Primitive {
	return []*datum.Primitive{
		native("%program-sources", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			if !a[0].Is(datum.KClosure) {
				return datum.False, nil
			}
			return programSources(code.ClosureOf(a[0]).Code), nil
		}),
		native("%program-free-variables", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			var out []datum.Value
			if a[0].Is(datum.KClosure) {
				c := code.ClosureOf(a[0])
				for i, v := range c.Free {
					if i >= len(c.Code.Captures) {
						break
					}
					if c.Code.Captures[i].Boxed && v.Is(datum.KBox) {
						v = v.Box().Value
					}
					if v == datum.Unset {
						v = datum.Unspecified
					}
					out = append(out, datum.Cons(datum.Sym(c.Code.Captures[i].Name), v))
				}
			}
			return datum.List(out...), nil
		}),
		native("%program-references", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			var out []datum.Value
			if a[0].Is(datum.KClosure) {
				seen := map[datum.Value]bool{}
				references(code.ClosureOf(a[0]).Code, seen, &out)
			}
			return datum.List(out...), nil
		}),
	}
}

// programSources lists where code comes from as Guile's (address file line .
// column); lines and columns count from 0.
func programSources(p *code.Proc) datum.Value {
	var out []datum.Value
	for _, place := range p.Places() {
		if !place.Pos.Known() || place.Pos.Line == 0 {
			continue
		}
		file := datum.False
		if place.Pos.File != nil {
			file = datum.NewString(place.Pos.File.Name)
		}
		out = append(out, datum.Cons(datum.Fix(int64(place.PC)), datum.Cons(file,
			datum.Cons(datum.Fix(int64(place.Pos.Line)-1), datum.Fix(max(int64(place.Pos.Col)-1, 0))))))
	}
	return datum.List(out...)
}

// references collects the variables of modules, and the natives, that code
// refers to, each once.
func references(p *code.Proc, seen map[datum.Value]bool, out *[]datum.Value) {
	for _, v := range p.Full().Consts {
		if (v.Is(datum.KVariable) || v.Is(datum.KPrimitive)) && !seen[v] {
			seen[v] = true
			*out = append(*out, v)
		}
	}
	for _, q := range p.Procs {
		references(q, seen, out)
	}
}
