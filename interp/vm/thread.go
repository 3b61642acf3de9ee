package vm

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"weak"

	"fruix/interp/datum"
)

// world is what the machines of one engine share. Each thread has a machine and
// a goroutine of its own, but they take turns: a thread runs while it holds the
// baton, which it hands on when it waits for something, or when others have
// waited for long enough. The first thread holds it, too, while the engine's
// caller is not evaluating anything, so that data is never seen half changed.
type world struct {
	mu      sync.Mutex
	queue   []chan struct{} // threads that want the baton; it is nobody's when free
	free    bool
	waiting atomic.Int32 // the length of queue

	// The rest belongs to the thread that holds the baton.
	main    *Thread
	threads []*Thread // that have not ended, the oldest first
	fluids  []weak.Pointer[datum.Fluid]
	steps   int64
	polls   int
	stop    error // why the evaluation under way must end
}

// acquire waits for the baton; first goes before others.
func (w *world) acquire(first bool) {
	w.mu.Lock()
	if w.free {
		w.free = false
		w.mu.Unlock()
		return
	}
	turn := make(chan struct{})
	if first {
		w.queue = slices.Insert(w.queue, 0, turn)
	} else {
		w.queue = append(w.queue, turn)
	}
	w.waiting.Store(int32(len(w.queue)))
	w.mu.Unlock()
	<-turn
}

// release hands the baton to the next thread.
func (w *world) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 {
		w.free = true
		return
	}
	close(w.queue[0])
	w.queue = slices.Delete(w.queue, 0, 1)
	w.waiting.Store(int32(len(w.queue)))
}

// Thread is a thread of the language.
type Thread struct {
	// Data is for the package that offers threads to programs.
	Data any

	m      *Machine
	cancel context.CancelFunc
	done   chan struct{}
	result datum.Value
	err    error

	mu      sync.Mutex // asyncs come from anywhere
	asyncs  []datum.Value
	due     atomic.Bool // there are some
	blocked int         // calls of call-with-blocked-asyncs under way
	wake    chan struct{}
}

func newThread(m *Machine) *Thread {
	return &Thread{m: m, done: make(chan struct{}), wake: make(chan struct{}, 1), result: datum.Unspecified}
}

// Thread is the thread that m runs.
func (m *Machine) Thread() *Thread { return m.thread }

// Main reports whether t is the first thread.
func (t *Thread) Main() bool { return t == t.m.world.main }

// Threads lists the threads that have not ended.
func (m *Machine) Threads() []*Thread { return slices.Clone(m.world.threads) }

// Done is closed when the thread has ended.
func (t *Thread) Done() <-chan struct{} { return t.done }

// Ended reports whether the thread has ended.
func (t *Thread) Ended() bool {
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}

// Result is what the thread's procedure returned.
func (t *Thread) Result() (datum.Value, error) { return t.result, t.err }

// Spawn starts a thread that calls proc, in a dynamic state like the current.
func (m *Machine) Spawn(proc datum.Value) *Thread {
	child := newMachine(m.opts, m.hooks)
	child.world, child.locals = m.world, fluidCells{}
	t := newThread(child)
	child.thread = t
	child.ctx, t.cancel = context.WithCancel(context.Background())
	child.push(&dyn{kind: dynState, table: m.DynamicState().cells()})
	resume := func() {}
	if m.hooks.Fork != nil {
		resume = m.hooks.Fork(child)
	}
	m.world.threads = append(m.world.threads, t)
	go t.run(proc, resume)
	return t
}

func (t *Thread) run(proc datum.Value, resume func()) {
	w := t.m.world
	w.acquire(false)
	resume()
	defer func() {
		w.threads = slices.DeleteFunc(w.threads, func(x *Thread) bool { return x == t })
		t.cancel()
		close(t.done)
		w.release()
	}()
	t.result, t.err = t.m.nested(proc, nil)
}

// Block calls f, which waits for something, while other threads run. f returns
// at the latest soon after wake can be read: then there are asyncs to be run,
// or the evaluation shall stop; the native looks at Interrupted. f must not touch
// data of the language.
func (m *Machine) Block(f func(wake <-chan struct{})) {
	resume := func() {}
	if m.hooks.Suspend != nil {
		resume = m.hooks.Suspend()
	}
	first := m.thread == m.world.main
	m.world.release()
	defer func() {
		m.world.acquire(first)
		resume()
	}()
	f(m.thread.wake)
}

// Yield lets the threads that wait for their turn run.
func (m *Machine) Yield() {
	if m.world.waiting.Load() > 0 {
		m.Block(func(<-chan struct{}) {})
	}
}

// Idle lets other threads run while f waits, for the engine's caller. When f
// needs data of the language it calls hold with a function that looks at it.
func (m *Machine) Idle(f func(hold func(look func()))) {
	resume := func() {}
	suspend := func() {
		if m.hooks.Suspend != nil {
			resume = m.hooks.Suspend()
		}
	}
	suspend()
	first := m.thread == m.world.main
	m.world.release()
	defer func() {
		m.world.acquire(first)
		resume()
	}()
	f(func(look func()) {
		m.world.acquire(first)
		resume()
		defer func() {
			suspend()
			m.world.release()
		}()
		look()
	})
}

// Close ends all threads but the first.
func (m *Machine) Close() {
	for _, t := range m.Threads() {
		if !t.Main() {
			t.cancel()
			t.notify()
			m.Block(func(<-chan struct{}) { <-t.done })
		}
	}
}
