package read

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"fruix/interp/datum"
	"fruix/interp/source"
)

// charNames are the names after #\ (R7RS 6.6, Guile manual "Characters").
var charNames = map[string]rune{
	"space": ' ', "newline": '\n', "nl": '\n', "linefeed": '\n', "lf": '\n',
	"tab": '\t', "ht": '\t', "nul": 0, "null": 0, "return": '\r', "cr": '\r',
	"page": '\f', "np": '\f', "ff": '\f', "backspace": '\b', "bs": '\b',
	"delete": 0x7f, "del": 0x7f, "rubout": 0x7f, "escape": 0x1b, "esc": 0x1b,
	"altmode": 0x1b, "alarm": 7, "bel": 7, "vtab": 0xb, "vt": 0xb, "sp": ' ',
	"soh": 1, "stx": 2, "etx": 3, "eot": 4, "enq": 5, "ack": 6, "so": 0xe,
	"si": 0xf, "dle": 0x10, "dc1": 0x11, "dc2": 0x12, "dc3": 0x13,
	"dc4": 0x14, "nak": 0x15, "syn": 0x16, "etb": 0x17, "can": 0x18,
	"em": 0x19, "sub": 0x1a, "fs": 0x1c, "gs": 0x1d, "rs": 0x1e, "us": 0x1f,
}

// readChar reads a character after "#\".
func (r *Reader) readChar(at source.Pos) (datum.Value, error) {
	first := r.next()
	if first < 0 {
		return datum.Unset, r.incomplete(at, "the text ends after #\\")
	}
	if delimiter(first) {
		return datum.Char(first), nil
	}
	tok := []rune(string(r.scanToken(first)))
	if len(tok) == 1 {
		return datum.Char(tok[0]), nil
	}
	if len(tok) == 2 && tok[0] == '\u25cc' { // a combining mark on its dotted circle
		return datum.Char(tok[1]), nil
	}
	name := string(tok)
	if tok[0] == 'x' || tok[0] == 'U' && tok[1] == '+' {
		digits := strings.TrimPrefix(name[1:], "+")
		if n, err := strconv.ParseUint(digits, 16, 32); err == nil {
			if n > utf8.MaxRune || !validChar(rune(n)) {
				return datum.Unset, r.fail(at, "#\\%s is not a character: out of the range of Unicode scalar values", name)
			}
			return datum.Char(rune(n)), nil
		}
	}
	if tok[0] >= '0' && tok[0] <= '7' {
		if n, err := strconv.ParseUint(name, 8, 32); err == nil && n <= utf8.MaxRune && validChar(rune(n)) {
			return datum.Char(rune(n)), nil
		}
	}
	if c, ok := charNames[strings.ToLower(name)]; ok {
		return datum.Char(c), nil
	}
	return datum.Unset, r.fail(at, "unknown character name #\\%s", name)
}

// readString reads a string whose opening quote has been consumed. A piece
// without escapes is taken at once.
func (r *Reader) readString(at source.Pos) (datum.Value, error) {
	if r.src == nil {
		for i := r.off; i < len(r.text); i++ {
			b := r.text[i]
			if b == '"' {
				v := r.string(r.text[r.off:i], at)
				r.col += uint32(i - r.off + 1)
				r.off = i + 1
				return v, nil
			}
			if b == '\\' || b == '\n' || b >= utf8.RuneSelf {
				break
			}
		}
	}
	s, err := r.readText(at, '"', "string")
	if err != nil {
		return datum.Unset, err
	}
	return r.string(s, at), nil
}

// string makes a string that begins at a place.
func (r *Reader) string(text []byte, at source.Pos) datum.Value {
	if r.opts.Places != nil {
		return r.opts.Places.String(text, at)
	}
	s := datum.TextString(text)
	return s.Object()
}

// readDelimited reads a |symbol| up to its closing mark.
func (r *Reader) readDelimited(at source.Pos, end rune, what string) (string, error) {
	text, err := r.readText(at, end, what)
	return string(text), err
}

// readText reads a string or |symbol| up to its closing mark; the bytes are
// valid until the next token.
func (r *Reader) readText(at source.Pos, end rune, what string) ([]byte, error) {
	buf := r.token[:0]
	defer func() { r.token = buf[:0] }()
	for {
		here := r.Here()
		c := r.next()
		switch c {
		case -1:
			if r.err != nil {
				return nil, r.unclosed()
			}
			return nil, r.incomplete(at, "this %s is never closed", what).say("end of input while reading " + what)
		case end:
			return buf, nil
		case '\\':
			var err error
			if buf, err = r.escape(buf, here, end); err != nil {
				return nil, err
			}
		default:
			buf = utf8.AppendRune(buf, c)
		}
	}
}

// escapes are the single letters after a backslash in a string, and what they
// stand for.
var escapes = map[rune]rune{
	'"': '"', '\\': '\\', '|': '|', '(': '(', ')': ')', '\'': '\'', '/': '/', ';': ';',
	'n': '\n', 't': '\t', 'r': '\r', 'a': 7, 'b': '\b', 'f': '\f', 'v': '\v', '0': 0, 'e': 0x1b,
}

// escape reads what follows a backslash in a string and appends what it
// stands for to buf.
func (r *Reader) escape(buf []byte, at source.Pos, end rune) ([]byte, error) {
	c := r.next()
	if e, ok := escapes[c]; ok || c == end && c >= 0 {
		if !ok {
			e = c
		}
		return utf8.AppendRune(buf, e), nil
	}
	switch c {
	case -1:
		return nil, r.incomplete(at, "the text ends inside a string").say("end of input while reading string")
	case 'x':
		return r.stringHex(buf, at)
	case 'u', 'U':
		c, err := r.fixedHex(at, map[rune]int{'u': 4, 'U': 6}[c])
		return utf8.AppendRune(buf, c), err
	case '\n':
		if r.set.HungryEOL {
			r.skipLineBlank()
		}
		return buf, nil
	case ' ', '\t', '\r':
		// R7RS: \ blanks line-end blanks.
		r.skipLineBlank()
		if r.peek() == '\r' {
			r.next()
		}
		if r.peek() == '\n' {
			r.next()
			r.skipLineBlank()
			return buf, nil
		}
	}
	e := r.fail(at, "unknown escape \\%c in a string", c).say("invalid character in escape sequence: #\\" + string(c))
	e.Hint = "write \\\\ for a backslash"
	return nil, e
}

func (r *Reader) skipLineBlank() {
	for c := r.peek(); c == ' ' || c == '\t'; c = r.peek() {
		r.next()
	}
}

// stringHex reads an \x escape. Guile's default form has exactly two digits,
// that of R6RS and R7RS any number and a semicolon; a text with the semicolon
// is read in the second way.
func (r *Reader) stringHex(buf []byte, at source.Pos) ([]byte, error) {
	var digits []byte
	n := rune(0)
	for d := hexDigit(r.peek()); d >= 0 && len(digits) < 8; d = hexDigit(r.peek()) {
		digits = append(digits, byte(r.next()))
		n = min(n<<4|d, utf8.MaxRune+1)
	}
	switch {
	case r.peek() == ';' && len(digits) > 0:
		r.next()
		if !validChar(n) {
			return nil, r.fail(at, "\\x%s; is not a character", digits)
		}
		return utf8.AppendRune(buf, n), nil
	case len(digits) < 2 || r.set.HexEscapes:
		return nil, r.fail(at, "an \\x escape needs two hexadecimal digits, or any number of them and a semicolon").say("invalid character in escape sequence: #\\" + string(max(r.peek(), 0)))
	}
	return append(utf8.AppendRune(buf, hexDigit(rune(digits[0]))<<4|hexDigit(rune(digits[1]))), digits[2:]...), nil
}

func (r *Reader) fixedHex(at source.Pos, digits int) (rune, error) {
	n := rune(0)
	for i := 0; i < digits; i++ {
		d := hexDigit(r.peek())
		if d < 0 {
			return 0, r.fail(r.Here(), "this escape needs %d hexadecimal digits", digits).say("invalid character in escape sequence: #\\" + string(max(r.peek(), 0)))
		}
		r.next()
		n = n<<4 | d
	}
	if !validChar(n) {
		return 0, r.fail(at, "the escape for %x is not a character", n)
	}
	return n, nil
}

// readBits reads a bitvector after "#*".
func (r *Reader) readBits(at source.Pos) (datum.Value, error) {
	tok := r.scanToken()
	bits := make([]bool, len(tok))
	for i, c := range tok {
		switch c {
		case '0':
		case '1':
			bits[i] = true
		default:
			return datum.Unset, r.fail(at, "a bitvector is written with 0 and 1 only")
		}
	}
	return datum.NewBitvector(bits), nil
}
