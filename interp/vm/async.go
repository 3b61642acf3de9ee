package vm

import "fruix/interp/datum"

// notify ends what t waits for, see Block.
func (t *Thread) notify() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Mark asks t to call proc as soon as it can. It may be called by any goroutine.
func (t *Thread) Mark(proc datum.Value) {
	t.mu.Lock()
	t.asyncs = append(t.asyncs, proc)
	t.due.Store(true)
	t.mu.Unlock()
	t.notify()
}

// nextAsync takes the oldest async, Unset when there is none.
func (t *Thread) nextAsync() (datum.Value, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.asyncs) == 0 || t.blocked > 0 {
		return datum.Unset, nil
	}
	proc := t.asyncs[0]
	t.asyncs = t.asyncs[1:]
	t.due.Store(len(t.asyncs) > 0)
	return proc, nil
}

// pending reports whether asyncs shall be called now.
func (t *Thread) pending() bool { return t.due.Load() && t.blocked == 0 }

// runAsyncs is a procedure that calls the asyncs that are due.
func (t *Thread) runAsyncs() datum.Value { return Sequence(t.nextAsync) }

// BlockAsyncs changes by n how often the asyncs of the running thread are
// blocked, and returns what there is to be done before anything else, or nil.
func (m *Machine) BlockAsyncs(n int) error {
	m.thread.blocked = max(m.thread.blocked+n, 0)
	return m.Asyncs(datum.Unspecified)
}

// AsyncsBlocked is how often they are.
func (m *Machine) AsyncsBlocked() int { return m.thread.blocked }

// Asyncs is the detour over the asyncs that are due for a native that then
// returns v; nil when there are none.
func (m *Machine) Asyncs(v datum.Value) error {
	if m.thread.pending() {
		return &datum.Detour{Proc: m.thread.runAsyncs(), Result: v}
	}
	return nil
}

// Interrupted says why a native that waits must not go on waiting: the
// evaluation shall stop, or there are asyncs to be called, after which the native
// is called again. It is nil when there is no reason.
func (m *Machine) Interrupted() error {
	if err := m.stopping(); err != nil {
		return err
	}
	if m.thread.pending() {
		return &datum.Detour{Proc: m.thread.runAsyncs(), Again: true}
	}
	return nil
}

// Disturbed reports whether Interrupted has a reason to give.
func (m *Machine) Disturbed() bool {
	return m.ctx.Err() != nil || m.thread == m.world.main && m.world.stop != nil || m.thread.pending()
}
