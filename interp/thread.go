package interp

import (
	"fruix/interp/vm"
)

// suspend puts away what belongs to the thread under way, because another is
// about to run; the result brings it back.
func (e *Engine) suspend() (resume func()) {
	current, ctx, depth, machine := e.modules.Current, e.ctx, e.depth, e.machine
	expansion, recording := e.expander.Suspend(), e.cache.suspend()
	return func() {
		e.modules.Current, e.ctx, e.depth, e.machine = current, ctx, depth, machine
		expansion()
		recording()
	}
}

// fork is suspend for a new thread, which begins in the current module.
func (e *Engine) fork(child *vm.Machine) (resume func()) {
	current := e.modules.Current
	expansion := e.expander.Suspend()
	fresh := e.expander.Suspend()
	expansion()
	return func() {
		e.modules.Current, e.ctx, e.depth, e.machine = current, child.Context(), 1, child
		fresh()
	}
}

// Idle lets the threads of programs run while wait waits, for input of a
// dialogue for example. They stand still otherwise while nothing is evaluated.
func (e *Engine) Idle(wait func()) { e.machine.Idle(wait) }

// Close ends the threads of programs and keeps what was compiled of the library
// in the cache. The engine can be used on.
func (e *Engine) Close() {
	e.machine.Close()
	if e.cache != nil {
		e.cache.save()
	}
}
