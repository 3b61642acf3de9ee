package interp

import (
	"time"

	"fruix/interp/datum"
	"fruix/interp/vm"
)

// Probe watches an engine at work: a profiler, a tracer, breakpoints. Its
// functions, any of which may be nil, are called by the evaluation itself and
// may evaluate, which is not watched.
type Probe struct {
	// Sample is called about every Interval of work, where calls and loops
	// happen, with the procedures under way, innermost first, and the time
	// since it was called last.
	Sample   func(procs []datum.Value, since time.Duration)
	Interval time.Duration
	// Call is told of each call before it happens, but not of calls that the
	// compiler made instructions, such as that of car. If it returns true,
	// Return is told of the values. Its error ends the evaluation.
	Call func(c *Call) (bool, error)
	// Return is told of the values of a call at a depth.
	Return func(depth int, values []datum.Value)
}

// Call is a call that is about to happen.
type Call struct {
	// Depth is the number of watched calls around it.
	Depth int
	Proc  datum.Value
	// Args is valid until the probe returns.
	Args []datum.Value
	// Tail says that the call takes the place of a watched one, whose values
	// will be those of this one.
	Tail bool

	stack func() []vm.Frame
}

// Stack lists the procedure that is called and those that wait for it.
func (c *Call) Stack() []Frame {
	var out []Frame
	for _, f := range c.stack() {
		out = append(out, Frame{Name: f.Name, Pos: f.Pos, activation: f.Activation})
	}
	return out
}

// Values spreads what an evaluation returned, one value or several.
func Values(v datum.Value) []datum.Value {
	if v.Is(datum.KValues) {
		return v.Values().Items
	}
	return []datum.Value{v}
}

// SetProbe lets p watch what e does from now on; nil ends that. It returns the
// probe that was there before. An engine without a probe pays nothing for the
// possibility; with Probe.Call it is many times slower.
func (e *Engine) SetProbe(p *Probe) *Probe {
	old := e.probe
	e.probe = p
	if p == nil {
		e.machine.SetProbe(nil)
		return old
	}
	below := &vm.Probe{Sample: p.Sample, Interval: p.Interval}
	if call := p.Call; call != nil {
		below.Call = func(c *vm.ProbedCall) (bool, error) {
			return call(&Call{Depth: c.Depth, Proc: c.Proc, Args: c.Args, Tail: c.Tail, stack: c.Stack})
		}
	}
	if p.Return != nil {
		below.Return = func(depth int, v datum.Value) { p.Return(depth, Values(v)) }
	}
	e.machine.SetProbe(below)
	return old
}
