package ports

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/print"
)

// fullFormat is format of (ice-9 format) behind a procedure that writes
// numbers as a locale has them: (%format localize destination message args…)
// with the directives of Common Lisp (Guile manual, "Formatted Output").
func fullFormat(c datum.Caller, args []datum.Value) (datum.Value, error) {
	numbers, dest := args[0], args[1]
	args = args[2:]
	if dest.IsString() { // (format "message" args…) gives a string
		args = append([]datum.Value{dest}, args...)
		dest = datum.False
	}
	if len(args) == 0 {
		return datum.Unset, datum.Misc("format", "no control string given")
	}
	message, err := arg.Str("format", 2, args[0])
	if err != nil {
		return datum.Unset, err
	}
	f := &formatter{c: c, numbers: numbers, text: message.Runes(0, message.Len()), args: args[1:]}
	var p *port.Port
	if dest != datum.False {
		if p, err = outputPort(c, "format", 1, dest); err != nil {
			return datum.Unset, err
		}
		f.column = p.ColNo
	}
	if _, err := f.run(0, len(f.text)); err != nil {
		return datum.Unset, err
	}
	if p == nil {
		return datum.NewString(f.out.String()), nil
	}
	return wrote("format", p, p.WriteText(f.out.String()))
}

// maxWidth bounds paddings and repetitions asked for by a control string.
const maxWidth = 1 << 20

type formatter struct {
	c       datum.Caller
	numbers datum.Value // the procedure behind ~h
	text    []rune
	args    []datum.Value
	next    int
	out     strings.Builder
	column  int // where the output began
}

// param is one prefix parameter; set is false for an empty place.
type param struct {
	n   int
	set bool
}

// directive is one parsed ~…x.
type directive struct {
	char      rune
	params    []param
	at, colon bool
	end       int // index after the directive
}

func (f *formatter) fail(format string, a ...any) error {
	return datum.Misc("format", "~A", datum.NewString("FORMAT: "+fmt.Sprintf(format, a...)))
}

func (f *formatter) arg() (datum.Value, error) {
	if f.next >= len(f.args) {
		return datum.Unset, f.fail("missing argument for the control string")
	}
	f.next++
	return f.args[f.next-1], nil
}

// col is the column that the output has reached.
func (f *formatter) col() int {
	s := f.out.String()
	if i := strings.LastIndexByte(s, '\n'); i >= 0 {
		return len([]rune(s[i+1:]))
	}
	return f.column + len([]rune(s))
}

// parse reads the directive whose tilde stands at i-1.
func (f *formatter) parse(i int) (directive, error) {
	var d directive
	for i < len(f.text) {
		switch ch := f.text[i]; {
		case ch >= '0' && ch <= '9' || (ch == '-' || ch == '+') && i+1 < len(f.text) && unicode.IsDigit(f.text[i+1]):
			j := i + 1
			for j < len(f.text) && f.text[j] >= '0' && f.text[j] <= '9' {
				j++
			}
			n, err := strconv.Atoi(string(f.text[i:j]))
			if err != nil || n > maxWidth || n < -maxWidth {
				return d, f.fail("parameter out of range")
			}
			d.params = append(d.params, param{n, true})
			i = j
			if i < len(f.text) && f.text[i] == ',' {
				i++
				if i < len(f.text) && f.text[i] == ',' {
					continue
				}
			}
		case ch == '\'' && i+1 < len(f.text):
			d.params = append(d.params, param{int(f.text[i+1]), true})
			i += 2
			if i < len(f.text) && f.text[i] == ',' {
				i++
			}
		case ch == ',':
			d.params = append(d.params, param{})
			i++
		case ch == 'v' || ch == 'V':
			v, err := f.arg()
			if err != nil {
				return d, err
			}
			p := param{}
			if v.IsFix() && v.Fix() < maxWidth && v.Fix() > -maxWidth {
				p = param{int(v.Fix()), true}
			} else if v.IsChar() {
				p = param{int(v.Char()), true}
			}
			d.params = append(d.params, p)
			i++
			if i < len(f.text) && f.text[i] == ',' {
				i++
			}
		case ch == '#':
			d.params = append(d.params, param{len(f.args) - f.next, true})
			i++
			if i < len(f.text) && f.text[i] == ',' {
				i++
			}
		case ch == '@':
			d.at = true
			i++
		case ch == ':':
			d.colon = true
			i++
		default:
			d.char, d.end = unicode.ToLower(ch), i+1
			return d, nil
		}
	}
	d.char, d.end = '~', len(f.text) // a tilde at the end stands for itself
	return d, nil
}

func (d *directive) param(i, def int) int {
	if i < len(d.params) && d.params[i].set {
		return d.params[i].n
	}
	return def
}

// run formats text[i:end]; stop is true when ~^ ended it.
func (f *formatter) run(i, end int) (stop bool, err error) {
	for i < end {
		if f.text[i] != '~' {
			f.out.WriteRune(f.text[i])
			i++
			continue
		}
		d, err := f.parse(i + 1)
		if err != nil {
			return false, err
		}
		i = d.end
		switch d.char {
		case '[', '{', '(':
			var next int
			if next, stop, err = f.nested(d); err != nil || stop {
				return stop, err
			}
			i = next
		case '^':
			if f.next >= len(f.args) {
				return true, nil
			}
		case '\n':
			for !d.colon && i < end && (f.text[i] == ' ' || f.text[i] == '\t') {
				i++
			}
			if d.at {
				f.out.WriteByte('\n')
			}
		default:
			if err := f.simple(d); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// simple performs a directive without a body.
func (f *formatter) simple(d directive) error {
	switch d.char {
	case 'a', 's', 'y', 'w':
		v, err := f.arg()
		if err != nil {
			return err
		}
		mode := print.Write
		if d.char == 'a' {
			mode = print.Display
		}
		s, err := Text(f.c, v, mode)
		if err != nil {
			return err
		}
		if d.colon && strings.HasPrefix(s, "#<") { // what cannot be read, as a string
			s = string(print.AppendString(nil, datum.NewString(s).Str()))
		}
		if d.char == 'y' {
			s += "\n"
		}
		f.out.WriteString(padText(s, d))
	case 'd', 'x', 'o', 'b':
		return f.integer(d, map[rune]int{'d': 10, 'x': 16, 'o': 8, 'b': 2}[d.char], 0)
	case 'r':
		if len(d.params) == 0 || !d.params[0].set {
			return f.words(d)
		}
		if r := d.params[0].n; r < 2 || r > 36 {
			return f.fail("radix out of range")
		}
		return f.integer(d, d.params[0].n, 1)
	case 'c':
		v, err := f.arg()
		if err != nil {
			return err
		}
		if !v.IsChar() {
			return f.fail("~~c needs a character")
		}
		switch c := v.Char(); {
		case d.at && !d.colon:
			f.out.WriteString(print.CharName(c))
		case d.colon && c < ' ':
			f.out.WriteString("^" + string(c+'@'))
		default:
			f.out.WriteRune(c)
		}
	case 'f', 'e', 'g', '$':
		return f.float(d)
	case 'h':
		return f.localized(d)
	case '%':
		f.out.WriteString(strings.Repeat("\n", max(d.param(0, 1), 0)))
	case '&':
		if f.col() > 0 {
			f.out.WriteByte('\n')
		}
		f.out.WriteString(strings.Repeat("\n", max(d.param(0, 1)-1, 0)))
	case '~':
		f.out.WriteString(strings.Repeat("~", max(d.param(0, 1), 0)))
	case '_':
		f.out.WriteString(strings.Repeat(" ", max(d.param(0, 1), 0)))
	case '/':
		f.out.WriteString(strings.Repeat("\t", max(d.param(0, 1), 0)))
	case '|':
		f.out.WriteString(strings.Repeat("\f", max(d.param(0, 1), 0)))
	case 't':
		f.tab(d)
	case 'p':
		if d.colon {
			f.next = max(f.next-1, 0)
		}
		v, err := f.arg()
		if err != nil {
			return err
		}
		one, _ := num.NumEq(v, datum.Fix(1))
		switch {
		case d.at && one:
			f.out.WriteString("y")
		case d.at:
			f.out.WriteString("ies")
		case !one:
			f.out.WriteString("s")
		}
	case '*':
		switch n := d.param(0, 1); {
		case d.at:
			f.next = d.param(0, 0)
		case d.colon:
			f.next -= n
		default:
			f.next += n
		}
		if f.next < 0 || f.next > len(f.args) {
			return f.fail("argument position out of range")
		}
	case '?', 'k':
		return f.indirect(d)
	case '!': // flushes the output, which format does in any case
	case 'q', 'i':
		return f.fail("directive ~~%c is not supported", d.char)
	default:
		return f.fail("unknown directive ~~%c", d.char)
	}
	return nil
}

func padText(s string, d directive) string {
	min, inc, pad := d.param(0, 0), max(d.param(1, 1), 1), d.param(2, 0)
	fill := string(rune(d.param(3, ' ')))
	n := pad
	for len([]rune(s))+n < min {
		n += inc
	}
	if d.at {
		return strings.Repeat(fill, n) + s
	}
	return s + strings.Repeat(fill, n)
}

func (f *formatter) integer(d directive, radix, at int) error {
	v, err := f.arg()
	if err != nil {
		return err
	}
	if !num.IsExactInteger(v) {
		return f.fail("argument of ~~%c is not an exact integer", d.char)
	}
	s := num.Format(v, radix)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	} else if d.at {
		sign = "+"
	}
	if d.colon {
		sep, group := string(rune(d.param(at+2, ','))), max(d.param(at+3, 3), 1)
		for i := len(s) - group; i > 0; i -= group {
			s = s[:i] + sep + s[i:]
		}
	}
	s = sign + s
	if n := d.param(at, 0) - len([]rune(s)); n > 0 {
		s = strings.Repeat(string(rune(d.param(at+1, ' '))), n) + s
	}
	f.out.WriteString(s)
	return nil
}

func (f *formatter) tab(d directive) {
	to, inc := d.param(0, 1), d.param(1, 1)
	col := f.col()
	if d.at { // relative
		n := to
		if inc > 0 && (col+n)%inc != 0 {
			n += inc - (col+n)%inc
		}
		f.out.WriteString(strings.Repeat(" ", max(n, 0)))
		return
	}
	switch {
	case col < to:
		f.out.WriteString(strings.Repeat(" ", to-col))
	case inc > 0:
		f.out.WriteString(strings.Repeat(" ", (inc-(col-to)%inc)%inc))
	}
}

func (f *formatter) indirect(d directive) error {
	v, err := f.arg()
	if err != nil {
		return err
	}
	s, err := arg.Str("format", 2, v)
	if err != nil {
		return err
	}
	inner := &formatter{c: f.c, numbers: f.numbers, text: s.Runes(0, s.Len()), args: f.args[f.next:], column: f.col()}
	if !d.at {
		l, err := f.arg()
		if err != nil {
			return err
		}
		if inner.args, err = arg.List("format", 3, l); err != nil {
			return err
		}
	}
	if _, err := inner.run(0, len(inner.text)); err != nil {
		return err
	}
	if d.at {
		f.next += inner.next
	}
	f.out.WriteString(inner.out.String())
	return nil
}
