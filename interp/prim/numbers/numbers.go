// Package numbers holds the natives of R7RS 6.2 and of Guile's "Numerical
// Data Types".
package numbers

import (
	"math"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
)

type (
	unary  = func(datum.Value) (datum.Value, error)
	binary = func(a, b datum.Value) (datum.Value, error)
)

// Table lists the natives.
func Table() []*datum.Primitive {
	t := []*datum.Primitive{
		sum("+", datum.Fix(0), num.Add), sum("*", datum.Fix(1), num.Mul),
		minus(), divided(),
		fold("max", num.Max), fold("min", num.Min),
		integerFold("gcd", datum.Fix(0), num.GCD), integerFold("lcm", datum.Fix(1), num.LCM),
		arg.Is("number?", datum.Value.IsNumber), arg.Is("complex?", datum.Value.IsNumber),
		arg.Is("real?", num.IsReal), arg.Is("rational?", num.IsRational), arg.Is("integer?", num.IsInteger),
		arg.Is("exact-integer?", num.IsExactInteger),
		arg.Is("exact-nonnegative-integer?", func(v datum.Value) bool { return num.IsExactInteger(v) && num.Sign(v) >= 0 }),
		arg.Is("exact-rational?", func(v datum.Value) bool { return num.IsExactInteger(v) || v.Is(datum.KRatnum) }),
		test("exact?", num.IsExact), test("zero?", num.IsZero),
		test("inexact?", func(v datum.Value) (bool, bool) { e, ok := num.IsExact(v); return !e, ok }),
		test("even?", num.IsEven),
		test("odd?", func(v datum.Value) (bool, bool) { e, ok := num.IsEven(v); return !e, ok }),
		test("positive?", func(v datum.Value) (bool, bool) { return num.Sign(v) > 0, num.IsReal(v) }),
		test("negative?", func(v datum.Value) (bool, bool) { return num.Sign(v) < 0, num.IsReal(v) }),
		arg.F0("inf", func(datum.Caller) (datum.Value, error) { return datum.Flo(math.Inf(1)), nil }),
		arg.F0("nan", func(datum.Caller) (datum.Value, error) { return datum.Flo(math.NaN()), nil }),
		test("nan?", func(v datum.Value) (bool, bool) { return v.IsFlo() && v.Flo() != v.Flo(), num.IsReal(v) }),
		test("inf?", func(v datum.Value) (bool, bool) { return infinite(v), num.IsReal(v) }),
		test("infinite?", func(v datum.Value) (bool, bool) { return infinite(v), v.IsNumber() }),
		test("finite?", func(v datum.Value) (bool, bool) { return num.IsRational(v), num.IsReal(v) }),
		compare("=", num.NumEq), compare("<", num.Less), compare(">", num.Greater),
		compare("<=", num.LessEq), compare(">=", num.GreaterEq),
		arg.FN("number->string", 1, 2, numberToString), arg.FN("string->number", 1, 2, stringToNumber),
		arg.F1("exact-integer-sqrt", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			roots := func() (datum.Value, error) {
				s, r, err := num.ExactIntegerSqrt(v)
				return datum.MultipleValues([]datum.Value{s, r}), err
			}
			if num.Bits(v) > num.LongBits {
				return datum.Compute(c, roots)
			}
			return roots()
		}),
		arg.FN("atan", 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			if x, ok := arg.Given(args, 1); ok {
				return num.Atan2(args[0], x)
			}
			return num.Atan(args[0])
		}),
		arg.FN("log", 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			l, err := num.Log(args[0])
			if b, ok := arg.Given(args, 1); ok && err == nil {
				var lb datum.Value
				if lb, err = num.Log(b); err == nil {
					return num.Div(l, lb)
				}
			}
			return l, err
		}),
	}
	t = append(append(t, simple()...), bitwise()...)
	return append(t, random()...)
}

func infinite(v datum.Value) bool {
	exact, isNumber := num.IsExact(v)
	if exact || !isNumber {
		return false // an exact number may be too large for floats, but is finite
	}
	re, im, _ := num.Parts(v)
	return isInf(re) || isInf(im)
}

func isInf(f float64) bool { return f-f != 0 && f == f }

// simple lists what takes one or two numbers and nothing else.
func simple() []*datum.Primitive {
	var t []*datum.Primitive
	for name, f := range map[string]unary{
		"abs": num.Abs, "floor": num.Floor, "ceiling": num.Ceil, "truncate": num.Truncate, "round": num.Round,
		"exact": num.Exact, "inexact": num.Inexact, "inexact->exact": num.Exact, "exact->inexact": num.Inexact,
		"numerator": num.Numerator, "denominator": num.Denominator,
		"exp": num.Exp, "log10": num.Log10, "sin": num.Sin, "cos": num.Cos, "tan": num.Tan,
		"asin": num.Asin, "acos": num.Acos, "sinh": num.Sinh, "cosh": num.Cosh, "tanh": num.Tanh,
		"asinh": num.Asinh, "acosh": num.Acosh, "atanh": num.Atanh, "sqrt": num.Sqrt,
		"magnitude": num.Magnitude, "angle": num.Angle, "real-part": num.RealPart, "imag-part": num.ImagPart,
		"lognot": num.LogNot, "logcount": num.LogCount, "integer-length": num.IntegerLength,
		"1+":     func(v datum.Value) (datum.Value, error) { return num.Add(v, datum.Fix(1)) },
		"1-":     func(v datum.Value) (datum.Value, error) { return num.Sub(v, datum.Fix(1)) },
		"square": func(v datum.Value) (datum.Value, error) { return num.Mul(v, v) },
	} {
		t = append(t, arg.F1(name, func(c datum.Caller, v datum.Value) (datum.Value, error) {
			if num.Bits(v) > num.LongBits {
				return datum.Compute(c, func() (datum.Value, error) { return f(v) })
			}
			return f(v)
		}))
	}
	for name, f := range map[string]binary{
		"quotient": num.Quotient, "remainder": num.Remainder, "modulo": num.Modulo,
		"expt": num.Expt, "rationalize": num.Rationalize,
		"make-rectangular": num.MakeRectangular, "make-polar": num.MakePolar,
		"ash":              func(a, b datum.Value) (datum.Value, error) { return num.Ash("ash", a, b, false) },
		"round-ash":        func(a, b datum.Value) (datum.Value, error) { return num.Ash("round-ash", a, b, true) },
		"arithmetic-shift": func(a, b datum.Value) (datum.Value, error) { return num.Ash("arithmetic-shift", a, b, false) },
	} {
		power := name == "expt"
		t = append(t, arg.F2(name, func(c datum.Caller, a, b datum.Value) (datum.Value, error) {
			if num.Bits(a)+num.Bits(b) > num.LongBits || power && num.LongPower(b) {
				return datum.Compute(c, func() (datum.Value, error) { return f(a, b) })
			}
			return f(a, b)
		}))
	}
	for _, d := range []struct {
		name                string
		quotient, remainder string
		div                 num.Division
	}{
		{"floor/", "floor-quotient", "floor-remainder", num.Flooring},
		{"truncate/", "truncate-quotient", "truncate-remainder", num.Truncating},
		{"ceiling/", "ceiling-quotient", "ceiling-remainder", num.Ceiling},
		{"euclidean/", "euclidean-quotient", "euclidean-remainder", num.Euclidean},
		{"round/", "round-quotient", "round-remainder", num.Rounding},
		{"centered/", "centered-quotient", "centered-remainder", num.Centered},
	} {
		t = append(t,
			arg.F2(d.name, func(_ datum.Caller, a, b datum.Value) (datum.Value, error) {
				q, r, err := d.div(d.name, a, b)
				return datum.MultipleValues([]datum.Value{q, r}), err
			}),
			arg.F2(d.quotient, func(_ datum.Caller, a, b datum.Value) (datum.Value, error) {
				q, _, err := d.div(d.quotient, a, b)
				return q, err
			}),
			arg.F2(d.remainder, func(_ datum.Caller, a, b datum.Value) (datum.Value, error) {
				_, r, err := d.div(d.remainder, a, b)
				return r, err
			}))
	}
	return t
}

func bitwise() []*datum.Primitive {
	return []*datum.Primitive{
		sum("logand", datum.Fix(-1), num.LogAnd), sum("logior", datum.Fix(0), num.LogIor), sum("logxor", datum.Fix(0), num.LogXor),
		arg.F2("logtest", func(_ datum.Caller, a, b datum.Value) (datum.Value, error) {
			v, err := num.LogAnd(a, b)
			return datum.Bool(v != datum.Fix(0)), err
		}),
		arg.F2("logbit?", func(_ datum.Caller, i, a datum.Value) (datum.Value, error) {
			b, err := num.LogBit(i, a)
			return datum.Bool(b), err
		}),
		arg.F3("bit-extract", func(_ datum.Caller, a, s, e datum.Value) (datum.Value, error) { return num.BitExtract(a, s, e) }),
		arg.F3("modulo-expt", func(_ datum.Caller, n, k, m datum.Value) (datum.Value, error) { return num.ModuloExpt(n, k, m) }),
		arg.F2("integer-expt", func(_ datum.Caller, n, k datum.Value) (datum.Value, error) {
			if !num.IsExactInteger(k) {
				return datum.Unset, datum.WrongType("integer-expt", 2, k)
			}
			return num.Expt(n, k)
		}),
	}
}

// sum makes a procedure of any number of arguments from an operation of two.
func sum(name string, unit datum.Value, f binary) *datum.Primitive {
	return &datum.Primitive{Name: name, Min: 0, Max: -1,
		F2: func(_ datum.Caller, a, b datum.Value) (datum.Value, error) { return f(a, b) },
		FN: func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			if len(args) == 0 {
				return unit, nil
			}
			if len(args) == 1 && !args[0].IsNumber() {
				return datum.Unset, datum.WrongType(name, 1, args[0])
			}
			return chain(args, f)
		}}
}

func chain(args []datum.Value, f binary) (datum.Value, error) {
	acc := args[0]
	for _, v := range args[1:] {
		var err error
		if acc, err = f(acc, v); err != nil {
			return datum.Unset, err
		}
	}
	return acc, nil
}

func minus() *datum.Primitive {
	return &datum.Primitive{Name: "-", Min: 1, Max: -1,
		F1: func(_ datum.Caller, a datum.Value) (datum.Value, error) { return num.Negate(a) },
		F2: func(_ datum.Caller, a, b datum.Value) (datum.Value, error) { return num.Sub(a, b) },
		FN: func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			if len(args) == 1 {
				return num.Negate(args[0])
			}
			return chain(args, num.Sub)
		}}
}

func divided() *datum.Primitive {
	return arg.FN("/", 1, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		if len(args) == 1 {
			if !args[0].IsNumber() {
				return datum.Unset, datum.WrongType("/", 1, args[0])
			}
			return num.Div(datum.Fix(1), args[0])
		}
		return chain(args, num.Div)
	})
}

func fold(name string, f binary) *datum.Primitive {
	return arg.FN(name, 1, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		if len(args) == 1 && !num.IsReal(args[0]) {
			return datum.Unset, datum.WrongType(name, 1, args[0])
		}
		return chain(args, f)
	})
}

func integerFold(name string, unit datum.Value, f binary) *datum.Primitive {
	return arg.FN(name, 0, -1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		switch len(args) {
		case 0:
			return unit, nil
		case 1:
			return f(args[0], args[0])
		}
		return chain(args, func(a, b datum.Value) (datum.Value, error) {
			if num.Bits(a)+num.Bits(b) > num.LongBits {
				return datum.Compute(c, func() (datum.Value, error) { return f(a, b) })
			}
			return f(a, b)
		})
	})
}

// test makes a predicate of numbers; f's second result tells whether it
// applies.
func test(name string, f func(datum.Value) (bool, bool)) *datum.Primitive {
	return arg.F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		b, ok := f(v)
		if !ok {
			return datum.Unset, datum.WrongType(name, 1, v)
		}
		return datum.Bool(b), nil
	})
}

func compare(name string, rel func(a, b datum.Value) (bool, error)) *datum.Primitive {
	check := func(who string, pos int, v datum.Value) error {
		if !v.IsNumber() || who != "=" && v.Is(datum.KCompnum) {
			return datum.WrongType(who, pos, v)
		}
		return nil
	}
	p := arg.Fold(name, check, rel)
	p.F2 = func(_ datum.Caller, a, b datum.Value) (datum.Value, error) {
		r, err := rel(a, b)
		return datum.Bool(r), err
	}
	return p
}

func radix(who string, args []datum.Value) (int, error) {
	v, ok := arg.Given(args, 1)
	if !ok {
		return 10, nil
	}
	r, err := arg.Int(who, 2, v)
	if err == nil && (r < 2 || r > 36) {
		err = datum.OutOfRange(who, 2, v)
	}
	return r, err
}

func numberToString(c datum.Caller, args []datum.Value) (datum.Value, error) {
	r, err := radix("number->string", args)
	if err != nil {
		return datum.Unset, err
	}
	if !args[0].IsNumber() {
		return datum.Unset, datum.WrongType("number->string", 1, args[0])
	}
	v := args[0]
	if num.Bits(v) > num.LongBits/8 {
		return datum.Compute(c, func() (datum.Value, error) { return datum.NewASCII([]byte(num.Format(v, r))), nil })
	}
	return datum.NewASCII([]byte(num.Format(v, r))), nil
}

func stringToNumber(c datum.Caller, args []datum.Value) (datum.Value, error) {
	s, err := arg.Text("string->number", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	r, err := radix("string->number", args)
	if err != nil {
		return datum.Unset, err
	}
	parse := func() (datum.Value, error) {
		if v, ok := num.Parse(s, r); ok {
			return v, nil
		}
		return datum.False, nil
	}
	if len(s) > num.LongBits/16 {
		return datum.Compute(c, parse)
	}
	return parse()
}
