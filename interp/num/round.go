package num

import (
	"math"
	"math/big"

	"fruix/interp/datum"
)

// Exact is inexact->exact.
func Exact(v datum.Value) (datum.Value, error) {
	switch levelOf(v) {
	case none:
		return datum.Unset, datum.WrongType("inexact->exact", 1, v)
	case flo:
		f := v.Flo()
		if f-f != 0 {
			return datum.Unset, datum.OutOfRange("inexact->exact", 1, v)
		}
		if f == math.Trunc(f) && math.Abs(f) < 1<<60 {
			return datum.Fix(int64(f)), nil
		}
		return datum.Rat(new(big.Rat).SetFloat64(f)), nil
	case comp:
		c := v.Compnum()
		re, err := Exact(c.Re)
		if err != nil {
			return datum.Unset, err
		}
		im, err := Exact(c.Im)
		if err != nil {
			return datum.Unset, err
		}
		return rectangular(re, im), nil
	}
	return v, nil
}

// Inexact is exact->inexact.
func Inexact(v datum.Value) (datum.Value, error) {
	switch levelOf(v) {
	case none:
		return datum.Unset, datum.WrongType("exact->inexact", 1, v)
	case flo:
		return v, nil
	case comp:
		return fromComplex(toComplex(v)), nil
	}
	return datum.Flo(toFloat(v)), nil
}

// rounded applies a rounding rule to a real number.
func rounded(who string, v datum.Value, f func(float64) float64, r func(*big.Rat) *big.Int) (datum.Value, error) {
	switch levelOf(v) {
	case fix, bignum:
		return v, nil
	case flo:
		return datum.Flo(f(v.Flo())), nil
	case rat:
		return datum.Big(r(v.Ratnum().Rat)), nil
	}
	return datum.Unset, datum.WrongType(who, 1, v)
}

func floorRat(r *big.Rat) *big.Int {
	q, _ := flooring.big(r.Num(), r.Denom())
	return q
}

func ceilRat(r *big.Rat) *big.Int {
	q, _ := ceiling.big(r.Num(), r.Denom())
	return q
}

func truncRat(r *big.Rat) *big.Int { return new(big.Int).Quo(r.Num(), r.Denom()) }

// roundRat rounds to the nearest integer, to the even one in a tie.
func roundRat(r *big.Rat) *big.Int {
	twice := new(big.Rat).Add(r, big.NewRat(1, 2))
	q := floorRat(twice)
	if twice.IsInt() && q.Bit(0) == 1 {
		q.Sub(q, big.NewInt(1))
	}
	return q
}

// Floor is floor.
func Floor(v datum.Value) (datum.Value, error) { return rounded("floor", v, math.Floor, floorRat) }

// Ceil is ceiling.
func Ceil(v datum.Value) (datum.Value, error) { return rounded("ceiling", v, math.Ceil, ceilRat) }

// Truncate is truncate.
func Truncate(v datum.Value) (datum.Value, error) {
	return rounded("truncate", v, math.Trunc, truncRat)
}

// Round is round.
func Round(v datum.Value) (datum.Value, error) {
	return rounded("round", v, roundFloat, roundRat)
}

// Rationalize is rationalize: the simplest rational within y of x (Stern and
// Brocot's tree, as R7RS describes it).
func Rationalize(x, y datum.Value) (datum.Value, error) {
	for i, v := range [2]datum.Value{x, y} {
		if !IsReal(v) {
			return datum.Unset, datum.WrongType("rationalize", i+1, v)
		}
	}
	inexact := x.IsFlo() || y.IsFlo()
	fx, fy := toFloat(x), toFloat(y)
	switch {
	case fx != fx || fy != fy:
		return datum.Flo(math.NaN()), nil
	case math.IsInf(fy, 0) && y.IsFlo():
		if math.IsInf(fx, 0) && x.IsFlo() {
			return datum.Flo(math.NaN()), nil
		}
		return datum.Flo(0), nil
	case math.IsInf(fx, 0) && x.IsFlo():
		return x, nil
	}
	ex, ey := toRat(must(Exact(x))), new(big.Rat).Abs(toRat(must(Exact(y))))
	lo, hi := new(big.Rat).Sub(ex, ey), new(big.Rat).Add(ex, ey)
	var r *big.Rat
	switch {
	case lo.Sign() > 0:
		r = simplest(lo, hi)
	case hi.Sign() < 0:
		r = simplest(new(big.Rat).Neg(hi), new(big.Rat).Neg(lo))
		r.Neg(r)
	default:
		r = new(big.Rat)
	}
	return inexactIf(datum.Rat(r), inexact), nil
}

// simplest finds the rational of least denominator in [lo, hi], 0 < lo, by
// continued fractions.
func simplest(lo, hi *big.Rat) *big.Rat {
	var terms []*big.Int
	for {
		fl := floorRat(lo)
		f := new(big.Rat).SetInt(fl)
		if f.Cmp(lo) == 0 {
			terms = append(terms, fl)
			break
		}
		if floorRat(hi).Cmp(fl) > 0 {
			terms = append(terms, new(big.Int).Add(fl, big.NewInt(1)))
			break
		}
		terms = append(terms, fl)
		lo, hi = new(big.Rat).Inv(new(big.Rat).Sub(hi, f)), new(big.Rat).Inv(new(big.Rat).Sub(lo, f))
	}
	r := new(big.Rat).SetInt(terms[len(terms)-1])
	for i := len(terms) - 2; i >= 0; i-- {
		r.Inv(r)
		r.Add(r, new(big.Rat).SetInt(terms[i]))
	}
	return r
}

// roundFloat rounds to even; as in Guile, only a zero gives a negative zero.
func roundFloat(x float64) float64 {
	if x == 0 {
		return x
	}
	return math.RoundToEven(x) + 0
}
