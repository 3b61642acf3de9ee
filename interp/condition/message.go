package condition

import (
	"strconv"
	"strings"

	"fruix/interp/datum"
)

// Show renders values for messages.
type Show struct{ Write, Display func(datum.Value) string }

// maxShown is how much of an irritant a message shows.
const maxShown = 400

func clip(s string) string {
	if len(s) <= maxShown {
		return s
	}
	cut := maxShown
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}

// Format expands the directives ~A, ~S and ~% of a message.
func Format(message string, irritants []datum.Value, show Show) string {
	var b strings.Builder
	for i := 0; i < len(message); i++ {
		if message[i] != '~' || i+1 == len(message) {
			b.WriteByte(message[i])
			continue
		}
		i++
		switch message[i] {
		case 'A', 'a', 'S', 's':
			if len(irritants) == 0 {
				b.WriteByte('~')
				b.WriteByte(message[i])
				continue
			}
			switch quoted := message[i] == 'S' || message[i] == 's'; {
			case quoted:
				b.WriteString(clip(show.Write(irritants[0])))
			case irritants[0].IsString():
				// Text that was written to be read is shown in full.
				b.WriteString(show.Display(irritants[0]))
			default:
				b.WriteString(clip(show.Display(irritants[0])))
			}
			irritants = irritants[1:]
		case '%':
			b.WriteByte('\n')
		case '~':
			b.WriteByte('~')
		default:
			b.WriteByte('~')
			b.WriteByte(message[i])
		}
	}
	return b.String()
}

// Describe renders what was raised as one message, as Guile prints it.
func (t *Types) Describe(v datum.Value, show Show) string {
	if !t.Is(v) {
		return "uncaught exception: " + clip(show.Write(v))
	}
	if r, ok := t.Find(v, t.Quit); ok {
		return "exit with " + show.Write(r.Fields[0])
	}
	m, hasMessage := t.Find(v, t.Message)
	if !hasMessage {
		if r, ok := t.Find(v, t.KindAndArgs); ok {
			if args := list(r.Fields[1]); r.Fields[0] == datum.Sym("match-error") && len(args) == 3 {
				// (who message value), as (ice-9 match) throws it
				return show.Display(args[0]) + ": " + show.Display(args[1]) + " for " + clip(show.Write(args[2]))
			}
			return "Throw to key `" + show.Display(r.Fields[0]) + "' with args `" + clip(show.Write(r.Fields[1])) + "'."
		}
		return "uncaught exception: " + clip(t.names(v))
	}
	var irritants []datum.Value
	if r, ok := t.Find(v, t.Irritants); ok {
		irritants = list(r.Fields[0])
	}
	text := show.Display(m.Fields[0])
	key, args := t.KeyArgs(v)
	hasKind := key != datum.Sym("%exception")
	if key == datum.Sym("syntax-error") && irritants == nil {
		return t.describeSyntax(v, text, show)
	}
	if key == datum.Sym("unbound-variable") || strings.Contains(text, "~") || hasKind && len(list(args)) >= 3 {
		text = Format(text, irritants, show)
	} else {
		for _, i := range irritants {
			text += " " + clip(show.Write(i))
		}
	}
	if r, ok := t.Find(v, t.Origin); ok && r.Fields[0].Truthy() {
		// A name with a percent sign is one of the library's own primitives,
		// which means nothing to a reader.
		if who := show.Display(r.Fields[0]); !strings.HasPrefix(who, "%") {
			text = "In procedure " + who + ": " + text
		}
	}
	return text
}

// describeSyntax tells of a syntax error, with the form where no place is known.
func (t *Types) describeSyntax(v datum.Value, text string, show Show) string {
	if r, ok := t.Find(v, t.Origin); ok && r.Fields[0].Truthy() {
		text = show.Display(r.Fields[0]) + ": " + text
	}
	if _, _, _, ok := t.Place(v); ok {
		return text
	}
	if r, ok := t.Find(v, t.Syntax); ok && r.Fields[0].Truthy() {
		text += " in " + clip(show.Write(r.Fields[0]))
	}
	return text
}

// Place is where in a text a syntax error lies, by the source properties among
// its arguments: a line from 1 and a column from 0.
func (t *Types) Place(v datum.Value) (file string, line, column int64, ok bool) {
	r, ok := t.Find(v, t.KindAndArgs)
	if !ok || r.Fields[0] != datum.Sym("syntax-error") {
		return "", 0, 0, false
	}
	args := list(r.Fields[1])
	if len(args) < 5 {
		return "", 0, 0, false
	}
	found := 0
	for _, p := range list(args[2]) {
		if !p.IsPair() {
			continue
		}
		switch k, val := p.Pair().Car, p.Pair().Cdr; {
		case k == datum.Sym("filename") && val.IsString():
			file = val.Str().Go()
			found++
		case k == datum.Sym("line") && val.IsFix():
			line = val.Fix() + 1
			found++
		case k == datum.Sym("column") && val.IsFix():
			column = val.Fix()
			found++
		}
	}
	return file, line, column, found == 3
}

func (t *Types) names(v datum.Value) string {
	var names []string
	for _, c := range t.Components(v) {
		names = append(names, c.Record().Type.Name)
	}
	return strings.Join(names, " ")
}

// ExitStatus is the status that a quit exception asks for: an integer as it
// is, #f is 1, anything else 0.
func (t *Types) ExitStatus(v datum.Value) (int, bool) {
	r, ok := t.Find(v, t.Quit)
	if !ok {
		return 0, false
	}
	switch c := r.Fields[0]; {
	case c.IsFix():
		n, err := strconv.Atoi(strconv.FormatInt(c.Fix(), 10))
		if err != nil {
			return 1, true
		}
		return n, true
	case !c.Truthy():
		return 1, true
	}
	return 0, true
}
