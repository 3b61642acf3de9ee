package interp

import (
	"fmt"
	"path/filepath"

	"fruix/interp/code"
	"fruix/interp/compile"
	"fruix/interp/condition"
	"fruix/interp/datum"
	"fruix/interp/source"
)

func native(name string, min, max int, f func(c datum.Caller, a []datum.Value) (datum.Value, error)) *datum.Primitive {
	return &datum.Primitive{Name: name, Min: min, Max: max, FN: f}
}

func countText(min, max int) string {
	switch {
	case min == max && min == 1:
		return "1 argument"
	case min == max:
		return fmt.Sprintf("%d arguments", min)
	case max < 0:
		return fmt.Sprintf("at least %d arguments", min)
	}
	return fmt.Sprintf("%d to %d arguments", min, max)
}

// exceptionNatives are the natives around exception objects.
func (e *Engine) exceptionNatives() []*datum.Primitive {
	t := e.types
	field := func(name string, rt *datum.RecordType, i int) *datum.Primitive {
		return &datum.Primitive{Name: name, Min: 1, Max: 1, F1: func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if r, ok := t.Find(v, rt); ok {
				return r.Fields[i], nil
			}
			return datum.Value{}, datum.WrongTypeExpecting(name, 1, v, rt.Name)
		}}
	}
	has := func(name string, rt *datum.RecordType) *datum.Primitive {
		return &datum.Primitive{Name: name, Min: 1, Max: 1, F1: func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			_, ok := t.Find(v, rt)
			return datum.Bool(ok), nil
		}}
	}
	maker := func(name string, rt *datum.RecordType) *datum.Primitive {
		n := len(rt.Fields)
		return native(name, n, n, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			return datum.NewRecord(rt, append([]datum.Value(nil), a...)), nil
		})
	}
	ps := []*datum.Primitive{
		native("error", 0, -1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			return datum.Value{}, condition.ErrorMessage(append([]datum.Value(nil), a...))
		}),
		native("%make-throw", 2, 2, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			return t.FromThrow(a[0], a[1]), nil
		}),
		native("make-exception", 0, -1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			for i, x := range a {
				if !t.Is(x) {
					return datum.Value{}, datum.WrongTypeExpecting("make-exception", i+1, x, "exception")
				}
			}
			return t.Make(a...), nil
		}),
		native("simple-exceptions", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			if !t.Is(a[0]) {
				return datum.List(a[0]), nil
			}
			return datum.List(t.Components(a[0])...), nil
		}),
		native("exception?", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			return datum.Bool(t.Is(a[0])), nil
		}),
		native("exception-kind", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			k, _ := t.KeyArgs(a[0])
			return k, nil
		}),
		native("exception-args", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			_, args := t.KeyArgs(a[0])
			return args, nil
		}),
		native("%exception-text", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			text := t.Describe(a[0], e.show())
			if file, line, col, ok := t.Place(a[0]); ok {
				text = fmt.Sprintf("%s:%d:%d: %s", file, line, col+1, text)
			}
			return datum.NewString(text), nil
		}),
		native("make-prompt-tag", 0, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			name := datum.NewString("prompt")
			if len(a) > 0 {
				name = a[0]
			}
			b := &datum.Box{Value: name}
			return datum.Obj(datum.KPromptTag, boxPointer(b)), nil
		}),
		field("exception-message", t.Message, 0), field("exception-irritants", t.Irritants, 0),
		field("exception-origin", t.Origin, 0), field("quit-exception-code", t.Quit, 0),
		has("exception-with-message?", t.Message), has("exception-with-irritants?", t.Irritants),
		has("exception-with-origin?", t.Origin), has("error?", t.Error), has("external-error?", t.External),
		has("programming-error?", t.Programming), has("assertion-failure?", t.Assertion),
		has("non-continuable-error?", t.NonContinuable), has("implementation-restriction-error?", t.Restriction),
		has("lexical-error?", t.Lexical), has("syntax-error?", t.Syntax), has("undefined-variable-error?", t.Undefined),
		has("warning?", t.Warning), has("quit-exception?", t.Quit),
		field("syntax-error-form", t.Syntax, 0), field("syntax-error-subform", t.Syntax, 1),
		maker("make-exception-with-message", t.Message), maker("make-exception-with-irritants", t.Irritants),
		maker("make-exception-with-origin", t.Origin), maker("make-error", t.Error), maker("make-external-error", t.External),
		maker("make-programming-error", t.Programming), maker("make-assertion-failure", t.Assertion),
		maker("make-non-continuable-error", t.NonContinuable), maker("make-implementation-restriction-error", t.Restriction),
		maker("make-lexical-error", t.Lexical), maker("make-syntax-error", t.Syntax),
		maker("make-undefined-variable-error", t.Undefined), maker("make-warning", t.Warning),
		maker("make-quit-exception", t.Quit),
	}
	return ps
}

// procedureNatives look into procedures.
func (e *Engine) procedureNatives() []*datum.Primitive {
	closure := func(v datum.Value) *code.Closure {
		if v.Is(datum.KClosure) {
			return code.ClosureOf(v)
		}
		return nil
	}
	extra := func(c *code.Closure) *code.Extra {
		if c.Extra == nil {
			c.Extra = &code.Extra{Properties: datum.Null}
		}
		return c.Extra
	}
	return []*datum.Primitive{
		native("procedure-name", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			if n := code.ProcName(a[0]); n != "" {
				return datum.Sym(n), nil
			}
			return datum.False, nil
		}),
		native("procedure-documentation", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			if c := closure(a[0]); c != nil && c.Code.Full().Doc != "" {
				return datum.NewString(c.Code.Doc), nil
			}
			if a[0].Is(datum.KPrimitive) {
				if d := e.Documented(a[0].Primitive()); d != nil && d.Text != "" {
					return datum.NewString(d.Text), nil
				}
			}
			return datum.False, nil
		}),
		native("%native-signature", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			if a[0].Is(datum.KPrimitive) {
				p := a[0].Primitive()
				if d := e.Documented(p); d != nil {
					return datum.NewString(d.Signature(p.Name)), nil
				}
			}
			return datum.False, nil
		}),
		native("procedure-minimum-arity", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			return minimumArity(a[0]), nil
		}),
		native("%procedure-arities", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			return e.procedureArities(a[0]), nil
		}),
		native("procedure-source", 1, 1, func(datum.Caller, []datum.Value) (datum.Value, error) { return datum.False, nil }),
		native("procedure-properties", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			return procedureProperties(a[0]), nil
		}),
		native("procedure-property", 2, 2, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			for l := procedureProperties(a[0]); l.IsPair(); l = l.Pair().Cdr {
				if x := l.Pair().Car; x.IsPair() && x.Pair().Car == a[1] {
					return x.Pair().Cdr, nil
				}
			}
			return datum.False, nil
		}),
		native("set-procedure-property!", 3, 3, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			c := closure(a[0])
			if c == nil {
				return datum.Unspecified, datum.WrongTypeExpecting("set-procedure-property!", 1, a[0], "procedure")
			}
			x := extra(c)
			if a[1] == datum.Sym("name") && a[2].IsSymbol() {
				x.Name = a[2].Symbol().Name
				return datum.Unspecified, nil
			}
			x.Properties = datum.Cons(datum.Cons(a[1], a[2]), x.Properties)
			return datum.Unspecified, nil
		}),
		native("set-procedure-properties!", 2, 2, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			c := closure(a[0])
			if c == nil {
				return datum.Unspecified, datum.WrongTypeExpecting("set-procedure-properties!", 1, a[0], "procedure")
			}
			extra(c).Properties = a[1]
			return datum.Unspecified, nil
		}),
		native("make-procedure-with-setter", 2, 2, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			for i, p := range a {
				if !p.IsProcedure() {
					return datum.Unset, datum.WrongTypeExpecting("make-procedure-with-setter", i+1, p, "procedure")
				}
			}
			return datum.NewRecord(e.setterType, []datum.Value{a[0], a[1]}), nil
		}),
		native("procedure-with-setter?", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			_, ok := e.setterOf(a[0])
			return datum.Bool(ok), nil
		}),
		native("setter", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			if v, ok := e.setterOf(a[0]); ok {
				return v, nil
			}
			return datum.Unset, datum.WrongTypeExpecting("setter", 1, a[0], "procedure with setter")
		}),
		native("procedure", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			if a[0].IsRecordOf(e.setterType) {
				return a[0].Record().Fields[0], nil
			}
			return a[0], nil
		}),
		native("%disassembly", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			var b stringWriter
			err := e.Disassemble(&b, a[0])
			return datum.NewString(string(b)), err
		}),
	}
}

// setterOf is the setter of a procedure that has one: of those made by
// make-procedure-with-setter, and of objects with a slot for it.
func (e *Engine) setterOf(v datum.Value) (datum.Value, bool) {
	if v.IsRecordOf(e.setterType) {
		return v.Record().Fields[1], true
	}
	if v.Is(datum.KRecord) && v.IsObject() && v.Record().Type.Applicable {
		if i, ok := v.Record().Type.Class.Places[datum.Intern("setter")]; ok {
			return v.Record().Fields[i], true
		}
	}
	return datum.Unset, false
}

type stringWriter []byte

func (w *stringWriter) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}

func procedureProperties(v datum.Value) datum.Value {
	if !v.Is(datum.KClosure) {
		return datum.Null
	}
	c := code.ClosureOf(v)
	l := c.Code.Full().Properties
	if c.Extra != nil {
		for p := c.Extra.Properties; p.IsPair(); p = p.Pair().Cdr {
			l = datum.Cons(p.Pair().Car, l)
		}
	}
	if c.Code.Doc != "" {
		l = datum.Cons(datum.Cons(datum.Sym("documentation"), datum.NewString(c.Code.Doc)), l)
	}
	if n := code.ProcName(v); n != "" {
		l = datum.Cons(datum.Cons(datum.Sym("name"), datum.Sym(n)), l)
	}
	return l
}

// minimumArity is Guile's (required optional rest?), or #f.
func minimumArity(v datum.Value) datum.Value {
	arity := func(req, opt int, rest bool) datum.Value {
		return datum.List(datum.Fix(int64(req)), datum.Fix(int64(opt)), datum.Bool(rest))
	}
	switch v.Kind() {
	case datum.KPrimitive:
		p := v.Primitive()
		if p.Max < 0 {
			return arity(p.Min, 0, true)
		}
		return arity(p.Min, p.Max-p.Min, false)
	case datum.KClosure:
		cs := code.ClosureOf(v).Code.Full().Clauses
		if len(cs) == 0 {
			return datum.False
		}
		best := cs[0]
		for _, c := range cs {
			if c.Req < best.Req {
				best = c
			}
		}
		return arity(best.Req, best.Opt, best.Rest || best.HasKeys)
	case datum.KParameter:
		return arity(0, 1, false)
	case datum.KContinuation:
		return arity(0, 0, true)
	}
	return datum.False
}

// evalNatives are the natives that read, expand and compile programs. What they
// return is called by Scheme, so that programs run in the continuation of the
// one that asked for them.
func (e *Engine) evalNatives() []*datum.Primitive {
	return []*datum.Primitive{
		native("%compile", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			n, err := e.expander.Expand(a[0])
			if err != nil {
				return datum.Unset, asDatum(err)
			}
			v, err := runtime{e}.Compile(n)
			return v, asDatum(err)
		}),
		native("%optimized", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			n, err := e.expander.Expand(a[0])
			if err != nil {
				return datum.Unset, asDatum(err)
			}
			v, err := compile.Optimized(n)
			return v, asDatum(err)
		}),
		native("%file-sequence", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			if !a[0].IsString() {
				return datum.Unset, datum.WrongTypeExpecting("primitive-load", 1, a[0], "string")
			}
			name := a[0].Str().Go()
			text, err := runtime{e}.ReadFile(name)
			if err != nil {
				return datum.Unset, &datum.Error{Key: "system-error", Who: "primitive-load", Message: "~A: ~S",
					Irritants: []datum.Value{datum.NewString(err.Error()), a[0]}, Payload: datum.Unset, Cause: err}
			}
			return e.formsOf(&source.File{Name: filepath.Clean(name), Text: text}, false).sequence(), nil
		}),
		native("%path-sequence", 1, 1, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			if !a[0].IsString() {
				return datum.Unset, datum.WrongTypeExpecting("primitive-load-path", 1, a[0], "string")
			}
			f, err := e.modules.OpenPath(a[0].Str().Go())
			if err != nil {
				return datum.Unset, asDatum(err)
			}
			return e.formsOf(f, false).sequence(), nil
		}),
	}
}
