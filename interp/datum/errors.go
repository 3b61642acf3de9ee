package datum

import "errors"

// WrongType is the error of a native whose argument pos (from 1) has the
// wrong type. Key and arguments are those of Guile's scm_wrong_type_arg.
func WrongType(who string, pos int, v Value) *Error {
	return &Error{
		Key: "wrong-type-arg", Who: who,
		Message:   "Wrong type argument in position ~A: ~S",
		Irritants: []Value{Fix(int64(pos)), v},
		Rest:      List(v),
		Payload:   Unset,
	}
}

// WrongTypeExpecting is WrongType with the name of the type that was wanted.
func WrongTypeExpecting(who string, pos int, v Value, expected string) *Error {
	return &Error{
		Key: "wrong-type-arg", Who: who,
		Message:   "Wrong type argument in position ~A (expecting ~A): ~S",
		Irritants: []Value{Fix(int64(pos)), NewString(expected), v},
		Rest:      List(v),
		Payload:   Unset,
	}
}

// OutOfRange is the error of a native whose argument pos (from 1) has the
// right type and a value outside of what is allowed.
func OutOfRange(who string, pos int, v Value) *Error {
	return &Error{
		Key: "out-of-range", Who: who,
		Message:   "Argument ~A out of range: ~S",
		Irritants: []Value{Fix(int64(pos)), v},
		Rest:      List(v),
		Payload:   Unset,
	}
}

// OutOfBounds is OutOfRange for an index that has to be at least lo and at
// most hi.
func OutOfBounds(who string, lo, hi int, v Value) *Error {
	return &Error{
		Key: "out-of-range", Who: who,
		Message:   "Value out of range ~S to ~S: ~S",
		Irritants: []Value{Fix(int64(lo)), Fix(int64(hi)), v},
		Rest:      List(v),
		Payload:   Unset,
	}
}

// ValueOutOfRange is OutOfRange where no argument position is known, as of
// list accesses.
func ValueOutOfRange(who string, v Value) *Error {
	return &Error{
		Key: "out-of-range", Who: who,
		Message:   "Value out of range: ~S",
		Irritants: []Value{v},
		Rest:      List(v),
		Payload:   Unset,
	}
}

// Misc is a misc-error; message holds ~A and ~S directives for irritants.
func Misc(who, message string, irritants ...Value) *Error {
	return &Error{
		Key: "misc-error", Who: who, Message: message, Irritants: irritants,
		Rest: False, Payload: Unset,
	}
}

// NumericalOverflow is the error of a division by zero and of results that
// cannot be represented.
func NumericalOverflow(who string) *Error {
	return &Error{
		Key: "numerical-overflow", Who: who, Message: "Numerical overflow",
		Rest: False, Payload: Unset,
	}
}

// AsError returns the *Error in err's chain, or wraps err as a misc-error
// of who.
func AsError(who string, err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	m := Misc(who, "~A", NewString(err.Error()))
	m.Cause = err
	return m
}
