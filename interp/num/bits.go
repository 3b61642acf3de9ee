package num

import (
	"math/big"
	"math/bits"

	"fruix/interp/datum"
)

// maxShift bounds left shifts and powers, so that a slip of the pen does not
// take the machine's memory: results of more bits are a numerical-overflow.
const maxShift = 1 << 33

// bitwise applies a fixnum or big operation to two exact integers.
func bitwise(who string, a, b datum.Value, f func(a, b int64) int64, g func(z, a, b *big.Int) *big.Int) (datum.Value, error) {
	if a.IsFix() && b.IsFix() {
		return datum.Fix(f(a.Fix(), b.Fix())), nil
	}
	if !IsExactInteger(a) {
		return datum.Unset, datum.WrongType(who, 1, a)
	}
	if !IsExactInteger(b) {
		return datum.Unset, datum.WrongType(who, 2, b)
	}
	return datum.Big(g(new(big.Int), toBig(a), toBig(b))), nil
}

// LogAnd is logand on two's complement integers of unlimited width.
func LogAnd(a, b datum.Value) (datum.Value, error) {
	return bitwise("logand", a, b, func(a, b int64) int64 { return a & b }, (*big.Int).And)
}

// LogIor is logior.
func LogIor(a, b datum.Value) (datum.Value, error) {
	return bitwise("logior", a, b, func(a, b int64) int64 { return a | b }, (*big.Int).Or)
}

// LogXor is logxor.
func LogXor(a, b datum.Value) (datum.Value, error) {
	return bitwise("logxor", a, b, func(a, b int64) int64 { return a ^ b }, (*big.Int).Xor)
}

// LogNot is lognot.
func LogNot(a datum.Value) (datum.Value, error) {
	if a.IsFix() {
		return datum.Fix(^a.Fix()), nil
	}
	if !IsExactInteger(a) {
		return datum.Unset, datum.WrongType("lognot", 1, a)
	}
	return datum.Big(new(big.Int).Not(toBig(a))), nil
}

// Ash is ash: a shift to the left by n bits, to the right when n is negative.
// With round, right shifts round to nearest, halves to the even one.
func Ash(who string, a, n datum.Value, round bool) (datum.Value, error) {
	if !IsExactInteger(a) {
		return datum.Unset, datum.WrongType(who, 1, a)
	}
	if !IsExactInteger(n) {
		return datum.Unset, datum.WrongType(who, 2, n)
	}
	s, ok := Int64(n)
	if isExactZero(a) {
		return zero, nil
	}
	if !ok || s > maxShift || s < -maxShift {
		if Sign(n) > 0 {
			return datum.Unset, datum.NumericalOverflow(who)
		}
		if Sign(a) < 0 && !round {
			return datum.Fix(-1), nil
		}
		return zero, nil
	}
	if a.IsFix() {
		x := a.Fix()
		if s <= 0 && !round {
			return datum.Fix(x >> min(uint64(-s), 63)), nil
		}
		if s >= 0 && s < 62 {
			if y := x << s; y>>s == x {
				return Int(y), nil
			}
		}
	}
	if s >= 0 {
		return datum.Big(new(big.Int).Lsh(toBig(a), uint(s))), nil
	}
	b := toBig(a)
	q := new(big.Int).Rsh(b, uint(-s))
	if round {
		half := new(big.Int).Lsh(big.NewInt(1), uint(-s-1))
		rest := new(big.Int).Sub(b, new(big.Int).Lsh(q, uint(-s)))
		if c := rest.Cmp(half); c > 0 || c == 0 && q.Bit(0) == 1 {
			q.Add(q, big.NewInt(1))
		}
	}
	return datum.Big(q), nil
}

// BitExtract is bit-extract: bits start up to, not including, end.
func BitExtract(a, start, end datum.Value) (datum.Value, error) {
	if !IsExactInteger(a) {
		return datum.Unset, datum.WrongType("bit-extract", 1, a)
	}
	s, ok := Int64(start)
	if !ok || s < 0 {
		return datum.Unset, datum.OutOfRange("bit-extract", 2, start)
	}
	e, ok := Int64(end)
	if !ok || e < s || e-s > maxShift {
		return datum.Unset, datum.OutOfRange("bit-extract", 3, end)
	}
	b := new(big.Int).Rsh(toBig(a), uint(s))
	mask := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(e-s)), big.NewInt(1))
	return datum.Big(b.And(b, mask)), nil
}

// LogCount is logcount: the one bits of a, or the zero bits of a negative a.
func LogCount(a datum.Value) (datum.Value, error) {
	if !IsExactInteger(a) {
		return datum.Unset, datum.WrongType("logcount", 1, a)
	}
	b := toBig(a)
	if b.Sign() < 0 {
		b = new(big.Int).Not(b)
	}
	n := 0
	for _, w := range b.Bits() {
		n += bits.OnesCount(uint(w))
	}
	return datum.Fix(int64(n)), nil
}

// IntegerLength is integer-length: the bits needed without the sign.
func IntegerLength(a datum.Value) (datum.Value, error) {
	if !IsExactInteger(a) {
		return datum.Unset, datum.WrongType("integer-length", 1, a)
	}
	b := toBig(a)
	if b.Sign() < 0 {
		b = new(big.Int).Not(b)
	}
	return datum.Fix(int64(b.BitLen())), nil
}

// LogBit is logbit?: whether bit index of a is set.
func LogBit(index, a datum.Value) (bool, error) {
	i, ok := Int64(index)
	if !ok || i < 0 {
		return false, datum.OutOfRange("logbit?", 1, index)
	}
	if !IsExactInteger(a) {
		return false, datum.WrongType("logbit?", 2, a)
	}
	b := toBig(a)
	if i >= int64(b.BitLen())+1 {
		return b.Sign() < 0, nil
	}
	return b.Bit(int(i)) == 1, nil
}
