package expand

import (
	"slices"

	"errors"

	"fruix/interp/datum"
	"fruix/interp/module"
	"fruix/interp/syntax"
)

// primitives are natives that expanded code calls without a name.
type primitives struct {
	match, instantiate, noMatch *datum.Primitive
}

// native wraps f so that failures of the expander become errors.
func native(f func([]datum.Value) (datum.Value, error)) func(datum.Caller, []datum.Value) (datum.Value, error) {
	return func(_ datum.Caller, args []datum.Value) (v datum.Value, err error) {
		defer recoverException(&err)
		return f(args)
	}
}

// recoverException is recoverFailure that leaves an error of the language.
func recoverException(err *error) {
	switch r := recover().(type) {
	case nil:
	case *failure:
		*err = r.err
	default:
		panic(r)
	}
	if *err != nil {
		*err = Exception(*err)
	}
}

// Exception makes the error of the language from a failure of the expander or
// of the module system; other errors are returned as they are. Guile's
// syntax-error has the arguments who, message, source properties, form, part.
func Exception(err error) error {
	if err == nil {
		return nil
	}
	var de *datum.Error
	if errors.As(err, &de) {
		return err
	}
	var se *syntax.Error
	var me *module.Error
	if errors.As(err, &se) && !errors.As(se.Cause, &me) {
		form, sub := se.Form, se.Sub
		if form == datum.Unset {
			form = datum.False
		}
		if sub == datum.Unset {
			sub = datum.False
		}
		words := syntax.Words{Who: se.Who, Message: se.Message}
		if se.Words != nil {
			words = *se.Words
		}
		return &datum.Error{Key: "syntax-error", Who: words.Who, Message: words.Message,
			Irritants: []datum.Value{syntax.Properties(se.Pos), form, sub}, Rest: datum.Unset, Payload: datum.Unset, Cause: err}
	}
	if errors.As(err, &me) {
		return &datum.Error{Key: "misc-error", Message: "~A", Irritants: []datum.Value{datum.NewString(me.Error())},
			Rest: datum.Unset, Payload: datum.Unset, Cause: err}
	}
	return err
}

func wrongType(who string, n int, v datum.Value) error {
	return &datum.Error{Key: "wrong-type-arg", Who: who, Message: "Wrong type argument in position ~A: ~S",
		Irritants: []datum.Value{datum.Fix(int64(n)), v}, Rest: datum.List(v), Payload: datum.Unset}
}

// syntaxMatch matches syntax with a pattern of syntax-case: a vector of what the
// variables matched, or #f.
func (x *Expander) syntaxMatch(_ datum.Caller, pat, form datum.Value) (v datum.Value, err error) {
	defer recoverException(&err)
	p := pat.Opaque().Go.(*compiledPattern)
	vals := make([]datum.Value, p.slots)
	if !x.match(p.pattern, view(form), vals) {
		return datum.False, nil
	}
	return datum.NewVector(vals), nil
}

func (x *Expander) makePrimitives() primitives {
	return primitives{
		match:       &datum.Primitive{Name: "syntax-match", Min: 2, Max: 2, F2: x.syntaxMatch},
		instantiate: &datum.Primitive{Name: "syntax-instantiate", Min: 1, Max: -1, FN: native(x.instantiate)},
		noMatch: &datum.Primitive{Name: "syntax-case", Min: 1, Max: 1, FN: native(func(a []datum.Value) (datum.Value, error) {
			s := view(a[0])
			who := ""
			if s.isPair() {
				if h := s.car(); h.isID() {
					who = h.sym().Name
				}
			}
			if !s.pos.Known() {
				s.pos = x.use
			}
			e := x.errorAt(&s, who, "bad form "+show(s.v)+": no pattern of the macro matches")
			e.Words = &noPattern
			return datum.Unset, e
		})},
	}
}

// Natives are the procedures on syntax objects, modules and evaluation for the
// module (guile).
func (x *Expander) Natives() []*datum.Primitive {
	return slices.Concat(x.syntaxNatives(), x.moduleNatives(), x.hookNatives(), x.treeNatives())
}

func (x *Expander) syntaxNatives() []*datum.Primitive {
	def := func(name string, min, max int, f func([]datum.Value) (datum.Value, error)) *datum.Primitive {
		return &datum.Primitive{Name: name, Min: min, Max: max, FN: native(f)}
	}
	return []*datum.Primitive{
		def("syntax?", 1, 1, func(a []datum.Value) (datum.Value, error) { return datum.Bool(syntax.Is(a[0])), nil }),
		def("identifier?", 1, 1, func(a []datum.Value) (datum.Value, error) {
			return datum.Bool(syntax.IsIdentifier(a[0])), nil
		}),
		def("syntax->datum", 1, 1, func(a []datum.Value) (datum.Value, error) {
			return syntax.StripPlaced(a[0], x.Places), nil
		}),
		def("datum->syntax", 2, -1, x.datumToSyntax),
		def("syntax-source", 1, 1, func(a []datum.Value) (datum.Value, error) {
			return syntax.Properties(syntax.PosOf(a[0])), nil
		}),
		def("syntax-module", 1, 1, func(a []datum.Value) (datum.Value, error) {
			if !syntax.Is(a[0]) {
				return datum.Unset, wrongType("syntax-module", 1, a[0])
			}
			if m := syntax.Of(a[0]).Module; m != nil {
				return m.Name, nil
			}
			return x.Modules.Current.Name, nil
		}),
		def("syntax-expression", 1, 1, func(a []datum.Value) (datum.Value, error) { return syntax.Expr(a[0]), nil }),
		def("syntax-local-binding", 1, -1, x.localBinding),
		def("syntax-locally-bound-identifiers", 1, 1, boundIdentifiers),
		def("syntax-sourcev", 1, 1, func(a []datum.Value) (datum.Value, error) {
			return sourceVector(syntax.PosOf(a[0])), nil
		}),
		def("bound-identifier=?", 2, 2, func(a []datum.Value) (datum.Value, error) {
			if err := twoIdentifiers("bound-identifier=?", a); err != nil {
				return datum.Unset, err
			}
			return datum.Bool(syntax.BoundEqual(syntax.Of(a[0]), syntax.Of(a[1]))), nil
		}),
		def("free-identifier=?", 2, 2, func(a []datum.Value) (datum.Value, error) {
			if err := twoIdentifiers("free-identifier=?", a); err != nil {
				return datum.Unset, err
			}
			s, t := view(a[0]), view(a[1])
			return datum.Bool(x.sameMeaning(&s, &t)), nil
		}),
		def("generate-temporaries", 1, 1, func(a []datum.Value) (datum.Value, error) {
			items, ok := view(a[0]).list()
			if !ok {
				return datum.Unset, wrongType("generate-temporaries", 1, a[0])
			}
			out := make([]datum.Value, len(items))
			for i := range out {
				out[i] = (&syntax.Syntax{Datum: datum.Sym("t"), Scopes: x.scopes.New().Only()}).Value()
			}
			return datum.List(out...), nil
		}),
		def("make-variable-transformer", 1, 1, func(a []datum.Value) (datum.Value, error) {
			if !isProcedure(a[0]) {
				return datum.Unset, wrongType("make-variable-transformer", 1, a[0])
			}
			return (&syntax.Macro{Kind: syntax.VariableMacro, Proc: a[0]}).Value(), nil
		}),
		def("variable-transformer?", 1, 1, func(a []datum.Value) (datum.Value, error) {
			m := syntax.MacroOf(a[0])
			return datum.Bool(m != nil && m.Kind == syntax.VariableMacro), nil
		}),
		def("syntax-violation", 3, 4, x.violation),
		def("macro?", 1, 1, func(a []datum.Value) (datum.Value, error) { return datum.Bool(a[0].Is(datum.KMacro)), nil }),
		def("macro-name", 1, 1, func(a []datum.Value) (datum.Value, error) {
			if m := syntax.MacroOf(a[0]); m != nil && m.Name != "" {
				return datum.Sym(m.Name), nil
			}
			return datum.False, nil
		}),
		def("macro-transformer", 1, 1, func(a []datum.Value) (datum.Value, error) {
			return x.transformerOf(syntax.MacroOf(a[0])), nil
		}),
		def("macro-binding", 1, 1, func(a []datum.Value) (datum.Value, error) { return a[0], nil }),
		def("%defmacro-transformer", 1, 1, x.defmacroTransformer),
		def("macroexpand", 1, 1, func(a []datum.Value) (datum.Value, error) {
			n, err := x.Expand(a[0])
			if err != nil {
				return datum.Unset, err
			}
			return Unexpand(n), nil
		}),
	}
}

func twoIdentifiers(who string, a []datum.Value) error {
	for i, v := range a {
		if !syntax.IsIdentifier(v) {
			return wrongType(who, i+1, v)
		}
	}
	return nil
}

// datumToSyntax is (datum->syntax context datum [#:source source]); a #f
// context is that of the current module's top level. Without a source it is the
// place that the datum was read at, or else that of the context.
func (x *Expander) datumToSyntax(a []datum.Value) (datum.Value, error) {
	pos := x.use
	read, ok := x.Places.Of(a[1])
	for i := 2; i+1 < len(a); i += 2 {
		if a[i] == datum.InternKeyword("source").Value() && syntax.Is(a[i+1]) {
			pos = syntax.Of(a[i+1]).Pos
		}
	}
	if ok && len(a) < 3 {
		pos = read
	}
	if a[0] == datum.False || selfEvaluating(a[0]) {
		// The reader gives no context to constants, but a template may name one.
		return syntax.FromDatum(&syntax.Syntax{Module: x.Modules.Current}, a[1], pos), nil
	}
	if !syntax.Is(a[0]) {
		return datum.Unset, wrongType("datum->syntax", 1, a[0])
	}
	ctx := syntax.Of(a[0])
	if ctx.Pos.Known() && !ok {
		pos = ctx.Pos
	}
	return syntax.FromDatum(ctx, a[1], pos), nil
}

// selfEvaluating reports whether v is a number, string, character or the like.
func selfEvaluating(v datum.Value) bool {
	return v.IsNumber() || v.IsString() || v.IsChar() || v.Is(datum.KKeyword) || v.Kind() == datum.KConstant
}

// violation is R6RS's (syntax-violation who message form [subform]).
func (x *Expander) violation(a []datum.Value) (datum.Value, error) {
	form := view(a[2])
	at := form
	e := x.errorAt(&form, "", "")
	if len(a) > 3 {
		at = view(a[3])
		e.Sub = at.strip()
		if at.pos.Known() {
			e.Pos = at.pos
		}
	}
	if !e.Pos.Known() {
		e.Pos = x.use
	}
	switch {
	case a[0].IsSymbol():
		e.Who = a[0].Symbol().Name
	case a[0].IsString():
		e.Who = a[0].Str().Go()
	case syntax.Is(a[0]) || a[0] == datum.False:
		if form.isPair() {
			if h := form.car(); h.isID() {
				e.Who = h.sym().Name
			}
		}
	}
	e.Message = show(a[1])
	if a[1].IsString() {
		e.Message = a[1].Str().Go()
	}
	// A place shows the form better than a shortened copy of it.
	if at.v != datum.False && !at.pos.Known() {
		e.Detail = " in " + show(at.v)
	}
	return datum.Unset, e
}

// defmacroTransformer makes a transformer of a procedure on plain data.
func (x *Expander) defmacroTransformer(a []datum.Value) (datum.Value, error) {
	proc := a[0]
	p := &datum.Primitive{Name: "defmacro", Min: 1, Max: 1, F1: func(c datum.Caller, form datum.Value) (datum.Value, error) {
		s := view(form)
		if !s.isPair() {
			return datum.Unset, x.errorAt(&s, "", "bad use of a macro made with define-macro")
		}
		head := s.car()
		args, ok := s.cdr().list()
		if !ok {
			return datum.Unset, x.errorAt(&s, "", "bad use of a macro made with define-macro")
		}
		plain := make([]datum.Value, len(args))
		for i := range args {
			plain[i] = args[i].strip()
		}
		out, err := c.Apply(proc, plain...)
		if err != nil {
			return datum.Unset, err
		}
		return syntax.FromDatum(&syntax.Syntax{Scopes: head.set, Module: head.mod}, out, s.pos), nil
	}}
	return p.Value(), nil
}
