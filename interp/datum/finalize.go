package datum

import (
	"runtime"
	"unsafe"
)

// AfterDeath arranges for f to be called, in a goroutine of its own, with a twin
// of v when nothing refers to v any more: an object with the same parts. The
// parts of a pair or a box are those of now; others share them with v. ok is false
// for kinds that have no twins, and for values that never die.
func AfterDeath(v Value, f func(twin Value)) (ok bool) {
	if !v.mortal() {
		return false
	}
	twin, ok := v.twin()
	if ok {
		runtime.AddCleanup((*byte)(v.p), f, twin)
	}
	return ok
}

func (v Value) twin() (Value, bool) {
	copied := func(p unsafe.Pointer) (Value, bool) { return Value{p, v.n}, true }
	switch v.Kind() {
	case KPair:
		x := *v.Pair()
		return copied(unsafe.Pointer(&x))
	case KString:
		x := *v.Str()
		return copied(unsafe.Pointer(&x))
	case KVector:
		x := *v.Vector()
		return copied(unsafe.Pointer(&x))
	case KBytevector:
		x := *v.Bytevector()
		return copied(unsafe.Pointer(&x))
	case KRecord:
		x := *v.Record()
		return copied(unsafe.Pointer(&x))
	case KBox:
		x := *v.Box()
		return copied(unsafe.Pointer(&x))
	case KFluid:
		x := *v.Fluid()
		return copied(unsafe.Pointer(&x))
	case KPrimitive:
		x := *v.Primitive()
		return copied(unsafe.Pointer(&x))
	case KOpaque:
		x := *v.Opaque()
		return copied(unsafe.Pointer(&x))
	}
	return Unset, false
}
