package ports

import (
	"strings"
	"unicode"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
)

// clause is one part of a conditional or iteration: text[from:to], and the
// directive that ends it.
type clause struct {
	from, to int
	end      directive
}

// clauses splits the body that starts at i up to the closing directive.
func (f *formatter) clauses(i int, open, closing rune) ([]clause, int, error) {
	var out []clause
	depth, from := 0, i
	for i < len(f.text) {
		if f.text[i] != '~' {
			i++
			continue
		}
		saved := f.next // "v" parameters of inner directives are read later
		d, err := f.parse(i + 1)
		f.next = saved
		if err != nil {
			return nil, 0, err
		}
		switch {
		case d.char == open:
			depth++
		case d.char == closing && depth > 0:
			depth--
		case d.char == closing:
			return append(out, clause{from, i, d}), d.end, nil
		case d.char == ';' && depth == 0 && open == '[':
			out = append(out, clause{from, i, d})
			from = d.end
		}
		i = d.end
	}
	return nil, 0, f.fail("~~%c is never closed", open)
}

// nested performs ~[…~], ~{…~} and ~(…~); it returns where to go on.
func (f *formatter) nested(d directive) (next int, stop bool, err error) {
	closing := map[rune]rune{'[': ']', '{': '}', '(': ')'}[d.char]
	parts, next, err := f.clauses(d.end, d.char, closing)
	if err != nil {
		return 0, false, err
	}
	switch d.char {
	case '[':
		stop, err = f.conditional(d, parts)
	case '{':
		err = f.iterate(d, parts[0])
	default:
		inner := &formatter{c: f.c, text: f.text, args: f.args, next: f.next, column: f.col()}
		stop, err = inner.run(parts[0].from, parts[0].to)
		f.next = inner.next
		f.out.WriteString(caseConvert(inner.out.String(), d))
	}
	return next, stop, err
}

func caseConvert(s string, d directive) string {
	lower := strings.ToLower(s)
	switch {
	case d.at && d.colon:
		return strings.ToUpper(s)
	case d.colon:
		return string(titled([]rune(lower), true))
	case d.at:
		return string(titled([]rune(lower), false))
	}
	return lower
}

// titled capitalises each word, or only the first.
func titled(rs []rune, all bool) []rune {
	in, first := false, true
	for i, r := range rs {
		letter := unicode.IsLetter(r) || unicode.IsDigit(r)
		if letter && !in && (all || first) {
			rs[i] = unicode.ToUpper(r)
			first = false
		}
		in = letter
	}
	return rs
}

func (f *formatter) conditional(d directive, parts []clause) (bool, error) {
	pick := -1
	switch {
	case d.at:
		if f.next >= len(f.args) {
			return false, f.fail("missing argument for the control string")
		}
		if !f.args[f.next].Truthy() {
			f.next++
			return false, nil
		}
		pick = 0
	case d.colon:
		v, err := f.arg()
		if err != nil {
			return false, err
		}
		if v.Truthy() {
			pick = 1
		} else {
			pick = 0
		}
	default:
		n := d.param(0, -1)
		if n < 0 {
			v, err := f.arg()
			if err != nil {
				return false, err
			}
			if !v.IsFix() {
				return false, f.fail("~~[ needs an integer")
			}
			n = int(v.Fix())
		}
		if n >= 0 && n < len(parts) {
			pick = n
		} else if k := len(parts) - 1; k > 0 && parts[k-1].end.colon {
			pick = k
		}
	}
	if pick < 0 || pick >= len(parts) {
		return false, nil
	}
	return f.run(parts[pick].from, parts[pick].to)
}

// iterate performs ~{…~}: over a list, over lists in a list (:), over the
// arguments (@), or both.
func (f *formatter) iterate(d directive, body clause) error {
	items := f.args[f.next:]
	if d.at {
		f.next = len(f.args)
	} else {
		v, err := f.arg()
		if err != nil {
			return err
		}
		if items, err = arg.List("format", f.next+1, v); err != nil {
			return err
		}
	}
	limit := d.param(0, -1)
	inner := &formatter{c: f.c, text: f.text, args: items, column: f.col()}
	for n := 0; (limit < 0 || n < limit) && (inner.next < len(items) || n == 0 && body.end.colon); n++ {
		before := inner.next
		if d.colon {
			if inner.next >= len(items) {
				break
			}
			l, err := arg.List("format", 1, items[inner.next])
			if err != nil {
				return err
			}
			sub := &formatter{c: f.c, text: f.text, args: l, column: inner.col()}
			if _, err := sub.run(body.from, body.to); err != nil {
				return err
			}
			inner.out.WriteString(sub.out.String())
			inner.next++
			continue
		}
		stop, err := inner.run(body.from, body.to)
		if err != nil {
			return err
		}
		if stop {
			break
		}
		if inner.next == before && limit < 0 {
			return f.fail("~~{ takes no argument in its body and would never end")
		}
	}
	f.out.WriteString(inner.out.String())
	return nil
}

// words writes ~r without a radix: cardinal and ordinal (:) numbers in
// English, Roman numerals (@).
func (f *formatter) words(d directive) error {
	v, err := f.arg()
	if err != nil {
		return err
	}
	n, ok := num.Int64(v)
	if !ok || n < -999999999999 || n > 999999999999 {
		f.out.WriteString(num.Format(v, 10))
		return nil
	}
	switch {
	case d.at && (n < 1 || n > 3999):
		return f.fail("only 1 to 3999 have Roman numerals")
	case d.at:
		f.out.WriteString(roman(n))
	case d.colon:
		f.out.WriteString(ordinal(cardinal(n)))
	default:
		f.out.WriteString(cardinal(n))
	}
	return nil
}

func roman(n int64) string {
	s := ""
	for _, r := range []struct {
		n int64
		s string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for n >= r.n {
			s += r.s
			n -= r.n
		}
	}
	return s
}

var small = strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
var tens = strings.Fields("_ _ twenty thirty forty fifty sixty seventy eighty ninety")

func cardinal(n int64) string {
	switch {
	case n < 0:
		return "minus " + cardinal(-n)
	case n < 20:
		return small[n]
	case n < 100:
		if n%10 == 0 {
			return tens[n/10]
		}
		return tens[n/10] + "-" + small[n%10]
	case n < 1000:
		return join2(small[n/100]+" hundred", n%100, " ")
	case n < 1000000:
		return join2(cardinal(n/1000)+" thousand", n%1000, ", ")
	case n < 1000000000:
		return join2(cardinal(n/1000000)+" million", n%1000000, ", ")
	}
	return join2(cardinal(n/1000000000)+" billion", n%1000000000, ", ")
}

func join2(head string, rest int64, sep string) string {
	if rest == 0 {
		return head
	}
	return head + sep + cardinal(rest)
}

func ordinal(s string) string {
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

// formatPrimitives lists what (ice-9 format) re-exports.
func formatPrimitives() []*datum.Primitive {
	return []*datum.Primitive{arg.FN("%format", 1, -1, fullFormat)}
}
