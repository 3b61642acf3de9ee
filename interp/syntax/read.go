package syntax

import (
	"fruix/interp/datum"
	"fruix/interp/source"
)

// Wrap is the reader's wrapping function for programs: lists, vectors, symbols,
// keywords and strings become syntax that knows its place, other data stay plain.
func Wrap(d datum.Value, pos source.Pos) datum.Value {
	if d.IsSymbol() || d.IsPair() || d.IsString() || d.Is(datum.KVector) || d == datum.Null || d.Is(datum.KKeyword) {
		return New(d, pos)
	}
	return d
}
