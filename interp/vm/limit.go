package vm

import (
	"unsafe"

	"fruix/interp/datum"
	"fruix/interp/num"
)

// setLimit computes where frames must end. The reserve beyond the bound is for
// handlers of a stack overflow alone.
func (m *Machine) setLimit() {
	n := len(m.stack)
	if bound := m.maxSlots(); n > bound && !m.overrun {
		n = bound
	}
	if m.soft > 0 {
		n = max(min(n, m.soft-m.below()-m.offset+margin), 1+margin)
	}
	m.limit = uintptr(unsafe.Pointer(&m.stack[0])) + uintptr((n-margin)*valueSize)
}

func (m *Machine) maxSlots() int {
	return max(int(m.opts.MaxStack/int64(valueSize)), 4*firstStack)
}

// unwound notes that frames were left, so that the reserve is free again.
func (m *Machine) unwound() {
	if m.overrun {
		m.overrun = false
		m.setLimit()
	}
}

// below is how many slots are saved below the stack.
func (m *Machine) below() int { return len(m.under.slots) + m.under.next.total() }

// depth is how many slots there are below fp, saved ones included.
func (m *Machine) depth(fp unsafe.Pointer) int {
	return m.offset + m.below() + int((uintptr(fp)-uintptr(unsafe.Pointer(&m.stack[0])))/uintptr(valueSize))
}

func overflow() *datum.Error {
	return &datum.Error{Key: "stack-overflow", Message: "Stack overflow", Rest: datum.False, Payload: datum.Unset}
}

// room checks that the stack below fp, which is about to be saved, is within
// the bound: what is saved would escape it otherwise.
func (m *Machine) room(fp unsafe.Pointer) error {
	bound := m.maxSlots()
	if m.overrun {
		bound += reserve
	}
	switch {
	case m.depth(fp) <= bound:
		return nil
	case m.overrun:
		return &Stopped{Cause: ErrStack}
	}
	m.overrun = true
	return overflow()
}

// grow makes room for frame slots at fp and returns fp on the new stack, or
// an error when the bound is reached.
func (m *Machine) grow(fp unsafe.Pointer, frame int) (unsafe.Pointer, error) {
	at := (uintptr(fp) - uintptr(unsafe.Pointer(&m.stack[0]))) / uintptr(valueSize)
	if m.soft > 0 {
		if err := m.softOverflow(m.depth(fp) + frame); err != nil {
			return fp, err
		}
	}
	need := int(at) + frame + margin + 1
	size, bound := len(m.stack), max(m.maxSlots()-m.below(), 4*firstStack)
	if m.overrun {
		bound += reserve
	}
	for size < need {
		size *= 2
	}
	size = min(size, max(bound, len(m.stack)))
	over := need > bound
	if over {
		if m.overrun {
			return fp, &Stopped{Cause: ErrStack}
		}
		m.overrun = true
		size = bound + reserve
	}
	if size > len(m.stack) {
		s := make([]datum.Value, size)
		copy(s, m.stack[:min(int(at)+margin, len(m.stack))])
		m.setStack(s)
		fp = unsafe.Pointer(&s[at])
	} else {
		m.setLimit()
	}
	if over {
		return fp, overflow()
	}
	return fp, nil
}

// pushLimit is the beginning of (call-with-stack-overflow-handler limit thunk
// handler): the stack may grow by as many slots from fp.
func (m *Machine) pushLimit(fp unsafe.Pointer) error {
	n, err := words(*reg(fp, 0))
	if err != nil {
		return err
	}
	d := &dyn{kind: dynLimit, in: *reg(fp, 2), limit: m.depth(fp) + n}
	if outer := m.limitAround(m.dyn); outer != nil {
		d.limit = min(d.limit, outer.limit)
	}
	m.push(d)
	m.soft, m.limited = d.limit, true
	m.setLimit()
	return nil
}

func words(v datum.Value) (int, error) {
	const who = "call-with-stack-overflow-handler"
	switch {
	case !v.IsFix() && !num.IsExactInteger(v):
		return 0, datum.WrongTypeExpecting(who, 1, v, "integer")
	case !v.IsFix() || v.Fix() <= 0:
		return 0, datum.OutOfRange(who, 1, v)
	}
	return int(v.Fix()), nil
}

func (m *Machine) limitAround(d *dyn) *dyn {
	for ; d != nil; d = d.next {
		if d.kind == dynLimit {
			return d
		}
	}
	return nil
}

// softOverflow calls the handler of the innermost limit of the program's when
// depth slots are beyond it. It also finds out that no limit is left: leaving
// one's extent does not change anything by itself.
func (m *Machine) softOverflow(depth int) error {
	d := m.limitAround(m.dyn)
	if d == nil {
		m.soft = 0
		return nil
	}
	for m.soft = d.limit; depth > m.soft; m.soft = d.limit {
		v, err := m.callLimitHandler(d, depth)
		if err != nil {
			return err
		}
		n, err := words(v)
		if err != nil {
			return err
		}
		d.limit += n
		if outer := m.limitAround(d.next); outer != nil && d.limit > outer.limit {
			d.limit = outer.limit
			if depth > d.limit {
				d = outer
			}
		}
	}
	return nil
}

// callLimitHandler calls the handler of a limit under the limits further out.
func (m *Machine) callLimitHandler(d *dyn, depth int) (datum.Value, error) {
	offset := m.offset
	m.offset = depth
	defer func() { m.offset = offset }()
	if outer := m.limitAround(d.next); outer != nil {
		m.soft = outer.limit
	} else {
		m.soft = 0
	}
	return m.nested(d.in, nil)
}

// relimit sets the limit of the dynamic state that a winder is called in.
func (m *Machine) relimit() {
	m.soft = 0
	if d := m.limitAround(m.dyn); d != nil {
		m.soft = d.limit
	}
	m.setLimit()
}

// barred reports whether a barrier lies on the way from one dynamic state to
// another.
func barred(from, to *dyn) bool {
	c := common(from, to)
	for _, d := range []*dyn{from, to} {
		for ; d != c; d = d.next {
			if d.kind == dynBarrier {
				return true
			}
		}
	}
	return false
}
