package vm

import (
	"time"
	"unsafe"

	"fruix/interp/code"
	"fruix/interp/datum"
)

// Probe watches a machine at work. Its functions, any of which may be nil, are
// called by the run itself and may make nested runs, which are not watched.
type Probe struct {
	// Sample is called about every Interval of work with the procedures under
	// way, innermost first, and the time since it was called last.
	Sample   func(stack []datum.Value, since time.Duration)
	Interval time.Duration
	// Call is told of each call before it happens, but not of those that the
	// compiler made instructions. If it returns true Return is told of the
	// values. An error stops the run.
	Call func(c *ProbedCall) (bool, error)
	// Return is told of the value, a KValues object for several, of a call at
	// a depth.
	Return func(depth int, v datum.Value)

	last time.Time
}

// ProbedCall is a call that is about to happen.
type ProbedCall struct {
	// Depth is the number of watched calls around it.
	Depth int
	Proc  datum.Value
	// Args is valid during the call of the probe.
	Args []datum.Value
	// Tail says that it takes the place of a watched call: that one's value
	// will be this one's.
	Tail bool
	// Stack makes the backtrace of the callers.
	Stack func() []Frame
}

// sampleSteps is how many steps lie between looks at the clock.
const sampleSteps = 256

// SetProbe lets p watch all runs from now on; nil ends that. It returns the
// probe that was there.
func (m *Machine) SetProbe(p *Probe) *Probe {
	old := m.probe
	m.probe = p
	switch {
	case p == nil:
		m.interval = pollInterval
	case p.Call != nil:
		m.interval = 0
	default:
		m.interval = sampleSteps
	}
	if p != nil {
		p.last = time.Now()
	}
	m.fuel = min(m.fuel, m.interval)
	return old
}

// sample tells the probe what runs, if it is time: callee, or else cl, on the
// frame at fp.
func (m *Machine) sample(fp unsafe.Pointer, running datum.Value) {
	p := m.probe
	if p.Sample == nil {
		return
	}
	now := time.Now()
	since := now.Sub(p.last)
	if since < p.Interval {
		return
	}
	stack := []datum.Value{running}
	m.walk(fp, func(cl *code.Closure, _ int, _ []datum.Value) bool {
		if !cl.Code.Hidden {
			stack = append(stack, cl.Value())
		}
		return len(stack) < maxSample
	})
	p.Sample(stack, since)
	p.last = time.Now()
}

// maxSample is how many frames a sample holds.
const maxSample = 10_000

// traceClosure is the frame between a watched call and its caller: the depth,
// and the value when the call has returned.
var traceClosure = asm("trace", req("depth"), 3, op(code.AcceptValues), in(iTraced), op(code.ReturnValues, 1))

// watch tells the probe of a call of callee with n arguments at fp, whose
// return information is set, and returns where the arguments lie now.
func (m *Machine) watch(callee datum.Value, fp unsafe.Pointer, n int) (unsafe.Pointer, error) {
	p := m.probe
	if p.Call == nil || callee.Is(datum.KClosure) && code.ClosureOf(callee).Code.Hidden {
		return fp, nil
	}
	c := &ProbedCall{Proc: callee, Args: unsafe.Slice(reg(fp, 0), n)}
	c.Tail = returnSlot(fp).p == unsafe.Pointer(traceClosure)
	m.walk(fp, func(cl *code.Closure, _ int, registers []datum.Value) bool {
		if cl == traceClosure && len(registers) > 0 {
			c.Depth = int(registers[0].Fix())
			if !c.Tail {
				c.Depth++
			}
			return false
		}
		return true
	})
	c.Stack = func() []Frame {
		var out []Frame
		if callee.Is(datum.KClosure) {
			cl := code.ClosureOf(callee)
			out = append(out, Frame{Name: code.ProcName(callee), Pos: cl.Code.Full().Where,
				Activation: &Activation{Closure: cl, Registers: append([]datum.Value(nil), c.Args...)}})
		}
		m.walk(fp, func(cl *code.Closure, offset int, registers []datum.Value) bool {
			out = appendFrame(out, cl, offset, registers)
			return len(out) < maxTrace
		})
		return out
	}
	wanted, err := m.unwatched(func() (bool, error) { return p.Call(c) })
	if err != nil || !wanted || c.Tail {
		return fp, err
	}
	from := unsafe.Slice(reg(fp, 0), n)
	copy(unsafe.Slice(reg(fp, 2), n), from)
	*reg(fp, 0) = datum.Fix(int64(c.Depth))
	*(*slot)(unsafe.Pointer(reg(fp, 1))) = slot{unsafe.Pointer(traceClosure), uint64(2 * valueSize)}
	return unsafe.Add(fp, 2*valueSize), nil
}

// traced tells the probe of the value of a watched call; fp is traceClosure's.
func (m *Machine) traced(fp unsafe.Pointer) {
	p := m.probe
	if p == nil || p.Return == nil {
		return
	}
	m.unwatched(func() (bool, error) {
		p.Return(int(reg(fp, 0).Fix()), *reg(fp, 1))
		return true, nil
	})
}

// unwatched runs f without a probe.
func (m *Machine) unwatched(f func() (bool, error)) (bool, error) {
	p := m.probe
	m.probe = nil
	defer func() {
		if m.probe == nil {
			m.probe = p
		}
	}()
	return f()
}
