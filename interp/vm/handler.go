package vm

import (
	"unsafe"

	"fruix/interp/code"
	"fruix/interp/datum"
)

// handlerKey names a handler; its entry may be copied.
type handlerKey struct{ _ byte }

// raise finds the handler for the object in register 0: the innermost unwinding
// one that takes objects of its type, or the innermost procedure that is not at
// work already.
//
// A procedure at work is one whose mark carries the present epoch. Handlers of
// with-throw-handler begin a new epoch, so that what they raise is seen by the
// handlers inside of theirs again (Guile 3's rule for these).
func (m *Machine) raise(fp unsafe.Pointer, cl *code.Closure, pc unsafe.Pointer) (action, datum.Value, error) {
	obj := *reg(fp, 0)
	epoch := 0
	if m.dyn != nil {
		epoch = m.dyn.epoch
	}
	var marks []*dyn
	for d := m.dyn; d != nil; d = d.next {
		switch d.kind {
		case dynMark:
			marks = append(marks, d)
		case dynHandler:
			if atWork(marks, d.handler, epoch) {
				continue
			}
			*reg(fp, 2), *reg(fp, 3) = d.in, obj
			m.push(&dyn{kind: dynMark, handler: d.handler, mark: epoch})
			return actNext, datum.Value{}, nil
		case dynUnwinder:
			if d.in == datum.True || m.hooks.Matches != nil && m.hooks.Matches(obj, d.in) {
				m.args = append(m.args[:0], d.tag, datum.List(obj))
				return actTail, abortListClosure.Value(), nil
			}
		}
	}
	u := &Uncaught{Object: obj, Stack: m.Backtrace(fp, cl, pc), level: m.level}
	if m.native != nil && m.nativeObject == obj {
		u.Native = m.native
	}
	return actStop, datum.Value{}, u
}

// atWork reports whether the innermost mark of a handler is of this epoch.
func atWork(marks []*dyn, key *handlerKey, epoch int) bool {
	for _, d := range marks {
		if d.handler == key {
			return d.mark >= epoch
		}
	}
	return false
}
