package threads

import (
	"slices"
	"time"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/vm"
)

// mutex is a lock of the language. Natives run one at a time, so that its
// fields need no lock of Go's.
type mutex struct {
	owner     *vm.Thread
	level     int // how often it is locked
	recursive bool
	external  bool // any thread may unlock it
	waiters   waiters
}

// waiters are threads that wait for the same thing, the first to be woken
// first.
type waiters []chan struct{}

func (w *waiters) add() chan struct{} {
	ch := make(chan struct{})
	*w = append(*w, ch)
	return ch
}

// remove takes ch out and reports whether it was still waiting.
func (w *waiters) remove(ch chan struct{}) bool {
	if i := slices.Index(*w, ch); i >= 0 {
		*w = slices.Delete(*w, i, i+1)
		return true
	}
	return false
}

// wake wakes the first n.
func (w *waiters) wake(n int) {
	for range min(n, len(*w)) {
		close((*w)[0])
		*w = (*w)[1:]
	}
}

func mutexOf(who string, pos int, v datum.Value) (*mutex, error) {
	return opaque[*mutex](who, pos, v, "mutex")
}

func misc(who, message string, irritants ...datum.Value) error {
	return &datum.Error{Key: "misc-error", Who: who, Message: message, Irritants: irritants, Rest: datum.False, Payload: datum.Unset}
}

// take locks m for t when it is free.
func (m *mutex) take(t *vm.Thread) bool {
	if m.level > 0 && (m.owner != t || !m.recursive) {
		return false
	}
	m.owner = t
	m.level++
	return true
}

// drop unlocks m entirely and tells the next thread.
func (m *mutex) drop() {
	m.owner, m.level = nil, 0
	m.waiters.wake(1)
}

// lock is (lock-mutex mutex [deadline]).
func lock(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "lock-mutex"
	m, err := mutexOf(who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	limit := datum.False
	if len(args) > 1 {
		limit = args[1]
	}
	until, limited, err := deadline(who, 2, limit)
	if err != nil {
		return datum.Unset, err
	}
	self := machine(c).Thread()
	for {
		switch {
		case m.take(self):
			return datum.True, nil
		case limited && !time.Now().Before(until):
			return datum.False, nil
		case m.owner == self && !m.external && !limited:
			return datum.Unset, misc(who, "mutex already locked by thread")
		}
		if err := machine(c).Interrupted(); err != nil {
			return datum.Unset, err
		}
		turn := m.waiters.add()
		awaiting(c, turn, until, limited)
		m.waiters.remove(turn)
	}
}

func unlock(c datum.Caller, v datum.Value) (datum.Value, error) {
	const who = "unlock-mutex"
	m, err := mutexOf(who, 1, v)
	if err != nil {
		return datum.Unset, err
	}
	switch {
	case m.level == 0:
		return datum.Unset, misc(who, "mutex not locked")
	case m.owner != machine(c).Thread() && !m.external:
		return datum.Unset, misc(who, "mutex not locked by current thread")
	case m.level > 1:
		m.level--
	default:
		m.drop()
	}
	return datum.True, nil
}

func mutexes() []*datum.Primitive {
	part := func(name string, f func(m *mutex) datum.Value) *datum.Primitive {
		return arg.F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			m, err := mutexOf(name, 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return f(m), nil
		})
	}
	return []*datum.Primitive{
		arg.FN("make-mutex", 0, 1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			m := &mutex{}
			if v, ok := arg.Given(args, 0); ok {
				switch {
				case v == datum.Sym("recursive"):
					m.recursive = true
				case v == datum.Sym("allow-external-unlock"):
					m.external = true
				case v.IsSymbol():
					return datum.Unset, misc("make-mutex", "unsupported mutex kind ~A", v)
				default:
					return datum.Unset, datum.WrongTypeExpecting("make-mutex", 1, v, "symbol")
				}
			}
			return datum.NewOpaque("mutex", m), nil
		}),
		arg.F0("make-recursive-mutex", func(datum.Caller) (datum.Value, error) {
			return datum.NewOpaque("mutex", &mutex{recursive: true}), nil
		}),
		isOpaque[*mutex]("mutex?"),
		arg.FN("lock-mutex", 1, 2, lock),
		arg.F1("unlock-mutex", unlock),
		part("mutex-owner", func(m *mutex) datum.Value {
			if m.owner == nil || m.external {
				return datum.False
			}
			return valueOf(m.owner).value
		}),
		part("mutex-level", func(m *mutex) datum.Value { return datum.Fix(int64(m.level)) }),
		part("mutex-locked?", func(m *mutex) datum.Value { return datum.Bool(m.level > 0) }),
	}
}
