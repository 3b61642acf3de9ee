package threads

import (
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// The interval timers of setitimer(2). They are timers of Go, so that several
// engines in a process have each their own; those that count the time that the
// process computes look at that time when it can have passed at the earliest.
const (
	timerReal = iota
	timerVirtual
	timerProf
)

var timerSignals = [...]syscall.Signal{unix.SIGALRM, unix.SIGVTALRM, unix.SIGPROF}

type timer struct {
	d     *dispositions
	which int

	mu     sync.Mutex
	run    int // counts settings, so that an old one does nothing any more
	end    time.Duration
	period time.Duration
	armed  bool
}

func (d *dispositions) timer(which int) *timer {
	t := d.timers[which]
	if t == nil {
		t = &timer{d: d, which: which}
		d.timers[which] = t
	}
	return t
}

// clock is the time that the timer counts.
func (t *timer) clock() time.Duration {
	if t.which == timerReal {
		return time.Duration(time.Now().UnixNano())
	}
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return time.Duration(time.Now().UnixNano())
	}
	used := time.Duration(u.Utime.Nano())
	if t.which == timerProf {
		used += time.Duration(u.Stime.Nano())
	}
	return used
}

// left is the time until the timer expires, 0 when it is not set.
func (t *timer) left() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.armed {
		return 0
	}
	return max(t.end-t.clock(), 1)
}

// set starts the timer anew; a value of 0 stops it.
func (t *timer) set(value, period time.Duration, exit func(int)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.run++
	t.armed, t.period = value > 0, period
	if t.armed {
		t.end = t.clock() + value
		t.wait(value, t.run, exit)
	}
}

func (t *timer) wait(value time.Duration, run int, exit func(int)) {
	time.AfterFunc(value, func() {
		t.mu.Lock()
		if t.run != run {
			t.mu.Unlock()
			return
		}
		if left := t.end - t.clock(); left > 0 {
			// The process has not computed all the time.
			t.wait(max(left, time.Millisecond), run, exit)
			t.mu.Unlock()
			return
		}
		if t.armed = t.period > 0; t.armed {
			t.end = t.clock() + t.period
			t.wait(t.period, run, exit)
		}
		t.mu.Unlock()
		t.d.expire(timerSignals[t.which], exit)
	})
}

// state is what getitimer returns: ((seconds . µs) of the period (seconds . µs)
// that are left).
func (t *timer) state() datum.Value {
	pair := func(d time.Duration) datum.Value {
		return datum.Cons(datum.Fix(int64(d/time.Second)), datum.Fix(int64(d%time.Second/time.Microsecond)))
	}
	return datum.List(pair(t.period), pair(t.left()))
}

func timerOf(who string, v datum.Value) (int, error) { return arg.Index(who, 1, v, len(timerSignals)) }

// setitimer is (setitimer which period-seconds period-µs seconds µs); it returns
// the state from before.
func (d *dispositions) setitimer(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "setitimer"
	which, err := timerOf(who, args[0])
	if err != nil {
		return datum.Unset, err
	}
	var n [4]time.Duration
	for i := range n {
		k, err := arg.Count(who, i+2, args[i+1])
		if err != nil {
			return datum.Unset, err
		}
		n[i] = time.Duration(k)
	}
	t := d.timer(which)
	before := t.state()
	t.set(n[2]*time.Second+n[3]*time.Microsecond, n[0]*time.Second+n[1]*time.Microsecond, state.Of(c).Exit)
	return before, nil
}
