package expand

import (
	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// formKind tells where a special form may stand.
type formKind uint8

const (
	expression formKind = iota
	definition          // define and friends: top level and bodies
	splicing            // begin and friends: anywhere
	toplevel            // define-module and friends
	auxiliary           // else, =>, unquote, …
)

// form is a special form.
type form struct {
	name string
	kind formKind
	// expr expands the form as an expression; nil when it is none.
	expr func(*Expander, stx) core.Node
	// rewrite turns the form into simpler syntax that stands in its place.
	rewrite func(*Expander, stx) datum.Value
	// define takes a definition apart, at top level and in bodies.
	define func(*Expander, stx, definer)
	// top handles a top-level form by what it does to the current module.
	top func(*Expander, stx) core.Node
	// splice gives the forms that stand in a splicing form's place. top tells
	// whether the form is at top level, scoped that they got a new scope.
	splice func(x *Expander, s stx, top bool) (forms stx, done func())
}

// definer receives definitions.
type definer interface {
	// variable defines id; rhs expands its value later.
	variable(form, id stx, rhs func() core.Node)
	// values defines the identifiers of a formals list.
	values(form stx, formals stx, rhs func() core.Node)
	// macro defines id as syntax.
	macro(form, id stx, rhs stx)
	// parameter defines id as a syntax parameter.
	parameter(form, id stx, rhs stx)
}

// seq makes one node of several; none gives unspecified.
func seq(nodes []core.Node, pos source.Pos) core.Node {
	switch len(nodes) {
	case 0:
		return unspecified(pos)
	case 1:
		return nodes[0]
	}
	return &core.Seq{At: core.At{Where: pos}, Body: nodes}
}

func unspecified(pos source.Pos) core.Node {
	return &core.Const{At: core.At{Where: pos}, Value: datum.Unspecified}
}

// bodyItem is a form of a body: a definition, or an expression when local and
// formals are nil.
type bodyItem struct {
	form   stx
	locals []*core.Local // of a definition; more than one for define-values
	rhs    func() core.Node
	multi  *core.Clause
	origin *origin // the macros that it comes from
}

// pending is a list of forms with the macros that it comes from.
type pending struct {
	forms  stx
	origin *origin
}

// bodyExpander collects the forms of one body.
type bodyExpander struct {
	x       *Expander
	ctx     *bodyContext
	scope   *syntax.Scope
	work    []pending // lists of forms still to be looked at, innermost last
	items   []bodyItem
	endings []func()
}

// bodyOf expands the forms of a body; whole is the form they belong to.
func (x *Expander) bodyOf(forms stx, who string, whole *stx) core.Node {
	if !forms.isPair() {
		x.noBody(whole, who, &forms)
	}
	savedBody, savedOrigin := x.body, x.origin
	b := bodyExpander{x: x, ctx: &bodyContext{}}
	x.body = b.ctx
	b.work = append(b.work, pending{forms, x.origin})
	b.collect(whole)
	x.origin = savedOrigin
	n := b.finish(who, whole)
	x.body = savedBody
	for _, bind := range b.ctx.bound {
		bind.Dead = true
	}
	for _, f := range b.endings {
		f()
	}
	return n
}

// noBody reports a body without forms.
func (x *Expander) noBody(whole *stx, who string, forms *stx) {
	if forms.isNull() {
		x.misshapen(whole, who, "the body is empty; it needs at least one expression")
	}
	x.misshapen(whole, who, "the body is not a list of forms")
}

// needScope puts the body's own scope on all of its forms, those seen already
// included: a definition or a macro, which may become one, is coming.
func (b *bodyExpander) needScope(cur *stx) {
	if b.scope != nil {
		return
	}
	b.scope = b.x.scopes.NewLocal(b.x.level)
	*cur = cur.with(b.scope)
	for i := range b.work {
		b.work[i].forms = b.work[i].forms.with(b.scope)
	}
	for i := range b.items {
		b.items[i].form = b.items[i].form.with(b.scope)
	}
}

// collect looks at each form as far as to know what it is.
func (b *bodyExpander) collect(whole *stx) {
	for len(b.work) > 0 {
		top := &b.work[len(b.work)-1]
		list := &top.forms
		if !list.isPair() {
			if !list.isNull() {
				b.x.misshapen(list, "", "a body must be a proper list of forms")
			}
			b.work = b.work[:len(b.work)-1]
			continue
		}
		form := list.car()
		*list = list.cdr()
		b.x.origin = top.origin
		b.form(form)
	}
}

func (b *bodyExpander) form(s stx) {
	x := b.x
	for {
		var head stx
		switch {
		case s.isPair():
			x.place(&s)
			head = s.car()
		case s.isID():
			head = s
		}
		if !head.isID() {
			b.expression(s)
			return
		}
		d := x.resolve(&head)
		if d.macro == nil {
			b.expression(s)
			return
		}
		f := d.form()
		switch {
		case f == nil:
			b.needScope(&s)
			s = x.transform(d.macro, s)
		case !s.isPair() || f.expr != nil && f.splice == nil:
			b.expression(s)
			return
		case f.rewrite != nil:
			b.needScope(&s)
			out := f.rewrite(x, s)
			s = stx{v: out, pos: s.pos}
			s.norm()
		case f.define != nil:
			b.needScope(&s)
			x.whole = s
			f.define(x, s, b)
			return
		case f.splice != nil:
			if f.name != "begin" {
				b.needScope(&s)
			}
			forms, done := f.splice(x, s, false)
			if done != nil {
				b.endings = append(b.endings, done)
			}
			b.work = append(b.work, pending{forms, x.origin})
			return
		case f.top != nil:
			x.whole = s
			n := f.top(x, s)
			b.items = append(b.items, bodyItem{form: s, rhs: func() core.Node { return n }, origin: x.origin})
			return
		default:
			x.notHere(&s, f)
		}
	}
}

func (b *bodyExpander) expression(s stx) {
	b.items = append(b.items, bodyItem{form: s, origin: b.x.origin})
}

// bind makes a local variable or macro binding in the body.
func (b *bodyExpander) bind(form, id *stx, bind *syntax.Binding) {
	x := b.x
	for _, u := range b.ctx.useSites {
		id.set = id.set.Without(u)
	}
	if id.set == nil {
		id.set = b.scope.Only()
	}
	if old := syntax.BoundExactly(id.sym(), id.set); old != nil && old.Context == any(b.ctx) {
		x.failAs(syntax.Words{Message: "invalid or duplicate identifier in definition"}, id, "", "",
			"`%s' is defined twice in the same body", id.sym().Name)
	}
	bind.Level = x.level
	bind.Context = b.ctx
	syntax.Bind(id.sym(), id.set, bind)
	b.ctx.bound = append(b.ctx.bound, bind)
}

func (b *bodyExpander) variable(form, id stx, rhs func() core.Node) {
	l := &core.Local{Name: id.sym()}
	b.bind(&form, &id, &syntax.Binding{Kind: syntax.Variable, Local: l})
	b.items = append(b.items, bodyItem{form: form, locals: []*core.Local{l}, rhs: rhs, origin: b.x.origin})
}

func (b *bodyExpander) macro(form, id, rhs stx) {
	bind := &syntax.Binding{Kind: syntax.Keyword}
	b.bind(&form, &id, bind)
	m := b.x.macroValue(id, rhs)
	if m.Context == nil {
		m.Context = b.ctx
	}
	bind.Macro = m
}

func (b *bodyExpander) parameter(form, id, rhs stx) {
	bind := &syntax.Binding{Kind: syntax.Keyword}
	b.bind(&form, &id, bind)
	bind.Macro = b.x.parameterMacro(id, rhs)
}

func (b *bodyExpander) values(form stx, formals stx, rhs func() core.Node) {
	var c core.Clause
	locals := []*core.Local{}
	one := func(id stx) *core.Local {
		l := &core.Local{Name: id.sym(), Assigned: true}
		b.bind(&form, &id, &syntax.Binding{Kind: syntax.Variable, Local: l})
		locals = append(locals, l)
		return &core.Local{Name: id.sym()}
	}
	for formals.isPair() {
		id := formals.car()
		b.x.needID(&id, "define-values")
		c.Req = append(c.Req, one(id))
		formals = formals.cdr()
	}
	if formals.isID() {
		c.Rest = one(formals)
	} else if !formals.isNull() {
		b.x.misshapen(&formals, "define-values", "expected a variable, not %s", b.x.show(&formals))
	}
	b.items = append(b.items, bodyItem{form: form, locals: locals, rhs: rhs, multi: &c, origin: b.x.origin})
}

// finish expands the right sides and the expressions and makes the letrec*.
func (b *bodyExpander) finish(who string, whole *stx) core.Node {
	x := b.x
	last := -1 // index of the last definition
	for i := range b.items {
		if b.items[i].locals != nil {
			last = i
		}
	}
	if last == len(b.items)-1 {
		words := syntax.Words{Message: "body should end with an expression"}
		if last < 0 {
			words.Message = "empty body"
		}
		x.failAs(words, whole, who, "add an expression that gives the value after the definitions", "the body has no expression after its definitions")
	}
	var vars []*core.Local
	var inits []core.Node
	for i := 0; i <= last; i++ {
		it := &b.items[i]
		switch {
		case it.locals == nil:
			// An expression between definitions runs in its place.
			n := b.node(it)
			vars = append(vars, &core.Local{Name: ignored})
			inits = append(inits, &core.Seq{At: at(&it.form), Body: []core.Node{n, unspecified(it.form.pos)}})
		case it.multi != nil:
			for _, l := range it.locals {
				vars = append(vars, l)
				inits = append(inits, unspecified(it.form.pos))
			}
			var sets []core.Node
			for j, l := range it.locals {
				from := it.multi.Rest
				if j < len(it.multi.Req) {
					from = it.multi.Req[j]
				}
				sets = append(sets, &core.LocalSet{At: at(&it.form), Local: l, Value: &core.LocalRef{At: at(&it.form), Local: from}})
			}
			it.multi.Body = seq(append(sets, unspecified(it.form.pos)), it.form.pos)
			vars = append(vars, &core.Local{Name: ignored})
			inits = append(inits, &core.LetValues{At: at(&it.form), Producer: b.node(it), Receiver: *it.multi})
		default:
			vars = append(vars, it.locals[0])
			inits = append(inits, b.node(it))
		}
	}
	rest := make([]core.Node, 0, len(b.items)-last-1)
	for i := last + 1; i < len(b.items); i++ {
		rest = append(rest, b.node(&b.items[i]))
	}
	body := seq(rest, whole.pos)
	if vars == nil {
		return body
	}
	return &core.Letrec{At: at(whole), Vars: vars, Inits: inits, Body: body}
}

func (b *bodyExpander) node(it *bodyItem) core.Node {
	saved := b.x.origin
	b.x.origin = it.origin
	defer func() { b.x.origin = saved }()
	if it.rhs != nil {
		return it.rhs()
	}
	return b.x.expr(it.form)
}

var ignored = datum.Intern("_")
