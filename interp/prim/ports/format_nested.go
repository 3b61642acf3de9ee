package ports

import (
	"strings"
	"unicode"

	"fruix/interp/datum"
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
		inner := &formatter{c: f.c, numbers: f.numbers, text: f.text, args: f.args, next: f.next, column: f.col()}
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
	text := f.text
	if body.from == body.to { // an empty body stands for one that comes as argument
		v, err := f.arg()
		if err != nil {
			return err
		}
		s, err := arg.Str("format", f.next, v)
		if err != nil {
			return err
		}
		text = s.Runes(0, s.Len())
		body.from, body.to = 0, len(text)
	}
	items := f.args[f.next:]
	if d.at {
		f.next = len(f.args)
	} else {
		v, err := f.arg()
		if err != nil {
			return err
		}
		if arg.Length(v) < 0 {
			return f.fail("argument of ~~{ is not a list")
		}
		if items, err = arg.List("format", f.next+1, v); err != nil {
			return err
		}
	}
	limit := d.param(0, -1)
	inner := &formatter{c: f.c, numbers: f.numbers, text: text, args: items, column: f.col()}
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
			sub := &formatter{c: f.c, numbers: f.numbers, text: text, args: l, column: inner.col()}
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
		if inner.next == before && limit < 0 && inner.next < len(items) {
			return f.fail("~~{ takes no argument in its body and would never end")
		}
	}
	f.out.WriteString(inner.out.String())
	return nil
}

// formatPrimitives lists what (ice-9 format) re-exports.
func formatPrimitives() []*datum.Primitive {
	return []*datum.Primitive{arg.FN("%format", 2, -1, fullFormat)}
}
