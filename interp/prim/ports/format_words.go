package ports

import (
	"math/big"
	"strings"

	"fruix/interp/datum"
	"fruix/interp/num"
)

// maxRoman bounds Roman numerals, which have a letter for each thousand.
const maxRoman = 1_000_000

// words writes ~r without a radix: cardinal and ordinal (:) numbers in
// English, Roman numerals (@), those without subtraction (:@).
func (f *formatter) words(d directive) error {
	v, err := f.arg()
	if err != nil {
		return err
	}
	n, ok := num.BigInt(v)
	if !ok {
		return f.fail("argument of ~~r is not an exact integer")
	}
	switch {
	case d.at && (n.Sign() <= 0 || n.Cmp(big.NewInt(maxRoman)) > 0):
		return f.fail("there are Roman numerals of positive numbers up to %d only", maxRoman)
	case d.at:
		f.out.WriteString(roman(n.Int64(), d.colon))
		return nil
	}
	text, ok := cardinal(n)
	switch {
	case !ok:
		f.out.WriteString(num.Format(v, 10))
	case d.colon:
		f.out.WriteString(ordinal(text))
	default:
		f.out.WriteString(text)
	}
	return nil
}

// roman writes a positive number in letters; old numerals do not subtract.
func roman(n int64, old bool) string {
	s := ""
	for _, r := range []struct {
		n int64
		s string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for n >= r.n && !(old && len(r.s) == 2) {
			s += r.s
			n -= r.n
		}
	}
	return s
}

var (
	small = strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	tens  = strings.Fields("_ _ twenty thirty forty fifty sixty seventy eighty ninety")
	// periods are the names of the powers of a thousand.
	periods = strings.Fields("_ thousand million billion trillion quadrillion quintillion sextillion septillion octillion nonillion decillion undecillion duodecillion tredecillion quattuordecillion quindecillion sexdecillion septendecillion octodecillion novemdecillion vigintillion")
)

// cardinal writes a number in words; ok is false when it has no name.
func cardinal(n *big.Int) (text string, ok bool) {
	if n.Sign() == 0 {
		return small[0], true
	}
	rest := new(big.Int).Abs(n)
	thousand := big.NewInt(1000)
	var parts []string
	for k := 0; rest.Sign() != 0; k++ {
		if k == len(periods) {
			return "", false
		}
		group := new(big.Int)
		rest.QuoRem(rest, thousand, group)
		if group.Sign() == 0 {
			continue
		}
		part := hundreds(int(group.Int64()))
		if k > 0 {
			part += " " + periods[k]
		}
		parts = append([]string{part}, parts...)
	}
	text = strings.Join(parts, ", ")
	if n.Sign() < 0 {
		text = "minus " + text
	}
	return text, true
}

// hundreds writes a number from 1 to 999.
func hundreds(n int) string {
	var parts []string
	if n >= 100 {
		parts = append(parts, small[n/100]+" hundred")
		n %= 100
	}
	switch {
	case n == 0:
	case n < 20:
		parts = append(parts, small[n])
	case n%10 == 0:
		parts = append(parts, tens[n/10])
	default:
		parts = append(parts, tens[n/10]+"-"+small[n%10])
	}
	return strings.Join(parts, " ")
}

// ordinal makes an ordinal number of a cardinal one.
func ordinal(s string) string {
	if i := strings.LastIndex(s, ", "); i >= 0 && !strings.Contains(s[i+2:], " ") {
		s = s[:i] + s[i+1:] // one thousand first
	}
	i := strings.LastIndexAny(s, " -") + 1
	last := s[i:]
	irregular := map[string]string{"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth"}
	if o, ok := irregular[last]; ok {
		return s[:i] + o
	}
	if strings.HasSuffix(last, "y") {
		return s[:len(s)-1] + "ieth"
	}
	return s + "th"
}

// localized writes ~h: a number as the locale has it, which with : is the next
// argument.
func (f *formatter) localized(d directive) error {
	v, err := f.arg()
	if err != nil {
		return err
	}
	decimals := datum.True
	if n := d.param(1, -1); n >= 0 {
		decimals = datum.Fix(int64(n))
	}
	args := []datum.Value{v, decimals}
	if d.colon {
		locale, err := f.arg()
		if err != nil {
			return err
		}
		args = append(args, locale)
	}
	s, err := f.c.Apply(f.numbers, args...)
	if err != nil {
		return err
	}
	f.out.WriteString(field("", s.Str().Go(), d.param(0, 0), d.param(2, ' '), 0))
	return nil
}
