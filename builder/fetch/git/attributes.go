package git

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
)

// What gitattributes(5) says of a file matters here as far as it changes what
// a checkout writes: "eol=crlf" (with "text" and "crlf", its old name) and
// "ident".

// attributeFile is the file .gitattributes of a folder.
type attributeFile struct {
	dir   string // "" is the top
	rules []attributeRule
}

type attributeRule struct {
	pattern string
	values  []attribute
}

type attribute struct{ name, value string }

// Values of attributes that are not words.
const (
	isSet   = "\x00set"
	isUnset = "\x00unset"
	isNone  = "" // unspecified
)

// Files and lines of attributes that are so long git passes over: ATTR_MAX_FILE_SIZE and
// ATTR_MAX_LINE_LENGTH in its attr.h.
const (
	maxAttributes    = 100 << 20
	maxAttributeLine = 2048
)

// parseAttributes reads a .gitattributes of the folder dir. As with git, lines
// that make no sense are passed over.
func parseAttributes(dir string, text []byte) attributeFile {
	f := attributeFile{dir: dir}
	if len(text) >= maxAttributes {
		return f
	}
	macros := map[string][]attribute{"binary": {{"diff", isUnset}, {"merge", isUnset}, {"text", isUnset}}}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); len(line) >= maxAttributeLine {
			continue
		}
		line = strings.Trim(line, " \t\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		pattern, rest := cutPattern(line)
		var values []attribute
		for _, w := range strings.Fields(rest) {
			a := parseAttribute(w)
			values = append(values, a)
			if a.value == isSet {
				values = append(values, macros[a.name]...)
			}
		}
		if name, ok := strings.CutPrefix(pattern, "[attr]"); ok {
			if dir == "" {
				macros[name] = values
			}
			continue
		}
		if strings.HasPrefix(pattern, "!") { // git forbids these
			continue
		}
		f.rules = append(f.rules, attributeRule{pattern, values})
	}
	return f
}

// cutPattern splits the pattern, which may be quoted as in C, from a line.
func cutPattern(line string) (pattern, rest string) {
	if line[0] != '"' {
		if i := strings.IndexAny(line, " \t"); i >= 0 {
			return line[:i], line[i:]
		}
		return line, ""
	}
	var b strings.Builder
	for i := 1; i < len(line); i++ {
		switch {
		case line[i] == '"':
			return b.String(), line[i+1:]
		case line[i] == '\\' && i+1 < len(line):
			i++
		}
		b.WriteByte(line[i])
	}
	return b.String(), ""
}

func parseAttribute(w string) attribute {
	switch {
	case strings.HasPrefix(w, "-"):
		return attribute{w[1:], isUnset}
	case strings.HasPrefix(w, "!"):
		return attribute{w[1:], isNone}
	}
	if name, value, ok := strings.Cut(w, "="); ok {
		return attribute{name, value}
	}
	return attribute{w, isSet}
}

// matches says whether a pattern of the folder dir is about the file name.
func matches(pattern, dir, name string) bool {
	if dir != "" {
		rest, ok := strings.CutPrefix(name, dir+"/")
		if !ok {
			return false
		}
		name = rest
	}
	pattern = strings.ReplaceAll(pattern, "[!", "[^") // the one is git's, the other path.Match's
	if strings.HasSuffix(pattern, "/") {              // folders have no attributes
		return false
	}
	if !strings.Contains(pattern, "/") {
		ok, err := path.Match(pattern, path.Base(name))
		return err == nil && ok
	}
	return matchParts(strings.Split(strings.TrimPrefix(pattern, "/"), "/"), strings.Split(name, "/"))
}

// matchParts matches part by part; "**" stands for any number of them. Of several the
// earlier ones are settled once what follows them has matched, so that it ends soon.
func matchParts(pattern, name []string) bool {
	if n := len(pattern) - 1; pattern[n] == "**" { // at the end for one at least
		pattern = append(slices.Clone(pattern[:n]), "*", "**")
	}
	rest, from := -1, 0 // behind the last "**", and where in name that is tried
	p, n := 0, 0
	for n < len(name) {
		if p < len(pattern) && pattern[p] == "**" {
			p++
			rest, from = p, n
			continue
		}
		if p < len(pattern) {
			if ok, err := path.Match(pattern[p], name[n]); err == nil && ok {
				p, n = p+1, n+1
				continue
			}
		}
		if rest < 0 {
			return false
		}
		from++
		p, n = rest, from
	}
	for p < len(pattern) && pattern[p] == "**" {
		p++
	}
	return p == len(pattern)
}

// lookup returns what is said of the file name.
func (c *checkout) lookup(name string) map[string]string {
	values := map[string]string{}
	for _, f := range c.attributes {
		for _, r := range f.rules {
			if matches(r.pattern, f.dir, name) {
				for _, a := range r.values {
					values[a.name] = a.value
				}
			}
		}
	}
	return values
}

// convert changes the content of a file as its attributes ask.
func (c *checkout) convert(name string, i id, data []byte) ([]byte, error) {
	if len(c.attributes) == 0 {
		return data, nil
	}
	a := c.lookup(name)
	if e := a["working-tree-encoding"]; e != isNone && e != isUnset && !strings.EqualFold(e, "UTF-8") {
		return nil, fmt.Errorf("%q is to be written in the encoding %q, which cannot be done", name, e)
	}
	if a["ident"] == isSet {
		data = expandIdent(data, i)
	}
	text := a["text"]
	if text == isNone {
		text = a["crlf"]
		if text == "input" {
			return data, nil
		}
	}
	if text == isUnset || a["eol"] != "crlf" {
		return data, nil
	}
	return toCRLF(data, text == "auto"), nil
}

// toCRLF ends lines with CR LF. When git is to find out by itself whether a file
// is text, it leaves alone what looks binary or has a CR already.
func toCRLF(data []byte, auto bool) []byte {
	if auto && (bytes.IndexByte(data, '\r') >= 0 || looksBinary(data)) {
		return data
	}
	var out []byte
	for i, b := range data {
		if b == '\n' && (i == 0 || data[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, b)
	}
	return out
}

// looksBinary judges as git does: a NUL, or more than one in 128 characters
// that no text holds.
func looksBinary(data []byte) bool {
	printable, other := 0, 0
	for i, b := range data {
		switch {
		case b == 0:
			return true
		case b == '\n', b == '\r':
		case b == '\b', b == '\t', b == 0x1b, b == '\f':
			printable++
		case b == 0x1a && i == len(data)-1: // DOS's end of file
		case b < 32, b == 127:
			other++
		default:
			printable++
		}
	}
	return printable>>7 < other
}

// expandIdent puts the blob's name into "$Id$".
func expandIdent(data []byte, i id) []byte {
	const word = "$Id"
	var out []byte
	for {
		at := bytes.Index(data, []byte(word))
		if at < 0 {
			return append(out, data...)
		}
		rest := data[at+len(word):]
		end := 0
		if len(rest) > 0 && rest[0] == ':' {
			if end = bytes.IndexAny(rest, "$\n"); end < 0 {
				return append(out, data...)
			}
		}
		if end >= len(rest) || rest[end] != '$' || end > 0 && foreignIdent(rest[:end]) {
			out = append(out, data[:at+len(word)]...)
			data = rest
			continue
		}
		out = append(out, data[:at]...)
		out = fmt.Appendf(out, "$Id: %v $", i)
		data = rest[end+1:]
	}
}

// foreignIdent reports whether ": …" was put in by another system: what git
// makes holds no space within.
func foreignIdent(s []byte) bool {
	if len(s) < 3 {
		return false
	}
	inner := s[2:] // after ": "
	at := bytes.IndexByte(inner, ' ')
	return at >= 0 && at < len(inner)-1
}
