// Package arg helps natives with their arguments: each function checks one
// and gives its Go value, or the error that Guile would raise.
package arg

import (
	"fruix/interp/datum"
	"fruix/interp/num"
)

// F0 makes a primitive of no arguments.
func F0(name string, f func(datum.Caller) (datum.Value, error)) *datum.Primitive {
	return &datum.Primitive{Name: name, F0: f}
}

// F1 makes a primitive of one argument.
func F1(name string, f func(datum.Caller, datum.Value) (datum.Value, error)) *datum.Primitive {
	return &datum.Primitive{Name: name, Min: 1, Max: 1, F1: f}
}

// F2 makes a primitive of two arguments.
func F2(name string, f func(_ datum.Caller, a, b datum.Value) (datum.Value, error)) *datum.Primitive {
	return &datum.Primitive{Name: name, Min: 2, Max: 2, F2: f}
}

// F3 makes a primitive of three arguments.
func F3(name string, f func(_ datum.Caller, a, b, c datum.Value) (datum.Value, error)) *datum.Primitive {
	return &datum.Primitive{Name: name, Min: 3, Max: 3, F3: f}
}

// FN makes a primitive of min to max arguments; max < 0 means any number.
func FN(name string, min, max int, f func(datum.Caller, []datum.Value) (datum.Value, error)) *datum.Primitive {
	return &datum.Primitive{Name: name, Min: min, Max: max, FN: f}
}

// Is makes a predicate.
func Is(name string, test func(v datum.Value) bool) *datum.Primitive {
	return F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		return datum.Bool(test(v)), nil
	})
}

// Given returns argument i when it was given and is not #!default.
func Given(args []datum.Value, i int) (datum.Value, bool) {
	if i < len(args) && args[i] != datum.Default && args[i] != datum.Unset {
		return args[i], true
	}
	return datum.Unset, false
}

// Str checks for a string.
func Str(who string, pos int, v datum.Value) (*datum.String, error) {
	if !v.IsString() {
		return nil, datum.WrongTypeExpecting(who, pos, v, "string")
	}
	return v.Str(), nil
}

// Text checks for a string and returns its text.
func Text(who string, pos int, v datum.Value) (string, error) {
	if !v.IsString() {
		return "", datum.WrongTypeExpecting(who, pos, v, "string")
	}
	return v.Str().Go(), nil
}

// Sym checks for a symbol.
func Sym(who string, pos int, v datum.Value) (*datum.Symbol, error) {
	if !v.IsSymbol() {
		return nil, datum.WrongTypeExpecting(who, pos, v, "symbol")
	}
	return v.Symbol(), nil
}

// Char checks for a character.
func Char(who string, pos int, v datum.Value) (rune, error) {
	if !v.IsChar() {
		return 0, datum.WrongTypeExpecting(who, pos, v, "character")
	}
	return v.Char(), nil
}

// Vec checks for a vector.
func Vec(who string, pos int, v datum.Value) (*datum.Vector, error) {
	if !v.Is(datum.KVector) {
		return nil, datum.WrongTypeExpecting(who, pos, v, "vector")
	}
	return v.Vector(), nil
}

// MutableVec checks for a vector that is no constant.
func MutableVec(who string, pos int, v datum.Value) (*datum.Vector, error) {
	x, err := Vec(who, pos, v)
	if err == nil && x.Literal {
		return nil, datum.WrongTypeExpecting(who, pos, v, "mutable vector")
	}
	return x, err
}

// MutableStr checks for a string that is no constant.
func MutableStr(who string, pos int, v datum.Value) (*datum.String, error) {
	s, err := Str(who, pos, v)
	if err == nil && s.Literal {
		return nil, datum.Misc(who, "string is read-only: ~s", v)
	}
	return s, err
}

// Bytes checks for a bytevector.
func Bytes(who string, pos int, v datum.Value) (*datum.Bytevector, error) {
	if !v.Is(datum.KBytevector) {
		return nil, datum.WrongTypeExpecting(who, pos, v, "bytevector")
	}
	return v.Bytevector(), nil
}

// MutableBytes checks for a bytevector that is no constant.
func MutableBytes(who string, pos int, v datum.Value) (*datum.Bytevector, error) {
	b, err := Bytes(who, pos, v)
	if err == nil && b.Literal {
		return nil, datum.WrongTypeExpecting(who, pos, v, "mutable bytevector")
	}
	return b, err
}

// Proc checks for a procedure.
func Proc(who string, pos int, v datum.Value) error {
	if !v.IsProcedure() {
		return datum.WrongTypeExpecting(who, pos, v, "procedure")
	}
	return nil
}

// maxInt bounds counts, so that sums of a few do not overflow.
const maxInt = 1 << 46

// Int checks for an exact integer of moderate size.
func Int(who string, pos int, v datum.Value) (int, error) {
	if !v.IsFix() {
		if num.IsExactInteger(v) {
			return 0, datum.OutOfRange(who, pos, v)
		}
		return 0, datum.WrongTypeExpecting(who, pos, v, "exact integer")
	}
	if n := v.Fix(); n > maxInt || n < -maxInt {
		return 0, datum.OutOfRange(who, pos, v)
	}
	return int(v.Fix()), nil
}

// Count checks for an exact integer that is not negative.
func Count(who string, pos int, v datum.Value) (int, error) {
	n, err := Int(who, pos, v)
	if err == nil && n < 0 {
		return 0, datum.OutOfRange(who, pos, v)
	}
	return n, err
}

// Size checks for the length of something to be allocated.
func Size(who string, pos int, v datum.Value) (int, error) {
	n, err := Count(who, pos, v)
	if err == nil && n > 1<<32 {
		return 0, datum.OutOfRange(who, pos, v)
	}
	return n, err
}

// Index checks for an exact integer from 0 up to, not including, n.
func Index(who string, pos int, v datum.Value, n int) (int, error) {
	i, err := Int(who, pos, v)
	if err == nil && (i < 0 || i >= n) {
		return 0, datum.OutOfRange(who, pos, v)
	}
	return i, err
}

// Range checks optional start and end arguments at args[i] and args[i+1]
// against a length n.
func Range(who string, args []datum.Value, i, n int) (start, end int, err error) {
	end = n
	if v, ok := Given(args, i+1); ok && v != datum.False {
		if end, err = Index(who, i+2, v, n+1); err != nil {
			return 0, 0, err
		}
	}
	if v, ok := Given(args, i); ok && v != datum.False {
		if start, err = Index(who, i+1, v, end+1); err != nil {
			return 0, 0, err
		}
	}
	return start, end, nil
}

// List checks for a proper list and returns its elements.
func List(who string, pos int, v datum.Value) ([]datum.Value, error) {
	n := Length(v)
	if n < 0 {
		return nil, datum.WrongTypeExpecting(who, pos, v, "list")
	}
	out := make([]datum.Value, 0, n)
	for ; v.IsPair(); v = v.Pair().Cdr {
		out = append(out, v.Pair().Car)
	}
	return out, nil
}

// Length is the length of a proper list, -1 for anything else.
func Length(v datum.Value) int {
	slow := v
	for n := 0; ; n += 2 {
		switch {
		case v.IsNull():
			return n
		case !v.IsPair():
			return -1
		}
		v = v.Pair().Cdr
		switch {
		case v.IsNull():
			return n + 1
		case !v.IsPair():
			return -1
		}
		v = v.Pair().Cdr
		slow = slow.Pair().Cdr
		if v == slow && v.IsPair() {
			return -1
		}
	}
}

// Fold makes a primitive of any number of arguments that chains a relation
// between neighbours, like =. check tests a single argument.
func Fold(name string, check func(who string, pos int, v datum.Value) error, rel func(a, b datum.Value) (bool, error)) *datum.Primitive {
	return FN(name, 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		for i, v := range args {
			if err := check(name, i+1, v); err != nil {
				return datum.Unset, err
			}
		}
		for i := 1; i < len(args); i++ {
			ok, err := rel(args[i-1], args[i])
			if err != nil || !ok {
				return datum.False, err
			}
		}
		return datum.True, nil
	})
}
