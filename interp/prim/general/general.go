// Package general holds the natives for equality, symbols, keywords,
// booleans, boxes, promises, fluids and the like.
package general

import (
	"math/big"
	"strconv"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// Table lists the natives.
func Table() []*datum.Primitive {
	t := []*datum.Primitive{
		equality("eq?", func(a, b datum.Value) bool { return a == b }),
		equality("eqv?", datum.Eqv), equality("equal?", datum.Equal),
		arg.Is("not", func(v datum.Value) bool { return !v.Truthy() }),
		arg.Is("boolean?", func(v datum.Value) bool { return v == datum.True || v == datum.False || v == datum.Nil }),
		arg.Is("nil?", func(v datum.Value) bool { return v.IsNull() || v == datum.False }),
		arg.Is("procedure?", datum.Value.IsProcedure),
		arg.Is("unspecified?", func(v datum.Value) bool { return v == datum.Unspecified }),
		arg.Is("eof-object?", func(v datum.Value) bool { return v == datum.EOF }),
		arg.Is("default-object?", func(v datum.Value) bool { return v == datum.Default || v == datum.Unset }),
		arg.F0("eof-object", func(datum.Caller) (datum.Value, error) { return datum.EOF, nil }),
		arg.F0("unspecified", func(datum.Caller) (datum.Value, error) { return datum.Unspecified, nil }),
		arg.FN("noop", 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			if v, ok := arg.Given(args, 0); ok {
				return v, nil
			}
			return datum.False, nil
		}),
		arg.F1("identity", func(_ datum.Caller, v datum.Value) (datum.Value, error) { return v, nil }),
		arg.FN("boolean=?", 1, -1, same("boolean=?", func(v datum.Value) bool { return v == datum.True || v == datum.False }, "boolean")),
		arg.FN("symbol=?", 1, -1, same("symbol=?", datum.Value.IsSymbol, "symbol")),
	}
	t = append(t, symbols()...)
	t = append(t, cells()...)
	t = append(t, fluids()...)
	return append(t, properties()...)
}

func equality(name string, f func(a, b datum.Value) bool) *datum.Primitive {
	return &datum.Primitive{Name: name, Min: 0, Max: -1,
		F2: func(_ datum.Caller, a, b datum.Value) (datum.Value, error) { return datum.Bool(f(a, b)), nil },
		FN: func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			for i := 1; i < len(args); i++ {
				if !f(args[i-1], args[i]) {
					return datum.False, nil
				}
			}
			return datum.True, nil
		}}
}

// same checks that all arguments have a type and are eq.
func same(who string, is func(datum.Value) bool, typ string) func(datum.Caller, []datum.Value) (datum.Value, error) {
	return func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		eq := true
		for i, v := range args {
			if !is(v) {
				return datum.Unset, datum.WrongTypeExpecting(who, i+1, v, typ)
			}
			eq = eq && v == args[0]
		}
		return datum.Bool(eq), nil
	}
}

func symbols() []*datum.Primitive {
	return []*datum.Primitive{
		arg.Is("symbol?", datum.Value.IsSymbol),
		arg.Is("keyword?", func(v datum.Value) bool { return v.Is(datum.KKeyword) }),
		arg.F1("symbol->string", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := arg.Sym("symbol->string", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			name := datum.NewString(s.Name)
			name.Str().Literal = true
			return name, nil
		}),
		arg.F1("string->symbol", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := arg.Text("string->symbol", 1, v)
			return datum.Sym(s), err
		}),
		arg.F1("string->uninterned-symbol", makeSymbol("string->uninterned-symbol")),
		arg.F1("make-symbol", makeSymbol("make-symbol")),
		arg.F1("symbol-interned?", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := arg.Sym("symbol-interned?", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Bool(s.Interned), nil
		}),
		arg.FN("symbol-append", 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			name := ""
			for i, v := range args {
				s, err := arg.Sym("symbol-append", i+1, v)
				if err != nil {
					return datum.Unset, err
				}
				name += s.Name
			}
			return datum.Sym(name), nil
		}),
		arg.F1("symbol-hash", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if _, err := arg.Sym("symbol-hash", 1, v); err != nil {
				return datum.Unset, err
			}
			return datum.Fix(int64(datum.StableHash(v, 1<<60))), nil
		}),
		arg.FN("gensym", 0, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			prefix := " g"
			if v, ok := arg.Given(args, 0); ok {
				var err error
				if prefix, err = arg.Text("gensym", 1, v); err != nil {
					return datum.Unset, err
				}
			}
			n := state.Of(c).NextSymbol()
			return datum.Sym(prefix + strconv.FormatInt(n, 10)), nil
		}),
		arg.F1("symbol->keyword", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := arg.Sym("symbol->keyword", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.InternKeyword(s.Name).Value(), nil
		}),
		arg.F1("keyword->symbol", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.Is(datum.KKeyword) {
				return datum.Unset, datum.WrongTypeExpecting("keyword->symbol", 1, v, "keyword")
			}
			return v.Keyword().Name.Value(), nil
		}),
	}
}

func makeSymbol(who string) func(datum.Caller, datum.Value) (datum.Value, error) {
	return func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		s, err := arg.Text(who, 1, v)
		if err != nil {
			return datum.Unset, err
		}
		return datum.NewSymbol(s).Value(), nil
	}
}

func cells() []*datum.Primitive {
	promise := func(who string, v datum.Value) (*datum.Promise, error) {
		if !v.Is(datum.KPromise) {
			return nil, datum.WrongTypeExpecting(who, 1, v, "promise")
		}
		return v.Promise(), nil
	}
	return []*datum.Primitive{
		arg.Is("box?", func(v datum.Value) bool { return v.Is(datum.KBox) }),
		arg.F1("box", func(_ datum.Caller, v datum.Value) (datum.Value, error) { return datum.NewBox(v), nil }),
		arg.F1("unbox", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.Is(datum.KBox) {
				return datum.Unset, datum.WrongTypeExpecting("unbox", 1, v, "box")
			}
			return v.Box().Value, nil
		}),
		arg.F2("set-box!", func(_ datum.Caller, b, v datum.Value) (datum.Value, error) {
			if !b.Is(datum.KBox) {
				return datum.Unset, datum.WrongTypeExpecting("set-box!", 1, b, "box")
			}
			b.Box().Value = v
			return datum.Unspecified, nil
		}),
		arg.Is("promise?", func(v datum.Value) bool { return v.Is(datum.KPromise) }),
		arg.F1("make-promise", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if v.Is(datum.KPromise) {
				return v, nil
			}
			return datum.NewPromise(true, v), nil
		}),
		// %make-promise DONE? VALUE, %promise-done?, %promise-value,
		// %promise-resolve! and %promise-share! are what force is made of.
		arg.F2("%make-promise", func(_ datum.Caller, done, v datum.Value) (datum.Value, error) {
			return datum.NewPromise(done.Truthy(), v), nil
		}),
		arg.F1("%promise-done?", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			p, err := promise("force", v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Bool(p.State.Done), nil
		}),
		arg.F1("%promise-value", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			p, err := promise("force", v)
			if err != nil {
				return datum.Unset, err
			}
			return p.State.Value, nil
		}),
		arg.F2("%promise-resolve!", func(_ datum.Caller, v, x datum.Value) (datum.Value, error) {
			p, err := promise("force", v)
			if err == nil {
				*p.State = datum.PromiseState{Done: true, Value: x}
			}
			return datum.Unspecified, err
		}),
		arg.F2("%promise-share!", func(_ datum.Caller, v, other datum.Value) (datum.Value, error) {
			p, err := promise("force", v)
			if err != nil {
				return datum.Unset, err
			}
			q, err := promise("force", other)
			if err != nil {
				return datum.Unset, err
			}
			// R7RS 7.3: the promise takes over the other's state, and both
			// stay the same from now on.
			*p.State = *q.State
			q.State = p.State
			return datum.Unspecified, nil
		}),
		arg.Is("variable?", func(v datum.Value) bool { return v.Is(datum.KVariable) }),
		arg.F1("make-variable", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			return (&datum.Variable{Value: v}).Object(), nil
		}),
		arg.F0("make-undefined-variable", func(datum.Caller) (datum.Value, error) {
			return (&datum.Variable{Value: datum.Unset}).Object(), nil
		}),
	}
}

// properties are Guile's object properties: an alist per object, kept by
// identity.
func properties() []*datum.Primitive {
	return []*datum.Primitive{
		// (object-address o) is a number that no other object has while o lives.
		arg.F1("object-address", func(_ datum.Caller, o datum.Value) (datum.Value, error) {
			return datum.Big(new(big.Int).SetUint64(uint64(uintptr(o.Ptr())))), nil
		}),
		arg.F1("object-properties", func(c datum.Caller, o datum.Value) (datum.Value, error) {
			if v, ok := state.Of(c).Properties.Get(o, datum.ByEq); ok {
				return v, nil
			}
			return datum.Null, nil
		}),
		arg.F2("set-object-properties!", func(c datum.Caller, o, l datum.Value) (datum.Value, error) {
			state.Of(c).Properties.Set(o, l, datum.ByEq)
			return l, nil
		}),
		arg.F2("object-property", func(c datum.Caller, o, k datum.Value) (datum.Value, error) {
			l, _ := state.Of(c).Properties.Get(o, datum.ByEq)
			for ; l.IsPair(); l = l.Pair().Cdr {
				if e := l.Pair().Car; e.IsPair() && e.Pair().Car == k {
					return e.Pair().Cdr, nil
				}
			}
			return datum.False, nil
		}),
		arg.F3("set-object-property!", func(c datum.Caller, o, k, v datum.Value) (datum.Value, error) {
			cell := state.Of(c).Properties.Create(o, datum.Null, datum.ByEq)
			for l := cell.Cdr; l.IsPair(); l = l.Pair().Cdr {
				if e := l.Pair().Car; e.IsPair() && e.Pair().Car == k {
					e.Pair().Cdr = v
					return v, nil
				}
			}
			cell.Cdr = datum.Cons(datum.Cons(k, v), cell.Cdr)
			return v, nil
		}),
	}
}
