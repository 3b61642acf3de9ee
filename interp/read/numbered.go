package read

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/source"
)

// lexNumbered reads what begins with # and a digit or @: datum labels and
// arrays (Guile manual, "Array Syntax").
func (r *Reader) lexNumbered(at source.Pos) (datum.Value, lexeme, error) {
	n, digits := 0, 0
	for c := r.peek(); c >= '0' && c <= '9'; c = r.peek() {
		r.next()
		if n = n*10 + int(c-'0'); n > 1<<24 {
			return datum.Unset, lexNothing, r.fail(at, "the number after # is too large")
		}
		digits++
	}
	switch c := r.peek(); {
	case c == '=' && digits > 0:
		r.next()
		return r.defineLabel(n, at)
	case c == '#' && digits > 0:
		r.next()
		return r.useLabel(n, at)
	}
	rank := n
	if digits == 0 {
		rank = 1
	}
	return r.openArray(rank, at)
}

func (r *Reader) defineLabel(n int, at source.Pos) (datum.Value, lexeme, error) {
	if r.labels == nil {
		r.labels = map[int]*label{}
	}
	if r.labels[n] != nil {
		return datum.Unset, lexNothing, r.fail(at, "the datum label #%d= is defined twice", n)
	}
	l := &label{placeholder: datum.NewOpaque("datum label", n)}
	r.labels[n] = l
	r.plain++
	r.push(frame{kind: inLabel, at: at, label: l})
	return datum.Unset, lexNothing, nil
}

func (r *Reader) useLabel(n int, at source.Pos) (datum.Value, lexeme, error) {
	l := r.labels[n]
	if l == nil {
		return datum.Unset, lexNothing, r.fail(at, "the datum label #%d# has no definition before it", n)
	}
	if l.done {
		return l.value, lexDatum, nil
	}
	l.used = true
	return l.placeholder, lexDatum, nil
}

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
	shapes := make([]shape, 0, 4)
	for r.peek() == '@' || r.peek() == ':' {
		var s shape
		if r.peek() == '@' {
			r.next()
			s.lo = r.int()
		}
		if r.peek() == ':' {
			r.next()
			s.length, s.known = r.int(), true
		}
		shapes = append(shapes, s)
	}
	if len(shapes) > 0 && rank < len(shapes) || rank > 32 {
		return datum.Unset, lexNothing, r.fail(at, "bad array rank %d", rank)
	}
	if c := r.peek(); c != '(' {
		if c < 0 {
			return datum.Unset, lexNothing, r.incomplete(at, "the text ends inside an array prefix")
		}
		return datum.Unset, lexNothing, r.fail(at, "unknown syntax: #%d%s is followed by %q", rank, tag.String(), c)
	}
	r.next()
	for len(shapes) < rank {
		shapes = append(shapes, shape{})
	}
	typ := tag.String()
	r.plain++
	r.openVector(at, func(items []datum.Value) (datum.Value, error) {
		r.plain--
		return makeArray(typ, shapes, items)
	})
	return datum.Unset, lexNothing, nil
}

func (r *Reader) int() int {
	neg := false
	if r.peek() == '-' {
		r.next()
		neg = true
	}
	n := 0
	for c := r.peek(); c >= '0' && c <= '9'; c = r.peek() {
		r.next()
		if n < 1<<24 {
			n = n*10 + int(c-'0')
		}
	}
	if neg {
		return -n
	}
	return n
}

// makeArray builds an array of nested lists of elements.
func makeArray(typ string, shapes []shape, items []datum.Value) (datum.Value, error) {
	if len(shapes) == 0 {
		if len(items) != 1 {
			return datum.Unset, errors.New("an array of rank 0 has exactly one element")
		}
		return datum.NewArray(&datum.Array{Type: typ, Items: datum.NewVector(items).Vector()}), nil
	}
	if len(shapes) == 1 && shapes[0].lo == 0 {
		if shapes[0].known && shapes[0].length != len(items) {
			return datum.Unset, fmt.Errorf("the array has %d elements where its prefix says %d", len(items), shapes[0].length)
		}
		if typ == "" {
			return datum.NewVector(items), nil
		}
		if typ != "a" && typ != "b" {
			return uniform(typ, items)
		}
	}
	a := &datum.Array{Type: typ}
	level := items
	for k, s := range shapes {
		n := len(level)
		if k > 0 {
			n = -1
			var next []datum.Value
			for _, row := range level {
				m := 0
				for ; row.IsPair(); row = row.Pair().Cdr {
					next = append(next, row.Pair().Car)
					m++
				}
				if n >= 0 && m != n {
					return datum.Unset, errors.New("the rows of the array differ in length")
				}
				n = m
			}
			n = max(n, 0)
			level = next
		}
		if s.known && s.length != n {
			return datum.Unset, fmt.Errorf("dimension %d of the array has %d elements where its prefix says %d", k, n, s.length)
		}
		a.Dims = append(a.Dims, datum.Dim{Lo: s.lo, Len: n})
	}
	a.Inc = make([]int, len(a.Dims))
	inc := 1
	for k := len(a.Dims) - 1; k >= 0; k-- {
		a.Inc[k] = inc
		inc *= a.Dims[k].Len
	}
	a.Items = datum.NewVector(level).Vector()
	return datum.NewArray(a), nil
}

// ElemSize is the size in bytes of an element of a uniform vector (SRFI 4).
func ElemSize(elem string) int {
	switch elem {
	case "", "u8", "s8":
		return 1
	case "u16", "s16":
		return 2
	case "u32", "s32", "f32":
		return 4
	case "u64", "s64", "f64", "c32":
		return 8
	case "c64":
		return 16
	}
	return 0
}

// uniform makes a bytevector or uniform vector of numbers.
func uniform(elem string, items []datum.Value) (datum.Value, error) {
	size := ElemSize(elem)
	if size == 0 {
		return datum.Unset, fmt.Errorf("unknown array type %q", elem)
	}
	b := make([]byte, size*len(items))
	for i, v := range items {
		if !PutElem(elem, b[i*size:], v) {
			what := elem
			if what == "" {
				what = "u8"
			}
			return datum.Unset, fmt.Errorf("element %d is not a number of type %s", i, what)
		}
	}
	bv := datum.NewBytevector(b)
	bv.Bytevector().Elem = elem
	return bv, nil
}

// PutElem stores a number at the start of b in the machine format of an
// element type (little-endian), and reports whether it fits.
func PutElem(elem string, b []byte, v datum.Value) bool {
	size := ElemSize(elem)
	if elem == "" {
		elem = "u8"
	}
	switch elem[0] {
	case 'u':
		n, ok := num.Uint64(v)
		if !ok || size < 8 && n>>(8*size) != 0 {
			return false
		}
		putUint(b, size, n)
	case 's':
		n, ok := num.Int64(v)
		if !ok || size < 8 && (n < -1<<(8*size-1) || n >= 1<<(8*size-1)) {
			return false
		}
		putUint(b, size, uint64(n))
	case 'f':
		f, ok := num.Float64(v)
		if !ok {
			return false
		}
		putFloat(b, size, f)
	case 'c':
		re, im, ok := num.Parts(v)
		if !ok {
			return false
		}
		putFloat(b, size/2, re)
		putFloat(b[size/2:], size/2, im)
	}
	return true
}

func putUint(b []byte, size int, n uint64) {
	switch size {
	case 1:
		b[0] = byte(n)
	case 2:
		binary.LittleEndian.PutUint16(b, uint16(n))
	case 4:
		binary.LittleEndian.PutUint32(b, uint32(n))
	default:
		binary.LittleEndian.PutUint64(b, n)
	}
}

func putFloat(b []byte, size int, f float64) {
	if size == 4 {
		binary.LittleEndian.PutUint32(b, math.Float32bits(float32(f)))
		return
	}
	binary.LittleEndian.PutUint64(b, math.Float64bits(f))
}
