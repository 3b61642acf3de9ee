package threads

import (
	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// box is an atomic box: natives run one at a time.
type box struct{ value datum.Value }

func boxes() []*datum.Primitive {
	boxOf := func(who string, v datum.Value) (*box, error) { return opaque[*box](who, 1, v, "atomic box") }
	return []*datum.Primitive{
		arg.F1("make-atomic-box", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			return datum.NewOpaque("atomic-box", &box{v}), nil
		}),
		isOpaque[*box]("atomic-box?"),
		arg.F1("atomic-box-ref", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			b, err := boxOf("atomic-box-ref", v)
			if err != nil {
				return datum.Unset, err
			}
			return b.value, nil
		}),
		arg.F2("atomic-box-set!", func(_ datum.Caller, v, x datum.Value) (datum.Value, error) {
			b, err := boxOf("atomic-box-set!", v)
			if err == nil {
				b.value = x
			}
			return datum.Unspecified, err
		}),
		arg.F2("atomic-box-swap!", func(_ datum.Caller, v, x datum.Value) (datum.Value, error) {
			b, err := boxOf("atomic-box-swap!", v)
			if err != nil {
				return datum.Unset, err
			}
			old := b.value
			b.value = x
			return old, nil
		}),
		// The value before tells whether the exchange took place.
		arg.F3("atomic-box-compare-and-swap!", func(_ datum.Caller, v, expected, desired datum.Value) (datum.Value, error) {
			b, err := boxOf("atomic-box-compare-and-swap!", v)
			if err != nil {
				return datum.Unset, err
			}
			old := b.value
			if old == expected {
				b.value = desired
			}
			return old, nil
		}),
	}
}
