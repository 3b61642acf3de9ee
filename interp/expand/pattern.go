package expand

import (
	"fruix/interp/datum"
	"fruix/interp/syntax"
)

// patternKind is the shape of a pattern (R6RS library 12.4, R7RS 4.3.2).
type patternKind uint8

const (
	patAny  patternKind = iota // _
	patVar                     // a variable: slot
	patLit                     // an identifier that must mean the same
	patNull                    // ()
	patPair                    // (car . cdr)
	patMany                    // (car … after… . cdr)
	patVec                     // #(…): car matches the elements as a list
	patEq                      // another datum
)

type pattern struct {
	kind     patternKind
	slot     int // of a variable; of patMany, the first of its variables
	count    int // patMany: number of variables in car
	tail     int // patMany: pairs that cdr needs
	lit      stx
	car, cdr *pattern
}

// patternVar is a variable of a pattern with the number of ellipses after it.
type patternVar struct {
	id    stx
	depth int
}

// patternCompiler makes one pattern.
type patternCompiler struct {
	x        *Expander
	who      string
	literals []stx
	ellipsis func(*stx) bool
	vars     []patternVar
}

func (c *patternCompiler) isLiteral(s *stx) bool {
	for i := range c.literals {
		l := &c.literals[i]
		if l.sym() == s.sym() && l.set == s.set {
			return true
		}
	}
	return false
}

func (c *patternCompiler) compile(s stx, depth int) *pattern {
	x := c.x
	switch {
	case s.isID():
		if c.isLiteral(&s) {
			return &pattern{kind: patLit, lit: x.stamp(s)}
		}
		if c.ellipsis(&s) {
			x.failAs(misplacedEllipsis, &s, c.who, "", "misplaced ellipsis in the pattern: nothing stands before it")
		}
		if s.sym().Name == "_" && x.isCore(&s, "_") {
			return &pattern{kind: patAny}
		}
		for i := range c.vars {
			if c.vars[i].id.sym() == s.sym() && c.vars[i].id.set == s.set {
				x.failAs(syntax.Words{Who: "syntax-case", Message: "duplicate pattern variable"}, &s, c.who, "", "the pattern variable %s appears twice", s.sym().Name)
			}
		}
		c.vars = append(c.vars, patternVar{s, depth})
		return &pattern{kind: patVar, slot: len(c.vars) - 1}
	case s.isNull():
		return &pattern{kind: patNull}
	case s.isVector():
		items := s.vector()
		return &pattern{kind: patVec, car: c.list(items, nil, depth)}
	case s.isPair():
		var items []stx
		for s.isPair() {
			items = append(items, s.car())
			s = s.cdr()
		}
		if s.isNull() {
			return c.list(items, nil, depth)
		}
		return c.list(items, &s, depth)
	}
	return &pattern{kind: patEq, lit: s}
}

// list compiles (item … . end); end nil is the empty list.
func (c *patternCompiler) list(items []stx, end *stx, depth int) *pattern {
	dots := -1
	for i := 1; i < len(items); i++ {
		if items[i].isID() && c.ellipsis(&items[i]) && !c.isLiteral(&items[i]) {
			if dots >= 0 {
				c.x.failAs(misplacedEllipsis, &items[i], c.who, "", "two ellipses in one list of the pattern")
			}
			dots = i
		}
	}
	// Compile from left to right, so that variables are numbered in order.
	type cell struct {
		p    *pattern
		many bool
	}
	var cells []cell
	for i := 0; i < len(items); i++ {
		switch {
		case i == dots:
		case i+1 == dots:
			first := len(c.vars)
			p := c.compile(items[i], depth+1)
			cells = append(cells, cell{&pattern{kind: patMany, car: p, slot: first, count: len(c.vars) - first}, true})
		default:
			cells = append(cells, cell{c.compile(items[i], depth), false})
		}
	}
	out := &pattern{kind: patNull}
	if end != nil {
		out = c.compile(*end, depth)
	}
	tail := 0
	for i := len(cells) - 1; i >= 0; i-- {
		if cells[i].many {
			cells[i].p.tail = tail
			cells[i].p.cdr = out
			out = cells[i].p
			continue
		}
		tail++
		out = &pattern{kind: patPair, car: cells[i].p, cdr: out}
	}
	return out
}

// match compares s with a pattern and fills the variables' slots. A variable
// with ellipses holds a vector of what it matched.
func (x *Expander) match(p *pattern, s stx, out []datum.Value) bool {
	for {
		switch p.kind {
		case patAny:
			return true
		case patVar:
			out[p.slot] = s.syntax()
			return true
		case patLit:
			return s.isID() && x.sameMeaning(&p.lit, &s)
		case patNull:
			return s.isNull()
		case patPair:
			if !s.isPair() || !x.match(p.car, s.car(), out) {
				return false
			}
			s = s.cdr()
			p = p.cdr
		case patMany:
			n := -p.tail
			for r := s; r.isPair(); r = r.cdr() {
				if n++; endless(n+p.tail, r.v) {
					return false
				}
			}
			if n < 0 {
				return false
			}
			if !x.matchMany(p, &s, n, out) {
				return false
			}
			p = p.cdr
		case patVec:
			if !s.isVector() {
				return false
			}
			s.v = datum.List(s.v.Vector().Items...)
			p = p.car
		default:
			return equalDatum(p.lit.v, s.v)
		}
	}
}

// matchMany matches the first n elements of s, leaving the rest in s.
func (x *Expander) matchMany(p *pattern, s *stx, n int, out []datum.Value) bool {
	if p.car.kind == patVar {
		items := make([]datum.Value, n)
		for i := range items {
			e := s.car()
			items[i] = e.syntax()
			*s = s.cdr()
		}
		out[p.car.slot] = datum.NewVector(items)
		return true
	}
	columns := make([][]datum.Value, p.count)
	cells := make([]datum.Value, n*p.count)
	for i := range columns {
		columns[i], cells = cells[:0:n], cells[n:]
	}
	for range n {
		if !x.match(p.car, s.car(), out) {
			return false
		}
		for j := range columns {
			columns[j] = append(columns[j], out[p.slot+j])
		}
		*s = s.cdr()
	}
	for j := range columns {
		out[p.slot+j] = datum.NewVector(columns[j])
	}
	return true
}

// equalDatum is equal? for the data that can stand in patterns.
func equalDatum(a, b datum.Value) bool {
	if a == b {
		return true
	}
	a, b = syntax.Strip(a), syntax.Strip(b)
	if a.Kind() != b.Kind() {
		return false
	}
	return datum.Equal(a, b)
}

// stamp gives s the current module if it has none: the syntax of a macro means
// the names of the module where it was written.
func (x *Expander) stamp(s stx) stx {
	if s.mod == nil {
		s.mod = x.Modules.Current
	}
	return s
}
