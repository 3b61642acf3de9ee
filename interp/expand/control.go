package expand

import (
	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// parts takes a form apart that must have between lo and hi operands (hi < 0:
// any number); shape is shown when it has not.
func (x *Expander) parts(s *stx, who string, lo, hi int, shape string) []stx {
	items, ok := s.list()
	if !ok || len(items)-1 < lo || hi >= 0 && len(items)-1 > hi {
		x.misshapen(s, who, "bad form %s, expected %s", x.show(s), shape)
	}
	return items[1:]
}

func (x *Expander) quote(s stx) core.Node {
	p := x.parts(&s, "quote", 1, 1, "(quote datum)")
	if x.evaluated && x.Places != nil {
		v := syntax.StripPlaced(p[0].syntax(), x.Places)
		freeze(v)
		return &core.Const{At: at(&s), Value: v}
	}
	return &core.Const{At: at(&s), Value: constant(p[0].v)}
}

func (x *Expander) ifForm(s stx) core.Node {
	p := x.parts(&s, "if", 2, 3, "(if test then [else])")
	n := &core.If{At: at(&s), Test: x.expr(p[0]), Then: x.expr(p[1])}
	if len(p) == 3 {
		n.Else = x.expr(p[2])
	}
	return n
}

// begin as an expression.
func (x *Expander) begin(s stx) core.Node {
	rest := s.cdr()
	return x.sequence(rest, "begin", &s)
}

// sequence expands a list of expressions, at least one.
func (x *Expander) sequence(forms stx, who string, whole *stx) core.Node {
	if !forms.isPair() {
		x.failAs(syntax.Words{Message: "sequence of zero expressions"}, whole, who, "", "expected at least one expression")
	}
	var nodes []core.Node
	for forms.isPair() {
		nodes = append(nodes, x.expr(forms.car()))
		forms = forms.cdr()
	}
	if !forms.isNull() {
		x.misshapen(whole, who, "the expressions are not a proper list")
	}
	return seq(nodes, whole.pos)
}

func (x *Expander) set(s stx) core.Node {
	p := x.parts(&s, "set!", 2, 2, "(set! variable value)")
	id := p[0]
	if id.isPair() {
		head := id.car()
		switch {
		case x.isCore(&head, "@"):
			id = x.moduleID(id, "@", true)
		case x.isCore(&head, "@@"):
			id = x.moduleID(id, "@@", false)
		default:
			return x.setPlace(s, id, p[1])
		}
		if id.v == datum.Unset {
			x.misshapen(&p[0], "set!", "cannot assign %s: there is no such module", x.show(&p[0]))
		}
	}
	if !id.isID() {
		x.misshapen(&id, "set!", "cannot assign %s, expected a variable", x.show(&id))
	}
	d := x.resolve(&id)
	if d.macro != nil {
		if d.macro.Kind == syntax.VariableMacro {
			return x.expr(x.transform(d.macro, s))
		}
		x.misshapen(&id, "set!", "cannot assign %s: it is syntax", id.sym().Name)
	}
	if b := d.binding; b != nil && b.Kind == syntax.Variable {
		if b.Dead || b.Level != x.level {
			x.outOfContext(&id, b)
		}
		b.Local.Assigned = true
		return &core.LocalSet{At: at(&s), Local: b.Local, Value: x.named(p[1], id.sym().Name)}
	} else if b != nil && b.Kind == syntax.Pattern {
		x.misshapen(&id, "set!", "cannot assign the pattern variable %s", id.sym().Name)
	}
	return &core.GlobalSet{At: at(&s), Var: x.global(&id, d), Value: x.named(p[1], id.sym().Name)}
}

// setPlace is SRFI 17: (set! (proc arg …) value).
func (x *Expander) setPlace(s, place, value stx) core.Node {
	head := place.car()
	if head.isID() {
		if d := x.resolve(&head); d.macro != nil && d.macro.Kind == syntax.VariableMacro {
			return x.expr(x.transform(d.macro, s))
		}
	}
	parts, ok := place.list()
	if !ok {
		x.misshapen(&place, "set!", "cannot assign %s", x.show(&place))
	}
	args := make([]core.Node, 0, len(parts))
	for _, p := range parts[1:] {
		args = append(args, x.expr(p))
	}
	args = append(args, x.expr(value))
	return &core.Call{At: at(&s), Proc: x.callGuile(s.pos, "setter", x.expr(parts[0])), Args: args}
}

// guile is a reference to a variable of (guile), whatever the program calls so.
func (x *Expander) guile(pos source.Pos, name string) core.Node {
	v := x.vars[name]
	if v == nil {
		v, _ = x.Modules.Guile.Ref(datum.Intern(name))
		x.vars[name] = v
	}
	return &core.GlobalRef{At: core.At{Where: pos}, Var: v}
}

func (x *Expander) callGuile(pos source.Pos, name string, args ...core.Node) core.Node {
	return &core.Call{At: core.At{Where: pos}, Proc: x.guile(pos, name), Args: args}
}

func konst(pos source.Pos, v datum.Value) core.Node {
	return &core.Const{At: core.At{Where: pos}, Value: v}
}

func local(pos source.Pos, l *core.Local) core.Node {
	return &core.LocalRef{At: core.At{Where: pos}, Local: l}
}

// thunk makes a procedure of no arguments.
func thunk(pos source.Pos, body core.Node) core.Node {
	return &core.Lambda{At: core.At{Where: pos}, Properties: datum.Null, Clauses: []core.Clause{{Body: body}}}
}

func newLocal(name string) *core.Local { return &core.Local{Name: datum.Intern(name)} }

func (x *Expander) and(s stx) core.Node {
	p := x.parts(&s, "and", 0, -1, "(and expression …)")
	if len(p) == 0 {
		return konst(s.pos, datum.True)
	}
	n := x.expr(p[len(p)-1])
	tests := x.exprs(p[:len(p)-1])
	for i := len(tests) - 1; i >= 0; i-- {
		n = &core.If{At: at(&p[i]), Test: tests[i], Then: n, Else: konst(p[i].pos, datum.False)}
	}
	return n
}

func (x *Expander) exprs(p []stx) []core.Node {
	out := make([]core.Node, len(p))
	for i := range p {
		out[i] = x.expr(p[i])
	}
	return out
}

func (x *Expander) or(s stx) core.Node {
	p := x.parts(&s, "or", 0, -1, "(or expression …)")
	if len(p) == 0 {
		return konst(s.pos, datum.False)
	}
	tests := x.exprs(p)
	n := tests[len(p)-1]
	for i := len(p) - 2; i >= 0; i-- {
		n = orElse(p[i].pos, tests[i], n)
	}
	return n
}

// orElse is (or a b).
func orElse(pos source.Pos, a, b core.Node) core.Node {
	t := newLocal("t")
	at := core.At{Where: pos}
	return &core.Let{At: at, Vars: []*core.Local{t}, Inits: []core.Node{a},
		Body: &core.If{At: at, Test: local(pos, t), Then: local(pos, t), Else: b}}
}

func (x *Expander) when(s stx) core.Node {
	p := x.parts(&s, "when", 2, -1, "(when test expression …)")
	return &core.If{At: at(&s), Test: x.expr(p[0]), Then: x.sequence(s.rest().rest(), "when", &s)}
}

func (x *Expander) unless(s stx) core.Node {
	p := x.parts(&s, "unless", 2, -1, "(unless test expression …)")
	return &core.If{At: at(&s), Test: x.expr(p[0]), Then: unspecified(s.pos), Else: x.sequence(s.rest().rest(), "unless", &s)}
}

// rest is cdr for chaining.
func (s stx) rest() stx { return s.cdr() }

func (x *Expander) cond(s stx) core.Node {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, "cond", "no clause; expected (cond (test expression …) … (else expression …))")
	}
	clauses, ok := rest.list()
	if !ok {
		x.misshapen(&s, "cond", "the clauses are not a proper list")
	}
	return x.condClauses(clauses, s.pos)
}

// What Guile says of the clauses of cond and case.
func invalidClause(who string) syntax.Words { return syntax.Words{Who: who, Message: "invalid clause"} }
func receivers(who string) syntax.Words {
	return syntax.Words{Who: who, Message: "wrong number of receiver expressions"}
}

// condClauses expands clauses from the last to the first, in a loop, so that a
// long cond needs no deep stack.
func (x *Expander) condClauses(clauses []stx, pos source.Pos) core.Node {
	type step func(rest core.Node) core.Node
	steps := make([]step, len(clauses))
	var last core.Node
	for i := range clauses {
		cl := clauses[i]
		p, ok := cl.list()
		if !ok || len(p) == 0 {
			x.failAs(invalidClause("cond"), &cl, "cond", "", "bad clause %s, expected (test expression …)", x.show(&cl))
		}
		switch {
		case x.isCore(&p[0], "else"):
			if i != len(clauses)-1 {
				x.failAs(syntax.Words{Who: "cond", Message: "else must be the last clause"}, &p[0], "cond", "", "the else clause must come last")
			}
			if len(p) == 1 {
				x.failAs(invalidClause("cond"), &cl, "cond", "", "the else clause is empty")
			}
			if x.isCore(&p[1], "=>") {
				x.failAs(invalidClause("cond"), &cl, "cond", "", "=> cannot follow else")
			}
			last = x.sequence(cl.cdr(), "cond", &cl)
		case len(p) == 1:
			t := x.expr(p[0])
			steps[i] = func(rest core.Node) core.Node {
				if rest == nil {
					return t
				}
				return orElse(cl.pos, t, rest)
			}
		case x.isCore(&p[1], "=>"):
			steps[i] = x.condArrow(cl, p)
		case len(p) > 2 && x.isCore(&p[2], "=>"):
			if len(p) != 4 {
				x.failAs(receivers("cond"), &cl, "cond", "", "expected one procedure after =>")
			}
			steps[i] = x.condGuarded(cl, p)
		default:
			t := x.expr(p[0])
			body := x.sequence(cl.cdr(), "cond", &cl)
			steps[i] = func(rest core.Node) core.Node {
				return &core.If{At: at(&cl), Test: t, Then: body, Else: rest}
			}
		}
	}
	n := last
	for i := len(steps) - 1; i >= 0; i-- {
		if steps[i] != nil {
			n = steps[i](n)
		}
	}
	if n == nil {
		return unspecified(pos)
	}
	return n
}

// condGuarded is the clause (generator guard => receiver) of SRFI 61: the
// receiver gets all values of the generator if the guard says yes to them.
func (x *Expander) condGuarded(cl stx, p []stx) func(core.Node) core.Node {
	vals := newLocal("values")
	pos := cl.pos
	generator, guard, receiver := x.expr(p[0]), x.expr(p[1]), x.expr(p[3])
	apply := func(proc core.Node) core.Node { return x.callGuile(pos, "apply", proc, local(pos, vals)) }
	return func(rest core.Node) core.Node {
		return &core.LetValues{At: at(&cl), Producer: generator, Receiver: core.Clause{Rest: vals,
			Body: &core.If{At: at(&cl), Test: apply(guard), Then: apply(receiver), Else: rest}}}
	}
}

// condArrow is (test => receiver), or SRFI 61's (generator guard => receiver).
func (x *Expander) condArrow(cl stx, p []stx) func(core.Node) core.Node {
	if len(p) != 3 {
		x.failAs(receivers("cond"), &cl, "cond", "", "expected one procedure after =>")
	}
	t := newLocal("t")
	test := x.expr(p[0])
	recv := x.expr(p[2])
	return func(rest core.Node) core.Node {
		return &core.Let{At: at(&cl), Vars: []*core.Local{t}, Inits: []core.Node{test},
			Body: &core.If{At: at(&cl), Test: local(cl.pos, t),
				Then: &core.Call{At: at(&cl), Proc: recv, Args: []core.Node{local(cl.pos, t)}}, Else: rest}}
	}
}

// caseForm is (case key ((datum …) expression …) … (else …)), with =>.
func (x *Expander) caseForm(s stx) core.Node {
	p := x.parts(&s, "case", 2, -1, "(case key ((datum …) expression …) …)")
	key := newLocal("key")
	var n core.Node
	type arm struct {
		test, body core.Node
		cl         stx
	}
	var arms []arm
	for i := 1; i < len(p); i++ {
		cl := p[i]
		if !cl.isPair() {
			x.failAs(invalidClause("case"), &cl, "case", "", "bad clause %s, expected ((datum …) expression …)", x.show(&cl))
		}
		first := cl.car()
		body := x.caseBody(cl, key)
		if x.isCore(&first, "else") {
			if i != len(p)-1 {
				x.failAs(syntax.Words{Who: "case", Message: "else must be the last clause"}, &first, "case", "", "the else clause must come last")
			}
			n = body
			continue
		}
		data, ok := first.list()
		if !ok {
			x.failAs(invalidClause("case"), &first, "case", "", "bad clause: expected a list of data before the expressions, not %s", x.show(&first))
		}
		arms = append(arms, arm{x.caseTest(first.pos, key, data), body, cl})
	}
	if n == nil {
		n = unspecified(s.pos)
	}
	for i := len(arms) - 1; i >= 0; i-- {
		n = &core.If{At: at(&arms[i].cl), Test: arms[i].test, Then: arms[i].body, Else: n}
	}
	return &core.Let{At: at(&s), Vars: []*core.Local{key}, Inits: []core.Node{x.expr(p[0])}, Body: n}
}

func (x *Expander) caseBody(cl stx, key *core.Local) core.Node {
	parts, ok := cl.list()
	if !ok || len(parts) < 2 {
		x.failAs(invalidClause("case"), &cl, "case", "", "the clause %s has no expression", x.show(&cl))
	}
	if x.isCore(&parts[1], "=>") {
		if len(parts) != 3 {
			x.failAs(receivers("case"), &cl, "case", "", "expected one procedure after =>")
		}
		return &core.Call{At: at(&cl), Proc: x.expr(parts[2]), Args: []core.Node{local(cl.pos, key)}}
	}
	return x.sequence(cl.cdr(), "case", &cl)
}

// caseTest compares the key with data. Few data become a chain of eq?, which
// the compiler turns into instructions, many a memv.
func (x *Expander) caseTest(pos source.Pos, key *core.Local, data []stx) core.Node {
	const chain = 8
	if len(data) > chain {
		return x.callGuile(pos, "memv", local(pos, key), konst(pos, constant(datum.List(values(data)...))))
	}
	n := konst(pos, datum.False)
	for i := len(data) - 1; i >= 0; i-- {
		v := constant(data[i].v)
		eq := "eqv?"
		if v.IsSymbol() || v.IsFix() || v.IsChar() || v.Kind() == datum.KConstant || v.Is(datum.KKeyword) {
			eq = "eq?"
		}
		test := x.callGuile(pos, eq, local(pos, key), konst(pos, v))
		if i == len(data)-1 {
			n = test
		} else {
			n = &core.If{At: core.At{Where: pos}, Test: test, Then: konst(pos, datum.True), Else: n}
		}
	}
	return n
}

// do is (do ((var init step) …) (test result …) command …).
func (x *Expander) do(s stx) core.Node {
	p := x.parts(&s, "do", 2, -1, "(do ((variable init step) …) (test result …) command …)")
	specs, ok := p[0].list()
	exit, ok2 := p[1].list()
	if !ok {
		x.misshapen(&p[0], "do", "expected a list of (variable init step)")
	}
	if !ok2 || len(exit) == 0 {
		x.misshapen(&p[1], "do", "expected (test result …), found %s", x.show(&p[1]))
	}
	b := x.newBindings("do")
	var c core.Clause
	var inits, steps []core.Node
	var specParts [][]stx
	for i := range specs {
		sp, ok := specs[i].list()
		if !ok || len(sp) < 2 || len(sp) > 3 {
			x.misshapen(&specs[i], "do", "bad binding %s, expected (variable init [step])", x.show(&specs[i]))
		}
		specParts = append(specParts, sp)
		c.Req = append(c.Req, b.add(sp[0]))
		inits = append(inits, x.named(sp[1], ""))
	}
	for i, sp := range specParts {
		if len(sp) == 3 {
			steps = append(steps, x.expr(sp[2].with(b.scope)))
		} else {
			steps = append(steps, local(s.pos, c.Req[i]))
		}
	}
	loop := newLocal("do-loop")
	test := x.expr(exit[0].with(b.scope))
	var result core.Node
	if len(exit) == 1 {
		result = unspecified(p[1].pos)
	} else {
		result = x.sequence(p[1].cdr().with(b.scope), "do", &p[1])
	}
	var body []core.Node
	for _, cmd := range p[2:] {
		body = append(body, x.expr(cmd.with(b.scope)))
	}
	body = append(body, &core.Call{At: at(&s), Proc: local(s.pos, loop), Args: steps})
	c.Body = &core.If{At: at(&s), Test: test, Then: result, Else: seq(body, s.pos)}
	b.done()
	return x.loop(s.pos, loop, c, inits)
}

// loop makes a local procedure and calls it.
func (x *Expander) loop(pos source.Pos, name *core.Local, c core.Clause, inits []core.Node) core.Node {
	a := core.At{Where: pos}
	return &core.Letrec{At: a, Vars: []*core.Local{name},
		Inits: []core.Node{&core.Lambda{At: a, Name: name.Name.Name, Properties: datum.Null, Clauses: []core.Clause{c}}},
		Body:  &core.Call{At: a, Proc: local(pos, name), Args: inits}}
}

// while is Guile's loop; break and continue are bound in it, as if they had
// been written in the form. The machinery is %while of the boot library.
func (x *Expander) while(s stx) core.Node {
	x.parts(&s, "while", 1, -1, "(while test expression …)")
	head := s.car()
	b := x.newBindings("while")
	brk := b.add(stx{datum.Sym("break"), head.set, head.mod, s.pos})
	cont := b.add(stx{datum.Sym("continue"), head.set, head.mod, s.pos})
	rest := s.cdr()
	test := x.expr(rest.car().with(b.scope))
	body := unspecified(s.pos)
	if forms := rest.cdr().with(b.scope); forms.isPair() {
		body = x.bodyOf(forms, "while", &s)
	}
	b.done()
	lambda := func(l *core.Local, body core.Node) core.Node {
		return &core.Lambda{At: at(&s), Properties: datum.Null, Clauses: []core.Clause{{Req: []*core.Local{l}, Body: body}}}
	}
	turn := &core.If{At: at(&s), Test: test,
		Then: &core.Seq{At: at(&s), Body: []core.Node{body, konst(s.pos, datum.True)}}, Else: konst(s.pos, datum.False)}
	return x.callGuile(s.pos, "%while", lambda(brk, lambda(cont, turn)))
}
