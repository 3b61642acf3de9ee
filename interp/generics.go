package interp

import "fruix/interp/datum"

// mergeGenerics makes a generic function that has the methods of two, for the
// duplicate binding handlers merge-generics and merge-accessors (Guile manual,
// "Merging Generics").
func (e *Engine) mergeGenerics(name *datum.Symbol, accessors bool, v1, v2 datum.Value) (datum.Value, bool, error) {
	class := "<generic>"
	if accessors {
		class = "<accessor>"
	}
	if !instanceOf(v1, class) || !instanceOf(v2, class) {
		return datum.Unset, false, nil
	}
	extend, err := e.Lookup("(oop goops)", "make-extended-generic")
	if err != nil {
		return datum.Unset, false, err
	}
	v, err := e.machine.Run(e.ctx, extend, datum.List(v2, v1), name.Value())
	return v, err == nil, err
}

// instanceOf reports whether v is an object of a class of that name, or of one
// that inherits from it.
func instanceOf(v datum.Value, class string) bool {
	if !v.Is(datum.KRecord) || !v.IsObject() {
		return false
	}
	for _, t := range v.Record().Type.Class.Precedence {
		if t.Name == class {
			return true
		}
	}
	return false
}
