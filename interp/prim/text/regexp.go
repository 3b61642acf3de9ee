package text

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
	"unsafe"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// Regexp is a compiled POSIX regular expression.
type Regexp struct {
	Source string
	// re finds matches, unless the pattern refers back to groups. Then, and
	// where re cannot be told that an end of the text is none of a line, tree
	// is searched.
	re      *regexp.Regexp
	tree    *syntax.Regexp
	anchors bool
	noSub   bool
}

// find gives the leftmost longest match as FindStringSubmatchIndex does.
func (r *Regexp) find(text string, notbol, noteol bool) ([]int, error) {
	if r.re != nil && (!r.anchors || !notbol && !noteol) {
		return r.re.FindStringSubmatchIndex(text), nil
	}
	return search(r.tree, text, notbol, noteol)
}

// The flags of make-regexp and regexp-exec.
const (
	regExtended = 1
	regIcase    = 2
	regNewline  = 4
	regNosub    = 8
	regBasic    = 16
	regNotbol   = 1
	regNoteol   = 2
)

// RegexpConstants are the names of the flags.
func RegexpConstants() map[string]datum.Value {
	return map[string]datum.Value{
		"regexp/extended": datum.Fix(regExtended), "regexp/icase": datum.Fix(regIcase),
		"regexp/newline": datum.Fix(regNewline), "regexp/nosub": datum.Fix(regNosub), "regexp/basic": datum.Fix(0),
		"regexp/notbol": datum.Fix(regNotbol), "regexp/noteol": datum.Fix(regNoteol),
	}
}

func regexps() []*datum.Primitive {
	return []*datum.Primitive{
		arg.Is("regexp?", func(v datum.Value) bool { return v.Is(datum.KRegexp) }),
		arg.FN("make-regexp", 1, -1, makeRegexp),
		arg.FN("regexp-exec", 2, 4, regexpExec),
	}
}

// Compile makes a Regexp; basic chooses BRE syntax.
func Compile(pattern string, basic, icase, newline, noSub bool) (*Regexp, error) {
	t, err := translate(pattern, basic, newline)
	if err != nil {
		return nil, err
	}
	flags := ""
	if icase {
		flags += "i"
	}
	if newline {
		flags += "m"
	} else {
		flags += "s"
	}
	text := "(?" + flags + ")" + t.out.String()
	r := &Regexp{Source: pattern, anchors: t.anchors, noSub: noSub}
	if t.anchors || t.backRefs {
		if r.tree, err = syntax.Parse(text, syntax.Perl); err != nil {
			return nil, err
		}
	}
	if !t.backRefs {
		if r.re, err = regexp.Compile(text); err != nil {
			return nil, err
		}
		r.re.Longest()
	}
	return r, nil
}

func makeRegexp(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	pattern, err := arg.Text("make-regexp", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	flags, basic := 0, false
	for i, v := range args[1:] {
		n, err := arg.Int("make-regexp", i+2, v)
		if err != nil {
			return datum.Unset, err
		}
		if n == 0 {
			basic = true
		}
		flags |= n
	}
	if flags&regExtended != 0 {
		basic = false
	}
	re, err := Compile(pattern, basic, flags&regIcase != 0, flags&regNewline != 0, flags&regNosub != 0)
	if err != nil {
		return datum.Unset, &datum.Error{Key: "regular-expression-syntax", Who: "make-regexp", Message: strings.ReplaceAll(err.Error(), "~", "~~"),
			Rest: datum.List(args[0]), Payload: datum.Unset, Cause: err}
	}
	return datum.Obj(datum.KRegexp, unsafe.Pointer(re)), nil
}

// regexpExec is (regexp-exec rx string [start [flags]]): a match vector
// #(string (start . end) …) as (ice-9 regex) takes it, or #f.
func regexpExec(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	if !args[0].Is(datum.KRegexp) {
		return datum.Unset, datum.WrongTypeExpecting("regexp-exec", 1, args[0], "regexp")
	}
	re := (*Regexp)(args[0].Ptr())
	s, err := arg.Str("regexp-exec", 2, args[1])
	if err != nil {
		return datum.Unset, err
	}
	start := 0
	if v, ok := arg.Given(args, 2); ok {
		if start, err = arg.Index("regexp-exec", 3, v, s.Len()+1); err != nil {
			return datum.Unset, err
		}
	}
	flags := 0
	if v, ok := arg.Given(args, 3); ok {
		if flags, err = arg.Int("regexp-exec", 4, v); err != nil {
			return datum.Unset, err
		}
	}
	// As regexec(3), the search sees only the text from start on.
	text := s.Sub(start, s.Len())
	m, err := re.find(text, flags&regNotbol != 0, flags&regNoteol != 0)
	if err != nil {
		return datum.Unset, datum.Misc("regexp-exec", "~A", datum.NewString(err.Error()))
	}
	if m == nil {
		return datum.False, nil
	}
	_, ascii := s.ASCII()
	index := func(b int) datum.Value {
		if b < 0 {
			return datum.Fix(-1)
		}
		if !ascii {
			b = utf8.RuneCountInString(text[:b])
		}
		return datum.Fix(int64(start + b))
	}
	out := []datum.Value{args[1]}
	for i := 0; i+1 < len(m); i += 2 {
		out = append(out, datum.Cons(index(m[i]), index(m[i+1])))
		if re.noSub {
			break
		}
	}
	return datum.NewVector(out), nil
}
