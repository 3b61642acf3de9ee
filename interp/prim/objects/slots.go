package objects

import (
	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

func unboundSlots(n int) []datum.Value {
	out := make([]datum.Value, n)
	for i := range out {
		out[i] = datum.SlotUnbound
	}
	return out
}

// fields are the slots of an object, and its type. Types are objects, too.
func fields(v datum.Value) (*datum.RecordType, []datum.Value) {
	switch v.Kind() {
	case datum.KRecord:
		r := v.Record()
		return r.Type, r.Fields
	case datum.KRecordType:
		t := v.RecordType()
		return t.Meta, t.Slots
	}
	return nil, nil
}

// place finds an instance slot by name; nil when the class has no such slot
// in its instances, or when v bears an old definition.
func place(v, name datum.Value) *datum.Value {
	t, fs := fields(v)
	if t == nil || t.Class == nil || !name.IsSymbol() {
		return nil
	}
	i, ok := t.Class.Places[name.Symbol()]
	if !ok || i >= len(fs) {
		return nil
	}
	if e := t.Class.Epoch; e != nil && v.Is(datum.KRecord) && !bears(v.Record(), e) {
		return nil
	}
	return &fs[i]
}

func (s *System) slots() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F0("%unbound", func(datum.Caller) (datum.Value, error) { return datum.SlotUnbound, nil }),
		// (%slot-ref object name) is the value of an instance slot; the unbound
		// value says that there is more to it.
		arg.F2("%slot-ref", func(_ datum.Caller, v, name datum.Value) (datum.Value, error) {
			if p := place(v, name); p != nil {
				return *p, nil
			}
			return datum.SlotUnbound, nil
		}),
		// (%slot-set! object name value) tells whether there is such a slot.
		arg.F3("%slot-set!", func(_ datum.Caller, v, name, x datum.Value) (datum.Value, error) {
			p := place(v, name)
			if p == nil {
				return datum.False, nil
			}
			*p = x
			return datum.True, nil
		}),
		arg.F2("%instance-ref", func(_ datum.Caller, v, i datum.Value) (datum.Value, error) {
			_, fs := fields(v)
			at, err := arg.Index("%instance-ref", 2, i, len(fs))
			if err != nil {
				return datum.Unset, err
			}
			return fs[at], nil
		}),
		arg.F3("%instance-set!", func(_ datum.Caller, v, i, x datum.Value) (datum.Value, error) {
			_, fs := fields(v)
			at, err := arg.Index("%instance-set!", 2, i, len(fs))
			if err != nil {
				return datum.Unset, err
			}
			fs[at] = x
			return datum.Unspecified, nil
		}),
		// (%allocate class) is an instance without values.
		arg.F1("%allocate", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			t, err := typeArg("allocate-instance", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			if t.Class == nil || !t.Class.Own {
				return datum.Unset, datum.Misc("allocate-instance", "no class of GOOPS: ~S", v)
			}
			return allocate(t), nil
		}),
		arg.F1("%copy-instance", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			t, fs := fields(v)
			if t == nil || !v.Is(datum.KRecord) {
				return datum.Unset, datum.WrongTypeExpecting("shallow-clone", 1, v, "object")
			}
			return datum.NewRecord(t, append([]datum.Value(nil), fs...)), nil
		}),
		// (%become! a b) exchanges class and slots of two instances.
		arg.F2("%become!", func(_ datum.Caller, a, b datum.Value) (datum.Value, error) {
			for i, v := range []datum.Value{a, b} {
				if !v.Is(datum.KRecord) {
					return datum.Unset, datum.WrongTypeExpecting("change-class", i+1, v, "object")
				}
			}
			x, y := a.Record(), b.Record()
			*x, *y = *y, *x
			return datum.Unspecified, nil
		}),
		// (%outdated object) makes an instance that bears an old definition one
		// of the class that holds it, and gives its class proper; #f when the
		// instance is up to date.
		arg.F1("%outdated", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.Is(datum.KRecord) {
				return datum.False, nil
			}
			r := v.Record()
			t := r.Type
			if t.Class == nil || t.Class.Epoch == nil || bears(r, t.Class.Epoch) {
				return datum.False, nil
			}
			r.Type = r.Fields[len(r.Fields)-1].Opaque().Go.(*datum.Epoch).Type
			return t.Value(), nil
		}),
	}
}

func allocate(t *datum.RecordType) datum.Value {
	c := t.Class
	if c.Metaclass {
		return (&datum.RecordType{Meta: t, Slots: unboundSlots(c.Size), Printer: datum.False, Properties: datum.Null, Sealed: true}).Value()
	}
	if c.Epoch == nil {
		return datum.NewRecord(t, unboundSlots(c.Size))
	}
	fs := unboundSlots(c.Size + 1)
	fs[c.Size] = datum.NewOpaque("epoch", c.Epoch)
	return datum.NewRecord(t, fs)
}
