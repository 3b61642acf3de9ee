package text

import (
	"errors"
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// backRef is the character that stands for \0 in translated patterns, \1 is
// the next one and so on: noncharacters, which no text has.
const backRef = 0x10FFF0

// maxSteps bounds the work of one search of the backtracking matcher.
const maxSteps = 20_000_000

var errSteps = errors.New("the search takes too many steps: back-references make the matcher try all ways; write the regular expression without them or more strictly")

// backtracker matches what Go's automata cannot: back-references, and anchors
// that must not match at an end of the text. It tries all ways from each
// start, and keeps the longest.
type backtracker struct {
	text           string
	notbol, noteol bool
	caps, best     []int
	steps          int
}

// search finds the leftmost longest match of re in text; the result is as of
// regexp.FindStringSubmatchIndex.
func search(re *syntax.Regexp, text string, notbol, noteol bool) ([]int, error) {
	b := &backtracker{text: text, notbol: notbol, noteol: noteol, caps: make([]int, 2*(re.MaxCap()+1))}
	for at := 0; at <= len(text); {
		for i := range b.caps {
			b.caps[i] = -1
		}
		b.match(re, at, func(end int) {
			if b.best == nil || end > b.best[1] {
				b.best = append(b.best[:0], b.caps...)
				b.best[0], b.best[1] = at, end
			}
		})
		if b.steps > maxSteps {
			return nil, errSteps
		}
		if b.best != nil {
			return b.best, nil
		}
		_, n := utf8.DecodeRuneInString(text[at:])
		at += max(n, 1)
	}
	return nil, nil
}

// match calls k with the end of every match of re at position at.
func (b *backtracker) match(re *syntax.Regexp, at int, k func(end int)) {
	if b.steps++; b.steps > maxSteps {
		return
	}
	switch re.Op {
	case syntax.OpNoMatch:
	case syntax.OpEmptyMatch:
		k(at)
	case syntax.OpLiteral:
		b.literal(re.Rune, re.Flags&syntax.FoldCase != 0, at, k)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		c, n := utf8.DecodeRuneInString(b.text[at:])
		if n > 0 && member(re, c) {
			k(at + n)
		}
	case syntax.OpBeginLine, syntax.OpBeginText, syntax.OpEndLine, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		if b.anchor(re.Op, at) {
			k(at)
		}
	case syntax.OpCapture:
		i := 2 * re.Cap
		start, end := b.caps[i], b.caps[i+1]
		b.match(re.Sub[0], at, func(to int) {
			s, e := b.caps[i], b.caps[i+1]
			b.caps[i], b.caps[i+1] = at, to
			k(to)
			b.caps[i], b.caps[i+1] = s, e
		})
		b.caps[i], b.caps[i+1] = start, end
	case syntax.OpStar:
		b.repeat(re.Sub[0], 0, -1, at, k)
	case syntax.OpPlus:
		b.repeat(re.Sub[0], 1, -1, at, k)
	case syntax.OpQuest:
		b.repeat(re.Sub[0], 0, 1, at, k)
	case syntax.OpRepeat:
		b.repeat(re.Sub[0], re.Min, re.Max, at, k)
	case syntax.OpConcat:
		b.concat(re.Sub, at, k)
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			b.match(sub, at, k)
		}
	}
}

func (b *backtracker) concat(subs []*syntax.Regexp, at int, k func(end int)) {
	if len(subs) == 0 {
		k(at)
		return
	}
	b.match(subs[0], at, func(end int) { b.concat(subs[1:], end, k) })
}

// repeat matches re from min to max times, max < 0 meaning any number, more
// times first. What matches nothing is not repeated.
func (b *backtracker) repeat(re *syntax.Regexp, min, max, at int, k func(end int)) {
	if max != 0 {
		b.match(re, at, func(end int) {
			if end > at || min > 0 {
				b.repeat(re, min-1, max-1, end, k)
			}
		})
	}
	if min <= 0 {
		k(at)
	}
}

// literal matches characters and references to what groups have matched.
func (b *backtracker) literal(rs []rune, fold bool, at int, k func(end int)) {
	for _, want := range rs {
		if want >= backRef {
			i := 2 * int(want-backRef)
			if i+1 >= len(b.caps) || b.caps[i] < 0 {
				return
			}
			n := prefix(b.text[at:], b.text[b.caps[i]:b.caps[i+1]], fold)
			if n < 0 {
				return
			}
			at += n
			continue
		}
		c, n := utf8.DecodeRuneInString(b.text[at:])
		if n == 0 || !sameRune(c, want, fold) {
			return
		}
		at += n
	}
	k(at)
}

// prefix is how many bytes at the start of text are the same as part, -1 when
// they are not.
func prefix(text, part string, fold bool) int {
	at := 0
	for _, want := range part {
		c, n := utf8.DecodeRuneInString(text[at:])
		if n == 0 || !sameRune(c, want, fold) {
			return -1
		}
		at += n
	}
	return at
}

func sameRune(a, b rune, fold bool) bool {
	if a == b || !fold {
		return a == b
	}
	for c := unicode.SimpleFold(a); c != a; c = unicode.SimpleFold(c) {
		if c == b {
			return true
		}
	}
	return false
}

// member reports whether a node for one character accepts c.
func member(re *syntax.Regexp, c rune) bool {
	switch re.Op {
	case syntax.OpAnyChar:
		return true
	case syntax.OpAnyCharNotNL:
		return c != '\n'
	}
	for i := 0; i+1 < len(re.Rune); i += 2 {
		if re.Rune[i] <= c && c <= re.Rune[i+1] {
			return true
		}
	}
	return false
}

// anchor reports whether an anchor holds at a position.
func (b *backtracker) anchor(op syntax.Op, at int) bool {
	switch op {
	case syntax.OpBeginText:
		return at == 0 && !b.notbol
	case syntax.OpBeginLine:
		return at == 0 && !b.notbol || at > 0 && b.text[at-1] == '\n'
	case syntax.OpEndText:
		return at == len(b.text) && !b.noteol
	case syntax.OpEndLine:
		return at == len(b.text) && !b.noteol || at < len(b.text) && b.text[at] == '\n'
	}
	word := func(i int) bool {
		return i >= 0 && i < len(b.text) && syntax.IsWordChar(rune(b.text[i]))
	}
	return (word(at-1) != word(at)) == (op == syntax.OpWordBoundary)
}
