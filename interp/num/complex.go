package num

import (
	"math"
	"math/big"
	"math/cmplx"

	"fruix/interp/datum"
)

// rectangular makes a number of two real parts. An exact zero imaginary part
// gives the real part itself; otherwise one inexact part makes both so.
func rectangular(re, im datum.Value) datum.Value {
	if !isExactZero(im) && re.IsFlo() != im.IsFlo() {
		re, im = datum.Flo(toFloat(re)), datum.Flo(toFloat(im))
	}
	return datum.Cmp(re, im)
}

// isExactComplex reports whether v is a complex number with exact parts that is
// not real.
func isExactComplex(v datum.Value) bool {
	return v.Is(datum.KCompnum) && !v.Compnum().Im.IsFlo()
}

// parts splits any number.
func parts(v datum.Value) (re, im datum.Value) {
	if v.Is(datum.KCompnum) {
		c := v.Compnum()
		return c.Re, c.Im
	}
	return v, zero
}

// toComplex converts any number.
func toComplex(v datum.Value) complex128 {
	re, im := parts(v)
	return complex(toFloat(re), toFloat(im))
}

// fromComplex makes an inexact complex number.
func fromComplex(c complex128) datum.Value {
	return datum.Cmp(datum.Flo(real(c)), datum.Flo(imag(c)))
}

// Parts returns real and imaginary part of a number as floats.
func Parts(v datum.Value) (re, im float64, ok bool) {
	if v.Is(datum.KCompnum) {
		c := toComplex(v)
		return real(c), imag(c), true
	}
	re, ok = Float64(v)
	return re, 0, ok
}

// MakeRectangular is make-rectangular.
func MakeRectangular(re, im datum.Value) (datum.Value, error) {
	if !IsReal(re) {
		return datum.Unset, datum.WrongType("make-rectangular", 1, re)
	}
	if !IsReal(im) {
		return datum.Unset, datum.WrongType("make-rectangular", 2, im)
	}
	return rectangular(re, im), nil
}

// MakePolar is make-polar: exact only where the angle is an exact zero.
func MakePolar(m, a datum.Value) (datum.Value, error) {
	if !IsReal(m) {
		return datum.Unset, datum.WrongType("make-polar", 1, m)
	}
	if !IsReal(a) {
		return datum.Unset, datum.WrongType("make-polar", 2, a)
	}
	if isExactZero(a) {
		return m, nil
	}
	if isExactZero(m) {
		return zero, nil
	}
	if f := toFloat(a); toFloat(m) == 0 && f-f != 0 {
		return fromComplex(0), nil
	}
	s, c := math.Sincos(toFloat(a))
	r := toFloat(m)
	return fromComplex(complex(r*c, r*s)), nil
}

// RealPart is real-part.
func RealPart(v datum.Value) (datum.Value, error) {
	if !v.IsNumber() {
		return datum.Unset, datum.WrongType("real-part", 1, v)
	}
	re, _ := parts(v)
	return re, nil
}

// ImagPart is imag-part.
func ImagPart(v datum.Value) (datum.Value, error) {
	if !v.IsNumber() {
		return datum.Unset, datum.WrongType("imag-part", 1, v)
	}
	_, im := parts(v)
	return im, nil
}

// Magnitude is magnitude: exact for exact numbers whose squared magnitude is a
// square.
func Magnitude(v datum.Value) (datum.Value, error) {
	switch levelOf(v) {
	case none:
		return datum.Unset, datum.WrongType("magnitude", 1, v)
	case comp:
		if isExactComplex(v) {
			return Sqrt(norm(v))
		}
		z := toComplex(v)
		return datum.Flo(math.Hypot(real(z), imag(z))), nil
	}
	return Abs(v)
}

// norm is the square of the magnitude of an exact number.
func norm(v datum.Value) datum.Value {
	re, im := parts(v)
	return must(Add(must(Mul(re, re)), must(Mul(im, im))))
}

// Angle is angle.
func Angle(v datum.Value) (datum.Value, error) {
	switch levelOf(v) {
	case none:
		return datum.Unset, datum.WrongType("angle", 1, v)
	case comp:
		z := toComplex(v)
		if isExactComplex(v) {
			z = direction(v)
		}
		return datum.Flo(cmplx.Phase(z)), nil
	case flo:
		if f := v.Flo(); f < 0 || f == 0 && math.Signbit(f) {
			return datum.Flo(math.Pi), nil
		}
		return datum.Flo(0), nil
	}
	if Sign(v) < 0 {
		return datum.Flo(math.Pi), nil
	}
	return datum.Flo(0), nil
}

// direction is an exact complex number divided by a power of two that brings
// its greater part near one, since floats may not reach it as it is.
func direction(v datum.Value) complex128 {
	c := v.Compnum()
	re, im := toRat(c.Re), toRat(c.Im)
	exponent := func(r *big.Rat) int { return r.Num().BitLen() - r.Denom().BitLen() }
	shift := exponent(im)
	if re.Sign() != 0 {
		shift = max(shift, exponent(re))
	}
	scaled := func(r *big.Rat) float64 {
		x := new(big.Float).SetPrec(64).SetRat(r)
		f, _ := x.SetMantExp(x, -shift).Float64()
		return f
	}
	return complex(scaled(re), scaled(im))
}

// addComplex is a + b where one is complex. A real number leaves the imaginary
// part of the other one alone, the sign of a zero included.
func addComplex(a, b datum.Value) datum.Value {
	ar, ai := parts(a)
	br, bi := parts(b)
	re := must(Add(ar, br))
	switch {
	case isExactZero(ai):
		return rectangular(re, bi)
	case isExactZero(bi):
		return rectangular(re, ai)
	}
	return rectangular(re, must(Add(ai, bi)))
}

// subComplex is a - b where one is complex.
func subComplex(a, b datum.Value) datum.Value {
	ar, ai := parts(a)
	br, bi := parts(b)
	re := must(Sub(ar, br))
	switch {
	case isExactZero(ai):
		return rectangular(re, must(Negate(bi)))
	case isExactZero(bi):
		return rectangular(re, ai)
	}
	return rectangular(re, must(Sub(ai, bi)))
}

// mulComplex is a * b where one is complex.
func mulComplex(a, b datum.Value) datum.Value {
	if !b.Is(datum.KCompnum) {
		a, b = b, a
	}
	br, bi := parts(b)
	if !a.Is(datum.KCompnum) {
		if a.IsFlo() || bi.IsFlo() {
			x := toFloat(a)
			return fromComplex(complex(x*toFloat(br), x*toFloat(bi)))
		}
		return rectangular(must(Mul(a, br)), must(Mul(a, bi)))
	}
	ar, ai := parts(a)
	re := must(Sub(must(Mul(ar, br)), must(Mul(ai, bi))))
	im := must(Add(must(Mul(ar, bi)), must(Mul(ai, br))))
	return rectangular(re, im)
}

// divComplex is a / b where one is complex and b is no exact zero.
func divComplex(a, b datum.Value) datum.Value {
	ar, ai := parts(a)
	br, bi := parts(b)
	switch {
	case !b.Is(datum.KCompnum):
		return rectangular(must(Div(ar, b)), must(Div(ai, b)))
	case ar.IsFlo() || bi.IsFlo():
		return fromComplex(toComplex(a) / toComplex(b))
	}
	// a/b = a·b̄/|b|²
	n := norm(b)
	re := must(Add(must(Mul(ar, br)), must(Mul(ai, bi))))
	im := must(Sub(must(Mul(ai, br)), must(Mul(ar, bi))))
	return rectangular(must(Div(re, n)), must(Div(im, n)))
}

// logExact is the logarithm of an exact complex number, of any size.
func logExact(v datum.Value) datum.Value {
	l := toFloat(must(Log(norm(v)))) / 2
	return fromComplex(complex(l, cmplx.Phase(direction(v))))
}

// sqrtComplex is the square root of a complex number.
func sqrtComplex(v datum.Value) datum.Value {
	if !isExactComplex(v) {
		z := toComplex(v)
		if real(z) < 0 && imag(z) == 0 {
			z = complex(real(z), 0) // on the cut: a negative zero does not choose the other root
		}
		return fromComplex(cmplx.Sqrt(z))
	}
	c := v.Compnum()
	// With m = |v|, the root is x+yi where x² = (m+re)/2 and 2xy = im.
	if m := must(Sqrt(norm(v))); !m.IsFlo() {
		x := must(Sqrt(must(Div(must(Add(m, c.Re)), datum.Fix(2)))))
		if !x.IsFlo() {
			return rectangular(x, must(Div(c.Im, must(Add(x, x)))))
		}
	}
	return fromComplex(sqrtWide(v))
}

// sqrtWide computes the root of an exact complex number with more digits and a
// wider range than floats have.
func sqrtWide(v datum.Value) complex128 {
	const digits, most = 128, 1 << 28
	if Bits(v) > most {
		return cmplx.Sqrt(toComplex(v)) // would leave the range of exponents
	}
	c := v.Compnum()
	wide := func() *big.Float { return new(big.Float).SetPrec(digits) }
	a, b := wide().SetRat(toRat(c.Re)), wide().SetRat(toRat(c.Im))
	m := wide().Mul(a, a)
	m.Sqrt(m.Add(m, wide().Mul(b, b)))
	// The greater part of the root is free of cancellation, the other follows.
	greater := wide().Add(m, wide().Abs(a))
	greater.Sqrt(greater.Quo(greater, wide().SetInt64(2)))
	other := wide().Abs(b)
	other.Quo(other, wide().Add(greater, greater))
	x, _ := greater.Float64()
	y, _ := other.Float64()
	if a.Sign() < 0 {
		x, y = y, x
	}
	if b.Sign() < 0 {
		y = -y
	}
	return complex(x, y)
}

// exptComplex raises an inexact complex number by repeated squaring.
func exptComplex(a datum.Value, n int64) (datum.Value, error) {
	if n < 0 {
		p, err := exptComplex(a, -n)
		if err != nil {
			return datum.Unset, err
		}
		return Div(one, p)
	}
	r := one
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			r = must(Mul(r, a))
		}
		if n > 1 {
			a = must(Mul(a, a))
		}
	}
	return r, nil
}

// exptUnit raises i or -i to any integer power; ok is false for other numbers.
func exptUnit(a, n datum.Value) (v datum.Value, ok bool) {
	re, im := parts(a)
	if !isExactZero(re) || !im.IsFix() || im.Fix() != 1 && im.Fix() != -1 {
		return datum.Unset, false
	}
	switch must(Modulo(n, datum.Fix(4))).Fix() {
	case 0:
		return one, true
	case 1:
		return a, true
	case 2:
		return datum.Fix(-1), true
	}
	return must(Negate(a)), true
}

// exptGaussian raises an exact complex number to a power that is not negative.
// The common denominator of the parts is raised apart from a Gaussian integer,
// so that fractions are reduced but once.
func exptGaussian(a datum.Value, n int64) (datum.Value, error) {
	c := a.Compnum()
	re, im := toRat(c.Re), toRat(c.Im)
	den := new(big.Int).GCD(nil, nil, re.Denom(), im.Denom())
	den.Mul(new(big.Int).Quo(re.Denom(), den), im.Denom())
	whole := func(r *big.Rat) *big.Int {
		x := new(big.Int).Quo(den, r.Denom())
		return x.Mul(x, r.Num())
	}
	p, q := whole(re), whole(im)
	if bits := int64(max(p.BitLen(), q.BitLen(), den.BitLen())); n > maxShift/bits {
		return datum.Unset, datum.NumericalOverflow("expt")
	}
	x, y := big.NewInt(1), new(big.Int)
	for k := n; k > 0; k >>= 1 {
		if k&1 == 1 {
			t := new(big.Int).Mul(x, p)
			t.Sub(t, new(big.Int).Mul(y, q))
			y.Add(y.Mul(y, p), new(big.Int).Mul(x, q))
			x = t
		}
		if k > 1 {
			// (p+qi)² = (p+q)(p-q) + 2pqi
			t := new(big.Int).Add(p, q)
			t.Mul(t, new(big.Int).Sub(p, q))
			q = new(big.Int).Lsh(q.Mul(p, q), 1)
			p = t
		}
	}
	den.Exp(den, big.NewInt(n), nil)
	return rectangular(datum.Rat(new(big.Rat).SetFrac(x, den)), datum.Rat(new(big.Rat).SetFrac(y, den))), nil
}
