package threads

import (
	"slices"
	"time"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// condition is a condition variable.
type condition struct{ waiters waiters }

func conditionOf(who string, v datum.Value) (*condition, error) {
	return opaque[*condition](who, 1, v, "condition variable")
}

// wait is (wait-condition-variable condition mutex [deadline]): #f when the
// deadline came first. The mutex is the thread's again in any case, unless the
// evaluation ends.
func wait(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "wait-condition-variable"
	cond, err := conditionOf(who, args[0])
	if err != nil {
		return datum.Unset, err
	}
	m, err := mutexOf(who, 2, args[1])
	if err != nil {
		return datum.Unset, err
	}
	limit := datum.False
	if len(args) > 2 {
		limit = args[2]
	}
	until, limited, err := deadline(who, 3, limit)
	if err != nil {
		return datum.Unset, err
	}
	self := machine(c).Thread()
	if m.level == 0 {
		return datum.Unset, misc(who, "mutex not locked")
	} else if m.owner != self && !m.external {
		return datum.Unset, misc(who, "mutex not locked by current thread")
	}
	if err := machine(c).Interrupted(); err != nil {
		return datum.Unset, err
	}
	level := m.level
	turn := cond.waiters.add()
	m.drop()
	awaiting(c, turn, until, limited)
	for !machine(c).Disturbed() && slices.Contains(cond.waiters, turn) && (!limited || time.Now().Before(until)) {
		awaiting(c, turn, until, limited)
	}
	signalled := !cond.waiters.remove(turn)
	for !m.take(self) {
		if err := c.Context().Err(); err != nil {
			return datum.Unset, err
		}
		again := m.waiters.add()
		awaiting(c, again, time.Time{}, false)
		m.waiters.remove(again)
	}
	m.level = level
	if !signalled && c.Context().Err() != nil {
		return datum.Unset, machine(c).Interrupted()
	}
	v := datum.Bool(signalled || !limited || time.Now().Before(until))
	// Asyncs run with the mutex locked, and count as a signal: whoever waits has
	// to look at what it waits for anyway.
	if err := machine(c).Asyncs(v); err != nil {
		return datum.Unset, err
	}
	return v, nil
}

func conditions() []*datum.Primitive {
	wake := func(name string, n int) *datum.Primitive {
		return arg.F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			cond, err := conditionOf(name, v)
			if err != nil {
				return datum.Unset, err
			}
			cond.waiters.wake(n)
			return datum.True, nil
		})
	}
	return []*datum.Primitive{
		arg.F0("make-condition-variable", func(datum.Caller) (datum.Value, error) {
			return datum.NewOpaque("condition-variable", &condition{}), nil
		}),
		isOpaque[*condition]("condition-variable?"),
		arg.FN("wait-condition-variable", 2, 3, wait),
		wake("signal-condition-variable", 1),
		wake("broadcast-condition-variable", 1<<30),
	}
}
