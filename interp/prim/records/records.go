// Package records holds the natives for record types (Guile manual,
// "Records"). Constructors, predicates, accessors and modifiers are natives
// made at run time, so that they check types and name themselves in errors.
package records

import (
	"math/big"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

func recordType(who string, pos int, v datum.Value) (*datum.RecordType, error) {
	if !v.Is(datum.KRecordType) {
		return nil, datum.WrongTypeExpecting(who, pos, v, "record type")
	}
	return v.RecordType(), nil
}

// Table lists the natives; the types with a uid are known to those of one table.
func Table() []*datum.Primitive {
	named := byUID{}
	return []*datum.Primitive{
		arg.FN("make-record-type", 2, -1, named.make),
		arg.Is("record-type-descriptor?", func(v datum.Value) bool { return v.Is(datum.KRecordType) }),
		arg.Is("record-type?", func(v datum.Value) bool { return v.Is(datum.KRecordType) }),
		arg.Is("record?", func(v datum.Value) bool { return v.Is(datum.KRecord) }),
		arg.F1("record-type-descriptor", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.Is(datum.KRecord) {
				return datum.Unset, datum.WrongTypeExpecting("record-type-descriptor", 1, v, "record")
			}
			return v.Record().Type.Value(), nil
		}),
		part("record-type-name", func(t *datum.RecordType) datum.Value { return datum.Sym(t.Name) }),
		part("record-type-fields", func(t *datum.RecordType) datum.Value {
			out := make([]datum.Value, len(t.Fields))
			for i, f := range t.Fields {
				out[i] = f.Value()
			}
			return datum.List(out...)
		}),
		part("record-type-mutable-fields", func(t *datum.RecordType) datum.Value {
			mask := new(big.Int)
			for i, m := range t.Mutable {
				if m {
					mask.SetBit(mask, i, 1)
				}
			}
			return datum.Big(mask)
		}),
		part("record-type-parent", func(t *datum.RecordType) datum.Value {
			if t.Parent == nil {
				return datum.False
			}
			return t.Parent.Value()
		}),
		part("record-type-parents", func(t *datum.RecordType) datum.Value {
			var out []datum.Value
			for p := t.Parent; p != nil; p = p.Parent {
				out = append([]datum.Value{p.Value()}, out...)
			}
			return datum.NewVector(out)
		}),
		part("record-type-extensible?", func(t *datum.RecordType) datum.Value { return datum.Bool(!t.Sealed) }),
		part("record-type-opaque?", func(t *datum.RecordType) datum.Value { return datum.Bool(t.Opaque) }),
		part("record-type-uid", func(t *datum.RecordType) datum.Value {
			if t.UID == nil {
				return datum.False
			}
			return t.UID.Value()
		}),
		part("record-type-properties", func(t *datum.RecordType) datum.Value { return t.Properties }),
		part("record-type-printer", func(t *datum.RecordType) datum.Value { return t.Printer }),
		arg.F2("set-record-type-printer!", func(_ datum.Caller, v, p datum.Value) (datum.Value, error) {
			t, err := recordType("set-record-type-printer!", 1, v)
			if err == nil {
				t.Printer = p
			}
			return datum.Unspecified, err
		}),
		arg.FN("record-constructor", 1, 3, constructor),
		arg.FN("record-type-constructor", 1, 1, constructor),
		arg.FN("record-predicate", 1, 2, predicate),
		arg.FN("record-accessor", 2, 3, accessor), arg.FN("record-modifier", 2, 3, modifier),
		arg.FN("%record-updater", 2, 3, updater),
		arg.FN("%record", 1, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			t, err := recordType("%record", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			if len(args)-1 != len(t.Fields) {
				return datum.Unset, datum.Misc("%record", "record type ~A has ~A fields, not ~A",
					datum.NewString(t.Name), datum.Fix(int64(len(t.Fields))), datum.Fix(int64(len(args)-1)))
			}
			return datum.NewRecord(t, append([]datum.Value(nil), args[1:]...)), nil
		}),
		arg.F2("%record-ref", func(_ datum.Caller, r, k datum.Value) (datum.Value, error) {
			if !r.Is(datum.KRecord) {
				return datum.Unset, datum.WrongTypeExpecting("%record-ref", 1, r, "record")
			}
			i, err := arg.Index("%record-ref", 2, k, len(r.Record().Fields))
			if err != nil {
				return datum.Unset, err
			}
			return r.Record().Fields[i], nil
		}),
		arg.F3("%record-set!", func(_ datum.Caller, r, k, v datum.Value) (datum.Value, error) {
			if !r.Is(datum.KRecord) {
				return datum.Unset, datum.WrongTypeExpecting("%record-set!", 1, r, "record")
			}
			i, err := arg.Index("%record-set!", 2, k, len(r.Record().Fields))
			if err != nil {
				return datum.Unset, err
			}
			r.Record().Fields[i] = v
			return datum.Unspecified, nil
		}),
		arg.F2("%record-field-mutable?", func(_ datum.Caller, v, k datum.Value) (datum.Value, error) {
			t, err := recordType("%record-field-mutable?", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			i, err := arg.Index("%record-field-mutable?", 2, k, len(t.Fields))
			return datum.Bool(err == nil && t.Mutable[i]), err
		}),
		arg.F2("%record-is?", func(_ datum.Caller, r, t datum.Value) (datum.Value, error) {
			x, err := recordType("%record-is?", 2, t)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Bool(r.IsRecordOf(x)), nil
		}),
	}
}

func part(who string, f func(*datum.RecordType) datum.Value) *datum.Primitive {
	return arg.F1(who, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		t, err := recordType(who, 1, v)
		if err != nil {
			return datum.Unset, err
		}
		return f(t), nil
	})
}

// fieldIndex finds a field by name, those of the type itself before those of
// its parents, or by index.
func fieldIndex(who string, t *datum.RecordType, f datum.Value) (int, error) {
	if f.IsFix() {
		return arg.Index(who, 2, f, len(t.Fields))
	}
	for i := len(t.Fields) - 1; i >= 0; i-- {
		if t.Fields[i].Value() == f {
			return i, nil
		}
	}
	return 0, datum.Misc(who, "no such field in record type ~A: ~S", datum.NewString(t.Name), f)
}

func constructor(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	t, err := recordType("record-constructor", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	name := procName(args, 2, "make-"+trim(t.Name))
	n := len(t.Fields)
	_, declared := arg.Given(args, 2)
	names, partial := arg.Given(args, 1)
	if !partial && t.Make.IsProcedure() {
		return t.Make, nil
	}
	if !partial || names == datum.False {
		p := newPrimitive(name, n, func(vs []datum.Value) (datum.Value, error) {
			return datum.NewRecord(t, append([]datum.Value(nil), vs...)), nil
		})
		return declare(t, p, declared), nil
	}
	list, err := arg.List("record-constructor", 2, names)
	if err != nil {
		return datum.Unset, err
	}
	slots := make([]int, len(list))
	for i, f := range list {
		if slots[i], err = fieldIndex("record-constructor", t, f); err != nil {
			return datum.Unset, err
		}
	}
	p := newPrimitive(name, len(slots), func(vs []datum.Value) (datum.Value, error) {
		fields := make([]datum.Value, n)
		if len(slots) < n {
			for i := range fields {
				fields[i] = datum.False
			}
		}
		for i, s := range slots {
			fields[s] = vs[i]
		}
		return datum.NewRecord(t, fields), nil
	})
	return declare(t, p, declared), nil
}

// declare makes p the constructor that t is defined with, if it is declared.
func declare(t *datum.RecordType, p *datum.Primitive, declared bool) datum.Value {
	v := p.Value()
	if p.Declared = declared; declared {
		t.Make = v
	}
	return v
}

// trim takes the angle brackets from a type's name.
func trim(s string) string {
	if len(s) > 2 && s[0] == '<' && s[len(s)-1] == '>' {
		return s[1 : len(s)-1]
	}
	return s
}

// newPrimitive makes a native of exactly n arguments.
func newPrimitive(name string, n int, f func([]datum.Value) (datum.Value, error)) *datum.Primitive {
	p := &datum.Primitive{Name: name, Min: n, Max: n}
	switch n {
	case 0:
		p.F0 = func(datum.Caller) (datum.Value, error) { return f(nil) }
	case 1:
		p.F1 = func(_ datum.Caller, a datum.Value) (datum.Value, error) { return f([]datum.Value{a}) }
	case 2:
		p.F2 = func(_ datum.Caller, a, b datum.Value) (datum.Value, error) { return f([]datum.Value{a, b}) }
	case 3:
		p.F3 = func(_ datum.Caller, a, b, c datum.Value) (datum.Value, error) { return f([]datum.Value{a, b, c}) }
	default:
		p.FN = func(_ datum.Caller, vs []datum.Value) (datum.Value, error) { return f(vs) }
	}
	return p
}

func predicate(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	t, err := recordType("record-predicate", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	return arg.Is(procName(args, 1, trim(t.Name)+"?"), func(v datum.Value) bool { return v.IsRecordOf(t) }).Value(), nil
}

// procName is argument i, the name that the procedure is known by in the
// program, or def.
func procName(args []datum.Value, i int, def string) string {
	if v, ok := arg.Given(args, i); ok && v.IsSymbol() {
		return v.Symbol().Name
	}
	return def
}

func accessor(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	t, err := recordType("record-accessor", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	i, err := fieldIndex("record-accessor", t, args[1])
	if err != nil {
		return datum.Unset, err
	}
	name := procName(args, 2, trim(t.Name)+"-"+t.Fields[i].Name)
	return arg.F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		if v.Is(datum.KRecord) {
			if r := v.Record(); r.Type == t || v.IsRecordOf(t) {
				return r.Fields[i], nil
			}
		}
		return datum.Unset, datum.WrongTypeExpecting(name, 1, v, t.Name)
	}).Value(), nil
}

func modifier(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	t, err := recordType("record-modifier", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	i, err := fieldIndex("record-modifier", t, args[1])
	if err != nil {
		return datum.Unset, err
	}
	if !t.Mutable[i] {
		return datum.Unset, datum.Misc("record-modifier", "field is immutable: ~S", args[1])
	}
	name := procName(args, 2, "set-"+trim(t.Name)+"-"+t.Fields[i].Name+"!")
	return arg.F2(name, func(_ datum.Caller, v, x datum.Value) (datum.Value, error) {
		if !v.IsRecordOf(t) {
			return datum.Unset, datum.WrongTypeExpecting(name, 1, v, t.Name)
		}
		v.Record().Fields[i] = x
		return datum.Unspecified, nil
	}).Value(), nil
}

// updater makes the procedure that copies a record with another value in a field.
func updater(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	t, err := recordType("%record-updater", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	i, err := fieldIndex("%record-updater", t, args[1])
	if err != nil {
		return datum.Unset, err
	}
	name := procName(args, 2, "set-"+trim(t.Name)+"-"+t.Fields[i].Name)
	return arg.F2(name, func(_ datum.Caller, v, x datum.Value) (datum.Value, error) {
		if !v.IsRecordOf(t) {
			return datum.Unset, datum.WrongTypeExpecting(name, 1, v, t.Name)
		}
		r := v.Record()
		fields := append([]datum.Value(nil), r.Fields...)
		fields[i] = x
		return datum.NewRecord(r.Type, fields), nil
	}).Value(), nil
}
