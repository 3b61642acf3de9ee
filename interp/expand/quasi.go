package expand

import (
	"fruix/interp/core"
	"fruix/interp/datum"
)

// quasiquote is `datum with , and ,@ (R7RS 4.2.8); constants stay shared.
func (x *Expander) quasiquote(s stx) core.Node {
	p := x.parts(&s, "quasiquote", 1, 1, "(quasiquote template)")
	return x.quasi(p[0], 0)
}

func isConst(n core.Node) (datum.Value, bool) {
	if c, ok := n.(*core.Const); ok {
		return c.Value, true
	}
	return datum.Unset, false
}

func listItems(l datum.Value) []datum.Value {
	var out []datum.Value
	for ; l.IsPair(); l = l.Pair().Cdr {
		out = append(out, l.Pair().Car)
	}
	return out
}

func (x *Expander) quasi(s stx, depth int) core.Node {
	x.down(&s)
	defer func() { x.depth-- }()
	switch {
	case s.isPair():
		head := s.car()
		if n := x.quasiUnquote(s, &head, depth); n != nil {
			return n
		}
		return x.quasiList(s, depth)
	case s.isVector():
		list := s
		list.v = datum.List(s.v.Vector().Items...)
		n := x.quasi(list, depth)
		if v, ok := isConst(n); ok {
			return konst(s.pos, constant(datum.NewVector(listItems(v))))
		}
		return x.callGuile(s.pos, "list->vector", n)
	}
	return konst(s.pos, constant(s.v))
}

// quasiUnquote handles a form that is itself (unquote e) or (quasiquote e).
func (x *Expander) quasiUnquote(s stx, head *stx, depth int) core.Node {
	rest := s.cdr()
	if !rest.isPair() || rest.v.Pair().Cdr != datum.Null {
		return nil
	}
	e := rest.car()
	switch {
	case x.isCore(head, "unquote"):
		if depth == 0 {
			return x.expr(e)
		}
		return x.requote(s, "unquote", e, depth-1)
	case x.isCore(head, "quasiquote"):
		return x.requote(s, "quasiquote", e, depth+1)
	case depth == 0 && x.isCore(head, "unquote-splicing"):
		x.fail(&s, "unquote-splicing", "can be used only inside a list")
	}
	return nil
}

func (x *Expander) requote(s stx, name string, e stx, depth int) core.Node {
	n := x.quasi(e, depth)
	if v, ok := isConst(n); ok {
		return konst(s.pos, datum.List(datum.Sym(name), v))
	}
	return x.callGuile(s.pos, "list", konst(s.pos, datum.Sym(name)), n)
}

// quasiList walks a list; the spine is handled in a loop, from the end.
func (x *Expander) quasiList(s stx, depth int) core.Node {
	type part struct {
		n      core.Node
		splice bool
	}
	var parts []part
	whole := s
	var tail core.Node
	for s.isPair() {
		if endless(len(parts), s.v) {
			x.failHint(&whole, "quasiquote", "insert it: ,'(…)", "circular data cannot stand in a template")
		}
		head := s.car()
		if len(parts) > 0 {
			// A tail (… . ,e) reads as (… unquote e).
			if n := x.quasiUnquote(s, &head, depth); n != nil {
				tail = n
				break
			}
		}
		if head.isPair() {
			op := head.car()
			splice := x.isCore(&op, "unquote-splicing")
			if splice || x.isCore(&op, "unquote") {
				args := head.cdr()
				if depth == 0 {
					list, ok := args.list()
					if !ok || splice && len(list) == 0 {
						x.fail(&head, op.sym().Name, "bad form")
					}
					for _, a := range list {
						parts = append(parts, part{x.expr(a), splice})
					}
					s = s.cdr()
					continue
				}
				n := x.quasi(args, depth-1)
				if v, ok := isConst(n); ok {
					n = konst(head.pos, datum.Cons(op.strip(), v))
				} else {
					n = x.callGuile(head.pos, "cons", konst(op.pos, op.strip()), n)
				}
				parts = append(parts, part{n, false})
				s = s.cdr()
				continue
			}
		}
		parts = append(parts, part{x.quasi(head, depth), false})
		s = s.cdr()
	}
	if tail == nil {
		tail = x.quasi(s, depth)
	}
	all := true
	if _, ok := isConst(tail); !ok {
		all = false
	}
	for _, p := range parts {
		if _, ok := isConst(p.n); !ok || p.splice {
			all = false
		}
	}
	if all {
		// Unquoted constants may stand for what they are, so rebuild.
		out, _ := isConst(tail)
		for i := len(parts) - 1; i >= 0; i-- {
			v, _ := isConst(parts[i].n)
			out = datum.Cons(v, out)
		}
		return konst(whole.pos, out)
	}
	for i := len(parts) - 1; i >= 0; i-- {
		p := parts[i]
		t, constTail := isConst(tail)
		switch {
		case p.splice && constTail && t == datum.Null && i == len(parts)-1:
			tail = p.n
		case p.splice:
			tail = x.callGuile(whole.pos, "append", p.n, tail)
		default:
			v, constHead := isConst(p.n)
			if constHead && constTail {
				tail = konst(whole.pos, datum.Cons(v, t))
			} else {
				tail = x.callGuile(whole.pos, "cons", p.n, tail)
			}
		}
	}
	return tail
}
