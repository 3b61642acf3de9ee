package vm

import (
	"fruix/interp/code"
	"fruix/interp/datum"
)

// poll looks at the context and the budgets, and lets other threads run; it is
// called every interval steps.
func (m *Machine) poll() error {
	w := m.world
	w.steps += int64(max(m.interval, 1))
	if err := m.stopping(); err != nil {
		return err
	}
	if w.waiting.Load() > 0 && (m.hooks.Busy == nil || !m.hooks.Busy()) {
		m.Yield()
	}
	return nil
}

// stopping says why the evaluation has to stop, if it does. Threads other than
// the first, whose caller waits for an answer, pause instead.
func (m *Machine) stopping() error {
	w := m.world
	if w.stop == nil {
		w.stop = w.overdrawn(m.opts)
	}
	if m.thread != w.main {
		if err := m.ctx.Err(); err != nil {
			return &Stopped{Cause: err}
		}
		if w.stop != nil || w.main.m.ctx.Err() != nil {
			w.main.notify()
			m.Yield()
		}
		return nil
	}
	if err := m.ctx.Err(); err != nil {
		return &Stopped{Cause: err}
	}
	if w.stop != nil {
		return &Stopped{Cause: w.stop}
	}
	return nil
}

// overdrawn looks at the budgets.
func (w *world) overdrawn(opts Options) error {
	if opts.MaxSteps > 0 && w.steps > opts.MaxSteps {
		return ErrSteps
	}
	w.polls++
	if opts.MaxMemory > 0 && w.polls%8 == 0 && overheap(opts.MaxMemory, 0) {
		return ErrMemory
	}
	return nil
}

// Procedures returns the procedures of the base module that need the machine,
// by name. Each call makes fresh ones.
func (m *Machine) Procedures() map[string]datum.Value {
	t := map[string]datum.Value{}
	for name, c := range map[string]*code.Closure{
		"apply":                          applyClosure,
		"values":                         valuesClosure,
		"call-with-values":               callWithValuesClosure,
		"call/cc":                        callccClosure,
		"call-with-current-continuation": callccClosure,
		"dynamic-wind":                   dynamicWindClosure,
		"with-fluid*":                    withFluidClosure,
		"with-fluids*":                   withFluidsClosure,
		"%with-barrier":                  withBarrierClosure,
		"%call-with-stack-limit":         withLimitClosure,
		"%gc":                            collectClosure,
		"make-stack":                     makeStackClosure,
		"with-dynamic-state":             withStateClosure,
		"call-with-prompt":               promptClosure,
		"abort-to-prompt":                abortClosure,
		"abort-to-prompt*":               abortListClosure,
		"%with-exception-handler":        withHandlerClosure,
		"%with-unwinding-handler":        withUnwinderClosure,
		"%with-new-epoch":                withEpochClosure,
		"%raise":                         raiseClosure,
	} {
		t[name] = code.New(c.Code, 0).Value()
	}
	return t
}
