package print

import (
	"strconv"
	"strings"
	"unicode"

	"fruix/interp/num"
)

// symbol is the representation of a symbol under the options.
func (c *Config) symbol(name string) string {
	n := len(name)
	colon := c.QuoteColons && n > 1 && (name[0] == ':' || name[n-1] == ':')
	switch {
	case plainSymbol(name) && !colon && !(c.Bars && strings.ContainsAny(name, `|\`)):
		return name
	case c.Bars:
		return barred(name)
	}
	return braced(name)
}

// barred is |name| (R7RS 2.1).
func barred(name string) string {
	var b strings.Builder
	b.WriteByte('|')
	for _, c := range name {
		switch {
		case c == '|':
			b.WriteString(`\|`)
		case c >= 7 && c <= 10, c == '\r':
			b.WriteString(map[rune]string{7: `\a`, 8: `\b`, '\t': `\t`, '\n': `\n`, '\r': `\r`}[c])
		case c == '\\', c < ' ', c == 127, c > 127 && !unicode.IsGraphic(c):
			b.WriteString(`\x` + strconv.FormatInt(int64(c), 16) + ";")
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('|')
	return b.String()
}

// SymbolText is the representation of a symbol by write: the name itself, or
// #{name}# when the name would not read back.
func SymbolText(name string) string {
	if plainSymbol(name) {
		return name
	}
	return braced(name)
}

// braced is #{name}#.
func braced(name string) string {
	var b strings.Builder
	b.WriteString("#{")
	for _, c := range name {
		if c != '\\' && unicode.In(c, inSymbols...) { // Guile leaves backslashes, and reads another name
			b.WriteRune(c)
		} else {
			b.WriteString(`\x` + strconv.FormatInt(int64(c), 16) + ";")
		}
	}
	b.WriteString("}#")
	return b.String()
}

// inSymbols are the classes of characters that stand for themselves in #{…}#.
var inSymbols = []*unicode.RangeTable{unicode.L, unicode.M, unicode.N, unicode.Pd, unicode.Pc, unicode.Po, unicode.S, unicode.Co, unicode.Zs}

func plainSymbol(name string) bool {
	if name == "" || name == "." {
		return false
	}
	switch c := name[0]; {
	case c == '\'', c == '`', c == ',', c >= '0' && c <= '9':
		return false
	case c == '+', c == '-', c == '.':
		if _, number := num.Parse(name, 10); number {
			return false
		}
	}
	for _, c := range name {
		switch c {
		case '(', ')', '[', ']', '"', ';', '{', '}', '#':
			return false
		}
		if c <= ' ' || c == 127 || c > 127 && (!unicode.IsGraphic(c) || unicode.IsSpace(c)) {
			return false
		}
	}
	return true
}
