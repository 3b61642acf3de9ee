package expand

import (
	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// bindingSpec is one (name value) of a let.
type bindingSpec struct{ id, init stx }

// specs takes a binding list apart.
func (x *Expander) specs(list stx, who string) []bindingSpec {
	items, ok := list.list()
	if !ok {
		x.misshapen(&list, who, "bad bindings %s, expected a list of (name value)", x.show(&list))
	}
	out := make([]bindingSpec, len(items))
	for i := range items {
		p, ok := items[i].list()
		if !ok || len(p) != 2 || !p[0].isID() {
			x.misshapen(&items[i], who, "bad binding %s, expected (name value)", x.show(&items[i]))
		}
		out[i] = bindingSpec{p[0], p[1]}
	}
	return out
}

// letForm is (let bindings body…) and (let name bindings body…).
func (x *Expander) letForm(s stx) core.Node {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, "let", "bad form, expected (let ((name value) …) body …)")
	}
	first := rest.car()
	body := rest.cdr()
	if first.isID() {
		return x.namedLet(s, first, body)
	}
	specs := x.specs(first, "let")
	if len(specs) == 0 {
		return x.bodyOf(body, "let", &s)
	}
	n := &core.Let{At: at(&s)}
	b := x.newBindings("let")
	for _, sp := range specs {
		n.Inits = append(n.Inits, x.named(sp.init, sp.id.sym().Name))
	}
	for _, sp := range specs {
		n.Vars = append(n.Vars, b.add(sp.id))
	}
	n.Body = x.bodyOf(body.with(b.scope), "let", &s)
	b.done()
	return n
}

func (x *Expander) namedLet(s, name, rest stx) core.Node {
	if !rest.isPair() {
		x.misshapen(&s, "let", "bad form, expected (let %s ((name value) …) body …)", name.sym().Name)
	}
	specs := x.specs(rest.car(), "let")
	outer := x.newBindings("let")
	loop := outer.add(name)
	var c core.Clause
	var inits []core.Node
	b := x.newBindings("let")
	for _, sp := range specs {
		inits = append(inits, x.named(sp.init, sp.id.sym().Name))
		c.Req = append(c.Req, b.add(sp.id.with(outer.scope)))
	}
	c.Body = x.bodyOf(rest.cdr().with(outer.scope).with(b.scope), "let", &s)
	b.done()
	outer.done()
	return x.loop(s.pos, loop, c, inits)
}

// letStar nests one let per binding.
func (x *Expander) letStar(s stx) core.Node {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, "let*", "bad form, expected (let* ((name value) …) body …)")
	}
	specs := x.specs(rest.car(), "let*")
	body := rest.cdr()
	var all []*bindings
	lets := make([]*core.Let, len(specs))
	// Scopes so far, as one set.
	var set *syntax.Set
	scoped := func(e stx) stx {
		e.set = syntax.Xor(e.set, set)
		return e
	}
	for i, sp := range specs {
		init := x.named(scoped(sp.init), sp.id.sym().Name)
		b := x.newBindings("let*")
		lets[i] = &core.Let{At: at(&s), Vars: []*core.Local{b.add(scoped(sp.id))}, Inits: []core.Node{init}}
		set = syntax.Xor(set, b.scope.Only())
		all = append(all, b)
	}
	n := x.bodyOf(scoped(body), "let*", &s)
	for _, b := range all {
		b.done()
	}
	for i := len(lets) - 1; i >= 0; i-- {
		lets[i].Body = n
		n = lets[i]
	}
	return n
}

func (x *Expander) letrec(s stx) core.Node     { return x.letrecOf(s, "letrec") }
func (x *Expander) letrecStar(s stx) core.Node { return x.letrecOf(s, "letrec*") }

func (x *Expander) letrecOf(s stx, who string) core.Node {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, who, "bad form, expected (%s ((name value) …) body …)", who)
	}
	specs := x.specs(rest.car(), who)
	if len(specs) == 0 {
		return x.bodyOf(rest.cdr(), who, &s)
	}
	n := &core.Letrec{At: at(&s), Together: who == "letrec"}
	b := x.newBindings(who)
	for _, sp := range specs {
		n.Vars = append(n.Vars, b.add(sp.id))
	}
	for _, sp := range specs {
		n.Inits = append(n.Inits, x.named(sp.init.with(b.scope), sp.id.sym().Name))
	}
	n.Body = x.bodyOf(rest.cdr().with(b.scope), who, &s)
	b.done()
	return n
}

// formals binds a formals list in b.
func (x *Expander) formals(list stx, b *bindings) core.Clause {
	var c core.Clause
	for list.isPair() {
		c.Req = append(c.Req, b.add(list.car()))
		list = list.cdr()
	}
	if !list.isNull() {
		c.Rest = b.add(list)
	}
	return c
}

// receive is SRFI 8: (receive formals expression body…).
func (x *Expander) receive(s stx) core.Node {
	p := x.parts(&s, "receive", 3, -1, "(receive (name …) expression body …)")
	producer := x.expr(p[1])
	b := x.newBindings("receive")
	c := x.formals(p[0], b)
	c.Body = x.bodyOf(s.cdr().rest().rest().with(b.scope), "receive", &s)
	b.done()
	return &core.LetValues{At: at(&s), Producer: producer, Receiver: c}
}

// letValuesStar nests; letValues evaluates all producers outside of the scope.
func (x *Expander) letValuesStar(s stx) core.Node { return x.letValuesOf(s, "let*-values", true) }
func (x *Expander) letValues(s stx) core.Node     { return x.letValuesOf(s, "let-values", false) }

func (x *Expander) letValuesOf(s stx, who string, star bool) core.Node {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, who, "bad form, expected (%s (((name …) expression) …) body …)", who)
	}
	first := rest.car()
	items, ok := first.list()
	if !ok {
		x.misshapen(&s, who, "bad bindings, expected a list of ((name …) expression)")
	}
	var nodes []*core.LetValues
	var all []*bindings
	var set *syntax.Set
	if !star {
		all = append(all, x.newBindings(who))
	}
	for i := range items {
		p, ok := items[i].list()
		if !ok || len(p) != 2 {
			x.misshapen(&items[i], who, "bad binding %s, expected ((name …) expression)", x.show(&items[i]))
		}
		formals, init := p[0], p[1]
		if star {
			init.set = syntax.Xor(init.set, set)
			formals.set = syntax.Xor(formals.set, set)
		}
		producer := x.expr(init)
		b := all
		if star {
			nb := x.newBindings(who)
			all = append(all, nb)
			b = all
			set = syntax.Xor(set, nb.scope.Only())
		}
		nodes = append(nodes, &core.LetValues{At: at(&items[i]), Producer: producer, Receiver: x.formals(formals, b[len(b)-1])})
	}
	if !star {
		set = all[0].scope.Only()
	}
	body := rest.cdr()
	body.set = syntax.Xor(body.set, set)
	n := x.bodyOf(body, who, &s)
	for _, b := range all {
		b.done()
	}
	for i := len(nodes) - 1; i >= 0; i-- {
		nodes[i].Receiver.Body = n
		n = nodes[i]
	}
	return n
}

// parameterize evaluates parameters and values, then runs the body in a thunk
// inside the new dynamic bindings.
func (x *Expander) parameterize(s stx) core.Node {
	return x.dynamicLet(s, "parameterize", "%parameterize")
}
func (x *Expander) withFluids(s stx) core.Node { return x.dynamicLet(s, "with-fluids", "with-fluids*") }

func (x *Expander) dynamicLet(s stx, who, proc string) core.Node {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, who, "bad form, expected (%s ((place value) …) body …)", who)
	}
	first := rest.car()
	items, ok := first.list()
	if !ok {
		x.misshapen(&first, who, "bad bindings %s, expected a list of (place value)", x.show(&first))
	}
	var keys, vals []core.Node
	for i := range items {
		p, ok := items[i].list()
		if !ok || len(p) != 2 {
			x.misshapen(&items[i], who, "bad binding %s, expected (place value)", x.show(&items[i]))
		}
		keys = append(keys, x.expr(p[0]))
		vals = append(vals, x.expr(p[1]))
	}
	body := x.bodyOf(rest.cdr(), who, &s)
	if len(items) == 0 {
		return body
	}
	return x.callGuile(s.pos, proc, x.callGuile(s.pos, "list", keys...), x.callGuile(s.pos, "list", vals...), thunk(s.pos, body))
}

// fluidLet assigns variables for the dynamic extent of a body.
func (x *Expander) fluidLet(s stx) core.Node {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, "fluid-let", "bad form, expected (fluid-let ((name value) …) body …)")
	}
	specs := x.specs(rest.car(), "fluid-let")
	n := &core.Let{At: at(&s)}
	var swap []core.Node
	for _, sp := range specs {
		t, u := newLocal("new"), newLocal("old")
		t.Assigned = true
		n.Vars = append(n.Vars, t)
		n.Inits = append(n.Inits, x.expr(sp.init))
		assign := datum.List(x.id("set!"), sp.id.syntax(), x.nodeSyntax(local(s.pos, t)))
		swap = append(swap, &core.Let{At: at(&s), Vars: []*core.Local{u}, Inits: []core.Node{x.expr(sp.id)},
			Body: seq([]core.Node{x.expr(view(assign)), &core.LocalSet{At: at(&s), Local: t, Value: local(s.pos, u)}}, s.pos)})
	}
	sw := newLocal("swap")
	n.Body = &core.Let{At: at(&s), Vars: []*core.Local{sw}, Inits: []core.Node{thunk(s.pos, seq(swap, s.pos))},
		Body: x.callGuile(s.pos, "dynamic-wind", local(s.pos, sw), thunk(s.pos, x.bodyOf(rest.cdr(), "fluid-let", &s)), local(s.pos, sw))}
	return n
}

// nodeSyntax wraps an expanded expression so that it can stand inside syntax.
func (x *Expander) nodeSyntax(n core.Node) datum.Value {
	f := &form{name: "expanded", expr: func(*Expander, stx) core.Node { return n }}
	m := &syntax.Macro{Kind: syntax.CoreMacro, Name: f.name, Core: f}
	sc := x.scopes.New()
	syntax.Bind(expandedName, sc.Only(), &syntax.Binding{Kind: syntax.Keyword, Macro: m, Level: x.level})
	return datum.List((&syntax.Syntax{Datum: expandedName.Value(), Scopes: sc.Only()}).Value())
}

var expandedName = datum.Intern("expanded")

// delay is (delay-force (make-promise expression)), R7RS 4.2.5.
func (x *Expander) delay(s stx) core.Node {
	p := x.parts(&s, "delay", 1, 1, "(delay expression)")
	return x.promise(s.pos, x.expr(p[0]))
}

func (x *Expander) promise(pos source.Pos, value core.Node) core.Node {
	done := x.callGuile(pos, "%make-promise", konst(pos, datum.True), value)
	return x.callGuile(pos, "%make-promise", konst(pos, datum.False), thunk(pos, done))
}

func (x *Expander) delayForce(s stx) core.Node {
	p := x.parts(&s, "delay-force", 1, 1, "(delay-force expression)")
	return x.callGuile(s.pos, "%make-promise", konst(s.pos, datum.False), thunk(s.pos, x.expr(p[0])))
}

func (x *Expander) consStream(s stx) core.Node {
	p := x.parts(&s, "cons-stream", 2, 2, "(cons-stream first rest)")
	return x.callGuile(s.pos, "cons", x.expr(p[0]), x.promise(s.pos, x.expr(p[1])))
}

// assert is R6RS's.
func (x *Expander) assert(s stx) core.Node {
	p := x.parts(&s, "assert", 1, 1, "(assert expression)")
	return orElse(s.pos, x.expr(p[0]), x.callGuile(s.pos, "%assertion-failed", konst(s.pos, p[0].strip())))
}

// falseIfException is (false-if-exception expression).
func (x *Expander) falseIfException(s stx) core.Node {
	p := x.parts(&s, "false-if-exception", 1, -1, "(false-if-exception expression)")
	return x.callGuile(s.pos, "%false-if-exception", thunk(s.pos, x.expr(p[0])))
}

// guard is R7RS's (guard (variable clause …) body …). The clauses run in the
// dynamic environment of the guard; when none applies the exception is raised
// again in the environment of the raise.
func (x *Expander) guard(s stx) core.Node {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, "guard", "bad form, expected (guard (variable clause …) body …)")
	}
	spec := rest.car()
	if !spec.isPair() {
		x.misshapen(&spec, "guard", "bad form, expected (guard (variable clause …) body …)")
	}
	first := spec.car()
	x.needID(&first, "guard")
	clauses, ok := spec.rest().list()
	if !ok {
		x.misshapen(&spec, "guard", "the clauses are not a proper list")
	}
	body := x.bodyOf(rest.cdr(), "guard", &s)
	b := x.newBindings("guard")
	v := b.add(first)
	reraise := newLocal("reraise")
	hasElse := false
	for i := range clauses {
		clauses[i] = clauses[i].with(b.scope)
		if clauses[i].isPair() {
			c := clauses[i].car()
			hasElse = hasElse || x.isCore(&c, "else")
		}
	}
	if !hasElse {
		again := datum.List(x.id("else"), x.nodeSyntax(&core.Call{At: at(&s), Proc: local(s.pos, reraise)}))
		clauses = append(clauses, view(again))
	}
	handler := x.condClauses(clauses, s.pos)
	b.done()
	return x.callGuile(s.pos, "%guard", thunk(s.pos, body), &core.Lambda{At: at(&s), Properties: datum.Null,
		Clauses: []core.Clause{{Req: []*core.Local{v, reraise}, Body: handler}}})
}
