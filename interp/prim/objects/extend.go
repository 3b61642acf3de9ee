package objects

import (
	"errors"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// extensible names the natives that methods extend to other types: Guile's
// primitive generics.
var extensible = names("equal?", "exact?", "inexact?", "odd?", "even?", "finite?", "inf?", "nan?", "abs",
	"quotient", "remainder", "modulo", "floor-quotient", "floor-remainder", "floor/", "ceiling-quotient",
	"ceiling-remainder", "ceiling/", "truncate-quotient", "truncate-remainder", "truncate/", "centered-quotient",
	"centered-remainder", "centered/", "round-quotient", "round-remainder", "round/", "gcd", "lcm", "=", "<", ">",
	"<=", ">=", "zero?", "positive?", "negative?", "max", "min", "+", "-", "*", "/", "truncate", "round", "floor",
	"ceiling", "expt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "asinh", "acosh",
	"atanh", "real-part", "imag-part", "numerator", "denominator", "magnitude", "angle", "exact->inexact",
	"inexact->exact", "exact", "inexact", "log", "log10", "exp", "sqrt", "setter", "write", "display")

func names(list ...string) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, n := range list {
		out[n] = true
	}
	return out
}

// folded are computed from the left, two operands at a time.
var folded = names("+", "-", "*", "/", "max", "min", "gcd", "lcm")

// chained compare neighbours.
var chained = names("=", "<", ">", "<=", ">=")

func (s *System) extensions() []*datum.Primitive {
	return []*datum.Primitive{
		arg.Is("%extensible?", func(v datum.Value) bool {
			return v.Is(datum.KPrimitive) && extensible[v.Primitive().Name]
		}),
		// (%primitive-generic native) is the generic function that extends it,
		// or #f.
		arg.F1("%primitive-generic", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if v.Is(datum.KPrimitive) {
				if g, ok := s.generics[v.Primitive().Name]; ok {
					return g, nil
				}
			}
			return datum.False, nil
		}),
		// (%extend-search! native generic) has a native that searches lists by
		// equal? ask the generic function that extends equal?.
		arg.F2("%extend-search!", func(_ datum.Caller, v, gf datum.Value) (datum.Value, error) {
			if v.Is(datum.KPrimitive) {
				search(v.Primitive(), gf)
			}
			return datum.Unspecified, nil
		}),
		// (%extend! native generic) has the native call the generic function
		// with arguments that it is not for.
		arg.F2("%extend!", func(_ datum.Caller, v, gf datum.Value) (datum.Value, error) {
			if !v.Is(datum.KPrimitive) || !extensible[v.Primitive().Name] {
				return datum.Unset, datum.WrongTypeExpecting("enable-primitive-generic!", 1, v, "primitive generic")
			}
			s.extend(v.Primitive(), gf)
			return datum.Unspecified, nil
		}),
	}
}

// search makes a native that compares the elements of a list by equal? use the
// generic function that extends it: member, assoc or delete.
func search(p *datum.Primitive, gf datum.Value) {
	old := *p
	if old.F2 == nil {
		return
	}
	p.F2 = func(c datum.Caller, x, l datum.Value) (datum.Value, error) {
		if !concernsObjects(x, l) {
			return old.F2(c, x, l)
		}
		var kept []datum.Value
		for ; l.IsPair(); l = l.Pair().Cdr {
			y := l.Pair().Car
			if p.Name == "assoc" {
				if !y.IsPair() {
					break
				}
				y = y.Pair().Car
			}
			same, err := equalBy(c, gf, x, y)
			switch {
			case err != nil:
				return datum.Unset, err
			case same && p.Name == "member":
				return l, nil
			case same && p.Name == "assoc":
				return l.Pair().Car, nil
			case !same:
				kept = append(kept, y)
			}
		}
		if p.Name == "delete" {
			return datum.List(kept...), nil
		}
		return datum.False, nil
	}
}

// concernsObjects reports whether methods may have a say in comparing x with
// the elements of a list: plain data on both sides leave them out.
func concernsObjects(x, l datum.Value) bool {
	if holdsObjects(x) {
		return true
	}
	for ; l.IsPair(); l = l.Pair().Cdr {
		if holdsObjects(l.Pair().Car) {
			return true
		}
	}
	return false
}

func holdsObjects(v datum.Value) bool {
	switch v.Kind() {
	case datum.KPair, datum.KVector, datum.KRecord:
		return true
	}
	return false
}

// extend makes p call gf. write and display call it by themselves, from where
// objects are printed.
func (s *System) extend(p *datum.Primitive, gf datum.Value) {
	_, again := s.generics[p.Name]
	s.generics[p.Name] = gf
	switch {
	case again:
	case p.Name == "write":
		s.write = gf
	case p.Name == "display":
		s.display = gf
	case p.Name == "equal?":
		extendEqual(p, gf)
	default:
		extendNative(p, gf)
	}
}

// Writer returns the generic function that prints objects, if there is one.
func (s *System) Writer(display bool) (datum.Value, bool) {
	g := s.write
	if display {
		g = s.display
	}
	return g, g != datum.False
}

// wrongType reports whether a native failed for the type of an argument.
func wrongType(err error) bool {
	var e *datum.Error
	return errors.As(err, &e) && e.Key == "wrong-type-arg"
}

// extendNative wraps all entries of p.
func extendNative(p *datum.Primitive, gf datum.Value) {
	old := *p
	if f := old.F1; f != nil {
		p.F1 = func(c datum.Caller, a datum.Value) (datum.Value, error) {
			v, err := f(c, a)
			if err != nil && wrongType(err) {
				return c.Apply(gf, a)
			}
			return v, err
		}
	}
	if f := old.F2; f != nil {
		p.F2 = func(c datum.Caller, a, b datum.Value) (datum.Value, error) {
			v, err := f(c, a, b)
			if err != nil && wrongType(err) {
				return c.Apply(gf, a, b)
			}
			return v, err
		}
	}
	if f := old.F3; f != nil {
		p.F3 = func(c datum.Caller, a, b, d datum.Value) (datum.Value, error) {
			v, err := f(c, a, b, d)
			if err != nil && wrongType(err) {
				return generally(c, p, gf, []datum.Value{a, b, d})
			}
			return v, err
		}
	}
	if f := old.FN; f != nil {
		p.FN = func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			v, err := f(c, args)
			if err != nil && wrongType(err) {
				return generally(c, p, gf, append([]datum.Value(nil), args...))
			}
			return v, err
		}
	}
}

// generally applies gf to arguments that p is not for, two at a time where p
// is defined so.
func generally(c datum.Caller, p *datum.Primitive, gf datum.Value, args []datum.Value) (datum.Value, error) {
	if len(args) <= 2 || !folded[p.Name] && !chained[p.Name] {
		return c.Apply(gf, args...)
	}
	if chained[p.Name] {
		for i := 1; i < len(args); i++ {
			v, err := c.Apply(p.Value(), args[i-1], args[i])
			if err != nil || !v.Truthy() {
				return v, err
			}
		}
		return datum.True, nil
	}
	v := args[0]
	for _, x := range args[1:] {
		var err error
		if v, err = c.Apply(p.Value(), v, x); err != nil {
			return v, err
		}
	}
	return v, nil
}

// extendEqual makes equal? ask gf about what it finds different: objects, and
// values of different types, at any depth of pairs and vectors.
func extendEqual(p *datum.Primitive, gf datum.Value) {
	p.F2 = func(c datum.Caller, a, b datum.Value) (datum.Value, error) {
		ok, err := equalBy(c, gf, a, b)
		return datum.Bool(ok), err
	}
	p.FN = func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		for i := 1; i < len(args); i++ {
			if ok, err := equalBy(c, gf, args[i-1], args[i]); err != nil || !ok {
				return datum.False, err
			}
		}
		return datum.True, nil
	}
}

// equalSteps is how many comparisons are made before pairs of objects are
// remembered, so that cyclic data end.
const equalSteps = 10000

func equalBy(c datum.Caller, gf, a, b datum.Value) (bool, error) {
	if datum.Equal(a, b) {
		return true, nil
	}
	var seen map[[2]datum.Value]bool
	stack := [][2]datum.Value{{a, b}}
	for steps := 0; len(stack) > 0; steps++ {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		a, b := top[0], top[1]
		if datum.Eqv(a, b) {
			continue
		}
		if steps > equalSteps {
			if seen == nil {
				seen = map[[2]datum.Value]bool{}
			}
			if seen[top] {
				continue
			}
			seen[top] = true
		}
		x, y, ok := parts(a, b)
		if ok {
			if len(x) != len(y) {
				return false, nil
			}
			for i := len(x) - 1; i >= 0; i-- {
				stack = append(stack, [2]datum.Value{x[i], y[i]})
			}
			continue
		}
		if a.Kind() == b.Kind() && !a.IsObject() || immediate(a) || immediate(b) {
			if !datum.Equal(a, b) {
				return false, nil
			}
			continue
		}
		v, err := c.Apply(gf, a, b)
		if err != nil || !v.Truthy() {
			return false, err
		}
	}
	return true, nil
}

func immediate(v datum.Value) bool {
	switch v.Kind() {
	case datum.KFixnum, datum.KChar, datum.KConstant:
		return true
	}
	return false
}

// parts are the elements of two containers of one kind.
func parts(a, b datum.Value) ([]datum.Value, []datum.Value, bool) {
	switch {
	case a.IsPair() && b.IsPair():
		x, y := a.Pair(), b.Pair()
		return []datum.Value{x.Car, x.Cdr}, []datum.Value{y.Car, y.Cdr}, true
	case a.Is(datum.KVector) && b.Is(datum.KVector):
		return a.Vector().Items, b.Vector().Items, true
	case a.Is(datum.KRecord) && b.Is(datum.KRecord) && a.Record().Type == b.Record().Type && !a.IsObject():
		return a.Record().Fields, b.Record().Fields, true
	}
	return nil, nil, false
}
