package port

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// scanLength is how much of a text is searched for a coding declaration.
const scanLength = 512

// Coding is the encoding that a program's text declares in a comment at its
// start, as in "; coding: iso-8859-1", in capitals; "" when it declares none
// (Guile manual, "Character Encoding of Source Files").
func Coding(text []byte) string {
	if bytes.HasPrefix(text, []byte("\xEF\xBB\xBF")) {
		return "UTF-8"
	}
	text = text[:min(len(text), scanLength)]
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte("coding"))
		if i < 0 {
			return ""
		}
		at := from + i
		from = at + len("coding")
		if name := codingName(text[from:]); name != "" && inComment(text, at) {
			return strings.ToUpper(name)
		}
	}
}

// codingName reads what follows the word: a colon or an equals sign, and a
// name, which has at least one letter or digit.
func codingName(rest []byte) string {
	if len(rest) == 0 || rest[0] != ':' && rest[0] != '=' {
		return ""
	}
	rest = bytes.TrimLeft(rest[1:], " \t")
	n := 0
	for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9' || rest[n]|0x20 >= 'a' && rest[n]|0x20 <= 'z' || strings.IndexByte("-_.", rest[n]) >= 0) {
		n++
	}
	return string(rest[:n])
}

// inComment reports whether a place lies in a line comment or in a block
// comment #! … !#.
func inComment(text []byte, at int) bool {
	line := text[bytes.LastIndexByte(text[:at], '\n')+1 : at]
	if bytes.IndexByte(line, ';') >= 0 {
		return true
	}
	open := bytes.LastIndex(text[:at], []byte("#!"))
	return open >= 0 && !bytes.Contains(text[open:at], []byte("!#"))
}

// SourceText is a program's text in UTF-8: it converts one that declares
// another encoding that is known. What does not decode becomes U+FFFD.
func SourceText(text []byte) []byte {
	name := Coding(text)
	if name == "" || name == "UTF-8" {
		return text
	}
	c, ok := codecFor(canonical(name))
	if !ok {
		return text
	}
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, width := c.decode(text)
		if width == 0 {
			width = len(text)
			r = bad
		}
		if r == bad {
			r = utf8.RuneError
		}
		out = utf8.AppendRune(out, r)
		text = text[width:]
	}
	return out
}
