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
	n := x.callGuile(s.pos, "%match-error", local(s.pos, v))
	made := make([]func(core.Node) core.Node, len(clauses))
	for i := range clauses {
		made[i] = x.matchClause(clauses[i], v, who)
	}
	for i := len(made) - 1; i >= 0; i-- {
		n = made[i](n)
	}
	return n
}

// matchClause expands one clause to a function of what comes when it fails.
func (x *Expander) matchClause(cl stx, v *core.Local, who string) func(core.Node) core.Node {
	if !cl.isPair() || !cl.rest().isPair() {
		x.fail(&cl, who, "bad clause %s, expected (pattern body …)", x.show(&cl))
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
				x.fail(&first, who, "expected (=> name)")
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
		x.fail(&s, "match-let", "bad form, expected (match-let name ((pattern expression) …) body …)")
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
		code := st.m.pattern(st.pat, st.v, func() core.Node { return x.callGuile(s.pos, "%match-error", local(s.pos, st.v)) },
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
		code := m.pattern(pats[i], val, func() core.Node { return x.callGuile(s.pos, "%match-error", local(s.pos, val)) }, func() core.Node {
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
		x.fail(&s, who, "bad form, expected (%s ((pattern expression) …) body …)", who)
	}
	first := rest.car()
	items, ok := first.list()
	if !ok {
		x.fail(&first, who, "bad bindings %s, expected a list of (pattern expression)", x.show(&first))
	}
	for i := range items {
		p, ok := items[i].list()
		if !ok || len(p) != 2 {
			x.fail(&items[i], who, "bad binding %s, expected (pattern expression)", x.show(&items[i]))
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
		return m.pattern(pats[i], vals[i], func() core.Node { return x.callGuile(s.pos, "%match-error", local(s.pos, vals[i])) },
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
	switch name := h.sym().Name; name {
	case "quote", "quasiquote", "?", "=", "$", "@", "and", "or", "not", "get!", "set!", "object":
		if rest := s.cdr(); rest.isPair() {
			if second := rest.car(); second.isID() {
				if _, dots := m.isDots(&second); dots {
					return ""
				}
			}
		}
		return name
	}
	return ""
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

type cont func() core.Node

// pattern generates code that matches the value of v.
func (m *matcher) pattern(s stx, v *core.Local, fail, then cont) core.Node {
	x := m.x
	x.down(&s)
	defer func() { x.depth-- }()
	switch {
	case s.isID():
		return m.variable(s, v, fail, then)
	case s.isPair():
		return m.compound(s, v, fail, then)
	case s.isNull():
		return m.test(s.pos, x.callGuile(s.pos, "null?", local(s.pos, v)), fail, then)
	case s.isVector():
		return m.vector(s, v, fail, then)
	}
	return m.literal(s.pos, constant(s.v), v, fail, then)
}

func (m *matcher) test(pos source.Pos, test core.Node, fail, then cont) core.Node {
	// The success is generated first: it decides which variables are bound.
	n := then()
	return &core.If{At: core.At{Where: pos}, Test: test, Then: n, Else: fail()}
}

func (m *matcher) bind(pos source.Pos, l *core.Local, init core.Node, then cont) core.Node {
	return &core.Let{At: core.At{Where: pos}, Vars: []*core.Local{l}, Inits: []core.Node{init}, Body: then()}
}

func (m *matcher) variable(s stx, v *core.Local, fail, then cont) core.Node {
	if s.sym().Name == "_" {
		return then()
	}
	if _, dots := m.isDots(&s); dots {
		m.x.fail(&s, m.who, "misplaced %s in the pattern", s.sym().Name)
	}
	mv := m.find(&s)
	if m.bound[mv] {
		// A variable that occurs twice must match equal values.
		return m.test(s.pos, m.x.callGuile(s.pos, "equal?", local(s.pos, mv.local), local(s.pos, v)), fail, then)
	}
	m.bound[mv] = true
	n := m.bind(s.pos, mv.local, local(s.pos, v), then)
	delete(m.bound, mv)
	return n
}

func (m *matcher) literal(pos source.Pos, c datum.Value, v *core.Local, fail, then cont) core.Node {
	eq := "equal?"
	if c.IsSymbol() || c.IsFix() || c.IsChar() || c.Kind() == datum.KConstant || c.Is(datum.KKeyword) {
		eq = "eq?"
	}
	return m.test(pos, m.x.callGuile(pos, eq, local(pos, v), konst(pos, c)), fail, then)
}

func (m *matcher) compound(s stx, v *core.Local, fail, then cont) core.Node {
	x := m.x
	op := m.operator(&s)
	if op == "" {
		return m.list(s, v, fail, then)
	}
	parts, ok := s.list()
	if !ok {
		return m.list(s, v, fail, then)
	}
	need := func(n int, shape string) {
		if len(parts) < n {
			x.fail(&s, m.who, "bad pattern %s, expected %s", x.show(&s), shape)
		}
	}
	switch op {
	case "quote":
		need(2, "(quote datum)")
		return m.literal(s.pos, constant(parts[1].v), v, fail, then)
	case "quasiquote":
		need(2, "(quasiquote template)")
		return m.quasi(parts[1], v, fail, then)
	case "and":
		return m.every(parts[1:], v, fail, then)
	case "or":
		return m.either(s, parts[1:], v, fail, then)
	case "not":
		need(2, "(not pattern)")
		return m.negation(s, parts[1:], v, fail, then)
	case "?":
		need(2, "(? predicate pattern …)")
		call := &core.Call{At: at(&s), Proc: x.expr(parts[1]), Args: []core.Node{local(s.pos, v)}}
		return m.test(s.pos, call, fail, func() core.Node { return m.every(parts[2:], v, fail, then) })
	case "=":
		need(3, "(= procedure pattern)")
		l := newLocal("field")
		call := &core.Call{At: at(&s), Proc: x.expr(parts[1]), Args: []core.Node{local(s.pos, v)}}
		return m.bind(s.pos, l, call, func() core.Node { return m.pattern(parts[2], l, fail, then) })
	case "$", "object":
		need(2, "($ record-type pattern …)")
		return m.record(s, parts, v, fail, then)
	case "@":
		need(2, "(@ record-type (field pattern) …)")
		return m.fields(s, parts, v, fail, then)
	}
	// get! and set! make sense inside pairs and vectors, see part.
	x.fail(&s, m.who, "%s can be used only for a part of a pair, vector or record", op)
	return nil
}

// every matches all patterns with one value.
func (m *matcher) every(pats []stx, v *core.Local, fail, then cont) core.Node {
	if len(pats) == 0 {
		return then()
	}
	return m.pattern(pats[0], v, fail, func() core.Node { return m.every(pats[1:], v, fail, then) })
}

// either tries alternatives; the success is a procedure of the variables.
func (m *matcher) either(s stx, pats []stx, v *core.Local, fail, then cont) core.Node {
	if len(pats) == 0 {
		return fail()
	}
	if len(pats) == 1 {
		return m.pattern(pats[0], v, fail, then)
	}
	var vars []*matchVar
	m.walk(s, func(id stx) {
		mv := m.find(&id)
		if mv == nil || m.bound[mv] {
			return
		}
		for _, o := range vars {
			if o == mv {
				return
			}
		}
		vars = append(vars, mv)
	})
	finals := make([]*core.Local, len(vars))
	for i, mv := range vars {
		finals[i] = mv.local
		m.bound[mv] = true
	}
	success := newLocal("matched")
	body := then()
	k := &core.Lambda{At: at(&s), Properties: datum.Null, Clauses: []core.Clause{{Req: finals, Body: body}}}
	for _, mv := range vars {
		delete(m.bound, mv)
	}
	var alternative func(i int) core.Node
	alternative = func(i int) core.Node {
		temps := make([]*core.Local, len(vars))
		for j, mv := range vars {
			temps[j] = &core.Local{Name: mv.id.sym()}
			mv.local = temps[j]
		}
		otherwise := fail
		wrap := func(n core.Node) core.Node { return n }
		if i+1 < len(pats) {
			next := newLocal("or-next")
			otherwise = func() core.Node { return &core.Call{At: at(&s), Proc: local(s.pos, next)} }
			wrap = func(n core.Node) core.Node {
				return &core.Let{At: at(&s), Vars: []*core.Local{next}, Inits: []core.Node{thunk(s.pos, alternative(i+1))}, Body: n}
			}
		}
		code := m.pattern(pats[i], v, otherwise, func() core.Node {
			args := make([]core.Node, len(vars))
			for j, mv := range vars {
				if m.bound[mv] {
					args[j] = local(s.pos, mv.local)
				} else {
					args[j] = konst(s.pos, datum.False)
				}
			}
			return &core.Call{At: at(&s), Proc: local(s.pos, success), Args: args}
		})
		return wrap(code)
	}
	n := alternative(0)
	for i, mv := range vars {
		mv.local = finals[i]
	}
	return &core.Let{At: at(&s), Vars: []*core.Local{success}, Inits: []core.Node{k}, Body: n}
}

// negation matches when none of the patterns does. Their variables are not
// visible to the body.
func (m *matcher) negation(s stx, pats []stx, v *core.Local, fail, then cont) core.Node {
	sub := m.x.newMatcher(m.who)
	for _, p := range pats {
		sub.collect(p)
	}
	defer sub.b.done()
	// then may be needed at several places.
	ok := newLocal("not-matched")
	call := func() core.Node { return &core.Call{At: at(&s), Proc: local(s.pos, ok)} }
	code := sub.either(s, pats, v, call, fail)
	return &core.Let{At: at(&s), Vars: []*core.Local{ok}, Inits: []core.Node{thunk(s.pos, then())}, Body: code}
}

// part matches a component that get gives; set stores into it.
func (m *matcher) part(s stx, get, set func() core.Node, fail, then cont) core.Node {
	if s.isPair() {
		if op := m.operator(&s); op == "get!" || op == "set!" {
			if arg := s.rest(); arg.isPair() {
				if id := arg.car(); id.isID() {
					mv := m.find(&id)
					m.bound[mv] = true
					proc := thunk(s.pos, get())
					if op == "set!" {
						proc = set()
					}
					n := m.bind(s.pos, mv.local, proc, then)
					delete(m.bound, mv)
					return n
				}
			}
		}
	}
	if s.isID() && s.sym().Name == "_" {
		return then()
	}
	l := newLocal("part")
	return m.bind(s.pos, l, get(), func() core.Node { return m.pattern(s, l, fail, then) })
}

func (m *matcher) setter(pos source.Pos, proc string, args ...core.Node) core.Node {
	val := newLocal("value")
	return &core.Lambda{At: core.At{Where: pos}, Properties: datum.Null, Clauses: []core.Clause{{Req: []*core.Local{val},
		Body: m.x.callGuile(pos, proc, append(args, local(pos, val))...)}}}
}

// list matches a pair pattern: (p . q), with ellipses (p … q …).
func (m *matcher) list(s stx, v *core.Local, fail, then cont) core.Node {
	rest := s.cdr()
	if rest.isPair() {
		dots := rest.car()
		if least, ok := m.isDots(&dots); ok {
			return m.many(s.car(), rest.cdr(), least, v, fail, then)
		}
	}
	x, pos := m.x, s.pos
	return m.test(pos, x.callGuile(pos, "pair?", local(pos, v)), fail, func() core.Node {
		return m.part(s.car(), func() core.Node { return x.callGuile(pos, "car", local(pos, v)) },
			func() core.Node { return m.setter(pos, "set-car!", local(pos, v)) }, fail, func() core.Node {
				if rest.isNull() {
					return m.test(pos, x.callGuile(pos, "null?", x.callGuile(pos, "cdr", local(pos, v))), fail, then)
				}
				return m.part(rest, func() core.Node { return x.callGuile(pos, "cdr", local(pos, v)) },
					func() core.Node { return m.setter(pos, "set-cdr!", local(pos, v)) }, fail, then)
			})
	})
}

// many matches (p … . after): p with as many elements as leave enough for the
// patterns after it.
func (m *matcher) many(p, after stx, least int, v *core.Local, fail, then cont) core.Node {
	x, pos := m.x, p.pos
	tail := 0
	for r := after; r.isPair(); r = r.cdr() {
		if e := r.car(); e.isID() {
			if _, dots := m.isDots(&e); dots {
				x.fail(&e, m.who, "two ellipses in one list of the pattern")
			}
		}
		tail++
	}
	if after.isNull() && p.isID() && least == 0 && (p.sym().Name == "_" || !m.bound[m.find(&p)]) {
		// (x …): the list itself.
		return m.test(pos, x.callGuile(pos, "list?", local(pos, v)), fail, func() core.Node { return m.variable(p, v, fail, then) })
	}
	var vars []*matchVar
	m.walk(p, func(id stx) {
		if mv := m.find(&id); mv != nil && !m.bound[mv] {
			for _, o := range vars {
				if o == mv {
					return
				}
			}
			vars = append(vars, mv)
		}
	})
	n := newLocal("count")
	count := x.callGuile(pos, "%match-length", local(pos, v))
	if after.isNull() {
		// A proper list is needed.
		count = x.callGuile(pos, "%match-list-length", local(pos, v))
	}
	count = x.callGuile(pos, "-", count, konst(pos, datum.Fix(int64(tail))))
	return m.bind(pos, n, count, func() core.Node {
		enough := x.callGuile(pos, ">=", local(pos, n), konst(pos, datum.Fix(int64(least))))
		return m.test(pos, enough, fail, func() core.Node { return m.collectLoop(p, after, vars, n, v, fail, then) })
	})
}

// collectLoop walks n elements and gathers what the variables match.
func (m *matcher) collectLoop(p, after stx, vars []*matchVar, n, v *core.Local, fail, then cont) core.Node {
	x, pos := m.x, p.pos
	loop, i, ls := newLocal("collect"), newLocal("i"), newLocal("rest")
	c := core.Clause{Req: []*core.Local{i, ls}}
	inits := []core.Node{local(pos, n), local(pos, v)}
	accs := make([]*core.Local, len(vars))
	finals := make([]*core.Local, len(vars))
	for j, mv := range vars {
		accs[j] = newLocal(mv.id.sym().Name)
		finals[j] = mv.local
		c.Req = append(c.Req, accs[j])
		inits = append(inits, konst(pos, datum.Null))
	}
	for _, mv := range vars {
		mv.local = &core.Local{Name: mv.id.sym()}
	}
	element := m.part(p, func() core.Node { return x.callGuile(pos, "car", local(pos, ls)) },
		func() core.Node { return m.setter(pos, "set-car!", local(pos, ls)) }, fail, func() core.Node {
			args := []core.Node{
				x.callGuile(pos, "-", local(pos, i), konst(pos, datum.Fix(1))),
				x.callGuile(pos, "cdr", local(pos, ls)),
			}
			for j, mv := range vars {
				item := konst(pos, datum.False)
				if m.bound[mv] {
					item = local(pos, mv.local)
				}
				args = append(args, x.callGuile(pos, "cons", item, local(pos, accs[j])))
			}
			return &core.Call{At: core.At{Where: pos}, Proc: local(pos, loop), Args: args}
		})
	end := &core.Let{At: core.At{Where: pos}}
	for j, mv := range vars {
		mv.local = finals[j]
		m.bound[mv] = true
		end.Vars = append(end.Vars, finals[j])
		end.Inits = append(end.Inits, x.callGuile(pos, "reverse!", local(pos, accs[j])))
	}
	done := core.Node(end)
	body := func() core.Node {
		if after.isNull() {
			return then()
		}
		return m.pattern(after, ls, fail, then)
	}
	if len(vars) == 0 {
		done = body()
	} else {
		end.Body = body()
	}
	for _, mv := range vars {
		delete(m.bound, mv)
	}
	c.Body = &core.If{At: core.At{Where: pos},
		Test: x.callGuile(pos, "eq?", local(pos, i), konst(pos, datum.Fix(0))), Then: done, Else: element}
	return x.loop(pos, loop, c, inits)
}

// vector matches #(p …).
func (m *matcher) vector(s stx, v *core.Local, fail, then cont) core.Node {
	x, pos := m.x, s.pos
	items := s.vector()
	isVector := x.callGuile(pos, "vector?", local(pos, v))
	for i := range items {
		if _, dots := m.isDots(&items[i]); dots {
			l := newLocal("items")
			list := s
			list.v = datum.List(s.v.Vector().Items...)
			return m.test(pos, isVector, fail, func() core.Node {
				return m.bind(pos, l, x.callGuile(pos, "vector->list", local(pos, v)), func() core.Node { return m.pattern(list, l, fail, then) })
			})
		}
	}
	size := x.callGuile(pos, "eq?", x.callGuile(pos, "vector-length", local(pos, v)), konst(pos, datum.Fix(int64(len(items)))))
	var from func(i int) core.Node
	from = func(i int) core.Node {
		if i == len(items) {
			return then()
		}
		index := func() core.Node { return konst(pos, datum.Fix(int64(i))) }
		return m.part(items[i], func() core.Node { return x.callGuile(pos, "vector-ref", local(pos, v), index()) },
			func() core.Node { return m.setter(pos, "vector-set!", local(pos, v), index()) }, fail, func() core.Node { return from(i + 1) })
	}
	return m.test(pos, isVector, fail, func() core.Node {
		return m.test(pos, size, fail, func() core.Node { return from(0) })
	})
}

// record matches ($ type p …): the fields in order.
func (m *matcher) record(s stx, parts []stx, v *core.Local, fail, then cont) core.Node {
	x, pos := m.x, s.pos
	var from func(i int) core.Node
	from = func(i int) core.Node {
		if i+2 == len(parts) {
			return then()
		}
		index := func() core.Node { return konst(pos, datum.Fix(int64(i))) }
		return m.part(parts[i+2], func() core.Node { return x.callGuile(pos, "%record-ref", local(pos, v), index()) },
			func() core.Node { return m.setter(pos, "%record-set!", local(pos, v), index()) }, fail, func() core.Node { return from(i + 1) })
	}
	return m.test(pos, x.callGuile(pos, "%record-is?", local(pos, v), x.expr(parts[1])), fail, func() core.Node { return from(0) })
}

// fields matches (@ type (field p) …).
func (m *matcher) fields(s stx, parts []stx, v *core.Local, fail, then cont) core.Node {
	x, pos := m.x, s.pos
	typ := newLocal("type")
	var from func(i int) core.Node
	from = func(i int) core.Node {
		if i == len(parts) {
			return then()
		}
		spec, ok := parts[i].list()
		if !ok || len(spec) != 2 || !spec[0].isID() {
			x.fail(&parts[i], m.who, "bad pattern %s, expected (field pattern)", x.show(&parts[i]))
		}
		accessor := func(proc string) core.Node {
			return x.callGuile(pos, proc, local(pos, typ), konst(pos, spec[0].v))
		}
		return m.part(spec[1], func() core.Node {
			return &core.Call{At: core.At{Where: pos}, Proc: accessor("record-accessor"), Args: []core.Node{local(pos, v)}}
		}, func() core.Node {
			val := newLocal("value")
			return &core.Lambda{At: core.At{Where: pos}, Properties: datum.Null, Clauses: []core.Clause{{Req: []*core.Local{val},
				Body: &core.Call{At: core.At{Where: pos}, Proc: accessor("record-modifier"), Args: []core.Node{local(pos, v), local(pos, val)}}}}}
		}, fail, func() core.Node { return from(i + 1) })
	}
	return m.bind(pos, typ, x.expr(parts[1]), func() core.Node {
		return m.test(pos, x.callGuile(pos, "%record-is?", local(pos, v), local(pos, typ)), fail, func() core.Node { return from(2) })
	})
}

// quasi matches a quasiquoted pattern.
func (m *matcher) quasi(s stx, v *core.Local, fail, then cont) core.Node {
	x, pos := m.x, s.pos
	switch {
	case s.isPair():
		head := s.car()
		if head.isID() && head.sym().Name == "unquote" {
			if rest := s.cdr(); rest.isPair() {
				return m.pattern(rest.car(), v, fail, then)
			}
		}
		if head.isPair() {
			if h := head.car(); h.isID() && h.sym().Name == "unquote-splicing" {
				p := head.rest()
				if !p.isPair() || !s.rest().isNull() {
					x.fail(&head, m.who, "unquote-splicing can stand only at the end of a list pattern")
				}
				return m.pattern(p.car(), v, fail, then)
			}
		}
		if rest := s.cdr(); rest.isPair() {
			dots := rest.car()
			if least, ok := m.isDots(&dots); ok {
				return m.quasiMany(head, rest.cdr(), least, v, fail, then)
			}
		}
		return m.test(pos, x.callGuile(pos, "pair?", local(pos, v)), fail, func() core.Node {
			a, d := newLocal("car"), newLocal("cdr")
			return m.bind(pos, a, x.callGuile(pos, "car", local(pos, v)), func() core.Node {
				return m.quasi(head, a, fail, func() core.Node {
					return m.bind(pos, d, x.callGuile(pos, "cdr", local(pos, v)), func() core.Node {
						return m.quasi(s.cdr(), d, fail, then)
					})
				})
			})
		})
	case s.isVector():
		l := newLocal("items")
		list := s
		list.v = datum.List(s.v.Vector().Items...)
		return m.test(pos, x.callGuile(pos, "vector?", local(pos, v)), fail, func() core.Node {
			return m.bind(pos, l, x.callGuile(pos, "vector->list", local(pos, v)), func() core.Node { return m.quasi(list, l, fail, then) })
		})
	}
	return m.literal(pos, constant(s.v), v, fail, then)
}

// quasiMany turns `(p … . after) into a pattern without quasiquote at its top.
func (m *matcher) quasiMany(p, after stx, least int, v *core.Local, fail, then cont) core.Node {
	q := func(s stx) stx {
		return stx{v: datum.List(m.x.id("quasiquote"), s.syntax()), pos: s.pos}
	}
	rest := after
	if !after.isNull() {
		rest = q(after)
	}
	// many counts the patterns after the ellipsis, so take the list apart.
	var items []datum.Value
	for r := after; r.isPair(); r = r.cdr() {
		e := r.car()
		qe := q(e)
		items = append(items, qe.v)
	}
	if items != nil {
		rest = stx{v: datum.List(items...), pos: after.pos}
	}
	return m.many(q(p), rest, least, v, fail, then)
}
