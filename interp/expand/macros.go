package expand

import (
	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// macroValue evaluates the right side of a syntax definition. syntax-rules is
// compiled here; everything else runs on the machine.
func (x *Expander) macroValue(id, rhs stx) *syntax.Macro {
	name := id.sym().Name
	for rhs.isPair() {
		head := rhs.car()
		if !head.isID() {
			break
		}
		d := x.resolve(&head)
		f := d.form()
		if f == nil {
			if d.macro == nil {
				break
			}
			rhs = x.transform(d.macro, rhs)
			continue
		}
		if f.name == "syntax-rules" {
			return x.compileRules(rhs, name).macro(name, id.pos, x.level)
		}
		if f.name == "identifier-syntax" {
			if r := x.identifierRules(rhs, name); r != nil {
				return r.macro(name, id.pos, x.level)
			}
		}
		break
	}
	if rhs.isID() {
		if d := x.resolve(&rhs); d.macro != nil && (d.binding != nil || d.v != nil) {
			return d.macro // an alias
		}
	}
	v, maker := x.evaluate(rhs)
	m := MacroOfValue(name, id.pos, x.level, v, maker)
	if m == nil {
		x.failAs(syntax.Words{Message: "nonprocedure transformer"}, &rhs, "", "use syntax-rules, or (lambda (x) (syntax-case x () …))", "the transformer of %s is not a procedure: %s", name, show(v))
	}
	return m
}

// MacroOfValue is the macro whose definition evaluated to v, nil when v is
// neither a transformer nor a macro. maker is the procedure that was called
// for v.
func MacroOfValue(name string, pos source.Pos, level int, v, maker datum.Value) *syntax.Macro {
	if m := syntax.MacroOf(v); m != nil {
		c := *m
		if c.Name == "" {
			c.Name = name
		}
		if !c.Pos.Known() {
			c.Pos = pos
		}
		if c.Kind != syntax.CoreMacro {
			c.Level = level
		}
		c.Maker, c.Home = maker, nil
		return &c
	}
	if !isProcedure(v) {
		return nil
	}
	return &syntax.Macro{Kind: syntax.Procedure, Name: name, Pos: pos, Proc: v, Level: level, Maker: maker}
}

func isProcedure(v datum.Value) bool {
	switch v.Kind() {
	case datum.KClosure, datum.KPrimitive, datum.KContinuation, datum.KParameter:
		return true
	case datum.KRecord:
		return v.Record().Type.Applicable
	}
	return false
}

// transformerValue expands and evaluates an expression one level up.
func (x *Expander) transformerValue(rhs stx) datum.Value {
	v, _ := x.evaluate(rhs)
	return v
}

// evaluate is transformerValue that also returns the procedure that was called
// for the value, #f when the runtime has none.
func (x *Expander) evaluate(rhs stx) (v, maker datum.Value) {
	x.level++
	n := x.expr(rhs)
	x.level--
	v, maker, err := x.Runtime.Eval(n)
	if err != nil {
		x.failErr(&rhs, err)
	}
	return v, maker
}

func (x *Expander) parameterMacro(id, rhs stx) *syntax.Macro {
	return &syntax.Macro{Kind: syntax.Parameter, Name: id.sym().Name, Pos: id.pos, Current: x.macroValue(id, rhs)}
}

// syntaxParameterize changes syntax parameters while its body is expanded.
func (x *Expander) syntaxParameterize(s stx) core.Node {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, "syntax-parameterize", "bad form, expected (syntax-parameterize ((name transformer) …) body …)")
	}
	specs := x.specs(rest.car(), "syntax-parameterize")
	macros := make([]*syntax.Macro, len(specs))
	values := make([]*syntax.Macro, len(specs))
	for i, sp := range specs {
		macros[i] = x.parameterOf(&sp.id)
		if macros[i] == nil {
			x.failAs(syntax.Words{Who: "syntax-parameterize", Message: "invalid syntax parameter"}, &sp.id, "syntax-parameterize", "", "%s is not a syntax parameter", sp.id.sym().Name)
		}
		values[i] = x.macroValue(sp.id, sp.init)
	}
	for i, m := range macros {
		values[i], m.Current = m.Current, values[i]
	}
	defer func() {
		for i, m := range macros {
			m.Current = values[i]
		}
	}()
	return x.bodyOf(rest.cdr(), "syntax-parameterize", &s)
}

// parameterOf finds the syntax parameter that an identifier names, or nil.
func (x *Expander) parameterOf(s *stx) *syntax.Macro {
	if s.set != nil {
		if b := syntax.Lookup(s.sym(), s.set); b != nil {
			if b.Kind == syntax.Keyword && b.Macro.Kind == syntax.Parameter {
				return b.Macro
			}
			if b.Kind != syntax.Toplevel {
				return nil
			}
		}
	}
	d := x.resolve(s)
	if d.v == nil {
		return nil
	}
	if m := syntax.MacroOf(d.v.Value); m != nil && m.Kind == syntax.Parameter {
		return m
	}
	return nil
}

// letSyntax and letrecSyntax bind macros around forms that take their place.
func (x *Expander) letSyntax(s stx, top bool) (stx, func()) {
	return x.spliceLetSyntax(s, "let-syntax", false, top)
}

func (x *Expander) letrecSyntax(s stx, top bool) (stx, func()) {
	return x.spliceLetSyntax(s, "letrec-syntax", true, top)
}

// spliceLetSyntax makes what the forms define visible around them, too.
func (x *Expander) spliceLetSyntax(s stx, who string, rec, top bool) (stx, func()) {
	forms, scope := x.letSyntaxOf(s, who, rec)
	if !top {
		x.body.useSites = append(x.body.useSites, scope)
		return forms, nil
	}
	x.topScopes = append(x.topScopes, scope)
	n := len(x.topScopes)
	return forms, func() { x.topScopes = x.topScopes[:n-1] }
}

// letSyntaxOf binds the macros and gives the forms with their scope on.
func (x *Expander) letSyntaxOf(s stx, who string, rec bool) (stx, *syntax.Scope) {
	rest := s.cdr()
	if !rest.isPair() {
		x.misshapen(&s, who, "bad form, expected (%s ((name transformer) …) body …)", who)
	}
	specs := x.specs(rest.car(), who)
	b := x.newBindings(who)
	binds := make([]*syntax.Binding, len(specs))
	for i, sp := range specs {
		binds[i] = &syntax.Binding{Kind: syntax.Keyword, Level: x.level}
		id := sp.id
		b.bind(&id, binds[i])
		if !rec {
			binds[i].Macro = x.macroValue(sp.id, sp.init)
		}
	}
	if rec {
		for i, sp := range specs {
			binds[i].Macro = x.macroValue(sp.id, sp.init.with(b.scope))
		}
	}
	return rest.cdr().with(b.scope), b.scope
}

// letSyntaxExpr is let-syntax in the place of an expression.
func (x *Expander) letSyntaxExpr(rec bool) func(*Expander, stx) core.Node {
	return func(x *Expander, s stx) core.Node {
		who := "let-syntax"
		if rec {
			who = "letrec-syntax"
		}
		forms, _ := x.letSyntaxOf(s, who, rec)
		return x.bodyOf(forms, who, &s)
	}
}
