package vm

import (
	"unsafe"

	"fruix/interp/code"
	"fruix/interp/datum"
)

// underflowClosure runs when the lowest frame of the stack returns.
var underflowClosure = func() *code.Closure {
	p := &code.Proc{Name: "underflow", Frame: 1, Hidden: true, Properties: datum.Null,
		Clauses: []code.Clause{{}}, Code: []code.Word{code.ABC(code.Underflow, 0, 0, 0)}}
	return code.New(p.Finish(), 0)
}()

// underflowMark is the return information of the lowest frame.
func underflowMark() datum.Value {
	s := slot{unsafe.Pointer(underflowClosure), 0}
	return *(*datum.Value)(unsafe.Pointer(&s))
}

// asSlot reads return information from a saved slot.
func asSlot(v *datum.Value) *slot { return (*slot)(unsafe.Pointer(v)) }

// capture saves all frames below fp, which belongs to a procedure just
// entered, and returns them. Afterwards the stack counts as empty: the caller
// moves the frame at fp to the bottom.
func (m *Machine) capture(fp unsafe.Pointer) *segment {
	base := m.base()
	n := (uintptr(fp) - uintptr(base)) / uintptr(valueSize)
	s := m.under.segment()
	if n > 0 {
		slots := make([]datum.Value, n)
		copy(slots, m.stack[1:1+n])
		s = newSegment(slots, s)
	}
	m.under = viewOf(s)
	return s
}

// rebase moves n registers from fp to the bottom of the emptied stack.
func (m *Machine) rebase(fp unsafe.Pointer, n int) {
	copy(m.stack[1:], unsafe.Slice((*datum.Value)(fp), n))
	m.stack[0] = underflowMark()
}

// underflow brings the topmost saved frame back and puts v where its call's
// value belongs. more is false when there is none.
func (m *Machine) underflow(v datum.Value) (fp unsafe.Pointer, cl *code.Closure, pc unsafe.Pointer, more bool, err error) {
	u := &m.under
	for len(u.slots) == 0 {
		if u.next == nil {
			return nil, nil, nil, false, nil
		}
		*u = viewOf(u.next)
	}
	top := len(u.slots)
	info := *asSlot(&u.slots[top-1])
	d := int(uint32(info.n)) / valueSize
	cl = (*code.Closure)(info.p)
	if need := max(d, cl.Code.Frame) + 1 + margin; len(m.stack) < need {
		m.setStack(make([]datum.Value, max(2*len(m.stack), 2*need)))
	}
	copy(m.stack[1:], u.slots[top-d:top-1])
	m.stack[0] = underflowMark()
	m.stack[d] = v
	*u = view{slots: u.slots[:top-d], next: u.next}
	return m.base(), cl, unsafe.Add(cl.Code.Base, info.n>>32), true, nil
}

// accepts reports whether the return from the frame at fp takes several
// values.
func (m *Machine) accepts(fp unsafe.Pointer) bool {
	s := *returnSlot(fp)
	if s.p == unsafe.Pointer(underflowClosure) {
		v := m.under
		for len(v.slots) == 0 {
			if v.next == nil {
				return true // the value of the run
			}
			v = viewOf(v.next)
		}
		s = *asSlot(&v.slots[len(v.slots)-1])
	}
	w := *(*code.Word)(unsafe.Add((*code.Closure)(s.p).Code.Base, s.n>>32))
	switch w.Op() {
	case code.AcceptValues, code.ReceiveValues, code.Underflow:
		return true
	}
	return false
}

// makeClosure closes procedure i of cl's code over the frame at fp.
func makeClosure(cl *code.Closure, fp unsafe.Pointer, i int) datum.Value {
	p := cl.Code.Procs[i]
	c := code.New(p, len(p.Captures))
	for i := range p.Captures {
		switch k := &p.Captures[i]; k.Kind {
		case code.FromRegister:
			c.Free[i] = *reg(fp, k.Index)
		case code.FromFree:
			c.Free[i] = cl.Free[k.Index]
		case code.FromSelf:
			c.Free[i] = cl.Value()
		}
	}
	return c.Value()
}

// moveArgs moves the arguments of a tail call down to the frame's start.
func moveArgs(fp unsafe.Pointer, w code.Word) {
	from := unsafe.Add(fp, uintptr(w>>12)&0xFFFF0+uintptr(valueSize))
	switch n := w.B(); n {
	case 0:
	case 1:
		*reg(fp, 0) = *reg(from, 0)
	case 2:
		*reg(fp, 0) = *reg(from, 0)
		*reg(fp, 1) = *reg(from, 1)
	default:
		for i := range n {
			*reg(fp, i) = *reg(from, i)
		}
	}
}

// define gives a module variable its value.
func define(v *datum.Variable, x datum.Value) {
	v.Value = x
	if x.Is(datum.KClosure) {
		if c := code.ClosureOf(x); c.Code.Name == "" && c.Extra == nil && v.Name != nil {
			c.Extra = &code.Extra{Name: v.Name.Name, Properties: datum.Null}
		}
	}
}
