package expand

import (
	"strconv"

	"fruix/interp/core"
	"fruix/interp/datum"
)

// Unexpand writes core as a datum that reads like a program, for macroexpand
// and tests. Local variables of the same name are numbered.
func Unexpand(n core.Node) datum.Value {
	u := unexpander{names: map[*core.Local]datum.Value{}, count: map[string]int{}}
	return u.node(n)
}

type unexpander struct {
	names map[*core.Local]datum.Value
	count map[string]int
}

func (u *unexpander) local(l *core.Local) datum.Value {
	v, ok := u.names[l]
	if !ok {
		name := l.Name.Name
		u.count[name]++
		if k := u.count[name]; k > 1 {
			name += "." + strconv.Itoa(k)
		}
		v = datum.Sym(name)
		u.names[l] = v
	}
	return v
}

func (u *unexpander) nodes(ns []core.Node) []datum.Value {
	out := make([]datum.Value, len(ns))
	for i, n := range ns {
		out[i] = u.node(n)
	}
	return out
}

func form1(name string, args ...datum.Value) datum.Value {
	return datum.Cons(datum.Sym(name), datum.List(args...))
}

func (u *unexpander) node(n core.Node) datum.Value {
	switch n := n.(type) {
	case *core.Const:
		return quoted(n.Value)
	case *core.LocalRef:
		return u.local(n.Local)
	case *core.LocalSet:
		return form1("set!", u.local(n.Local), u.node(n.Value))
	case *core.GlobalRef:
		return n.Var.Name.Value()
	case *core.GlobalSet:
		return form1("set!", n.Var.Name.Value(), u.node(n.Value))
	case *core.GlobalDef:
		return form1("define", n.Var.Name.Value(), u.node(n.Value))
	case *core.If:
		if n.Else == nil {
			return form1("if", u.node(n.Test), u.node(n.Then))
		}
		return form1("if", u.node(n.Test), u.node(n.Then), u.node(n.Else))
	case *core.Seq:
		return form1("begin", u.nodes(n.Body)...)
	case *core.Call:
		return datum.Cons(u.node(n.Proc), datum.List(u.nodes(n.Args)...))
	case *core.Lambda:
		return u.lambda(n)
	case *core.Let:
		return form1("let", u.bindings(n.Vars, n.Inits), u.node(n.Body))
	case *core.Letrec:
		for _, v := range n.Vars {
			u.local(v)
		}
		name := "letrec*"
		if n.Together {
			name = "letrec"
		}
		return form1(name, u.bindings(n.Vars, n.Inits), u.node(n.Body))
	case *core.LetValues:
		p := u.node(n.Producer)
		return form1("let-values", datum.List(datum.List(u.formals(&n.Receiver), p)), u.node(n.Receiver.Body))
	}
	return datum.Sym("?")
}

func quoted(v datum.Value) datum.Value {
	if v.IsSymbol() || v.IsPair() || v == datum.Null || v.Is(datum.KVector) {
		return form1("quote", v)
	}
	if v == datum.Unspecified {
		return form1("if", datum.False, datum.False)
	}
	if v.Is(datum.KPrimitive) {
		return datum.Sym(v.Primitive().Name)
	}
	return v
}

func (u *unexpander) bindings(vars []*core.Local, inits []core.Node) datum.Value {
	out := make([]datum.Value, len(vars))
	for i := range vars {
		init := u.node(inits[i])
		out[i] = datum.List(u.local(vars[i]), init)
	}
	return datum.List(out...)
}

func (u *unexpander) lambda(n *core.Lambda) datum.Value {
	if len(n.Clauses) == 1 {
		return form1("lambda", u.formals(&n.Clauses[0]), u.node(n.Clauses[0].Body))
	}
	var out []datum.Value
	for i := range n.Clauses {
		c := &n.Clauses[i]
		f := u.formals(c)
		out = append(out, datum.List(f, u.node(c.Body)))
	}
	return form1("case-lambda", out...)
}

func (u *unexpander) formals(c *core.Clause) datum.Value {
	var out []datum.Value
	for _, l := range c.Req {
		out = append(out, u.local(l))
	}
	key := func(name string) { out = append(out, datum.InternKeyword(name).Value()) }
	if c.Opt != nil {
		key("optional")
		for _, o := range c.Opt {
			init := u.node(o.Init)
			out = append(out, datum.List(u.local(o.Local), init))
		}
	}
	if c.Key != nil || c.AllowOtherKeys {
		key("key")
		for _, k := range c.Key {
			init := u.node(k.Init)
			out = append(out, datum.List(u.local(k.Local), init, k.Keyword.Value()))
		}
	}
	if c.AllowOtherKeys {
		key("allow-other-keys")
	}
	list := datum.Null
	if c.Rest != nil {
		list = u.local(c.Rest)
	}
	for i := len(out) - 1; i >= 0; i-- {
		list = datum.Cons(out[i], list)
	}
	return list
}
