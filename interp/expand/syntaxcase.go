package expand

import (
	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/syntax"
)

// syntaxCase is (syntax-case expression (literal …) clause …) with clauses
// (pattern body) and (pattern fender body), R6RS library 12.4.
//
// It becomes: evaluate the expression; for each clause match natively, bind the
// pattern variables to what matched, test the fender, evaluate the body.
func (x *Expander) syntaxCase(s stx) core.Node {
	p := x.parts(&s, "syntax-case", 2, -1, "(syntax-case expression (literal …) (pattern [fender] body) …)")
	literals, ok := p[1].list()
	if !ok {
		x.failAs(syntax.Words{Who: "syntax-case", Message: "invalid literals list"}, &p[1], "syntax-case", "", "expected a list of literals, not %s", x.show(&p[1]))
	}
	for i := range literals {
		x.needID(&literals[i], "syntax-case")
	}
	in := newLocal("form")
	n := core.Node(&core.Call{At: at(&s), Proc: konst(s.pos, x.prims.noMatch.Value()), Args: []core.Node{local(s.pos, in)}})
	clauses := make([]func(core.Node) core.Node, 0, len(p))
	for _, cl := range p[2:] {
		clauses = append(clauses, x.syntaxClause(cl, literals, in))
	}
	for i := len(clauses) - 1; i >= 0; i-- {
		n = clauses[i](n)
	}
	return &core.Let{At: at(&s), Vars: []*core.Local{in}, Inits: []core.Node{x.expr(p[0])}, Body: n}
}

// syntaxClause expands one clause to a function of what comes after it.
func (x *Expander) syntaxClause(cl stx, literals []stx, in *core.Local) func(core.Node) core.Node {
	parts, ok := cl.list()
	if !ok || len(parts) < 2 || len(parts) > 3 {
		x.failAs(invalidClause("syntax-case"), &cl, "syntax-case", "", "bad clause %s, expected (pattern body) or (pattern fender body)", x.show(&cl))
	}
	pc := &patternCompiler{x: x, who: "syntax-case", literals: literals, ellipsis: x.currentEllipsis()}
	pat := pc.compile(parts[0], 0)
	b := x.newBindings("syntax-case")
	vars := make([]*core.Local, len(pc.vars))
	for i, v := range pc.vars {
		vars[i] = &core.Local{Name: v.id.sym()}
		b.bind(&v.id, &syntax.Binding{Kind: syntax.Pattern, Local: vars[i], Depth: v.depth, Level: x.level})
	}
	var fender core.Node
	if len(parts) == 3 {
		fender = x.expr(parts[1].with(b.scope))
	}
	body := x.expr(parts[len(parts)-1].with(b.scope))
	b.done()
	a := at(&cl)
	return func(rest core.Node) core.Node {
		whole := body
		wrap := func(n core.Node) core.Node { return n }
		if fender != nil {
			again := newLocal("next")
			whole = &core.If{At: a, Test: fender, Then: body, Else: &core.Call{At: a, Proc: local(cl.pos, again)}}
			th := thunk(cl.pos, rest)
			rest = &core.Call{At: a, Proc: local(cl.pos, again)}
			wrap = func(n core.Node) core.Node {
				return &core.Let{At: a, Vars: []*core.Local{again}, Inits: []core.Node{th}, Body: n}
			}
		}
		switch pat.kind {
		case patAny:
			return wrap(whole)
		case patVar:
			return wrap(&core.Let{At: a, Vars: vars, Inits: []core.Node{local(cl.pos, in)}, Body: whole})
		}
		m := newLocal("match")
		matched := whole
		if len(vars) > 0 {
			let := &core.Let{At: a, Vars: vars, Body: whole}
			for i := range vars {
				let.Inits = append(let.Inits, x.callGuile(cl.pos, "vector-ref", local(cl.pos, m), konst(cl.pos, datum.Fix(int64(i)))))
			}
			matched = let
		}
		call := &core.Call{At: a, Proc: konst(cl.pos, x.prims.match.Value()), Args: []core.Node{
			konst(cl.pos, datum.NewOpaque(patternTag, &compiledPattern{pat, len(vars)})), local(cl.pos, in)}}
		return wrap(&core.Let{At: a, Vars: []*core.Local{m}, Inits: []core.Node{call},
			Body: &core.If{At: a, Test: local(cl.pos, m), Then: matched, Else: rest}})
	}
}

type compiledPattern struct {
	pattern *pattern
	slots   int
}

// withSyntax is (with-syntax ((pattern expression) …) body …).
func (x *Expander) withSyntax(s stx) datum.Value {
	rest := s.cdr()
	if !rest.isPair() || !rest.rest().v.IsPair() {
		x.misshapen(&s, "with-syntax", "bad form, expected (with-syntax ((pattern expression) …) body …)")
	}
	first := rest.car()
	items, ok := first.list()
	if !ok {
		x.misshapen(&first, "with-syntax", "bad bindings, expected a list of (pattern expression)")
	}
	patterns, exprs := make([]datum.Value, len(items)), make([]datum.Value, len(items)+1)
	exprs[0] = x.id("list")
	for i := range items {
		p, ok := items[i].list()
		if !ok || len(p) != 2 {
			x.misshapen(&items[i], "with-syntax", "bad binding %s, expected (pattern expression)", x.show(&items[i]))
		}
		patterns[i], exprs[i+1] = p[0].syntax(), p[1].syntax()
	}
	bodyForms := rest.cdr()
	body := datum.Cons(x.id("let"), datum.Cons(datum.Null, bodyForms.syntax()))
	return syntax.New(datum.List(x.id("syntax-case"), datum.List(exprs...), datum.Null,
		syntax.New(datum.List(datum.List(patterns...), syntax.New(body, s.pos)), s.pos)), s.pos)
}

// withEllipsis is Guile's (with-ellipsis id body …).
func (x *Expander) withEllipsis(s stx) core.Node {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, "with-ellipsis", "bad form, expected (with-ellipsis name body …)")
	}
	id := rest.car()
	x.needID(&id, "with-ellipsis")
	saved := x.ellipsis
	x.ellipsis = func(e *stx) bool {
		return e.sym() == id.sym()
	}
	defer func() { x.ellipsis = saved }()
	return x.bodyOf(rest.cdr(), "with-ellipsis", &s)
}

// identifierSyntax is (identifier-syntax template), or with a second clause
// for set! (R6RS library 12.6).
func (x *Expander) identifierSyntax(s stx) core.Node {
	p := x.parts(&s, "identifier-syntax", 1, 2, "(identifier-syntax template)")
	id := func(name string) datum.Value { return x.id(name) }
	form := datum.Sym("form")
	list := datum.List
	tail := list(datum.Sym("arg"), id("..."))
	if len(p) == 1 {
		tpl := p[0].syntax()
		// The template is put where pattern variables of ours cannot be seen.
		lam := list(id("lambda"), list(x.private(form)),
			list(id("syntax-case"), x.private(form), datum.Null,
				list(x.private(datum.Sym("name")), list(id("identifier?"), list(id("syntax"), x.private(datum.Sym("name")))), list(id("syntax"), tpl)),
				list(datum.Cons(id("_"), x.privateList(tail)), list(id("syntax"), datum.Cons(tpl, x.privateList(tail))))))
		return x.expr(stx{v: lam, pos: s.pos})
	}
	a, ok1 := p[0].list()
	b, ok2 := p[1].list()
	if !ok1 || !ok2 || len(a) != 2 || len(b) != 2 {
		x.misshapen(&s, "identifier-syntax", "bad form, expected (identifier-syntax (name template) ((set! name value) template))")
	}
	get, setPattern := a[1].syntax(), b[0].syntax()
	lam := list(id("lambda"), list(x.private(form)),
		list(id("syntax-case"), x.private(form), list(id("set!")),
			list(setPattern, list(id("syntax"), b[1].syntax())),
			list(datum.Cons(x.private(datum.Sym("name")), x.privateList(tail)), list(id("syntax"), datum.Cons(get, x.privateList(tail)))),
			list(x.private(datum.Sym("name")), list(id("identifier?"), list(id("syntax"), x.private(datum.Sym("name")))), list(id("syntax"), get))))
	return x.expr(stx{v: list(id("make-variable-transformer"), lam), pos: s.pos})
}

// identifierRules makes rules of an identifier-syntax with one template that
// holds no pattern variables, so that no transformer has to be compiled; nil
// for others. Syntax parameters of records get such a macro for every field.
func (x *Expander) identifierRules(s stx, name string) *rules {
	p := x.parts(&s, "identifier-syntax", 1, 2, "(identifier-syntax template)")
	if len(p) != 1 {
		return nil
	}
	x.level++
	defer func() { x.level-- }()
	c := &templateCompiler{x: x, who: "syntax", ellipsis: x.currentEllipsis(), quoted: true}
	c.variable = func(id *stx) (int, int, bool) {
		if id.set != nil {
			if b := syntax.Lookup(id.sym(), id.set); b != nil && b.Kind == syntax.Pattern {
				panic(hasVariables{})
			}
		}
		return 0, 0, false
	}
	tpl := constantTemplate(c, p[0])
	if tpl == nil || tpl.kind != tplConst {
		return nil
	}
	alone := *tpl
	alone.open = datum.Unset
	return &rules{x: x, name: name, alone: &alone}
}

// hasVariables ends the compilation of a template that should have none.
type hasVariables struct{}

// constantTemplate compiles a template, nil when it holds pattern variables.
func constantTemplate(c *templateCompiler, s stx) (t *template) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(hasVariables); !ok {
				panic(r)
			}
			t = nil
		}
	}()
	return c.compile(s)
}

// private makes an identifier that no program can mean.
func (x *Expander) private(v datum.Value) datum.Value {
	if x.privateScope == nil {
		x.privateScope = x.scopes.New()
	}
	return (&syntax.Syntax{Datum: v, Scopes: x.privateScope.Only(), Module: x.Modules.Guile}).Value()
}

func (x *Expander) privateList(v datum.Value) datum.Value {
	if !v.IsPair() {
		return v
	}
	car := v.Pair().Car
	if !syntax.Is(car) {
		car = x.private(car)
	}
	return datum.Cons(car, x.privateList(v.Pair().Cdr))
}
