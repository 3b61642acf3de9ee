package compile

import (
	"fruix/interp/code"
	"fruix/interp/datum"
	"fruix/interp/source"
)

// variable is a local variable of the compiler's tree.
type variable struct {
	name     string
	refs     int  // references in the source
	assigned bool // set! exists, or letrec* initialises it by assignment
	check    bool // may be read before it is initialised
	captured bool
	owner    *lambda // the procedure in whose frame it lives
	known    *lambda // the lambda that it is bound to for good
	reg      int
	boxed    bool
}

// node is an expression of the compiler's tree.
type node interface{ where() source.Pos }

type at struct{ pos source.Pos }

func (a at) where() source.Pos { return a.pos }

type (
	constant struct {
		at
		value datum.Value
	}
	ref struct {
		at
		v *variable
	}
	set struct {
		at
		v     *variable
		value node
		// init marks the initialisation of a letrec* variable.
		init bool
	}
	global struct {
		at
		v *datum.Variable
	}
	globalSet struct {
		at
		v      *datum.Variable
		value  node
		define bool
	}
	branch struct {
		at
		test, then, els node
	}
	sequence struct {
		at
		body []node // effects, then the value
	}
	call struct {
		at
		proc node
		args []node
		// tail is set by label: the call is in tail position of its procedure.
		tail bool
	}
	primitive struct {
		at
		op   *primOp
		args []node
	}
	native struct {
		at
		prim datum.Value
		args []node
	}
	let struct {
		at
		vars  []*variable
		inits []node
		body  node
	}
	// fix binds procedures that see each other.
	fix struct {
		at
		vars    []*variable
		lambdas []*lambda
		body    node
	}
	receive struct {
		at
		producer node
		vars     []*variable
		rest     bool
		body     node
	}
	// lambda is a procedure.
	lambda struct {
		at
		name, doc  string
		properties datum.Value
		clauses    []*clause
		self       *variable // the variable that it is bound to for good
		parent     *lambda
		label      bool // a label in the procedure around it, no closure
		entry      *target
		free       []*variable
		freeIndex  map[*variable]int
		static     *code.Closure // set when nothing is free
		hasCalls   bool
		proc       *code.Proc
	}
)

type clause struct {
	req  []*variable
	opt  []optional
	keys []key
	rest *variable
	// allowOther is #:allow-other-keys.
	allowOther bool
	body       node
}

type optional struct {
	v    *variable
	init node
}

type key struct {
	keyword *datum.Keyword
	v       *variable
	init    node
}

func (c *clause) vars() []*variable {
	vs := append([]*variable(nil), c.req...)
	for _, o := range c.opt {
		vs = append(vs, o.v)
	}
	for _, k := range c.keys {
		vs = append(vs, k.v)
	}
	if c.rest != nil {
		vs = append(vs, c.rest)
	}
	return vs
}

// simple reports whether l has one clause with required parameters alone.
func (l *lambda) simple() bool {
	if len(l.clauses) != 1 {
		return false
	}
	c := l.clauses[0]
	return len(c.opt) == 0 && len(c.keys) == 0 && c.rest == nil && !c.allowOther
}

// accepts reports whether l is simple and takes n arguments.
func (l *lambda) accepts(n int) bool { return l.simple() && len(l.clauses[0].req) == n }

// children calls f for each direct subexpression of n. Bodies of lambdas are
// included.
func children(n node, f func(node)) {
	switch n := n.(type) {
	case *set:
		f(n.value)
	case *globalSet:
		f(n.value)
	case *branch:
		f(n.test)
		f(n.then)
		f(n.els)
	case *sequence:
		for _, x := range n.body {
			f(x)
		}
	case *call:
		f(n.proc)
		for _, x := range n.args {
			f(x)
		}
	case *primitive:
		for _, x := range n.args {
			f(x)
		}
	case *native:
		for _, x := range n.args {
			f(x)
		}
	case *let:
		for _, x := range n.inits {
			f(x)
		}
		f(n.body)
	case *fix:
		for _, l := range n.lambdas {
			f(l)
		}
		f(n.body)
	case *receive:
		f(n.producer)
		f(n.body)
	case *lambda:
		for _, c := range n.clauses {
			for _, o := range c.opt {
				f(o.init)
			}
			for _, k := range c.keys {
				f(k.init)
			}
			f(c.body)
		}
	}
}
