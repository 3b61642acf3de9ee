package compile

import (
	"fruix/interp/core"
	"fruix/interp/datum"
)

// convertLetrec splits a letrec* into the smallest nested pieces that keep the
// order of evaluation. A piece ends where no initialiser so far mentions a
// later variable. Within a piece, procedures form a fix; other initialisers
// that mention nothing of the piece are bound before it; the rest are
// assigned inside of it, in order.
func (c *converter) convertLetrec(n *core.Letrec) node {
	g := &group{refs: make([]map[int]bool, len(n.Vars))}
	for i, l := range n.Vars {
		v := c.variable(l)
		c.env[l].group, c.env[l].index = g, i
		if _, ok := n.Inits[i].(*core.Lambda); !ok {
			// Until it is known that nothing reads it too early.
			v.check = true
		}
	}
	inits := make([]node, len(n.Inits))
	for i, x := range n.Inits {
		g.current = i
		inits[i] = c.convert(x)
	}
	g.current = -1
	vars := make([]*variable, len(n.Vars))
	for i, l := range n.Vars {
		vars[i] = c.env[l].v
		c.env[l].group = nil
	}
	var pieces []piece
	if n.Together && observable(inits, g.refs) {
		pieces = []piece{{0, len(vars), true}}
	} else {
		pieces = split(g.refs)
	}
	// Variables that nothing can read too early need no check; this is known
	// before the body is converted.
	plans := make([]*plan, len(pieces))
	for i, p := range pieces {
		plans[i] = p.plan(vars, inits, g.refs)
	}
	body := c.convert(n.Body)
	for i := len(plans) - 1; i >= 0; i-- {
		body = plans[i].bind(body)
	}
	return body
}

// split finds the pieces of a letrec* whose initialisers mention refs.
func split(refs []map[int]bool) []piece {
	var pieces []piece
	far, start := -1, 0
	for i := range refs {
		for j := range refs[i] {
			far = max(far, j)
		}
		if far <= i {
			pieces = append(pieces, piece{from: start, to: i + 1})
			start = i + 1
		}
	}
	return pieces
}

// observable reports whether a program could see the variables of a letrec get
// their values one by one. Where an initialiser wants the value of another one
// they have to.
func observable(inits []node, refs []map[int]bool) bool {
	again := false
	for i, x := range inits {
		if isLambda(x) {
			continue
		}
		for j := range refs[i] {
			if !isLambda(inits[j]) {
				return false
			}
		}
		again = again || mayReturnAgain(x)
	}
	return again
}

// mayReturnAgain reports whether the evaluation of n can capture its
// continuation: whether it calls anything but natives.
func mayReturnAgain(n node) bool {
	switch n.(type) {
	case *call, *receive:
		return true
	case *lambda:
		return false
	}
	found := false
	children(n, func(x node) { found = found || mayReturnAgain(x) })
	return found
}

// piece is a run of variables [from, to) of a letrec*, or, when together is
// set, all of a letrec, whose locations must be there before an initialiser is
// evaluated and keep what they hold until all are.
type piece struct {
	from, to int
	together bool
}

// plan is how the variables of a piece are bound.
type plan struct {
	early      []*variable // bound in order, outside
	earlyInits []node
	fixed      []*variable
	lambdas    []*lambda
	late       []*variable // assigned in order, inside
	lateInits  []node
	together   bool // the late ones are assigned when all their values are there
}

func (p piece) plan(vars []*variable, inits []node, refs []map[int]bool) *plan {
	pl := &plan{together: p.together}
	inPiece := func(i int) bool {
		for j := range refs[i] {
			if j >= p.from && j < p.to {
				return true
			}
		}
		return false
	}
	// A constant can be bound outside too, unless what is evaluated before it
	// mentions it: to read it there is an error.
	readEarly := func(i int) bool {
		for j := p.from; j < i; j++ {
			if !isLambda(inits[j]) && refs[j][i] {
				return true
			}
		}
		return false
	}
	hoisting := !p.together
	for i := p.from; i < p.to; i++ {
		v := vars[i]
		l, procedure := inits[i].(*lambda)
		switch {
		case procedure && !v.assigned:
			v.known, l.self = l, v
			pl.fixed, pl.lambdas = append(pl.fixed, v), append(pl.lambdas, l)
		case !v.assigned && (hoisting && !inPiece(i) || isConstant(inits[i]) && !readEarly(i)):
			v.check = false
			pl.early, pl.earlyInits = append(pl.early, v), append(pl.earlyInits, inits[i])
		default:
			hoisting = false
			v.assigned = true
			v.check = !procedure
			pl.late, pl.lateInits = append(pl.late, v), append(pl.lateInits, inits[i])
		}
	}
	if !p.together && len(pl.late) == 1 && len(pl.fixed) == 0 && p.to-p.from == 1 && !inPiece(p.from) {
		// An assigned variable whose initialiser does not mention it.
		pl.early, pl.earlyInits = pl.late, pl.lateInits
		pl.late[0].check = false
		pl.late, pl.lateInits = nil, nil
	}
	return pl
}

func isLambda(n node) bool {
	_, ok := n.(*lambda)
	return ok
}

func isConstant(n node) bool {
	_, ok := n.(*constant)
	return ok
}

func (p *plan) bind(body node) node {
	pos := at{body.where()}
	if len(p.late) > 0 {
		body = p.assign(body)
	}
	if len(p.fixed) > 0 {
		body = &fix{at: pos, vars: p.fixed, lambdas: p.lambdas, body: body}
	}
	if len(p.late) > 0 {
		unset := make([]node, len(p.late))
		for i := range unset {
			unset[i] = &constant{pos, datum.Unset}
		}
		body = &let{pos, p.late, unset, body}
	}
	for i := len(p.early) - 1; i >= 0; i-- {
		body = &let{pos, []*variable{p.early[i]}, []node{p.earlyInits[i]}, body}
	}
	return body
}

// assign gives the late variables their values before body.
func (p *plan) assign(body node) node {
	pos := at{body.where()}
	var first, last, inits []node
	var vars []*variable
	for i, v := range p.late {
		init := p.lateInits[i]
		pos := at{init.where()}
		if !p.together || isLambda(init) {
			first = append(first, &set{pos, v, init, true})
			continue
		}
		value := &variable{name: v.name, refs: 1}
		vars, inits = append(vars, value), append(inits, init)
		last = append(last, &set{pos, v, &ref{pos, value}, true})
	}
	if vars == nil {
		return &sequence{pos, append(first, body)}
	}
	rest := &let{pos, vars, inits, &sequence{pos, append(last, body)}}
	if first == nil {
		return rest
	}
	return &sequence{pos, append(first, rest)}
}
