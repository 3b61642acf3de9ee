package compile

import (
	"fruix/interp/code"
	"fruix/interp/datum"
)

// closer finds owners, free variables and boxes.
type closer struct {
	current *lambda
	lambdas []*lambda // all that are not labels
}

// closures fills in what the generator needs to know of every procedure.
func closures(root *lambda) {
	c := &closer{}
	c.lambda(root)
	// A procedure is static when everything free in it is a static procedure.
	static := map[*lambda]bool{}
	for _, l := range c.lambdas {
		static[l] = true
	}
	for changed := true; changed; {
		changed = false
		for _, l := range c.lambdas {
			if !static[l] {
				continue
			}
			for _, v := range l.free {
				if v.known == nil || !static[v.known] {
					static[l] = false
					changed = true
					break
				}
			}
		}
	}
	for _, l := range c.lambdas {
		if static[l] {
			l.static = code.New(&code.Proc{}, 0)
			l.proc = l.static.Code
		}
	}
	for _, l := range c.lambdas {
		kept := l.free[:0]
		l.freeIndex = map[*variable]int{}
		for _, v := range l.free {
			if v.known != nil && (v.known == l || static[v.known]) {
				continue
			}
			l.freeIndex[v] = len(kept)
			kept = append(kept, v)
		}
		l.free = kept
	}
}

func (c *closer) bind(v *variable) { v.owner = c.current }

func (c *closer) use(v *variable) {
	if v.owner == c.current {
		return
	}
	v.captured = true
	for l := c.current; l != v.owner; l = l.parent {
		if _, ok := l.freeIndex[v]; ok {
			return
		}
		l.freeIndex[v] = len(l.free)
		l.free = append(l.free, v)
	}
}

func (c *closer) lambda(l *lambda) {
	l.parent = c.current
	l.freeIndex = map[*variable]int{}
	c.lambdas = append(c.lambdas, l)
	c.current = l
	for _, cl := range l.clauses {
		for _, v := range cl.vars() {
			c.bind(v)
		}
		for _, o := range cl.opt {
			c.walk(o.init)
		}
		for _, k := range cl.keys {
			c.walk(k.init)
		}
		c.walk(cl.body)
	}
	c.current = l.parent
}

func (c *closer) walk(n node) {
	switch n := n.(type) {
	case *ref:
		c.use(n.v)
	case *set:
		c.use(n.v)
		c.walk(n.value)
	case *lambda:
		c.lambda(n)
	case *let:
		for i, x := range n.inits {
			c.walk(x)
			c.bind(n.vars[i])
		}
		c.walk(n.body)
	case *receive:
		c.current.hasCalls = true
		c.walk(n.producer)
		for _, v := range n.vars {
			c.bind(v)
		}
		c.walk(n.body)
	case *fix:
		for _, v := range n.vars {
			c.bind(v)
		}
		for _, l := range n.lambdas {
			if !l.label {
				c.lambda(l)
				continue
			}
			for _, v := range l.clauses[0].req {
				c.bind(v)
			}
			c.walk(l.clauses[0].body)
		}
		c.walk(n.body)
	case *call:
		if r, ok := n.proc.(*ref); ok && r.v.known != nil && r.v.known.label {
			for _, x := range n.args {
				c.walk(x)
			}
			return
		}
		if !n.tail {
			c.current.hasCalls = true
		}
		children(n, c.walk)
	default:
		children(n, c.walk)
	}
}

// needsBox decides about v once its procedure is known.
func (v *variable) needsBox() bool {
	return v.assigned && (v.captured || v.owner != nil && v.owner.hasCalls)
}

// ApplyList is the procedure that compiled code may refer to without a
// variable.
func ApplyList() *code.Closure { return applyList }

// applyList is a procedure of a receiver and a list that applies the one to
// the other; it serves receivers with optional parameters.
var applyList = func() *code.Closure {
	p := &code.Proc{
		Name: "apply-values", Frame: 3, Hidden: true, Properties: datum.Null,
		Clauses: []code.Clause{{Req: 2}},
		Code:    []code.Word{code.ABC(code.ApplyValues, 0, 1, 1)},
	}
	return code.New(p.Finish(), 0)
}()
