// Package sexp reads and writes canonical S-expressions, in the "advanced" form of
// R. Rivest's "S-Expressions" (draft-rivest-sexp), as Libgcrypt does (its manual,
// "S-expressions"): the form of keys, signatures and access control lists of Guix.
//
// What enters is text, what leaves lists of atoms, which are bytes; and back.
package sexp

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Value is an atom or a list. The zero value is the empty list.
type Value struct {
	Atom []byte  // not nil for an atom
	List []Value // of a list
}

// Bounds of what is read.
const (
	MaxSize  = 1 << 20
	MaxDepth = 64
)

// Symbol is an atom of a text.
func Symbol(name string) Value { return Value{Atom: []byte(name)} }

// Bytes is an atom.
func Bytes(b []byte) Value { return Value{Atom: append([]byte{}, b...)} }

// List is a list of elements.
func List(elements ...Value) Value { return Value{List: elements} }

// IsAtom says whether v is an atom.
func (v Value) IsAtom() bool { return v.Atom != nil }

// Is says whether v is the atom name.
func (v Value) Is(name string) bool { return v.Atom != nil && string(v.Atom) == name }

// Tagged says whether v is a list that begins with the atom name.
func (v Value) Tagged(name string) bool { return len(v.List) > 0 && v.List[0].Is(name) }

// Find returns the first list that begins with the atom name: v itself or one in it,
// at any depth.
func (v Value) Find(name string) (Value, bool) {
	if v.Tagged(name) {
		return v, true
	}
	for _, e := range v.List {
		if found, ok := e.Find(name); ok {
			return found, true
		}
	}
	return Value{}, false
}

// Field returns the atom that stands second in the first list, of v and those in it,
// that begins with name; nil when there is none.
func (v Value) Field(name string) []byte {
	l, ok := v.Find(name)
	if !ok || len(l.List) != 2 {
		return nil
	}
	return l.List[1].Atom
}

// SyntaxError says what is wrong at which byte of a text.
type SyntaxError struct {
	Offset int
	Msg    string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("bad S-expression, byte %d: %s", e.Offset, e.Msg)
}

// Parse reads the one S-expression that text holds.
func Parse(text []byte) (Value, error) {
	if len(text) > MaxSize {
		return Value{}, &SyntaxError{MaxSize, "too long"}
	}
	p := &parser{text: text}
	v, err := p.value(0)
	if err != nil {
		return Value{}, err
	}
	if p.space(); p.at < len(text) {
		return Value{}, p.fail("something follows it")
	}
	return v, nil
}

type parser struct {
	text []byte
	at   int
}

func (p *parser) fail(format string, args ...any) error {
	return &SyntaxError{p.at, fmt.Sprintf(format, args...)}
}

// space passes over white space; a NUL ends texts that C programs have written.
func (p *parser) space() {
	for p.at < len(p.text) && bytes.IndexByte([]byte(" \t\v\n\r\f\x00"), p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *parser) value(depth int) (Value, error) {
	if depth > MaxDepth {
		return Value{}, p.fail("nested too deeply")
	}
	p.space()
	if p.at == len(p.text) {
		return Value{}, p.fail("it ends too soon")
	}
	switch c := p.text[p.at]; {
	case c == '(':
		return p.list(depth)
	case c == '#':
		return p.encoded('#', func(s string) ([]byte, error) { return hex.DecodeString(s) })
	case c == '|':
		return p.encoded('|', func(s string) ([]byte, error) { return base64.StdEncoding.DecodeString(s) })
	case c == '"':
		return p.quoted()
	case c >= '0' && c <= '9':
		return p.counted()
	case isToken(c):
		begin := p.at
		for p.at < len(p.text) && isToken(p.text[p.at]) {
			p.at++
		}
		return Bytes(p.text[begin:p.at]), nil
	default:
		return Value{}, p.fail("%q does not begin anything", c)
	}
}

func (p *parser) list(depth int) (Value, error) {
	p.at++
	var v Value
	for {
		p.space()
		if p.at < len(p.text) && p.text[p.at] == ')' {
			p.at++
			return v, nil
		}
		e, err := p.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		v.List = append(v.List, e)
	}
}

// encoded reads bytes between two marks; white space between them means nothing.
func (p *parser) encoded(mark byte, decode func(string) ([]byte, error)) (Value, error) {
	n := bytes.IndexByte(p.text[p.at+1:], mark)
	if n < 0 {
		return Value{}, p.fail("the other %c is missing", mark)
	}
	b, err := decode(strings.Join(strings.Fields(string(p.text[p.at+1:p.at+1+n])), ""))
	if err != nil {
		return Value{}, p.fail("%v", err)
	}
	p.at += n + 2
	return Bytes(b), nil
}

// counted reads "N:" and N bytes; a number without a colon is a token.
func (p *parser) counted() (Value, error) {
	begin := p.at
	for p.at < len(p.text) && isToken(p.text[p.at]) && p.text[p.at] != ':' {
		p.at++
	}
	digits := string(p.text[begin:p.at])
	if p.at == len(p.text) || p.text[p.at] != ':' {
		return Value{}, p.fail("a token begins with a digit")
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n > len(p.text)-p.at-1 || len(digits) > 1 && digits[0] == '0' {
		return Value{}, p.fail("%q is no length", digits)
	}
	p.at += 1 + n
	return Bytes(p.text[p.at-n : p.at]), nil
}

// escapes are those of C.
const escapes = "b\bt\tv\vn\nf\fr\r\"\"''\\\\"

func (p *parser) quoted() (Value, error) {
	p.at++
	out := []byte{}
	for p.at < len(p.text) {
		c := p.text[p.at]
		p.at++
		switch c {
		case '"':
			return Bytes(out), nil
		case '\\':
			b, err := p.escape()
			if err != nil {
				return Value{}, err
			}
			out = append(out, b...)
		default:
			out = append(out, c)
		}
	}
	return Value{}, p.fail("the other \" is missing")
}

// escape reads what follows a backslash: a letter, three octal digits, x and two
// hexadecimal ones, or the end of a line, which means nothing.
func (p *parser) escape() ([]byte, error) {
	rest := p.text[p.at:]
	number := func(skip, digits, base int) ([]byte, error) {
		if len(rest) >= skip+digits {
			if n, err := strconv.ParseUint(string(rest[skip:skip+digits]), base, 8); err == nil {
				p.at += skip + digits
				return []byte{byte(n)}, nil
			}
		}
		return nil, p.fail("a bad number after a backslash")
	}
	switch {
	case len(rest) == 0:
		return nil, p.fail("the other \" is missing")
	case rest[0] == 'x':
		return number(1, 2, 16)
	case rest[0] >= '0' && rest[0] <= '7':
		return number(0, 3, 8)
	case bytes.HasPrefix(rest, []byte("\r\n")) || bytes.HasPrefix(rest, []byte("\n\r")):
		p.at += 2
		return nil, nil
	case rest[0] == '\n' || rest[0] == '\r':
		p.at++
		return nil, nil
	}
	for i := 0; i < len(escapes); i += 2 {
		if escapes[i] == rest[0] {
			p.at++
			return []byte{escapes[i+1]}, nil
		}
	}
	return nil, p.fail("%q after a backslash", rest[0])
}

// isToken says whether c may stand in an atom that is written as it is.
func isToken(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || bytes.IndexByte([]byte("-./_:*+="), c) >= 0
}

// String is v on one line: atoms that are tokens as they are, all others in
// hexadecimal digits.
func (v Value) String() string {
	var b strings.Builder
	v.write(&b)
	return b.String()
}

func (v Value) write(b *strings.Builder) {
	if v.IsAtom() {
		if isSymbol(v.Atom) {
			b.Write(v.Atom)
		} else {
			fmt.Fprintf(b, "#%X#", v.Atom)
		}
		return
	}
	b.WriteByte('(')
	for i, e := range v.List {
		if i > 0 {
			b.WriteByte(' ')
		}
		e.write(b)
	}
	b.WriteByte(')')
}

// isSymbol says whether an atom can be written as it is.
func isSymbol(atom []byte) bool {
	if len(atom) == 0 || atom[0] >= '0' && atom[0] <= '9' {
		return false
	}
	for _, c := range atom {
		if !isToken(c) {
			return false
		}
	}
	return true
}
