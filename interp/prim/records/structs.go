package records

import (
	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// Structs lists the natives of Guile's structures (Guile manual,
// "Structures"): records seen without their type, slots by number.
func Structs() []*datum.Primitive {
	return []*datum.Primitive{
		arg.Is("struct?", func(v datum.Value) bool { return v.Is(datum.KRecord) || v.Is(datum.KRecordType) }),
		arg.Is("struct-vtable?", func(v datum.Value) bool { return v.Is(datum.KRecordType) }),
		arg.F1("struct-vtable", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.Is(datum.KRecord) {
				return datum.Unset, datum.WrongTypeExpecting("struct-vtable", 1, v, "struct")
			}
			return v.Record().Type.Value(), nil
		}),
		arg.F1("struct-vtable-name", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			t, err := recordType("struct-vtable-name", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Sym(t.Name), nil
		}),
		arg.F2("struct-ref", func(_ datum.Caller, v, i datum.Value) (datum.Value, error) {
			slot, err := slotOf("struct-ref", v, i)
			if err != nil {
				return datum.Unset, err
			}
			return *slot, nil
		}),
		arg.F3("struct-set!", func(_ datum.Caller, v, i, x datum.Value) (datum.Value, error) {
			slot, err := slotOf("struct-set!", v, i)
			if err != nil {
				return datum.Unset, err
			}
			*slot = x
			return x, nil
		}),
	}
}

func slotOf(who string, v, i datum.Value) (*datum.Value, error) {
	if !v.Is(datum.KRecord) {
		return nil, datum.WrongTypeExpecting(who, 1, v, "struct")
	}
	if !i.IsFix() {
		return nil, datum.WrongTypeExpecting(who, 2, i, "integer")
	}
	fields := v.Record().Fields
	if n := i.Fix(); n < 0 || n >= int64(len(fields)) {
		return nil, datum.OutOfRange(who, 2, i)
	}
	return &fields[i.Fix()], nil
}
