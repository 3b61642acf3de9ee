package stacks

import (
	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/vm"
)

// control are natives that look at continuations.
func control() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F1("suspendable-continuation?", func(c datum.Caller, tag datum.Value) (datum.Value, error) {
			return datum.Bool(c.(*vm.Machine).Suspendable(tag)), nil
		}),
		// (%resumable? k) is #f for what stands for the continuation of an abort
		// through a native.
		arg.Is("%resumable?", vm.Resumable),
	}
}
