package num

import (
	"math"
	"math/big"

	"fruix/interp/datum"
)

// cmp compares two real numbers exactly; ok is false when one is a NaN.
func cmp(a, b datum.Value) (c int, ok bool) {
	if a.IsFix() && b.IsFix() {
		x, y := a.Fix(), b.Fix()
		switch {
		case x < y:
			return -1, true
		case x > y:
			return 1, true
		}
		return 0, true
	}
	if a.IsFlo() || b.IsFlo() {
		if a.IsFlo() && b.IsFlo() {
			return cmpFloat(a.Flo(), b.Flo())
		}
		if b.IsFlo() {
			c, ok = cmp(b, a)
			return -c, ok
		}
		// a is a float, b exact: compare without rounding b.
		f := a.Flo()
		switch {
		case f != f:
			return 0, false
		case math.IsInf(f, 1):
			return 1, true
		case math.IsInf(f, -1):
			return -1, true
		case b.IsFix() && abs64(b.Fix()) <= 1<<53:
			return cmpFloat(f, float64(b.Fix()))
		}
		return new(big.Rat).SetFloat64(f).Cmp(toRat(b)), true
	}
	if a.Is(datum.KRatnum) || b.Is(datum.KRatnum) {
		return toRat(a).Cmp(toRat(b)), true
	}
	return toBig(a).Cmp(toBig(b)), true
}

func cmpFloat(x, y float64) (int, bool) {
	switch {
	case x < y:
		return -1, true
	case x > y:
		return 1, true
	case x == y:
		return 0, true
	}
	return 0, false
}

// NumEq is a = b.
func NumEq(a, b datum.Value) (bool, error) {
	if a.IsFix() && b.IsFix() {
		return a.Fix() == b.Fix(), nil
	}
	l, err := check2("=", a, b)
	if err != nil {
		return false, err
	}
	if l == comp {
		ar, ai := parts(a)
		br, bi := parts(b)
		c, ok := cmp(ar, br)
		d, ok2 := cmp(ai, bi)
		return c == 0 && ok && d == 0 && ok2, nil
	}
	c, ok := cmp(a, b)
	return c == 0 && ok, nil
}

// Compare orders two real numbers for the procedure who: negative, zero or
// positive. ok is false when one of them is a NaN, so that every comparison
// is false.
func Compare(who string, a, b datum.Value) (c int, ok bool, err error) {
	if !IsReal(a) {
		return 0, false, datum.WrongType(who, 1, a)
	}
	if !IsReal(b) {
		return 0, false, datum.WrongType(who, 2, b)
	}
	c, ok = cmp(a, b)
	return c, ok, nil
}

// Less is a < b.
func Less(a, b datum.Value) (bool, error) {
	c, ok, err := Compare("<", a, b)
	return ok && c < 0, err
}

// Greater is a > b.
func Greater(a, b datum.Value) (bool, error) {
	c, ok, err := Compare(">", a, b)
	return ok && c > 0, err
}

// LessEq is a <= b.
func LessEq(a, b datum.Value) (bool, error) {
	c, ok, err := Compare("<=", a, b)
	return ok && c <= 0, err
}

// GreaterEq is a >= b.
func GreaterEq(a, b datum.Value) (bool, error) {
	c, ok, err := Compare(">=", a, b)
	return ok && c >= 0, err
}

// IsZero is zero?; ok is false when v is no number.
func IsZero(v datum.Value) (isZero, ok bool) {
	switch levelOf(v) {
	case none:
		return false, false
	case fix:
		return v.Fix() == 0, true
	case flo:
		return v.Flo() == 0, true
	case comp:
		return !isExactComplex(v) && toComplex(v) == 0, true
	}
	return false, true
}

// extreme is max or min: an inexact argument makes the result inexact, a NaN
// wins.
func extreme(who string, a, b datum.Value, want int) (datum.Value, error) {
	c, ok, err := Compare(who, a, b)
	if err != nil {
		return datum.Unset, err
	}
	if !ok {
		return datum.Flo(math.NaN()), nil
	}
	if c == 0 && (a.IsFlo() || b.IsFlo()) && toFloat(a) == 0 {
		// Zeros have signs.
		if want > 0 {
			return datum.Flo(math.Max(toFloat(a), toFloat(b))), nil
		}
		return datum.Flo(math.Min(toFloat(a), toFloat(b))), nil
	}
	r := a
	if c == -want || c == 0 && !a.IsFlo() {
		r = b
	}
	if c == 0 && r.IsFlo() && r.Flo() == 0 {
		// Zeros differ by their signs; an exact one has none.
		negative := func(v datum.Value) bool { return v.IsFlo() && math.Signbit(v.Flo()) }
		if negative(a) != negative(b) {
			return datum.Flo(math.Copysign(0, float64(want))), nil
		}
	}
	if (a.IsFlo() || b.IsFlo()) && !r.IsFlo() {
		r = datum.Flo(toFloat(r))
	}
	return r, nil
}

// Max is max of two real numbers.
func Max(a, b datum.Value) (datum.Value, error) { return extreme("max", a, b, 1) }

// Min is min of two real numbers.
func Min(a, b datum.Value) (datum.Value, error) { return extreme("min", a, b, -1) }
