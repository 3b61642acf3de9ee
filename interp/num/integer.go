package num

import (
	"math"
	"math/big"

	"fruix/interp/datum"
)

// divide computes quotient and remainder of two integers by a rule given for
// fixnums, bignums and floats.
type divide struct {
	fix func(a, b int64) (q, r int64)
	big func(a, b *big.Int) (q, r *big.Int)
	flo func(a, b float64) (q, r float64)
}

var truncating = divide{
	func(a, b int64) (int64, int64) { return a / b, a % b },
	func(a, b *big.Int) (*big.Int, *big.Int) { return new(big.Int).QuoRem(a, b, new(big.Int)) },
	func(a, b float64) (float64, float64) { return math.Trunc(a / b), math.Mod(a, b) },
}

var flooring = divide{
	func(a, b int64) (int64, int64) {
		q, r := a/b, a%b
		if r != 0 && (r < 0) != (b < 0) {
			q, r = q-1, r+b
		}
		return q, r
	},
	func(a, b *big.Int) (*big.Int, *big.Int) {
		q, r := new(big.Int).QuoRem(a, b, new(big.Int))
		if r.Sign() != 0 && (r.Sign() < 0) != (b.Sign() < 0) {
			q.Sub(q, big.NewInt(1))
			r.Add(r, b)
		}
		return q, r
	},
	func(a, b float64) (float64, float64) {
		q, r := math.Floor(a/b), math.Mod(a, b)
		if r != 0 && (r < 0) != (b < 0) {
			r += b
		}
		return q, r
	},
}

var ceiling = divide{
	func(a, b int64) (int64, int64) {
		q, r := a/b, a%b
		if r != 0 && (r < 0) == (b < 0) {
			q, r = q+1, r-b
		}
		return q, r
	},
	func(a, b *big.Int) (*big.Int, *big.Int) {
		q, r := new(big.Int).QuoRem(a, b, new(big.Int))
		if r.Sign() != 0 && (r.Sign() < 0) == (b.Sign() < 0) {
			q.Add(q, big.NewInt(1))
			r.Sub(r, b)
		}
		return q, r
	},
	func(a, b float64) (float64, float64) {
		q := math.Ceil(a / b)
		return q, a - q*b
	},
}

// euclidean leaves a remainder that is never negative.
var euclidean = divide{
	func(a, b int64) (int64, int64) {
		q, r := a/b, a%b
		if r < 0 {
			if b > 0 {
				q, r = q-1, r+b
			} else {
				q, r = q+1, r-b
			}
		}
		return q, r
	},
	func(a, b *big.Int) (*big.Int, *big.Int) { return new(big.Int).DivMod(a, b, new(big.Int)) },
	func(a, b float64) (float64, float64) {
		r := math.Mod(a, b)
		if r < 0 {
			r += math.Abs(b)
		}
		if b > 0 {
			return math.Floor(a / b), r
		}
		return math.Ceil(a / b), r
	},
}

// rounding takes the nearest quotient, the even one in a tie.
var rounding = divide{
	func(a, b int64) (int64, int64) {
		q, r := divideRound(big.NewInt(a), big.NewInt(b))
		return q.Int64(), r.Int64()
	},
	divideRound,
	func(a, b float64) (float64, float64) {
		q := math.RoundToEven(a / b)
		return q, a - q*b
	},
}

// centered takes the quotient whose remainder lies in [-|b/2|, |b/2|).
var centered = divide{
	func(a, b int64) (int64, int64) {
		q, r := divideCentered(big.NewInt(a), big.NewInt(b))
		return q.Int64(), r.Int64()
	},
	divideCentered,
	func(a, b float64) (float64, float64) {
		q := math.Floor(a/b + 0.5)
		if b < 0 {
			q = math.Ceil(a/b - 0.5)
		}
		return q, a - q*b
	},
}

func divideRound(a, b *big.Int) (*big.Int, *big.Int) {
	q := roundRat(new(big.Rat).SetFrac(a, b))
	return q, new(big.Int).Sub(a, new(big.Int).Mul(q, b))
}

func divideCentered(a, b *big.Int) (*big.Int, *big.Int) {
	q, r := new(big.Int).DivMod(a, b, new(big.Int))
	ab := new(big.Int).Abs(b)
	if new(big.Int).Lsh(r, 1).Cmp(ab) >= 0 {
		r.Sub(r, ab)
		if b.Sign() > 0 {
			q.Add(q, big.NewInt(1))
		} else {
			q.Sub(q, big.NewInt(1))
		}
	}
	return q, r
}

// apply divides; who names the procedure for errors. Guile's euclidean,
// floor and kindred divisions also take non-integers (real is true then).
func (d *divide) apply(who string, a, b datum.Value, real bool) (q, r datum.Value, err error) {
	if a.IsFix() && b.IsFix() {
		if b.Fix() == 0 {
			return q, r, datum.NumericalOverflow(who)
		}
		x, y := d.fix(a.Fix(), b.Fix())
		return Int(x), Int(y), nil
	}
	for i, v := range [2]datum.Value{a, b} {
		if !IsInteger(v) && !(real && IsReal(v)) {
			return q, r, datum.WrongType(who, i+1, v)
		}
	}
	if zero, _ := IsZero(b); zero {
		return q, r, datum.NumericalOverflow(who)
	}
	if a.IsFlo() || b.IsFlo() {
		f, g := toFloat(a), toFloat(b)
		x, y := d.flo(f, g)
		if !IsInteger(a) || !IsInteger(b) {
			// As Guile: the remainder is what the rounded quotient leaves.
			y = f - x*g
		}
		return datum.Flo(x), datum.Flo(y), nil
	}
	if a.Is(datum.KRatnum) || b.Is(datum.KRatnum) {
		// a/b = (an·bd)/(bn·ad); the remainder scales back by ad·bd.
		x, y := toRat(a), toRat(b)
		n := new(big.Int).Mul(x.Num(), y.Denom())
		m := new(big.Int).Mul(y.Num(), x.Denom())
		qi, ri := d.big(n, m)
		den := new(big.Int).Mul(x.Denom(), y.Denom())
		return datum.Big(qi), datum.Rat(new(big.Rat).SetFrac(ri, den)), nil
	}
	x, y := d.big(toBig(a), toBig(b))
	return datum.Big(x), datum.Big(y), nil
}

// Quotient is quotient.
func Quotient(a, b datum.Value) (datum.Value, error) {
	q, _, err := truncating.apply("quotient", a, b, false)
	return q, err
}

// Remainder is remainder.
func Remainder(a, b datum.Value) (datum.Value, error) {
	_, r, err := truncating.apply("remainder", a, b, false)
	return r, err
}

// Modulo is modulo.
func Modulo(a, b datum.Value) (datum.Value, error) {
	_, r, err := flooring.apply("modulo", a, b, false)
	return r, err
}

// Division is a kind of integer division that gives quotient and remainder.
type Division func(who string, a, b datum.Value) (q, r datum.Value, err error)

func division(d *divide) Division {
	return func(who string, a, b datum.Value) (datum.Value, datum.Value, error) {
		return d.apply(who, a, b, true)
	}
}

// The divisions of R7RS 6.2.6, R6RS 11.7.4 and Guile.
var (
	Truncating Division = division(&truncating)
	Flooring   Division = division(&flooring)
	Ceiling    Division = division(&ceiling)
	Euclidean  Division = division(&euclidean)
	Rounding   Division = division(&rounding)
	Centered   Division = division(&centered)
)

// GCD is gcd of two integers; the result is not negative.
func GCD(a, b datum.Value) (datum.Value, error) {
	if a.IsFix() && b.IsFix() {
		x, y := abs64(a.Fix()), abs64(b.Fix())
		for y != 0 {
			x, y = y, x%y
		}
		return Uint(x), nil
	}
	x, y, inexact, err := integers("gcd", a, b)
	if err != nil {
		return datum.Unset, err
	}
	return inexactIf(datum.Big(new(big.Int).GCD(nil, nil, new(big.Int).Abs(x), new(big.Int).Abs(y))), inexact), nil
}

// LCM is lcm of two integers; the result is not negative.
func LCM(a, b datum.Value) (datum.Value, error) {
	x, y, inexact, err := integers("lcm", a, b)
	if err != nil {
		return datum.Unset, err
	}
	if x.Sign() == 0 || y.Sign() == 0 {
		return inexactIf(zero, inexact), nil
	}
	ax, ay := new(big.Int).Abs(x), new(big.Int).Abs(y)
	g := new(big.Int).GCD(nil, nil, ax, ay)
	return inexactIf(datum.Big(ax.Mul(ax.Div(ax, g), ay)), inexact), nil
}

func integers(who string, a, b datum.Value) (x, y *big.Int, inexact bool, err error) {
	if !IsInteger(a) {
		return nil, nil, false, datum.WrongType(who, 1, a)
	}
	if !IsInteger(b) {
		return nil, nil, false, datum.WrongType(who, 2, b)
	}
	return integer(a), integer(b), a.IsFlo() || b.IsFlo(), nil
}

// integer converts an integer, exact or not.
func integer(v datum.Value) *big.Int {
	if v.IsFlo() {
		i, _ := big.NewFloat(v.Flo()).Int(nil)
		return i
	}
	return toBig(v)
}

func inexactIf(v datum.Value, inexact bool) datum.Value {
	if inexact {
		return datum.Flo(toFloat(v))
	}
	return v
}

// IsEven tells whether an integer is even; ok is false for anything else.
func IsEven(v datum.Value) (even, ok bool) {
	switch levelOf(v) {
	case fix:
		return v.Fix()&1 == 0, true
	case bignum:
		return v.Bignum().Int.Bit(0) == 0, true
	case flo:
		if IsInteger(v) {
			return math.Mod(v.Flo(), 2) == 0, true
		}
	}
	return false, false
}

// Numerator and Denominator of a rational number in lowest terms.
func Numerator(v datum.Value) (datum.Value, error) { return ratPart("numerator", v, true) }

// Denominator is denominator.
func Denominator(v datum.Value) (datum.Value, error) { return ratPart("denominator", v, false) }

func ratPart(who string, v datum.Value, num bool) (datum.Value, error) {
	switch levelOf(v) {
	case fix, bignum:
		if num {
			return v, nil
		}
		return one, nil
	case rat:
		r := v.Ratnum().Rat
		if num {
			return datum.Big(new(big.Int).Set(r.Num())), nil
		}
		return datum.Big(new(big.Int).Set(r.Denom())), nil
	case flo:
		f := v.Flo()
		switch {
		case math.IsInf(f, 0) || f == math.Trunc(f):
			if num {
				return v, nil
			}
			return datum.Flo(1), nil
		case f != f:
			return datum.Unset, datum.OutOfRange("inexact->exact", 1, v)
		}
		e, err := ratPart(who, must(Exact(v)), num)
		return datum.Flo(toFloat(e)), err
	}
	return datum.Unset, datum.WrongType(who, 1, v)
}

// ExactIntegerSqrt is exact-integer-sqrt: s and n-s².
func ExactIntegerSqrt(v datum.Value) (s, rest datum.Value, err error) {
	if !IsExactInteger(v) || Sign(v) < 0 {
		return s, rest, datum.WrongTypeExpecting("exact-integer-sqrt", 1, v, "exact non-negative integer")
	}
	n := toBig(v)
	root := new(big.Int).Sqrt(n)
	return datum.Big(root), datum.Big(new(big.Int).Sub(n, new(big.Int).Mul(root, root))), nil
}
