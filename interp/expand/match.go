package expand

import (
	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// Pattern matching as (ice-9 match) has it (Guile manual, "Pattern Matching").
// The forms are written here because programs in the package language use them
// everywhere. A clause becomes a tree of tests; what follows a clause that does
// not match is a local procedure called in tail position, which the compiler
// turns into a jump.

// matcher generates the code of one clause.
type matcher struct {
	x     *Expander
	who   string
	b     *bindings
	vars  []*matchVar
	bound map[*matchVar]bool // matched already, in the order of code
}

// matchVar is a variable of a clause's patterns.
type matchVar struct {
	id stx
	// local is what code generated now binds; for the clause's body it is the
	// variable that the body sees.
	local *core.Local
}

// matchForm is (match expression clause …).
func (x *Expander) matchForm(s stx) core.Node {
	p := x.parts(&s, "match", 1, -1, "(match expression (pattern body …) …)")
	v := newLocal("value")
	return &core.Let{At: at(&s), Vars: []*core.Local{v}, Inits: []core.Node{x.expr(p[0])},
		Body: x.matchClauses(s, p[1:], v, "match")}
}

// matchLambda is (match-lambda clause …), matchLambdaStar matches the list of
// arguments.
func (x *Expander) matchLambda(s stx) core.Node {
	p := x.parts(&s, "match-lambda", 0, -1, "(match-lambda (pattern body …) …)")
	v := newLocal("value")
	return &core.Lambda{At: at(&s), Properties: datum.Null,
		Clauses: []core.Clause{{Req: []*core.Local{v}, Body: x.matchClauses(s, p, v, "match-lambda")}}}
}

func (x *Expander) matchLambdaStar(s stx) core.Node {
	p := x.parts(&s, "match-lambda*", 0, -1, "(match-lambda* (pattern body …) …)")
	v := newLocal("values")
	return &core.Lambda{At: at(&s), Properties: datum.Null,
		Clauses: []core.Clause{{Rest: v, Body: x.matchClauses(s, p, v, "match-lambda*")}}}
}

// matchClauses tries clauses one after the other.
func (x *Expander) matchClauses(s stx, clauses []stx, v *core.Local, who string) core.Node {
	n := x.noMatch(s.pos, v)
	made := make([]func(core.Node) core.Node, len(clauses))
	for i := range clauses {
		made[i] = x.matchClause(clauses[i], v, who)
	}
	for i := len(made) - 1; i >= 0; i-- {
		n = made[i](n)
	}
	return n
}

// noMatch raises the error of a value that nothing matches. It is no tail call,
// so that the backtrace names the form.
func (x *Expander) noMatch(pos source.Pos, v *core.Local) core.Node {
	return seq([]core.Node{x.callGuile(pos, "%match-error", local(pos, v)), unspecified(pos)}, pos)
}

// matchClause expands one clause to a function of what comes when it fails.
func (x *Expander) matchClause(cl stx, v *core.Local, who string) func(core.Node) core.Node {
	if !cl.isPair() || !cl.rest().isPair() {
		x.misshapen(&cl, who, "bad clause %s, expected (pattern body …)", x.show(&cl))
	}
	m := x.newMatcher(who)
	pat, body := cl.car(), cl.cdr()
	m.collect(pat)
	again := newLocal("next")
	var failVar *core.Local
	if first := body.car(); first.isPair() {
		// (pattern (=> failure) body …)
		if arrow := first.car(); x.isCore(&arrow, "=>") {
			parts, ok := first.list()
			if !ok || len(parts) != 2 {
				x.misshapen(&first, who, "expected (=> name)")
			}
			failVar = m.b.add(parts[1])
			body = body.cdr()
		}
	}
	fails := 0
	fail := func() core.Node {
		fails++
		return &core.Call{At: at(&cl), Proc: local(cl.pos, again)}
	}
	inner := x.bodyOf(body.with(m.b.scope), who, &cl)
	if failVar != nil {
		inner = &core.Let{At: at(&cl), Vars: []*core.Local{failVar}, Inits: []core.Node{thunk(cl.pos, fail())}, Body: inner}
	}
	code := m.pattern(pat, v, fail, func() core.Node { return inner })
	m.b.done()
	return func(rest core.Node) core.Node {
		if fails == 0 {
			return code
		}
		return &core.Let{At: at(&cl), Vars: []*core.Local{again}, Inits: []core.Node{thunk(cl.pos, rest)}, Body: code}
	}
}

func (x *Expander) newMatcher(who string) *matcher {
	return &matcher{x: x, who: who, b: x.newBindings(who), bound: map[*matchVar]bool{}}
}

// matchLet is (match-let ((pattern expression) …) body …) and its named form.
func (x *Expander) matchLet(s stx) core.Node {
	rest := s.cdr()
	if rest.isPair() {
		if name := rest.car(); name.isID() {
			return x.matchNamedLet(s, name, rest.cdr())
		}
	}
	pats, inits, body := x.matchSpecs(s, "match-let")
	vals := make([]*core.Local, len(pats))
	let := &core.Let{At: at(&s)}
	for i := range pats {
		vals[i] = newLocal("value")
		let.Inits = append(let.Inits, x.expr(inits[i]))
	}
	let.Vars = vals
	m := x.newMatcher("match-let")
	let.Body = m.all(s, pats, vals, body)
	return let
}

// matchNamedLet is (match-let name ((pattern expression) …) body …).
func (x *Expander) matchNamedLet(s, name, rest stx) core.Node {
	if !rest.isPair() {
		x.misshapen(&s, "match-let", "bad form, expected (match-let name ((pattern expression) …) body …)")
	}
	whole := s
	whole.v = datum.Cons(datum.Sym("match-let"), rest.v)
	pats, inits, body := x.matchSpecs(stx{whole.v, rest.set, rest.mod, s.pos}, "match-let")
	outer := x.newBindings("match-let")
	loop := outer.add(name)
	var c core.Clause
	args := x.exprs(inits)
	for i := range pats {
		c.Req = append(c.Req, newLocal("value"))
		pats[i] = pats[i].with(outer.scope)
	}
	m := x.newMatcher("match-let")
	c.Body = m.all(s, pats, c.Req, body.with(outer.scope))
	outer.done()
	return x.loop(s.pos, loop, c, args)
}

// matchLetStar nests.
func (x *Expander) matchLetStar(s stx) core.Node {
	pats, inits, body := x.matchSpecs(s, "match-let*")
	if len(pats) == 0 {
		return x.bodyOf(body, "match-let*", &s)
	}
	var set *syntax.Set
	type step struct {
		v    *core.Local
		init core.Node
		m    *matcher
		pat  stx
	}
	var steps []step
	for i := range pats {
		init, pat := inits[i], pats[i]
		init.set, pat.set = syntax.Xor(init.set, set), syntax.Xor(pat.set, set)
		n := x.expr(init)
		m := x.newMatcher("match-let*")
		m.collect(pat)
		set = syntax.Xor(set, m.b.scope.Only())
		steps = append(steps, step{newLocal("value"), n, m, pat})
	}
	body.set = syntax.Xor(body.set, set)
	n := x.bodyOf(body, "match-let*", &s)
	for i := len(steps) - 1; i >= 0; i-- {
		st := steps[i]
		inner := n
		st.m.b.done()
		code := st.m.pattern(st.pat, st.v, func() core.Node { return x.noMatch(s.pos, st.v) },
			func() core.Node { return inner })
		n = &core.Let{At: at(&s), Vars: []*core.Local{st.v}, Inits: []core.Node{st.init}, Body: code}
	}
	return n
}

// matchLetrec binds the variables of all patterns around the expressions.
func (x *Expander) matchLetrec(s stx) core.Node {
	pats, inits, body := x.matchSpecs(s, "match-letrec")
	m := x.newMatcher("match-letrec")
	for _, p := range pats {
		m.collect(p)
	}
	var lets []core.Node
	finals := make([]*core.Local, len(m.vars))
	for i, v := range m.vars {
		finals[i] = v.local
		finals[i].Assigned = true
	}
	for i := range pats {
		init := x.expr(inits[i].with(m.b.scope))
		val := newLocal("value")
		for _, v := range m.vars {
			v.local = &core.Local{Name: v.id.sym()}
		}
		before := map[*matchVar]bool{}
		for v := range m.bound {
			before[v] = true
		}
		code := m.pattern(pats[i], val, func() core.Node { return x.noMatch(s.pos, val) }, func() core.Node {
			var sets []core.Node
			for j, v := range m.vars {
				if m.bound[v] && !before[v] {
					sets = append(sets, &core.LocalSet{At: at(&s), Local: finals[j], Value: local(s.pos, v.local)})
				}
			}
			return seq(append(sets, unspecified(s.pos)), s.pos)
		})
		lets = append(lets, &core.Let{At: at(&s), Vars: []*core.Local{val}, Inits: []core.Node{init}, Body: code})
	}
	n := &core.Let{At: at(&s), Vars: finals}
	for range finals {
		n.Inits = append(n.Inits, konst(s.pos, datum.False))
	}
	n.Body = seq(append(lets, x.bodyOf(body.with(m.b.scope), "match-letrec", &s)), s.pos)
	m.b.done()
	return n
}

// matchSpecs takes ((pattern expression) …) and a body apart.
func (x *Expander) matchSpecs(s stx, who string) (pats, inits []stx, body stx) {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, who, "bad form, expected (%s ((pattern expression) …) body …)", who)
	}
	first := rest.car()
	items, ok := first.list()
	if !ok {
		x.misshapen(&first, who, "bad bindings %s, expected a list of (pattern expression)", x.show(&first))
	}
	for i := range items {
		p, ok := items[i].list()
		if !ok || len(p) != 2 {
			x.misshapen(&items[i], who, "bad binding %s, expected (pattern expression)", x.show(&items[i]))
		}
		pats, inits = append(pats, p[0]), append(inits, p[1])
	}
	return pats, inits, rest.cdr()
}

// all matches several patterns that belong to one body.
func (m *matcher) all(s stx, pats []stx, vals []*core.Local, body stx) core.Node {
	x := m.x
	for _, p := range pats {
		m.collect(p)
	}
	inner := x.bodyOf(body.with(m.b.scope), m.who, &s)
	var from func(i int) core.Node
	from = func(i int) core.Node {
		if i == len(pats) {
			return inner
		}
		return m.pattern(pats[i], vals[i], func() core.Node { return x.noMatch(s.pos, vals[i]) },
			func() core.Node { return from(i + 1) })
	}
	n := from(0)
	m.b.done()
	return n
}

// find returns the clause's variable for an identifier, or nil.
func (m *matcher) find(id *stx) *matchVar {
	for _, v := range m.vars {
		if v.id.sym() == id.sym() && v.id.set == id.set {
			return v
		}
	}
	return nil
}

// collect binds the variables of a pattern in the clause's scope.
func (m *matcher) collect(s stx) {
	m.walk(s, func(id stx) {
		if m.find(&id) == nil {
			m.vars = append(m.vars, &matchVar{id, m.b.add(id)})
		}
	})
}

// isDots reports whether s is an ellipsis of match, and how many elements it
// asks for at least.
func (m *matcher) isDots(s *stx) (least int, ok bool) {
	if !s.isID() {
		return 0, false
	}
	name := s.sym().Name
	switch {
	case name == "___" || name == "..." && m.x.isCore(s, "..."):
		return 0, true
	case len(name) > 2 && name[:2] == "..":
		for _, c := range name[2:] {
			if c < '0' || c > '9' {
				return 0, false
			}
			least = least*10 + int(c-'0')
		}
		return least, true
	}
	return 0, false
}

// operator is the keyword at the head of a pattern, "" when it is a list
// pattern.
func (m *matcher) operator(s *stx) string {
	h := s.car()
	if !h.isID() {
		return ""
	}
	name := h.sym().Name
	least := 1
	switch name {
	case "@", "$", "object":
		least = 2
	case "quote", "quasiquote", "?", "=", "and", "or", "not", "get!", "set!":
	default:
		return ""
	}
	// Elsewhere, as in the tail (@ . rest) or in (= ...), they are names like
	// any other.
	parts, ok := s.list()
	if !ok || len(parts) < least {
		return ""
	}
	if len(parts) > 1 {
		if _, dots := m.isDots(&parts[1]); dots {
			return ""
		}
	}
	return name
}

// walk calls f for each variable of a pattern.
func (m *matcher) walk(s stx, f func(stx)) {
	switch {
	case s.isID():
		if _, dots := m.isDots(&s); !dots && s.sym().Name != "_" {
			f(s)
		}
	case s.isVector():
		for _, e := range s.vector() {
			m.walk(e, f)
		}
	case s.isPair():
		if p, q, ok := m.searchPattern(s); ok {
			m.walk(p, f)
			m.walk(q, f)
			return
		}
		op := m.operator(&s)
		switch op {
		case "quote", "not":
			return
		case "quasiquote":
			m.walkQuasi(s.rest(), f)
			return
		case "?", "=", "$", "object":
			s = s.rest()
			if s.isPair() {
				s = s.cdr()
			}
		case "@":
			s = s.rest()
			if !s.isPair() {
				return
			}
			for s = s.cdr(); s.isPair(); s = s.cdr() {
				if e := s.car(); e.isPair() {
					m.walk(e.cdr(), f)
				}
			}
			return
		case "and", "or", "get!", "set!":
			s = s.cdr()
		case "":
			// The rest may be a pattern with an operator: (p . (= f q)).
			m.walk(s.car(), f)
			m.walk(s.cdr(), f)
			return
		}
		for s.isPair() {
			m.walk(s.car(), f)
			s = s.cdr()
		}
		m.walk(s, f)
	}
}

func (m *matcher) walkQuasi(s stx, f func(stx)) {
	switch {
	case s.isVector():
		for _, e := range s.vector() {
			m.walkQuasi(e, f)
		}
	case s.isPair():
		if h := s.car(); h.isID() && (h.sym().Name == "unquote" || h.sym().Name == "unquote-splicing") {
			m.walk(s.rest(), f)
			return
		}
		m.walkQuasi(s.car(), f)
		m.walkQuasi(s.cdr(), f)
	}
}
