package datum

import (
	"maps"
	"math/big"
	"strings"
	"sync"
	"unsafe"
)

// Pair is a cons cell. It has no header: two values and nothing else.
type Pair struct{ Car, Cdr Value }

// Cons makes a fresh pair.
func Cons(a, d Value) Value { return Obj(KPair, unsafe.Pointer(&Pair{a, d})) }

// IsPair reports whether v is a pair.
func (v Value) IsPair() bool { return v.n == word(KPair) }

// Pair returns the cell of a pair.
func (v Value) Pair() *Pair { return (*Pair)(v.p) }

// List makes a proper list.
func List(vs ...Value) Value {
	l := Null
	for i := len(vs) - 1; i >= 0; i-- {
		l = Cons(vs[i], l)
	}
	return l
}

// Symbol is an interned or uninterned symbol.
type Symbol struct {
	Name     string
	Interned bool
}

// symbols is the process-wide table behind Intern. It is invisible: interning
// is a pure function from a name to an identity, as in Go's package unique.
// Programs that evaluate nothing know few names; when more come, an interpreter has
// begun, which starts with some thousands.
var symbols = names[Symbol]{few: 256, many: 4096}

// names is a table from names to what they identify, for use by several
// goroutines. Nearly all look-ups are of names that are there.
type names[T any] struct {
	sync.RWMutex
	table map[string]*T // nil before the first
	// When there are few names, room is made for many; 0 leaves it to the map.
	few, many int
}

func (n *names[T]) get(name string) *T {
	n.RLock()
	x := n.table[name]
	n.RUnlock()
	return x
}

// put adds x unless somebody was faster, and returns what is there.
func (n *names[T]) put(name string, x *T) *T {
	n.Lock()
	defer n.Unlock()
	if old := n.table[name]; old != nil {
		return old
	}
	if n.table == nil {
		n.table = map[string]*T{}
	}
	if len(n.table) == n.few && n.many > 0 {
		larger := make(map[string]*T, n.many)
		maps.Copy(larger, n.table)
		n.table = larger
	}
	n.table[name] = x
	return x
}

// Intern returns the symbol of a name; the same name gives the same pointer.
func Intern(name string) *Symbol {
	if s := symbols.get(name); s != nil {
		return s
	}
	// The name may be part of a text that would otherwise stay in memory.
	name = strings.Clone(name)
	return symbols.put(name, &Symbol{name, true})
}

// Sym returns the interned symbol of a name as a value.
func Sym(name string) Value { return Intern(name).Value() }

// Value returns s as a value.
func (s *Symbol) Value() Value { return Obj(KSymbol, unsafe.Pointer(s)) }

// IsSymbol reports whether v is a symbol.
func (v Value) IsSymbol() bool { return v.n == word(KSymbol) }

// Symbol returns the symbol of v.
func (v Value) Symbol() *Symbol { return (*Symbol)(v.p) }

// Keyword is #:name.
type Keyword struct{ Name *Symbol }

var keywords names[Keyword]

// InternKeyword returns the keyword of a name (without "#:").
func InternKeyword(name string) *Keyword {
	if k := keywords.get(name); k != nil {
		return k
	}
	sym := Intern(name)
	return keywords.put(sym.Name, &Keyword{sym})
}

// Value returns k as a value.
func (k *Keyword) Value() Value { return Obj(KKeyword, unsafe.Pointer(k)) }

// Keyword returns the keyword of v.
func (v Value) Keyword() *Keyword { return (*Keyword)(v.p) }

// Vector is a mutable vector.
type Vector struct {
	Items   []Value
	Literal bool // a constant of a program: may not be changed
}

// NewVector makes a vector that owns items.
func NewVector(items []Value) Value { return Obj(KVector, unsafe.Pointer(&Vector{Items: items})) }

// Vector returns the vector of v.
func (v Value) Vector() *Vector { return (*Vector)(v.p) }

// Bytevector is a mutable vector of bytes.
type Bytevector struct {
	B       []byte
	Literal bool
	// Elem is the element type of a uniform vector of SRFI 4 ("u8", "s16",
	// "f64", …); "" is a plain bytevector (#vu8).
	Elem string
}

// NewBytevector makes a bytevector that owns b.
func NewBytevector(b []byte) Value { return Obj(KBytevector, unsafe.Pointer(&Bytevector{B: b})) }

// Bytevector returns the bytevector of v.
func (v Value) Bytevector() *Bytevector { return (*Bytevector)(v.p) }

// Bignum is an exact integer outside the fixnum range. Int is never changed.
type Bignum struct{ Int *big.Int }

// Bignum returns the bignum of v.
func (v Value) Bignum() *Bignum { return (*Bignum)(v.p) }

// Big makes the normal form of an integer: a fixnum when it fits. It takes
// over i.
func Big(i *big.Int) Value {
	if i.IsInt64() && FitsFix(i.Int64()) {
		return Fix(i.Int64())
	}
	return Obj(KBignum, unsafe.Pointer(&Bignum{i}))
}

// Ratnum is an exact rational that is not an integer. Rat is never changed.
type Ratnum struct{ Rat *big.Rat }

// Ratnum returns the ratnum of v.
func (v Value) Ratnum() *Ratnum { return (*Ratnum)(v.p) }

// Compnum is a complex number that is not real: its parts are both exact, Im
// not being zero, or both flonums.
type Compnum struct{ Re, Im Value }

// Compnum returns the complex number of v.
func (v Value) Compnum() *Compnum { return (*Compnum)(v.p) }

// Values holds zero or two and more values on their way to a receiver.
type Values struct{ Items []Value }

// Values returns the multiple values of v.
func (v Value) Values() *Values { return (*Values)(v.p) }

// MultipleValues packs values; exactly one value is returned as itself.
func MultipleValues(vs []Value) Value {
	if len(vs) == 1 {
		return vs[0]
	}
	return Obj(KValues, unsafe.Pointer(&Values{vs}))
}

// Box is a mutable cell, made by the compiler for assigned variables and by
// make-box (SRFI 111).
type Box struct{ Value Value }

// Box returns the box of v.
func (v Value) Box() *Box { return (*Box)(v.p) }

// Variable is a module-level location, as Guile's variable objects. An
// unbound variable holds Unset.
type Variable struct {
	Value Value
	Name  *Symbol
	// Home names the module that defined it, for messages and inlining.
	Home string
	// Constant says that no program may assign it, so that the compiler may
	// use its value.
	Constant bool
}

// Object returns b as a first-class variable object.
func (b *Variable) Object() Value { return Obj(KVariable, unsafe.Pointer(b)) }

// Variable returns the variable object of v.
func (v Value) Variable() *Variable { return (*Variable)(v.p) }

// Opaque carries a Go value through the language: a store path, a derivation,
// a compiled regexp of a host package. Type names it in messages and printing.
type Opaque struct {
	Type string
	Go   any
}

// NewOpaque wraps a Go value.
func NewOpaque(typ string, x any) Value { return Obj(KOpaque, unsafe.Pointer(&Opaque{typ, x})) }

// Opaque returns the wrapper of v.
func (v Value) Opaque() *Opaque { return (*Opaque)(v.p) }
