package compile

import (
	"strconv"

	"fruix/interp/core"
	"fruix/interp/datum"
)

// Optimized shows what the passes before code generation leave of a top-level
// form, as a datum that reads like a program: constants computed, procedures
// and variables put in the place of their uses. Loops that became jumps are
// named let forms. Failures are *Error.
func Optimized(n core.Node) (datum.Value, error) {
	root, err := prepare(n)
	if err != nil {
		return datum.Unset, err
	}
	s := &shower{names: map[*variable]datum.Value{}, count: map[string]int{}}
	return s.show(root.clauses[0].body), nil
}

// shower writes a tree as data. Variables of the same name are numbered.
type shower struct {
	names map[*variable]datum.Value
	count map[string]int
}

func (s *shower) variable(v *variable) datum.Value {
	d, ok := s.names[v]
	if !ok {
		name := v.name
		if name == "" {
			name = "t"
		}
		s.count[name]++
		if k := s.count[name]; k > 1 {
			name += "." + strconv.Itoa(k)
		}
		d = datum.Sym(name)
		s.names[v] = d
	}
	return d
}

func (s *shower) variables(vs []*variable) datum.Value {
	out := make([]datum.Value, len(vs))
	for i, v := range vs {
		out[i] = s.variable(v)
	}
	return datum.List(out...)
}

func (s *shower) all(ns []node) datum.Value {
	out := make([]datum.Value, len(ns))
	for i, n := range ns {
		out[i] = s.show(n)
	}
	return datum.List(out...)
}

func form(name string, args ...datum.Value) datum.Value {
	return datum.Cons(datum.Sym(name), datum.List(args...))
}

func (s *shower) show(n node) datum.Value {
	switch n := n.(type) {
	case *constant:
		return quote(n.value)
	case *ref:
		return s.variable(n.v)
	case *set:
		return form("set!", s.variable(n.v), s.show(n.value))
	case *global:
		return n.v.Name.Value()
	case *globalSet:
		if n.define {
			return form("define", n.v.Name.Value(), s.show(n.value))
		}
		return form("set!", n.v.Name.Value(), s.show(n.value))
	case *branch:
		if c, ok := n.els.(*constant); ok && c.value == datum.Unspecified {
			return form("if", s.show(n.test), s.show(n.then))
		}
		return form("if", s.show(n.test), s.show(n.then), s.show(n.els))
	case *sequence:
		return datum.Cons(datum.Sym("begin"), s.all(n.body))
	case *call:
		return datum.Cons(s.show(n.proc), s.all(n.args))
	case *primitive:
		return datum.Cons(datum.Sym(n.op.name), s.all(n.args))
	case *native:
		return datum.Cons(datum.Sym(n.prim.Primitive().Name), s.all(n.args))
	case *let:
		bindings := make([]datum.Value, len(n.vars))
		for i, v := range n.vars {
			init := s.show(n.inits[i])
			bindings[i] = datum.List(s.variable(v), init)
		}
		return form("let", datum.List(bindings...), s.show(n.body))
	case *fix:
		return s.fix(n)
	case *receive:
		return s.receive(n)
	case *lambda:
		return s.lambda(n)
	}
	return datum.Sym("?")
}

// quote shows a constant.
func quote(v datum.Value) datum.Value {
	switch {
	case v.IsSymbol() || v.IsPair() || v == datum.Null || v.Is(datum.KVector):
		return form("quote", v)
	case v == datum.Unspecified:
		return form("if", datum.False, datum.False)
	case v.Is(datum.KPrimitive):
		return datum.Sym(v.Primitive().Name)
	}
	return v
}

// fix shows procedures that see each other, and one that is called where it is
// bound, a loop, as a named let.
func (s *shower) fix(n *fix) datum.Value {
	for _, v := range n.vars {
		s.variable(v)
	}
	if c, ok := n.body.(*call); ok && len(n.vars) == 1 && n.lambdas[0].accepts(len(c.args)) {
		if r, ok := c.proc.(*ref); ok && r.v == n.vars[0] {
			clause := n.lambdas[0].clauses[0]
			bindings := make([]datum.Value, len(c.args))
			for i, a := range c.args {
				init := s.show(a)
				bindings[i] = datum.List(s.variable(clause.req[i]), init)
			}
			return form("let", s.variable(n.vars[0]), datum.List(bindings...), s.show(clause.body))
		}
	}
	bindings := make([]datum.Value, len(n.vars))
	for i, v := range n.vars {
		bindings[i] = datum.List(s.variable(v), s.lambda(n.lambdas[i]))
	}
	return form("letrec", datum.List(bindings...), s.show(n.body))
}

func (s *shower) receive(n *receive) datum.Value {
	producer := s.show(n.producer)
	formals := s.variables(n.vars)
	if n.rest {
		last := len(n.vars) - 1
		formals = s.variable(n.vars[last])
		for i := last - 1; i >= 0; i-- {
			formals = datum.Cons(s.variable(n.vars[i]), formals)
		}
	}
	return form("let-values", datum.List(datum.List(formals, producer)), s.show(n.body))
}

func (s *shower) lambda(l *lambda) datum.Value {
	star := ""
	for _, c := range l.clauses {
		if len(c.opt) > 0 || len(c.keys) > 0 || c.allowOther {
			star = "*"
		}
	}
	if len(l.clauses) == 1 {
		formals := s.formals(l.clauses[0])
		return form("lambda"+star, formals, s.show(l.clauses[0].body))
	}
	out := make([]datum.Value, len(l.clauses))
	for i, c := range l.clauses {
		formals := s.formals(c)
		out[i] = datum.List(formals, s.show(c.body))
	}
	return form("case-lambda"+star, out...)
}

func (s *shower) formals(c *clause) datum.Value {
	var out []datum.Value
	for _, v := range c.req {
		out = append(out, s.variable(v))
	}
	if len(c.opt) > 0 {
		out = append(out, datum.InternKeyword("optional").Value())
		for _, o := range c.opt {
			init := s.show(o.init)
			out = append(out, datum.List(s.variable(o.v), init))
		}
	}
	if len(c.keys) > 0 {
		out = append(out, datum.InternKeyword("key").Value())
		for _, k := range c.keys {
			init := s.show(k.init)
			out = append(out, datum.List(s.variable(k.v), init, k.keyword.Value()))
		}
	}
	if c.allowOther {
		out = append(out, datum.InternKeyword("allow-other-keys").Value())
	}
	list := datum.Null
	if c.rest != nil {
		list = s.variable(c.rest)
	}
	for i := len(out) - 1; i >= 0; i-- {
		list = datum.Cons(out[i], list)
	}
	return list
}
