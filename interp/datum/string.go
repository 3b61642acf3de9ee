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
	s.wide = make([]rune, len(s.narrow))
	for i, b := range s.narrow {
		s.wide[i] = rune(b)
	}
	s.narrow = nil
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
