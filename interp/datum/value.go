// Package datum defines the values of the language.
//
// A Value is two words. The first is a pointer that the garbage collector
// follows, the second holds either a number's bits or a word that names the
// type, so that fixnums, flonums, characters and the constants cost no
// allocation and a type test is one comparison of n, with no memory access:
//
//	fixnum   p = nil          n = the integer (62 bits, as in Guile)
//	flonum   p = &flonumTag   n = IEEE 754 bits, NaNs canonical
//	other    p = the object   n = typeWord | Kind<<32 | payload
//
// Type words lie outside the fixnum range and among the NaNs that arithmetic
// never yields, so n alone tells a pair from any number. eq? is ==.
package datum

import (
	"math"
	"unsafe"
)

// Value is any value of the language. The zero Value is the fixnum 0.
type Value struct {
	p unsafe.Pointer
	n uint64
}

// Kind is the type of a value.
type Kind uint8

// The kinds of values.
const (
	KFixnum Kind = iota
	KFlonum
	KConstant // #t #f () unspecified eof default-object unset
	KChar
	KPair
	KSymbol
	KKeyword
	KString
	KVector
	KBytevector
	KBignum
	KRatnum
	KCompnum
	KClosure
	KPrimitive
	KContinuation
	KParameter
	KValues // more or fewer than one value, as one object
	KBox
	KVariable
	KRecordType
	KRecord
	KHashTable
	KPromise
	KPort
	KModule
	KSyntax
	KMacro
	KFluid
	KPromptTag
	KCharSet
	KArray
	KBitvector
	KRegexp
	KOpaque // a Go value handed through the language; see Opaque
	kindCount
)

const (
	typeWord  uint64 = 0x7FFC << 48
	kindShift        = 32
	// FixnumBits is the width of a fixnum, sign included.
	FixnumBits       = 62
	MaxFixnum  int64 = 1<<(FixnumBits-1) - 1
	MinFixnum  int64 = -1 << (FixnumBits - 1)
)

// tag objects give immediates other than fixnums a pointer that is not nil.
var (
	flonumTag   = new(byte)
	constantTag = new(byte)
)

func word(k Kind) uint64 { return typeWord | uint64(k)<<kindShift }

func constant(id uint64) Value {
	return Value{unsafe.Pointer(constantTag), word(KConstant) | id}
}

// The constants. Guile's #nil is both false and an empty list: it differs from
// each of them in one bit, so that a test for either is one comparison.
var (
	False       = constant(0)
	True        = constant(1)
	Nil         = constant(nilToFalse) // Guile's #nil
	Null        = constant(nilToFalse | nilToNull)
	Unspecified = constant(4)
	EOF         = constant(5)
	Default     = constant(6) // #!default, an optional argument not given
	Unset       = constant(7) // a variable not yet initialised; never seen by programs
)

const (
	nilToFalse uint64 = 2 // the bit that #nil has and #f has not
	nilToNull  uint64 = 1 // the bit that () has and #nil has not
)

// Obj makes the value for the heap object p of kind k. It is for this package
// and for packages that define further kinds.
func Obj(k Kind, p unsafe.Pointer) Value { return Value{p, word(k)} }

// Is reports whether v is a heap object or character-free immediate of kind k
// (not for fixnums, flonums, characters and constants: they have own tests).
func (v Value) Is(k Kind) bool { return v.n == word(k) }

// Ptr is the object pointer of v; the caller has tested the kind.
func (v Value) Ptr() unsafe.Pointer { return v.p }

// Kind tells the type of v.
func (v Value) Kind() Kind {
	switch {
	case v.p == nil:
		return KFixnum
	case v.p == unsafe.Pointer(flonumTag):
		return KFlonum
	}
	return Kind(v.n >> kindShift)
}

// Fix makes a fixnum; i must lie in [MinFixnum, MaxFixnum].
func Fix(i int64) Value { return Value{nil, uint64(i)} }

// FitsFix reports whether i is in the fixnum range.
func FitsFix(i int64) bool { return uint64(i)+1<<(FixnumBits-1) < 1<<FixnumBits }

// IsFix reports whether v is a fixnum.
func (v Value) IsFix() bool { return v.p == nil }

// Fix returns the integer of a fixnum.
func (v Value) Fix() int64 { return int64(v.n) }

// Flo makes a flonum.
func Flo(f float64) Value {
	if f != f {
		return Value{unsafe.Pointer(flonumTag), 0x7FF8 << 48}
	}
	return Value{unsafe.Pointer(flonumTag), math.Float64bits(f)}
}

// IsFlo reports whether v is a flonum.
func (v Value) IsFlo() bool { return v.p == unsafe.Pointer(flonumTag) }

// Flo returns the float of a flonum.
func (v Value) Flo() float64 { return math.Float64frombits(v.n) }

// Bool makes #t or #f.
func Bool(b bool) Value {
	if b {
		return True
	}
	return False
}

// Truthy reports whether v counts as true (everything but #f and #nil).
func (v Value) Truthy() bool { return v.n&^nilToFalse != word(KConstant) }

// IsNull reports whether v ends a list: () or #nil.
func (v Value) IsNull() bool { return v.n|nilToNull == word(KConstant)|nilToFalse|nilToNull }

// Char makes a character from a Unicode scalar value.
func Char(r rune) Value {
	return Value{unsafe.Pointer(constantTag), word(KChar) | uint64(uint32(r))}
}

// IsChar reports whether v is a character.
func (v Value) IsChar() bool { return v.n>>kindShift == word(KChar)>>kindShift && v.p != nil }

// Char returns the code point of a character.
func (v Value) Char() rune { return rune(uint32(v.n)) }
