package vm

import (
	"math"
	"unsafe"

	"fruix/interp/code"
	"fruix/interp/datum"
	"fruix/interp/num"
)

// Registers named by the operands of an instruction. The shifts multiply the
// operand by the size of a value.

func rA(fp unsafe.Pointer, w code.Word) *datum.Value {
	return (*datum.Value)(unsafe.Add(fp, (w>>12)&0xFFFF0))
}

func rB(fp unsafe.Pointer, w code.Word) *datum.Value {
	return (*datum.Value)(unsafe.Add(fp, (w>>28)&0xFFFF0))
}

func rC(fp unsafe.Pointer, w code.Word) *datum.Value {
	return (*datum.Value)(unsafe.Add(fp, (w>>44)&0xFFFF0))
}

// reg is register i.
func reg(fp unsafe.Pointer, i int) *datum.Value {
	return (*datum.Value)(unsafe.Add(fp, i*valueSize))
}

// returnSlot is the return information of the frame at fp.
func returnSlot(fp unsafe.Pointer) *slot { return (*slot)(unsafe.Add(fp, -valueSize)) }

// jumpC and jumpD move pc by the words that the operand says.
func jumpC(pc unsafe.Pointer, w code.Word) unsafe.Pointer {
	return unsafe.Add(pc, (int64(w)>>48)*int64(wordSize))
}

func jumpD(pc unsafe.Pointer, w code.Word) unsafe.Pointer {
	return unsafe.Add(pc, (int64(w)>>32)*int64(wordSize))
}

func constant(cl *code.Closure, i int) datum.Value { return cl.Code.Consts[i] }

// flonumTag is the pointer word of flonums.
var flonumTag = datum.Flo(0).Ptr()

// run executes proc with args on an empty stack until it returns. It is one
// function because the state (frame, code, closure) must stay in Go's
// registers; whatever is rare is done elsewhere.
func (m *Machine) run(proc datum.Value, args []datum.Value) (datum.Value, error) {
	var (
		fp     = m.base()
		cl     = underflowClosure
		pc     = cl.Code.Base
		fuel   = m.interval
		callee datum.Value
		n      int
		x, y   datum.Value
		f      float64
		err    error
	)
	m.stack[0] = underflowMark()
	callee, n = proc, len(args)
	if fp2, e := m.grow(fp, n); e != nil {
		return datum.Value{}, e
	} else if fp2 != fp {
		fp = fp2
	}
	for i, a := range args {
		*reg(fp, i) = a
	}
	goto enter

loop:
	for {
		w := *(*code.Word)(pc)
		pc = unsafe.Add(pc, wordSize)
		switch w.Op() {
		case code.Nop, code.AcceptValues:
		case code.Move:
			*rA(fp, w) = *rB(fp, w)
		case code.LoadK:
			*rA(fp, w) = constant(cl, w.D())
		case code.LoadI:
			*rA(fp, w) = datum.Fix(int64(w) >> 32)
		case code.GlobalRef:
			v := constant(cl, w.D()).Variable()
			x = v.Value
			if x == datum.Unset {
				if x, err = m.settle(cl, w.D()); err != nil {
					goto signal
				}
			}
			*rA(fp, w) = x
		case code.GlobalSet:
			v := constant(cl, w.D()).Variable()
			if v.Value == datum.Unset {
				if _, err = m.settle(cl, w.D()); err != nil {
					goto signal
				}
				v = constant(cl, w.D()).Variable()
			}
			v.Value = *rA(fp, w)
		case code.GlobalDef:
			define(constant(cl, w.D()).Variable(), *rA(fp, w))
		case code.Free:
			*rA(fp, w) = cl.Free[w.D()]
		case code.FreeBox:
			*rA(fp, w) = cl.Free[w.D()].Box().Value
		case code.Self:
			*rA(fp, w) = cl.Value()
		case code.MakeBox:
			*rA(fp, w) = datum.NewBox(*rB(fp, w))
		case code.BoxRef:
			*rA(fp, w) = rB(fp, w).Box().Value
		case code.BoxSet:
			rA(fp, w).Box().Value = *rB(fp, w)
		case code.CheckSet:
			if *rA(fp, w) == datum.Unset {
				err = uninitialised(constant(cl, w.D()))
				goto signal
			}
		case code.MakeClosure:
			*rA(fp, w) = makeClosure(cl, fp, w.D())
		case code.ClosureSet:
			code.ClosureOf(*rA(fp, w)).Free[w.B()] = *rC(fp, w)

		case code.Jump:
			pc = jumpD(pc, w)
		case code.Loop:
			pc = jumpD(pc, w)
			fuel--
			if fuel < 0 {
				if err = m.poll(); err != nil {
					goto stop
				}
				fuel = m.interval
				if m.probe != nil {
					m.sample(fp, cl.Value())
				}
				if m.thread.pending() {
					goto deliver
				}
			}
		case code.JumpFalse:
			if !rA(fp, w).Truthy() {
				pc = jumpD(pc, w)
			}
		case code.JumpTrue:
			if rA(fp, w).Truthy() {
				pc = jumpD(pc, w)
			}
		case code.JumpGiven:
			if *rA(fp, w) != datum.Unset {
				pc = jumpD(pc, w)
			}
		case code.JumpLt:
			x, y = *rA(fp, w), *rB(fp, w)
			if x.IsFix() && y.IsFix() {
				if x.Fix() < y.Fix() {
					pc = jumpC(pc, w)
				}
				continue
			}
			goto less
		case code.JumpNotLt:
			x, y = *rA(fp, w), *rB(fp, w)
			if x.IsFix() && y.IsFix() {
				if x.Fix() >= y.Fix() {
					pc = jumpC(pc, w)
				}
				continue
			}
			goto less
		case code.JumpLe:
			x, y = *rA(fp, w), *rB(fp, w)
			if x.IsFix() && y.IsFix() {
				if x.Fix() <= y.Fix() {
					pc = jumpC(pc, w)
				}
				continue
			}
			goto less
		case code.JumpNotLe:
			x, y = *rA(fp, w), *rB(fp, w)
			if x.IsFix() && y.IsFix() {
				if x.Fix() > y.Fix() {
					pc = jumpC(pc, w)
				}
				continue
			}
			goto less
		case code.JumpEq:
			x, y = *rA(fp, w), *rB(fp, w)
			if x.IsFix() && y.IsFix() {
				if x == y {
					pc = jumpC(pc, w)
				}
				continue
			}
			goto less
		case code.JumpNotEq:
			x, y = *rA(fp, w), *rB(fp, w)
			if x.IsFix() && y.IsFix() {
				if x != y {
					pc = jumpC(pc, w)
				}
				continue
			}
			goto less
		case code.JumpLtI:
			x = *rA(fp, w)
			if x.IsFix() {
				if x.Fix() < w.BI() {
					pc = jumpC(pc, w)
				}
				continue
			}
			goto lessI
		case code.JumpNotLtI:
			x = *rA(fp, w)
			if x.IsFix() {
				if x.Fix() >= w.BI() {
					pc = jumpC(pc, w)
				}
				continue
			}
			goto lessI
		case code.JumpLeI:
			x = *rA(fp, w)
			if x.IsFix() {
				if x.Fix() <= w.BI() {
					pc = jumpC(pc, w)
				}
				continue
			}
			goto lessI
		case code.JumpNotLeI:
			x = *rA(fp, w)
			if x.IsFix() {
				if x.Fix() > w.BI() {
					pc = jumpC(pc, w)
				}
				continue
			}
			goto lessI
		case code.JumpGtI:
			x = *rA(fp, w)
			if x.IsFix() {
				if x.Fix() > w.BI() {
					pc = jumpC(pc, w)
				}
				continue
			}
			goto lessI
		case code.JumpNotGtI:
			x = *rA(fp, w)
			if x.IsFix() {
				if x.Fix() <= w.BI() {
					pc = jumpC(pc, w)
				}
				continue
			}
			goto lessI
		case code.JumpGeI:
			x = *rA(fp, w)
			if x.IsFix() {
				if x.Fix() >= w.BI() {
					pc = jumpC(pc, w)
				}
				continue
			}
			goto lessI
		case code.JumpNotGeI:
			x = *rA(fp, w)
			if x.IsFix() {
				if x.Fix() < w.BI() {
					pc = jumpC(pc, w)
				}
				continue
			}
			goto lessI
		case code.JumpEqI:
			x = *rA(fp, w)
			if x.IsFix() {
				if x.Fix() == w.BI() {
					pc = jumpC(pc, w)
				}
				continue
			}
			goto lessI
		case code.JumpNotEqI:
			x = *rA(fp, w)
			if x.IsFix() {
				if x.Fix() != w.BI() {
					pc = jumpC(pc, w)
				}
				continue
			}
			goto lessI
		case code.JumpSame:
			if *rA(fp, w) == *rB(fp, w) {
				pc = jumpC(pc, w)
			}
		case code.JumpNotSame:
			if *rA(fp, w) != *rB(fp, w) {
				pc = jumpC(pc, w)
			}
		case code.JumpSameK:
			if *rA(fp, w) == constant(cl, w.B()) {
				pc = jumpC(pc, w)
			}
		case code.JumpNotSameK:
			if *rA(fp, w) != constant(cl, w.B()) {
				pc = jumpC(pc, w)
			}
		case code.JumpNull:
			if rA(fp, w).IsNull() {
				pc = jumpD(pc, w)
			}
		case code.JumpNotNull:
			if !rA(fp, w).IsNull() {
				pc = jumpD(pc, w)
			}
		case code.JumpPair:
			if rA(fp, w).IsPair() {
				pc = jumpD(pc, w)
			}
		case code.JumpNotPair:
			if !rA(fp, w).IsPair() {
				pc = jumpD(pc, w)
			}
		case code.JumpKind:
			if rA(fp, w).Kind() == datum.Kind(w.B()) {
				pc = jumpC(pc, w)
			}
		case code.JumpNotKind:
			if rA(fp, w).Kind() != datum.Kind(w.B()) {
				pc = jumpC(pc, w)
			}

		case code.Add:
			x, y = *rB(fp, w), *rC(fp, w)
			if x.IsFix() && y.IsFix() {
				if s := x.Fix() + y.Fix(); datum.FitsFix(s) {
					*rA(fp, w) = datum.Fix(s)
					continue
				}
			} else if x.IsFlo() && y.IsFlo() {
				f = x.Flo() + y.Flo()
				goto float
			}
			if x, err = m.checked(num.Add, x, y); err != nil {
				goto extend
			}
			*rA(fp, w) = x
		case code.Sub:
			x, y = *rB(fp, w), *rC(fp, w)
			if x.IsFix() && y.IsFix() {
				if s := x.Fix() - y.Fix(); datum.FitsFix(s) {
					*rA(fp, w) = datum.Fix(s)
					continue
				}
			} else if x.IsFlo() && y.IsFlo() {
				f = x.Flo() - y.Flo()
				goto float
			}
			if x, err = m.checked(num.Sub, x, y); err != nil {
				goto extend
			}
			*rA(fp, w) = x
		case code.Mul:
			x, y = *rB(fp, w), *rC(fp, w)
			if x.IsFlo() && y.IsFlo() {
				f = x.Flo() * y.Flo()
				goto float
			}
			if x.IsFix() && y.IsFix() {
				if p, ok := mulFix(x.Fix(), y.Fix()); ok {
					*rA(fp, w) = datum.Fix(p)
					continue
				}
			}
			if x, err = m.checked(num.Mul, x, y); err != nil {
				goto extend
			}
			*rA(fp, w) = x
		case code.Div:
			x, y = *rB(fp, w), *rC(fp, w)
			if x.IsFlo() && y.IsFlo() {
				f = x.Flo() / y.Flo()
				goto float
			}
			if x, err = m.checked(num.Div, x, y); err != nil {
				goto extend
			}
			*rA(fp, w) = x
		case code.Quotient:
			x, y = *rB(fp, w), *rC(fp, w)
			if x.IsFix() && y.IsFix() && y.Fix() > 0 {
				*rA(fp, w) = datum.Fix(x.Fix() / y.Fix())
				continue
			}
			if x, err = m.checked(num.Quotient, x, y); err != nil {
				goto extend
			}
			*rA(fp, w) = x
		case code.Remainder:
			x, y = *rB(fp, w), *rC(fp, w)
			if x.IsFix() && y.IsFix() && y.Fix() > 0 {
				*rA(fp, w) = datum.Fix(x.Fix() % y.Fix())
				continue
			}
			if x, err = m.checked(num.Remainder, x, y); err != nil {
				goto extend
			}
			*rA(fp, w) = x
		case code.Modulo:
			x, y = *rB(fp, w), *rC(fp, w)
			if x.IsFix() && y.IsFix() && y.Fix() > 0 {
				r := x.Fix() % y.Fix()
				if r < 0 {
					r += y.Fix()
				}
				*rA(fp, w) = datum.Fix(r)
				continue
			}
			if x, err = m.checked(num.Modulo, x, y); err != nil {
				goto extend
			}
			*rA(fp, w) = x
		case code.BitAnd:
			x, y = *rB(fp, w), *rC(fp, w)
			if x.IsFix() && y.IsFix() {
				*rA(fp, w) = datum.Fix(x.Fix() & y.Fix())
				continue
			}
			if x, err = num.LogAnd(x, y); err != nil {
				goto extend
			}
			*rA(fp, w) = x
		case code.BitOr:
			x, y = *rB(fp, w), *rC(fp, w)
			if x.IsFix() && y.IsFix() {
				*rA(fp, w) = datum.Fix(x.Fix() | y.Fix())
				continue
			}
			if x, err = num.LogIor(x, y); err != nil {
				goto extend
			}
			*rA(fp, w) = x
		case code.BitXor:
			x, y = *rB(fp, w), *rC(fp, w)
			if x.IsFix() && y.IsFix() {
				*rA(fp, w) = datum.Fix(x.Fix() ^ y.Fix())
				continue
			}
			if x, err = num.LogXor(x, y); err != nil {
				goto extend
			}
			*rA(fp, w) = x
		case code.AddI:
			x = *rB(fp, w)
			if x.IsFix() {
				if s := x.Fix() + w.CI(); datum.FitsFix(s) {
					*rA(fp, w) = datum.Fix(s)
					continue
				}
			} else if x.IsFlo() {
				if f = x.Flo(); w.CI() != 0 { // an exact zero keeps a negative one
					f += float64(w.CI())
				}
				goto float
			}
			if w&code.Swapped == 0 {
				x, err = num.Add(x, datum.Fix(w.CI()))
			} else {
				x, err = num.Add(datum.Fix(w.CI()), x)
			}
			if err != nil {
				goto extend
			}
			*rA(fp, w) = x
		case code.MulI:
			x = *rB(fp, w)
			if x.IsFix() {
				if p, ok := mulFix(x.Fix(), w.CI()); ok {
					*rA(fp, w) = datum.Fix(p)
					continue
				}
			}
			if w&code.Swapped == 0 {
				x, err = num.Mul(x, datum.Fix(w.CI()))
			} else {
				x, err = num.Mul(datum.Fix(w.CI()), x)
			}
			if err != nil {
				goto extend
			}
			*rA(fp, w) = x
		case code.SubFrom:
			x = *rB(fp, w)
			if x.IsFix() {
				if s := w.CI() - x.Fix(); datum.FitsFix(s) {
					*rA(fp, w) = datum.Fix(s)
					continue
				}
			}
			if w.CI() == 0 {
				x, err = num.Negate(x)
			} else {
				x, err = num.Sub(datum.Fix(w.CI()), x)
			}
			if err != nil {
				goto extend
			}
			*rA(fp, w) = x

		case code.Cons:
			*rA(fp, w) = datum.Cons(*rB(fp, w), *rC(fp, w))
		case code.Car:
			x = *rB(fp, w)
			if !x.IsPair() {
				err = datum.WrongTypeExpecting("car", 1, x, "pair")
				goto signal
			}
			*rA(fp, w) = x.Pair().Car
		case code.Cdr:
			x = *rB(fp, w)
			if !x.IsPair() {
				err = datum.WrongTypeExpecting("cdr", 1, x, "pair")
				goto signal
			}
			*rA(fp, w) = x.Pair().Cdr
		case code.Caar:
			x = *rB(fp, w)
			if !x.IsPair() || !x.Pair().Car.IsPair() {
				err = datum.WrongType("caar", 1, x)
				goto signal
			}
			*rA(fp, w) = x.Pair().Car.Pair().Car
		case code.Cadr:
			x = *rB(fp, w)
			if !x.IsPair() || !x.Pair().Cdr.IsPair() {
				err = datum.WrongType("cadr", 1, x)
				goto signal
			}
			*rA(fp, w) = x.Pair().Cdr.Pair().Car
		case code.Cdar:
			x = *rB(fp, w)
			if !x.IsPair() || !x.Pair().Car.IsPair() {
				err = datum.WrongType("cdar", 1, x)
				goto signal
			}
			*rA(fp, w) = x.Pair().Car.Pair().Cdr
		case code.Cddr:
			x = *rB(fp, w)
			if !x.IsPair() || !x.Pair().Cdr.IsPair() {
				err = datum.WrongType("cddr", 1, x)
				goto signal
			}
			*rA(fp, w) = x.Pair().Cdr.Pair().Cdr
		case code.SetCar:
			x = *rA(fp, w)
			if !x.IsPair() {
				err = datum.WrongTypeExpecting("set-car!", 1, x, "pair")
				goto signal
			}
			x.Pair().Car = *rB(fp, w)
		case code.SetCdr:
			x = *rA(fp, w)
			if !x.IsPair() {
				err = datum.WrongTypeExpecting("set-cdr!", 1, x, "pair")
				goto signal
			}
			x.Pair().Cdr = *rB(fp, w)
		case code.VectorRef:
			x, y = *rB(fp, w), *rC(fp, w)
			if x.Is(datum.KVector) && y.IsFix() {
				if items := x.Vector().Items; uint64(y.Fix()) < uint64(len(items)) {
					*rA(fp, w) = items[y.Fix()]
					continue
				}
			}
			err = indexError("vector-ref", x, y, x.Is(datum.KVector))
			goto signal
		case code.VectorRefI:
			x = *rB(fp, w)
			if x.Is(datum.KVector) {
				if items := x.Vector().Items; uint64(w.CI()) < uint64(len(items)) {
					*rA(fp, w) = items[w.CI()]
					continue
				}
			}
			err = indexError("vector-ref", x, datum.Fix(w.CI()), x.Is(datum.KVector))
			goto signal
		case code.VectorSet:
			x, y = *rA(fp, w), *rB(fp, w)
			if x.Is(datum.KVector) && y.IsFix() {
				v := x.Vector()
				if uint64(y.Fix()) < uint64(len(v.Items)) && !v.Literal {
					v.Items[y.Fix()] = *rC(fp, w)
					continue
				}
			}
			err = indexError("vector-set!", x, y, x.Is(datum.KVector))
			goto signal
		case code.VectorLen:
			x = *rB(fp, w)
			if !x.Is(datum.KVector) {
				err = datum.WrongTypeExpecting("vector-length", 1, x, "vector")
				goto signal
			}
			*rA(fp, w) = datum.Fix(int64(len(x.Vector().Items)))
		case code.StringRef:
			x, y = *rB(fp, w), *rC(fp, w)
			if x.IsString() && y.IsFix() {
				if s := x.Str(); uint64(y.Fix()) < uint64(s.Len()) {
					*rA(fp, w) = datum.Char(s.At(int(y.Fix())))
					continue
				}
			}
			err = indexError("string-ref", x, y, x.IsString())
			goto signal
		case code.StringLen:
			x = *rB(fp, w)
			if !x.IsString() {
				err = datum.WrongTypeExpecting("string-length", 1, x, "string")
				goto signal
			}
			*rA(fp, w) = datum.Fix(int64(x.Str().Len()))
		case code.BytesRef:
			x, y = *rB(fp, w), *rC(fp, w)
			if x.Is(datum.KBytevector) && y.IsFix() {
				if b := x.Bytevector().B; uint64(y.Fix()) < uint64(len(b)) {
					*rA(fp, w) = datum.Fix(int64(b[y.Fix()]))
					continue
				}
			}
			err = indexError("bytevector-u8-ref", x, y, x.Is(datum.KBytevector))
			goto signal
		case code.BytesSet:
			x, y = *rA(fp, w), *rB(fp, w)
			if x.Is(datum.KBytevector) && y.IsFix() {
				b := x.Bytevector()
				z := *rC(fp, w)
				if uint64(y.Fix()) < uint64(len(b.B)) && !b.Literal && z.IsFix() && uint64(z.Fix()) < 256 {
					b.B[y.Fix()] = byte(z.Fix())
					continue
				}
				if !z.IsFix() || uint64(z.Fix()) >= 256 {
					err = datum.OutOfRange("bytevector-u8-set!", 3, z)
					goto signal
				}
			}
			err = indexError("bytevector-u8-set!", x, y, x.Is(datum.KBytevector))
			goto signal
		case code.CharToInt:
			x = *rB(fp, w)
			if !x.IsChar() {
				err = datum.WrongTypeExpecting("char->integer", 1, x, "character")
				goto signal
			}
			*rA(fp, w) = datum.Fix(int64(x.Char()))
		case code.IntToChar:
			x = *rB(fp, w)
			if !x.IsFix() || !validChar(x.Fix()) {
				if x.IsFix() || x.Is(datum.KBignum) {
					err = datum.OutOfRange("integer->char", 1, x)
				} else {
					err = datum.WrongTypeExpecting("integer->char", 1, x, "integer")
				}
				goto signal
			}
			*rA(fp, w) = datum.Char(rune(x.Fix()))

		case code.Prim1:
			p := constant(cl, int(*(*uint32)(pc))).Primitive()
			pc = unsafe.Add(pc, wordSize)
			if x, err = p.F1(m, *rB(fp, w)); err != nil {
				goto signal
			}
			if x.Is(datum.KValues) && w&0xFF00 == 0 {
				x = firstValue(x)
			}
			*rA(fp, w) = x
		case code.Prim2:
			p := constant(cl, int(*(*uint32)(pc))).Primitive()
			pc = unsafe.Add(pc, wordSize)
			if x, err = p.F2(m, *rB(fp, w), *rC(fp, w)); err != nil {
				goto signal
			}
			if x.Is(datum.KValues) && w&0xFF00 == 0 {
				x = firstValue(x)
			}
			*rA(fp, w) = x
		case code.Prim3:
			k := *(*uint64)(pc)
			p := constant(cl, int(uint32(k))).Primitive()
			pc = unsafe.Add(pc, wordSize)
			if x, err = p.F3(m, *rB(fp, w), *rC(fp, w), *reg(fp, int(k>>32))); err != nil {
				goto signal
			}
			if x.Is(datum.KValues) && w&0xFF00 == 0 {
				x = firstValue(x)
			}
			*rA(fp, w) = x
		case code.PrimN:
			p := constant(cl, int(*(*uint32)(pc))).Primitive()
			pc = unsafe.Add(pc, wordSize)
			if x, err = callPrimitive(m, p, unsafe.Slice(rB(fp, w), w.C())); err != nil {
				goto signal
			}
			if x.Is(datum.KValues) && w&0xFF00 == 0 {
				x = firstValue(x)
			}
			*rA(fp, w) = x

		case code.CallGlobal:
			callee = constant(cl, w.C()).Variable().Value
			n = w.B()
			if callee.Is(datum.KClosure) {
				next := (*code.Closure)(callee.Ptr())
				if p := next.Code; p.Arity == n {
					d := uintptr(w>>12)&0xFFFF0 + uintptr(valueSize)
					*(*slot)(unsafe.Add(fp, d-uintptr(valueSize))) = slot{unsafe.Pointer(cl), uint64(uintptr(pc)-uintptr(cl.Code.Base))<<32 | uint64(d)}
					fp = unsafe.Add(fp, d)
					cl, pc = next, p.Base
					if uintptr(fp)+uintptr(p.Frame*valueSize) > m.limit {
						goto enlarge
					}
					fuel--
					if fuel < 0 {
						goto refuel
					}
					continue
				}
			}
			if callee == datum.Unset {
				if callee, err = m.settle(cl, w.C()); err != nil {
					goto signal
				}
			}
			goto push
		case code.Call:
			callee = *rA(fp, w)
			n = w.B()
			if callee.Is(datum.KClosure) {
				next := (*code.Closure)(callee.Ptr())
				if p := next.Code; p.Arity == n {
					d := uintptr(w>>12)&0xFFFF0 + uintptr(valueSize)
					*(*slot)(unsafe.Add(fp, d-uintptr(valueSize))) = slot{unsafe.Pointer(cl), uint64(uintptr(pc)-uintptr(cl.Code.Base))<<32 | uint64(d)}
					fp = unsafe.Add(fp, d)
					cl, pc = next, p.Base
					if uintptr(fp)+uintptr(p.Frame*valueSize) > m.limit {
						goto enlarge
					}
					fuel--
					if fuel < 0 {
						goto refuel
					}
					continue
				}
			}
			goto push
		case code.CallKnown, code.CallSelf:
			next := cl
			if w.Op() == code.CallKnown {
				next = (*code.Closure)(rA(fp, w).Ptr())
			}
			d := uintptr(w>>12)&0xFFFF0 + uintptr(valueSize)
			*(*slot)(unsafe.Add(fp, d-uintptr(valueSize))) = slot{unsafe.Pointer(cl), uint64(uintptr(pc)-uintptr(cl.Code.Base))<<32 | uint64(d)}
			fp = unsafe.Add(fp, d)
			cl, pc = next, next.Code.Base
			if uintptr(fp)+uintptr(next.Code.Frame*valueSize) > m.limit {
				goto enlarge
			}
			fuel--
			if fuel < 0 {
				goto refuel
			}
		case code.TailGlobal:
			callee = constant(cl, w.C()).Variable().Value
			n = w.B()
			if callee == datum.Unset {
				if callee, err = m.settle(cl, w.C()); err != nil {
					goto signal
				}
			}
			moveArgs(fp, w)
			if callee.Is(datum.KClosure) {
				next := (*code.Closure)(callee.Ptr())
				if p := next.Code; p.Arity == n {
					cl, pc = next, p.Base
					if uintptr(fp)+uintptr(p.Frame*valueSize) > m.limit {
						goto enlarge
					}
					fuel--
					if fuel < 0 {
						goto refuel
					}
					continue
				}
			}
			goto enter
		case code.TailCall:
			callee = *rA(fp, w)
			n = w.B()
			moveArgs(fp, w)
			if callee.Is(datum.KClosure) {
				next := (*code.Closure)(callee.Ptr())
				if p := next.Code; p.Arity == n {
					cl, pc = next, p.Base
					if uintptr(fp)+uintptr(p.Frame*valueSize) > m.limit {
						goto enlarge
					}
					fuel--
					if fuel < 0 {
						goto refuel
					}
					continue
				}
			}
			goto enter
		case code.TailKnown, code.TailSelf:
			if w.Op() == code.TailKnown {
				cl = (*code.Closure)(rA(fp, w).Ptr())
			}
			moveArgs(fp, w)
			pc = cl.Code.Base
			if uintptr(fp)+uintptr(cl.Code.Frame*valueSize) > m.limit {
				goto enlarge
			}
			fuel--
			if fuel < 0 {
				goto refuel
			}
		case code.Return:
			x = *rA(fp, w)
			s := returnSlot(fp)
			cl = (*code.Closure)(s.p)
			k := s.n
			*(*datum.Value)(unsafe.Pointer(s)) = x
			pc = unsafe.Add(cl.Code.Base, k>>32)
			fp = unsafe.Add(fp, -int64(uint32(k)))
		case code.ReturnK:
			x = constant(cl, w.D())
			s := returnSlot(fp)
			cl = (*code.Closure)(s.p)
			k := s.n
			*(*datum.Value)(unsafe.Pointer(s)) = x
			pc = unsafe.Add(cl.Code.Base, k>>32)
			fp = unsafe.Add(fp, -int64(uint32(k)))

		case code.Fetch:
			if err = cl.Code.Fetch(); err != nil {
				goto signal
			}
			pc = cl.Code.Base
		case code.PackValues:
			items := append([]datum.Value(nil), unsafe.Slice(reg(fp, w.A()+1), w.B())...)
			*rA(fp, w) = datum.MultipleValues(items)
		case code.ReturnValues:
			x = *rA(fp, w)
			goto give
		case code.ReceiveValues:
			if err = receiveValues(fp, w); err != nil {
				goto signal
			}
		case code.ApplyValues:
			callee = *rA(fp, w)
			x = *rB(fp, w)
			if w.C() == 1 {
				m.args = listArgs(m.args[:0], x)
			} else if x.Is(datum.KValues) {
				m.args = append(m.args[:0], x.Values().Items...)
			} else {
				m.args = append(m.args[:0], x)
			}
			goto applyArgs
		case code.Intrinsic:
			var act action
			act, x, err = m.intrinsic(w.D(), fp, cl, pc)
			switch act {
			case actNext:
				if err != nil {
					goto signal
				}
				continue
			case actReturn:
				if err != nil {
					callee, n = m.raiseCall(fp, err)
					goto enter
				}
				goto give
			case actTail:
				callee = x
				goto applyArgs
			case actTailEmpty:
				// The stack was emptied; the call comes at its bottom.
				fp = m.base()
				m.stack[0] = underflowMark()
				callee = x
				goto applyArgs
			case actGive:
				// The stack was replaced; the value goes to its top frame.
				fp = m.base()
				m.stack[0] = underflowMark()
				goto give
			case actStop:
				goto stop
			}
		case code.Underflow:
			// The value lies where the return information was.
			x = m.stack[0]
			var more bool
			if fp, cl, pc, more, err = m.underflow(x); err != nil {
				return datum.Value{}, err
			}
			if !more {
				return x, nil
			}
		default:
			panic("vm: bad instruction " + w.Op().String())
		}
		continue

	float:
		if f != f {
			*rA(fp, w) = datum.Flo(f)
			continue
		}
		*(*slot)(unsafe.Pointer(rA(fp, w))) = slot{flonumTag, math.Float64bits(f)}
		continue
	extend:
		// An operation on numbers failed; methods of generic functions may take
		// other operands. Register A has not been written.
		if x, err = m.extend(w, *rB(fp, w), *rC(fp, w), err); err != nil {
			goto signal
		}
		*rA(fp, w) = x
		continue
	less:
		{
			taken, e := compare(w.Op(), x, y)
			if e != nil {
				taken, e = m.extendTest(w, x, y, e)
			}
			if e != nil {
				err = e
				goto signal
			}
			if taken {
				pc = jumpC(pc, w)
			}
			continue
		}
	lessI:
		{
			taken, e := compareI(w, x, w.BI())
			if e != nil {
				taken, e = m.extendTest(w, x, datum.Fix(w.BI()), e)
			}
			if e != nil {
				err = e
				goto signal
			}
			if taken {
				pc = jumpC(pc, w)
			}
			continue
		}
	push:
		// Make a frame for the arguments and enter whatever callee is.
		{
			d := uintptr(w>>12)&0xFFFF0 + uintptr(valueSize)
			*(*slot)(unsafe.Add(fp, d-uintptr(valueSize))) = slot{unsafe.Pointer(cl), uint64(uintptr(pc)-uintptr(cl.Code.Base))<<32 | uint64(d)}
			fp = unsafe.Add(fp, d)
			break loop
		}
	}

enter:
	// callee is called with n arguments at fp; the return information is set.
	fuel--
	if fuel < 0 {
		if err = m.poll(); err != nil {
			goto stop
		}
		fuel = m.interval
		if m.thread.pending() {
			fuel = -1
		}
		if m.probe != nil {
			goto probe
		}
	}
probed:
	switch callee.Kind() {
	case datum.KClosure:
		cl = code.ClosureOf(callee)
		p := cl.Code
		pc = p.Base
		if uintptr(fp)+uintptr((max(p.Frame, n)+1)*valueSize) > m.limit {
			if fp, err = m.grow(fp, max(p.Frame, n)+1); err != nil {
				if isControl(err) {
					goto stop
				}
				callee, n = m.raiseCall(fp, err)
				goto enter
			}
		}
		if p.Arity != n {
			entry, e := bindArgs(cl, fp, n)
			if e != nil {
				callee, n = m.raiseCall(fp, e)
				goto enter
			}
			pc = unsafe.Add(p.Base, entry*wordSize)
		}
		if fuel < 0 {
			goto deliver
		}
		goto loop
	case datum.KPrimitive:
		p := callee.Primitive()
		switch {
		case n == 1 && p.F1 != nil:
			x, err = p.F1(m, *reg(fp, 0))
		case n == 2 && p.F2 != nil:
			x, err = p.F2(m, *reg(fp, 0), *reg(fp, 1))
		default:
			x, err = callPrimitive(m, p, unsafe.Slice(reg(fp, 0), n))
		}
		if err != nil {
			if d, ok := asDetour(err); ok {
				callee, n = m.detour(d, callee, fp, n)
				goto enter
			}
			if isControl(err) {
				goto stop
			}
			callee, n = m.raiseCall(fp, err)
			goto enter
		}
		goto give
	default:
		x, n, err = m.special(callee, fp, n)
		if err != nil {
			callee, n = m.raiseCall(fp, err)
			goto enter
		}
		callee = x
		goto enter
	}

applyArgs:
	// callee is called with m.args in the frame at fp.
	n = len(m.args)
	if uintptr(fp)+uintptr((n+1)*valueSize) > m.limit {
		if fp, err = m.grow(fp, n+1); err != nil {
			if isControl(err) {
				goto stop
			}
			callee, n = m.raiseCall(fp, err)
			goto enter
		}
	}
	for i, a := range m.args {
		*reg(fp, i) = a
	}
	clear(m.args)
	m.args = m.args[:0]
	goto enter

give:
	// Return x, which may hold several values, from the frame at fp.
	{
		if x.Is(datum.KValues) && !m.accepts(fp) {
			x = firstValue(x)
		}
		s := returnSlot(fp)
		cl = (*code.Closure)(s.p)
		k := s.n
		*(*datum.Value)(unsafe.Pointer(s)) = x
		pc = unsafe.Add(cl.Code.Base, k>>32)
		fp = unsafe.Add(fp, -int64(uint32(k)))
		goto loop
	}

enlarge:
	// A procedure was entered whose frame does not fit.
	{
		if fp, err = m.grow(fp, cl.Code.Frame); err != nil {
			if isControl(err) {
				goto stop
			}
			callee, n = m.raiseCall(fp, err)
			goto enter
		}
		if fuel--; fuel < 0 {
			goto refuel
		}
		goto loop
	}

refuel:
	if err = m.poll(); err != nil {
		goto stop
	}
	fuel = m.interval
	if m.thread.pending() {
		goto deliver
	}
	if m.probe == nil {
		goto loop
	}
	callee, n = cl.Value(), cl.Code.Arity

probe:
	// callee is called with n arguments at fp: somebody wants to know.
	m.sample(fp, callee)
	if fp, err = m.watch(callee, fp, n); err != nil {
		goto stop
	}
	goto probed

deliver:
	// Between two instructions: call what other threads and signals ask for.
	{
		fuel = m.interval
		d := uintptr((cl.Code.Frame + 1) * valueSize)
		*(*slot)(unsafe.Add(fp, d-uintptr(valueSize))) = slot{unsafe.Pointer(cl), uint64(uintptr(pc)-uintptr(cl.Code.Base))<<32 | uint64(d)}
		fp = unsafe.Add(fp, d)
		callee, n = m.thread.runAsyncs(), 0
		goto enter
	}

signal:
	// The instruction before pc failed: its procedure calls the handler.
	{
		if t, ok := asDetour(err); ok {
			fp, callee, n = m.detourInline(t, fp, cl, pc)
			goto enter
		}
		if isControl(err) {
			goto stop
		}
		d := uintptr((cl.Code.Frame + 1) * valueSize)
		*(*slot)(unsafe.Add(fp, d-uintptr(valueSize))) = slot{unsafe.Pointer(cl), uint64(uintptr(pc)-uintptr(cl.Code.Base))<<32 | uint64(d)}
		fp = unsafe.Add(fp, d)
		callee, n = m.raiseCall(fp, err)
		goto enter
	}

stop:
	// Leave this run, unless an escape ends here.
	{
		var act action
		act, x, err = m.stopped(fp, cl, pc, err)
		switch act {
		case actTailEmpty:
			fp = m.base()
			m.stack[0] = underflowMark()
			callee = x
			goto applyArgs
		case actGive:
			fp = m.base()
			m.stack[0] = underflowMark()
			goto give
		}
		return datum.Value{}, err
	}
}
