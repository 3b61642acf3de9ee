package expand

import (
	"strings"

	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/syntax"
)

func (x *Expander) needID(s *stx, who string) {
	if !s.isID() {
		x.misshapen(s, who, "expected a variable, not %s", x.show(s))
	}
}

// boundTwice is what Guile says of a name that a form binds twice.
func boundTwice(who string) syntax.Words {
	if strings.HasPrefix(who, "let") {
		return syntax.Words{Who: who, Message: "duplicate bound variable"}
	}
	return formalsOf(who, "duplicate identifier in argument list")
}

// formalsOf is what Guile says of a list of parameters; its forms for procedures
// are all made of lambda and lambda*.
func formalsOf(who, message string) syntax.Words {
	if strings.HasSuffix(who, "*") {
		return syntax.Words{Who: "lambda*", Message: message}
	}
	return syntax.Words{Who: "lambda", Message: message}
}

// bindings collects the variables that one form binds in one scope.
type bindings struct {
	x     *Expander
	who   string
	scope *syntax.Scope
	made  []*syntax.Binding
}

func (x *Expander) newBindings(who string) *bindings {
	return &bindings{x: x, who: who, scope: x.scopes.NewLocal(x.level)}
}

// add binds id in the scope and returns its variable.
func (b *bindings) add(id stx) *core.Local {
	b.x.needID(&id, b.who)
	l := &core.Local{Name: id.sym()}
	b.bind(&id, &syntax.Binding{Kind: syntax.Variable, Local: l, Level: b.x.level})
	return l
}

func (b *bindings) bind(id *stx, bind *syntax.Binding) {
	set := syntax.Xor(id.set, b.scope.Only())
	if syntax.BoundExactly(id.sym(), set) != nil {
		b.x.failAs(boundTwice(b.who), id, b.who, "", "the variable %s is bound twice", id.sym().Name)
	}
	syntax.Bind(id.sym(), set, bind)
	b.made = append(b.made, bind)
}

// done ends the life of the bindings.
func (b *bindings) done() {
	for _, m := range b.made {
		m.Dead = true
	}
}

// lambda expands (lambda formals body…); head and name are for messages and
// printing.
func (x *Expander) lambda(s stx) core.Node {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, "lambda", "bad form, expected (lambda (parameter …) body …)")
	}
	if body := rest.cdr(); !body.isPair() {
		x.noBody(&s, "lambda", &body)
	}
	return x.procedure(s, rest.car(), rest.cdr(), "lambda", "", false)
}

func (x *Expander) lambdaStar(s stx) core.Node {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, "lambda*", "bad form, expected (lambda* (parameter … #:optional … #:key …) body …)")
	}
	return x.procedure(s, rest.car(), rest.cdr(), "lambda*", "", true)
}

// procedure makes a Lambda of one clause.
func (x *Expander) procedure(s, formals, body stx, who, name string, star bool) core.Node {
	l := &core.Lambda{At: at(&s), Name: name, Properties: datum.Null}
	body = x.properties(l, body)
	l.Clauses = []core.Clause{x.clause(s, formals, body, who, star)}
	return l
}

// properties takes a documentation string and property vectors off a body.
func (x *Expander) properties(l *core.Lambda, body stx) stx {
	for body.isPair() {
		first := body.car()
		rest := body.cdr()
		if !rest.isPair() {
			break
		}
		if first.v.IsString() && l.Doc == "" {
			l.Doc = first.v.Str().Go()
		} else if first.isVector() && alist(first.strip()) {
			for _, p := range first.strip().Vector().Items {
				l.Properties = datum.Cons(p, l.Properties)
			}
		} else {
			break
		}
		body = rest
	}
	return body
}

func alist(v datum.Value) bool {
	for _, p := range v.Vector().Items {
		if !p.IsPair() {
			return false
		}
	}
	return len(v.Vector().Items) > 0
}

// clause expands one arity.
func (x *Expander) clause(s, formals, body stx, who string, star bool) core.Clause {
	if star {
		return x.starClause(s, formals, body, who)
	}
	var c core.Clause
	if formals.isNull() {
		c.Body = x.bodyOf(body, who, &s)
		return c
	}
	b := x.newBindings(who)
	for formals.isPair() {
		c.Req = append(c.Req, b.add(x.parameter(formals.car(), who)))
		formals = formals.cdr()
	}
	if !formals.isNull() {
		c.Rest = b.add(x.parameter(formals, who))
	}
	c.Body = x.bodyOf(body.with(b.scope), who, &s)
	b.done()
	return c
}

func (x *Expander) parameter(p stx, who string) stx {
	if p.isID() {
		return p
	}
	if p.v.Is(datum.KKeyword) {
		x.failAs(formalsOf(who, "invalid argument list"), &p, who, "use "+who+"*", "bad parameter %s: plain %s has no keyword parameters", x.show(&p), who)
	}
	x.failAs(formalsOf(who, "invalid argument list"), &p, who, "", "bad parameter %s, expected a variable", x.show(&p))
	return p
}

// starClause expands the parameters of lambda* (Guile manual, "lambda* and
// define*"): each initialiser sees the parameters before it.
func (x *Expander) starClause(s, formals, body stx, who string) core.Clause {
	var c core.Clause
	var all []*bindings
	seen := map[*datum.Symbol][]stx{}
	// The scopes so far apply to what follows; bind makes a new one for id.
	bind := func(id stx) *core.Local {
		x.needID(&id, who)
		for i := range seen[id.sym()] {
			if seen[id.sym()][i].set == id.set {
				x.failAs(boundTwice(who), &id, who, "", "the variable %s is bound twice", id.sym().Name)
			}
		}
		seen[id.sym()] = append(seen[id.sym()], id)
		b := x.newBindings(who)
		for _, o := range all {
			id = id.with(o.scope)
		}
		all = append(all, b)
		return b.add(id)
	}
	scoped := func(e stx) stx {
		for _, o := range all {
			e = e.with(o.scope)
		}
		return e
	}
	const (
		inReq = iota
		inOpt
		inKey
		inRest
		end
	)
	state := inReq
	for formals.isPair() {
		p := formals.car()
		formals = formals.cdr()
		if p.v.Is(datum.KKeyword) {
			switch k := p.v.Keyword().Name.Name; {
			case k == "optional" && state == inReq:
				state = inOpt
			case k == "key" && state < inKey:
				state = inKey
				// The defaults of keywords may use the rest.
				if r, ok := restParameter(formals); ok {
					c.Rest = bind(x.parameter(r, who))
				}
			case k == "rest" && state < inRest:
				state = inRest
			case k == "allow-other-keys" && state == inKey:
				c.AllowOtherKeys = true
			default:
				x.failAs(formalsOf(who, "invalid argument list"), &p, who, "", "#:%s is not allowed here; the order is required, #:optional, #:key, #:allow-other-keys, #:rest", k)
			}
			continue
		}
		switch state {
		case inReq:
			c.Req = append(c.Req, bind(x.parameter(p, who)))
		case inOpt:
			id, init := x.withInit(p, who, scoped)
			c.Opt = append(c.Opt, core.Optional{Local: bind(id), Init: init})
		case inKey:
			c.Key = append(c.Key, x.keyParameter(p, who, scoped, bind))
		case inRest:
			if c.Rest == nil {
				c.Rest = bind(x.parameter(p, who))
			}
			state = end
		default:
			x.failAs(formalsOf(who, "invalid rest argument"), &p, who, "", "a parameter after the #:rest parameter: %s", x.show(&p))
		}
	}
	if !formals.isNull() {
		switch {
		case state == end:
			x.failAs(formalsOf(who, "invalid rest argument"), &formals, who, "", "two rest parameters")
		case c.Rest == nil:
			c.Rest = bind(x.parameter(formals, who))
		}
	}
	if state == inRest && c.Rest == nil {
		x.failAs(formalsOf(who, "invalid rest argument"), &s, who, "", "#:rest needs a variable after it")
	}
	c.Body = x.bodyOf(scoped(body), who, &s)
	for _, b := range all {
		b.done()
	}
	return c
}

// restParameter finds the rest parameter among the parameters that follow.
func restParameter(formals stx) (stx, bool) {
	for formals.isPair() {
		p := formals.car()
		formals = formals.cdr()
		if p.v.Is(datum.KKeyword) && p.v.Keyword().Name.Name == "rest" {
			if !formals.isPair() {
				return stx{}, false
			}
			return formals.car(), true
		}
	}
	return formals, !formals.isNull()
}

// withInit takes an optional parameter apart: x or (x init).
func (x *Expander) withInit(p stx, who string, scoped func(stx) stx) (id stx, init core.Node) {
	if p.isID() {
		return p, &core.Const{At: at(&p), Value: datum.False}
	}
	parts, ok := p.list()
	if !ok || len(parts) != 2 || !parts[0].isID() {
		x.failAs(formalsOf(who, "invalid optional argument list"), &p, who, "", "bad optional parameter %s, expected name or (name default)", x.show(&p))
	}
	return parts[0], x.expr(scoped(parts[1]))
}

// keyParameter takes a keyword parameter apart: x, (x init) or
// (x init #:keyword).
func (x *Expander) keyParameter(p stx, who string, scoped func(stx) stx, bind func(stx) *core.Local) core.Key {
	k := core.Key{Init: &core.Const{At: at(&p), Value: datum.False}}
	id := p
	if !p.isID() {
		parts, ok := p.list()
		if !ok || len(parts) < 1 || len(parts) > 3 || !parts[0].isID() || len(parts) == 3 && !parts[2].v.Is(datum.KKeyword) {
			x.failAs(formalsOf(who, "invalid keyword argument list"), &p, who, "", "bad keyword parameter %s, expected name, (name default) or (name default #:keyword)", x.show(&p))
		}
		id = parts[0]
		if len(parts) > 1 {
			k.Init = x.expr(scoped(parts[1]))
		}
		if len(parts) == 3 {
			k.Keyword = parts[2].v.Keyword()
		}
	}
	if k.Keyword == nil {
		k.Keyword = datum.InternKeyword(id.sym().Name)
	}
	k.Local = bind(id)
	return k
}

func (x *Expander) caseLambda(s stx) core.Node     { return x.caseLambdaOf(s, "case-lambda", false) }
func (x *Expander) caseLambdaStar(s stx) core.Node { return x.caseLambdaOf(s, "case-lambda*", true) }

func (x *Expander) caseLambdaOf(s stx, who string, star bool) core.Node {
	l := &core.Lambda{At: at(&s), Properties: datum.Null}
	rest := s.cdr()
	for rest.isPair() {
		cl := rest.car()
		if cl.v.IsString() && l.Doc == "" {
			l.Doc = cl.v.Str().Go()
		} else {
			if !cl.isPair() {
				x.misshapen(&cl, who, "bad clause %s, expected ((parameter …) body …)", x.show(&cl))
			}
			l.Clauses = append(l.Clauses, x.clause(cl, cl.car(), cl.cdr(), who, star))
		}
		rest = rest.cdr()
	}
	if !rest.isNull() {
		x.misshapen(&s, who, "the clauses are not a proper list")
	}
	return l
}

// define takes (define name value), (define name), (define (name . formals)
// body…) and curried forms apart.
func (x *Expander) define(s stx, d definer)     { x.defineOf(s, d, "define", false) }
func (x *Expander) defineStar(s stx, d definer) { x.defineOf(s, d, "define*", true) }

func (x *Expander) defineOf(s stx, d definer, who string, star bool) {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, who, "bad form, expected (%s name value) or (%s (name parameter …) body …)", who, who)
	}
	target := rest.car()
	body := rest.cdr()
	if target.isID() {
		if body.isNull() {
			d.variable(s, target, func() core.Node { return unspecified(s.pos) })
			return
		}
		parts, ok := body.list()
		if !ok || len(parts) != 1 {
			x.failAs(shape(who), &s, who, "a procedure is defined by (define ("+target.sym().Name+" parameter …) body …)", "bad definition of %s: expected one value, found %d", target.sym().Name, len(parts))
		}
		value := parts[0]
		d.variable(s, target, func() core.Node { return x.named(value, target.sym().Name) })
		return
	}
	if !target.isPair() {
		x.misshapen(&target, who, "cannot define %s, expected a name or (name parameter …)", x.show(&target))
	}
	head := target.car()
	if head.isPair() {
		// (define ((f a) b) …) is (define (f a) (lambda (b) …)).
		lam := "lambda"
		if star {
			lam = "lambda*"
		}
		formals := target.cdr()
		inner := datum.Cons(x.id(lam), datum.Cons(formals.syntax(), body.syntax()))
		out := stx{v: datum.List(x.id(who), head.syntax(), syntax.New(inner, s.pos)), pos: s.pos}
		x.defineOf(out, d, who, star)
		return
	}
	if !head.isID() {
		x.misshapen(&head, who, "cannot define %s, expected a name", x.show(&head))
	}
	formals := target.cdr()
	name := head.sym().Name
	d.variable(s, head, func() core.Node { return x.procedure(s, formals, body, who, name, star) })
}

// named expands a value and gives a procedure the name it is bound to.
func (x *Expander) named(s stx, name string) core.Node {
	n := x.expr(s)
	if l, ok := n.(*core.Lambda); ok && l.Name == "" {
		l.Name = name
	}
	return n
}

// defineValues is (define-values formals producer).
func (x *Expander) defineValues(s stx, d definer) {
	parts, ok := s.list()
	if !ok || len(parts) != 3 {
		x.misshapen(&s, "define-values", "bad form, expected (define-values (name …) expression)")
	}
	d.values(s, parts[1], func() core.Node { return x.expr(parts[2]) })
}

// defineSyntax is (define-syntax name transformer), also with Guile's
// (define-syntax (name x) body…).
func (x *Expander) defineSyntax(s stx, d definer) {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, "define-syntax", "bad form, expected (define-syntax name transformer)")
	}
	target := rest.car()
	body := rest.cdr()
	if target.isPair() {
		formals := target.cdr()
		id := target.car()
		x.needID(&id, "define-syntax")
		lam := datum.Cons(x.id("lambda"), datum.Cons(formals.syntax(), body.syntax()))
		d.macro(s, id, stx{v: lam, pos: s.pos})
		return
	}
	x.needID(&target, "define-syntax")
	if !body.isPair() || body.v.Pair().Cdr != datum.Null {
		x.misshapen(&s, "define-syntax", "bad form, expected (define-syntax %s transformer)", target.sym().Name)
	}
	d.macro(s, target, body.car())
}

// defineSyntaxRule is (define-syntax-rule (name . pattern) [doc] template).
func (x *Expander) defineSyntaxRule(s stx, d definer) {
	parts, ok := s.list()
	if !ok || len(parts) < 3 || len(parts) > 4 || !parts[1].isPair() || len(parts) == 4 && !parts[2].v.IsString() {
		x.misshapen(&s, "define-syntax-rule", "bad form, expected (define-syntax-rule (name pattern …) template)")
	}
	id := parts[1].car()
	x.needID(&id, "define-syntax-rule")
	template := parts[len(parts)-1]
	pattern := parts[1]
	rule := syntax.New(datum.List(pattern.syntax(), template.syntax()), s.pos)
	d.macro(s, id, stx{v: datum.List(x.id("syntax-rules"), datum.Null, rule), pos: s.pos})
}

func (x *Expander) defineSyntaxParameter(s stx, d definer) {
	parts, ok := s.list()
	if !ok || len(parts) != 3 || !parts[1].isID() {
		x.misshapen(&s, "define-syntax-parameter", "bad form, expected (define-syntax-parameter name transformer)")
	}
	d.parameter(s, parts[1], parts[2])
}
