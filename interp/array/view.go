// Package array sees vectors, uniform vectors, bitvectors, strings and arrays
// proper as one thing: elements of some type in a row, and dimensions that say
// which of them the indices mean (Guile manual, "Arrays").
package array

import "fruix/interp/datum"

// View reaches the elements of one object that counts as an array. The
// offset of element (i, j, …) is Base + Σ Inc(k)*(index[k]-Dim(k).Lo); what
// lies there is read with Get and changed with Set.
type View struct {
	// Tag is the element type as array-type names it: "" for any object, "vu8",
	// "u8" and so on for bytevectors, "b" for bits, "a" for characters.
	Tag string
	// Root is the object that holds the elements, Literal whether it is a
	// constant of a program.
	Root    datum.Value
	Literal bool

	kind  datum.Kind // of Root
	items []datum.Value
	bits  []bool
	text  *datum.String
	bytes []byte
	size  int
	n     int          // elements of Root
	shape *datum.Array // nil when the view is Root itself
}

// Of makes the view of v, unless v is no array.
func Of(v datum.Value) (View, bool) {
	w := View{Root: v}
	if v.Is(datum.KArray) {
		w.shape = v.Array()
		w.Root = w.shape.Root
	}
	w.kind = w.Root.Kind()
	switch w.kind {
	case datum.KVector:
		x := w.Root.Vector()
		w.items, w.n, w.Literal = x.Items, len(x.Items), x.Literal
	case datum.KBytevector:
		x := w.Root.Bytevector()
		w.Tag, w.bytes, w.Literal = x.Elem, x.B, x.Literal
		if w.Tag == "" {
			w.Tag = "vu8"
		}
		w.size = x.ElemSize()
		w.n = len(x.B) / w.size
	case datum.KBitvector:
		w.Tag = "b"
		w.bits = w.Root.Bitvector().Bits
		w.n = len(w.bits)
	case datum.KString:
		w.Tag = "a"
		w.text = w.Root.Str()
		w.n, w.Literal = w.text.Len(), w.text.Literal
	default:
		return w, false
	}
	return w, true
}

// Rank is the number of dimensions.
func (w *View) Rank() int {
	if w.shape == nil {
		return 1
	}
	return len(w.shape.Dims)
}

// Dim is dimension k.
func (w *View) Dim(k int) datum.Dim {
	if w.shape == nil {
		return datum.Dim{Len: w.n}
	}
	return w.shape.Dims[k]
}

// Inc is how far neighbours along dimension k lie apart in Root.
func (w *View) Inc(k int) int {
	if w.shape == nil {
		return 1
	}
	return w.shape.Inc[k]
}

// Base is the offset of the element whose indices are all lowest.
func (w *View) Base() int {
	if w.shape == nil {
		return 0
	}
	return w.shape.Base
}

// Count is the number of elements.
func (w *View) Count() int {
	if w.shape == nil {
		return w.n
	}
	n := 1
	for _, d := range w.shape.Dims {
		n *= d.Len
	}
	return n
}

// RootLen is the number of elements of Root.
func (w *View) RootLen() int { return w.n }

// Get returns what lies at an offset.
func (w *View) Get(off int) datum.Value {
	switch w.kind {
	case datum.KVector:
		return w.items[off]
	case datum.KBytevector:
		return Element(w.Tag, w.bytes[off*w.size:])
	case datum.KBitvector:
		return datum.Bool(w.bits[off])
	}
	return datum.Char(w.text.At(off))
}

// Set changes what lies at an offset, and reports whether v is of the
// elements' type.
func (w *View) Set(off int, v datum.Value) bool {
	switch w.kind {
	case datum.KVector:
		w.items[off] = v
	case datum.KBytevector:
		return PutElement(w.Tag, w.bytes[off*w.size:], v)
	case datum.KBitvector:
		w.bits[off] = v.Truthy()
	default:
		if !v.IsChar() {
			return false
		}
		w.text.Set(off, v.Char())
	}
	return true
}

// Row is the offset of element i in row-major order, 0 ≤ i < Count.
func (w *View) Row(i int) int {
	if w.shape == nil {
		return i
	}
	off := w.shape.Base
	for k := len(w.shape.Dims) - 1; k > 0; k-- {
		n := w.shape.Dims[k].Len
		off += i % n * w.shape.Inc[k]
		i /= n
	}
	if len(w.shape.Dims) > 0 {
		off += i * w.shape.Inc[0]
	}
	return off
}

// Each calls f with the offset of each element in row-major order, until f
// says no.
func (w *View) Each(f func(off int) bool) {
	w.each(0, w.Base(), f)
}

func (w *View) each(k, off int, f func(off int) bool) bool {
	if k == w.Rank() {
		return f(off)
	}
	n, inc := w.Dim(k).Len, w.Inc(k)
	for i := 0; i < n; i++ {
		if !w.each(k+1, off+i*inc, f) {
			return false
		}
	}
	return true
}

// List gives the elements as nested lists, one level for each dimension; an
// array of rank 0 gives its element.
func (w *View) List() datum.Value { return w.list(0, w.Base()) }

func (w *View) list(k, off int) datum.Value {
	if k == w.Rank() {
		return w.Get(off)
	}
	n, inc := w.Dim(k).Len, w.Inc(k)
	l := datum.Null
	for i := n - 1; i >= 0; i-- {
		l = datum.Cons(w.list(k+1, off+i*inc), l)
	}
	return l
}

// Dims are all dimensions, in a fresh slice.
func (w *View) Dims() []datum.Dim {
	out := make([]datum.Dim, w.Rank())
	for k := range out {
		out[k] = w.Dim(k)
	}
	return out
}
