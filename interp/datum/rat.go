package datum

import "math/big"

// Rat makes the normal form of a rational: an integer when the denominator is
// one. It takes over r.
func Rat(r *big.Rat) Value {
	if r.IsInt() {
		return Big(new(big.Int).Set(r.Num()))
	}
	return newRatnum(&Ratnum{r})
}
