package vm

import (
	"errors"
	"unsafe"

	"fruix/interp/code"
	"fruix/interp/datum"
	"fruix/interp/num"
)

// Uncaught is an exception that no handler took.
type Uncaught struct {
	// Object is what was raised.
	Object datum.Value
	// Stack is the backtrace, innermost first. Procedures that called in tail
	// position are not in it: they were gone.
	Stack []Frame
	// Native is the failure of the native or instruction behind Object, nil
	// when the program raised it.
	Native *datum.Error

	level *level // the run whose frames end Stack
}

// Error names the exception in general terms; the façade renders it.
func (e *Uncaught) Error() string {
	if e.Native != nil {
		return e.Native.Error()
	}
	return "uncaught exception"
}

// Unwrap gives the Go error behind the exception.
func (e *Uncaught) Unwrap() error {
	if e.Native != nil {
		return e.Native.Cause
	}
	return nil
}

// Stopped is the end of a run by its context or budgets. No program can catch
// it.
type Stopped struct {
	Cause error
	Stack []Frame
}

func (e *Stopped) Error() string { return "evaluation stopped: " + e.Cause.Error() }

// Unwrap gives the cause: an error of the context, ErrSteps or ErrMemory.
func (e *Stopped) Unwrap() error { return e.Cause }

// Reasons to stop.
var (
	ErrSteps  = errors.New("the limit of evaluation steps is reached")
	ErrMemory = errors.New("the limit of memory is reached")
	ErrStack  = errors.New("stack overflow while a stack overflow was handled")
)

// escape leaves a nested run for an outer one.
type escape struct {
	prompt *dyn          // target prompt, or nil
	k      *continuation // target continuation, or nil
	args   []datum.Value
}

func (*escape) Error() string { return "escape through a native procedure" }

// isControl reports whether err passes through natives untouched.
func isControl(err error) bool {
	switch err.(type) {
	case *datum.Error:
		return false
	case *Uncaught, *Stopped, *escape:
		return true
	}
	var u *Uncaught
	var s *Stopped
	var e *escape
	return errors.As(err, &u) || errors.As(err, &s) || errors.As(err, &e)
}

// raiseCall prepares a call of the raise procedure in the frame at fp.
func (m *Machine) raiseCall(fp unsafe.Pointer, err error) (datum.Value, int) {
	e := datum.AsError("", err)
	obj := e.Payload
	if obj == datum.Unset || obj == (datum.Value{}) {
		if m.hooks.Raise != nil {
			obj = m.hooks.Raise(e)
		} else {
			obj = datum.NewOpaque("error", e)
		}
	}
	m.native, m.nativeObject = e, obj
	*reg(fp, 0), *reg(fp, 1) = obj, datum.Bool(e.Continuable)
	return raiseClosure.Value(), 2
}

func wrongCount(proc datum.Value) *datum.Error {
	return &datum.Error{Key: "wrong-number-of-args", Message: "Wrong number of arguments to ~A",
		Irritants: []datum.Value{proc}, Rest: datum.False, Payload: datum.Unset}
}

// Unbound is the cause of an unbound-variable error.
type Unbound struct{ Var *datum.Variable }

func (u *Unbound) Error() string {
	if u.Var.Name == nil {
		return "unbound variable"
	}
	return "unbound variable: " + u.Var.Name.Name
}

// settle looks for the value of variable i of cl's constants, which is unset:
// the module system may evaluate its definition now, or know another variable
// by that name.
func (m *Machine) settle(cl *code.Closure, i int) (datum.Value, error) {
	v := cl.Code.Consts[i].Variable()
	if m.hooks.Settle != nil {
		other, err := m.hooks.Settle(v)
		if err != nil {
			return datum.Value{}, err
		}
		if other != nil && other.Value != datum.Unset {
			if other != v {
				// As Guile does, the reference remembers what it found.
				cl.Code.Consts[i] = other.Object()
			}
			return other.Value, nil
		}
	}
	e := &datum.Error{Key: "unbound-variable", Message: "Unbound variable: ~S", Rest: datum.False, Payload: datum.Unset, Cause: &Unbound{v}}
	if v.Name != nil {
		e.Irritants = []datum.Value{v.Name.Value()}
	}
	return datum.Value{}, e
}

func uninitialised(name datum.Value) *datum.Error {
	return &datum.Error{Key: "unbound-variable", Message: "Variable used before its definition was evaluated: ~S",
		Irritants: []datum.Value{name}, Rest: datum.False, Payload: datum.Unset}
}

func indexError(who string, x, i datum.Value, isType bool) *datum.Error {
	want := map[string]string{"vector-ref": "vector", "vector-set!": "vector", "string-ref": "string",
		"bytevector-u8-ref": "bytevector", "bytevector-u8-set!": "bytevector"}[who]
	switch {
	case !isType:
		return datum.WrongTypeExpecting(who, 1, x, want)
	case !i.IsFix() && !i.Is(datum.KBignum):
		return datum.WrongTypeExpecting(who, 2, i, "small integer")
	case who == "vector-set!" && i.IsFix() && uint64(i.Fix()) < uint64(len(x.Vector().Items)):
		return datum.WrongTypeExpecting(who, 1, x, "mutable vector")
	case who == "bytevector-u8-set!" && i.IsFix() && uint64(i.Fix()) < uint64(len(x.Bytevector().B)):
		return datum.WrongTypeExpecting(who, 1, x, "mutable bytevector")
	}
	if who == "string-ref" {
		return datum.OutOfBounds(who, 0, x.Str().Len()-1, i)
	}
	return datum.OutOfRange(who, 2, i)
}

func validChar(i int64) bool { return i >= 0 && i <= 0x10FFFF && (i < 0xD800 || i > 0xDFFF) }

// mulFix multiplies fixnums when the product surely is one.
func mulFix(x, y int64) (int64, bool) {
	if x == int64(int32(x)) && y == int64(int32(y)) {
		// The product of two 32-bit numbers can pass the fixnum range only at
		// its very end.
		p := x * y
		return p, datum.FitsFix(p)
	}
	if x == 0 || y == 0 {
		return 0, true
	}
	p := x * y
	return p, p/y == x && datum.FitsFix(p) && !(x == -1 && y == datum.MinFixnum)
}

// compare decides a jump whose operands are not both fixnums.
func compare(op code.Op, x, y datum.Value) (bool, error) {
	if x.IsFlo() && y.IsFlo() {
		a, b := x.Flo(), y.Flo()
		switch op {
		case code.JumpLt:
			return a < b, nil
		case code.JumpNotLt:
			return !(a < b), nil
		case code.JumpLe:
			return a <= b, nil
		case code.JumpNotLe:
			return !(a <= b), nil
		case code.JumpEq:
			return a == b, nil
		case code.JumpNotEq:
			return a != b, nil
		}
	}
	var r bool
	var err error
	switch op {
	case code.JumpLt, code.JumpNotLt:
		r, err = num.Less(x, y)
	case code.JumpLe, code.JumpNotLe:
		r, err = num.LessEq(x, y)
	default:
		r, err = num.NumEq(x, y)
	}
	switch op {
	case code.JumpNotLt, code.JumpNotLe, code.JumpNotEq:
		r = !r
	}
	return r, err
}

// compareI is compare with an immediate integer.
func compareI(w code.Word, x datum.Value, i int64) (bool, error) {
	op, y := w.Op(), datum.Fix(i)
	if w&code.Swapped != 0 {
		// The program compares the integer with x; an error is to say so.
		op, x, y = exchanged(op), y, x
	}
	var r bool
	var err error
	switch op {
	case code.JumpLtI, code.JumpNotLtI:
		r, err = num.Less(x, y)
	case code.JumpLeI, code.JumpNotLeI:
		r, err = num.LessEq(x, y)
	case code.JumpGtI, code.JumpNotGtI:
		r, err = num.Greater(x, y)
	case code.JumpGeI, code.JumpNotGeI:
		r, err = num.GreaterEq(x, y)
	default:
		r, err = num.NumEq(x, y)
	}
	switch op {
	case code.JumpNotLtI, code.JumpNotLeI, code.JumpNotGtI, code.JumpNotGeI, code.JumpNotEqI:
		r = !r
	}
	return r, err
}

// exchanged is a comparison with exchanged operands.
func exchanged(op code.Op) code.Op {
	switch op {
	case code.JumpLtI:
		return code.JumpGtI
	case code.JumpGtI:
		return code.JumpLtI
	case code.JumpLeI:
		return code.JumpGeI
	case code.JumpGeI:
		return code.JumpLeI
	case code.JumpNotLtI:
		return code.JumpNotGtI
	case code.JumpNotGtI:
		return code.JumpNotLtI
	case code.JumpNotLeI:
		return code.JumpNotGeI
	case code.JumpNotGeI:
		return code.JumpNotLeI
	}
	return op
}
