package threads

import (
	"time"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
	"fruix/interp/vm"
)

// Base lists the natives of (guile): asyncs, sleeping, signals and dynamic
// states.
func Base() []*datum.Primitive {
	return append([]*datum.Primitive{
		arg.FN("system-async-mark", 1, 2, mark),
		// (%asyncs-blocked! n) changes by n how often asyncs are blocked.
		arg.F1("%asyncs-blocked!", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			n, err := arg.Int("%asyncs-blocked!", 1, v)
			if err == nil {
				err = machine(c).BlockAsyncs(n)
			}
			return datum.Unspecified, err
		}),
		arg.F0("%asyncs-blocked", func(c datum.Caller) (datum.Value, error) {
			return datum.Fix(int64(machine(c).AsyncsBlocked())), nil
		}),
		arg.F2("%call-later", later),
		arg.F1("%cancel-call", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			t, err := opaque[*laterCall]("%cancel-call", 1, v, "timer")
			if err == nil {
				t.cancelled = true
				t.timer.Stop()
			}
			return datum.Unspecified, err
		}),
		sleeper("sleep", time.Second), sleeper("usleep", time.Microsecond),
	}, append(signals(), states()...)...)
}

// mark is (system-async-mark proc [thread]).
func mark(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "system-async-mark"
	if !args[0].IsProcedure() {
		return datum.Unset, datum.WrongTypeExpecting(who, 1, args[0], "procedure")
	}
	t := machine(c).Thread()
	if v, ok := arg.Given(args, 1); ok {
		o, err := thread(who, 2, v)
		if err != nil {
			return datum.Unset, err
		}
		t = o.thread
	}
	if !t.Ended() {
		t.Mark(args[0])
	}
	return datum.Unspecified, machine(c).Asyncs(datum.Unspecified)
}

// later is (%call-later seconds proc): proc is called in this thread when the time
// has passed, unless the timer that is returned is given to %cancel-call before.
func later(c datum.Caller, seconds, proc datum.Value) (datum.Value, error) {
	f, ok := num.Float64(seconds)
	if !ok || f < 0 || f > 1e9 {
		return datum.Unset, datum.OutOfRange("%call-later", 1, seconds)
	}
	t, call := machine(c).Thread(), &laterCall{}
	// The call may be cancelled when it waits for its turn already.
	run := &datum.Primitive{Name: "timer", F0: func(datum.Caller) (datum.Value, error) {
		if call.cancelled {
			return datum.Unspecified, nil
		}
		return datum.Unset, &datum.Detour{Proc: proc, Result: datum.Unspecified}
	}}
	call.timer = time.AfterFunc(time.Duration(f*float64(time.Second)), func() { t.Mark(run.Value()) })
	return datum.NewOpaque("timer", call), nil
}

// laterCall is a call that %call-later has arranged.
type laterCall struct {
	timer     *time.Timer
	cancelled bool
}

// sleeper makes a native that waits and returns what is left when an async cut
// the wait short.
func sleeper(name string, unit time.Duration) *datum.Primitive {
	return arg.F1(name, func(c datum.Caller, v datum.Value) (datum.Value, error) {
		n, err := arg.Count(name, 1, v)
		if err != nil {
			return datum.Unset, err
		}
		until := time.Now().Add(time.Duration(n) * unit)
		for {
			left := time.Until(until)
			if left <= 0 {
				return datum.Fix(0), nil
			}
			rest := num.Int(int64((left + unit - 1) / unit))
			if err := machine(c).Asyncs(rest); err != nil {
				return datum.Unset, err
			}
			if err := machine(c).Interrupted(); err != nil {
				return datum.Unset, err
			}
			awaiting(c, nil, until, true)
		}
	})
}

// call is a procedure of no arguments that calls proc with args.
func call(proc datum.Value, args ...datum.Value) datum.Value {
	p := &datum.Primitive{Name: "handler", F0: func(datum.Caller) (datum.Value, error) {
		return datum.Unset, &datum.Detour{Proc: proc, Args: args, Result: datum.Unspecified}
	}}
	return p.Value()
}

// main is the first thread.
func main(c datum.Caller) *vm.Thread { return machine(c).Threads()[0] }
