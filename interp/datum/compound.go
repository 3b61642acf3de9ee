package datum

import "unsafe"

// Promise is what delay, make-promise and delay-force make. While it is not
// Done, Value is the thunk. A chain made by delay-force shares State
// (R7RS 4.2.5).
type Promise struct{ State *PromiseState }

// PromiseState is the shared part of promises that are known to be the same.
type PromiseState struct {
	Done  bool
	Value Value // the value when Done, else the thunk
}

// NewPromise makes a promise; value is a thunk unless done.
func NewPromise(done bool, value Value) Value {
	return Obj(KPromise, unsafe.Pointer(&Promise{&PromiseState{done, value}}))
}

// Promise returns the promise of v.
func (v Value) Promise() *Promise { return (*Promise)(v.p) }

// NewBox makes a mutable cell.
func NewBox(v Value) Value { return Obj(KBox, unsafe.Pointer(&Box{v})) }

// Parameter is an R7RS parameter object: a procedure of no arguments that
// gives the dynamic value of Fluid. Converter is applied to new values; it is
// False when there is none.
type Parameter struct {
	Fluid     *Fluid
	Converter Value
}

// NewParameter makes a parameter object around a fluid.
func NewParameter(f *Fluid, converter Value) Value {
	return Obj(KParameter, unsafe.Pointer(&Parameter{f, converter}))
}

// Parameter returns the parameter of v.
func (v Value) Parameter() *Parameter { return (*Parameter)(v.p) }

// Bitvector is a mutable vector of bits.
type Bitvector struct{ Bits []bool }

// NewBitvector makes a bitvector that owns bits.
func NewBitvector(bits []bool) Value { return Obj(KBitvector, unsafe.Pointer(&Bitvector{bits})) }

// Bitvector returns the bitvector of v.
func (v Value) Bitvector() *Bitvector { return (*Bitvector)(v.p) }

// NewSymbol makes an uninterned symbol.
func NewSymbol(name string) *Symbol { return &Symbol{Name: name} }

func newRatnum(r *Ratnum) Value { return Obj(KRatnum, unsafe.Pointer(r)) }

// Cmp makes the complex number re+im·i from real parts. An exact zero im
// yields re; otherwise, when one part is inexact, callers have made both so
// (package num, rectangular).
func Cmp(re, im Value) Value {
	if im.IsFix() && im.Fix() == 0 {
		return re
	}
	return Obj(KCompnum, unsafe.Pointer(&Compnum{re, im}))
}
