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
	far, start := -1, 0
	for i := range vars {
		for j := range g.refs[i] {
			far = max(far, j)
		}
		if far <= i {
			pieces = append(pieces, piece{start, i + 1})
			start = i + 1
		}
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

// piece is a run of variables [from, to) of a letrec*.
type piece struct{ from, to int }

// plan is how the variables of a piece are bound.
type plan struct {
	early      []*variable // bound in order, outside
	earlyInits []node
	fixed      []*variable
	lambdas    []*lambda
	late       []*variable // assigned in order, inside
	lateInits  []node
}

func (p piece) plan(vars []*variable, inits []node, refs []map[int]bool) *plan {
	pl := &plan{}
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
			if _, isLambda := inits[j].(*lambda); !isLambda && refs[j][i] {
				return true
			}
		}
		return false
	}
	hoisting := true
	for i := p.from; i < p.to; i++ {
		v := vars[i]
		l, isLambda := inits[i].(*lambda)
		switch {
		case isLambda && !v.assigned:
			v.known, l.self = l, v
			pl.fixed, pl.lambdas = append(pl.fixed, v), append(pl.lambdas, l)
		case !v.assigned && (hoisting && !inPiece(i) || isConstant(inits[i]) && !readEarly(i)):
			v.check = false
			pl.early, pl.earlyInits = append(pl.early, v), append(pl.earlyInits, inits[i])
		default:
			hoisting = false
			v.assigned = true
			v.check = !isLambda
			pl.late, pl.lateInits = append(pl.late, v), append(pl.lateInits, inits[i])
		}
	}
	if len(pl.late) == 1 && len(pl.fixed) == 0 && p.to-p.from == 1 && !inPiece(p.from) {
		// An assigned variable whose initialiser does not mention it.
		pl.early, pl.earlyInits = pl.late, pl.lateInits
		pl.late[0].check = false
		pl.late, pl.lateInits = nil, nil
	}
	return pl
}

func isConstant(n node) bool {
	_, ok := n.(*constant)
	return ok
}

func (p *plan) bind(body node) node {
	pos := at{body.where()}
	if len(p.late) > 0 {
		seq := &sequence{at: pos}
		for i, v := range p.late {
			seq.body = append(seq.body, &set{at{p.lateInits[i].where()}, v, p.lateInits[i], true})
		}
		seq.body = append(seq.body, body)
		body = seq
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
