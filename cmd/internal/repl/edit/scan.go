package edit

// kind classifies the tokens of a text, as far as editing needs it.
type kind uint8

const (
	blank kind = iota
	comment
	str
	atom
	prefix // quotes and their like: ' ` , ,@ #' #` #~ #$
	opening
	closing
)

// token is a piece of text from start up to end. open says that the text
// ended before the token did.
type token struct {
	start, end int
	kind       kind
	open       bool
}

// scan returns the token that starts at i, which is inside of text. It follows
// R7RS, section 7.1.1, and never fails: what the reader would refuse is an
// atom.
func scan(text []rune, i int) token {
	at := func(k int) rune {
		if k < len(text) {
			return text[k]
		}
		return 0
	}
	t := token{start: i, end: i + 1}
	switch c := text[i]; {
	case isSpace(c):
		for t.end < len(text) && isSpace(text[t.end]) {
			t.end++
		}
	case c == ';':
		t.kind = comment
		for t.end < len(text) && text[t.end] != '\n' {
			t.end++
		}
		t.open = t.end == len(text)
	case c == '#' && at(i+1) == '|':
		t.kind = comment
		t.end, t.open = blockEnd(text, i)
	case c == '#' && at(i+1) == ';':
		t.kind, t.end = prefix, i+2
	case c == '#' && at(i+1) == '\\':
		t.kind, t.end = atom, min(i+3, len(text))
		t.end = atomEnd(text, t.end)
	case c == '#' && at(i+1) == '{':
		t.kind = atom
		t.end, t.open = quotedEnd(text, i+2, '}')
		if at(t.end) == '#' {
			t.end++
		}
	case c == '"':
		t.kind = str
		t.end, t.open = quotedEnd(text, i+1, '"')
	case c == '|':
		t.kind = atom
		t.end, t.open = quotedEnd(text, i+1, '|')
	case c == '(' || c == '[':
		t.kind = opening
	case c == ')' || c == ']':
		t.kind = closing
	case c == '\'' || c == '`':
		t.kind = prefix
	case c == ',' || c == '#' && (at(i+1) == '$' || at(i+1) == '+' || at(i+1) == ','):
		t.kind = prefix
		if c == '#' {
			t.end++
		}
		if at(t.end) == '@' {
			t.end++
		}
	case c == '#' && (at(i+1) == '\'' || at(i+1) == '`' || at(i+1) == '~'):
		t.kind, t.end = prefix, i+2
	case c == '#' && (at(i+1) == '(' || at(i+1) == '['):
		t.kind = prefix
	default:
		t.kind = atom
		t.end = atomEnd(text, t.end)
	}
	return t
}

func isSpace(c rune) bool { return c == ' ' || c >= '\t' && c <= '\r' || c == 0xa0 }

func isDelimiter(c rune) bool {
	return isSpace(c) || c == '(' || c == ')' || c == '[' || c == ']' || c == '"' || c == ';'
}

func atomEnd(text []rune, i int) int {
	for i < len(text) && !isDelimiter(text[i]) {
		i++
	}
	return i
}

// quotedEnd finds the end of what stands between i and the next quote.
func quotedEnd(text []rune, i int, quote rune) (int, bool) {
	for ; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case quote:
			return i + 1, false
		}
	}
	return len(text), true
}

func blockEnd(text []rune, i int) (int, bool) {
	depth := 0
	for ; i+1 < len(text); i++ {
		switch {
		case text[i] == '#' && text[i+1] == '|':
			depth++
			i++
		case text[i] == '|' && text[i+1] == '#':
			depth--
			i++
			if depth == 0 {
				return i + 1, false
			}
		}
	}
	return len(text), true
}

// nesting is what is open at the end of a text.
type nesting struct {
	lists []int // where the open parentheses stand, outermost first
	last  token // the token at the end
}

func scanNesting(text []rune) nesting {
	var n nesting
	for i := 0; i < len(text); {
		t := scan(text, i)
		switch t.kind {
		case opening:
			n.lists = append(n.lists, i)
		case closing:
			if k := len(n.lists); k > 0 {
				n.lists = n.lists[:k-1]
			}
		}
		n.last = t
		i = t.end
	}
	return n
}

// InString reports whether the end of text is inside of a string, and where
// InString reports whether the end of text is inside of a string, and where
// that begins, behind the quote.
func InString(text []rune) (start int, ok bool) {
	n := scanNesting(text)
	return n.last.start + 1, n.last.kind == str && n.last.open
}

// InComment reports whether the end of text is inside of a comment.
// InComment reports whether the end of text is inside of a comment.
func InComment(text []rune) bool {
	n := scanNesting(text)
	return n.last.kind == comment && n.last.open
}

// Symbol returns where the symbol begins that ends at the end of text.
func Symbol(text []rune) int {
	n := scanNesting(text)
	if n.last.kind == atom {
		return n.last.start
	}
	return len(text)
}

// OpenLists returns where the parentheses stand that are open at the end of
// text, outermost first.
func OpenLists(text []rune) []int { return scanNesting(text).lists }

// match returns the partner of the parenthesis at i, -1 when it has none or
// there is no parenthesis at i. It ignores parentheses in strings and comments.
func match(text []rune, i int) int {
	var stack []int
	for k := 0; k < len(text); {
		t := scan(text, k)
		switch t.kind {
		case opening:
			stack = append(stack, k)
		case closing:
			if len(stack) == 0 {
				if k == i {
					return -1
				}
				break
			}
			o := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			switch {
			case k == i && fits(text[o], text[k]):
				return o
			case o == i && fits(text[o], text[k]):
				return k
			}
		}
		if k > i && len(stack) == 0 {
			return -1
		}
		k = t.end
	}
	return -1
}

func fits(open, close rune) bool { return open == '(' && close == ')' || open == '[' && close == ']' }

// forwardSexp is the end of the datum that follows i; the end of the list when
// none follows.
func forwardSexp(text []rune, i int) int {
	depth := 0
	for k := 0; k < len(text); {
		t := scan(text, k)
		k = t.end
		if t.end <= i {
			continue
		}
		switch t.kind {
		case opening:
			depth++
		case closing:
			if depth == 0 {
				return max(i, t.start)
			}
			if depth--; depth == 0 {
				return t.end
			}
		case atom, str:
			if depth == 0 {
				return t.end
			}
		}
	}
	return len(text)
}

// backwardSexp is the start of the datum before i, its quotes included; the
// start of the list when there is none.
func backwardSexp(text []rune, i int) int {
	// starts holds for each open list where its last datum begins.
	starts := []int{-1}
	lists := []int{-1}
	quote := -1
	begin := func(at int) int {
		if quote >= 0 {
			at = quote
		}
		quote = -1
		return at
	}
	for k := 0; k < i; {
		t := scan(text, k)
		switch t.kind {
		case prefix:
			if quote < 0 {
				quote = t.start
			}
		case atom, str:
			starts[len(starts)-1] = begin(t.start)
		case opening:
			starts[len(starts)-1] = begin(t.start)
			starts, lists = append(starts, -1), append(lists, k)
		case closing:
			quote = -1
			if len(starts) > 1 {
				starts, lists = starts[:len(starts)-1], lists[:len(lists)-1]
			}
		}
		k = t.end
	}
	if s := starts[len(starts)-1]; s >= 0 {
		return s
	}
	return max(lists[len(lists)-1]+1, 0)
}
