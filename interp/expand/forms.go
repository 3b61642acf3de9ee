package expand

import (
	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/syntax"
)

// id is an identifier that means the name in (guile), whatever surrounds it.
func (x *Expander) id(name string) datum.Value {
	v, ok := x.ids[name]
	if !ok {
		v = (&syntax.Syntax{Datum: datum.Sym(name), Module: x.Modules.Guile}).Value()
		x.ids[name] = v
	}
	return v
}

// defineForms puts the special forms into (guile).
func (x *Expander) defineForms() {
	for _, f := range formTable() {
		x.forms[f.name] = f
		m := &syntax.Macro{Kind: syntax.CoreMacro, Name: f.name, Core: f}
		m.Home = x.Modules.Guile.Set(datum.Intern(f.name), m.Value())
		m.Home.Constant = true
	}
	// λ is lambda under another name.
	x.Modules.Guile.Set(datum.Intern("λ"), (&syntax.Macro{Kind: syntax.CoreMacro, Name: "lambda", Core: x.forms["lambda"]}).Value())
}

// formTable is the list of all special forms.
func formTable() []*form {
	expr := func(name string, f func(*Expander, stx) core.Node) *form { return &form{name: name, expr: f} }
	def := func(name string, f func(*Expander, stx, definer)) *form {
		return &form{name: name, kind: definition, define: f}
	}
	rewrite := func(name string, kind formKind, f func(*Expander, stx) datum.Value) *form {
		return &form{name: name, kind: kind, rewrite: f}
	}
	top := func(name string, f func(*Expander, stx) core.Node) *form {
		return &form{name: name, kind: toplevel, top: f}
	}
	table := []*form{
		expr("quote", (*Expander).quote),
		expr("quasiquote", (*Expander).quasiquote),
		expr("if", (*Expander).ifForm),
		expr("set!", (*Expander).set),
		expr("and", (*Expander).and),
		expr("or", (*Expander).or),
		expr("when", (*Expander).when),
		expr("unless", (*Expander).unless),
		expr("cond", (*Expander).cond),
		expr("case", (*Expander).caseForm),
		expr("do", (*Expander).do),
		expr("while", (*Expander).while),
		expr("lambda", (*Expander).lambda),
		expr("lambda*", (*Expander).lambdaStar),
		expr("case-lambda", (*Expander).caseLambda),
		expr("case-lambda*", (*Expander).caseLambdaStar),
		expr("let", (*Expander).letForm),
		expr("let*", (*Expander).letStar),
		expr("letrec", (*Expander).letrec),
		expr("letrec*", (*Expander).letrecStar),
		expr("let-values", (*Expander).letValues),
		expr("let*-values", (*Expander).letValuesStar),
		expr("receive", (*Expander).receive),
		expr("parameterize", (*Expander).parameterize),
		expr("with-fluids", (*Expander).withFluids),
		expr("fluid-let", (*Expander).fluidLet),
		expr("delay", (*Expander).delay),
		expr("make-promise-lazy", (*Expander).delayForce),
		expr("delay-force", (*Expander).delayForce),
		expr("cons-stream", (*Expander).consStream),
		expr("assert", (*Expander).assert),
		expr("guard", (*Expander).guard),
		expr("false-if-exception", (*Expander).falseIfException),
		expr("syntax", (*Expander).syntaxForm),
		expr("quasisyntax", (*Expander).quasisyntax),
		expr("syntax-case", (*Expander).syntaxCase),
		expr("syntax-rules", (*Expander).syntaxRules),
		expr("identifier-syntax", (*Expander).identifierSyntax),
		expr("with-ellipsis", (*Expander).withEllipsis),
		expr("syntax-parameterize", (*Expander).syntaxParameterize),
		expr("syntax-error", (*Expander).syntaxError),
		expr("@", (*Expander).publicRef),
		expr("@@", (*Expander).privateRef),
		expr("current-source-location", (*Expander).sourceLocation),
		expr("current-filename", (*Expander).currentFilename),
		expr("%match", (*Expander).matchForm),
		expr("%match-lambda", (*Expander).matchLambda),
		expr("%match-lambda*", (*Expander).matchLambdaStar),
		expr("%match-let", (*Expander).matchLet),
		expr("%match-let*", (*Expander).matchLetStar),
		expr("%match-letrec", (*Expander).matchLetrec),
		rewrite("with-syntax", expression, (*Expander).withSyntax),

		def("define", (*Expander).define),
		def("define*", (*Expander).defineStar),
		def("define-values", (*Expander).defineValues),
		def("define-syntax", (*Expander).defineSyntax),
		def("define-syntax-rule", (*Expander).defineSyntaxRule),
		def("define-syntax-parameter", (*Expander).defineSyntaxParameter),
		def("define-private", (*Expander).define),
		rewrite("add-to-load-path", splicing, (*Expander).addToLoadPath),
		rewrite("define-macro", definition, (*Expander).defineMacro),
		rewrite("defmacro", definition, (*Expander).defmacro),
		rewrite("define-record-type", definition, (*Expander).defineRecordType),
		rewrite("%define-immutable-record-type", definition, (*Expander).defineImmutableRecordType),
		rewrite("cond-expand", splicing, (*Expander).condExpand),
		rewrite("include", splicing, (*Expander).include),
		rewrite("include-ci", splicing, (*Expander).includeCI),
		rewrite("include-from-path", splicing, (*Expander).includeFromPath),

		{name: "begin", kind: splicing, expr: (*Expander).begin,
			splice: func(_ *Expander, s stx, _ bool) (stx, func()) { return s.cdr(), nil }},
		{name: "let-syntax", kind: splicing, expr: (*Expander)(nil).letSyntaxExpr(false), splice: (*Expander).letSyntax},
		{name: "letrec-syntax", kind: splicing, expr: (*Expander)(nil).letSyntaxExpr(true), splice: (*Expander).letrecSyntax},
		{name: "eval-when", kind: splicing, expr: (*Expander).evalWhenExpr, splice: (*Expander).evalWhen},

		{name: "define-public", kind: definition, define: (*Expander).definePublic},
		{name: "define*-public", kind: definition, define: (*Expander).defineStarPublic},
		{name: "define-once", kind: definition, define: (*Expander).defineOnce},
		top("define-module", (*Expander).defineModule),
		// Guile's is a macro for eval-when, which may stand anywhere.
		{name: "use-modules", kind: toplevel, top: (*Expander).useModules, expr: (*Expander).useModules},
		top("export", (*Expander).export),
		top("export!", (*Expander).exportReplacing),
		top("re-export", (*Expander).reExport),
		top("export-syntax", (*Expander).export),
		top("re-export-syntax", (*Expander).reExport),
		top("import", (*Expander).importForm),
		{name: "define-library", kind: toplevel, splice: (*Expander).defineLibrary},
		{name: "library", kind: toplevel, splice: (*Expander).r6Library},
	}
	for _, name := range []string{"else", "=>", "...", "_", "unquote", "unquote-splicing", "unsyntax", "unsyntax-splicing"} {
		table = append(table, &form{name: name, kind: auxiliary})
	}
	return table
}

// syntaxError is R7RS's (syntax-error "message" form …).
func (x *Expander) syntaxError(s stx) core.Node {
	p := x.parts(&s, "syntax-error", 1, -1, "(syntax-error message form …)")
	msg := show(p[0].v)
	if p[0].v.IsString() {
		msg = p[0].v.Str().Go()
	}
	for _, e := range p[1:] {
		msg += " " + x.show(&e)
	}
	who := ""
	if o := x.origin; o != nil {
		who, s = o.macro.Name, o.use
	}
	x.fail(&s, who, "%s", msg)
	return nil
}

// definePublic is define and export in one.
func (x *Expander) definePublic(s stx, d definer) {
	x.define(s, publicDefiner{d, x})
}

func (x *Expander) defineStarPublic(s stx, d definer) {
	x.defineStar(s, publicDefiner{d, x})
}

// publicDefiner exports what is defined.
type publicDefiner struct {
	definer
	x *Expander
}

func (p publicDefiner) variable(form, id stx, rhs func() core.Node) {
	if t, ok := p.definer.(*topExpander); ok {
		m, sym := t.name(&id)
		m.Export(sym, id.sym())
	}
	p.definer.variable(form, id, rhs)
}

func (p publicDefiner) macro(form, id, rhs stx) {
	if t, ok := p.definer.(*topExpander); ok {
		m, sym := t.name(&id)
		m.Export(sym, id.sym())
	}
	p.definer.macro(form, id, rhs)
}

// defineOnce defines a variable unless it has a value already.
func (x *Expander) defineOnce(s stx, d definer) {
	p := x.parts(&s, "define-once", 2, 2, "(define-once name value)")
	x.needID(&p[0], "define-once")
	t, ok := d.(*topExpander)
	if !ok {
		d.variable(s, p[0], func() core.Node { return x.expr(p[1]) })
		return
	}
	v := t.global(&s, &p[0])
	if v.Value != datum.Unset {
		t.out(func() core.Node { return unspecified(s.pos) })
		return
	}
	t.out(func() core.Node {
		return &core.GlobalDef{At: at(&s), Var: v, Value: x.named(p[1], p[0].sym().Name)}
	})
}

// evalWhen keeps its forms when they concern a program that is loaded; since
// every form is run before the next is expanded, there is no more to do.
func (x *Expander) evalWhen(s stx, _ bool) (stx, func()) {
	rest := s.cdr()
	const shape = "(eval-when (expand load eval) form …)"
	if !rest.isPair() {
		x.misshapen(&s, "eval-when", "bad form, expected %s", shape)
	}
	first := rest.car()
	when, ok := first.list()
	if !ok || len(when) == 0 {
		x.misshapen(&first, "eval-when", "expected a list of situations, not %s", x.show(&first))
	}
	keep := false
	for i := range when {
		w := &when[i]
		x.needID(w, "eval-when")
		switch w.sym().Name {
		case "load", "eval", "expand":
			keep = true
		case "compile":
		default:
			x.failAs(syntax.Words{Who: "eval-when", Message: "invalid situation"}, w, "eval-when", "", "unknown situation %s, expected expand, load, eval or compile", w.sym().Name)
		}
	}
	if !keep {
		return stx{v: datum.Null, pos: s.pos}, nil
	}
	return rest.cdr(), nil
}

func (x *Expander) evalWhenExpr(s stx) core.Node {
	forms, _ := x.evalWhen(s, false)
	if forms.isNull() {
		return unspecified(s.pos)
	}
	return x.sequence(forms, "eval-when", &s)
}

// defineMacro is (define-macro (name . formals) body …), which is not hygienic.
func (x *Expander) defineMacro(s stx) datum.Value {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, "define-macro", "bad form, expected (define-macro (name parameter …) body …)")
	}
	target := rest.car()
	body := rest.cdr()
	if target.isPair() {
		name, formals := target.car(), target.cdr()
		return x.defmacroSyntax(name, datum.Cons(x.id("lambda"), datum.Cons(formals.syntax(), body.syntax())))
	}
	if !body.isPair() {
		x.misshapen(&s, "define-macro", "bad form, expected (define-macro name procedure)")
	}
	proc := body.car()
	return x.defmacroSyntax(target, proc.syntax())
}

// defmacro is (defmacro name formals body …).
func (x *Expander) defmacro(s stx) datum.Value {
	p := x.parts(&s, "defmacro", 3, -1, "(defmacro name (parameter …) body …)")
	body := s.cdr().rest()
	return x.defmacroSyntax(p[0], datum.Cons(x.id("lambda"), body.syntax()))
}

func (x *Expander) defmacroSyntax(name stx, proc datum.Value) datum.Value {
	x.needID(&name, "define-macro")
	return datum.List(x.id("define-syntax"), name.syntax(), datum.List(x.id("%defmacro-transformer"), proc))
}

// addToLoadPath is Guile's (add-to-load-path directory).
func (x *Expander) addToLoadPath(s stx) datum.Value {
	p := x.parts(&s, "add-to-load-path", 1, 1, "(add-to-load-path directory)")
	return datum.List(x.id("set!"), x.id("%load-path"), datum.List(x.id("cons"), p[0].syntax(), x.id("%load-path")))
}

// sourceLocation is an alist with filename, line and column (from 0), or #f.
func (x *Expander) sourceLocation(s stx) core.Node {
	return konst(s.pos, syntax.Properties(s.pos))
}

func (x *Expander) currentFilename(s stx) core.Node {
	if s.pos.File == nil {
		return konst(s.pos, datum.False)
	}
	return konst(s.pos, datum.NewString(s.pos.File.Name))
}
