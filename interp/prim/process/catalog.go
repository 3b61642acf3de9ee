package process

import (
	"encoding/binary"
	"errors"
	"strings"
)

// catalog is a compiled catalogue of messages, a .mo file (GNU gettext manual,
// "The Format of GNU MO Files").
type catalog struct {
	messages map[string]string // forms for numbers are separated by NULs
	plural   plural
}

var errCatalog = errors.New("not a catalogue of messages")

// parseCatalog reads a .mo file of either byte order; texts are in UTF-8.
func parseCatalog(b []byte) (*catalog, error) {
	if len(b) < 20 {
		return nil, errCatalog
	}
	var o binary.ByteOrder = binary.LittleEndian
	if o.Uint32(b) != 0x950412de {
		if o = binary.BigEndian; o.Uint32(b) != 0x950412de {
			return nil, errCatalog
		}
	}
	n, from, to := int64(o.Uint32(b[8:])), int64(o.Uint32(b[12:])), int64(o.Uint32(b[16:]))
	entry := func(table, i int64) (string, bool) {
		at := table + 8*i
		if at < 0 || at+8 > int64(len(b)) {
			return "", false
		}
		size, start := int64(o.Uint32(b[at:])), int64(o.Uint32(b[at+4:]))
		if start+size > int64(len(b)) {
			return "", false
		}
		return string(b[start : start+size]), true
	}
	c := &catalog{messages: map[string]string{}, plural: defaultPlural}
	for i := int64(0); i < n; i++ {
		key, ok := entry(from, i)
		text, ok2 := entry(to, i)
		if !ok || !ok2 {
			return nil, errCatalog
		}
		key, _, _ = strings.Cut(key, "\x00") // behind it stands the English plural
		c.messages[key] = text
	}
	if _, expr, found := strings.Cut(c.messages[""], "plural="); found {
		expr, _, _ = strings.Cut(expr, ";")
		expr, _, _ = strings.Cut(expr, "\n")
		if p, err := parsePlural(expr); err == nil {
			c.plural = p
		}
	}
	return c, nil
}

// lookup gives the translation of a message.
func (c *catalog) lookup(id string) (string, bool) {
	text, ok := c.messages[id]
	if !ok || id == "" {
		return "", false
	}
	text, _, _ = strings.Cut(text, "\x00")
	return text, true
}

// lookupPlural gives the translation of a message about n things.
func (c *catalog) lookupPlural(id string, n uint64) (string, bool) {
	text, ok := c.messages[id]
	if !ok {
		return "", false
	}
	forms := strings.Split(text, "\x00")
	if k := c.plural(n); k < uint64(len(forms)) {
		return forms[k], true
	}
	return "", false
}

// plural tells which form a number takes.
type plural func(n uint64) uint64

func defaultPlural(n uint64) uint64 {
	if n == 1 {
		return 0
	}
	return 1
}

// parsePlural reads an expression of C over the variable n (GNU gettext manual,
// "Additional functions for plural forms").
func parsePlural(s string) (plural, error) {
	p := &pluralParser{s: strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' {
			return -1
		}
		return r
	}, s)}
	f, err := p.choice(0)
	if err == nil && p.s != "" {
		err = errCatalog
	}
	return f, err
}

type pluralParser struct{ s string }

// maxNesting bounds the depth of expressions, which come from files.
const maxNesting = 100

func (p *pluralParser) take(token string) bool {
	rest, ok := strings.CutPrefix(p.s, token)
	if ok {
		p.s = rest
	}
	return ok
}

// choice is a ? b : c, or what binds closer.
func (p *pluralParser) choice(depth int) (plural, error) {
	if depth > maxNesting {
		return nil, errCatalog
	}
	test, err := p.binary(0, depth)
	if err != nil || !p.take("?") {
		return test, err
	}
	yes, err := p.choice(depth + 1)
	if err != nil || !p.take(":") {
		return nil, errCatalog
	}
	no, err := p.choice(depth + 1)
	if err != nil {
		return nil, err
	}
	return func(n uint64) uint64 {
		if test(n) != 0 {
			return yes(n)
		}
		return no(n)
	}, nil
}

func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// pluralOps are the operators of two operands, those that bind least first. A
// token stands before those that it begins with.
var pluralOps = [][]struct {
	token string
	apply func(a, b uint64) uint64
}{
	{{"||", func(a, b uint64) uint64 { return truth(a != 0 || b != 0) }}},
	{{"&&", func(a, b uint64) uint64 { return truth(a != 0 && b != 0) }}},
	{{"==", func(a, b uint64) uint64 { return truth(a == b) }}, {"!=", func(a, b uint64) uint64 { return truth(a != b) }}},
	{{"<=", func(a, b uint64) uint64 { return truth(a <= b) }}, {">=", func(a, b uint64) uint64 { return truth(a >= b) }},
		{"<", func(a, b uint64) uint64 { return truth(a < b) }}, {">", func(a, b uint64) uint64 { return truth(a > b) }}},
	{{"+", func(a, b uint64) uint64 { return a + b }}, {"-", func(a, b uint64) uint64 { return a - b }}},
	{{"*", func(a, b uint64) uint64 { return a * b }},
		{"/", func(a, b uint64) uint64 {
			if b == 0 {
				return 0
			}
			return a / b
		}},
		{"%", func(a, b uint64) uint64 {
			if b == 0 {
				return 0
			}
			return a % b
		}}},
}

func (p *pluralParser) binary(level, depth int) (plural, error) {
	if level == len(pluralOps) {
		return p.unary(depth)
	}
	left, err := p.binary(level+1, depth)
	if err != nil {
		return nil, err
	}
next:
	for {
		for _, op := range pluralOps[level] {
			if !p.take(op.token) {
				continue
			}
			right, err := p.binary(level+1, depth)
			if err != nil {
				return nil, err
			}
			a := left
			left = func(n uint64) uint64 { return op.apply(a(n), right(n)) }
			continue next
		}
		return left, nil
	}
}

func (p *pluralParser) unary(depth int) (plural, error) {
	if depth > maxNesting {
		return nil, errCatalog
	}
	switch {
	case p.take("!"):
		f, err := p.unary(depth + 1)
		if err != nil {
			return nil, err
		}
		return func(n uint64) uint64 { return truth(f(n) == 0) }, nil
	case p.take("("):
		f, err := p.choice(depth + 1)
		if err != nil || !p.take(")") {
			return nil, errCatalog
		}
		return f, nil
	case p.take("n"):
		return func(n uint64) uint64 { return n }, nil
	}
	i, x := 0, uint64(0)
	for ; i < len(p.s) && i < 18 && p.s[i] >= '0' && p.s[i] <= '9'; i++ {
		x = x*10 + uint64(p.s[i]-'0')
	}
	if i == 0 {
		return nil, errCatalog
	}
	p.s = p.s[i:]
	return func(uint64) uint64 { return x }, nil
}
