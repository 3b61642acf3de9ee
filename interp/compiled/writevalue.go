package compiled

import (
	"encoding/binary"
	"math"
	"slices"

	"fruix/interp/code"
	"fruix/interp/datum"
	"fruix/interp/expand"
	"fruix/interp/module"
	"fruix/interp/syntax"
)

// constant numbers a constant.
func (w *Writer) constant(v datum.Value) uint32 {
	i, isNew := w.consts.add(v)
	if isNew {
		e := valueWriter{w: w}
		e.count(v, 0)
		w.consts.data[i] = e.value(nil, v)
	}
	return i
}

// valueWriter writes one constant. Objects that it reaches more than once are
// written once.
type valueWriter struct {
	w      *Writer
	seen   map[datum.Value]int // how often
	number map[datum.Value]uint32
}

// maxDepth bounds how deeply constants may be nested.
const maxDepth = 10000

// count looks for shared parts among the pairs, vectors and syntax of v.
func (e *valueWriter) count(v datum.Value, depth int) {
	if depth > maxDepth {
		e.w.fail("a constant is nested too deeply")
		return
	}
	for {
		switch {
		case v.IsPair(), v.Is(datum.KVector), syntax.Is(v), v.IsString():
		default:
			return
		}
		if e.seen == nil {
			e.seen = map[datum.Value]int{}
		}
		e.seen[v]++
		if e.seen[v] > 1 {
			return
		}
		switch {
		case v.IsPair():
			e.count(v.Pair().Car, depth+1)
			v = v.Pair().Cdr
			continue
		case v.Is(datum.KVector):
			for _, x := range v.Vector().Items {
				e.count(x, depth+1)
			}
		case syntax.Is(v):
			e.count(syntax.Of(v).Datum, depth+1)
		}
		return
	}
}

// value appends v.
func (e *valueWriter) value(b []byte, v datum.Value) []byte {
	if e.seen[v] > 1 {
		if n, ok := e.number[v]; ok {
			return uvarint(append(b, tagSame), n)
		}
		if e.number == nil {
			e.number = map[datum.Value]uint32{}
		}
		n := uint32(len(e.number))
		e.number[v] = n
		b = uvarint(append(b, tagShared), n)
	}
	return e.plain(b, v)
}

func (e *valueWriter) plain(b []byte, v datum.Value) []byte {
	w := e.w
	switch v.Kind() {
	case datum.KFixnum:
		return binary.AppendVarint(append(b, tagFix), v.Fix())
	case datum.KFlonum:
		return binary.LittleEndian.AppendUint64(append(b, tagFlo), math.Float64bits(v.Flo()))
	case datum.KConstant:
		return append(b, tagConstant, byte(slices.Index(constants, v)))
	case datum.KChar:
		return uvarint(append(b, tagChar), uint32(v.Char()))
	case datum.KSymbol:
		return uvarint(append(b, tagSymbol), w.symbol(v.Symbol()))
	case datum.KKeyword:
		return uvarint(append(b, tagKeyword), w.symbol(v.Keyword().Name))
	case datum.KString:
		s := v.Str().Go()
		b = uvarint(flag(append(b, tagString), v.Str().Literal), uint32(len(s)))
		return append(b, s...)
	case datum.KPair:
		return e.list(b, v)
	case datum.KVector:
		x := v.Vector()
		b = uvarint(flag(append(b, tagVector), x.Literal), uint32(len(x.Items)))
		for _, y := range x.Items {
			b = e.value(b, y)
		}
		return b
	case datum.KBytevector:
		x := v.Bytevector()
		b = uvarint(flag(append(b, tagBytes), x.Literal), w.str(x.Elem))
		return append(uvarint(b, uint32(len(x.B))), x.B...)
	case datum.KBitvector:
		bits := v.Bitvector().Bits
		b = uvarint(append(b, tagBits), uint32(len(bits)))
		for _, x := range bits {
			b = flag(b, x)
		}
		return b
	case datum.KBignum:
		return uvarint(append(b, tagBig), w.str(v.Bignum().Int.Text(62)))
	case datum.KRatnum:
		r := v.Ratnum().Rat
		return uvarint(uvarint(append(b, tagRat), w.str(r.Num().Text(62))), w.str(r.Denom().Text(62)))
	case datum.KCompnum:
		return e.value(e.value(append(b, tagComp), v.Compnum().Re), v.Compnum().Im)
	case datum.KVariable:
		return uvarint(append(b, tagVariable), w.variable(v.Variable()))
	case datum.KModule:
		return uvarint(append(b, tagModule), w.module(module.Of(v)))
	case datum.KSyntax:
		return e.syntax(b, syntax.Of(v))
	case datum.KOpaque:
		if plain, ok := expand.Portable(v); ok {
			b = uvarint(append(b, tagOpaque), w.str(v.Opaque().Type))
			return uvarint(b, w.constant(plain))
		}
	case datum.KClosure, datum.KPrimitive:
		return e.procedure(b, v)
	}
	w.fail("it holds a constant that cannot be kept (%d)", v.Kind())
	return b
}

// constants lists the constants in the order of their numbers.
var constants = []datum.Value{
	datum.False, datum.True, datum.Null, datum.Unspecified, datum.EOF, datum.Default, datum.Unset, datum.Nil,
}

// list appends pairs up to the first that is met from elsewhere, too.
func (e *valueWriter) list(b []byte, v datum.Value) []byte {
	n := uint32(1)
	l := v.Pair().Cdr
	for l.IsPair() && e.seen[l] == 1 {
		n++
		l = l.Pair().Cdr
	}
	b = uvarint(append(b, tagList), n)
	for ; n > 0; n-- {
		b = e.value(b, v.Pair().Car)
		v = v.Pair().Cdr
	}
	return e.value(b, v)
}

func (e *valueWriter) syntax(b []byte, s *syntax.Syntax) []byte {
	b = e.value(append(b, tagSyntax), s.Datum)
	b = e.w.set(b, s.Scopes)
	switch {
	case s.Module == nil:
		b = append(b, 0)
	case s.Module.IsInterface():
		shape, ok := e.w.host.Modules.ShapeOf(s.Module)
		if !ok {
			e.w.fail("it refers to a module without a name")
			return b
		}
		b = e.w.shape(append(b, 2), shape)
	default:
		b = uvarint(append(b, 1), e.w.module(s.Module))
	}
	return e.w.pos(b, s.Pos)
}

// procedure appends a procedure that the compiler put into code.
func (e *valueWriter) procedure(b []byte, v datum.Value) []byte {
	w := e.w
	if name, ok := w.known[v]; ok {
		return uvarint(append(b, tagKnown), w.str(name))
	}
	if v.Is(datum.KClosure) {
		c := code.ClosureOf(v)
		if len(c.Free) > 0 || c.Extra != nil {
			w.fail("it holds a procedure that was made by a program")
			return b
		}
		return uvarint(append(b, tagClosure), w.proc(c.Code))
	}
	x := w.host.native(v)
	if x == nil {
		w.fail("it holds a native procedure without a variable")
		return b
	}
	return uvarint(append(b, tagNative), w.variable(x))
}

// set appends a set of scopes.
func (w *Writer) set(b []byte, t *syntax.Set) []byte {
	members := t.Members()
	b = uvarint(b, uint32(len(members)))
	for _, s := range members {
		i, _ := w.scopes.add(s)
		b = uvarint(b, i)
	}
	return b
}

// isForeign reports whether a scope of that age was made for another file.
func (w *Writer) isForeign(age uint64) bool {
	if age <= w.since {
		return true
	}
	for _, x := range w.others {
		if x[0] < age && age <= x[1] {
			return true
		}
	}
	return false
}

// scopeStream writes the scopes that constants have. That is done last, when
// all bindings are known; they lead to further scopes.
func (w *Writer) scopeStream() (out []byte) {
	for i := 0; i < len(w.scopes.items); i++ {
		s := w.scopes.items[i]
		n := uint32(0)
		var b []byte
		s.Bindings(func(sym *datum.Symbol, set *syntax.Set, x *syntax.Binding) {
			n++
			b = w.set(uvarint(b, w.symbol(sym)), set)
			b = w.binding(b, x)
		})
		if n > 0 && w.isForeign(s.Age()) {
			// A scope without bindings can be made again: all that matters of it
			// is that it differs from others.
			w.fail("it holds syntax of another file that has bindings of its own")
		}
		out = uvarint(out, uint32(s.Level()+1))
		out = append(uvarint(out, n), b...)
	}
	// The order in which the scopes were made, for the reader to make them in.
	order := make([]uint32, len(w.scopes.items))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int {
		if w.scopes.items[a].Age() < w.scopes.items[b].Age() {
			return -1
		}
		return 1
	})
	var head []byte
	for _, i := range order {
		head = uvarint(head, i)
	}
	return append(head, out...)
}

func (w *Writer) binding(b []byte, x *syntax.Binding) []byte {
	b = append(b, byte(x.Kind))
	b = flag(b, x.Dead)
	b = uvarint(uvarint(b, uint32(x.Level)), uint32(x.Depth))
	switch {
	case x.Kind == syntax.Toplevel:
		return uvarint(uvarint(b, w.module(x.Module)), w.symbol(x.Global))
	case !x.Dead && x.Kind == syntax.Keyword:
		return w.macro(b, x.Macro)
	case !x.Dead:
		w.fail("a variable outlives its form")
	}
	return b
}

// macro appends the number of a macro.
func (w *Writer) macro(b []byte, m *syntax.Macro) []byte {
	if m == nil {
		w.fail("a macro has no transformer")
		return b
	}
	i, isNew := w.macros.add(m)
	if isNew {
		w.macros.data[i] = w.macroBody(m)
	}
	return uvarint(b, i)
}

func (w *Writer) macroBody(m *syntax.Macro) []byte {
	head := func(kind byte) []byte {
		b := uvarint([]byte{kind}, w.str(m.Name))
		return uvarint(w.pos(b, m.Pos), uint32(m.Level))
	}
	if v := m.Home; v != nil && syntax.MacroOf(v.Value) == m {
		// Another name of a macro that exists.
		return uvarint([]byte{macroOf}, w.variable(v))
	}
	if m.Context != nil {
		w.fail("a macro belongs to a body")
	}
	if plain, ok := expand.PortableRules(m); ok {
		return uvarint(head(macroRules), w.constant(plain))
	}
	switch {
	case m.Maker.Is(datum.KClosure):
		return uvarint(head(macroMade), w.proc(code.ClosureOf(m.Maker).Code))
	case m.Kind == syntax.Parameter:
		return w.macro(head(macroParameter), m.Current)
	}
	w.fail("a macro cannot be kept")
	return nil
}
