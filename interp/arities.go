package interp

import (
	"fruix/interp/code"
	"fruix/interp/datum"
)

// procedureArities lists what each clause of a procedure takes, as Guile's
// procedure-arguments does (Guile manual, "Compiled Procedures"): an alist with
// the keys required, optional, keyword, allow-other-keys? and rest. Parameters
// of natives that are not documented are shown as "_". It is #f for what is no
// procedure whose arguments are known.
func (e *Engine) procedureArities(v datum.Value) datum.Value {
	switch v.Kind() {
	case datum.KClosure:
		p := code.ClosureOf(v).Code.Full()
		clauses := make([]datum.Value, len(p.Clauses))
		for i := range p.Clauses {
			clauses[i] = clauseArity(&p.Clauses[i])
		}
		return datum.List(clauses...)
	case datum.KPrimitive:
		p := v.Primitive()
		c := code.Clause{Req: p.Min, Opt: max(p.Max-p.Min, 0), Rest: p.Max < 0}
		if d := e.Documented(p); d != nil && len(d.Required) == c.Req {
			c.Opt = len(d.Optional)
			c.Names = append(append(append([]string(nil), d.Required...), d.Optional...), d.Rest)
		}
		return datum.List(clauseArity(&c))
	}
	return datum.False
}

func clauseArity(c *code.Clause) datum.Value {
	name := func(i int) datum.Value {
		if i < len(c.Names) && c.Names[i] != "" {
			return datum.Sym(c.Names[i])
		}
		return datum.Sym("_")
	}
	names := func(from, n int) datum.Value {
		list := make([]datum.Value, n)
		for i := range list {
			list[i] = name(from + i)
		}
		return datum.List(list...)
	}
	// Keyword arguments are numbered as in Guile's frames, where the procedure
	// lies before all arguments and a rest
	// argument before the keyword arguments.
	first := 1 + c.Req + c.Opt
	if c.Rest {
		first++
	}
	keys := make([]datum.Value, len(c.Keys))
	for i, k := range c.Keys {
		keys[i] = datum.Cons(k.Value(), datum.Fix(int64(first+i)))
	}
	rest := datum.False
	if c.Rest {
		rest = name(c.Req + c.Opt + len(c.Keys))
	}
	entry := func(key string, v datum.Value) datum.Value { return datum.Cons(datum.Sym(key), v) }
	return datum.List(
		entry("required", names(0, c.Req)), entry("optional", names(c.Req, c.Opt)), entry("keyword", datum.List(keys...)),
		entry("allow-other-keys?", datum.Bool(c.AllowOtherKeys)), entry("rest", rest))
}
