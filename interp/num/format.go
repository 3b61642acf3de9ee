package num

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"fruix/interp/datum"
)

// Format gives the external representation of a number in a radix from 2 to
// 36. Flonums in radix ten have the fewest digits that read back the same.
func Format(v datum.Value, radix int) string {
	switch levelOf(v) {
	case fix:
		return strconv.FormatInt(v.Fix(), radix)
	case bignum:
		return v.Bignum().Int.Text(radix)
	case rat:
		r := v.Ratnum().Rat
		return r.Num().Text(radix) + "/" + r.Denom().Text(radix)
	case flo:
		return formatFloat(v.Flo(), radix)
	case comp:
		c := v.Compnum()
		re, im := Format(c.Re, radix), Format(c.Im, radix)
		if im[0] != '-' && im[0] != '+' {
			im = "+" + im
		}
		return re + im + "i"
	}
	return ""
}

func formatFloat(f float64, radix int) string {
	switch {
	case f != f:
		return "+nan.0"
	case math.IsInf(f, 1):
		return "+inf.0"
	case math.IsInf(f, -1):
		return "-inf.0"
	}
	if radix != 10 {
		return floatRadix(f, radix)
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	mant, exps, _ := strings.Cut(s, "e")
	exp, _ := strconv.Atoi(exps)
	sign := ""
	if mant[0] == '-' {
		sign, mant = "-", mant[1:]
	}
	digits := strings.Replace(mant, ".", "", 1)
	zeros := exp + 1 - len(digits) // to append before the point
	// Guile writes positional notation while few zeros are needed.
	switch {
	case f == 0:
		return sign + "0.0"
	case exp >= 0 && zeros < 0:
		return sign + digits[:exp+1] + "." + digits[exp+1:]
	case exp >= 0 && (zeros <= 3 || exp < 7):
		return sign + digits + strings.Repeat("0", zeros) + ".0"
	case exp < 0 && exp >= -3:
		return sign + "0." + strings.Repeat("0", -exp-1) + digits
	}
	frac := digits[1:]
	if frac == "" {
		frac = "0"
	}
	return sign + digits[:1] + "." + frac + "e" + strconv.Itoa(exp)
}

// floatRadix writes the exact value of f, which always has a finite
// expansion in even radices; in odd ones digits stop when they identify f.
func floatRadix(f float64, radix int) string {
	sign := ""
	if math.Signbit(f) {
		sign, f = "-", -f
	}
	whole, frac := math.Modf(f)
	i, _ := big.NewFloat(whole).Int(nil)
	var b strings.Builder
	b.WriteString(sign + i.Text(radix) + ".")
	if frac == 0 {
		b.WriteByte('0')
		return b.String()
	}
	r := new(big.Rat).SetFloat64(frac)
	base := new(big.Rat).SetInt64(int64(radix))
	for n := 0; r.Sign() != 0 && n < 1100; n++ {
		if radix%2 != 0 && n > 64 {
			break
		}
		r.Mul(r, base)
		d := truncRat(r)
		b.WriteByte("0123456789abcdefghijklmnopqrstuvwxyz"[d.Int64()])
		r.Sub(r, new(big.Rat).SetInt(d))
	}
	return b.String()
}
