package num

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"fruix/interp/datum"
)

// maxExponent bounds the decimal exponent of exact numbers (#e1e999…).
const maxExponent = 1 << 22

// Parse reads the external representation of a number (R7RS 7.1.1) in a radix
// from 2 to 36, prefixes such as #x and #e included. Decimal fractions are
// rounded correctly. ok is false when s is not a number.
func Parse(s string, radix int) (v datum.Value, ok bool) {
	if radix == 10 && len(s) < 18 {
		if v, ok := parseSmall(s); ok {
			return v, true
		}
	}
	exactness := byte(0)
	seenRadix := false
	for len(s) >= 2 && s[0] == '#' {
		c := s[1] | 0x20
		switch c {
		case 'e', 'i':
			if exactness != 0 {
				return v, false
			}
			exactness = c
		case 'x', 'b', 'o', 'd':
			if seenRadix {
				return v, false
			}
			seenRadix = true
			radix = map[byte]int{'x': 16, 'b': 2, 'o': 8, 'd': 10}[c]
		default:
			return v, false
		}
		s = s[2:]
	}
	p := parser{radix: radix, exactness: exactness}
	return p.complex(s)
}

// parseSmall reads a plain decimal fixnum.
func parseSmall(s string) (datum.Value, bool) {
	i, neg := 0, false
	if len(s) > 1 && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		i = 1
	}
	if i == len(s) {
		return datum.Unset, false
	}
	n := int64(0)
	for ; i < len(s); i++ {
		d := s[i] - '0'
		if d > 9 {
			return datum.Unset, false
		}
		n = n*10 + int64(d)
	}
	if neg {
		n = -n
	}
	return datum.Fix(n), true
}

type parser struct {
	radix     int
	exactness byte // 'e', 'i' or 0
}

// complex reads real, real@real, ±imaginary i and real±imaginary i.
func (p *parser) complex(s string) (datum.Value, bool) {
	if s == "" {
		return datum.Unset, false
	}
	if v, ok := p.real(s); ok {
		return v, true
	}
	if m, a, found := strings.Cut(s, "@"); found {
		x, ok1 := p.real(m)
		y, ok2 := p.real(a)
		if !ok1 || !ok2 {
			return datum.Unset, false
		}
		v, err := MakePolar(x, y)
		if err == nil && p.exactness == 'e' {
			v, err = Exact(v)
		}
		return v, err == nil
	}
	if last := s[len(s)-1]; last != 'i' && last != 'I' {
		return datum.Unset, false
	}
	s = s[:len(s)-1]
	// The sign of the imaginary part is the last one, or the one before when
	// the last one is that of an exponent.
	rest := s
	for range 2 {
		i := strings.LastIndexAny(rest, "+-")
		if i < 0 {
			break
		}
		rest = s[:i]
		im, ok := p.imaginary(s[i:])
		if !ok {
			continue
		}
		if i == 0 {
			return rectangular(zero, im), true
		}
		if re, ok := p.real(s[:i]); ok {
			return rectangular(re, im), true
		}
	}
	return datum.Unset, false
}

// imaginary reads a signed real; a sign alone is one.
func (p *parser) imaginary(s string) (datum.Value, bool) {
	if len(s) == 1 {
		n := datum.Fix(1)
		if s[0] == '-' {
			n = datum.Fix(-1)
		}
		if p.exactness == 'i' {
			return datum.Flo(float64(n.Fix())), true
		}
		return n, true
	}
	return p.real(s)
}

// real reads an integer, fraction, decimal or infinity.
func (p *parser) real(s string) (datum.Value, bool) {
	if len(s) == 6 && (s[0] == '+' || s[0] == '-') {
		switch strings.ToLower(s[1:]) {
		case "inf.0":
			if p.exactness == 'e' {
				return datum.Unset, false
			}
			return datum.Flo(math.Inf(int(',') - int(s[0]))), true
		case "nan.0":
			if p.exactness == 'e' {
				return datum.Unset, false
			}
			return datum.Flo(math.NaN()), true
		}
	}
	if p.exactness != 'e' && len(s) > 5 && strings.EqualFold(s[1:5], "nan.") && (s[0] == '+' || s[0] == '-') {
		// Guile's NaNs may carry a payload, which is not kept.
		if _, ok := p.digits(s[5:]); ok {
			return datum.Flo(math.NaN()), true
		}
	}
	body, neg := s, false
	if body != "" && (body[0] == '+' || body[0] == '-') {
		neg = body[0] == '-'
		body = body[1:]
	}
	if body == "" {
		return datum.Unset, false
	}
	if strings.Contains(body, "#") {
		// R5RS: digits that are not known, which make the number inexact.
		plain, ok := unknownDigits(body)
		if !ok {
			return datum.Unset, false
		}
		q := parser{radix: p.radix, exactness: 'i'}
		if neg {
			plain = "-" + plain
		}
		v, ok := q.real(plain)
		if ok && p.exactness == 'e' {
			exact, err := Exact(v)
			return exact, err == nil
		}
		return v, ok
	}
	if n, d, found := strings.Cut(body, "/"); found {
		x, ok1 := p.digits(n)
		y, ok2 := p.digits(d)
		if !ok1 || !ok2 {
			return datum.Unset, false
		}
		if neg {
			x.Neg(x)
		}
		if y.Sign() == 0 {
			return datum.Unset, false
		}
		return p.finish(datum.Rat(new(big.Rat).SetFrac(x, y))), true
	}
	if x, ok := p.digits(body); ok {
		if neg {
			x.Neg(x)
			if x.Sign() == 0 && p.exactness == 'i' {
				return datum.Flo(math.Copysign(0, -1)), true
			}
		}
		return p.finish(datum.Big(x)), true
	}
	if p.radix == 10 {
		return p.decimal(body, neg)
	}
	return datum.Unset, false
}

// unknownDigits replaces the marks # at the end of the digits of a number by
// zeros; ok is false when one stands anywhere else.
func unknownDigits(s string) (plain string, ok bool) {
	var b strings.Builder
	seenDigit, seenMark := false, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '#':
			if !seenDigit {
				return "", false
			}
			seenMark = true
			c = '0'
		case digitValue(c) < 10:
			if seenMark {
				return "", false
			}
			seenDigit = true
		case c != '.':
			seenDigit, seenMark = false, false // an exponent or a denominator
		}
		b.WriteByte(c)
	}
	return b.String(), true
}

func (p *parser) finish(v datum.Value) datum.Value {
	if p.exactness == 'i' {
		return datum.Flo(toFloat(v))
	}
	return v
}

// digits reads an unsigned integer.
func (p *parser) digits(s string) (*big.Int, bool) {
	if s == "" {
		return nil, false
	}
	for i := 0; i < len(s); i++ {
		if digitValue(s[i]) >= p.radix {
			return nil, false
		}
	}
	return new(big.Int).SetString(s, p.radix)
}

func digitValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	}
	return 99
}

// decimal reads digits with a point or an exponent.
func (p *parser) decimal(s string, neg bool) (datum.Value, bool) {
	i, nd, point := 0, 0, -1
	for ; i < len(s); i++ {
		c := s[i]
		if c >= '0' && c <= '9' {
			nd++
			continue
		}
		if c == '.' && point < 0 {
			point = i
			continue
		}
		break
	}
	if nd == 0 {
		return datum.Unset, false
	}
	mantissa, exp := s[:i], ""
	if i < len(s) {
		switch s[i] | 0x20 {
		case 'e', 's', 'f', 'd', 'l':
		default:
			return datum.Unset, false
		}
		exp = s[i+1:]
		digits := strings.TrimLeft(exp, "+-")
		if digits == "" || len(exp)-len(digits) > 1 {
			return datum.Unset, false
		}
		for j := 0; j < len(digits); j++ {
			if digits[j] < '0' || digits[j] > '9' {
				return datum.Unset, false
			}
		}
	}
	if p.exactness == 'e' {
		return exactDecimal(mantissa, exp, neg)
	}
	text := mantissa
	if exp != "" {
		text += "e" + exp
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) && f != 0 {
		return datum.Unset, false
	}
	if neg {
		f = -f
	}
	return datum.Flo(f), true
}

func exactDecimal(mantissa, exp string, neg bool) (datum.Value, bool) {
	e := 0
	if exp != "" {
		var err error
		if e, err = strconv.Atoi(exp); err != nil || e > maxExponent || e < -maxExponent {
			return datum.Unset, false
		}
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	n, ok := new(big.Int).SetString(whole+frac, 10)
	if !ok {
		return datum.Unset, false
	}
	if neg {
		n.Neg(n)
	}
	e -= len(frac)
	pow := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(e, -e))), nil)
	if e >= 0 {
		return datum.Big(n.Mul(n, pow)), true
	}
	return datum.Rat(new(big.Rat).SetFrac(n, pow)), true
}
