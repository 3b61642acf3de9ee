package expand

import (
	"errors"
	"fmt"
	"strings"

	"fruix/interp/datum"
	"fruix/interp/module"
	"fruix/interp/syntax"
)

// failure is what ends an expansion; recoverFailure unwraps it.
type failure struct{ err error }

func recoverFailure(err *error) {
	switch r := recover().(type) {
	case nil:
	case *failure:
		*err = r.err
	default:
		panic(r)
	}
}

// fail ends the expansion with a message about s in the form who ("" for none).
func (x *Expander) fail(s *stx, who, format string, args ...any) {
	panic(&failure{x.errorAt(s, who, fmt.Sprintf(format, args...))})
}

// failHint is fail with advice.
func (x *Expander) failHint(s *stx, who, hint, format string, args ...any) {
	e := x.errorAt(s, who, fmt.Sprintf(format, args...))
	e.Hint = hint
	panic(&failure{e})
}

// noPattern is what Guile says when no pattern of a macro matches, as many of
// its special forms are.
var noPattern = syntax.Words{Message: "source expression failed to match any pattern"}

// shapes is what Guile says of a form whose parts are not as they should be, by
// its name, where that is not noPattern.
var shapes = map[string]syntax.Words{
	"quote": {Who: "quote", Message: "bad syntax"}, "set!": {Who: "set!", Message: "bad set!"},
	"let": {Who: "let", Message: "bad let"}, "letrec": {Who: "letrec", Message: "bad letrec"},
	"letrec*": {Who: "letrec*", Message: "bad letrec*"},
	"lambda":  {Who: "lambda", Message: "bad lambda"}, "lambda*": {Who: "lambda", Message: "bad lambda*"},
	"case-lambda":  {Who: "case-lambda", Message: "bad case-lambda"},
	"case-lambda*": {Who: "case-lambda", Message: "bad case-lambda*"},
	"syntax":       {Who: "syntax", Message: "bad `syntax' form"},
	"let-syntax":   {Message: "bad local syntax definition"}, "letrec-syntax": {Message: "bad local syntax definition"},
	"with-ellipsis":       {Who: "with-ellipsis", Message: "bad syntax"},
	"syntax-parameterize": {Who: "syntax-parameterize", Message: "bad syntax"},
}

// misplacedEllipsis is what Guile says of one in a pattern.
var misplacedEllipsis = syntax.Words{Who: "syntax-case", Message: "misplaced ellipsis"}

func shape(who string) syntax.Words {
	if w, ok := shapes[who]; ok {
		return w
	}
	return noPattern
}

// misshapen ends the expansion because the form who, or the part s of it, is
// not as it should be.
func (x *Expander) misshapen(s *stx, who, format string, args ...any) {
	x.failAs(shape(who), s, who, "", format, args...)
}

// failAs is failHint, with Guile's words for the programs that catch it.
func (x *Expander) failAs(words syntax.Words, s *stx, who, hint, format string, args ...any) {
	e := x.errorAt(s, who, fmt.Sprintf(format, args...))
	e.Hint, e.Words = hint, &words
	if whole := x.whole; whole.v != s.v && whole.isPair() {
		if head := whole.car(); head.isID() && head.sym().Name == who {
			if !e.Pos.Known() {
				e.Pos = whole.pos
			}
			e.Form, e.Sub = whole.strip(), e.Form
		}
	}
	panic(&failure{e})
}

// failPart is fail about a part of the form whole; detail is for people.
func (x *Expander) failPart(whole, part *stx, who, message, detail string) {
	panic(&failure{x.partError(whole, part, who, message, detail)})
}

func (x *Expander) partError(whole, part *stx, who, message, detail string) *syntax.Error {
	e := x.errorAt(part, who, message)
	e.Detail = detail
	if !e.Pos.Known() {
		e.Pos = whole.pos
	}
	e.Form, e.Sub = whole.strip(), part.strip()
	return e
}

func (x *Expander) errorAt(s *stx, who, message string) *syntax.Error {
	e := &syntax.Error{Who: who, Message: message, Pos: s.pos, Form: s.strip(), Sub: datum.False}
	x.explain(e)
	return e
}

// explain adds the macros whose output was being expanded.
func (x *Expander) explain(e *syntax.Error) {
	n := 0
	var last *syntax.Macro
	for o := x.origin; o != nil && n < 3; o = o.parent {
		if !e.Pos.Known() {
			e.Pos = o.use.pos
		}
		if o.macro.Pos.Known() && o.macro != last {
			last = o.macro
			e.Related = append(e.Related, syntax.Note{Pos: o.macro.Pos, Text: "in the expansion of " + macroName(o.macro) + ", defined here"})
			n++
		}
	}
}

func macroName(m *syntax.Macro) string {
	if m.Name == "" {
		return "a macro"
	}
	return "`" + m.Name + "'"
}

// failErr ends the expansion with an error from elsewhere, placed at s.
func (x *Expander) failErr(s *stx, err error) {
	var se *syntax.Error
	if errors.As(err, &se) {
		panic(&failure{err})
	}
	var me *module.Error
	if errors.As(err, &me) {
		e := x.errorAt(s, "", me.Message)
		e.Hint, e.Cause = me.Hint, err
		panic(&failure{e})
	}
	panic(&failure{err})
}

// failTransformer reports what went wrong while a macro ran. Exceptions of the
// language pass as they are; syntax errors without a place get the use's.
func (x *Expander) failTransformer(s *stx, m *syntax.Macro, err error) {
	var se *syntax.Error
	if errors.As(err, &se) {
		if !se.Pos.Known() {
			se.Pos = s.pos
		}
		if m.Pos.Known() && len(se.Related) == 0 {
			se.Related = append(se.Related, syntax.Note{Pos: m.Pos, Text: macroName(m) + " is defined here"})
		}
	}
	panic(&failure{err})
}

// misplaced reports the name of a special form in the place of an expression.
func (x *Expander) misplaced(s *stx, f *form) {
	words := shape(f.name)
	if f.kind == auxiliary {
		words = keywordWords(f.name)
	}
	x.failAs(words, s, s.sym().Name, "", "is syntax, not a variable; it must stand first in a form: (%s …)", s.sym().Name)
}

// keywordWords is what Guile says of an auxiliary keyword that stands alone.
func keywordWords(name string) syntax.Words {
	if strings.HasPrefix(name, "un") {
		return syntax.Words{Who: name, Message: "expression not valid outside of quasiquote"}
	}
	return syntax.Words{Who: name, Message: "bad use of '" + name + "' syntactic keyword"}
}

// notHere reports a definition or the like in the place of an expression.
func (x *Expander) notHere(s *stx, f *form) {
	switch f.kind {
	case auxiliary:
		x.failAs(keywordWords(f.name), s, f.name, "",
			"has a meaning only inside certain forms, it is not an expression")
	case definition:
		x.failAs(syntax.Words{Message: "definition in expression context, where definitions are not allowed,"}, s, f.name, "",
			"a definition is not allowed where an expression is expected")
	default:
		x.fail(s, f.name, "is allowed only at top level and in bodies")
	}
}

// show prints a datum for a message, shortened.
func (x *Expander) show(s *stx) string { return show(s.v) }

func show(v datum.Value) string {
	var b strings.Builder
	write(&b, syntax.Strip(v), 0)
	return b.String()
}

const showLimit = 60

func write(b *strings.Builder, v datum.Value, depth int) {
	if b.Len() > showLimit || depth > 20 {
		if !strings.HasSuffix(b.String(), "…") {
			b.WriteString("…")
		}
		return
	}
	switch v.Kind() {
	case datum.KFixnum:
		fmt.Fprint(b, v.Fix())
	case datum.KFlonum:
		fmt.Fprint(b, v.Flo())
	case datum.KSymbol:
		b.WriteString(v.Symbol().Name)
	case datum.KKeyword:
		b.WriteString("#:" + v.Keyword().Name.Name)
	case datum.KString:
		fmt.Fprintf(b, "%q", v.Str().Go())
	case datum.KChar:
		fmt.Fprintf(b, "#\\%c", v.Char())
	case datum.KBignum:
		b.WriteString(v.Bignum().Int.String())
	case datum.KRatnum:
		b.WriteString(v.Ratnum().Rat.String())
	case datum.KVector:
		b.WriteString("#(")
		for i, e := range v.Vector().Items {
			if i > 0 {
				b.WriteByte(' ')
			}
			write(b, e, depth+1)
			if b.Len() > showLimit {
				break
			}
		}
		b.WriteByte(')')
	case datum.KPair:
		writeList(b, v, depth)
	case datum.KConstant:
		b.WriteString(constantNames[v])
	default:
		b.WriteString("#<object>")
	}
}

var constantNames = map[datum.Value]string{
	datum.False: "#f", datum.True: "#t", datum.Null: "()", datum.EOF: "#<eof>",
	datum.Unspecified: "#<unspecified>", datum.Default: "#!default", datum.Nil: "#nil",
}

var abbreviations = map[string]string{
	"quote": "'", "quasiquote": "`", "unquote": ",", "unquote-splicing": ",@",
	"syntax": "#'", "quasisyntax": "#`", "unsyntax": "#,", "unsyntax-splicing": "#,@",
}

func writeList(b *strings.Builder, v datum.Value, depth int) {
	p := v.Pair()
	if p.Car.IsSymbol() && p.Cdr.IsPair() && p.Cdr.Pair().Cdr == datum.Null {
		if a := abbreviations[p.Car.Symbol().Name]; a != "" {
			b.WriteString(a)
			write(b, p.Cdr.Pair().Car, depth+1)
			return
		}
	}
	b.WriteByte('(')
	for first := true; ; first = false {
		if !v.IsPair() {
			if v != datum.Null {
				b.WriteString(" . ")
				write(b, v, depth+1)
			}
			break
		}
		if !first {
			b.WriteByte(' ')
		}
		if b.Len() > showLimit {
			b.WriteString("…")
			break
		}
		write(b, v.Pair().Car, depth+1)
		v = v.Pair().Cdr
	}
	b.WriteByte(')')
}
