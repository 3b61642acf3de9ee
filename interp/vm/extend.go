package vm

import (
	"errors"

	"fruix/interp/code"
	"fruix/interp/datum"
)

// extensible names the procedures behind instructions that methods of generic
// functions may extend (Guile's primitive generics).
var extensible = map[code.Op]string{
	code.Add: "+", code.AddI: "+", code.Sub: "-", code.SubFrom: "-", code.Mul: "*", code.MulI: "*", code.Div: "/",
	code.Quotient: "quotient", code.Remainder: "remainder", code.Modulo: "modulo",
	code.JumpLt: "<", code.JumpNotLt: "<", code.JumpLtI: "<", code.JumpNotLtI: "<",
	code.JumpLe: "<=", code.JumpNotLe: "<=", code.JumpLeI: "<=", code.JumpNotLeI: "<=",
	code.JumpGtI: ">", code.JumpNotGtI: ">", code.JumpGeI: ">=", code.JumpNotGeI: ">=",
	code.JumpEq: "=", code.JumpNotEq: "=", code.JumpEqI: "=", code.JumpNotEqI: "=",
}

// extended calls the generic function that extends a procedure, in a nested
// run. The failure stays when there is none, or when it is not for the
// operands' types.
func (m *Machine) extended(name string, failure error, args ...datum.Value) (datum.Value, error) {
	var e *datum.Error
	if m.hooks.Generic == nil || !errors.As(failure, &e) || e.Key != "wrong-type-arg" {
		return datum.Value{}, failure
	}
	gf, ok := m.hooks.Generic(name)
	if !ok {
		return datum.Value{}, failure
	}
	return m.Apply(gf, args...)
}

// extend is extended for an instruction that computes: b and c are its second
// and third register, where the instruction has those.
func (m *Machine) extend(w code.Word, b, c datum.Value, failure error) (datum.Value, error) {
	name := extensible[w.Op()]
	switch w.Op() {
	case code.AddI, code.MulI:
		if w&code.Swapped != 0 {
			return m.extended(name, failure, datum.Fix(w.CI()), b)
		}
		return m.extended(name, failure, b, datum.Fix(w.CI()))
	case code.SubFrom:
		if w.CI() == 0 {
			return m.extended(name, failure, b)
		}
		return m.extended(name, failure, datum.Fix(w.CI()), b)
	default:
		return m.extended(name, failure, b, c)
	}
}

// mirrored names the comparisons with exchanged operands.
var mirrored = map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "="}

// extendTest is extended for an instruction that compares and jumps; it tells
// whether to jump.
func (m *Machine) extendTest(w code.Word, x, y datum.Value, failure error) (bool, error) {
	op := w.Op()
	name := extensible[op]
	if w&code.Swapped != 0 {
		name, x, y = mirrored[name], y, x
	}
	v, err := m.extended(name, failure, x, y)
	if err != nil {
		return false, err
	}
	switch op {
	case code.JumpNotLt, code.JumpNotLe, code.JumpNotEq, code.JumpNotLtI, code.JumpNotLeI, code.JumpNotGtI,
		code.JumpNotGeI, code.JumpNotEqI:
		return !v.Truthy(), nil
	}
	return v.Truthy(), nil
}
