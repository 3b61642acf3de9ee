package datum

import (
	"strings"
	"unicode/utf8"
	"unsafe"
)

// String is a mutable string with constant-time access. While every character
// is ASCII the text is held as bytes, otherwise as code points; wide is nil in
// the first case.
type String struct {
	narrow []byte
	wide   []rune
	// Literal marks a constant of a program, which may not be changed.
	Literal bool
	share   *share // nil while no other string shows the same text
}

// NewString makes a fresh mutable string. Invalid UTF-8 becomes U+FFFD.
func NewString(s string) Value {
	return Obj(KString, unsafe.Pointer(makeString(s)))
}

func makeString(s string) *String {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return &String{wide: []rune(s)}
		}
	}
	return &String{narrow: []byte(s)}
}

// LiteralString makes a string that no program may change. It keeps text, which
// must not change either, when that is ASCII alone.
func LiteralString(text []byte) Value {
	s := &String{Literal: true}
	for _, c := range text {
		if c >= utf8.RuneSelf {
			s.wide = []rune(string(text))
			return Obj(KString, unsafe.Pointer(s))
		}
	}
	s.narrow = text
	return Obj(KString, unsafe.Pointer(s))
}

// IsString reports whether v is a string.
func (v Value) IsString() bool { return v.n == word(KString) }

// Str returns the string object of v.
func (v Value) Str() *String { return (*String)(v.p) }

// Len is the number of characters.
func (s *String) Len() int {
	if s.wide != nil {
		return len(s.wide)
	}
	return len(s.narrow)
}

// At returns character i, which must be in range.
func (s *String) At(i int) rune {
	if s.wide != nil {
		return s.wide[i]
	}
	return rune(s.narrow[i])
}

// Set changes character i, which must be in range.
func (s *String) Set(i int, r rune) {
	if s.wide == nil {
		if r < utf8.RuneSelf {
			s.narrow[i] = byte(r)
			return
		}
		s.widen()
	}
	s.wide[i] = r
}

func (s *String) widen() {
	if s.share != nil {
		s.share.group.widen()
		return
	}
	s.wide, s.narrow = widened(s.narrow), nil
}

func widened(narrow []byte) []rune {
	wide := make([]rune, len(narrow))
	for i, b := range narrow {
		wide[i] = rune(b)
	}
	return wide
}

// Go returns the text as a Go string.
func (s *String) Go() string {
	if s.wide == nil {
		return string(s.narrow)
	}
	var b strings.Builder
	b.Grow(len(s.wide))
	for _, r := range s.wide {
		b.WriteRune(r)
	}
	return b.String()
}

// NewStringRunes makes a fresh string that takes over rs.
func NewStringRunes(rs []rune) Value {
	for _, r := range rs {
		if r >= utf8.RuneSelf {
			return Obj(KString, unsafe.Pointer(&String{wide: rs}))
		}
	}
	b := make([]byte, len(rs))
	for i, r := range rs {
		b[i] = byte(r)
	}
	return Obj(KString, unsafe.Pointer(&String{narrow: b}))
}

// NewASCII makes a fresh string that takes over b, whose bytes must all be
// ASCII.
func NewASCII(b []byte) Value { return Obj(KString, unsafe.Pointer(&String{narrow: b})) }

// TextString is a string of a copy of text, UTF-8, to be put where it shall be.
func TextString(text []byte) String {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return String{wide: []rune(string(text))}
		}
	}
	return String{narrow: append(make([]byte, 0, len(text)), text...)}
}

// Object returns s as a value.
func (s *String) Object() Value { return Obj(KString, unsafe.Pointer(s)) }

// ASCII returns the bytes of a string that is held narrow, and whether it is.
// The caller must not change them.
func (s *String) ASCII() ([]byte, bool) { return s.narrow, s.wide == nil }

// Runes returns a fresh slice of the characters from start to end.
func (s *String) Runes(start, end int) []rune {
	out := make([]rune, end-start)
	if s.wide != nil {
		copy(out, s.wide[start:end])
		return out
	}
	for i, b := range s.narrow[start:end] {
		out[i] = rune(b)
	}
	return out
}

// Slice returns a fresh string with the characters from start to end, which
// must be in range.
func (s *String) Slice(start, end int) Value {
	if s.wide == nil {
		return NewASCII(append([]byte(nil), s.narrow[start:end]...))
	}
	return NewStringRunes(append([]rune(nil), s.wide[start:end]...))
}

// Sub returns the characters from start to end as a Go string.
func (s *String) Sub(start, end int) string {
	if s.wide == nil {
		return string(s.narrow[start:end])
	}
	return string(s.wide[start:end])
}

// Equal reports whether two strings have the same characters.
func (s *String) Equal(t *String) bool {
	if s.wide == nil && t.wide == nil {
		return string(s.narrow) == string(t.narrow)
	}
	n := s.Len()
	if n != t.Len() {
		return false
	}
	for i := 0; i < n; i++ {
		if s.At(i) != t.At(i) {
			return false
		}
	}
	return true
}

// Replace gives s the characters rs; it serves destructive operations that
// may change the length of the text.
func (s *String) Replace(rs []rune) {
	v := NewStringRunes(rs).Str()
	s.narrow, s.wide, s.share = v.narrow, v.wide, nil
}

// Concat joins strings into a fresh one.
func Concat(parts ...*String) Value {
	n, wide := 0, false
	for _, p := range parts {
		n += p.Len()
		wide = wide || p.wide != nil
	}
	if !wide {
		b := make([]byte, 0, n)
		for _, p := range parts {
			b = append(b, p.narrow...)
		}
		return NewASCII(b)
	}
	rs := make([]rune, 0, n)
	for _, p := range parts {
		if p.wide != nil {
			rs = append(rs, p.wide...)
			continue
		}
		for _, c := range p.narrow {
			rs = append(rs, rune(c))
		}
	}
	return NewStringRunes(rs)
}
