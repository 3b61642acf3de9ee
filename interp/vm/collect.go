package vm

import (
	"runtime"
	"unsafe"
)

// collect collects garbage. What finished calls have left above fp does not keep
// anything alive.
func (m *Machine) collect(fp unsafe.Pointer) {
	at := int((uintptr(fp) - uintptr(unsafe.Pointer(&m.stack[0]))) / uintptr(valueSize))
	clear(m.stack[at:])
	clear(m.args[:cap(m.args)])
	m.spare = nil
	m.native = nil
	runtime.GC()
	// The second time takes what the first has freed weak references to.
	runtime.GC()
}
