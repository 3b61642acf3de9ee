package compile

import (
	"fmt"

	"fruix/interp/core"
	"fruix/interp/datum"
)

// binding is what a source variable became.
type binding struct {
	v     *variable
	alias node         // a constant or ref that stands for it
	once  *core.Lambda // a procedure to put in place of its only call
	group *group       // the letrec* that it belongs to while that is converted
	index int
}

// group is a letrec* under conversion: which initialisers mention which
// variables.
type group struct {
	current int // initialiser being converted, -1 for the body
	refs    []map[int]bool
}

type converter struct {
	uses map[*core.Local]*use
	env  map[*core.Local]*binding
}

func (c *converter) variable(l *core.Local) *variable {
	v := &variable{name: symbolName(l.Name)}
	if u := c.uses[l]; u != nil {
		v.assigned, v.refs = u.assigned, u.refs
	}
	c.env[l] = &binding{v: v}
	return v
}

func (c *converter) lookup(l *core.Local, n core.Node) *binding {
	b := c.env[l]
	if b == nil {
		panic(&Error{n.Pos(), fmt.Sprintf("variable %s is used outside of its scope", symbolName(l.Name))})
	}
	if b.group != nil && b.group.current >= 0 {
		r := b.group.refs
		if r[b.group.current] == nil {
			r[b.group.current] = map[int]bool{}
		}
		r[b.group.current][b.index] = true
	}
	return b
}

func (c *converter) convertAll(ns []core.Node) []node {
	out := make([]node, len(ns))
	for i, n := range ns {
		out[i] = c.convert(n)
	}
	return out
}

func (c *converter) convert(n core.Node) node {
	pos := at{n.Pos()}
	switch n := n.(type) {
	case *core.Const:
		return &constant{pos, n.Value}
	case *core.LocalRef:
		b := c.lookup(n.Local, n)
		if b.alias != nil {
			return b.alias
		}
		return &ref{pos, b.v}
	case *core.LocalSet:
		return &set{pos, c.lookup(n.Local, n).v, c.convert(n.Value), false}
	case *core.GlobalRef:
		return &global{pos, n.Var}
	case *core.GlobalSet:
		return &globalSet{pos, n.Var, c.convert(n.Value), false}
	case *core.GlobalDef:
		return &globalSet{pos, n.Var, c.convert(n.Value), true}
	case *core.If:
		return c.convertIf(n)
	case *core.Seq:
		return c.convertSeq(n)
	case *core.Call:
		return c.convertCall(n)
	case *core.Lambda:
		return c.convertLambda(n)
	case *core.Let:
		return c.convertLet(n.Vars, n.Inits, func() node { return c.convert(n.Body) })
	case *core.Letrec:
		return c.convertLetrec(n)
	case *core.LetValues:
		return c.convertLetValues(n)
	}
	panic(&Error{n.Pos(), fmt.Sprintf("unknown core form %T", n)})
}

func (c *converter) convertIf(n *core.If) node {
	test := c.convert(n.Test)
	if k, ok := test.(*constant); ok {
		if k.value.Truthy() {
			return c.convert(n.Then)
		}
		if n.Else == nil {
			return &constant{at{n.Pos()}, datum.Unspecified}
		}
		return c.convert(n.Else)
	}
	b := &branch{at{n.Pos()}, test, c.convert(n.Then), nil}
	if n.Else != nil {
		b.els = c.convert(n.Else)
	} else {
		b.els = &constant{at{n.Pos()}, datum.Unspecified}
	}
	if p, ok := test.(*primitive); ok && p.op.kind == kindNot {
		b.test, b.then, b.els = p.args[0], b.els, b.then
	}
	return b
}

func (c *converter) convertSeq(n *core.Seq) node {
	var body []node
	for i, x := range n.Body {
		y := c.convert(x)
		if i < len(n.Body)-1 && effectFree(y) {
			continue
		}
		if s, ok := y.(*sequence); ok {
			body = append(body, s.body...)
			continue
		}
		body = append(body, y)
	}
	if len(body) == 1 {
		return body[0]
	}
	return &sequence{at{n.Pos()}, body}
}

// effectFree reports whether n can be dropped when its value is not wanted.
func effectFree(n node) bool {
	switch n := n.(type) {
	case *constant, *lambda:
		return true
	case *ref:
		return !n.v.check
	}
	return false
}

func (c *converter) convertCall(n *core.Call) node {
	pos := at{n.Pos()}
	switch p := n.Proc.(type) {
	case *core.Lambda:
		if vars, ok := plainClause(p, len(n.Args)); ok {
			return c.convertLet(vars, n.Args, func() node { return c.convert(p.Clauses[0].Body) })
		}
	case *core.LocalRef:
		b := c.lookup(p.Local, p)
		if b.once != nil {
			l := b.once
			if vars, ok := plainClause(l, len(n.Args)); ok {
				b.once = nil
				return c.convertLet(vars, n.Args, func() node { return c.convert(l.Clauses[0].Body) })
			}
		}
	case *core.Const:
		if p.Value.Is(datum.KPrimitive) {
			if x := nativeCall(pos, p.Value, c.convertAll, n.Args); x != nil {
				return x
			}
		}
	case *core.GlobalRef:
		if isBase(p.Var) {
			if r := literalReceiver(n, p.Var); r != nil {
				return c.convertLetValues(r)
			}
			args := c.convertAll(n.Args)
			if x := primitiveCall(pos, p.Var, args); x != nil {
				return x
			}
			return &call{at: pos, proc: &global{at{p.Pos()}, p.Var}, args: args}
		}
	}
	return &call{at: pos, proc: c.convert(n.Proc), args: c.convertAll(n.Args)}
}

// literalReceiver recognises call-with-values between two lambda expressions,
// nil when n is something else.
func literalReceiver(n *core.Call, v *datum.Variable) *core.LetValues {
	if symbolName(v.Name) != "call-with-values" || len(n.Args) != 2 {
		return nil
	}
	producer, ok1 := n.Args[0].(*core.Lambda)
	receiver, ok2 := n.Args[1].(*core.Lambda)
	if !ok1 || !ok2 || len(receiver.Clauses) != 1 {
		return nil
	}
	if _, ok := plainClause(producer, 0); !ok {
		return nil
	}
	return &core.LetValues{At: n.At, Producer: producer.Clauses[0].Body, Receiver: receiver.Clauses[0]}
}

// plainClause returns the parameters of l when it is one clause with exactly
// n required parameters.
func plainClause(l *core.Lambda, n int) ([]*core.Local, bool) {
	if len(l.Clauses) != 1 {
		return nil, false
	}
	cl := &l.Clauses[0]
	if len(cl.Req) != n || len(cl.Opt) > 0 || len(cl.Key) > 0 || cl.Rest != nil || cl.AllowOtherKeys {
		return nil, false
	}
	return cl.Req, true
}

// primitiveCall makes the call of a procedure of the base module into an
// instruction, or nil when there is none.
func primitiveCall(pos at, v *datum.Variable, args []node) node {
	name := symbolName(v.Name)
	switch {
	case name == "-" && len(args) == 1:
		return fold(&primitive{pos, primitives["-"], []node{&constant{pos, datum.Fix(0)}, args[0]}})
	case name == "zero?" && len(args) == 1:
		return fold(&primitive{pos, primitives["="], []node{args[0], &constant{pos, datum.Fix(0)}}})
	case name == "positive?" && len(args) == 1:
		return fold(&primitive{pos, primitives[">"], []node{args[0], &constant{pos, datum.Fix(0)}}})
	case name == "negative?" && len(args) == 1:
		return fold(&primitive{pos, primitives["<"], []node{args[0], &constant{pos, datum.Fix(0)}}})
	case name == "1+" && len(args) == 1:
		return fold(&primitive{pos, primitives["+"], []node{args[0], &constant{pos, datum.Fix(1)}}})
	case name == "1-" && len(args) == 1:
		return fold(&primitive{pos, primitives["-"], []node{args[0], &constant{pos, datum.Fix(1)}}})
	case name == "eqv?" && len(args) == 2 && (eqComparable(args[0]) || eqComparable(args[1])):
		return &primitive{pos, primitives["eq?"], args}
	case name == "equal?" && len(args) == 2 && (eqComparable(args[0]) || eqComparable(args[1])):
		return &primitive{pos, primitives["eq?"], args}
	case name == "-" && len(args) > 2:
		x := node(&primitive{pos, primitives["-"], args[:2]})
		for _, a := range args[2:] {
			x = &primitive{pos, primitives["-"], []node{x, a}}
		}
		return x
	}
	op := primitives[name]
	// (+ x) checks that x is a number; it is not (+ x 0), which has another
	// sign when x is a negative zero.
	if op != nil && op.args == -1 && op.kind == kindValue && len(args) != 1 {
		if len(args) == 0 {
			return &constant{pos, datum.Fix(int64(op.number))}
		}
		x := args[0]
		for _, a := range args[1:] {
			x = fold(&primitive{pos, op, []node{x, a}})
		}
		return x
	}
	if op != nil && op.kind == kindValues {
		if len(args) == 1 {
			return args[0]
		}
		return &primitive{pos, op, args}
	}
	if op != nil && op.args == len(args) {
		return fold(&primitive{pos, op, args})
	}
	if v.Value.Is(datum.KPrimitive) {
		p := v.Value.Primitive()
		n := len(args)
		if n >= p.Min && (p.Max < 0 || n <= p.Max) {
			return &native{pos, v.Value, args}
		}
	}
	return nil
}

// nativeCall is the call of a native that is known and takes the arguments.
func nativeCall(pos at, prim datum.Value, convert func([]core.Node) []node, args []core.Node) node {
	p := prim.Primitive()
	if n := len(args); n < p.Min || p.Max >= 0 && n > p.Max {
		return nil
	}
	return &native{pos, prim, convert(args)}
}

// eqComparable reports whether eq? and equal? to n are the same.
func eqComparable(n node) bool {
	k, ok := n.(*constant)
	if !ok {
		return false
	}
	switch k.value.Kind() {
	case datum.KFixnum, datum.KConstant, datum.KChar, datum.KSymbol, datum.KKeyword:
		return true
	}
	return false
}

// fold computes p when its operands are fixnum constants.
func fold(p *primitive) node {
	if len(p.args) == 1 && p.op.kind == kindNot {
		if k, ok := p.args[0].(*constant); ok {
			return &constant{p.at, datum.Bool(!k.value.Truthy())}
		}
	}
	if len(p.args) != 2 {
		return p
	}
	a, ok1 := p.args[0].(*constant)
	b, ok2 := p.args[1].(*constant)
	if !ok1 || !ok2 || !a.value.IsFix() || !b.value.IsFix() {
		return p
	}
	x, y := a.value.Fix(), b.value.Fix()
	var r int64
	switch p.op.name {
	case "+":
		r = x + y
	case "-":
		r = x - y
	case "*":
		if x > 1<<30 || x < -1<<30 || y > 1<<30 || y < -1<<30 {
			return p
		}
		r = x * y
	case "<":
		return &constant{p.at, datum.Bool(x < y)}
	case "=":
		return &constant{p.at, datum.Bool(x == y)}
	case ">":
		return &constant{p.at, datum.Bool(x > y)}
	default:
		return p
	}
	if !datum.FitsFix(r) {
		return p
	}
	return &constant{p.at, datum.Fix(r)}
}

// convertLet binds vars to inits around body. Constants and copies of
// variables that nobody assigns need no binding, procedures that are called
// once move to their call.
func (c *converter) convertLet(vars []*core.Local, inits []core.Node, body func() node) node {
	var vs []*variable
	var xs []node
	// Initialisers are converted before any variable is bound, in order.
	type pending struct {
		l *core.Local
		b *binding
	}
	var binds []pending
	for i, l := range vars {
		u := c.uses[l]
		if lam, ok := inits[i].(*core.Lambda); ok && u != nil && u.refs == 1 && u.calls == 1 && !u.assigned && len(lam.Clauses) == 1 {
			cl := &lam.Clauses[0]
			if len(cl.Opt) == 0 && len(cl.Key) == 0 && cl.Rest == nil {
				binds = append(binds, pending{l, &binding{once: lam}})
				continue
			}
		}
		x := c.convert(inits[i])
		if u == nil || (u.refs == 0 && !u.assigned) {
			if !effectFree(x) {
				v := &variable{name: symbolName(l.Name)}
				vs, xs = append(vs, v), append(xs, x)
			}
			binds = append(binds, pending{l, &binding{v: &variable{name: symbolName(l.Name)}}})
			continue
		}
		if !u.assigned {
			switch y := x.(type) {
			case *constant:
				binds = append(binds, pending{l, &binding{alias: y}})
				continue
			case *ref:
				if !y.v.assigned && !y.v.check {
					binds = append(binds, pending{l, &binding{alias: y}})
					continue
				}
			}
		}
		v := &variable{name: symbolName(l.Name), assigned: u.assigned, refs: u.refs}
		vs, xs = append(vs, v), append(xs, x)
		binds = append(binds, pending{l, &binding{v: v}})
	}
	for _, p := range binds {
		if p.b.once != nil {
			// When the call never comes (its argument count differs), the
			// procedure is bound as any other.
			p.b.v = &variable{name: symbolName(p.l.Name), refs: 1}
		}
		c.env[p.l] = p.b
	}
	b := body()
	for i, p := range binds {
		if p.b.once != nil && c.uses[vars[i]].refs > 0 {
			x := c.convertLambda(p.b.once)
			vs, xs = append(vs, p.b.v), append(xs, x)
		}
	}
	if len(vs) == 0 {
		return b
	}
	return bindLet(b, vs, xs)
}

// bindLet makes a let whose procedures, when bound for good, form a fix.
func bindLet(body node, vs []*variable, xs []node) node {
	var lets, fixes []*variable
	var inits []node
	var lambdas []*lambda
	for i, v := range vs {
		if l, ok := xs[i].(*lambda); ok && !v.assigned {
			fixes, lambdas = append(fixes, v), append(lambdas, l)
			v.known, l.self = l, v
			continue
		}
		lets, inits = append(lets, v), append(inits, xs[i])
	}
	if len(fixes) > 0 {
		body = &fix{at: at{body.where()}, vars: fixes, lambdas: lambdas, body: body}
	}
	if len(lets) > 0 {
		body = &let{at{body.where()}, lets, inits, body}
	}
	return body
}

func (c *converter) convertLambda(n *core.Lambda) *lambda {
	l := &lambda{at: at{n.Pos()}, name: n.Name, doc: n.Doc, properties: n.Properties}
	for i := range n.Clauses {
		l.clauses = append(l.clauses, c.convertClause(&n.Clauses[i]))
	}
	return l
}

func (c *converter) convertClause(cl *core.Clause) *clause {
	out := &clause{allowOther: cl.AllowOtherKeys}
	for _, l := range cl.Req {
		out.req = append(out.req, c.variable(l))
	}
	for i := range cl.Opt {
		// An initialiser sees only the parameters before it.
		init := c.convert(cl.Opt[i].Init)
		out.opt = append(out.opt, optional{c.variable(cl.Opt[i].Local), init})
	}
	if cl.Rest != nil {
		out.rest = c.variable(cl.Rest)
	}
	for i := range cl.Key {
		init := c.convert(cl.Key[i].Init)
		out.keys = append(out.keys, key{cl.Key[i].Keyword, c.variable(cl.Key[i].Local), init})
	}
	out.body = c.convert(cl.Body)
	return out
}

func (c *converter) convertLetValues(n *core.LetValues) node {
	cl := &n.Receiver
	if len(cl.Opt) > 0 || len(cl.Key) > 0 || cl.AllowOtherKeys {
		l := &lambda{at: at{n.Pos()}}
		producer := c.convert(n.Producer)
		l.clauses = []*clause{c.convertClause(cl)}
		v := &variable{name: "values", refs: 1}
		return &receive{at{n.Pos()}, producer, []*variable{v}, true,
			&call{at: at{n.Pos()}, proc: &constant{at{n.Pos()}, applyList.Value()}, args: []node{l, &ref{at{n.Pos()}, v}}}}
	}
	producer := c.convert(n.Producer)
	if p, ok := producer.(*primitive); ok && p.op.kind == kindValues && len(p.args) == len(cl.Req) && cl.Rest == nil {
		var vs []*variable
		for _, l := range cl.Req {
			vs = append(vs, c.variable(l))
		}
		return bindLet(c.convert(cl.Body), vs, p.args)
	}
	r := &receive{at{n.Pos()}, producer, nil, cl.Rest != nil, nil}
	for _, l := range cl.Req {
		r.vars = append(r.vars, c.variable(l))
	}
	if cl.Rest != nil {
		r.vars = append(r.vars, c.variable(cl.Rest))
	}
	r.body = c.convert(cl.Body)
	return r
}
