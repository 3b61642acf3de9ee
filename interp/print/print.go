// Package print writes the external representation of values as Guile does:
// write, display and their relatives. It keeps its own stack, so that depth
// is limited by memory only.
package print

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"fruix/interp/datum"
	"fruix/interp/num"

	"golang.org/x/text/unicode/norm"
)

// Mode chooses between the output procedures.
type Mode uint8

// The output procedures of R7RS 6.13.3.
const (
	Display Mode = iota // for people: strings and characters as they are
	Write               // datum labels for cycles only
	Shared              // datum labels for all shared structure
	Simple              // no datum labels
)

// Config says how to print what this package cannot know by itself.
type Config struct {
	// Describe gives the text of an object whose kind belongs to another
	// package (procedures, modules, ports, syntax objects); ok is false when
	// it does not know it either.
	Describe func(v datum.Value) (text string, ok bool)
	// Record gives the text of a record whose type has a printer procedure, and
	// of objects of GOOPS.
	Record func(v datum.Value, mode Mode) (string, error)
	// Guile's print options: RawNewlines writes line ends in strings as they
	// are, Bars writes symbols that need quoting as |…|, QuoteColons quotes
	// symbols that would read as keywords, HexEscapes writes characters that
	// need it as \x…; alone, and as #\x…, Bytestrings writes bytevectors as
	// #u8"…" (SRFI 207).
	RawNewlines, Bars, QuoteColons, HexEscapes, Bytestrings bool
	// Check is asked from time to time, with the length of the text so far,
	// whether to go on; nil always goes on.
	Check func(length int) error
}

// maxString is the length from which on String cuts a text off.
const maxString = 1 << 20

// errLong ends a text that String cuts off.
var errLong = errors.New("the text is too long")

// String returns the representation of v, cut off when it is longer than a
// megabyte: that of data that shares parts may be longer than all memory.
func (c *Config) String(v datum.Value, mode Mode) string {
	short := *c
	short.Check = func(length int) error {
		if length > maxString {
			return errLong
		}
		return nil
	}
	b, err := short.Append(nil, v, mode)
	if err != nil && err != errLong {
		short.Record = nil
		b, err = short.Append(nil, v, mode)
	}
	if err == errLong {
		b = append(b, "…"...)
	}
	return string(b)
}

// ToWrite is write without a configuration, for messages and tests.
func ToWrite(v datum.Value) string { return (&Config{}).String(v, Write) }

// ToDisplay is display without a configuration.
func ToDisplay(v datum.Value) string { return (&Config{}).String(v, Display) }

// task is one thing still to be written.
type task struct {
	kind taskKind
	v    datum.Value
	i    int
	text string
}

type taskKind uint8

const (
	tValue taskKind = iota
	tText
	tTail  // the rest of a list
	tItems // items of a vector from index i
	tFields
	tMode // back to mode i
)

type printer struct {
	*Config
	buf    []byte
	mode   Mode
	stack  []task
	labels map[datum.Value]int // -1: needs a label, ≥ 0: has this one
	next   int
	err    error
	seen   int // length of the text at the last Check
}

// checkEvery is how many bytes are written between calls of Check.
const checkEvery = 64 << 10

// Append writes v at the end of buf. The error is that of a record's printer
// procedure, or of Check, at which the text ends.
func (c *Config) Append(buf []byte, v datum.Value, mode Mode) ([]byte, error) {
	switch {
	case v.IsString() && mode == Display:
		return appendText(buf, v.Str()), nil
	case v.IsFix():
		return strconv.AppendInt(buf, v.Fix(), 10), nil
	}
	p := &printer{Config: c, buf: buf, mode: mode}
	if mode != Simple && compound(v) {
		p.labels = findShared(v, mode == Shared)
	}
	p.stack = append(p.stack, task{v: v})
	for len(p.stack) > 0 && p.err == nil {
		t := p.stack[len(p.stack)-1]
		p.stack = p.stack[:len(p.stack)-1]
		p.step(t)
		if c.Check != nil && len(p.buf)-p.seen > checkEvery {
			p.seen = len(p.buf)
			if err := c.Check(len(p.buf) - len(buf)); err != nil {
				return p.buf, err
			}
		}
	}
	return p.buf, p.err
}

func appendText(buf []byte, s *datum.String) []byte {
	if b, ok := s.ASCII(); ok {
		return append(buf, b...)
	}
	for i, n := 0, s.Len(); i < n; i++ {
		buf = utf8.AppendRune(buf, s.At(i))
	}
	return buf
}

func (p *printer) push(t task) { p.stack = append(p.stack, t) }

func (p *printer) text(s string) { p.buf = append(p.buf, s...) }

func (p *printer) step(t task) {
	switch t.kind {
	case tText:
		p.text(t.text)
	case tValue:
		p.value(t.v)
	case tTail:
		p.tail(t.v)
	case tItems:
		items := t.v.Vector().Items
		if t.i == len(items) {
			p.text(")")
			return
		}
		if t.i > 0 {
			p.text(" ")
		}
		p.push(task{kind: tItems, v: t.v, i: t.i + 1})
		p.push(task{v: items[t.i]})
	case tMode:
		p.mode = Mode(t.i)
	case tFields:
		r := t.v.Record()
		if t.i >= len(r.Fields) || t.i >= len(r.Type.Fields) {
			p.text(">")
			return
		}
		if p.mode != Write {
			// Fields are written as by write, even by display.
			p.push(task{kind: tMode, i: int(p.mode)})
			p.mode = Write
		}
		p.text(" " + r.Type.Fields[t.i].Name + ": ")
		p.push(task{kind: tFields, v: t.v, i: t.i + 1})
		p.push(task{v: r.Fields[t.i]})
	}
}

// tail writes what follows an element of a list.
func (p *printer) tail(v datum.Value) {
	switch {
	case v.IsNull():
		p.text(")")
		return
	case v.IsPair():
		if _, labelled := p.labels[v]; labelled {
			break
		}
		p.text(" ")
		p.push(task{kind: tTail, v: v.Pair().Cdr})
		p.push(task{v: v.Pair().Car})
		return
	}
	p.text(" . ")
	p.push(task{kind: tText, text: ")"})
	p.push(task{v: v})
}

// compound reports whether v can contain other values.
func compound(v datum.Value) bool {
	switch v.Kind() {
	case datum.KPair, datum.KVector, datum.KRecord, datum.KBox, datum.KPromise, datum.KVariable, datum.KArray:
		return true
	}
	return false
}

func (p *printer) value(v datum.Value) {
	if p.labels != nil && compound(v) {
		if n, ok := p.labels[v]; ok {
			if n >= 0 {
				p.text("#" + strconv.Itoa(n) + "#")
				return
			}
			p.labels[v] = p.next
			p.text("#" + strconv.Itoa(p.next) + "=")
			p.next++
		}
	}
	switch v.Kind() {
	case datum.KFixnum:
		p.buf = strconv.AppendInt(p.buf, v.Fix(), 10)
	case datum.KFlonum, datum.KBignum, datum.KRatnum, datum.KCompnum:
		p.text(num.Format(v, 10))
	case datum.KConstant:
		p.text(constantName(v))
	case datum.KChar:
		if p.mode == Display {
			p.buf = utf8.AppendRune(p.buf, v.Char())
		} else {
			p.text(p.charName(v.Char()))
		}
	case datum.KPair:
		p.text("(")
		p.push(task{kind: tTail, v: v.Pair().Cdr})
		p.push(task{v: v.Pair().Car})
	case datum.KSymbol:
		// As in Guile, display shows them as write does.
		if s := v.Symbol(); s.Interned {
			p.text(p.symbol(s.Name))
		} else {
			p.text("#<uninterned-symbol " + p.symbol(s.Name) + " " + address(unsafe.Pointer(s)) + ">")
		}
	case datum.KKeyword:
		p.text("#:" + SymbolText(v.Keyword().Name.Name))
	case datum.KString:
		if p.mode == Display {
			p.buf = appendText(p.buf, v.Str())
		} else {
			p.buf = p.appendString(p.buf, v.Str())
		}
	case datum.KVector:
		p.text("#(")
		p.push(task{kind: tItems, v: v})
	case datum.KBytevector:
		p.bytevector(v.Bytevector())
	case datum.KBitvector:
		p.text("#*")
		for _, b := range v.Bitvector().Bits {
			if b {
				p.text("1")
			} else {
				p.text("0")
			}
		}
	case datum.KArray:
		p.array(v)
	default:
		p.object(v)
	}
}

func constantName(v datum.Value) string {
	switch v {
	case datum.False:
		return "#f"
	case datum.True:
		return "#t"
	case datum.Null:
		return "()"
	case datum.Nil:
		return "#nil"
	case datum.Unspecified:
		return "#<unspecified>"
	case datum.EOF:
		return "#<eof>"
	case datum.Default:
		return "#<undefined>"
	case datum.SlotUnbound:
		return "#<unbound>"
	}
	return "#<unbound>"
}

// object writes what has no readable representation.
func (p *printer) object(v datum.Value) {
	if p.Describe != nil {
		if s, ok := p.Describe(v); ok {
			p.text(s)
			return
		}
	}
	enclose := func(before string, inner datum.Value) {
		p.text(before)
		p.push(task{kind: tText, text: ">"})
		p.push(task{v: inner})
	}
	switch v.Kind() {
	case datum.KPrimitive:
		pr := v.Primitive()
		p.text("#<procedure " + pr.Name + " " + primitiveArgs(pr) + ">")
	case datum.KRecord:
		p.record(v)
	case datum.KRecordType:
		if p.Record != nil && v.IsObject() && p.custom(v) {
			return
		}
		p.text("#<record-type " + v.RecordType().Name + ">")
	case datum.KBox:
		enclose("#<box ", v.Box().Value)
	case datum.KVariable:
		if v.Variable().Value == datum.Unset {
			p.text("#<variable unbound>")
			return
		}
		enclose("#<variable value: ", v.Variable().Value)
	case datum.KPromise:
		enclose("#<promise ", v.Promise().State.Value)
	case datum.KParameter:
		p.text("#<procedure parameter #:optional value>")
	case datum.KFluid:
		p.text("#<fluid " + v.Fluid().Name + ">")
	case datum.KHashTable:
		t := v.HashTable()
		p.text("#<hash-table " + strconv.Itoa(t.Len()) + "/" + strconv.Itoa(t.NominalSize()) + ">")
	case datum.KCharSet:
		p.charset(v.CharSet())
	case datum.KValues:
		p.text("#<values>")
	case datum.KOpaque:
		p.text("#<" + v.Opaque().Type + ">")
	case datum.KPromptTag:
		p.text("#<prompt-tag>")
	case datum.KContinuation:
		p.text("#<continuation>")
	case datum.KClosure:
		p.text("#<procedure>")
	default:
		p.text("#<" + kindNames[v.Kind()] + " " + address(v.Ptr()) + ">")
	}
}

var kindNames = map[datum.Kind]string{
	datum.KPort: "port", datum.KModule: "module", datum.KSyntax: "syntax",
	datum.KMacro: "macro", datum.KRegexp: "regexp",
}

func primitiveArgs(pr *datum.Primitive) string {
	var args []string
	for i := 0; i < pr.Min; i++ {
		args = append(args, "_")
	}
	if pr.Max > pr.Min {
		args = append(args, "#:optional")
		for i := pr.Min; i < pr.Max; i++ {
			args = append(args, "_")
		}
	}
	s := strings.Join(args, " ")
	if pr.Max < 0 {
		if s == "" {
			return "_"
		}
		s += " . _"
	}
	return "(" + s + ")"
}

// custom has the program write v, and reports whether it did.
func (p *printer) custom(v datum.Value) bool {
	s, err := p.Record(v, p.mode)
	if err == nil {
		p.text(s)
	} else if p.err == nil {
		p.err = err
	}
	return err == nil
}

func (p *printer) record(v datum.Value) {
	r := v.Record()
	if p.Record != nil && (r.Type.Printer.IsProcedure() || v.IsObject()) && p.custom(v) {
		return
	}
	p.text("#<" + r.Type.Name)
	p.push(task{kind: tFields, v: v})
}

func (p *printer) charset(s *datum.CharSet) {
	p.text("#<charset {")
	for i, r := range s.Ranges() {
		if i > 0 {
			p.text(" ")
		}
		p.text(CharName(r.Lo))
		if r.Hi > r.Lo {
			p.text(".." + CharName(r.Hi))
		}
	}
	p.text("}>")
}

// charNames are the names that Guile writes, those of R7RS.
var charNames = [33]string{
	"nul", "soh", "stx", "etx", "eot", "enq", "ack", "alarm", "backspace", "tab", "newline",
	"vtab", "page", "return", "so", "si", "dle", "dc1", "dc2", "dc3", "dc4", "nak", "syn",
	"etb", "can", "em", "sub", "esc", "fs", "gs", "rs", "us", "space",
}

func (c *Config) charName(r rune) string {
	if c.HexEscapes && r > 127 && (!unicode.IsGraphic(r) || unicode.IsSpace(r)) {
		return `#\x` + strconv.FormatInt(int64(r), 16)
	}
	return CharName(r)
}

// CharName is the representation of a character by write.
func CharName(r rune) string {
	switch {
	case r >= 0 && int(r) < len(charNames):
		return `#\` + charNames[r]
	case r == 127:
		return `#\delete`
	}
	if unicode.IsGraphic(r) && !unicode.IsSpace(r) {
		if r > 127 && norm.NFD.PropertiesString(string(r)).CCC() != 0 {
			// It would join what stands before it.
			return "#\\\u25cc" + string(r)
		}
		return `#\` + string(r)
	}
	return `#\` + strconv.FormatInt(int64(r), 8)
}

// AppendString appends the representation of a string by write.
func AppendString(buf []byte, s *datum.String) []byte { return (&Config{}).appendString(buf, s) }

func (p *Config) appendString(buf []byte, s *datum.String) []byte {
	buf = append(buf, '"')
	hex := false // the character before was written as \xHH
	for i, n := 0, s.Len(); i < n; i++ {
		c := s.At(i)
		// What follows must not look like part of R7RS's \xH…; escape.
		after := hex && (c == ';' || c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F')
		hex = false
		switch {
		case after:
			buf = append(buf, '\\', 'x', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
			hex = true
		case c == '"' || c == '\\':
			buf = append(buf, '\\', byte(c))
		case c >= ' ' && c < 127:
			buf = append(buf, byte(c))
		case c == '\n' && p.RawNewlines:
			buf = append(buf, '\n')
		case c >= 7 && c <= 13:
			buf = append(buf, '\\', "abtnvfr"[c-7])
		case c > 127 && unicode.IsGraphic(c):
			buf = utf8.AppendRune(buf, c)
		case p.HexEscapes:
			buf = append(strconv.AppendInt(append(buf, '\\', 'x'), int64(c), 16), ';')
		case c < 256:
			hex = true
			buf = append(buf, '\\', 'x', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		case c < 0x10000:
			buf = append(buf, '\\', 'u')
			buf = appendHex(buf, c, 4)
		default:
			buf = append(buf, '\\', 'U')
			buf = appendHex(buf, c, 6)
		}
	}
	return append(buf, '"')
}

func appendHex(buf []byte, c rune, digits int) []byte {
	for i := digits - 1; i >= 0; i-- {
		buf = append(buf, "0123456789abcdef"[c>>(4*i)&15])
	}
	return buf
}

// address tells objects apart that print the same.
func address(p unsafe.Pointer) string { return strconv.FormatUint(uint64(uintptr(p)), 16) }
