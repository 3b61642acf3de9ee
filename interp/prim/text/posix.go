package text

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Translate turns a POSIX regular expression, extended or basic (POSIX.1-2017
// XBD chapter 9, with the extensions of the GNU C library), into the syntax
// of Go's package regexp. newline says that line ends are not matched by "."
// and by non-matching lists.
func Translate(pattern string, basic, newline bool) (string, error) {
	t, err := translate(pattern, basic, newline)
	if err != nil {
		return "", err
	}
	if t.backRefs {
		return "", errors.New("back-references are not in the regular expressions of Go")
	}
	return t.out.String(), nil
}

// translate is Translate with back-references as characters from backRef on.
func translate(pattern string, basic, newline bool) (*translator, error) {
	t := &translator{src: pattern, basic: basic, newline: newline}
	if !utf8.ValidString(pattern) {
		return nil, errors.New("invalid characters in the regular expression")
	}
	return t, t.run()
}

type translator struct {
	src     string
	pos     int
	out     strings.Builder
	basic   bool
	newline bool
	depth   int
	groups  int // opened so far
	// backRefs tells that the pattern refers back to groups, anchors that it
	// has ^ or $.
	backRefs, anchors bool
	// start is true where an expression may begin: ^ is an anchor and * a
	// literal there in basic syntax.
	start bool
}

func (t *translator) run() error {
	t.start = true
	for t.pos < len(t.src) {
		c, n := utf8.DecodeRuneInString(t.src[t.pos:])
		t.pos += n
		if err := t.char(c); err != nil {
			return err
		}
	}
	if t.depth > 0 {
		return errors.New("unmatched ( in the regular expression")
	}
	return nil
}

func (t *translator) char(c rune) error {
	was := t.start
	t.start = false
	switch c {
	case '\\':
		return t.escape(was)
	case '[':
		return t.bracket()
	case '.':
		t.out.WriteString(".")
		return nil
	case '*':
		if was && t.basic {
			t.literal('*')
			return nil
		}
		return t.repeated(was, "*")
	case '^':
		if !t.basic || was {
			t.out.WriteString("^")
			t.start, t.anchors = true, true
			return nil
		}
	case '$':
		if !t.basic || t.pos == len(t.src) || strings.HasPrefix(t.src[t.pos:], `\)`) || strings.HasPrefix(t.src[t.pos:], `\|`) {
			t.anchors = true
			if t.newline {
				t.out.WriteString("$")
			} else {
				t.out.WriteString(`\z`)
			}
			return nil
		}
	}
	if t.basic {
		t.literal(c)
		return nil
	}
	switch c {
	case '(':
		t.open()
		return nil
	case ')':
		if t.depth > 0 {
			t.close()
			return nil
		}
	case '|':
		t.out.WriteString("|")
		t.start = true
		return nil
	case '+', '?':
		return t.repeated(was, string(c))
	case '{':
		if !was {
			return t.interval("}")
		}
	}
	t.literal(c)
	return nil
}

// repeated is repeat where an expression must stand before.
func (t *translator) repeated(start bool, op string) error {
	if start {
		return fmt.Errorf("nothing stands before the %s of the regular expression", op)
	}
	return t.repeat(op)
}

func (t *translator) open() {
	t.out.WriteString("(")
	t.depth++
	t.groups++
	t.start = true
}

func (t *translator) close() {
	t.out.WriteString(")")
	t.depth--
}

// repeat writes a repetition operator; one right after another applies to
// the whole, which needs a group in Go's syntax.
func (t *translator) repeat(op string) error {
	s := t.out.String()
	if s != "" && strings.ContainsRune("*+?}", rune(s[len(s)-1])) && !escapedAt(s, len(s)-1) {
		begin := atomStart(s)
		t.out.Reset()
		t.out.WriteString(s[:begin] + "(?:" + s[begin:] + ")")
	}
	t.out.WriteString(op)
	return nil
}

// escapedAt reports whether the byte at i follows an odd number of
// backslashes.
func escapedAt(s string, i int) bool {
	n := 0
	for i--; i >= 0 && s[i] == '\\'; i-- {
		n++
	}
	return n%2 == 1
}

// atomStart finds where the last atom with its repetitions begins in
// translated text.
func atomStart(s string) int {
	i := len(s) - 1
	for i >= 0 && strings.ContainsRune("*+?", rune(s[i])) && !escapedAt(s, i) {
		i--
	}
	if i >= 0 && s[i] == '}' && !escapedAt(s, i) {
		i = strings.LastIndexByte(s[:i], '{') - 1
	}
	switch {
	case i < 0:
		return 0
	case s[i] == ')' && !escapedAt(s, i):
		depth := 0
		for ; i >= 0; i-- {
			if escapedAt(s, i) {
				continue
			}
			if s[i] == ')' {
				depth++
			} else if s[i] == '(' {
				if depth--; depth == 0 {
					return i
				}
			}
		}
		return 0
	case s[i] == ']' && !escapedAt(s, i):
		// Brackets inside a translated list are always escaped.
		for ; i > 0; i-- {
			if s[i] == '[' && !escapedAt(s, i) {
				return i
			}
		}
		return 0
	}
	for i > 0 && !utf8.RuneStart(s[i]) {
		i--
	}
	if escapedAt(s, i) {
		i--
	}
	return max(i, 0)
}

// maxRepeat is the largest count that Go's regexp takes.
const maxRepeat = 1000

// interval reads {m}, {m,} or {m,n} up to the closing mark.
func (t *translator) interval(end string) error {
	rest := t.src[t.pos:]
	i := strings.Index(rest, end)
	if i < 0 {
		return errors.New("unmatched { in the regular expression")
	}
	body := rest[:i]
	var lo, hi int
	switch n, err := fmt.Sscanf(body+";", "%d,%d;", &lo, &hi); {
	case err == nil && n == 2:
	default:
		hi = -1
		if _, err := fmt.Sscanf(body+";", "%d,;", &lo); err != nil {
			if _, err := fmt.Sscanf(body+";", "%d;", &lo); err != nil {
				if _, err := fmt.Sscanf(body+";", ",%d;", &hi); err != nil {
					return fmt.Errorf("invalid repetition {%s}", body)
				}
			}
		}
	}
	if lo < 0 || lo > maxRepeat || hi > maxRepeat || hi >= 0 && hi < lo {
		return fmt.Errorf("invalid repetition {%s}", body)
	}
	t.pos += i + len(end)
	if strings.HasPrefix(body, ",") {
		body = "0" + body
	}
	return t.repeat("{" + strings.ReplaceAll(body, " ", "") + "}")
}

func (t *translator) literal(c rune) {
	if strings.ContainsRune(`\.+*?()|[]{}^$`, c) {
		t.out.WriteByte('\\')
	}
	t.out.WriteRune(c)
}

// escape reads what follows a backslash.
func (t *translator) escape(was bool) error {
	if t.pos == len(t.src) {
		return errors.New("trailing backslash in the regular expression")
	}
	c, n := utf8.DecodeRuneInString(t.src[t.pos:])
	t.pos += n
	if t.basic {
		switch c {
		case '(':
			t.open()
			return nil
		case ')':
			if t.depth == 0 {
				return errors.New("unmatched ) in the regular expression")
			}
			t.close()
			return nil
		case '{':
			if !was {
				return t.interval(`\}`)
			}
		case '|':
			t.out.WriteString("|")
			t.start = true
			return nil
		case '+', '?':
			if !was {
				return t.repeat(string(c))
			}
		}
	}
	switch c {
	case 'w', 'W', 's', 'S', 'b', 'B':
		t.out.WriteString(map[rune]string{'w': `[_\pL\pN]`, 'W': `[^_\pL\pN]`, 's': `\s`, 'S': `\S`, 'b': `\b`, 'B': `\B`}[c])
		return nil
	case '<', '>':
		t.out.WriteString(`\b`)
		return nil
	case '`':
		t.out.WriteString(`\A`)
		return nil
	case '\'':
		t.out.WriteString(`\z`)
		return nil
	}
	if c >= '1' && c <= '9' {
		if int(c-'0') > t.groups {
			return errors.New("invalid back-reference in the regular expression")
		}
		t.backRefs = true
		t.out.WriteRune(backRef + c - '0')
		return nil
	}
	t.literal(c)
	return nil
}

// bracket reads a bracket expression whose [ has been consumed.
func (t *translator) bracket() error {
	var b strings.Builder
	b.WriteByte('[')
	if strings.HasPrefix(t.src[t.pos:], "^") {
		t.pos++
		b.WriteByte('^')
		if t.newline {
			b.WriteString(`\n`)
		}
	}
	for first := true; ; first = false {
		if t.pos >= len(t.src) {
			return errors.New("unmatched [ in the regular expression")
		}
		rest := t.src[t.pos:]
		switch {
		case rest[0] == ']' && !first:
			t.pos++
			b.WriteByte(']')
			t.out.WriteString(b.String())
			return nil
		case strings.HasPrefix(rest, "[:"):
			name, _, found := strings.Cut(rest[2:], ":]")
			if !found {
				return errors.New("unmatched [: in the regular expression")
			}
			class, ok := classes[name]
			if !ok {
				return fmt.Errorf("unknown character class [:%s:]", name)
			}
			b.WriteString(class)
			t.pos += len(name) + 4
			continue
		}
		lo, err := t.element()
		if err != nil {
			return err
		}
		hi := lo
		if r := t.src[t.pos:]; strings.HasPrefix(r, "-") && len(r) > 1 && r[1] != ']' {
			t.pos++
			if hi, err = t.element(); err != nil {
				return err
			}
			if hi < lo {
				return errors.New("invalid range end in a bracket expression")
			}
		}
		fmt.Fprintf(&b, `\x{%x}`, lo)
		if hi != lo {
			fmt.Fprintf(&b, `-\x{%x}`, hi)
		}
	}
}

// element reads one character of a bracket expression, [.x.] and [=x=]
// included.
func (t *translator) element() (rune, error) {
	rest := t.src[t.pos:]
	for _, mark := range []string{".", "="} {
		if strings.HasPrefix(rest, "["+mark) {
			c, n := utf8.DecodeRuneInString(rest[2:])
			if !strings.HasPrefix(rest[2+n:], mark+"]") {
				return 0, errors.New("invalid collating element in a bracket expression")
			}
			t.pos += 4 + n
			return c, nil
		}
	}
	c, n := utf8.DecodeRuneInString(rest)
	if n == 0 {
		return 0, errors.New("unmatched [ in the regular expression")
	}
	t.pos += n
	return c, nil
}

var classes = map[string]string{
	"alpha": `\pL`, "digit": `0-9`, "alnum": `\pL\p{Nd}`, "upper": `\p{Lu}`, "lower": `\p{Ll}`,
	"space": `\s\v\p{Z}`, "blank": ` \t`, "punct": `\pP\pS`, "cntrl": `\p{Cc}`, "xdigit": `0-9A-Fa-f`,
	"print": `\pL\pM\pN\pP\pS\p{Zs}`, "graph": `\pL\pM\pN\pP\pS`,
}
