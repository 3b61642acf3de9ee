package code

import (
	"unsafe"

	"fruix/interp/datum"
	"fruix/interp/source"
)

// Proc is the code of one procedure. It is made by the compiler and never
// changed afterwards.
type Proc struct {
	Name string // "" for an anonymous procedure
	Doc  string
	// Properties is an alist of procedure properties.
	Properties datum.Value
	// Arity is the number of arguments when there is one clause that takes
	// required arguments alone, else -1.
	Arity int
	// Frame is the number of registers.
	Frame int
	// Base is the first word of Code.
	Base unsafe.Pointer
	Code []Word
	// Consts and Procs are what the code refers to.
	Consts []datum.Value
	Procs  []*Proc
	// Captures tells how a closure's free values are filled.
	Captures []Capture
	// Clauses are the arities in the order in which they are tried.
	Clauses []Clause
	// Locals tells where variables lie, for debuggers.
	Locals []Local
	// Where is the place of the lambda expression.
	Where source.Pos
	// IgnoresFirst says that the first parameter is never used, so that a
	// prompt's handler needs no continuation made for it.
	IgnoresFirst bool
	// Hidden procedures belong to the machine and are left out of backtraces.
	Hidden bool

	positions []byte
	files     []*source.File
	bodies    Bodies // where the rest is; nil when all is there
	at        uint32
}

// Capture tells where one free value of a closure comes from when the closure
// is made.
type Capture struct {
	Kind  CaptureKind
	Index int
	// Name is the variable's name, for the disassembler and debuggers; Boxed
	// says that the value is a box which holds the variable's.
	Name  string
	Boxed bool
}

// CaptureKind is the place that a free value comes from.
type CaptureKind uint8

// Places of captured values: a register of the frame that makes the closure,
// a free value of the closure that runs there, that closure itself, or none
// yet: ClosureSet fills it in.
const (
	FromRegister CaptureKind = iota
	FromFree
	FromSelf
	FromNowhere
)

// Clause is one arity. Arguments lie in registers 0 and up in the order
// required, optional, keyword, rest; optional and keyword arguments that were
// not given are Unset.
type Clause struct {
	Req, Opt       int
	Keys           []*datum.Keyword
	HasKeys        bool
	AllowOtherKeys bool
	Rest           bool
	// Entry is where the code of the clause starts.
	Entry int
	// Names are the parameters' names, for signatures.
	Names []string
}

// Finish completes p after its fields are set.
func (p *Proc) Finish() *Proc {
	p.Code = append(p.Code, Word(Trap))
	p.Base = unsafe.Pointer(&p.Code[0])
	p.Arity = -1
	if len(p.Clauses) == 1 {
		c := &p.Clauses[0]
		if c.Opt == 0 && !c.HasKeys && !c.Rest && c.Entry == 0 {
			p.Arity = c.Req
		}
	}
	return p
}

// Closure is a procedure value: code and the values of its free variables.
type Closure struct {
	Code *Proc
	Free []datum.Value
	// Extra is nil for most procedures.
	Extra *Extra
}

// Extra holds what few procedures have.
type Extra struct {
	Name       string      // given later, by define or a property; "" for none
	Properties datum.Value // an alist of properties set later
}

// Value returns c as a value.
func (c *Closure) Value() datum.Value { return datum.Obj(datum.KClosure, unsafe.Pointer(c)) }

// ClosureOf returns the closure of v, whose kind the caller has tested.
func ClosureOf(v datum.Value) *Closure { return (*Closure)(v.Ptr()) }

// New makes a closure with n free values in a single piece of memory.
func New(p *Proc, n int) *Closure {
	switch n {
	case 0:
		return &Closure{Code: p}
	case 1:
		c := &struct {
			Closure
			free [1]datum.Value
		}{}
		c.Code, c.Free = p, c.free[:]
		return &c.Closure
	case 2:
		c := &struct {
			Closure
			free [2]datum.Value
		}{}
		c.Code, c.Free = p, c.free[:]
		return &c.Closure
	case 3:
		c := &struct {
			Closure
			free [3]datum.Value
		}{}
		c.Code, c.Free = p, c.free[:]
		return &c.Closure
	case 4:
		c := &struct {
			Closure
			free [4]datum.Value
		}{}
		c.Code, c.Free = p, c.free[:]
		return &c.Closure
	}
	return &Closure{Code: p, Free: make([]datum.Value, n)}
}

// ProcName is the name of a procedure of any kind, "" when it has none.
func ProcName(v datum.Value) string {
	switch v.Kind() {
	case datum.KClosure:
		c := ClosureOf(v)
		if c.Extra != nil && c.Extra.Name != "" {
			return c.Extra.Name
		}
		return c.Code.Name
	case datum.KPrimitive:
		return v.Primitive().Name
	}
	return ""
}
