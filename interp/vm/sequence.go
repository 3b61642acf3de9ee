package vm

import (
	"unsafe"

	"fruix/interp/code"
	"fruix/interp/datum"
)

// sequenceProc calls procedures one after the other: free value 0 gives the
// next, register 0 keeps the last value.
var sequenceProc = func() *code.Proc {
	p := &code.Proc{Name: "sequence", Frame: 4, Properties: datum.Null, Hidden: true,
		Clauses:  []code.Clause{{}},
		Captures: make([]code.Capture, 1),
		Code: []code.Word{
			in(iFirstStep),
			in(iStep), // procedure to register 1
			op(code.Call, 1, 0), op(code.AcceptValues),
			op(code.Move, 0, 1),
			code.AD(code.Jump, 0, -5),
		}}
	return p.Finish()
}()

// Sequence makes a procedure of no arguments that calls the procedures which
// next gives, each in a continuation of its own that goes on with the next one,
// until next gives Unset. It returns what the last call did. So what is found
// bit by bit, the forms of a file, runs without a frame of Go in between.
func Sequence(next func() (datum.Value, error)) datum.Value {
	c := code.New(sequenceProc, 1)
	c.Free[0] = datum.NewOpaque("sequence", next)
	return c.Value()
}

func (m *Machine) step(fp unsafe.Pointer, cl *code.Closure) (action, datum.Value, error) {
	proc, err := cl.Free[0].Opaque().Go.(func() (datum.Value, error))()
	if err != nil {
		return actNext, datum.Value{}, err
	}
	if proc == datum.Unset {
		return actReturn, *reg(fp, 0), nil
	}
	*reg(fp, 1) = proc
	return actNext, datum.Value{}, nil
}
