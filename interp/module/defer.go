package module

import (
	"bytes"

	"fruix/interp/datum"
	"fruix/interp/source"
)

// Place is where in a text something ends.
type Place struct {
	Offset    int // in bytes
	Line, Col uint32
}

// deferrable are the definitions whose evaluation has no effect but the
// definition itself, by the word they begin with.
var deferrable = map[string]bool{
	"define": true, "define*": true, "define-syntax": true, "define-syntax-rule": true,
}

// Defer looks at the form at the offset off of f, at the place at, and when it
// defines a procedure or a macro of the current module, makes its variable, to
// be evaluated when it is first needed. It returns where the form ends; ok is
// false when the form has to be evaluated in its turn.
//
// What tells a procedure is the parenthesis in "(define (name": to evaluate
// such a form early or late makes no difference to a program. Other
// definitions might have effects or depend on the moment.
func (r *Registry) Defer(f *source.File, off int, at source.Pos) (end Place, ok bool) {
	if off >= len(f.Text) || f.Text[off] != '(' {
		return end, false
	}
	form := f.Text[off:]
	head, rest := token(form[1:])
	if !deferrable[string(head)] {
		return end, false
	}
	name, syntax, ok := definedName(form)
	if !ok || bytes.ContainsAny(name, "|\"';#`,\r") {
		return end, false
	}
	if rest = bytes.TrimLeft(rest, " "); !syntax && rest[0] != '(' {
		return end, false
	}
	m, sym := r.Current, datum.Intern(string(name))
	if m.IsInterface() || m == r.Guile || !m.means(string(head), r.Guile) {
		return end, false
	}
	old := m.vars[sym]
	if old != nil && (old.Value != datum.Unset || r.lazy[old] != nil) {
		return end, false
	}
	end, ok = skipList(f.Text, Place{off, at.Line, at.Col})
	if !ok {
		return end, false
	}
	v, _ := m.define(sym)
	l := &Lazy{Module: m, File: f, Offset: off, Line: at.Line, Col: at.Col, Syntax: syntax}
	r.lazy[v] = l
	r.note(Change{Kind: Deferred, Module: m, Name: sym, Lazy: l})
	return end, true
}

// means reports whether a name means in m what it means in the module in.
func (m *Module) means(name string, in *Module) bool {
	sym := datum.Intern(name)
	v, err := m.Lookup(sym)
	return err == nil && v != nil && v == in.vars[sym]
}

// skipList finds the end of the list that begins at p, without reading it: it
// tells strings, characters, comments and quoted symbols from parentheses, and
// that is all. ok is false when the list is not closed.
func skipList(text []byte, p Place) (end Place, ok bool) {
	depth := 0
	start := p.Offset
	col := p.Col
	for i := start; i < len(text); i++ {
		c := text[i]
		switch c {
		case '(', '[':
			depth++
		case ')', ']':
			if depth--; depth == 0 {
				return after(text, p, i+1, col), true
			}
		case '"', '|':
			if i = closing(text, i+1, c); i < 0 {
				return end, false
			}
		case ';':
			n := bytes.IndexByte(text[i:], '\n')
			if n < 0 {
				return end, false
			}
			i += n
		case '#':
			if i = skipHash(text, i); i < 0 {
				return end, false
			}
		}
	}
	return end, false
}

// skipHash returns the offset of the last byte of what begins with the "#" at
// i, as far as it could be taken for something else; -1 when it does not end.
func skipHash(text []byte, i int) int {
	if i+1 >= len(text) {
		return -1
	}
	switch text[i+1] {
	case '\\': // a character, of which the first may be anything
		return i + 2
	case ';': // leaves out the next datum, whose parentheses match as others do
		return i + 1
	case '|':
		depth := 1
		for i += 2; i+1 < len(text); i++ {
			switch {
			case text[i] == '|' && text[i+1] == '#':
				if depth--; depth == 0 {
					return i + 1
				}
				i++
			case text[i] == '#' && text[i+1] == '|':
				depth++
				i++
			}
		}
		return -1
	case '{':
		n := bytes.Index(text[i:], []byte("}#"))
		if n < 0 {
			return -1
		}
		return i + n + 1
	}
	return i
}

// closing returns the offset of the next c that no backslash escapes, or -1.
func closing(text []byte, i int, c byte) int {
	for ; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case c:
			return i
		}
	}
	return -1
}

// after is the place of the offset to, given that of p before it.
func after(text []byte, p Place, to int, col uint32) Place {
	for _, c := range string(text[p.Offset:to]) {
		if c == '\n' {
			p.Line++
			col = 1
		} else {
			col++
		}
	}
	return Place{to, p.Line, col}
}
