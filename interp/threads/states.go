package threads

import (
	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/vm"
)

// states are the natives of dynamic states; with-dynamic-state belongs to the
// machine.
func states() []*datum.Primitive {
	return []*datum.Primitive{
		// (fluid-ref* fluid depth) looks depth bindings further out.
		arg.F2("fluid-ref*", func(c datum.Caller, v, depth datum.Value) (datum.Value, error) {
			if !v.Is(datum.KFluid) {
				return datum.Unset, datum.WrongTypeExpecting("fluid-ref*", 1, v, "fluid")
			}
			n, err := arg.Count("fluid-ref*", 2, depth)
			if err != nil {
				return datum.Unset, err
			}
			x := machine(c).FluidAt(v.Fluid(), int64(n))
			if x == datum.Unset {
				return datum.Unset, &datum.Error{Key: "unbound-fluid", Who: "fluid-ref*", Message: "Unbound fluid: ~S",
					Irritants: []datum.Value{v}, Rest: datum.False, Payload: datum.Unset}
			}
			return x, nil
		}),
		arg.F0("current-dynamic-state", func(c datum.Caller) (datum.Value, error) {
			return machine(c).DynamicState().Value(), nil
		}),
		arg.Is("dynamic-state?", func(v datum.Value) bool { return vm.DynamicStateOf(v) != nil }),
		arg.F1("set-current-dynamic-state", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			s := vm.DynamicStateOf(v)
			if s == nil {
				return datum.Unset, datum.WrongTypeExpecting("set-current-dynamic-state", 1, v, "dynamic state")
			}
			m := machine(c)
			before := m.DynamicState().Value()
			m.SetDynamicState(s)
			return before, nil
		}),
	}
}
