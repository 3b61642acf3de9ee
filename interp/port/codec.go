package port

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// codec converts between bytes and characters in one encoding.
type codec interface {
	// decode looks at the first character of b, which is not empty: its code
	// and width in bytes. A width of 0 asks for more bytes; a code of -1 is
	// what that many bytes give that mean nothing.
	decode(b []byte) (c rune, width int)
	// encode appends c; it reports false when the encoding lacks it.
	encode(b []byte, c rune) ([]byte, bool)
}

// bad is the code of bytes that do not decode.
const bad = rune(-1)

type utf8Codec struct{}

// decode gives what cannot be decoded in the units that Unicode recommends:
// the longest start of a character that is there (The Unicode Standard, 3.9,
// "U+FFFD Substitution of Maximal Subparts").
func (utf8Codec) decode(b []byte) (rune, int) {
	first := b[0]
	if first < utf8.RuneSelf {
		return rune(first), 1
	}
	lo, hi := byte(0x80), byte(0xBF)
	var n int
	var c rune
	switch {
	case first >= 0xC2 && first <= 0xDF:
		n, c = 1, rune(first&0x1F)
	case first >= 0xE0 && first <= 0xEF:
		n, c = 2, rune(first&0x0F)
		if first == 0xE0 {
			lo = 0xA0
		} else if first == 0xED {
			hi = 0x9F
		}
	case first >= 0xF0 && first <= 0xF4:
		n, c = 3, rune(first&0x07)
		if first == 0xF0 {
			lo = 0x90
		} else if first == 0xF4 {
			hi = 0x8F
		}
	default:
		return bad, 1
	}
	for i := 1; i <= n; i++ {
		if i == len(b) {
			return 0, 0
		}
		if b[i] < lo || b[i] > hi {
			return bad, i
		}
		lo, hi = 0x80, 0xBF
		c = c<<6 | rune(b[i]&0x3F)
	}
	return c, n + 1
}

func (utf8Codec) encode(b []byte, c rune) ([]byte, bool) { return utf8.AppendRune(b, c), true }

// narrowCodec is that of encodings whose bytes are the first codes of
// Unicode: ISO 8859-1 and ASCII.
type narrowCodec struct{ limit rune }

func (n narrowCodec) decode(b []byte) (rune, int) {
	if c := rune(b[0]); c < n.limit {
		return c, 1
	}
	return bad, 1
}

func (n narrowCodec) encode(b []byte, c rune) ([]byte, bool) {
	if c >= n.limit {
		return b, false
	}
	return append(b, byte(c)), true
}

// utf16Codec and utf32Codec have the order of bytes that they are named for.
type utf16Codec struct{ little bool }

func (u utf16Codec) unit(b []byte) rune {
	if u.little {
		return rune(b[0]) | rune(b[1])<<8
	}
	return rune(b[0])<<8 | rune(b[1])
}

func (u utf16Codec) decode(b []byte) (rune, int) {
	if len(b) < 2 {
		return 0, 0
	}
	high := u.unit(b)
	switch {
	case high < 0xD800 || high > 0xDFFF:
		return high, 2
	case high >= 0xDC00:
		return bad, 2
	case len(b) < 4:
		return 0, 0
	}
	low := u.unit(b[2:])
	if low < 0xDC00 || low > 0xDFFF {
		return bad, 2
	}
	return (high-0xD800)<<10 + (low - 0xDC00) + 0x10000, 4
}

func (u utf16Codec) put(b []byte, x rune) []byte {
	if u.little {
		return append(b, byte(x), byte(x>>8))
	}
	return append(b, byte(x>>8), byte(x))
}

func (u utf16Codec) encode(b []byte, c rune) ([]byte, bool) {
	if c < 0x10000 {
		return u.put(b, c), true
	}
	c -= 0x10000
	return u.put(u.put(b, 0xD800+c>>10), 0xDC00+c&0x3FF), true
}

type utf32Codec struct{ little bool }

func (u utf32Codec) decode(b []byte) (rune, int) {
	if len(b) < 4 {
		return 0, 0
	}
	c := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	if u.little {
		c = uint32(b[3])<<24 | uint32(b[2])<<16 | uint32(b[1])<<8 | uint32(b[0])
	}
	if c > utf8.MaxRune || c >= 0xD800 && c <= 0xDFFF {
		return bad, 4
	}
	return rune(c), 4
}

func (u utf32Codec) encode(b []byte, c rune) ([]byte, bool) {
	if u.little {
		return append(b, byte(c), byte(c>>8), byte(c>>16), byte(c>>24)), true
	}
	return append(b, byte(c>>24), byte(c>>16), byte(c>>8), byte(c)), true
}

// tableCodec is that of a set of 256 characters.
type tableCodec struct{ *charmap.Charmap }

func (t tableCodec) decode(b []byte) (rune, int) {
	if c := t.DecodeByte(b[0]); c != utf8.RuneError {
		return c, 1
	}
	return bad, 1
}

func (t tableCodec) encode(b []byte, c rune) ([]byte, bool) {
	x, ok := t.EncodeRune(c)
	if !ok {
		return b, false
	}
	return append(b, x), true
}

// tables are the character sets of one byte by their upper-case names.
func tables(name string) *charmap.Charmap {
	switch name {
	case "ISO-8859-2":
		return charmap.ISO8859_2
	case "ISO-8859-3":
		return charmap.ISO8859_3
	case "ISO-8859-4":
		return charmap.ISO8859_4
	case "ISO-8859-5":
		return charmap.ISO8859_5
	case "ISO-8859-6":
		return charmap.ISO8859_6
	case "ISO-8859-7":
		return charmap.ISO8859_7
	case "ISO-8859-8":
		return charmap.ISO8859_8
	case "ISO-8859-9":
		return charmap.ISO8859_9
	case "ISO-8859-10":
		return charmap.ISO8859_10
	case "ISO-8859-13":
		return charmap.ISO8859_13
	case "ISO-8859-14":
		return charmap.ISO8859_14
	case "ISO-8859-15":
		return charmap.ISO8859_15
	case "ISO-8859-16":
		return charmap.ISO8859_16
	case "KOI8-R":
		return charmap.KOI8R
	case "KOI8-U":
		return charmap.KOI8U
	case "WINDOWS-1250", "CP1250":
		return charmap.Windows1250
	case "WINDOWS-1251", "CP1251":
		return charmap.Windows1251
	case "WINDOWS-1252", "CP1252":
		return charmap.Windows1252
	case "WINDOWS-1253", "CP1253":
		return charmap.Windows1253
	case "WINDOWS-1254", "CP1254":
		return charmap.Windows1254
	case "WINDOWS-1255", "CP1255":
		return charmap.Windows1255
	case "WINDOWS-1256", "CP1256":
		return charmap.Windows1256
	case "WINDOWS-1257", "CP1257":
		return charmap.Windows1257
	case "CP437", "IBM437":
		return charmap.CodePage437
	case "CP850", "IBM850":
		return charmap.CodePage850
	case "CP866", "IBM866":
		return charmap.CodePage866
	}
	return nil
}

// canonical gives the name under which an encoding is known.
func canonical(name string) string {
	name = strings.ToUpper(name)
	switch name {
	case "UTF8":
		return "UTF-8"
	case "ISO8859-1", "ISO_8859-1", "LATIN1", "LATIN-1", "L1", "BINARY":
		return "ISO-8859-1"
	case "US-ASCII", "ANSI_X3.4-1968", "646", "ISO646-US":
		return "ASCII"
	case "UTF16":
		return "UTF-16"
	case "UTF32":
		return "UTF-32"
	}
	if rest, ok := strings.CutPrefix(name, "ISO8859-"); ok {
		return "ISO-8859-" + rest
	}
	return name
}

// codecFor finds the codec of a canonical name; UTF-16 and UTF-32 without an
// order of bytes have the big end first, as Unicode says.
func codecFor(name string) (codec, bool) {
	switch name {
	case "UTF-8":
		return utf8Codec{}, true
	case "ISO-8859-1":
		return narrowCodec{256}, true
	case "ASCII":
		return narrowCodec{128}, true
	case "UTF-16", "UTF-16BE", "UCS-2", "UCS-2BE":
		return utf16Codec{}, true
	case "UTF-16LE", "UCS-2LE":
		return utf16Codec{little: true}, true
	case "UTF-32", "UTF-32BE", "UCS-4", "UCS-4BE":
		return utf32Codec{}, true
	case "UTF-32LE", "UCS-4LE":
		return utf32Codec{little: true}, true
	}
	if t := tables(name); t != nil {
		return tableCodec{t}, true
	}
	return nil, false
}

// Known reports whether an encoding of that name is known.
func Known(name string) bool {
	_, ok := codecFor(canonical(name))
	return ok
}
