package interp

import (
	"context"
	"os"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/state"
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
		e.modules.Current, e.ctx, e.depth, e.machine, e.modules.Journal = current, child.Context(), 1, child, nil
		fresh()
	}
}

// Idle lets the threads of programs run while wait waits, for input of a
// dialogue for example. They stand still otherwise while nothing is evaluated.
// wait must not use the engine, but it may call hold with a function that does.
func (e *Engine) Idle(wait func(hold func(use func()))) { e.machine.Idle(wait) }

// Go runs f in a thread of the language, in which f may use the engine; other
// threads run while f waits in Idle, and take turns with its evaluations. ports
// are the thread's current ports. The context ends with Close.
func (e *Engine) Go(ports Ports, f func(ctx context.Context)) {
	st := e.ext[state.Key].(*state.State)
	fluids := []datum.Value{st.In.Value(), st.Out.Value(), st.Err.Value(), st.Warning.Value()}
	values := []datum.Value{ports.In, ports.Out, ports.Err, ports.Err}
	body := native("thread", 0, 0, func(c datum.Caller, _ []datum.Value) (datum.Value, error) {
		f(c.Context())
		return datum.Unspecified, nil
	}).Value()
	e.machine.Spawn(native("thread", 0, 0, func(c datum.Caller, _ []datum.Value) (datum.Value, error) {
		with, err := e.moduleRef(e.modules.Guile, datum.Intern("with-fluids*"))
		if err != nil {
			return with, err
		}
		return e.machine.Run(c.Context(), with, datum.List(fluids...), datum.List(values...), body)
	}).Value())
}

// Ports are the current ports of a thread.
type Ports struct{ In, Out, Err datum.Value }

// FilePorts makes ports of a file that both reads and writes, such as a socket.
// Closing them closes the file.
func FilePorts(file *os.File, name string) Ports {
	p := port.NewFile(port.FileFD(file), name, true, true)
	p.Buffering = port.Line
	return Ports{p.Value(), p.Value(), p.Value()}
}

// Close ends the threads of programs and keeps what was compiled of the library
// in the cache. The engine can be used on.
func (e *Engine) Close() {
	e.machine.Close()
	if e.cache != nil {
		e.cache.save()
	}
}
