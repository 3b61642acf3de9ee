package num

import (
	"math/big"
	"math/bits"

	"fruix/interp/datum"
)

// Add is a + b.
func Add(a, b datum.Value) (datum.Value, error) {
	if a.IsFix() && b.IsFix() {
		return Int(a.Fix() + b.Fix()), nil
	}
	if a.IsFlo() && b.IsFlo() {
		return datum.Flo(a.Flo() + b.Flo()), nil
	}
	l, err := check2("+", a, b)
	switch l {
	case none:
		return datum.Unset, err
	case fix, bignum:
		return datum.Big(new(big.Int).Add(toBig(a), toBig(b))), nil
	case rat:
		return datum.Rat(new(big.Rat).Add(toRat(a), toRat(b))), nil
	case flo:
		return datum.Flo(toFloat(a) + toFloat(b)), nil
	}
	return addComplex(a, b), nil
}

// Sub is a - b.
func Sub(a, b datum.Value) (datum.Value, error) {
	if a.IsFix() && b.IsFix() {
		return Int(a.Fix() - b.Fix()), nil
	}
	if a.IsFlo() && b.IsFlo() {
		return datum.Flo(a.Flo() - b.Flo()), nil
	}
	l, err := check2("-", a, b)
	switch l {
	case none:
		return datum.Unset, err
	case fix, bignum:
		return datum.Big(new(big.Int).Sub(toBig(a), toBig(b))), nil
	case rat:
		return datum.Rat(new(big.Rat).Sub(toRat(a), toRat(b))), nil
	case flo:
		switch {
		case isExactZero(b):
			return a, nil
		case isExactZero(a):
			// as (- b)
			return datum.Flo(-toFloat(b)), nil
		}
		return datum.Flo(toFloat(a) - toFloat(b)), nil
	}
	return subComplex(a, b), nil
}

func isExactZero(v datum.Value) bool { return v.IsFix() && v.Fix() == 0 }

// Mul is a * b.
func Mul(a, b datum.Value) (datum.Value, error) {
	if a.IsFix() && b.IsFix() {
		return mulFix(a.Fix(), b.Fix()), nil
	}
	if a.IsFlo() && b.IsFlo() {
		return datum.Flo(a.Flo() * b.Flo()), nil
	}
	l, err := check2("*", a, b)
	switch l {
	case none:
		return datum.Unset, err
	case fix, bignum:
		return datum.Big(new(big.Int).Mul(toBig(a), toBig(b))), nil
	case rat:
		return datum.Rat(new(big.Rat).Mul(toRat(a), toRat(b))), nil
	case flo:
		return datum.Flo(toFloat(a) * toFloat(b)), nil
	}
	return mulComplex(a, b), nil
}

func mulFix(x, y int64) datum.Value {
	hi, lo := bits.Mul64(abs64(x), abs64(y))
	if hi == 0 && lo <= uint64(datum.MaxFixnum) {
		return datum.Fix(x * y)
	}
	return datum.Big(new(big.Int).Mul(big.NewInt(x), big.NewInt(y)))
}

func abs64(x int64) uint64 {
	if x < 0 {
		return uint64(-x)
	}
	return uint64(x)
}

// must unwraps results of operations on arguments known to be numbers, which
// cannot fail.
func must(v datum.Value, err error) datum.Value {
	if err != nil {
		panic(err)
	}
	return v
}

// Div is a / b. Division by an exact zero is a numerical-overflow.
func Div(a, b datum.Value) (datum.Value, error) {
	l, err := check2("/", a, b)
	if err != nil {
		return datum.Unset, err
	}
	if isExactZero(b) {
		return datum.Unset, datum.NumericalOverflow("/")
	}
	switch l {
	case fix:
		x, y := a.Fix(), b.Fix()
		if x%y == 0 {
			return Int(x / y), nil
		}
		return datum.Rat(big.NewRat(x, y)), nil
	case bignum:
		q, m := new(big.Int).QuoRem(toBig(a), toBig(b), new(big.Int))
		if m.Sign() == 0 {
			return datum.Big(q), nil
		}
		return datum.Rat(new(big.Rat).SetFrac(toBig(a), toBig(b))), nil
	case rat:
		return datum.Rat(new(big.Rat).Quo(toRat(a), toRat(b))), nil
	case flo:
		return datum.Flo(toFloat(a) / toFloat(b)), nil
	}
	return divComplex(a, b), nil
}

// Negate is -a.
func Negate(a datum.Value) (datum.Value, error) {
	switch levelOf(a) {
	case fix:
		return Int(-a.Fix()), nil
	case bignum:
		return datum.Big(new(big.Int).Neg(a.Bignum().Int)), nil
	case rat:
		return datum.Rat(new(big.Rat).Neg(a.Ratnum().Rat)), nil
	case flo:
		return datum.Flo(-a.Flo()), nil
	case comp:
		c := a.Compnum()
		return rectangular(must(Negate(c.Re)), must(Negate(c.Im))), nil
	}
	return datum.Unset, datum.WrongType("-", 1, a)
}

// Sign is -1, 0 or 1 for a real number (0 for a NaN).
func Sign(a datum.Value) int {
	switch levelOf(a) {
	case fix:
		switch x := a.Fix(); {
		case x < 0:
			return -1
		case x > 0:
			return 1
		}
	case bignum:
		return a.Bignum().Int.Sign()
	case rat:
		return a.Ratnum().Rat.Sign()
	case flo:
		switch f := a.Flo(); {
		case f < 0:
			return -1
		case f > 0:
			return 1
		}
	}
	return 0
}

// Abs is abs.
func Abs(a datum.Value) (datum.Value, error) {
	if !IsReal(a) {
		return datum.Unset, datum.WrongType("abs", 1, a)
	}
	if a.IsFlo() {
		if f := a.Flo(); f < 0 || 1/f < 0 {
			return datum.Flo(-f), nil
		}
		return a, nil
	}
	if Sign(a) < 0 {
		return Negate(a)
	}
	return a, nil
}
