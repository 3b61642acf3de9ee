// Package objects holds what GOOPS, Guile's object system (Guile manual,
// "GOOPS"), needs from the machine: classes of all values, slots by name,
// generic functions that find their method by the classes of the arguments, and
// natives that methods extend. The rest is Scheme, in stdlib/oop.
package objects

import (
	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
)

// Module is where the natives are found.
const Module = "(fruix native objects)"

// System is the object system of one engine.
type System struct {
	// builtin are the classes of values that are no records, by name.
	builtin map[string]*datum.RecordType
	// kinds caches builtin for the kinds that have one class.
	kinds [256]*datum.RecordType
	// generics extend natives, by the natives' names.
	generics map[string]datum.Value
	// writers are the generic functions write and display.
	write, display datum.Value
}

// New makes an object system that knows no class yet.
func New() *System {
	return &System{builtin: map[string]*datum.RecordType{}, generics: map[string]datum.Value{},
		write: datum.False, display: datum.False}
}

// Generic returns the generic function that extends a native.
func (s *System) Generic(name string) (datum.Value, bool) {
	v, ok := s.generics[name]
	return v, ok
}

// Table lists the natives.
func (s *System) Table() []*datum.Primitive {
	t := append(s.classes(), s.slots()...)
	t = append(t, selectors(s)...)
	return append(t, s.extensions()...)
}

var kindClasses = [...]string{
	datum.KFixnum: "<integer>", datum.KBignum: "<integer>", datum.KFlonum: "<real>", datum.KRatnum: "<fraction>",
	datum.KCompnum: "<complex>", datum.KChar: "<char>", datum.KPair: "<pair>", datum.KSymbol: "<symbol>",
	datum.KKeyword: "<keyword>", datum.KString: "<string>", datum.KVector: "<vector>", datum.KClosure: "<procedure>",
	datum.KContinuation: "<procedure>", datum.KParameter: "<procedure>", datum.KBox: "<box>", datum.KVariable: "<variable>",
	datum.KHashTable: "<hashtable>", datum.KPromise: "<promise>", datum.KModule: "<module>", datum.KSyntax: "<syntax>",
	datum.KMacro: "<macro>", datum.KFluid: "<fluid>", datum.KPromptTag: "<prompt-tag>", datum.KCharSet: "<character-set>",
	datum.KArray: "<array>", datum.KBitvector: "<bitvector>", datum.KRegexp: "<regexp>",
}

// className names the class of a value that is neither a record nor a type.
func className(v datum.Value) string {
	switch v.Kind() {
	case datum.KConstant:
		switch v {
		case datum.True, datum.False, datum.Nil:
			return "<boolean>"
		case datum.Null:
			return "<null>"
		}
		return "<unknown>"
	case datum.KPrimitive:
		if extensible[v.Primitive().Name] {
			return "<primitive-generic>"
		}
		return "<procedure>"
	case datum.KBytevector:
		if v.Bytevector().Elem != "" {
			return "<uvec>"
		}
		return "<bytevector>"
	case datum.KPort:
		return portClass(port.Of(v))
	case datum.KOpaque:
		return "<" + v.Opaque().Type + ">"
	}
	if k := int(v.Kind()); k < len(kindClasses) && kindClasses[k] != "" {
		return kindClasses[k]
	}
	return "<unknown>"
}

func portClass(p *port.Port) string {
	kind := "port>"
	switch {
	case p.Input() && p.Output():
		kind = "input-output-port>"
	case p.Input():
		kind = "input-port>"
	case p.Output():
		kind = "output-port>"
	}
	if p.File != nil {
		return "<file-" + kind
	}
	return "<" + kind
}

// classOf is the class of a value, nil when GOOPS has not yet been asked about
// its type, or when its class has been redefined since it was made.
func (s *System) classOf(v datum.Value) *datum.RecordType {
	var t *datum.RecordType
	switch k := v.Kind(); k {
	case datum.KRecord:
		r := v.Record()
		if t = r.Type; t.Class == nil {
			return nil
		}
		if e := t.Class.Epoch; e != nil && !bears(r, e) {
			return nil
		}
		return t
	case datum.KRecordType:
		if t = v.RecordType().Meta; t == nil || t.Class == nil {
			return nil
		}
		return t
	default:
		if t = s.kinds[k]; t == nil {
			t = s.builtin[className(v)]
			if int(k) < len(kindClasses) && kindClasses[k] != "" {
				s.kinds[k] = t
			}
		}
		return t
	}
}

// bears reports whether an instance of a redefinable class was made, or
// brought up to date, in epoch e.
func bears(r *datum.Record, e *datum.Epoch) bool {
	last := r.Fields[len(r.Fields)-1]
	return last.Is(datum.KOpaque) && last.Opaque().Go == any(e)
}

func typeArg(who string, pos int, v datum.Value) (*datum.RecordType, error) {
	if !v.Is(datum.KRecordType) {
		return nil, datum.WrongTypeExpecting(who, pos, v, "class")
	}
	return v.RecordType(), nil
}

func (s *System) classes() []*datum.Primitive {
	return []*datum.Primitive{
		// (%class-of v) is #f for a type that must first be made a class.
		arg.F1("%class-of", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if t := s.classOf(v); t != nil {
				return t.Value(), nil
			}
			return datum.False, nil
		}),
		arg.F1("%class-name-of", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			return datum.Sym(className(v)), nil
		}),
		arg.F2("%register-class!", func(_ datum.Caller, name, v datum.Value) (datum.Value, error) {
			t, err := typeArg("%register-class!", 2, v)
			if err != nil {
				return datum.Unset, err
			}
			n, err := arg.Sym("%register-class!", 1, name)
			if err == nil {
				s.builtin[n.Name] = t
			}
			return datum.Unspecified, err
		}),
		arg.Is("%class?", func(v datum.Value) bool { return v.Is(datum.KRecordType) && v.RecordType().Class != nil }),
		arg.Is("%own-class?", func(v datum.Value) bool {
			return v.Is(datum.KRecordType) && v.RecordType().Class != nil && v.RecordType().Class.Own
		}),
		arg.Is("instance?", datum.Value.IsObject),
		arg.F2("%subclass?", func(_ datum.Caller, a, b datum.Value) (datum.Value, error) {
			x, err := typeArg("%subclass?", 1, a)
			if err != nil {
				return datum.Unset, err
			}
			if x.Class != nil && b.Is(datum.KRecordType) {
				for _, t := range x.Class.Precedence {
					if t == b.RecordType() {
						return datum.True, nil
					}
				}
			}
			return datum.False, nil
		}),
		// (%make-type name meta n) is a type that is an instance of meta with n
		// slots of its own.
		arg.F3("%make-type", func(_ datum.Caller, name, meta, n datum.Value) (datum.Value, error) {
			size, err := arg.Size("%make-type", 3, n)
			if err != nil {
				return datum.Unset, err
			}
			t := &datum.RecordType{Slots: unboundSlots(size), Printer: datum.False, Properties: datum.Null, Sealed: true}
			if meta.Is(datum.KRecordType) {
				t.Meta = meta.RecordType()
			}
			if name.IsSymbol() {
				t.Name = name.Symbol().Name
			}
			return t.Value(), nil
		}),
		arg.F2("%set-meta!", func(_ datum.Caller, v, meta datum.Value) (datum.Value, error) {
			t, err := typeArg("%set-meta!", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			m, err := typeArg("%set-meta!", 2, meta)
			if err == nil {
				t.Meta = m
			}
			return datum.Unspecified, err
		}),
		arg.FN("%set-class!", 5, 5, setClass),
		// (%adopt! rtd slots precedence) makes a record type a class, too; its
		// slots as a class are those of the vector.
		arg.F3("%adopt!", adopt),
		arg.F1("%type-name", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			t, err := typeArg("%type-name", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Sym(t.Name), nil
		}),
		arg.F2("%set-type-name!", func(_ datum.Caller, v, name datum.Value) (datum.Value, error) {
			t, err := typeArg("%set-type-name!", 1, v)
			if err == nil && name.IsSymbol() {
				t.Name = name.Symbol().Name
			}
			return datum.Unspecified, err
		}),
		arg.F2("%swap-classes!", swapClasses),
	}
}

func precedence(who string, pos int, v datum.Value) ([]*datum.RecordType, error) {
	list, err := arg.List(who, pos, v)
	if err != nil {
		return nil, err
	}
	out := make([]*datum.RecordType, len(list))
	for i, x := range list {
		if out[i], err = typeArg(who, pos, x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// setClass is (%set-class! type cpl places size traits): the
// precedence list, an alist of the names and places of instance slots, the
// number of fields, and a list of traits: metaclass, applicable, redefinable.
func setClass(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "%set-class!"
	t, err := typeArg(who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	c := &datum.Class{Own: true, Places: map[*datum.Symbol]int{}}
	if c.Precedence, err = precedence(who, 2, args[1]); err != nil {
		return datum.Unset, err
	}
	places, err := arg.List(who, 3, args[2])
	if err != nil {
		return datum.Unset, err
	}
	if c.Size, err = arg.Size(who, 4, args[3]); err != nil {
		return datum.Unset, err
	}
	t.Fields, t.Mutable = make([]*datum.Symbol, c.Size), make([]bool, c.Size)
	for i := range t.Fields {
		t.Fields[i], t.Mutable[i] = datum.Intern("slot"), true
	}
	for _, p := range places {
		if !p.IsPair() || !p.Pair().Car.IsSymbol() || !p.Pair().Cdr.IsFix() || p.Pair().Cdr.Fix() >= int64(c.Size) {
			return datum.Unset, datum.WrongTypeExpecting(who, 3, args[2], "alist of slots")
		}
		name, at := p.Pair().Car.Symbol(), int(p.Pair().Cdr.Fix())
		c.Places[name] = at
		t.Fields[at] = name
	}
	t.Applicable = false
	for l := args[4]; l.IsPair(); l = l.Pair().Cdr {
		switch l.Pair().Car {
		case datum.Sym("metaclass"):
			c.Metaclass = true
		case datum.Sym("applicable"):
			t.Applicable = true
		case datum.Sym("redefinable"):
			c.Epoch = &datum.Epoch{Type: t}
		}
	}
	t.Class = c
	return datum.Unspecified, nil
}

func adopt(_ datum.Caller, v, slots, cpl datum.Value) (datum.Value, error) {
	const who = "%adopt!"
	t, err := typeArg(who, 1, v)
	if err != nil {
		return datum.Unset, err
	}
	items, err := arg.Vec(who, 2, slots)
	if err != nil {
		return datum.Unset, err
	}
	order, err := precedence(who, 3, cpl)
	if err != nil {
		return datum.Unset, err
	}
	// A vtable of vtables keeps its own fields: they cannot lie at the places
	// that a class has for its slots.
	if len(t.Slots) == 0 {
		t.Slots = items.Items
	}
	t.Class = &datum.Class{Precedence: order}
	return datum.Unspecified, nil
}

// swapClasses gives two classes each other's definition and keeps their
// identities, so that what refers to the first finds the new definition.
// Instances that the first has bear the epoch of the old one.
func swapClasses(_ datum.Caller, a, b datum.Value) (datum.Value, error) {
	x, err := typeArg("%swap-classes!", 1, a)
	if err != nil {
		return datum.Unset, err
	}
	y, err := typeArg("%swap-classes!", 2, b)
	if err != nil {
		return datum.Unset, err
	}
	*x, *y = *y, *x
	for _, t := range []*datum.RecordType{x, y} {
		if t.Class == nil {
			continue
		}
		if t.Class.Epoch != nil {
			t.Class.Epoch.Type = t
		}
		order := append([]*datum.RecordType(nil), t.Class.Precedence...)
		for i, p := range order {
			if p == x || p == y {
				order[i] = t
			}
		}
		t.Class.Precedence = order
	}
	return datum.Unspecified, nil
}
