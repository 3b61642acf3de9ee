package read

import (
	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/source"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lexeme is what lex found.
type lexeme uint8

const (
	lexEOF     lexeme = iota
	lexNothing        // a comment, or a frame was pushed
	lexDatum          // a complete datum
	lexDone           // a complete datum that needs no wrapping
	lexDot
	lexClose // the value is the closing character as a fixnum
)

// The symbols of the abbreviations.
var (
	symQuote              = datum.Sym("quote")
	symQuasiquote         = datum.Sym("quasiquote")
	symUnquote            = datum.Sym("unquote")
	symUnquoteSplicing    = datum.Sym("unquote-splicing")
	symSyntax             = datum.Sym("syntax")
	symQuasisyntax        = datum.Sym("quasisyntax")
	symUnsyntax           = datum.Sym("unsyntax")
	symUnsyntaxSplicing   = datum.Sym("unsyntax-splicing")
	symGexp               = datum.Sym("gexp")
	symUngexp             = datum.Sym("ungexp")
	symUngexpSplicing     = datum.Sym("ungexp-splicing")
	symUngexpNative       = datum.Sym("ungexp-native")
	symUngexpNativeSplice = datum.Sym("ungexp-native-splicing")
)

// lex reads one token. Opening parentheses and prefixes push a frame.
func (r *Reader) lex() (datum.Value, source.Pos, lexeme, error) {
	c := r.skipBlank()
	at := r.Here()
	if c < 0 {
		return datum.Unset, at, lexEOF, nil
	}
	if at.Line != r.last {
		if len(r.stack) > 0 && c != ')' && c != ']' {
			r.suspect(at)
		}
		r.last = at.Line
	}
	v, what, err := r.lexAt(c, at)
	if r.line != r.last && what == lexDatum {
		r.last = r.line // a string over several lines
	}
	return v, at, what, err
}

// skipBlank skips blanks and line comments and returns the next character.
func (r *Reader) skipBlank() rune {
	for {
		c := r.peek()
		switch c {
		case ' ', '\t', '\r', '\f', '\v':
			r.next()
		case '\n':
			r.next()
		case ';':
			for c = r.peek(); c >= 0 && c != '\n'; c = r.peek() {
				r.next()
			}
		default:
			if c > 127 && unicodeSpace(c) {
				r.next()
				continue
			}
			return c
		}
	}
}

func (r *Reader) lexAt(c rune, at source.Pos) (datum.Value, lexeme, error) {
	switch c {
	case '(':
		r.next()
		r.push(frame{kind: inList, closer: ')', at: at, head: datum.Null})
		return datum.Unset, lexNothing, nil
	case '[', ']', '{', '}':
		if r.ends(c) {
			return r.lexBracket(c, at)
		}
	case ')':
		r.next()
		return datum.Fix(int64(c)), lexClose, nil
	case '\'':
		r.next()
		return r.quote(symQuote, at)
	case '`':
		r.next()
		return r.quote(symQuasiquote, at)
	case ',':
		r.next()
		return r.quote(r.splicing(symUnquote, symUnquoteSplicing), at)
	case '"':
		r.next()
		v, err := r.readString(at)
		return v, lexDatum, err
	case '#':
		r.next()
		return r.lexHash(at)
	case '|':
		r.next()
		name, err := r.readDelimited(at, '|', "symbol")
		return datum.Sym(name), lexDatum, err
	}
	tok := r.scanToken()
	if len(tok) == 1 && tok[0] == '.' {
		return datum.Unset, lexDot, nil
	}
	return r.atom(string(tok)), lexDatum, nil
}

// lexBracket reads a bracket or brace that is no letter.
func (r *Reader) lexBracket(c rune, at source.Pos) (datum.Value, lexeme, error) {
	r.next()
	switch c {
	case '[':
		open := frame{kind: inList, closer: ']', at: at, head: datum.Null}
		if r.set.BracketLists {
			open.head = r.cons(r.wrap(symBracketList, at), datum.Null, at)
			open.tail = open.head
		}
		r.push(open)
		return datum.Unset, lexNothing, nil
	case '{':
		r.openCurly(at)
		return datum.Unset, lexNothing, nil
	}
	return datum.Fix(int64(c)), lexClose, nil
}

// atom makes a number or symbol of a token.
func (r *Reader) atom(tok string) datum.Value {
	switch c := tok[0]; {
	case c >= '0' && c <= '9', c == '+', c == '-', c == '.':
		if v, ok := num.Parse(tok, 10); ok {
			return v
		}
	}
	switch r.set.Keywords {
	case KeywordPrefix:
		if len(tok) > 1 && tok[0] == ':' {
			return datum.InternKeyword(r.fold(tok[1:])).Value()
		}
	case KeywordPostfix:
		if len(tok) > 1 && tok[len(tok)-1] == ':' {
			return datum.InternKeyword(r.fold(tok[:len(tok)-1])).Value()
		}
	}
	return datum.Sym(r.fold(tok))
}

func (r *Reader) fold(s string) string {
	if !r.set.FoldCase {
		return s
	}
	return FoldCase(s)
}

// FoldCase folds a string character by character for case-insensitive reading.
func FoldCase(s string) string {
	return strings.Map(func(c rune) rune {
		return unicode.ToLower(unicode.ToUpper(c))
	}, s)
}

func (r *Reader) quote(symbol datum.Value, at source.Pos) (datum.Value, lexeme, error) {
	r.push(frame{kind: inQuote, at: at, symbol: symbol})
	return datum.Unset, lexNothing, nil
}

// splicing consumes a following "@" and chooses between two symbols by it.
func (r *Reader) splicing(plain, splice datum.Value) datum.Value {
	if r.peek() == '@' {
		r.next()
		return splice
	}
	return plain
}

// lexHash reads what follows a "#", which has been consumed.
func (r *Reader) lexHash(at source.Pos) (datum.Value, lexeme, error) {
	c := r.peek()
	if r.opts.HashReader != nil && c >= 0 {
		if h := r.opts.HashReader(c); h != nil {
			r.next()
			v, err := h(r, c, at)
			if err == nil && v == datum.Unset {
				return v, lexNothing, nil
			}
			return v, lexDatum, err
		}
	}
	switch c {
	case '(':
		r.next()
		r.openVector(at, func(items []datum.Value) (datum.Value, error) {
			if r.opts.Places != nil {
				return r.opts.Places.Vector(items, at), nil
			}
			return datum.NewVector(items), nil
		})
		return datum.Unset, lexNothing, nil
	case '\\':
		r.next()
		v, err := r.readChar(at)
		return v, lexDatum, err
	case '\'':
		r.next()
		return r.quote(symSyntax, at)
	case '`':
		r.next()
		return r.quote(symQuasisyntax, at)
	case ',':
		r.next()
		return r.quote(r.splicing(symUnsyntax, symUnsyntaxSplicing), at)
	case '~':
		r.next()
		return r.quote(symGexp, at)
	case '$':
		r.next()
		return r.quote(r.splicing(symUngexp, symUngexpSplicing), at)
	case '+':
		r.next()
		return r.quote(r.splicing(symUngexpNative, symUngexpNativeSplice), at)
	case ';':
		r.next()
		r.plain++
		r.push(frame{kind: inComment, at: at})
		return datum.Unset, lexNothing, nil
	case '|':
		r.next()
		return datum.Unset, lexNothing, r.skipBlockComment(at)
	case '!':
		r.next()
		return r.lexBang(at)
	case ':':
		r.next()
		return r.readKeyword(at)
	case '{':
		r.next()
		name, err := r.readExtendedSymbol(at)
		return datum.Sym(name), lexDatum, err
	case '*':
		r.next()
		v, err := r.readBits(at)
		return v, lexDatum, err
	case '@', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return r.lexNumbered(at)
	case -1:
		return datum.Unset, lexNothing, r.incomplete(at, "the text ends after #")
	}
	return r.lexHashName(at)
}

// lexHashName reads booleans, numbers with prefix and uniform vectors.
func (r *Reader) lexHashName(at source.Pos) (datum.Value, lexeme, error) {
	tok := string(r.scanToken())
	switch strings.ToLower(tok) {
	case "t", "true":
		return datum.True, lexDatum, nil
	case "f", "false":
		return datum.False, lexDatum, nil
	case "nil":
		return datum.Nil, lexDatum, nil
	case "u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64", "c32", "c64", "vu8":
		if r.peek() == '(' {
			return r.openTyped(1, strings.ToLower(tok), at)
		}
		if tok == "u8" && r.set.Bytestrings && r.peek() == '"' {
			r.next()
			v, err := r.readBytestring(at)
			return v, lexDatum, err
		}
	}
	if i := strings.IndexAny(tok, "@:"); i > 0 && r.peek() == '(' && datum.ElemSize(tok[:i]) > 0 {
		return r.openBounded(1, tok[:i], tok[i:], at)
	}
	if tok != "" {
		switch tok[0] {
		case 'x', 'X', 'b', 'B', 'o', 'O', 'd', 'D', 'e', 'E', 'i', 'I':
			if v, ok := num.Parse("#"+tok, 10); ok {
				return v, lexDatum, nil
			}
			return datum.Unset, lexNothing, r.fail(at, "#%s is not a number", tok)
		}
	}
	if tok == "" {
		c := r.next()
		return datum.Unset, lexNothing, r.fail(at, "unknown syntax #%c", c).say("Unknown # object: #" + string(max(c, 0)))
	}
	return datum.Unset, lexNothing, r.fail(at, "unknown syntax #%s", tok).say("Unknown # object: #" + tok)
}

// openVector pushes a frame for items up to the next ")".
func (r *Reader) openVector(at source.Pos, finish func([]datum.Value) (datum.Value, error)) {
	r.push(frame{kind: inVector, closer: ')', at: at, finish: finish})
	r.last = at.Line
}

// skipBlockComment skips to the |# that matches.
func (r *Reader) skipBlockComment(at source.Pos) error {
	for depth := 1; depth > 0; {
		switch r.next() {
		case -1:
			return r.incomplete(at, "this block comment is never closed").say("unterminated `#| ... |#' comment")
		case '|':
			if r.peek() == '#' {
				r.next()
				depth--
			}
		case '#':
			if r.peek() == '|' {
				r.next()
				depth++
			}
		}
	}
	return nil
}

// lexBang reads what follows "#!": a directive, a constant or a comment.
func (r *Reader) lexBang(at source.Pos) (datum.Value, lexeme, error) {
	c := r.peek()
	if c >= 'a' && c <= 'z' {
		tok := string(r.scanToken())
		switch tok {
		case "eof":
			return datum.EOF, lexDatum, nil
		case "default":
			return datum.Default, lexDatum, nil
		case "unspecific", "unspecified":
			return datum.Unspecified, lexDatum, nil
		case "chezscheme":
			return datum.Unset, lexNothing, nil
		case "optional", "key", "rest":
			return datum.Sym("#!" + tok), lexDatum, nil
		}
		if d, ok := directives[tok]; ok {
			r.direct(d)
			r.odd = r.set.NoBrackets || r.set.CurlyInfix
			return datum.Unset, lexNothing, nil
		}
	}
	start, line, col := r.off, r.line, r.col
	for {
		switch r.next() {
		case -1:
			if r.src == nil && at.Line == 1 && at.Col == 1 {
				// A script whose first line names the interpreter, without the
				// closing mark: the line is the comment.
				r.off, r.line, r.col = start, line, col
				for c := r.peek(); c >= 0 && c != '\n'; c = r.peek() {
					r.next()
				}
				return datum.Unset, lexNothing, nil
			}
			return datum.Unset, lexNothing, r.incomplete(at, "this #! comment is never closed").say("unterminated `#! ... !#' comment")
		case '!':
			if r.peek() == '#' {
				r.next()
				return datum.Unset, lexNothing, nil
			}
		}
	}
}

// readKeyword reads the name after "#:".
func (r *Reader) readKeyword(at source.Pos) (datum.Value, lexeme, error) {
	switch r.peek() {
	case '|':
		r.next()
		name, err := r.readDelimited(at, '|', "keyword")
		return datum.InternKeyword(name).Value(), lexDatum, err
	case '#':
		r.next()
		if r.peek() == '{' {
			r.next()
			name, err := r.readExtendedSymbol(at)
			return datum.InternKeyword(name).Value(), lexDatum, err
		}
		return datum.InternKeyword(r.fold(string(r.scanToken('#')))).Value(), lexDatum, nil
	}
	tok := r.scanToken()
	if len(tok) == 0 {
		return datum.Unset, lexNothing, r.fail(at, "#: is not followed by a name")
	}
	return datum.InternKeyword(r.fold(string(tok))).Value(), lexDatum, nil
}

// readExtendedSymbol reads the rest of #{name}#.
func (r *Reader) readExtendedSymbol(at source.Pos) (string, error) {
	var b strings.Builder
	for {
		switch c := r.next(); c {
		case -1:
			return "", r.incomplete(at, "this #{ symbol is never closed").say("end of input while reading symbol")
		case '}':
			if r.peek() == '#' {
				r.next()
				return b.String(), nil
			}
			b.WriteByte('}')
		case '\\':
			if r.peek() != 'x' {
				if c = r.next(); c >= 0 {
					b.WriteRune(c)
				}
				continue
			}
			r.next()
			c, err := r.hexEscape(at)
			if err != nil {
				return "", err
			}
			b.WriteRune(c)
		default:
			b.WriteRune(c)
		}
	}
}

// hexEscape reads hexadecimal digits and the semicolon after them.
func (r *Reader) hexEscape(at source.Pos) (rune, error) {
	n := rune(0)
	for digits := 0; ; digits++ {
		c := r.peek()
		if c == ';' && digits > 0 {
			r.next()
			if !validChar(n) {
				return 0, r.fail(at, "\\x%x; is not a character", n)
			}
			return n, nil
		}
		d := hexDigit(c)
		if d < 0 || digits > 7 {
			return 0, r.fail(r.Here(), "an \\x escape needs hexadecimal digits and a semicolon").say("invalid character in escape sequence: #\\" + string(max(c, 0)))
		}
		r.next()
		n = n<<4 | d
		if n > utf8.MaxRune {
			n = utf8.MaxRune + 1
		}
	}
}

func hexDigit(c rune) rune {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return -1
}

func validChar(c rune) bool { return utf8.ValidRune(c) }
