package compile

import (
	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/source"
)

// MaxDepth is how deeply expressions may nest.
const MaxDepth = 50_000

// Error is a failure of the compiler.
type Error struct {
	Pos     source.Pos
	Message string
}

func (e *Error) Error() string {
	if p := e.Pos.String(); p != "" {
		return p + ": " + e.Message
	}
	return e.Message
}

// use is what count finds out about a local variable.
type use struct {
	refs, calls int
	assigned    bool
}

type counter struct {
	uses  map[*core.Local]*use
	depth int
}

func (c *counter) use(l *core.Local) *use {
	u := c.uses[l]
	if u == nil {
		u = &use{}
		c.uses[l] = u
	}
	return u
}

func (c *counter) all(ns []core.Node) {
	for _, n := range ns {
		c.count(n)
	}
}

// count visits n; it panics with an *Error when n nests too deeply.
func (c *counter) count(n core.Node) {
	c.depth++
	if c.depth > MaxDepth {
		panic(&Error{n.Pos(), "expression nests too deeply for the compiler"})
	}
	switch n := n.(type) {
	case *core.LocalRef:
		c.use(n.Local).refs++
	case *core.LocalSet:
		c.use(n.Local).assigned = true
		c.count(n.Value)
	case *core.GlobalSet:
		c.count(n.Value)
	case *core.GlobalDef:
		c.count(n.Value)
	case *core.If:
		c.count(n.Test)
		c.count(n.Then)
		if n.Else != nil {
			c.count(n.Else)
		}
	case *core.Seq:
		c.all(n.Body)
	case *core.Call:
		if r, ok := n.Proc.(*core.LocalRef); ok {
			c.use(r.Local).calls++
		}
		c.count(n.Proc)
		c.all(n.Args)
	case *core.Lambda:
		for i := range n.Clauses {
			c.clause(&n.Clauses[i])
		}
	case *core.Let:
		c.all(n.Inits)
		c.count(n.Body)
	case *core.Letrec:
		c.all(n.Inits)
		c.count(n.Body)
	case *core.LetValues:
		c.count(n.Producer)
		c.clause(&n.Receiver)
	}
	c.depth--
}

func (c *counter) clause(cl *core.Clause) {
	for i := range cl.Opt {
		c.count(cl.Opt[i].Init)
	}
	for i := range cl.Key {
		c.count(cl.Key[i].Init)
	}
	c.count(cl.Body)
}

func symbolName(s *datum.Symbol) string {
	if s == nil {
		return ""
	}
	return s.Name
}
