package vm

import (
	"unsafe"

	"fruix/interp/code"
	"fruix/interp/datum"
)

// detourClosure calls a procedure and then another: proc, list of arguments,
// next, list of its arguments, apply.
var detourClosure = asm("detour", req("proc", "args", "next", "next-args", "apply"), 12,
	op(code.Move, 6, 4), op(code.Move, 7, 0), op(code.Move, 8, 1), op(code.Call, 6, 2), op(code.AcceptValues),
	op(code.ApplyValues, 2, 3, 1))

// detour prepares the call of what a native asked for, in place of the native
// that was called with n arguments at fp.
func (m *Machine) detour(d *datum.Detour, callee datum.Value, fp unsafe.Pointer, n int) (datum.Value, int) {
	next, args := identityClosure.Value(), datum.List(d.Result)
	if d.Again {
		next, args = callee, datum.List(unsafe.Slice(reg(fp, 0), n)...)
	}
	*reg(fp, 0), *reg(fp, 1), *reg(fp, 2), *reg(fp, 3) = d.Proc, datum.List(d.Args...), next, args
	*reg(fp, 4) = applyClosure.Value()
	return detourClosure.Value(), 5
}

// detourInline prepares the same for a native that an instruction called: the
// instruction is run again after the detour, or its register is set at once.
// It returns where the code goes on, and leaves the call in the frame above.
func (m *Machine) detourInline(d *datum.Detour, fp unsafe.Pointer, cl *code.Closure, pc unsafe.Pointer) (unsafe.Pointer, datum.Value, int) {
	const length = 2 * wordSize // of the instructions that call natives
	at := unsafe.Add(pc, -length)
	if d.Again {
		pc = at
	} else {
		*rA(fp, *(*code.Word)(at)) = d.Result
	}
	dist := uintptr((cl.Code.Frame + 1) * valueSize)
	*(*slot)(unsafe.Add(fp, dist-uintptr(valueSize))) = slot{unsafe.Pointer(cl), uint64(uintptr(pc)-uintptr(cl.Code.Base))<<32 | uint64(dist)}
	fp = unsafe.Add(fp, dist)
	*reg(fp, 0), *reg(fp, 1) = d.Proc, datum.List(d.Args...)
	return fp, applyClosure.Value(), 2
}

// asDetour returns the detour that err asks for.
func asDetour(err error) (*datum.Detour, bool) {
	d, ok := err.(*datum.Detour)
	return d, ok
}
