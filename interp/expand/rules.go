package expand

import (
	"strings"

	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// rules is a compiled syntax-rules.
type rules struct {
	x     *Expander
	name  string
	cases []rule
	slots int
	// alone is what the identifier stands for, alone or as an operator; nil for
	// rules that are no identifier-syntax.
	alone *template
}

type rule struct {
	pattern  *pattern
	template *template
	shape    datum.Value // the pattern, for messages
}

// compileRules compiles (syntax-rules [ellipsis] (literal …) [doc] rule …).
func (x *Expander) compileRules(s stx, name string) *rules {
	const shape = "(syntax-rules (literal …) (pattern template) …)"
	p := x.parts(&s, "syntax-rules", 1, -1, shape)
	ellipsis := x.currentEllipsis()
	if p[0].isID() && len(p) > 1 {
		ellipsis = customEllipsis(p[0])
		p = p[1:]
	}
	literals, ok := p[0].list()
	if !ok {
		x.misshapen(&p[0], "syntax-rules", "expected a list of literals, not %s", x.show(&p[0]))
	}
	for i := range literals {
		x.needID(&literals[i], "syntax-rules")
		if ellipsis(&literals[i]) {
			// A literal has priority (R7RS 4.3.2).
			ellipsis = func(*stx) bool { return false }
		}
	}
	p = p[1:]
	if len(p) > 0 && p[0].v.IsString() {
		p = p[1:]
	}
	r := &rules{x: x, name: name}
	for i := range p {
		parts, ok := p[i].list()
		if !ok || len(parts) != 2 {
			x.misshapen(&p[i], "syntax-rules", "bad rule %s, expected (pattern template)", x.show(&p[i]))
		}
		if !parts[0].isPair() {
			x.misshapen(&parts[0], "syntax-rules", "bad pattern %s, expected a list that begins with the macro's name or _", x.show(&parts[0]))
		}
		pc := &patternCompiler{x: x, who: "syntax-rules", literals: literals, ellipsis: ellipsis}
		pat := pc.compile(parts[0].cdr(), 0)
		tc := &templateCompiler{x: x, who: "syntax-rules", ellipsis: ellipsis}
		tc.variable = func(id *stx) (int, int, bool) {
			for j := range pc.vars {
				v := &pc.vars[j]
				if v.id.sym() == id.sym() && v.id.set == id.set {
					return j, v.depth, true
				}
			}
			return 0, 0, false
		}
		tpl := tc.compile(parts[1])
		r.cases = append(r.cases, rule{pat, tpl, parts[0].strip()})
		r.slots = max(r.slots, len(pc.vars))
	}
	return r
}

// macro is the macro that these rules are.
func (r *rules) macro(name string, pos source.Pos, level int) *syntax.Macro {
	return &syntax.Macro{Kind: syntax.NativeMacro, Name: name, Pos: pos, Level: level, Native: r.expand, Rules: r}
}

func customEllipsis(e stx) func(*stx) bool {
	return func(s *stx) bool { return s.sym() == e.sym() && s.set == e.set }
}

// expand transforms one use.
func (r *rules) expand(use *syntax.Syntax, fresh *syntax.Scope) (datum.Value, error) {
	s := stx{use.Datum, use.Scopes, use.Module, use.Pos}
	var few [12]datum.Value
	vals := few[:]
	if r.slots > len(vals) {
		vals = make([]datum.Value, r.slots)
	}
	if s.isPair() {
		args := s.cdr()
		for i := range r.cases {
			c := &r.cases[i]
			if !r.x.match(c.pattern, args, vals) {
				continue
			}
			in := instance{vals: vals, intro: fresh.Only(), pos: use.Pos}
			out := in.make(c.template)
			if in.err != "" {
				return datum.Unset, r.x.errorAt(&s, r.name, in.err)
			}
			return out, nil
		}
	}
	if r.alone != nil {
		in := instance{intro: fresh.Only(), pos: use.Pos}
		if s.isID() {
			return in.make(r.alone), nil
		}
		if _, ok := s.list(); ok && s.isPair() {
			args := s.cdr()
			return datum.Cons(in.make(r.alone), args.syntax()), nil
		}
	}
	return datum.Unset, r.noMatch(&s)
}

func (r *rules) noMatch(s *stx) error {
	var b strings.Builder
	for i := range r.cases {
		if i == 3 {
			b.WriteString(" or …")
			break
		}
		if i > 0 {
			b.WriteString(" or ")
		}
		shape := r.cases[i].shape
		shape = datum.Cons(datum.Sym(r.name), shape.Pair().Cdr)
		b.WriteString(show(shape))
	}
	switch {
	case r.alone != nil:
		b.WriteString(r.name + " or (" + r.name + " argument ...)")
	case r.cases == nil:
		b.WriteString("nothing: it has no rules")
	}
	e := r.x.errorAt(s, r.name, "bad form "+show(s.v)+", expected "+b.String())
	e.Words = &noPattern
	return e
}

// syntaxRules as an expression is a transformer procedure.
func (x *Expander) syntaxRules(s stx) core.Node {
	x.level--
	r := x.compileRules(s, "macro")
	x.level++
	p := &datum.Primitive{Name: "syntax-rules", Min: 1, Max: 1, F1: func(_ datum.Caller, v datum.Value) (out datum.Value, err error) {
		defer recoverFailure(&err)
		if !syntax.Is(v) {
			v = (&syntax.Syntax{Datum: v}).Value()
		}
		return r.expand(syntax.Of(v), nil)
	}}
	return konst(s.pos, p.Value())
}
