// Package threads holds natives that need the machine itself: threads, mutexes,
// condition variables, atomic boxes, asyncs, signals and dynamic states (Guile
// manual, "Scheduling" and "Signals").
// What takes procedures is Scheme, in stdlib/ice-9/threads.scm and its
// neighbours.
package threads

import (
	"runtime"
	"time"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
	"fruix/interp/vm"
)

// Module is where the natives are found that (ice-9 threads) and (ice-9 atomic)
// are made of.
const Module = "(fruix native threads)"

// object is what vm.Thread.Data holds: the thread as a value, and what Scheme
// keeps with it.
type object struct {
	thread *vm.Thread
	value  datum.Value
	data   datum.Value
}

func machine(c datum.Caller) *vm.Machine { return c.(*vm.Machine) }

// valueOf is the object of a thread.
func valueOf(t *vm.Thread) *object {
	o, ok := t.Data.(*object)
	if !ok {
		o = &object{thread: t, data: datum.False}
		o.value = datum.NewOpaque("thread", o)
		t.Data = o
	}
	return o
}

// opaque finds the Go value of type T behind v.
func opaque[T any](who string, pos int, v datum.Value, what string) (T, error) {
	if v.Is(datum.KOpaque) {
		if x, ok := v.Opaque().Go.(T); ok {
			return x, nil
		}
	}
	var none T
	return none, datum.WrongTypeExpecting(who, pos, v, what)
}

func isOpaque[T any](name string) *datum.Primitive {
	return arg.Is(name, func(v datum.Value) bool {
		_, err := opaque[T](name, 1, v, "")
		return err == nil
	})
}

func thread(who string, pos int, v datum.Value) (*object, error) {
	return opaque[*object](who, pos, v, "thread")
}

// Table lists the natives of Module.
func Table() []*datum.Primitive {
	t := []*datum.Primitive{
		isOpaque[*object]("thread?"),
		arg.F0("current-thread", func(c datum.Caller) (datum.Value, error) { return valueOf(machine(c).Thread()).value, nil }),
		arg.F0("all-threads", func(c datum.Caller) (datum.Value, error) {
			l := datum.Null
			for _, t := range machine(c).Threads() {
				l = datum.Cons(valueOf(t).value, l)
			}
			return l, nil
		}),
		// (%spawn thunk data) starts a thread.
		arg.F2("%spawn", func(c datum.Caller, proc, data datum.Value) (datum.Value, error) {
			if !proc.IsProcedure() {
				return datum.Unset, datum.WrongTypeExpecting("call-with-new-thread", 1, proc, "procedure")
			}
			o := valueOf(machine(c).Spawn(proc))
			o.data = data
			return o.value, nil
		}),
		arg.F1("%thread-data", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			o, err := thread("thread-data", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return o.data, nil
		}),
		arg.F2("%set-thread-data!", func(_ datum.Caller, v, data datum.Value) (datum.Value, error) {
			o, err := thread("set-thread-data!", 1, v)
			if err == nil {
				o.data = data
			}
			return datum.Unspecified, err
		}),
		arg.F1("thread-exited?", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			o, err := thread("thread-exited?", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Bool(o.thread.Ended()), nil
		}),
		// (%await-thread thread deadline) is #f when the deadline comes first.
		arg.F2("%await-thread", awaitThread),
		arg.F0("yield", func(c datum.Caller) (datum.Value, error) {
			if len(machine(c).Threads()) > 1 {
				// Threads that were woken need a moment to want their turn.
				machine(c).Block(func(<-chan struct{}) { time.Sleep(20 * time.Microsecond) })
			}
			return datum.True, nil
		}),
		arg.F0("current-processor-count", processors),
		arg.F0("total-processor-count", processors),
	}
	t = append(t, mutexes()...)
	t = append(t, conditions()...)
	return append(t, boxes()...)
}

func processors(datum.Caller) (datum.Value, error) { return datum.Fix(int64(runtime.NumCPU())), nil }

// deadline reads a point in time: seconds since 1970, or a pair of seconds and
// microseconds. ok is false for #f, never.
func deadline(who string, pos int, v datum.Value) (at time.Time, ok bool, err error) {
	switch {
	case v == datum.False || v == datum.Default || v == datum.Unset:
		return at, false, nil
	case v.IsPair() && v.Pair().Car.IsFix() && v.Pair().Cdr.IsFix():
		return time.Unix(v.Pair().Car.Fix(), v.Pair().Cdr.Fix()*1000), true, nil
	case v.IsFix():
		return time.Unix(v.Fix(), 0), true, nil
	case v.IsNumber():
		if f, real := num.Float64(v); real {
			return time.UnixMicro(int64(f * 1e6)), true, nil
		}
	}
	return at, false, datum.WrongTypeExpecting(who, pos, v, "time")
}

// awaiting waits until ready is closed, the deadline or an interruption.
func awaiting(c datum.Caller, ready <-chan struct{}, until time.Time, limited bool) {
	var late <-chan time.Time
	if limited {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		late = t.C
	}
	stop := c.Context().Done()
	machine(c).Block(func(wake <-chan struct{}) {
		select {
		case <-ready:
		case <-wake:
		case <-late:
		case <-stop:
		}
	})
}

func awaitThread(c datum.Caller, v, limit datum.Value) (datum.Value, error) {
	o, err := thread("join-thread", 1, v)
	if err != nil {
		return datum.Unset, err
	}
	until, limited, err := deadline("join-thread", 2, limit)
	if err != nil {
		return datum.Unset, err
	}
	for {
		switch {
		case o.thread.Ended():
			return datum.True, nil
		case limited && !time.Now().Before(until):
			return datum.False, nil
		}
		if err := machine(c).Interrupted(); err != nil {
			return datum.Unset, err
		}
		awaiting(c, o.thread.Done(), until, limited)
	}
}
