package code

// Word is one instruction.
type Word uint64

// Op is an operation code.
type Op uint8

// The operations. R means a register; see the table for operand formats.
const (
	// Trap must never be reached; it pads the end of each code.
	Trap Op = iota
	Nop
	// Move sets A to B.
	Move
	// LoadK sets A to constant D.
	LoadK
	// LoadI sets A to the fixnum D.
	LoadI
	// GlobalRef sets A to the value of the variable in constant D.
	GlobalRef
	// GlobalSet assigns A to the variable in constant D, which must be bound.
	GlobalSet
	// GlobalDef defines the variable in constant D as A.
	GlobalDef
	// Free sets A to free value D of the running closure.
	Free
	// FreeBox sets A to the content of the box in free value D.
	FreeBox
	// Self sets A to the running closure.
	Self
	// MakeBox sets A to a new box that holds B.
	MakeBox
	// BoxRef sets A to the content of box B.
	BoxRef
	// BoxSet puts B into box A.
	BoxSet
	// CheckSet fails when A was not initialised; D is the constant with its name.
	CheckSet
	// MakeClosure sets A to a new closure over procedure D.
	MakeClosure
	// ClosureSet puts C into free value B of closure A.
	ClosureSet

	// Jump goes D words on.
	Jump
	// JumpFalse and JumpTrue test A.
	JumpFalse
	JumpTrue
	// JumpGiven jumps when A holds an argument (is not Unset).
	JumpGiven
	// Comparisons of registers A and B that jump by C.
	JumpLt
	JumpNotLt
	JumpLe
	JumpNotLe
	JumpEq
	JumpNotEq
	// Comparisons of register A with the integer B that jump by C.
	JumpLtI
	JumpNotLtI
	JumpLeI
	JumpNotLeI
	JumpGtI
	JumpNotGtI
	JumpGeI
	JumpNotGeI
	JumpEqI
	JumpNotEqI
	// eq? of registers A and B, jump by C.
	JumpSame
	JumpNotSame
	// eq? of register A and constant B, jump by C.
	JumpSameK
	JumpNotSameK
	// Type tests of A, jump by D.
	JumpNull
	JumpNotNull
	JumpPair
	JumpNotPair
	// JumpKind and JumpNotKind test A for the kind B and jump by C.
	JumpKind
	JumpNotKind

	// Arithmetic: A = B op C.
	Add
	Sub
	Mul
	Div
	Quotient
	Remainder
	Modulo
	BitAnd
	BitOr
	BitXor
	// AddI is A = B + the integer C, MulI the product.
	AddI
	MulI
	// SubFrom is A = the integer C - B.
	SubFrom

	// Pairs.
	Cons
	Car
	Cdr
	Caar
	Cadr
	Cdar
	Cddr
	SetCar
	SetCdr
	// Vectors: A = B[C], A[B] = C.
	VectorRef
	VectorSet
	VectorLen
	// VectorRefI is A = B[the integer C].
	VectorRefI
	// StringRef is A = the character C of string B.
	StringRef
	StringLen
	// BytesRef is A = byte C of bytevector B; BytesSet is A[B] = C.
	BytesRef
	BytesSet
	// CharToInt and IntToChar convert B.
	CharToInt
	IntToChar
	// Prim1, Prim2 and Prim3 call the native in the constant of the following
	// word with arguments from registers B and up, result in A.
	Prim1
	Prim2
	Prim3
	PrimN

	// Call calls the procedure in A with B arguments from A+1 on; the result
	// goes to A.
	Call
	// CallGlobal is Call of the variable in constant C.
	CallGlobal
	// CallKnown is Call of a closure whose arity the compiler has checked.
	CallKnown
	// CallSelf is Call of the running closure.
	CallSelf
	// TailCall, TailGlobal, TailKnown and TailSelf replace the frame.
	TailCall
	TailGlobal
	TailKnown
	TailSelf
	// Return returns A; ReturnK constant D.
	Return
	ReturnK

	// Loop counts a jump backwards by D against the budgets.
	Loop

	// ReceiveValues spreads the values in A over B registers from A on, plus a
	// list of the others when C is 1.
	ReceiveValues
	// AcceptValues marks a return point that takes any number of values.
	AcceptValues
	// ApplyValues tail-calls A with the values in B, or the list there when C
	// is 1.
	ApplyValues
	// PackValues puts the B values after A, as one object, into A.
	PackValues
	// ReturnValues returns the object A of several values.
	ReturnValues

	// The operations below are used by the hand-written procedures of the
	// machine alone; operands are fixed registers.
	Intrinsic
	// Halt ends a run with the value of register 0's predecessor.
	Halt
	// Underflow brings back the caller's frame from the saved stack.
	Underflow
	// Fetch is the whole code of a procedure whose body is still to be brought
	// in, and starts that body.
	Fetch

	opCount
)

// format tells how an instruction's operands are shown.
type format uint8

const (
	fNone format = iota
	fA
	fAB
	fABC
	fAD     // register and number
	fAK     // register and constant D
	fAP     // register and procedure D
	fABI    // C is an integer
	fJ      // D is a jump
	fAJ     // register, jump D
	fABJ    // registers, jump C
	fAIJ    // register, integer B, jump C
	fAKJ    // register, constant B, jump C
	fAnJ    // register, number B, jump C
	fCall   // A, count B
	fCallG  // A, count B, constant C
	fPrim   // A, B, constant in the next word
	fNumber // D
	fCounts // register, two numbers
)

type info struct {
	name string
	form format
}

var ops = [opCount]info{
	Trap: {"trap", fNone}, Nop: {"nop", fNone},
	Move: {"move", fAB}, LoadK: {"const", fAK}, LoadI: {"int", fAD},
	GlobalRef: {"global", fAK}, GlobalSet: {"global-set", fAK}, GlobalDef: {"global-def", fAK},
	Free: {"free", fAD}, FreeBox: {"free-box", fAD}, Self: {"self", fA},
	MakeBox: {"box", fAB}, BoxRef: {"box-ref", fAB}, BoxSet: {"box-set", fAB},
	CheckSet: {"check-set", fAK}, MakeClosure: {"closure", fAP}, ClosureSet: {"closure-set", fABC},
	Jump: {"jump", fJ}, JumpFalse: {"jump-false", fAJ}, JumpTrue: {"jump-true", fAJ},
	JumpGiven: {"jump-given", fAJ},
	JumpLt:    {"jump<", fABJ}, JumpNotLt: {"jump-not<", fABJ},
	JumpLe: {"jump<=", fABJ}, JumpNotLe: {"jump-not<=", fABJ},
	JumpEq: {"jump=", fABJ}, JumpNotEq: {"jump-not=", fABJ},
	JumpLtI: {"jump<i", fAIJ}, JumpNotLtI: {"jump-not<i", fAIJ},
	JumpLeI: {"jump<=i", fAIJ}, JumpNotLeI: {"jump-not<=i", fAIJ},
	JumpGtI: {"jump>i", fAIJ}, JumpNotGtI: {"jump-not>i", fAIJ},
	JumpGeI: {"jump>=i", fAIJ}, JumpNotGeI: {"jump-not>=i", fAIJ},
	JumpEqI: {"jump=i", fAIJ}, JumpNotEqI: {"jump-not=i", fAIJ},
	JumpSame: {"jump-eq", fABJ}, JumpNotSame: {"jump-not-eq", fABJ},
	JumpSameK: {"jump-eq-const", fAKJ}, JumpNotSameK: {"jump-not-eq-const", fAKJ},
	JumpNull: {"jump-null", fAJ}, JumpNotNull: {"jump-not-null", fAJ},
	JumpPair: {"jump-pair", fAJ}, JumpNotPair: {"jump-not-pair", fAJ},
	JumpKind: {"jump-kind", fAnJ}, JumpNotKind: {"jump-not-kind", fAnJ},
	Add: {"add", fABC}, Sub: {"sub", fABC}, Mul: {"mul", fABC}, Div: {"div", fABC},
	Quotient: {"quotient", fABC}, Remainder: {"remainder", fABC}, Modulo: {"modulo", fABC},
	BitAnd: {"and", fABC}, BitOr: {"or", fABC}, BitXor: {"xor", fABC},
	AddI: {"add-int", fABI}, MulI: {"mul-int", fABI}, SubFrom: {"sub-from", fABI},
	Cons: {"cons", fABC}, Car: {"car", fAB}, Cdr: {"cdr", fAB},
	Caar: {"caar", fAB}, Cadr: {"cadr", fAB}, Cdar: {"cdar", fAB}, Cddr: {"cddr", fAB},
	SetCar: {"set-car", fAB}, SetCdr: {"set-cdr", fAB},
	VectorRef: {"vector-ref", fABC}, VectorSet: {"vector-set", fABC}, VectorLen: {"vector-length", fAB},
	VectorRefI: {"vector-ref-int", fABI},
	StringRef:  {"string-ref", fABC}, StringLen: {"string-length", fAB},
	BytesRef: {"bytes-ref", fABC}, BytesSet: {"bytes-set", fABC},
	CharToInt: {"char->int", fAB}, IntToChar: {"int->char", fAB},
	Prim1: {"native1", fPrim}, Prim2: {"native2", fPrim}, Prim3: {"native3", fPrim}, PrimN: {"native", fPrim},
	Call: {"call", fCall}, CallGlobal: {"call-global", fCallG}, CallKnown: {"call-known", fCall}, CallSelf: {"call-self", fCall},
	TailCall: {"tail-call", fCall}, TailGlobal: {"tail-global", fCallG}, TailKnown: {"tail-known", fCall}, TailSelf: {"tail-self", fCall},
	Return: {"return", fA}, ReturnK: {"return-const", fAK},
	Loop:          {"loop", fJ},
	ReceiveValues: {"receive-values", fCounts}, AcceptValues: {"accept-values", fNone}, ApplyValues: {"apply-values", fAB}, PackValues: {"pack-values", fCall}, ReturnValues: {"return-values", fA},
	Intrinsic: {"intrinsic", fNumber}, Halt: {"halt", fNone}, Underflow: {"underflow", fNone},
	Fetch: {"fetch", fNone},
}

// String is the name of the operation.
func (o Op) String() string {
	if int(o) < len(ops) {
		return ops[o].name
	}
	return "?"
}

// Swapped marks an instruction whose operands were written in the other order,
// for the messages of errors and for methods that extend the operation.
const Swapped Word = 1 << 8

// ABC makes an instruction of three operands.
func ABC(o Op, a, b, c int) Word {
	return Word(o) | Word(uint16(a))<<16 | Word(uint16(b))<<32 | Word(uint16(c))<<48
}

// AD makes an instruction of a register and a 32-bit operand.
func AD(o Op, a, d int) Word {
	return Word(o) | Word(uint16(a))<<16 | Word(uint32(int32(d)))<<32
}

// Op is the operation of w.
func (w Word) Op() Op { return Op(w) }

// A is the first operand.
func (w Word) A() int { return int(uint16(w >> 16)) }

// B is the second operand.
func (w Word) B() int { return int(uint16(w >> 32)) }

// C is the third operand.
func (w Word) C() int { return int(w >> 48) }

// BI is the second operand as a signed integer.
func (w Word) BI() int64 { return int64(int16(w >> 32)) }

// CI is the third operand as a signed integer.
func (w Word) CI() int64 { return int64(w) >> 48 }

// D is the 32-bit operand, signed.
func (w Word) D() int { return int(int64(w) >> 32) }

// WithJump returns w with its distance replaced, and whether the distance
// fits.
func (w Word) WithJump(d int) (Word, bool) {
	switch ops[w.Op()].form {
	case fJ, fAJ:
		return w&0xFFFFFFFF | Word(uint32(int32(d)))<<32, d == int(int32(d))
	case fABJ, fAIJ, fAKJ, fAnJ:
		return w&^(0xFFFF<<48) | Word(uint16(d))<<48, d == int(int16(d))
	}
	return w, false
}

// HasWord reports whether an operand of o lies in the following word.
func (o Op) HasWord() bool { return ops[o].form == fPrim }
