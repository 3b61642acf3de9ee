// Package num is the numeric tower of R7RS 6.2: fixnums, bignums, exact
// rationals, flonums and complex numbers. All functions are pure; an argument
// of the wrong type gives a *datum.Error with Guile's key and position.
//
// Exact results are always in normal form: a fixnum when it fits, else a
// bignum; never a ratnum with denominator one; never a complex number with an
// exact zero imaginary part. The parts of a complex number are both exact or
// both flonums.
package num

import (
	"math"
	"math/big"

	"fruix/interp/datum"
)

// level orders the kinds of numbers by generality.
type level uint8

const (
	none level = iota
	fix
	bignum
	rat
	flo
	comp
)

func levelOf(v datum.Value) level {
	switch v.Kind() {
	case datum.KFixnum:
		return fix
	case datum.KFlonum:
		return flo
	case datum.KBignum:
		return bignum
	case datum.KRatnum:
		return rat
	case datum.KCompnum:
		return comp
	}
	return none
}

// zero and one are exact.
var (
	zero = datum.Fix(0)
	one  = datum.Fix(1)
)

// Int makes an exact integer of an int64.
func Int(i int64) datum.Value {
	if datum.FitsFix(i) {
		return datum.Fix(i)
	}
	return datum.Big(big.NewInt(i))
}

// Uint makes an exact integer of a uint64.
func Uint(u uint64) datum.Value {
	if u <= uint64(datum.MaxFixnum) {
		return datum.Fix(int64(u))
	}
	return datum.Big(new(big.Int).SetUint64(u))
}

// toBig returns the integer of a fixnum or bignum; it must not be changed.
func toBig(v datum.Value) *big.Int {
	if v.IsFix() {
		return big.NewInt(v.Fix())
	}
	return v.Bignum().Int
}

// toRat returns the rational of an exact real; it must not be changed.
func toRat(v datum.Value) *big.Rat {
	if v.Is(datum.KRatnum) {
		return v.Ratnum().Rat
	}
	return new(big.Rat).SetInt(toBig(v))
}

// toFloat converts any real number to the nearest float.
func toFloat(v datum.Value) float64 {
	switch levelOf(v) {
	case fix:
		return float64(v.Fix())
	case flo:
		return v.Flo()
	case bignum:
		return bigFloat(v.Bignum().Int)
	case rat:
		f, _ := v.Ratnum().Rat.Float64()
		return f
	}
	return math.NaN()
}

func bigFloat(i *big.Int) float64 {
	f, _ := new(big.Float).SetInt(i).Float64()
	return f
}

// Int64 returns the value of an exact integer that fits, and whether it does.
func Int64(v datum.Value) (int64, bool) {
	if v.IsFix() {
		return v.Fix(), true
	}
	if v.Is(datum.KBignum) && v.Bignum().Int.IsInt64() {
		return v.Bignum().Int.Int64(), true
	}
	return 0, false
}

// Uint64 returns the value of an exact non-negative integer that fits.
func Uint64(v datum.Value) (uint64, bool) {
	if v.IsFix() {
		return uint64(v.Fix()), v.Fix() >= 0
	}
	if v.Is(datum.KBignum) && v.Bignum().Int.IsUint64() {
		return v.Bignum().Int.Uint64(), true
	}
	return 0, false
}

// BigInt returns the value of an exact integer, which must not be changed,
// and whether v is one.
func BigInt(v datum.Value) (*big.Int, bool) {
	if v.IsFix() || v.Is(datum.KBignum) {
		return toBig(v), true
	}
	return nil, false
}

// Float64 returns the nearest float of a real number, and whether v is one.
func Float64(v datum.Value) (float64, bool) {
	if !IsReal(v) {
		return 0, false
	}
	return toFloat(v), true
}

// IsReal reports whether v is a real number.
func IsReal(v datum.Value) bool {
	l := levelOf(v)
	return l != none && l != comp
}

// IsRational reports whether v is a real number that is not infinite or NaN.
func IsRational(v datum.Value) bool {
	if v.IsFlo() {
		f := v.Flo()
		return f-f == 0
	}
	return IsReal(v)
}

// IsInteger reports whether v is an integer, exact or not.
func IsInteger(v datum.Value) bool {
	if v.IsFlo() {
		f := v.Flo()
		return f-f == 0 && math.Floor(f) == f
	}
	return IsExactInteger(v)
}

// IsExactInteger reports whether v is an exact integer.
func IsExactInteger(v datum.Value) bool { return v.IsFix() || v.Is(datum.KBignum) }

// IsExact reports whether the number v is exact; ok is false for other types.
func IsExact(v datum.Value) (exact, ok bool) {
	switch levelOf(v) {
	case none:
		return false, false
	case flo:
		return false, true
	case comp:
		return isExactComplex(v), true
	}
	return true, true
}

// check2 returns the more general level of two numbers, or the error for the
// first argument that is none.
func check2(who string, a, b datum.Value) (level, error) {
	x, y := levelOf(a), levelOf(b)
	if x == none {
		return none, datum.WrongType(who, 1, a)
	}
	if y == none {
		return none, datum.WrongType(who, 2, b)
	}
	return max(x, y), nil
}
