package read

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"fruix/interp/datum"
	"fruix/interp/source"
)

// Source is a stream of characters that is read no further than needed, such
// as a port. Peek and Next return -1 at the end.
type Source interface {
	Peek() (rune, error)
	Next() (rune, error)
}

// HashReader is what read-hash-extend installs for a character after "#". It
// is called after that character was consumed and returns the datum that was
// read; a result of datum.Unset means that nothing was read, as of a comment.
type HashReader func(r *Reader, ch rune, at source.Pos) (datum.Value, error)

// Options steer a Reader.
type Options struct {
	// Wrap, when set, receives each datum with its position, innermost first;
	// its result takes the place of the datum.
	Wrap func(v datum.Value, at source.Pos) datum.Value
	// Places, when set, remembers where each datum begins.
	Places Places
	// Settings are the read options; nil stands for the defaults. Directives
	// are those that the text before has given.
	Settings   *Settings
	Directives []Directive
	// Program says that the text is a program: one of R6RS or R7RS, as Report
	// knows them, continues its strings as these reports say.
	Program bool
	// HashReader looks up the extension for #ch, nil when there is none.
	HashReader func(ch rune) HashReader
	// Line and Col, when not zero, are the position of the first character.
	Line, Col uint32
	// Offset is where in the text reading begins, in bytes.
	Offset int
}

// Places remembers where data were read that nothing is wrapped around.
type Places interface {
	// Cons makes a pair that begins at a place.
	Cons(car, cdr datum.Value, at source.Pos) datum.Value
	// String makes a string of a copy of text, Vector a vector that owns items.
	String(text []byte, at source.Pos) datum.Value
	Vector(items []datum.Value, at source.Pos) datum.Value
	// Put gives an object of another kind its place, unless it has one.
	Put(v datum.Value, at source.Pos)
}

// Reader reads one datum after the other from a text or a source.
type Reader struct {
	file *source.File
	opts Options
	text []byte // for texts; nil for sources
	off  int
	src  Source
	err  error // of the source

	line, col uint32 // of the next character

	stack []frame
	last  uint32     // line of the previous token, for the guess by indentation
	guess suspicion  // first place that looks as if a list had ended
	at    source.Pos // of the datum last returned
	token []byte

	labels map[int]*label
	set    Settings // for the datum being read
	odd    bool     // the settings change what ends a symbol
	curly  int      // how many curly expressions are open
	plain  int      // > 0 while reading inside a datum label: Wrap is off
}

// New makes a reader of a file's text.
func New(file *source.File, opts Options) *Reader {
	r := &Reader{file: file, opts: opts, text: file.Text, off: opts.Offset, line: 1, col: 1}
	r.place()
	if opts.Program && Report(file) {
		r.opts.Directives = append(slices.Clone(opts.Directives), HungryEOLOn)
	}
	r.settle()
	return r
}

// NewSource makes a reader of a stream; file serves positions and may be nil.
func NewSource(src Source, file *source.File, opts Options) *Reader {
	r := &Reader{file: file, opts: opts, src: src, line: 1, col: 1}
	r.place()
	return r
}

func (r *Reader) place() {
	if r.opts.Line > 0 {
		r.line, r.col = r.opts.Line, max(r.opts.Col, 1)
	}
}

// String reads the first datum of a string; the zero Options and no file name.
func String(text string) (datum.Value, error) {
	return New(&source.File{Text: []byte(text)}, Options{}).Read()
}

// All reads every datum of a text.
func All(file *source.File, opts Options) ([]datum.Value, error) {
	r := New(file, opts)
	var out []datum.Value
	for {
		v, err := r.Read()
		if err != nil {
			return out, err
		}
		if v == datum.EOF {
			return out, nil
		}
		out = append(out, v)
	}
}

// Pos is where the datum last returned by Read begins.
func (r *Reader) Pos() source.Pos { return r.at }

// Here is the position of the next character.
func (r *Reader) Here() source.Pos { return source.Pos{File: r.file, Line: r.line, Col: r.col} }

// Peek skips blanks and line comments and returns the byte offset and the
// position of what follows.
func (r *Reader) Peek() (offset int, at source.Pos) {
	r.skipBlank()
	return r.off, r.Here()
}

// Skip continues at a byte offset of the text, which is at the given line and
// column.
func (r *Reader) Skip(offset int, line, col uint32) { r.off, r.line, r.col = offset, line, col }

// Rest is the text that is still to be read; ok is false for streams.
func (r *Reader) Rest() (text []byte, ok bool) { return r.text[min(r.off, len(r.text)):], r.src == nil }

// Advance consumes n bytes of the text.
func (r *Reader) Advance(n int) {
	for end := r.off + n; r.off < end; {
		r.next()
	}
}

// Offset is how many bytes of the text have been consumed.
func (r *Reader) Offset() int { return r.off }

// peek returns the next character without consuming it, -1 at the end.
func (r *Reader) peek() rune {
	if r.src == nil {
		if r.off >= len(r.text) {
			return -1
		}
		if b := r.text[r.off]; b < utf8.RuneSelf {
			return rune(b)
		}
		c, _ := utf8.DecodeRune(r.text[r.off:])
		return c
	}
	c, err := r.src.Peek()
	if err != nil {
		r.err = err
		return -1
	}
	return c
}

// next consumes a character.
func (r *Reader) next() rune {
	var c rune
	if r.src == nil {
		if r.off >= len(r.text) {
			return -1
		}
		if b := r.text[r.off]; b < utf8.RuneSelf {
			c = rune(b)
			r.off++
		} else {
			var n int
			c, n = utf8.DecodeRune(r.text[r.off:])
			r.off += n
		}
	} else {
		var err error
		c, err = r.src.Next()
		if err != nil {
			r.err = err
			return -1
		}
		if c < 0 {
			return -1
		}
	}
	if c == '\n' {
		r.line++
		r.col = 1
	} else {
		r.col++
	}
	return c
}

// delimiter reports whether c ends a symbol, number or character name.
func delimiter(c rune) bool {
	switch c {
	case ' ', '\t', '\n', '\r', '\f', '\v', '(', ')', '[', ']', '"', ';', -1:
		return true
	}
	return c > 127 && unicodeSpace(c)
}

// ends is delimiter under the settings.
func (r *Reader) ends(c rune) bool {
	if r.odd {
		switch c {
		case '[', ']':
			return !r.set.NoBrackets || r.curly > 0
		case '{', '}':
			return r.set.CurlyInfix
		}
	}
	return delimiter(c)
}

func unicodeSpace(c rune) bool {
	switch {
	case c == 0x85, c == 0xA0, c == 0x1680, c >= 0x2000 && c <= 0x200A,
		c == 0x2028, c == 0x2029, c == 0x202F, c == 0x205F, c == 0x3000, c == 0xFEFF:
		return true
	}
	return false
}

// scanToken consumes the characters up to a delimiter and returns them; the
// bytes are valid until the next token.
func (r *Reader) scanToken(first ...rune) []byte {
	if r.src == nil && len(first) == 0 && !r.odd {
		i := r.off
		for i < len(r.text) && asciiToken[r.text[i]] {
			i++
		}
		if i == len(r.text) || r.text[i] < utf8.RuneSelf {
			tok := r.text[r.off:i]
			r.col += uint32(i - r.off)
			r.off = i
			return tok
		}
	}
	r.token = r.token[:0]
	for _, c := range first {
		r.token = utf8.AppendRune(r.token, c)
	}
	for {
		c := r.peek()
		if r.ends(c) {
			return r.token
		}
		r.next()
		r.token = utf8.AppendRune(r.token, c)
	}
}

// asciiToken tells which bytes continue a token without further thought.
var asciiToken = func() (t [256]bool) {
	for c := rune(0); c < utf8.RuneSelf; c++ {
		t[c] = !delimiter(c)
	}
	return
}()

// cons makes the first pair of a list that begins at a place.
func (r *Reader) cons(car, cdr datum.Value, at source.Pos) datum.Value {
	if r.opts.Places == nil {
		return datum.Cons(car, cdr)
	}
	return r.opts.Places.Cons(car, cdr, at)
}

// wrap passes a datum through Options.Wrap.
func (r *Reader) wrap(v datum.Value, at source.Pos) datum.Value {
	if r.opts.Places != nil && !v.IsSymbol() && !v.IsPair() && !v.IsString() {
		r.opts.Places.Put(v, at)
	}
	if r.opts.Wrap == nil || r.plain > 0 {
		return v
	}
	return r.opts.Wrap(v, at)
}

func (r *Reader) fail(at source.Pos, format string, args ...any) *Error {
	return &Error{Pos: at, Msg: fmt.Sprintf(format, args...)}
}

// incomplete is a failure that more text could cure.
func (r *Reader) incomplete(at source.Pos, format string, args ...any) *Error {
	e := r.fail(at, format, args...)
	e.Incomplete = true
	return e.say("unexpected end of input")
}
