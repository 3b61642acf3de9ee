package threads

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
	"fruix/interp/vm"
)

// dispositions are what one engine does about signals. Handlers are asyncs of
// the thread that they were given to, the first one unless told otherwise.
type dispositions struct {
	mu       sync.Mutex // signals come from a goroutine of their own
	handlers map[syscall.Signal]handler
	arriving chan os.Signal
	timers   map[int]*timer
}

type handler struct {
	value  datum.Value // a procedure, or SIG_DFL or SIG_IGN
	flags  int64
	thread *vm.Thread
}

// The values of SIG_DFL and SIG_IGN, as in C.
const (
	sigDefault = 0
	sigIgnore  = 1
)

func signals() []*datum.Primitive {
	d := &dispositions{handlers: map[syscall.Signal]handler{}, timers: map[int]*timer{}}
	return []*datum.Primitive{
		arg.FN("sigaction", 1, 4, d.sigaction),
		arg.F0("restore-signals", func(datum.Caller) (datum.Value, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			for s := range d.handlers {
				signal.Reset(s)
			}
			clear(d.handlers)
			return datum.Unspecified, nil
		}),
		arg.F0("pause", func(c datum.Caller) (datum.Value, error) {
			for {
				if err := machine(c).Asyncs(datum.Unspecified); err != nil {
					return datum.Unset, err
				}
				if err := machine(c).Interrupted(); err != nil {
					return datum.Unset, err
				}
				awaiting(c, nil, time.Time{}, false)
			}
		}),
		arg.F1("alarm", d.alarm),
		arg.FN("setitimer", 5, 5, d.setitimer),
		arg.F1("getitimer", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			which, err := timerOf("getitimer", v)
			if err != nil {
				return datum.Unset, err
			}
			return d.timer(which).state(), nil
		}),
	}
}

// SignalConstants are the numbers that go with the natives.
func SignalConstants() map[string]datum.Value {
	out := map[string]datum.Value{}
	noChildStop, restart := int64(1), int64(1<<28) // of Linux, sigaction(2)
	if runtime.GOOS == "freebsd" {
		noChildStop, restart = 8, 2
	}
	for name, n := range map[string]int64{
		"SIG_DFL": sigDefault, "SIG_IGN": sigIgnore, "SA_NOCLDSTOP": noChildStop, "SA_RESTART": restart,
		"ITIMER_REAL": timerReal, "ITIMER_VIRTUAL": timerVirtual, "ITIMER_PROF": timerProf,
	} {
		out[name] = datum.Fix(n)
	}
	return out
}

// sigaction is (sigaction signal [handler [flags [thread]]]); it returns the
// handler and the flags from before.
func (d *dispositions) sigaction(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "sigaction"
	if err := state.Of(c).CheckProcesses(who); err != nil {
		return datum.Unset, err
	}
	n, err := arg.Index(who, 1, args[0], 65)
	if err != nil {
		return datum.Unset, err
	}
	if n == 0 {
		return datum.Unset, datum.OutOfRange(who, 1, args[0])
	}
	s := syscall.Signal(n)
	d.mu.Lock()
	defer d.mu.Unlock()
	old, ok := d.handlers[s]
	if !ok {
		old.value = datum.Fix(sigDefault)
	}
	before := datum.Cons(old.value, datum.Fix(old.flags))
	if len(args) == 1 {
		return before, nil
	}
	h := handler{value: args[1], thread: main(c)}
	if v, ok := arg.Given(args, 2); ok {
		f, err := arg.Int(who, 3, v)
		if err != nil {
			return datum.Unset, err
		}
		h.flags = int64(f)
	}
	if v, ok := arg.Given(args, 3); ok {
		o, err := thread(who, 4, v)
		if err != nil {
			return datum.Unset, err
		}
		h.thread = o.thread
	}
	switch {
	case h.value == datum.False || h.value == datum.Fix(sigDefault):
		signal.Reset(s)
		delete(d.handlers, s)
	case h.value == datum.Fix(sigIgnore):
		signal.Ignore(s)
		d.handlers[s] = h
	case h.value.IsProcedure():
		d.handlers[s] = h
		d.listen(s)
	case h.value.IsFix():
		return datum.Unset, datum.OutOfRange(who, 2, h.value)
	default:
		return datum.Unset, datum.WrongTypeExpecting(who, 2, h.value, "procedure")
	}
	return before, nil
}

// listen has s delivered here and nowhere else in this program.
func (d *dispositions) listen(s syscall.Signal) {
	if d.arriving == nil {
		d.arriving = make(chan os.Signal, 64)
		go func() {
			for s := range d.arriving {
				d.deliver(s.(syscall.Signal))
			}
		}()
	}
	signal.Reset(s)
	signal.Notify(d.arriving, s)
}

// deliver marks the handler of s, and reports whether there is one.
func (d *dispositions) deliver(s syscall.Signal) bool {
	d.mu.Lock()
	h, ok := d.handlers[s]
	d.mu.Unlock()
	if ok && h.value.IsProcedure() {
		h.thread.Mark(call(h.value, datum.Fix(int64(s))))
	}
	return ok
}

// expire is what the signal of a timer does.
func (d *dispositions) expire(s syscall.Signal, exit func(int)) {
	if !d.deliver(s) && exit != nil {
		fmt.Fprintln(os.Stderr, unix.SignalName(s))
		exit(128 + int(s))
	}
}

// alarm is (alarm seconds); it returns how many were left of the last alarm.
func (d *dispositions) alarm(c datum.Caller, v datum.Value) (datum.Value, error) {
	n, err := arg.Count("alarm", 1, v)
	if err != nil {
		return datum.Unset, err
	}
	t := d.timer(timerReal)
	left := t.left()
	t.set(time.Duration(n)*time.Second, 0, state.Of(c).Exit)
	return num.Int(int64((left + time.Second - 1) / time.Second)), nil
}
