package num

import "fruix/interp/datum"

// LongBits is the size of numbers from which on an operation may take so long
// that it should not be waited for without looking at the time.
const LongBits = 1 << 21

// Bits is the size of an exact number.
func Bits(v datum.Value) int {
	switch v.Kind() {
	case datum.KBignum:
		return v.Bignum().Int.BitLen()
	case datum.KRatnum:
		r := v.Ratnum().Rat
		return r.Num().BitLen() + r.Denom().BitLen()
	}
	return 64
}
