package records

import (
	"strings"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
)

// standardFields is the layout of a vtable seen as a structure: layout, flags,
// finalizer, printer, name, size, and two that are reserved. What a vtable of
// vtables adds comes behind them.
const standardFields = "pwuhuhpwphuhuhuh"

// The fields of a vtable.
const (
	vtableLayout  = 0
	vtablePrinter = 3
	vtableName    = 4
	vtableSize    = 5
	vtableUser    = len(standardFields) / 2
)

// The fields of a record type made by make-record-type that follow them.
const (
	recordTypeName   = 8
	recordTypeFields = 9
)

// ownFields counts the fields of t, seen as a structure, that its Slots do not
// hold.
func ownFields(t *datum.RecordType) int64 {
	if t.Meta == nil {
		return recordTypeFields + 1
	}
	return int64(vtableUser)
}

// towers are the types at the ends of the chain of struct-vtable.
type towers struct {
	standard, applicable, setter *datum.RecordType
}

func newTowers() *towers {
	make := func(name string) *datum.RecordType {
		return &datum.RecordType{Name: name, Layout: standardFields, Printer: datum.False, Properties: datum.Null}
	}
	t := &towers{make("<standard-vtable>"), make("<applicable-struct-vtable>"), make("<applicable-struct-with-setter-vtable>")}
	t.standard.Meta, t.applicable.Meta, t.setter.Meta = t.standard, t.standard, t.standard
	return t
}

// Structs lists the natives of Guile's structures (Guile manual,
// "Structures"): records seen without their type, slots by number. Their types,
// vtables, are record types that lie in structures themselves.
func Structs() []*datum.Primitive {
	t := newTowers()
	constant := func(name string, v datum.Value) *datum.Primitive {
		return arg.F0(name, func(datum.Caller) (datum.Value, error) { return v, nil })
	}
	return []*datum.Primitive{
		constant("%standard-vtable", t.standard.Value()), constant("%applicable-struct-vtable", t.applicable.Value()),
		constant("%applicable-struct-with-setter-vtable", t.setter.Value()),
		constant("%standard-vtable-fields", datum.NewString(standardFields)),
		arg.Is("struct?", func(v datum.Value) bool { return v.Is(datum.KRecord) || v.Is(datum.KRecordType) }),
		arg.Is("struct-vtable?", func(v datum.Value) bool { return v.Is(datum.KRecordType) }),
		arg.F1("struct-vtable", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			switch {
			case v.Is(datum.KRecord):
				return v.Record().Type.Value(), nil
			case v.Is(datum.KRecordType) && v.RecordType().Meta != nil:
				return v.RecordType().Meta.Value(), nil
			case v.Is(datum.KRecordType):
				return t.standard.Value(), nil
			}
			return datum.Unset, datum.WrongTypeExpecting("struct-vtable", 1, v, "struct")
		}),
		arg.F1("struct-vtable-name", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			x, err := recordType("struct-vtable-name", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return nameOf(x), nil
		}),
		arg.F2("set-struct-vtable-name!", func(_ datum.Caller, v, name datum.Value) (datum.Value, error) {
			x, err := recordType("set-struct-vtable-name!", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			s, err := arg.Sym("set-struct-vtable-name!", 2, name)
			if err == nil {
				x.Name = s.Name
			}
			return datum.Unspecified, err
		}),
		arg.F1("make-struct-layout", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := layoutOf("make-struct-layout", 1, v)
			return datum.Sym(s), err
		}),
		arg.FN("make-vtable", 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			s, err := layoutOf("make-vtable", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			x := t.vtable(t.standard, s)
			if p, ok := arg.Given(args, 1); ok {
				x.Printer = p
			}
			return x.Value(), nil
		}),
		arg.FN("make-struct/no-tail", 1, -1, t.makeStruct),
		arg.F2("struct-ref", structRef), arg.F2("struct-ref/unboxed", structRef),
		arg.F3("struct-set!", structSet), arg.F3("struct-set!/unboxed", structSet),
	}
}

func nameOf(t *datum.RecordType) datum.Value {
	if t.Name == "" {
		return datum.False
	}
	return datum.Sym(t.Name)
}

// layoutOf checks a layout, a string or a symbol of pairs of letters: p or u
// for what a field holds, w, r or h for how it may be used.
func layoutOf(who string, pos int, v datum.Value) (string, error) {
	var s string
	switch {
	case v.IsString():
		s = v.Str().Go()
	case v.IsSymbol():
		s = v.Symbol().Name
	default:
		return "", datum.WrongTypeExpecting(who, pos, v, "layout string")
	}
	if len(s)%2 != 0 {
		return "", datum.Misc(who, "odd length field specification: ~S", v)
	}
	for i := 0; i < len(s); i += 2 {
		if strings.IndexByte("pu", s[i]) < 0 || strings.IndexByte("wrh", s[i+1]) < 0 {
			return "", datum.Misc(who, "unrecognized field type: ~S", datum.NewString(s[i:i+2]))
		}
	}
	return s, nil
}

// vtable makes a type whose own type is meta.
func (t *towers) vtable(meta *datum.RecordType, layout string) *datum.RecordType {
	return &datum.RecordType{Meta: meta, Layout: layout, Printer: datum.False, Properties: datum.Null,
		Applicable: meta == t.applicable || meta == t.setter}
}

// makeStruct is (make-struct/no-tail vtable init ...). Hidden fields take no
// initial value.
func (t *towers) makeStruct(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "make-struct/no-tail"
	vt, err := recordType(who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	layout := vt.Layout
	if layout == "" && vt.Class == nil {
		layout = strings.Repeat("pw", len(vt.Fields))
	}
	fields := make([]datum.Value, 0, len(layout)/2)
	rest := args[1:]
	for i := 0; i < len(layout); i += 2 {
		v := datum.False
		if layout[i] == 'u' {
			v = datum.Fix(0)
		}
		if layout[i+1] != 'h' && len(rest) > 0 {
			v, rest = rest[0], rest[1:]
			if layout[i] == 'u' && !num.IsExactInteger(v) {
				return datum.Unset, datum.WrongTypeExpecting(who, len(args)-len(rest), v, "exact integer")
			}
		}
		fields = append(fields, v)
	}
	if !strings.HasPrefix(layout, standardFields) {
		return datum.NewRecord(vt, fields), nil
	}
	s, err := layoutOf(who, 2, fields[vtableLayout])
	if err != nil {
		return datum.Unset, err
	}
	x := t.vtable(vt, s)
	x.Printer, x.Slots = fields[vtablePrinter], fields[vtableUser:]
	return x.Value(), nil
}

func structRef(_ datum.Caller, v, i datum.Value) (datum.Value, error) {
	if v.Is(datum.KRecordType) && i.IsFix() && i.Fix() >= 0 && i.Fix() < ownFields(v.RecordType()) {
		t := v.RecordType()
		switch i.Fix() {
		case vtableLayout:
			return datum.Sym(t.Layout), nil
		case vtablePrinter:
			return t.Printer, nil
		case vtableName, recordTypeName:
			return nameOf(t), nil
		case recordTypeFields:
			names := make([]datum.Value, len(t.Fields))
			for i, f := range t.Fields {
				names[i] = f.Value()
			}
			return datum.List(names...), nil
		case vtableSize:
			return datum.Fix(int64(max(len(t.Layout)/2, len(t.Fields)))), nil
		}
		return datum.Fix(0), nil
	}
	slot, err := slotOf("struct-ref", v, i)
	if err != nil {
		return datum.Unset, err
	}
	return *slot, nil
}

func structSet(_ datum.Caller, v, i, x datum.Value) (datum.Value, error) {
	const who = "struct-set!"
	if v.Is(datum.KRecordType) && i.IsFix() && i.Fix() >= 0 && i.Fix() < ownFields(v.RecordType()) {
		switch t := v.RecordType(); i.Fix() {
		case vtablePrinter:
			t.Printer = x
		case vtableName, recordTypeName:
			if !x.IsSymbol() {
				return datum.Unset, datum.WrongTypeExpecting(who, 3, x, "symbol")
			}
			t.Name = x.Symbol().Name
		default:
			return datum.Unset, datum.Misc(who, "this field of a vtable may not be set: ~S", i)
		}
		return x, nil
	}
	slot, err := slotOf(who, v, i)
	if err != nil {
		return datum.Unset, err
	}
	*slot = x
	return x, nil
}

func slotOf(who string, v, i datum.Value) (*datum.Value, error) {
	var fields []datum.Value
	first := int64(0)
	switch {
	case v.Is(datum.KRecord):
		fields = v.Record().Fields
	case v.Is(datum.KRecordType):
		fields, first = v.RecordType().Slots, int64(vtableUser)
	default:
		return nil, datum.WrongTypeExpecting(who, 1, v, "struct")
	}
	if !i.IsFix() {
		return nil, datum.WrongTypeExpecting(who, 2, i, "integer")
	}
	n := i.Fix() - first
	if n < 0 || n >= int64(len(fields)) {
		return nil, datum.OutOfRange(who, 2, i)
	}
	return &fields[n], nil
}
