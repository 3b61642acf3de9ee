package vm

import (
	"runtime/metrics"

	"fruix/interp/code"
	"fruix/interp/datum"
)

// poll looks at the context and the budgets; it is called every interval
// steps.
func (m *Machine) poll() error {
	m.steps += int64(max(m.interval, 1))
	select {
	case <-m.ctx.Done():
		return &Stopped{Cause: m.ctx.Err()}
	default:
	}
	if m.opts.MaxSteps > 0 && m.steps > m.opts.MaxSteps {
		return &Stopped{Cause: ErrSteps}
	}
	m.polls++
	if m.opts.MaxMemory > 0 && m.polls%8 == 0 {
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(s)
		if s[0].Value.Kind() == metrics.KindUint64 && s[0].Value.Uint64() > uint64(m.opts.MaxMemory) {
			return &Stopped{Cause: ErrMemory}
		}
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
		"call-with-prompt":               promptClosure,
		"abort-to-prompt":                abortClosure,
		"abort-to-prompt*":               abortListClosure,
		"%with-exception-handler":        withHandlerClosure,
		"%raise":                         raiseClosure,
	} {
		t[name] = code.New(c.Code, 0).Value()
	}
	return t
}
