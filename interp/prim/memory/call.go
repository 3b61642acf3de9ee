package memory

import (
	"runtime"
	"syscall"
	"unsafe"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// systemCall is (system-call name argument …): it asks the kernel for what the
// C function of that name asks it for, and returns two values, the result and
// the error number. An argument is an integer, a place in memory as
// (bytevector . offset), or #f for the null pointer.
func systemCall(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "system-call"
	if s := state.Of(c); s == nil || s.NoFiles || s.NoProcesses {
		return result(-1, syscall.EPERM), nil
	}
	name, err := arg.Text(who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	number, ok := systemCalls[name]
	if !ok || len(args) > 7 {
		return result(-1, syscall.ENOSYS), nil
	}
	var words [6]uintptr
	for i, v := range args[1:] {
		w, err := word(who, i+2, v)
		if err != nil {
			return datum.Unset, err
		}
		words[i] = w
	}
	r, _, errno := syscall.Syscall6(number, words[0], words[1], words[2], words[3], words[4], words[5])
	runtime.KeepAlive(args)
	if errno != 0 {
		return result(-1, errno), nil
	}
	return result(int64(r), 0), nil
}

func result(r int64, errno syscall.Errno) datum.Value {
	return datum.MultipleValues([]datum.Value{datum.Fix(r), datum.Fix(int64(errno))})
}

// word is an argument as the kernel takes it. Bytevectors do not move, and
// the caller keeps them alive.
func word(who string, n int, v datum.Value) (uintptr, error) {
	switch {
	case v.IsFix():
		return uintptr(v.Fix()), nil
	case v == datum.False:
		return 0, nil
	case v.IsPair() && v.Pair().Car.Is(datum.KBytevector) && v.Pair().Cdr.IsFix():
		b, offset := v.Pair().Car.Bytevector().B, v.Pair().Cdr.Fix()
		if offset >= 0 && offset < int64(len(b)) {
			return uintptr(unsafe.Pointer(&b[offset])), nil
		}
		if offset == int64(len(b)) {
			return 0, nil
		}
		return 0, datum.OutOfRange(who, n, v)
	}
	if v.Is(datum.KBignum) && v.Bignum().Int.IsUint64() {
		return uintptr(v.Bignum().Int.Uint64()), nil
	}
	return 0, datum.WrongTypeExpecting(who, n, v, "integer or place")
}
