package expand

import (
	"slices"

	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/source"
)

// cont generates the code for what follows a success or a failure. The code of
// a success is asked for once, that of a failure as often as needed.
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
	if _, dots := m.isDots(&s); dots || s.sym().Name == "_" {
		// Dots that follow nothing are a name like any other, as in (p . ...).
		return then()
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
	vars := m.unbound(s)
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
	if p, q, ok := m.searchPattern(s); ok {
		return m.search(s, p, q, v, fail, then)
	}
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
	if after.isNull() && p.isID() && least == 0 {
		// (x …): the list itself.
		return m.test(pos, x.callGuile(pos, "list?", local(pos, v)), fail, func() core.Node { return m.variable(p, v, fail, then) })
	}
	if mv := m.find(&p); p.isID() && mv != nil && m.bound[mv] {
		return m.repeated(p, after, least, mv, v, fail, then)
	}
	vars := m.unbound(p)
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

// repeated matches (x … . after) where x is bound already: to a list that
// equals that of the elements.
func (m *matcher) repeated(x, after stx, least int, old *matchVar, v *core.Local, fail, then cont) core.Node {
	mv := &matchVar{x, &core.Local{Name: x.sym()}}
	i := slices.Index(m.vars, old)
	m.vars[i] = mv
	n := m.many(x, after, least, v, fail, func() core.Node {
		same := m.x.callGuile(x.pos, "equal?", local(x.pos, mv.local), local(x.pos, old.local))
		m.vars[i] = old
		return m.test(x.pos, same, fail, then)
	})
	m.vars[i] = old
	return n
}

// unbound lists the variables of a pattern that nothing before it has bound.
func (m *matcher) unbound(s stx) []*matchVar {
	var vars []*matchVar
	m.walk(s, func(id stx) {
		if mv := m.find(&id); mv != nil && !m.bound[mv] && !slices.Contains(vars, mv) {
			vars = append(vars, mv)
		}
	})
	return vars
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
				if !p.isPair() {
					x.fail(&head, m.who, "bad pattern %s, expected (unquote-splicing pattern)", x.show(&head))
				}
				if s.rest().isNull() {
					return m.pattern(p.car(), v, fail, then)
				}
				return m.segment(p.car(), s.cdr(), v, fail, then)
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
		if s.isPair() {
			if h := s.car(); h.isID() && h.sym().Name == "unquote" {
				if arg := s.cdr(); arg.isPair() {
					return arg.car()
				}
			}
		}
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
		items = append(items, qe.syntax())
	}
	if items != nil {
		rest = stx{v: datum.List(items...), pos: after.pos}
	}
	return m.many(q(p), rest, least, v, fail, then)
}
