package state

import (
	"errors"
	"slices"
	"time"
	"weak"

	"fruix/interp/datum"
	"fruix/interp/port"
)

// Track remembers a port, without keeping it, for what concerns all ports of
// the engine, and makes it closed when it is lost.
func (s *State) Track(p *port.Port) {
	if len(s.ports) >= s.sweepAt {
		s.ports = slices.DeleteFunc(s.ports, func(w weak.Pointer[port.Port]) bool {
			q := w.Value()
			return q == nil || q.Closed()
		})
		s.sweepAt = 2*len(s.ports) + 16
	}
	s.ports = append(s.ports, weak.Make(p))
	if p.File != nil {
		p.Collect()
	}
}

// Ports lists the open ports that were tracked.
func (s *State) Ports() []*port.Port {
	var out []*port.Port
	for _, w := range s.ports {
		if p := w.Value(); p != nil && !p.Closed() {
			out = append(out, p)
		}
	}
	return out
}

// FlushAll hands on what all output ports have collected; the first failure is
// returned. Ports of procedures are left alone.
func (s *State) FlushAll() error {
	first := s.Flush()
	for _, p := range s.Ports() {
		if p.Custom != nil {
			continue
		}
		err := p.Flush()
		for paused(err) {
			p.Poll(true, time.Second)
			err = p.Flush()
		}
		if first == nil {
			first = err
		}
	}
	return first
}

func paused(err error) bool {
	var pause *port.Pause
	return errors.As(err, &pause)
}

// WaitSlice is how long a wait for a descriptor lasts before the engine looks
// whether it shall stop.
const WaitSlice = 50 * time.Millisecond

// WaitReady is the native that waits for a port's descriptor: (port write?).
// It calls the waiter that the program has set, if any.
var WaitReady = &datum.Primitive{Name: "%wait-for-port", Min: 2, Max: 2, F2: func(c datum.Caller, v, write datum.Value) (datum.Value, error) {
	s := Of(c)
	waiter, usual := c.FluidRef(s.ReadWaiter), readWaiter
	if write.Truthy() {
		waiter, usual = c.FluidRef(s.WriteWaiter), writeWaiter
	}
	if waiter == usual.Value() || !waiter.IsProcedure() {
		return usual.F1(c, v)
	}
	return datum.Unset, &datum.Detour{Proc: waiter, Args: []datum.Value{v}, Result: datum.Unspecified}
}}

// readWaiter and writeWaiter are the waiters of programs that set none.
var (
	readWaiter  = usualWaiter("default-read-waiter", false)
	writeWaiter = usualWaiter("default-write-waiter", true)
)

func usualWaiter(name string, write bool) *datum.Primitive {
	return &datum.Primitive{Name: name, Min: 1, Max: 1, F1: func(c datum.Caller, v datum.Value) (datum.Value, error) {
		if !v.Is(datum.KPort) {
			return datum.Unset, datum.WrongTypeExpecting(name, 1, v, "port")
		}
		if err := datum.Interrupted(c); err != nil {
			return datum.Unset, err
		}
		p := port.Of(v)
		Wait(c, func(slice time.Duration) bool { return p.Poll(write, slice) })
		return datum.Unspecified, nil
	}}
}

// Wait calls ready, which waits for as long as it is told at most, until it is
// true or the program has something else to do. Other threads run meanwhile.
func Wait(c datum.Caller, ready func(slice time.Duration) bool) {
	ctx := c.Context()
	datum.Block(c, func(wake <-chan struct{}) {
		for slice := time.Millisecond; !ready(slice); slice = min(2*slice, WaitSlice) {
			select {
			case <-wake:
				return
			case <-ctx.Done():
				return
			default:
			}
		}
	})
}

// FlushPort is the native that flushes a port, which waits as long as it takes.
var FlushPort = &datum.Primitive{Name: "%flush-port", Min: 1, Max: 1, F1: func(_ datum.Caller, v datum.Value) (datum.Value, error) {
	p := port.Of(v)
	if p.Closed() {
		return datum.Unspecified, nil
	}
	err := p.Flush()
	var pause *port.Pause
	if errors.As(err, &pause) {
		if pause.Need == port.NeedOutput {
			return datum.Unset, &datum.Detour{Proc: p.Custom.Drain, Args: []datum.Value{v}, Result: datum.Unspecified}
		}
		return datum.Unset, &datum.Detour{Proc: WaitReady.Value(), Args: []datum.Value{v, datum.True}, Again: true}
	}
	if err != nil {
		return datum.Unset, SystemError("force-output", err, "")
	}
	return datum.Unspecified, nil
}}

// Paused turns the pause of a port into the detour of the native that ran into
// it: with again the native is called anew, otherwise, for natives that have
// done their part, its value is result. Other errors are not its business.
func Paused(err error, again bool, result datum.Value) (error, bool) {
	var pause *port.Pause
	if !errors.As(err, &pause) {
		return nil, false
	}
	d := detourFor(pause)
	d.Again, d.Result = again, result
	return d, true
}

func detourFor(pause *port.Pause) *datum.Detour {
	v := pause.Port.Value()
	switch pause.Need {
	case port.NeedInput:
		return &datum.Detour{Proc: pause.Port.Custom.Fill, Args: []datum.Value{v}}
	case port.NeedOutput:
		return &datum.Detour{Proc: pause.Port.Custom.Drain, Args: []datum.Value{v}}
	case port.NeedWritable:
		if pause.Port.Pending() {
			return &datum.Detour{Proc: FlushPort.Value(), Args: []datum.Value{v}}
		}
		return &datum.Detour{Proc: WaitReady.Value(), Args: []datum.Value{v, datum.True}}
	}
	return &datum.Detour{Proc: WaitReady.Value(), Args: []datum.Value{v, datum.False}}
}

// OpenPort makes a port over a descriptor with the engine's defaults, and
// tracks it.
func (s *State) OpenPort(c datum.Caller, fd *port.FD, name string, input, output bool) *port.Port {
	p := port.NewFile(fd, name, input, output)
	if e := c.FluidRef(s.DefaultEncoding); e.IsString() {
		p.Unknown = !p.SetEncoding(e.Str().Go())
	} else if e == datum.False {
		p.SetEncoding("ISO-8859-1")
	}
	if x := c.FluidRef(s.DefaultStrategy); x.IsSymbol() {
		p.Strategy = x.Symbol().Name
	}
	s.Track(p)
	return p
}

// Nap is the detour of a native that is to be called again in a few
// milliseconds, as there is nothing that would tell when it can go on.
func Nap(milliseconds int) *datum.Detour {
	return &datum.Detour{Proc: nap.Value(), Args: []datum.Value{datum.Fix(int64(milliseconds))}, Again: true}
}

var nap = &datum.Primitive{Name: "%nap", Min: 1, Max: 1, F1: func(c datum.Caller, ms datum.Value) (datum.Value, error) {
	_, err := Sleep(c, time.Duration(ms.Fix())*time.Millisecond)
	return datum.Unspecified, err
}}

// Sleep waits while other threads run, and returns how much of the time was
// left when the program had something else to do. The error, if any, says what
// that is: the native is called again after it.
func Sleep(c datum.Caller, d time.Duration) (left time.Duration, err error) {
	ctx, end := c.Context(), time.Now().Add(d)
	datum.Block(c, func(wake <-chan struct{}) {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-wake:
		case <-ctx.Done():
		}
	})
	if left = time.Until(end); left <= 0 {
		return 0, nil
	}
	return left, datum.Interrupted(c)
}
