package compile

import (
	"fruix/interp/code"
	"fruix/interp/datum"
)

// primOp says how calls of a procedure of the base module become instructions.
type primOp struct {
	name string
	kind primKind
	args int // number of arguments, -1 for any (folded to the left)
	op   code.Op
	// imm is the form whose last operand is an integer, Trap when none.
	imm code.Op
	// jump and jumpNot are for tests.
	jump, jumpNot, jumpI, jumpNotI code.Op
	// number is the kind that a type test looks for, or the unit of a fold.
	number int
	// commutes allows an integer as the first operand.
	commutes bool
}

type primKind uint8

const (
	kindValue  primKind = iota // A = op(B, C)
	kindEffect                 // op(A, B, C)
	kindTest                   // jumps
	kindNot
	kindValues
	kindVoid
)

// primitives is the table of procedures that have instructions.
var primitives = func() map[string]*primOp {
	t := map[string]*primOp{}
	add := func(p primOp) { t[p.name] = &p }
	value := func(name string, args int, op code.Op) { add(primOp{name: name, args: args, op: op}) }
	effect := func(name string, args int, op code.Op) {
		add(primOp{name: name, kind: kindEffect, args: args, op: op})
	}
	test := func(name string, args int, j, jn code.Op) {
		add(primOp{name: name, kind: kindTest, args: args, jump: j, jumpNot: jn})
	}
	kind := func(name string, k datum.Kind) {
		add(primOp{name: name, kind: kindTest, args: 1, jump: code.JumpKind, jumpNot: code.JumpNotKind, number: int(k)})
	}
	compare := func(name string, j, jn, ji, jni code.Op, commutes bool) {
		add(primOp{name: name, kind: kindTest, args: 2, jump: j, jumpNot: jn, jumpI: ji, jumpNotI: jni, commutes: commutes})
	}
	add(primOp{name: "+", args: -1, op: code.Add, imm: code.AddI, commutes: true})
	add(primOp{name: "*", args: -1, op: code.Mul, imm: code.MulI, commutes: true, number: 1})
	add(primOp{name: "-", args: 2, op: code.Sub})
	value("/", 2, code.Div)
	value("quotient", 2, code.Quotient)
	value("remainder", 2, code.Remainder)
	value("modulo", 2, code.Modulo)
	value("logand", 2, code.BitAnd)
	value("logior", 2, code.BitOr)
	value("logxor", 2, code.BitXor)
	compare("<", code.JumpLt, code.JumpNotLt, code.JumpLtI, code.JumpNotLtI, false)
	compare("<=", code.JumpLe, code.JumpNotLe, code.JumpLeI, code.JumpNotLeI, false)
	compare(">", code.Trap, code.Trap, code.JumpGtI, code.JumpNotGtI, false)
	compare(">=", code.Trap, code.Trap, code.JumpGeI, code.JumpNotGeI, false)
	compare("=", code.JumpEq, code.JumpNotEq, code.JumpEqI, code.JumpNotEqI, true)
	value("cons", 2, code.Cons)
	value("car", 1, code.Car)
	value("cdr", 1, code.Cdr)
	value("caar", 1, code.Caar)
	value("cadr", 1, code.Cadr)
	value("cdar", 1, code.Cdar)
	value("cddr", 1, code.Cddr)
	effect("set-car!", 2, code.SetCar)
	effect("set-cdr!", 2, code.SetCdr)
	add(primOp{name: "vector-ref", args: 2, op: code.VectorRef, imm: code.VectorRefI})
	effect("vector-set!", 3, code.VectorSet)
	value("vector-length", 1, code.VectorLen)
	value("string-ref", 2, code.StringRef)
	value("string-length", 1, code.StringLen)
	value("bytevector-u8-ref", 2, code.BytesRef)
	effect("bytevector-u8-set!", 3, code.BytesSet)
	value("char->integer", 1, code.CharToInt)
	value("integer->char", 1, code.IntToChar)
	test("eq?", 2, code.JumpSame, code.JumpNotSame)
	test("null?", 1, code.JumpNull, code.JumpNotNull)
	test("pair?", 1, code.JumpPair, code.JumpNotPair)
	kind("symbol?", datum.KSymbol)
	kind("keyword?", datum.KKeyword)
	kind("string?", datum.KString)
	kind("vector?", datum.KVector)
	kind("bytevector?", datum.KBytevector)
	kind("char?", datum.KChar)
	kind("variable?", datum.KVariable)
	add(primOp{name: "not", kind: kindNot, args: 1})
	add(primOp{name: "values", kind: kindValues, args: -1})
	return t
}()

// isBase reports whether v is a constant of the base module.
func isBase(v *datum.Variable) bool { return v.Constant && v.Home == "(guile)" }
