package datum

import (
	"bytes"
	"unsafe"
)

// IsNumber reports whether v is a number of any kind.
func (v Value) IsNumber() bool {
	switch v.Kind() {
	case KFixnum, KFlonum, KBignum, KRatnum, KCompnum:
		return true
	}
	return false
}

// IsProcedure reports whether v can be applied.
func (v Value) IsProcedure() bool {
	switch v.Kind() {
	case KClosure, KPrimitive, KContinuation, KParameter:
		return true
	case KRecord:
		return v.Record().Type.Applicable
	}
	return false
}

// Eqv is eqv?: identity, except that numbers of the same exactness compare by
// value (R7RS 6.1).
func Eqv(a, b Value) bool {
	if a == b {
		return true
	}
	if a.n != b.n || a.p == nil || b.p == nil {
		return false
	}
	switch a.Kind() {
	case KBignum:
		return a.Bignum().Int.Cmp(b.Bignum().Int) == 0
	case KRatnum:
		return a.Ratnum().Rat.Cmp(b.Ratnum().Rat) == 0
	case KCompnum:
		x, y := a.Compnum(), b.Compnum()
		return Eqv(x.Re, y.Re) && Eqv(x.Im, y.Im)
	}
	return false
}

// Annotated is what objects of kind KSyntax begin with: a datum and the context
// that gives it meaning, of which this package knows only that equal contexts
// are identical. Syntax objects are equal? when both agree, wherever they were
// read.
type Annotated struct {
	Datum  Value
	Scopes unsafe.Pointer
	Module unsafe.Pointer
}

func (x *Annotated) sameContext(y *Annotated) bool {
	return x.Scopes == y.Scopes && x.Module == y.Module
}

// Compound is a Go value in an Opaque that is equal? to another of its type by
// its parts.
type Compound interface{ Parts() []Value }

// equalBudget is the number of comparisons that Equal makes before it starts
// to watch for cycles, and equalDepth how deep it recurs natively.
const (
	equalBudget = 100000
	equalDepth  = 1000
)

// Equal is equal?. It ends on cyclic data: after a budget of plain
// comparisons it goes on with an explicit stack and remembers which pairs of
// objects are under comparison (after Adams and Dybvig, "Efficient
// nondestructive equality checking for trees and graphs", ICFP 2008).
func Equal(a, b Value) bool {
	budget := equalBudget
	switch equalFast(a, b, &budget, 0) {
	case 1:
		return true
	case 0:
		return false
	}
	return equalCareful(a, b)
}

// equalFast returns 1 for equal, 0 for different, -1 when it gave up.
func equalFast(a, b Value, budget *int, depth int) int {
	for {
		if a == b {
			return 1
		}
		if a.n != b.n || a.p == nil || b.p == nil {
			if !arrays(a, b) {
				return 0
			}
			if !a.Is(KArray) {
				a, b = b, a
			}
		}
		if *budget--; *budget < 0 || depth > equalDepth {
			return -1
		}
		switch a.Kind() {
		case KPair:
			x, y := a.Pair(), b.Pair()
			if r := equalFast(x.Car, y.Car, budget, depth+1); r != 1 {
				return r
			}
			a, b = x.Cdr, y.Cdr
			continue
		case KSyntax:
			x, y := (*Annotated)(a.p), (*Annotated)(b.p)
			if !x.sameContext(y) {
				return 0
			}
			a, b = x.Datum, y.Datum
			continue
		case KVector, KArray, KRecord, KOpaque:
			x, y, ok := sameShape(a, b)
			if !ok {
				return 0
			}
			for i := range x {
				if r := equalFast(x[i], y[i], budget, depth+1); r != 1 {
					return r
				}
			}
			return 1
		}
		return boolInt(equalLeaf(a, b))
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// equalLeaf compares objects of the same kind that have no parts to visit.
func equalLeaf(a, b Value) bool {
	switch a.Kind() {
	case KString:
		return a.Str().Equal(b.Str())
	case KBytevector:
		x, y := a.Bytevector(), b.Bytevector()
		return x.sameType(y) && bytes.Equal(x.B, y.B)
	case KBitvector:
		x, y := a.Bitvector().Bits, b.Bitvector().Bits
		if len(x) != len(y) {
			return false
		}
		for i := range x {
			if x[i] != y[i] {
				return false
			}
		}
		return true
	case KCharSet:
		return a.CharSet().Equal(b.CharSet())
	}
	return Eqv(a, b)
}

// sameShape returns the parts of two containers of one kind, and whether they
// agree in all but the parts. As in Guile, records of one type
// compare by their fields, objects of GOOPS by identity.
func sameShape(a, b Value) ([]Value, []Value, bool) {
	switch a.Kind() {
	case KVector:
		x, y := a.Vector().Items, b.Vector().Items
		return x, y, len(x) == len(y)
	case KRecord:
		x, y := a.Record(), b.Record()
		return x.Fields, y.Fields, x.Type == y.Type && len(x.Fields) == len(y.Fields) && !a.IsObject()
	case KArray:
		return sameArrays(a, b)
	case KOpaque:
		x, ok1 := a.Opaque().Go.(Compound)
		y, ok2 := b.Opaque().Go.(Compound)
		if ok1 && ok2 && a.Opaque().Type == b.Opaque().Type {
			p, q := x.Parts(), y.Parts()
			return p, q, len(p) == len(q)
		}
	}
	return nil, nil, false
}

func equalCareful(a, b Value) bool {
	type pairing struct{ a, b unsafe.Pointer }
	seen := map[pairing]bool{}
	stack := [][2]Value{{a, b}}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		a, b := top[0], top[1]
		if a == b {
			continue
		}
		if a.n != b.n || a.p == nil || b.p == nil {
			if !arrays(a, b) {
				return false
			}
			if !a.Is(KArray) {
				a, b = b, a
			}
		}
		switch a.Kind() {
		case KPair:
			if seen[pairing{a.p, b.p}] {
				continue
			}
			seen[pairing{a.p, b.p}] = true
			x, y := a.Pair(), b.Pair()
			stack = append(stack, [2]Value{x.Cdr, y.Cdr}, [2]Value{x.Car, y.Car})
		case KSyntax:
			x, y := (*Annotated)(a.p), (*Annotated)(b.p)
			if !x.sameContext(y) {
				return false
			}
			stack = append(stack, [2]Value{x.Datum, y.Datum})
		case KVector, KArray, KRecord, KOpaque:
			if seen[pairing{a.p, b.p}] {
				continue
			}
			seen[pairing{a.p, b.p}] = true
			x, y, ok := sameShape(a, b)
			if !ok {
				return false
			}
			for i := range x {
				stack = append(stack, [2]Value{x[i], y[i]})
			}
		default:
			if !equalLeaf(a, b) {
				return false
			}
		}
	}
	return true
}
