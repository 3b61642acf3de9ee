package ports

import (
	"strconv"
	"strings"

	"fruix/interp/datum"
	"fruix/interp/num"
)

// decimal is a number as decimal digits: 0.DIGITS times ten to the power of
// point. Zero has no digits.
type decimal struct {
	neg    bool
	digits string
	point  int
}

// decimalOf gives the digits of a real number, or of a string that is one.
// Floats have the digits that number->string writes; special is the text of
// an infinity or a NaN.
func decimalOf(v datum.Value) (x decimal, special string, ok bool) {
	if v.IsString() {
		n, isNumber := num.Parse("#e"+v.Str().Go(), 10)
		if !isNumber {
			return x, "", false
		}
		v = n
	}
	f, ok := num.Float64(v)
	switch {
	case !ok:
		return x, "", false
	case f-f != 0 && !num.IsExactInteger(v):
		return x, num.Format(v, 10), true
	case num.IsExactInteger(v):
		s := num.Format(v, 10)
		x.digits = strings.TrimPrefix(s, "-")
		x.neg, x.point = s[0] == '-', len(x.digits)
	default:
		s := strconv.FormatFloat(f, 'e', -1, 64)
		x.neg = s[0] == '-'
		mantissa, exp, _ := strings.Cut(strings.TrimPrefix(s, "-"), "e")
		e, _ := strconv.Atoi(exp)
		x.digits, x.point = strings.Replace(mantissa, ".", "", 1), e+1
	}
	return x.trimmed(), "", true
}

// trimmed is x without zeros at the ends of its digits.
func (x decimal) trimmed() decimal {
	x.digits = strings.TrimRight(x.digits, "0")
	n := len(x.digits)
	x.digits = strings.TrimLeft(x.digits, "0")
	x.point -= n - len(x.digits)
	if x.digits == "" {
		x.point = 0
	}
	return x
}

// keep rounds x to its first n digits, halves away from zero.
func (x decimal) keep(n int) decimal {
	if n >= len(x.digits) {
		return x
	}
	if n < 0 || n == 0 && x.digits[0] < '5' {
		x.digits = ""
		return x.trimmed()
	}
	up := x.digits[n] >= '5'
	ds := []byte(x.digits[:n])
	for i := n - 1; up; i-- {
		if i < 0 {
			ds = append([]byte{'1'}, ds...)
			x.point++
			break
		}
		if up = ds[i] == '9'; up {
			ds[i] = '0'
		} else {
			ds[i]++
		}
	}
	x.digits = string(ds)
	return x.trimmed()
}

// split gives the digits before and behind the decimal point.
func (x decimal) split() (whole, frac string) {
	switch n := len(x.digits); {
	case x.point <= 0:
		return "0", strings.Repeat("0", -x.point) + x.digits
	case x.point >= n:
		return x.digits + strings.Repeat("0", x.point-n), ""
	}
	return x.digits[:x.point], x.digits[x.point:]
}

func padRight(s string, n int) string {
	if n > len(s) {
		s += strings.Repeat("0", n-len(s))
	}
	return s
}

// fixed writes x with a count of decimals, or when that is negative with as
// many as it has, at least one.
func (x decimal) fixed(decimals int) string {
	if decimals < 0 {
		whole, frac := x.split()
		return whole + "." + padRight(frac, 1)
	}
	whole, frac := x.keep(x.point + decimals).split()
	return whole + "." + padRight(frac, decimals)
}

// exponential writes x with k digits before the point, or when k is not
// positive with -k zeros behind it; decimals as of ~e, negative for all. The
// exponent has at least width digits.
func (x decimal) exponential(decimals, k, width int, mark string) string {
	if decimals >= 0 {
		n := decimals + 1
		if k <= 0 {
			n = decimals + k
		}
		x = x.keep(n)
	}
	exp := x.point - k
	if x.digits == "" {
		exp = 0
	}
	x.point = k
	whole, frac := x.split()
	if x.digits == "" {
		frac = ""
	}
	switch {
	case decimals < 0:
		frac = padRight(frac, 1)
	case k > 0:
		frac = padRight(frac, decimals-k+1)
	default:
		frac = padRight(frac, decimals)
	}
	sign := "+"
	if exp < 0 {
		sign, exp = "-", -exp
	}
	e := strconv.Itoa(exp)
	if n := width - len(e); n > 0 {
		e = strings.Repeat("0", n) + e
	}
	return whole + "." + frac + mark + sign + e
}

// field is what ~f, ~e and ~g have in common at the end: the sign, a minimal
// width, the character that fills it, and that for numbers too long for it.
func field(sign, s string, width, fill, overflow int) string {
	s = sign + s
	n := len([]rune(s))
	if overflow > 0 && width > 0 && n > width {
		return strings.Repeat(string(rune(overflow)), width)
	}
	if n < width {
		s = strings.Repeat(string(rune(fill)), width-n) + s
	}
	return s
}

// float writes ~f, ~e, ~g and ~$.
func (f *formatter) float(d directive) error {
	v, err := f.arg()
	if err != nil {
		return err
	}
	for _, p := range d.params[:min(len(d.params), 2)] {
		if p.set && p.n < 0 {
			return f.fail("negative parameter of ~~%c", d.char)
		}
	}
	x, special, ok := decimalOf(v)
	if !ok {
		return f.fail("argument of ~~%c is not a real number", d.char)
	}
	sign := ""
	switch {
	case x.neg:
		sign = "-"
	case d.at:
		sign = "+"
	}
	switch {
	case special != "":
		f.out.WriteString(field("", special, d.param(0, 0), ' ', 0))
	case d.char == 'f':
		f.out.WriteString(fixedField(x, sign, d.param(0, 0), d.param(1, -1), d.param(2, 0), d.param(3, 0), d.param(4, ' ')))
	case d.char == 'e':
		f.out.WriteString(exponentField(x, sign, d))
	case d.char == 'g':
		f.out.WriteString(generalField(x, sign, d))
	default:
		f.out.WriteString(money(x, sign, d))
	}
	return nil
}

// fixedField is ~width,decimals,scale,overflow,fillF.
func fixedField(x decimal, sign string, width, decimals, scale, overflow, fill int) string {
	if x.digits != "" {
		x.point += scale
	}
	s := x.fixed(decimals)
	if n := len(sign) + len(s); decimals < 0 && width > 0 && n > width {
		// Without a count of decimals those are written that fit.
		whole, frac := x.split()
		s = x.fixed(max(0, min(len(frac), width-len(sign)-len(whole)-1)))
	}
	return field(sign, s, width, fill, overflow)
}

// exponentField is ~width,decimals,exponent,scale,overflow,fill,markE.
func exponentField(x decimal, sign string, d directive) string {
	width, overflow, digits := d.param(0, 0), d.param(4, 0), d.param(2, 1)
	decimals, k := d.param(1, -1), d.param(3, 1)
	mark := string(rune(d.param(6, 'E')))
	s := x.exponential(decimals, k, digits, mark)
	if overflow > 0 && width > 0 && len(s)-strings.Index(s, mark)-2 > max(digits, 1) && d.param(2, 0) > 0 {
		return strings.Repeat(string(rune(overflow)), width) // the exponent is too long
	}
	return field(sign, s, width, d.param(5, ' '), overflow)
}

// generalField is ~g: fixed notation where the number's size suits the count
// of decimals, followed by as many blanks as an exponent takes, otherwise ~e
// (Steele, "Common Lisp the Language", section 22.3.3).
func generalField(x decimal, sign string, d directive) string {
	size := x.point
	if x.digits == "" {
		size = 0
	}
	decimals := d.param(1, -1)
	if decimals < 0 {
		whole, frac := x.split()
		n := max(len(frac), 1)
		if whole != "0" {
			n = len(whole) + max(len(frac), 1)
		}
		decimals = max(n, min(size, 7))
	}
	blanks := 4
	if len(d.params) > 2 && d.params[2].set {
		blanks = d.params[2].n + 2
	}
	if rest := decimals - size; rest >= 0 && rest <= decimals {
		return fixedField(x, sign, max(0, d.param(0, 0)-blanks), rest, 0, d.param(4, 0), d.param(5, ' ')) + strings.Repeat(" ", blanks)
	}
	return exponentField(x, sign, d)
}

// money is ~decimals,whole,width,fill$.
func money(x decimal, sign string, d directive) string {
	s := x.fixed(d.param(0, 2))
	if n := d.param(1, 1) - strings.IndexByte(s, '.'); n > 0 {
		s = strings.Repeat("0", n) + s
	}
	width, fill := d.param(2, 0), d.param(3, ' ')
	if d.colon { // the sign stands before the fill
		return sign + field("", s, width-len(sign), fill, 0)
	}
	return field(sign, s, width, fill, 0)
}
