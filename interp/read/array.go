package read

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"fruix/interp/array"
	"fruix/interp/datum"
	"fruix/interp/source"
)

// shape is what an array literal says of one dimension.
type shape struct {
	lo, length int
	known      bool
}

// openArray reads type tag and dimensions of #RTYPE@LO:LEN…( and pushes the
// frame for the elements.
func (r *Reader) openArray(rank int, at source.Pos) (datum.Value, lexeme, error) {
	var tag strings.Builder
	for c := r.peek(); c >= 'a' && c <= 'z' || c >= '0' && c <= '9' && tag.Len() > 0; c = r.peek() {
		r.next()
		tag.WriteRune(c)
	}
	return r.openTyped(rank, tag.String(), at)
}

// openTyped is openArray after the tag.
func (r *Reader) openTyped(rank int, tag string, at source.Pos) (datum.Value, lexeme, error) {
	var bounds strings.Builder
	for c := r.peek(); c == '@' || c == ':' || c == '-' || c >= '0' && c <= '9'; c = r.peek() {
		r.next()
		bounds.WriteRune(c)
	}
	if bounds.Len() > 0 && r.peek() == '(' {
		return r.openBounded(rank, tag, bounds.String(), at)
	}
	if c := r.peek(); c != '(' {
		if c < 0 {
			return datum.Unset, lexNothing, r.incomplete(at, "the text ends inside an array prefix")
		}
		return datum.Unset, lexNothing, r.fail(at, "unknown syntax: #%d%s%s is followed by %q", rank, tag, bounds.String(), c)
	}
	return r.openBounded(rank, tag, "", at)
}

// openBounded is openTyped at the parenthesis; bounds is what stands between.
func (r *Reader) openBounded(rank int, tag, bounds string, at source.Pos) (datum.Value, lexeme, error) {
	shapes := make([]shape, 0, 4)
	for bounds != "" {
		var s shape
		var ok bool
		if s, bounds, ok = nextShape(bounds); !ok {
			return datum.Unset, lexNothing, r.fail(at, "bad array bounds")
		}
		if s.known && s.length < 0 {
			return datum.Unset, lexNothing, r.fail(at, "array length must be non-negative")
		}
		shapes = append(shapes, s)
	}
	if rank < len(shapes) || rank > maxRank {
		return datum.Unset, lexNothing, r.fail(at, "bad array rank %d", rank)
	}
	r.next()
	for len(shapes) < rank {
		shapes = append(shapes, shape{})
	}
	r.plain++
	r.openVector(at, func(items []datum.Value) (datum.Value, error) {
		r.plain--
		return makeArray(tag, shapes, items)
	})
	return datum.Unset, lexNothing, nil
}

// nextShape takes @LO, :LEN or @LO:LEN off the front of array bounds.
func nextShape(bounds string) (s shape, rest string, ok bool) {
	rest = bounds
	if rest[0] == '@' {
		if s.lo, rest, ok = leadingInt(rest[1:]); !ok {
			return s, rest, false
		}
	}
	if rest != "" && rest[0] == ':' {
		s.known = true
		s.length, rest, ok = leadingInt(rest[1:])
	}
	return s, rest, ok
}

// leadingInt takes an integer off the front of a text.
func leadingInt(text string) (n int, rest string, ok bool) {
	i := 0
	for i < len(text) && (text[i] == '-' && i == 0 || text[i] >= '0' && text[i] <= '9') {
		i++
	}
	n, err := strconv.Atoi(text[:i])
	return n, text[i:], err == nil && n > -1<<24 && n < 1<<24
}

// maxRank bounds the dimensions of array literals.
const maxRank = 32

// makeArray builds an array of nested lists of elements.
func makeArray(tag string, shapes []shape, items []datum.Value) (datum.Value, error) {
	if len(shapes) == 0 && len(items) != 1 {
		return datum.Unset, errors.New("an array of rank 0 has exactly one element")
	}
	if len(shapes) == 1 && tag == "" && shapes[0].lo == 0 && !shapes[0].known {
		return datum.NewVector(items), nil
	}
	var dims []datum.Dim
	level := items
	for k, s := range shapes {
		n := len(level)
		if k > 0 {
			var err error
			if n, level, err = flatten(level, s); err != nil {
				return datum.Unset, err
			}
		}
		if s.known && s.length != n {
			return datum.Unset, fmt.Errorf("dimension %d of the array has %d elements where its prefix says %d", k, n, s.length)
		}
		dims = append(dims, datum.Dim{Lo: s.lo, Len: n})
	}
	root, err := fill(tag, level)
	if err != nil {
		return datum.Unset, err
	}
	return array.New(root, dims), nil
}

// flatten joins the rows of a dimension, which must have one length.
func flatten(rows []datum.Value, s shape) (n int, elements []datum.Value, err error) {
	n = -1
	if len(rows) == 0 {
		n = s.length
	}
	for _, row := range rows {
		m := 0
		for ; row.IsPair(); row = row.Pair().Cdr {
			elements = append(elements, row.Pair().Car)
			m++
		}
		if !row.IsNull() || n >= 0 && m != n {
			return 0, nil, errors.New("the rows of the array differ in length")
		}
		n = m
	}
	return n, elements, nil
}

// fill makes a container for elements of a type.
func fill(tag string, items []datum.Value) (datum.Value, error) {
	if tag == "" {
		return datum.NewVector(items), nil
	}
	root, ok := array.NewRoot(tag, len(items))
	if !ok {
		return datum.Unset, fmt.Errorf("unknown array type %q", tag)
	}
	w, _ := array.Of(root)
	for i, v := range items {
		if !w.Set(i, v) {
			return datum.Unset, fmt.Errorf("element %d is not %s", i, kindOf(tag))
		}
	}
	return root, nil
}

// kindOf says what an element has to be.
func kindOf(tag string) string {
	switch tag {
	case "a":
		return "a character"
	case "vu8":
		tag = "u8"
	}
	return "a number of type " + tag
}
