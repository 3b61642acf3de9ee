// Package prim gathers the natives that make up the base module (guile).
package prim

import (
	"fruix/interp/datum"
	"fruix/interp/prim/general"
	"fruix/interp/prim/lists"
	"fruix/interp/prim/numbers"
	"fruix/interp/prim/records"
	"fruix/interp/prim/tables"
	"fruix/interp/prim/text"
	"fruix/interp/prim/vectors"
)

// Guile lists the natives of the base module. Each call makes fresh objects.
// They expect the engine to hold a *state.State as extension state.Key.
func Guile() []*datum.Primitive {
	var t []*datum.Primitive
	for _, table := range [][]*datum.Primitive{
		general.Table(), lists.Table(), numbers.Table(), text.Table(), vectors.Table(), tables.Table(), records.Table(),
	} {
		t = append(t, table...)
	}
	return t
}

// Constants are the variables of the base module that are no procedures.
func Constants() map[string]datum.Value {
	out := map[string]datum.Value{
		"most-positive-fixnum": datum.Fix(datum.MaxFixnum),
		"most-negative-fixnum": datum.Fix(datum.MinFixnum),
	}
	for _, m := range []map[string]datum.Value{text.Charsets(), text.RegexpConstants()} {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}
