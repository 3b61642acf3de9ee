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
		return formatComplex(v.Compnum(), radix)
	}
	return ""
}

// formatComplex leaves out what R7RS 7.1.1 allows to leave out of an exact
// number: a zero real part and the digit of ±1i. A real part remains where the
// letter i is a digit, so that it cannot be taken for one.
func formatComplex(c *datum.Compnum, radix int) string {
	re, im := Format(c.Re, radix), Format(c.Im, radix)
	if im[0] != '-' && im[0] != '+' {
		im = "+" + im
	}
	if !c.Im.IsFlo() {
		if isExactZero(c.Re) && radix <= digitValue('i') {
			re = ""
		}
		if im == "+1" || im == "-1" {
			im = im[:1]
		}
	}
	return re + im + "i"
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
	return sign + layout(strings.Replace(mant, ".", "", 1), exp, 10)
}

// layout writes the digits of a number whose first one counts radix to the
// power exp. As Guile, it writes positional notation while few zeros are
// needed, and exponents in the radix.
func layout(digits string, exp, radix int) string {
	zeros := exp + 1 - len(digits) // to append before the point
	switch {
	case digits == "0":
		return "0.0"
	case exp >= 0 && zeros < 0:
		return digits[:exp+1] + "." + digits[exp+1:]
	case exp >= 0 && (zeros <= 3 || exp < 7):
		return digits + strings.Repeat("0", zeros) + ".0"
	case exp < 0 && exp >= -3:
		return "0." + strings.Repeat("0", -exp-1) + digits
	}
	frac := digits[1:]
	if frac == "" {
		frac = "0"
	}
	return digits[:1] + "." + frac + "e" + strconv.FormatInt(int64(exp), radix)
}

// floatRadix writes the fewest digits in a radix other than ten that identify
// f (Steele and White, "How to print floating-point numbers accurately",
// 1990). r/s is what is left to write, m half the distance to the neighbours
// below and above.
func floatRadix(f float64, radix int) string {
	sign := ""
	if math.Signbit(f) {
		sign, f = "-", -f
	}
	if f == 0 {
		return sign + "0.0"
	}
	frac, e := math.Frexp(f)
	mantissa := int64(frac * (1 << 53))
	e = max(e-53, -1074)
	if e == -1074 {
		mantissa = int64(math.Float64bits(f) & (1<<52 - 1))
		if f >= 0x1p-1022 {
			mantissa |= 1 << 52
		}
	}
	r, s := big.NewInt(mantissa), big.NewInt(1)
	low, high := big.NewInt(1), big.NewInt(1)
	boundary := mantissa == 1<<52 && e > -1074 // the neighbour below is nearer
	shift := uint(1)
	if boundary {
		shift = 2
		high.Lsh(high, 1)
	}
	r.Lsh(r, shift)
	s.Lsh(s, shift)
	if e >= 0 {
		for _, x := range []*big.Int{r, low, high} {
			x.Lsh(x, uint(e))
		}
	} else {
		s.Lsh(s, uint(-e))
	}
	even := mantissa&1 == 0
	base := big.NewInt(int64(radix))
	// Scale so that the first digit counts radix to the power exp.
	reaches := func(bound *big.Int) bool {
		c := new(big.Int).Add(r, high).Cmp(bound)
		return c > 0 || c == 0 && even
	}
	exp := int(math.Floor(math.Log(f)/math.Log(float64(radix)))) - 1
	pow := new(big.Int).Exp(base, big.NewInt(int64(max(exp, -exp))), nil)
	if exp >= 0 {
		s.Mul(s, pow)
	} else {
		for _, x := range []*big.Int{r, low, high} {
			x.Mul(x, pow)
		}
	}
	for next := new(big.Int).Mul(s, base); reaches(next); next = new(big.Int).Mul(s, base) {
		s = next
		exp++
	}
	var digits []byte
	for {
		q, rest := new(big.Int).QuoRem(r, s, new(big.Int))
		r = rest
		c := r.Cmp(low)
		down := c < 0 || c == 0 && even
		up := reaches(s)
		d := q.Int64()
		if (down || up) && (!down || new(big.Int).Lsh(r, 1).Cmp(s) >= 0) && up {
			d++
		}
		digits = append(digits, "0123456789abcdefghijklmnopqrstuvwxyz"[d])
		if down || up {
			break
		}
		r.Mul(r, base)
		low.Mul(low, base)
		high.Mul(high, base)
	}
	return sign + layout(string(digits), exp, radix)
}
