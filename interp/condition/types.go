// Package condition has Guile 3's exception objects: the record types of
// (ice-9 exceptions), compound exceptions, and the conversion between these
// and the older form of an exception, a key with arguments, that throw and
// catch speak (Guile Reference Manual, "Exceptions"; R6RS 7.2).
package condition

import (
	"fruix/interp/datum"
)

// Types are the exception types of one engine.
type Types struct {
	Exception, Compound                          *datum.RecordType
	Message, Irritants, Origin                   *datum.RecordType
	Error, External, Programming, Assertion      *datum.RecordType
	NonContinuable, Restriction, Lexical, Syntax *datum.RecordType
	Undefined, Warning, Quit, KindAndArgs        *datum.RecordType
}

// NewTypes makes a fresh set.
func NewTypes() *Types {
	t := &Types{}
	t.Exception = newType("&exception", nil)
	t.Compound = newType("&compound-exception", t.Exception, "components")
	t.Message = newType("&message", t.Exception, "message")
	t.Irritants = newType("&irritants", t.Exception, "irritants")
	t.Origin = newType("&origin", t.Exception, "origin")
	t.Error = newType("&error", t.Exception)
	t.External = newType("&external-error", t.Error)
	t.Programming = newType("&programming-error", t.Error)
	t.Assertion = newType("&assertion-failure", t.Programming)
	t.NonContinuable = newType("&non-continuable", t.Programming)
	t.Restriction = newType("&implementation-restriction", t.Programming)
	t.Lexical = newType("&lexical", t.Programming)
	t.Syntax = newType("&syntax", t.Programming, "form", "subform")
	t.Undefined = newType("&undefined-variable", t.Programming)
	t.Warning = newType("&warning", t.Exception)
	t.Quit = newType("&quit-exception", t.Exception, "code")
	t.KindAndArgs = newType("&exception-with-kind-and-args", t.Exception, "kind", "args")
	return t
}

func newType(name string, parent *datum.RecordType, fields ...string) *datum.RecordType {
	t := &datum.RecordType{Name: name, Parent: parent, Printer: datum.False, Properties: datum.Null}
	if parent != nil {
		t.Fields = append(t.Fields, parent.Fields...)
		t.Mutable = append(t.Mutable, parent.Mutable...)
	}
	for _, f := range fields {
		t.Fields = append(t.Fields, datum.Intern(f))
		t.Mutable = append(t.Mutable, false)
	}
	return t
}

// All lists the types by their Guile names.
func (t *Types) All() []*datum.RecordType {
	return []*datum.RecordType{t.Exception, t.Compound, t.Message, t.Irritants, t.Origin, t.Error, t.External,
		t.Programming, t.Assertion, t.NonContinuable, t.Restriction, t.Lexical, t.Syntax, t.Undefined,
		t.Warning, t.Quit, t.KindAndArgs}
}

// Is reports whether v is an exception object.
func (t *Types) Is(v datum.Value) bool { return v.IsRecordOf(t.Exception) }

// Components lists the simple exceptions that make up v, which is an exception
// object.
func (t *Types) Components(v datum.Value) []datum.Value {
	if !v.IsRecordOf(t.Compound) {
		return []datum.Value{v}
	}
	var out []datum.Value
	for l := v.Record().Fields[0]; l.IsPair(); l = l.Pair().Cdr {
		out = append(out, l.Pair().Car)
	}
	return out
}

// Make joins exceptions into one, flattening compounds; a single component is
// returned as itself.
func (t *Types) Make(parts ...datum.Value) datum.Value {
	var flat []datum.Value
	for _, p := range parts {
		flat = append(flat, t.Components(p)...)
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return datum.NewRecord(t.Compound, []datum.Value{datum.List(flat...)})
}

// Find returns the first component of v that is of type rt.
func (t *Types) Find(v datum.Value, rt *datum.RecordType) (*datum.Record, bool) {
	if !t.Is(v) {
		return nil, false
	}
	for _, c := range t.Components(v) {
		if c.IsRecordOf(rt) {
			return c.Record(), true
		}
	}
	return nil, false
}
