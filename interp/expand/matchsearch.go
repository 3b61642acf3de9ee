package expand

import (
	"fruix/interp/core"
	"fruix/interp/datum"
)

// searchPattern takes (p *** q) apart.
func (m *matcher) searchPattern(s stx) (p, q stx, ok bool) {
	parts, proper := s.list()
	if !proper || len(parts) != 3 || !parts[1].isID() || parts[1].sym().Name != "***" {
		return stx{}, stx{}, false
	}
	return parts[0], parts[2], true
}

// search matches (p *** q): q somewhere in the tree v, where every list on the
// way down to it begins with a p. The variables of p are bound to the lists of
// what they match on the way, from the top.
//
//	(letrec ((try (lambda (tree give-up path …) q matches tree: success
//	                      else (descend tree give-up path …)))
//	         (descend (lambda (tree give-up path …)
//	           p matches (car tree): try each of (cdr tree), extending the paths
//	           else (give-up))))
//	  (try v fail '() …))
func (m *matcher) search(s, p, q stx, v *core.Local, fail, then cont) core.Node {
	x, pos := m.x, s.pos
	a := core.At{Where: pos}
	vars := m.unbound(p)
	finals := make([]*core.Local, len(vars))
	for i, mv := range vars {
		finals[i] = mv.local
	}
	call := func(proc *core.Local, args ...core.Node) core.Node {
		return &core.Call{At: a, Proc: local(pos, proc), Args: args}
	}
	locals := func(ls []*core.Local) []core.Node {
		out := make([]core.Node, len(ls))
		for i, l := range ls {
			out[i] = local(pos, l)
		}
		return out
	}
	paths := func() []*core.Local {
		out := make([]*core.Local, len(vars))
		for i, mv := range vars {
			out[i] = newLocal(mv.id.sym().Name)
		}
		return out
	}
	try, descend := newLocal("try"), newLocal("descend")
	lambda := func(name string, req []*core.Local, body core.Node) core.Node {
		return &core.Lambda{At: a, Name: name, Properties: datum.Null, Clauses: []core.Clause{{Req: req, Body: body}}}
	}

	// try, before the path's variables have their values of one level
	tree, giveUp, path := newLocal("tree"), newLocal("give-up"), paths()
	found := &core.Let{At: a, Vars: finals}
	for i, mv := range vars {
		m.bound[mv] = true
		found.Inits = append(found.Inits, x.callGuile(pos, "reverse", local(pos, path[i])))
	}
	next := func() core.Node {
		return call(descend, append([]core.Node{local(pos, tree), local(pos, giveUp)}, locals(path)...)...)
	}
	// The paths hold before q is looked at: q may repeat a variable of p.
	found.Body = m.pattern(q, tree, next, then)
	for _, mv := range vars {
		delete(m.bound, mv)
	}
	tried := core.Node(found)
	if len(vars) == 0 {
		tried = found.Body
	}
	tryProc := lambda("try", append([]*core.Local{tree, giveUp}, path...), tried)

	// descend
	tree, giveUp, path = newLocal("tree"), newLocal("give-up"), paths()
	first, loop, rest := newLocal("first"), newLocal("each"), newLocal("rest")
	for _, mv := range vars {
		mv.local = &core.Local{Name: mv.id.sym()}
	}
	quit := func() core.Node { return call(giveUp) }
	each := func() core.Node {
		longer := make([]core.Node, len(vars))
		for i, mv := range vars {
			item := konst(pos, datum.False)
			if m.bound[mv] {
				item = local(pos, mv.local)
			}
			longer[i] = x.callGuile(pos, "cons", item, local(pos, path[i]))
		}
		onwards := thunk(pos, call(loop, x.callGuile(pos, "cdr", local(pos, rest))))
		body := &core.If{At: a, Test: x.callGuile(pos, "pair?", local(pos, rest)),
			Then: call(try, append([]core.Node{x.callGuile(pos, "car", local(pos, rest)), onwards}, longer...)...),
			Else: quit()}
		return x.loop(pos, loop, core.Clause{Req: []*core.Local{rest}, Body: body},
			[]core.Node{x.callGuile(pos, "cdr", local(pos, tree))})
	}
	below := &core.If{At: a, Test: x.callGuile(pos, "pair?", local(pos, tree)),
		Then: m.bind(pos, first, x.callGuile(pos, "car", local(pos, tree)), func() core.Node {
			return m.pattern(p, first, quit, each)
		}),
		Else: quit()}
	for i, mv := range vars {
		mv.local = finals[i]
	}
	descendProc := lambda("descend", append([]*core.Local{tree, giveUp}, path...), below)

	start := []core.Node{local(pos, v), thunk(pos, fail())}
	for range vars {
		start = append(start, konst(pos, datum.Null))
	}
	return &core.Letrec{At: a, Vars: []*core.Local{try, descend}, Inits: []core.Node{tryProc, descendProc}, Body: call(try, start...)}
}

// segment matches `(,@p . after): p with the list of as many elements as leave
// enough for what comes after.
func (m *matcher) segment(p, after stx, v *core.Local, fail, then cont) core.Node {
	x, pos := m.x, p.pos
	tail := 0
	for r := after; r.isPair(); r = r.cdr() {
		tail++
	}
	n, head, rest := newLocal("count"), newLocal("head"), newLocal("rest")
	count := x.callGuile(pos, "-", x.callGuile(pos, "%match-length", local(pos, v)), konst(pos, datum.Fix(int64(tail))))
	part := func(proc string) core.Node { return x.callGuile(pos, proc, local(pos, v), local(pos, n)) }
	return m.bind(pos, n, count, func() core.Node {
		enough := x.callGuile(pos, ">=", local(pos, n), konst(pos, datum.Fix(0)))
		return m.test(pos, enough, fail, func() core.Node {
			return m.bind(pos, head, part("list-head"), func() core.Node {
				return m.pattern(p, head, fail, func() core.Node {
					return m.bind(pos, rest, part("list-tail"), func() core.Node { return m.quasi(after, rest, fail, then) })
				})
			})
		})
	})
}
