package num

import (
	"math/big"

	"fruix/interp/datum"
)

// LongBits is the size of numbers from which on an operation may take so long
// that it should not be waited for without looking at the time.
const LongBits = 1 << 21

// LongPower reports whether raising a number to the power of b may take that
// long.
func LongPower(b datum.Value) bool {
	switch b.Kind() {
	case datum.KRatnum:
		return b.Ratnum().Rat.Num().CmpAbs(big.NewInt(LongBits/64)) > 0
	case datum.KFixnum:
		return abs64(b.Fix()) > LongBits/64
	}
	return false
}

// Bits is the size of an exact number.
func Bits(v datum.Value) int {
	switch v.Kind() {
	case datum.KBignum:
		return v.Bignum().Int.BitLen()
	case datum.KRatnum:
		r := v.Ratnum().Rat
		return r.Num().BitLen() + r.Denom().BitLen()
	case datum.KCompnum:
		c := v.Compnum()
		return Bits(c.Re) + Bits(c.Im)
	}
	return 64
}
