package num

import (
	"math"
	"math/big"
	"math/cmplx"

	"fruix/interp/datum"
)

// unary applies a real function inside its domain and a complex one elsewhere.
func unary(who string, v datum.Value, domain func(float64) bool, f func(float64) float64, g func(complex128) complex128) (datum.Value, error) {
	switch levelOf(v) {
	case none:
		return datum.Unset, datum.WrongType(who, 1, v)
	case comp:
		return fromComplex(g(toComplex(v))), nil
	}
	x := toFloat(v)
	if domain != nil && !domain(x) {
		return fromComplex(g(complex(x, 0))), nil
	}
	return datum.Flo(f(x)), nil
}

// Exp is exp.
func Exp(v datum.Value) (datum.Value, error) {
	return unary("exp", v, nil, math.Exp, cmplx.Exp)
}

// Log is the natural logarithm.
func Log(v datum.Value) (datum.Value, error) {
	if isExactZero(v) {
		return datum.Unset, datum.NumericalOverflow("log")
	}
	if v.Is(datum.KBignum) {
		// Keep the logarithm finite where the float would overflow.
		b := v.Bignum().Int
		shift := max(b.BitLen()-1000, 0)
		m := new(big.Int).Rsh(new(big.Int).Abs(b), uint(shift))
		l := math.Log(bigFloat(m)) + float64(shift)*math.Ln2
		if b.Sign() < 0 {
			return datum.Cmp(datum.Flo(l), datum.Flo(math.Pi)), nil
		}
		return datum.Flo(l), nil
	}
	if v.Is(datum.KRatnum) {
		r := v.Ratnum().Rat
		l := logRat(new(big.Rat).Abs(r))
		if r.Sign() < 0 {
			return datum.Cmp(datum.Flo(l), datum.Flo(math.Pi)), nil
		}
		return datum.Flo(l), nil
	}
	if isExactComplex(v) {
		return logExact(v), nil
	}
	return unary("log", v, logDomain, math.Log, cmplx.Log)
}

// logRat is the logarithm of a positive rational, which near one would be lost
// in the difference of two logarithms.
func logRat(r *big.Rat) float64 {
	if d := r.Num().BitLen() - r.Denom().BitLen(); d >= -1 && d <= 1 {
		x, _ := new(big.Rat).Sub(r, big.NewRat(1, 1)).Float64()
		return math.Log1p(x)
	}
	n := must(Log(datum.Big(new(big.Int).Set(r.Num()))))
	d := must(Log(datum.Big(new(big.Int).Set(r.Denom()))))
	return toFloat(n) - toFloat(d)
}

// logDomain are the numbers with a real logarithm; a negative zero has none.
func logDomain(x float64) bool { return x > 0 || x == 0 && !math.Signbit(x) || x != x }

// Log10 is log10.
func Log10(v datum.Value) (datum.Value, error) {
	if isExactZero(v) {
		return datum.Unset, datum.NumericalOverflow("log10")
	}
	if v.IsFlo() || v.IsFix() {
		return unary("log10", v, logDomain, math.Log10, cmplx.Log10)
	}
	l, err := Log(v)
	if err != nil {
		return datum.Unset, datum.WrongType("log10", 1, v)
	}
	return Div(l, datum.Flo(math.Ln10))
}

// Sin is sin.
func Sin(v datum.Value) (datum.Value, error) { return zeroFixed("sin", v, math.Sin, cmplx.Sin) }

// Cos is cos.
func Cos(v datum.Value) (datum.Value, error) {
	if isExactZero(v) {
		return one, nil
	}
	return unary("cos", v, nil, math.Cos, cmplx.Cos)
}

// Tan is tan.
func Tan(v datum.Value) (datum.Value, error) { return zeroFixed("tan", v, math.Tan, cmplx.Tan) }

// Sinh is sinh.
func Sinh(v datum.Value) (datum.Value, error) { return zeroFixed("sinh", v, math.Sinh, cmplx.Sinh) }

// Cosh is cosh.
func Cosh(v datum.Value) (datum.Value, error) {
	if isExactZero(v) {
		return one, nil
	}
	return unary("cosh", v, nil, math.Cosh, cmplx.Cosh)
}

// Tanh is tanh.
func Tanh(v datum.Value) (datum.Value, error) { return zeroFixed("tanh", v, math.Tanh, cmplx.Tanh) }

// complexNaN is the arc sine of what is no number, and may therefore be beyond
// [-1, 1], where the arc sine is complex.
var complexNaN = datum.Cmp(datum.Flo(math.NaN()), datum.Flo(math.NaN()))

// Asin is asin.
func Asin(v datum.Value) (datum.Value, error) {
	if isExactZero(v) {
		return zero, nil
	}
	if v.Is(datum.KCompnum) {
		return fromComplex(cmplx.Asin(toComplex(v))), nil
	}
	if v.IsFlo() && math.IsNaN(v.Flo()) {
		return complexNaN, nil
	}
	return unary("asin", v, inUnit, math.Asin, beyond(cmplx.Asin))
}

// Acos is acos.
func Acos(v datum.Value) (datum.Value, error) {
	if v.IsFix() && v.Fix() == 1 {
		return zero, nil
	}
	if v.Is(datum.KCompnum) {
		return fromComplex(cmplx.Acos(toComplex(v))), nil
	}
	if v.IsFlo() && math.IsNaN(v.Flo()) {
		return complexNaN, nil
	}
	return unary("acos", v, inUnit, math.Acos, beyond(cmplx.Acos))
}

// Asinh is asinh.
func Asinh(v datum.Value) (datum.Value, error) {
	return zeroFixed("asinh", v, math.Asinh, cmplx.Asinh)
}

// Acosh is acosh.
func Acosh(v datum.Value) (datum.Value, error) {
	if v.IsFix() && v.Fix() == 1 {
		return zero, nil
	}
	return unary("acosh", v, func(x float64) bool { return x >= 1 || x != x }, math.Acosh, cmplx.Acosh)
}

// Atanh is atanh.
func Atanh(v datum.Value) (datum.Value, error) {
	if isExactZero(v) {
		return zero, nil
	}
	return unary("atanh", v, inUnit, math.Atanh, cmplx.Atanh)
}

// beyond picks the side of the branch cut of asin and acos for real numbers
// outside [-1, 1] by which their definition as logarithms comes to it (R7RS
// 6.2.6): from below on the right, from above on the left.
func beyond(f func(complex128) complex128) func(complex128) complex128 {
	return func(z complex128) complex128 {
		if real(z) > 1 {
			z = complex(real(z), math.Copysign(0, -1))
		}
		return f(z)
	}
}

// atan is cmplx.Atan, with the branch cut on the imaginary axis approached
// from the right.
func atan(z complex128) complex128 {
	w := cmplx.Atan(z)
	if real(z) == 0 && !math.Signbit(real(z)) && math.Abs(imag(z)) > 1 {
		w = complex(math.Pi/2, imag(w))
	}
	return w
}

func inUnit(x float64) bool { return x >= -1 && x <= 1 || x != x }

// zeroFixed is unary for functions that map an exact zero to itself.
func zeroFixed(who string, v datum.Value, f func(float64) float64, g func(complex128) complex128) (datum.Value, error) {
	if isExactZero(v) {
		return zero, nil
	}
	return unary(who, v, nil, f, g)
}

// Atan is atan of one argument.
func Atan(v datum.Value) (datum.Value, error) {
	return zeroFixed("atan", v, math.Atan, atan)
}

// Atan2 is atan of two arguments.
func Atan2(y, x datum.Value) (datum.Value, error) {
	if !IsReal(y) {
		return datum.Unset, datum.WrongType("atan", 1, y)
	}
	if !IsReal(x) {
		return datum.Unset, datum.WrongType("atan", 2, x)
	}
	return datum.Flo(math.Atan2(toFloat(y), toFloat(x))), nil
}

// Sqrt is sqrt: exact for exact squares. Of the two roots it takes, as R7RS
// 6.2.6 words it, the one with a positive real part, or with a zero real part
// and an imaginary part that is not negative.
func Sqrt(v datum.Value) (datum.Value, error) {
	switch levelOf(v) {
	case none:
		return datum.Unset, datum.WrongType("sqrt", 1, v)
	case comp:
		return sqrtComplex(v), nil
	case flo:
		f := v.Flo()
		if f < 0 {
			return rectangular(zero, datum.Flo(math.Sqrt(-f))), nil
		}
		return datum.Flo(math.Sqrt(f)), nil
	}
	r := toRat(v)
	neg := r.Sign() < 0
	r = new(big.Rat).Abs(r)
	n, d := new(big.Int).Sqrt(r.Num()), new(big.Int).Sqrt(r.Denom())
	var root datum.Value
	if square(n, r.Num()) && square(d, r.Denom()) {
		root = datum.Rat(new(big.Rat).SetFrac(n, d))
	} else {
		f := new(big.Float).SetPrec(128).SetRat(r)
		x, _ := f.Sqrt(f).Float64()
		root = datum.Flo(x)
	}
	if neg {
		return rectangular(zero, root), nil
	}
	return root, nil
}

func square(root, n *big.Int) bool { return new(big.Int).Mul(root, root).Cmp(n) == 0 }

// Expt is expt.
func Expt(a, b datum.Value) (datum.Value, error) {
	l, err := check2("expt", a, b)
	if err != nil {
		return datum.Unset, err
	}
	exact, _ := IsExact(a)
	if IsExactInteger(b) {
		if exact {
			return exptExact(a, b)
		}
		if n, ok := Int64(b); ok && a.Is(datum.KCompnum) && n > -1024 && n < 1024 {
			return exptComplex(a, n)
		}
		if n, ok := Int64(b); ok && n == 0 {
			return one, nil
		}
		if a.IsFlo() {
			if n, ok := Int64(b); ok {
				return datum.Flo(powInt(a.Flo(), n)), nil
			}
			return datum.Flo(floatPower(a.Flo(), toFloat(b))), nil
		}
	}
	if a.Is(datum.KCompnum) && b.IsFlo() && b.Flo() == math.Trunc(b.Flo()) && math.Abs(b.Flo()) < 1024 {
		return exptComplex(must(Inexact(a)), int64(b.Flo()))
	}
	if exact && b.Is(datum.KRatnum) {
		r := b.Ratnum().Rat
		if root, ok := exactRoot(a, r.Denom()); ok {
			return Expt(root, datum.Big(new(big.Int).Set(r.Num())))
		}
		if r.Cmp(big.NewRat(1, 2)) == 0 {
			return Sqrt(a)
		}
	}
	if l != comp {
		x, y := toFloat(a), toFloat(b)
		if x >= 0 || x != x || b.IsFlo() && IsInteger(b) {
			return datum.Flo(floatPower(x, y)), nil
		}
	}
	if z, _ := IsZero(a); z {
		re, _ := parts(b)
		toZero, _ := IsZero(b)
		switch {
		case toZero:
			return fromComplex(1), nil
		case Sign(re) > 0 && exact:
			return zero, nil
		case Sign(re) > 0:
			return datum.Flo(0), nil
		case exact: // an error, says R7RS
			return datum.Unset, datum.NumericalOverflow("expt")
		}
		return fromComplex(cmplx.NaN()), nil
	}
	if z := toComplex(a); cmplx.IsInf(z) && isExactComplex(a) {
		return Exp(must(Mul(b, must(Log(a)))))
	}
	return fromComplex(cmplx.Pow(toComplex(a), toComplex(b))), nil
}

// powInt is x to the power of n by squaring, which rounds as Guile's does. A
// zero has no power below zero.
func powInt(x float64, n int64) float64 {
	k := abs64(n)
	switch {
	case x == 0 && n < 0:
		return math.NaN()
	case n < 0:
		x = 1 / x
	}
	out := 1.0
	for ; k > 1; k >>= 1 {
		if k&1 == 1 {
			out *= x
		}
		x *= x
	}
	return out * x
}

// floatPower is pow, but that zero has no negative power, as Guile has it.
func floatPower(x, y float64) float64 {
	if x == 0 && y < 0 {
		return math.NaN()
	}
	return math.Pow(x, y)
}

// exactRoot is the exact root of degree n of an exact number, if it has one: of
// a positive number for any small n, of others where n is a power of two.
func exactRoot(a datum.Value, n *big.Int) (datum.Value, bool) {
	if !n.IsInt64() || n.Int64() > 64 {
		return datum.Unset, false
	}
	degree := int(n.Int64())
	if a.Is(datum.KCompnum) || Sign(a) < 0 {
		// The principal root of degree 2n is the square root of that of degree n.
		for ; degree > 1 && degree%2 == 0; degree /= 2 {
			a = must(Sqrt(a))
			if exact, _ := IsExact(a); !exact {
				return datum.Unset, false
			}
		}
		return a, degree == 1
	}
	r := toRat(a)
	p, ok := integerRoot(r.Num(), degree)
	if !ok {
		return datum.Unset, false
	}
	q, ok := integerRoot(r.Denom(), degree)
	if !ok {
		return datum.Unset, false
	}
	return datum.Rat(new(big.Rat).SetFrac(p, q)), true
}

// integerRoot finds the integer whose power n is a, by Newton's method.
func integerRoot(a *big.Int, n int) (*big.Int, bool) {
	if a.Sign() == 0 {
		return new(big.Int), true
	}
	x := new(big.Int).Lsh(big.NewInt(1), uint((a.BitLen()+n-1)/n)) // not less than the root
	k, k1 := big.NewInt(int64(n)), big.NewInt(int64(n-1))
	for {
		y := new(big.Int).Quo(a, new(big.Int).Exp(x, k1, nil))
		y.Add(y, new(big.Int).Mul(k1, x))
		y.Quo(y, k)
		if y.Cmp(x) >= 0 {
			break
		}
		x = y
	}
	return x, new(big.Int).Exp(x, k, nil).Cmp(a) == 0
}

// exptExact raises an exact number to an integer power.
func exptExact(a, b datum.Value) (datum.Value, error) {
	if a.IsFix() {
		switch a.Fix() {
		case 1:
			return a, nil
		case -1:
			if even, _ := IsEven(b); even {
				return one, nil
			}
			return a, nil
		case 0:
			switch Sign(b) {
			case 0:
				return one, nil
			case 1:
				return zero, nil
			}
			return datum.Flo(math.NaN()), nil // as Guile has it
		}
	}
	if v, ok := exptUnit(a, b); ok {
		return v, nil
	}
	n, ok := Int64(b)
	if !ok {
		return datum.Unset, datum.NumericalOverflow("expt")
	}
	if n < 0 {
		p, err := exptExact(a, must(Negate(b)))
		if err != nil {
			return datum.Unset, err
		}
		return Div(one, p)
	}
	switch {
	case IsExactInteger(a):
		base := toBig(a)
		if bits := int64(base.BitLen()); n > maxShift/max(bits, 1) {
			return datum.Unset, datum.NumericalOverflow("expt")
		}
		if base.BitLen() == 2 && base.Sign() > 0 && base.Bit(0) == 0 {
			return datum.Big(new(big.Int).Lsh(big.NewInt(1), uint(n))), nil
		}
		return datum.Big(new(big.Int).Exp(base, big.NewInt(n), nil)), nil
	case a.Is(datum.KRatnum):
		r := a.Ratnum().Rat
		num, err := exptExact(datum.Big(new(big.Int).Set(r.Num())), b)
		if err != nil {
			return datum.Unset, err
		}
		den, err := exptExact(datum.Big(new(big.Int).Set(r.Denom())), b)
		if err != nil {
			return datum.Unset, err
		}
		return Div(num, den)
	}
	return exptGaussian(a, n)
}

// ModuloExpt is modulo-expt: n to the power k, modulo m.
func ModuloExpt(n, k, m datum.Value) (datum.Value, error) {
	for i, v := range [3]datum.Value{n, k, m} {
		if !IsExactInteger(v) {
			return datum.Unset, datum.WrongType("modulo-expt", i+1, v)
		}
	}
	if Sign(m) == 0 {
		return datum.Unset, datum.NumericalOverflow("modulo-expt")
	}
	mod := new(big.Int).Abs(toBig(m))
	base := toBig(n)
	if Sign(k) < 0 {
		if base = new(big.Int).ModInverse(base, mod); base == nil {
			return datum.Unset, datum.NumericalOverflow("modulo-expt")
		}
	}
	r := new(big.Int).Exp(base, new(big.Int).Abs(toBig(k)), mod)
	if Sign(m) < 0 && r.Sign() != 0 {
		r.Sub(r, mod)
	}
	return datum.Big(r), nil
}
