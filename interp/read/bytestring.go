package read

import (
	"fruix/interp/datum"
	"fruix/interp/source"
)

// byteEscapes are the letters after a backslash in a bytestring, and the bytes
// they stand for.
var byteEscapes = map[rune]byte{
	'"': '"', '\\': '\\', '|': '|', 'a': 7, 'b': '\b', 't': '\t', 'n': '\n', 'r': '\r',
}

// readBytestring reads #u8"…" (SRFI 207) whose opening quote has been consumed.
func (r *Reader) readBytestring(at source.Pos) (datum.Value, error) {
	var out []byte
	for {
		here := r.Here()
		switch c := r.next(); {
		case c < 0:
			return datum.Unset, r.incomplete(at, "this bytestring is never closed")
		case c == '"':
			return datum.NewBytevector(out), nil
		case c > 127:
			return datum.Unset, r.fail(here, "%q is no ASCII character", c)
		case c != '\\':
			out = append(out, byte(c))
		default:
			b, some, err := r.byteEscape(here)
			if err != nil {
				return datum.Unset, err
			}
			if some {
				out = append(out, b)
			}
		}
	}
}

// byteEscape reads what follows a backslash in a bytestring; a line that is
// continued stands for nothing.
func (r *Reader) byteEscape(at source.Pos) (b byte, some bool, err error) {
	c := r.next()
	if b, ok := byteEscapes[c]; ok {
		return b, true, nil
	}
	switch c {
	case 'x':
		c, err := r.hexEscape(at)
		if err == nil && c > 255 {
			err = r.fail(at, "\\x%x; is not a byte", c)
		}
		return byte(c), true, err
	case ' ', '\t', '\r', '\n':
		if c != '\n' {
			r.skipLineBlank()
			if c != '\r' && r.peek() == '\r' || c == '\r' && r.peek() == '\n' {
				c = r.next()
			}
			if c != '\n' && r.peek() == '\n' {
				c = r.next()
			}
		}
		if c == '\n' || c == '\r' {
			r.skipLineBlank()
			return 0, false, nil
		}
	}
	return 0, false, r.fail(at, "unknown escape \\%c in a bytestring", max(c, 0))
}
