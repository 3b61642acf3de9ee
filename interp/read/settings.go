package read

import "slices"

// KeywordStyle says which symbols read as keywords besides #:name.
type KeywordStyle uint8

// The keyword styles of Guile's read options.
const (
	KeywordHash    KeywordStyle = iota // only #:name
	KeywordPrefix                      // also :name
	KeywordPostfix                     // also name:
)

// Settings are Guile's read options (manual, "Scheme Read"). They are looked
// at when a datum begins, so that a text can change how its rest is read. The
// zero Settings are Guile's defaults, and its |…| symbols and \x…; escapes are
// read besides Guile's own where the text leaves no doubt.
type Settings struct {
	// FoldCase reads symbols and character names in lower case.
	FoldCase bool
	// Keywords is the additional keyword syntax.
	Keywords KeywordStyle
	// HexEscapes reads \x in strings as R6RS and R7RS have it alone: any number
	// of digits and a semicolon.
	HexEscapes bool
	// HungryEOL skips the blanks at the start of a continued line of a string.
	HungryEOL bool
	// NoBrackets takes [ and ] for letters instead of parentheses.
	NoBrackets bool
	// CurlyInfix reads {…} as SRFI 105 has it, BracketLists also […] as
	// ($bracket-list$ …).
	CurlyInfix, BracketLists bool
	// Bytestrings reads #u8"…" as SRFI 207 has it.
	Bytestrings bool
}

// Directive changes how the rest of a text is read: most are #! comments.
type Directive uint8

// The directives.
const (
	FoldCaseOn Directive = iota
	FoldCaseOff
	ReportsOn // #!r6rs and #!r7rs
	CurlyInfixOn
	BracketListsOn
	BracketListsOff
	HungryEOLOn // no text says so itself; see Options.Program
)

var directives = map[string]Directive{
	"fold-case": FoldCaseOn, "no-fold-case": FoldCaseOff, "r6rs": ReportsOn, "r7rs": ReportsOn,
	"curly-infix": CurlyInfixOn, "curly-infix-and-bracket-lists": BracketListsOn,
	"no-curly-infix-and-bracket-lists": BracketListsOff,
}

// apply changes s as d says.
func (d Directive) apply(s *Settings) {
	switch d {
	case FoldCaseOn:
		s.FoldCase = true
	case FoldCaseOff:
		s.FoldCase = false
	case ReportsOn:
		*s = Settings{HexEscapes: true, HungryEOL: true}
	case CurlyInfixOn:
		s.CurlyInfix = true
	case BracketListsOn:
		s.CurlyInfix, s.BracketLists = true, true
	case BracketListsOff:
		s.BracketLists = false
	case HungryEOLOn:
		s.HungryEOL = true
	}
}

// direct obeys a directive now and for the data to come.
func (r *Reader) direct(d Directive) {
	said := slices.DeleteFunc(slices.Clone(r.opts.Directives), func(x Directive) bool { return x == d })
	r.opts.Directives = append(said, d)
	d.apply(&r.set)
}

// Directives are those met so far, those of the options first; the options of
// another reader for the rest of the same text take them.
func (r *Reader) Directives() []Directive { return r.opts.Directives }

// settle takes the settings for the next datum.
func (r *Reader) settle() {
	r.set = Settings{}
	if r.opts.Settings != nil {
		r.set = *r.opts.Settings
	}
	for _, d := range r.opts.Directives {
		d.apply(&r.set)
	}
	r.odd = r.set.NoBrackets || r.set.CurlyInfix
}
