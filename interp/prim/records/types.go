package records

import (
	"slices"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// byUID holds the types that were made with a uid: there is one for each.
type byUID map[*datum.Symbol]*datum.RecordType

// make is (make-record-type name fields [printer] #:parent #:extensible? #:uid
// #:opaque? #:allow-duplicate-field-names? #:properties). A field is a symbol
// or (mutable name) or (immutable name).
func (u byUID) make(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "make-record-type"
	t := &datum.RecordType{Printer: datum.False, Properties: datum.Null, Sealed: true}
	switch {
	case args[0].IsSymbol():
		t.Name = args[0].Symbol().Name
	case args[0].IsString():
		t.Name = args[0].Str().Go()
	default:
		return datum.Unset, datum.WrongTypeExpecting(who, 1, args[0], "symbol")
	}
	fields, err := arg.List(who, 2, args[1])
	if err != nil {
		return datum.Unset, err
	}
	rest := args[2:]
	if len(rest) > 0 && !rest[0].Is(datum.KKeyword) {
		t.Printer = rest[0]
		rest = rest[1:]
	}
	opts := options{t: t}
	for ; len(rest) > 0; rest = rest[2:] {
		if len(rest) < 2 || !rest[0].Is(datum.KKeyword) {
			return datum.Unset, datum.Misc(who, "keyword argument expected: ~S", rest[0])
		}
		if err := opts.set(who, rest[0], rest[1]); err != nil {
			return datum.Unset, err
		}
	}
	if p := t.Parent; p != nil {
		if opts.transparent && p.Opaque {
			return datum.Unset, datum.Misc(who, "the parent type is opaque: ~S", p.Value())
		}
		t.Opaque = t.Opaque || p.Opaque
		t.Applicable = t.Applicable || p.Applicable
		t.Fields = append(t.Fields, p.Fields...)
		t.Mutable = append(t.Mutable, p.Mutable...)
	}
	if err := addFields(who, t, fields, opts.duplicates); err != nil {
		return datum.Unset, err
	}
	return u.settle(who, t)
}

// options collects the keyword arguments.
type options struct {
	t           *datum.RecordType
	duplicates  bool
	transparent bool // #:opaque? #f was asked for
}

func (o *options) set(who string, key, v datum.Value) error {
	t := o.t
	switch key.Keyword().Name.Name {
	case "parent":
		if v == datum.False {
			return nil
		}
		p, err := recordType(who, 3, v)
		if err != nil {
			return err
		}
		if p.Sealed {
			return datum.Misc(who, "parent type is final: ~S", v)
		}
		t.Parent = p
	case "extensible?":
		t.Sealed = !v.Truthy()
	case "opaque?":
		t.Opaque, o.transparent = v.Truthy(), !v.Truthy()
	case "uid":
		if v.IsSymbol() {
			t.UID = v.Symbol()
		}
	case "properties":
		t.Properties = v
	case "allow-duplicate-field-names?":
		o.duplicates = v.Truthy()
	case "applicable?":
		t.Applicable = v.Truthy()
	default:
		return datum.Misc(who, "unknown keyword: ~S", key)
	}
	return nil
}

func addFields(who string, t *datum.RecordType, fields []datum.Value, duplicates bool) error {
	for _, spec := range fields {
		f, mutable := spec, true
		if spec.IsPair() && arg.Length(spec) == 2 {
			kind := spec.Pair().Car
			mutable = kind == datum.Sym("mutable")
			if f = spec.Pair().Cdr.Pair().Car; !mutable && kind != datum.Sym("immutable") {
				f = datum.False
			}
		}
		if !f.IsSymbol() {
			return datum.Misc(who, "bad field in record type ~A, expected name, (mutable name) or (immutable name): ~S",
				datum.NewString(t.Name), spec)
		}
		if !duplicates && slices.Contains(t.Fields, f.Symbol()) {
			return datum.Misc(who, "duplicate field in record type ~A: ~S", datum.NewString(t.Name), f)
		}
		t.Fields = append(t.Fields, f.Symbol())
		t.Mutable = append(t.Mutable, mutable)
	}
	return nil
}

// settle gives the type that t's uid stands for, which must be like t, or t.
func (u byUID) settle(who string, t *datum.RecordType) (datum.Value, error) {
	if t.UID == nil {
		return t.Value(), nil
	}
	old := u[t.UID]
	if old == nil {
		u[t.UID] = t
		return t.Value(), nil
	}
	what := ""
	switch {
	case old.Name != t.Name:
		what = "name"
	case old.Parent != t.Parent:
		what = "parent"
	case !slices.Equal(old.Fields, t.Fields) || !slices.Equal(old.Mutable, t.Mutable):
		what = "fields"
	case old.Printer != t.Printer:
		what = "printer"
	case old.Sealed != t.Sealed:
		what = "extensibility"
	case old.Opaque != t.Opaque:
		what = "opacity"
	default:
		return old.Value(), nil
	}
	return datum.Unset, datum.Misc(who, "incompatible with the type that has this uid already: another ~A: ~S",
		datum.NewString(what), old.Value())
}
