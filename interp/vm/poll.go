package vm

import (
	"runtime/metrics"
	"unsafe"

	"fruix/interp/code"
	"fruix/interp/datum"
)

// poll looks at the context and the budgets; it is called every pollInterval
// steps.
func (m *Machine) poll() error {
	m.steps += pollInterval
	select {
	case <-m.ctx.Done():
		return &Stopped{Cause: m.ctx.Err()}
	default:
	}
	if m.opts.MaxSteps > 0 && m.steps > m.opts.MaxSteps {
		return &Stopped{Cause: ErrSteps}
	}
	m.polls++
	if m.opts.MaxMemory > 0 && m.polls%8 == 0 {
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(s)
		if s[0].Value.Kind() == metrics.KindUint64 && s[0].Value.Uint64() > uint64(m.opts.MaxMemory) {
			return &Stopped{Cause: ErrMemory}
		}
	}
	return nil
}

// maxTrace is how many frames a backtrace holds.
const maxTrace = 100

// Backtrace lists the frames from the one at fp outwards; pc is its next
// instruction.
func (m *Machine) Backtrace(fp unsafe.Pointer, cl *code.Closure, pc unsafe.Pointer) []Frame {
	var out []Frame
	add := func(cl *code.Closure, offset int) {
		if cl.Code.Hidden || len(out) >= maxTrace {
			return
		}
		at := max(offset/wordSize-1, 0)
		out = append(out, Frame{Name: code.ProcName(cl.Value()), Pos: cl.Code.PosAt(at)})
	}
	add(cl, int(uintptr(pc)-uintptr(cl.Code.Base)))
	for len(out) < maxTrace {
		s := *returnSlot(fp)
		if s.p == unsafe.Pointer(underflowClosure) {
			break
		}
		add((*code.Closure)(s.p), int(s.n>>32))
		fp = unsafe.Add(fp, -int(uint32(s.n)))
	}
	v := m.under
	for len(out) < maxTrace {
		if len(v.slots) == 0 {
			if v.next == nil {
				break
			}
			v = viewOf(v.next)
			continue
		}
		s := asSlot(&v.slots[len(v.slots)-1])
		add((*code.Closure)(s.p), int(s.n>>32))
		v.slots = v.slots[:len(v.slots)-int(uint32(s.n))/valueSize]
	}
	return out
}

// Procedures returns the procedures of the base module that need the machine,
// by name. Each call makes fresh ones.
func (m *Machine) Procedures() map[string]datum.Value {
	t := map[string]datum.Value{}
	for name, c := range map[string]*code.Closure{
		"apply":                          applyClosure,
		"values":                         valuesClosure,
		"call-with-values":               callWithValuesClosure,
		"call/cc":                        callccClosure,
		"call-with-current-continuation": callccClosure,
		"dynamic-wind":                   dynamicWindClosure,
		"with-fluid*":                    withFluidClosure,
		"with-fluids*":                   withFluidsClosure,
		"call-with-prompt":               promptClosure,
		"abort-to-prompt":                abortClosure,
		"abort-to-prompt*":               abortListClosure,
		"%with-exception-handler":        withHandlerClosure,
		"%raise":                         raiseClosure,
	} {
		t[name] = code.New(c.Code, 0).Value()
	}
	return t
}
