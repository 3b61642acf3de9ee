package vm

import (
	"fmt"
	"strings"
	"unsafe"

	"fruix/interp/code"
	"fruix/interp/datum"
	"fruix/interp/source"
)

// Frame is one line of a backtrace.
type Frame struct {
	Name string
	Pos  source.Pos
	// Activation is what ran there; nil for what is no procedure.
	Activation *Activation
}

// Activation is a procedure in the middle of its work, as it was when the
// backtrace was made.
type Activation struct {
	Closure *code.Closure
	// PC is the word of the instruction under way.
	PC        int
	Registers []datum.Value
}

// Binding is a variable and its value.
type Binding struct {
	Name  string
	Value datum.Value
}

// Bindings lists the variables that the procedure sees at that point: those of
// its own that have a value, and those of the procedures around it that it
// uses. Of variables with one name the innermost counts.
func (a *Activation) Bindings() []Binding {
	var out []Binding
	seen := map[string]int{}
	add := func(name string, v datum.Value, boxed bool) {
		if boxed && v.Is(datum.KBox) {
			v = v.Box().Value
		}
		if v == datum.Unset || v == (datum.Value{}) || name == "" {
			return
		}
		if i, ok := seen[name]; ok {
			out[i].Value = v
			return
		}
		seen[name] = len(out)
		out = append(out, Binding{name, v})
	}
	p := a.Closure.Code
	for i, c := range p.Captures {
		if i < len(a.Closure.Free) {
			add(c.Name, a.Closure.Free[i], c.Boxed)
		}
	}
	captured := len(out)
	for _, l := range p.LocalsAt(a.PC) {
		if l.Reg < len(a.Registers) {
			add(l.Name, a.Registers[l.Reg], l.Boxed)
		}
	}
	// Its own variables come first.
	return append(out[captured:len(out):len(out)], out[:captured]...)
}

// Describe shows the instruction under way, and which variable lies in which
// register. show renders constants.
func (a *Activation) Describe(show func(datum.Value) string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  pc = %d: %s\n", a.PC, a.Closure.Code.Instruction(a.PC, show))
	for _, l := range a.Closure.Code.LocalsAt(a.PC) {
		if l.Reg >= len(a.Registers) {
			continue
		}
		box := ""
		if l.Boxed {
			box = " (in a box)"
		}
		fmt.Fprintf(&b, "  r%d = %s%s\n", l.Reg, l.Name, box)
	}
	for i, c := range a.Closure.Code.Captures {
		fmt.Fprintf(&b, "  free %d = %s\n", i, c.Name)
	}
	return b.String()
}

// maxTrace is how many frames a backtrace holds.
const maxTrace = 100

// Backtrace lists the frames from the one at fp outwards; pc is its next
// instruction.
func (m *Machine) Backtrace(fp unsafe.Pointer, cl *code.Closure, pc unsafe.Pointer) []Frame {
	out := appendFrame(nil, cl, int(uintptr(pc)-uintptr(cl.Code.Base)), m.registers(fp, cl.Code.Frame))
	m.walk(fp, func(cl *code.Closure, offset int, registers []datum.Value) bool {
		out = appendFrame(out, cl, offset, registers)
		return len(out) < maxTrace
	})
	return out
}

// appendFrame adds the frame of cl, whose next instruction is at offset bytes,
// to a backtrace.
func appendFrame(out []Frame, cl *code.Closure, offset int, registers []datum.Value) []Frame {
	if cl.Code.Hidden {
		return out
	}
	at := max(offset/wordSize-1, 0)
	a := &Activation{Closure: cl, PC: at, Registers: append([]datum.Value(nil), registers...)}
	return append(out, Frame{Name: code.ProcName(cl.Value()), Pos: cl.Code.PosAt(at), Activation: a})
}

// walk calls f for each frame that waits for the one at fp, innermost first,
// with its closure, the offset in bytes of its next instruction, and its
// registers, until f returns false.
func (m *Machine) walk(fp unsafe.Pointer, f func(cl *code.Closure, offset int, registers []datum.Value) bool) {
	// A frame that waits has registers up to where the next one begins; the
	// slot before that one holds the way back.
	for {
		s := *returnSlot(fp)
		if s.p == unsafe.Pointer(underflowClosure) {
			break
		}
		d := int(uint32(s.n))
		fp = unsafe.Add(fp, -d)
		cl := (*code.Closure)(s.p)
		if !f(cl, int(s.n>>32), m.registers(fp, min(cl.Code.Frame, d/valueSize-1))) {
			return
		}
	}
	walkView(m.under, f)
}

// walkView is walk for saved frames.
func walkView(v view, f func(cl *code.Closure, offset int, registers []datum.Value) bool) {
	for {
		if len(v.slots) == 0 {
			if v.next == nil {
				return
			}
			v = viewOf(v.next)
			continue
		}
		top := len(v.slots)
		s := asSlot(&v.slots[top-1])
		d := int(uint32(s.n)) / valueSize
		cl := (*code.Closure)(s.p)
		if !f(cl, int(s.n>>32), v.slots[top-d:top-d+min(cl.Code.Frame, d-1)]) {
			return
		}
		v.slots = v.slots[:top-d]
	}
}

// registers are the first n registers of the frame at fp.
func (m *Machine) registers(fp unsafe.Pointer, n int) []datum.Value {
	if n <= 0 {
		return nil
	}
	return unsafe.Slice((*datum.Value)(fp), n)
}
