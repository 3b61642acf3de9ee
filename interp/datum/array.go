package datum

import (
	"bytes"
	"unsafe"
)

// Dim is one dimension of an array: the first valid index and the length.
type Dim struct{ Lo, Len int }

// Array is an array that is not just a vector, string, bitvector or uniform
// vector: it has another rank or bounds, or shares part of the elements of its
// Root, which is one of these. Element (i, j, …) is number
// Base + Σ Inc[k]*(index[k]-Dims[k].Lo) of Root.
type Array struct {
	Root Value
	Dims []Dim
	Inc  []int
	Base int
}

// NewArray makes an array value of a.
func NewArray(a *Array) Value { return Obj(KArray, unsafe.Pointer(a)) }

// Array returns the array of v.
func (v Value) Array() *Array { return (*Array)(v.p) }

// offsets lists where in Root the elements of a are, in row-major order.
func (a *Array) offsets() []int {
	n := 1
	for _, d := range a.Dims {
		n *= d.Len
	}
	out := make([]int, 0, n)
	if n == 0 {
		return out
	}
	idx := make([]int, len(a.Dims))
	off := a.Base
	for {
		out = append(out, off)
		k := len(idx) - 1
		for ; k >= 0; k-- {
			if idx[k]++; idx[k] < a.Dims[k].Len {
				off += a.Inc[k]
				break
			}
			off -= (idx[k] - 1) * a.Inc[k]
			idx[k] = 0
		}
		if k < 0 {
			return out
		}
	}
}

// asArray sees a vector and the like as an array of one dimension.
func asArray(v Value) (*Array, bool) {
	n := 0
	switch v.Kind() {
	case KArray:
		return v.Array(), true
	case KVector:
		n = len(v.Vector().Items)
	case KBytevector:
		n = len(v.Bytevector().B) / v.Bytevector().ElemSize()
	case KBitvector:
		n = len(v.Bitvector().Bits)
	case KString:
		n = v.Str().Len()
	default:
		return nil, false
	}
	return &Array{Root: v, Dims: []Dim{{Len: n}}, Inc: []int{1}}, true
}

// arrays reports whether a and b are to be compared as arrays: one of them is
// no plain container.
func arrays(a, b Value) bool { return a.Is(KArray) || b.Is(KArray) }

// sameArrays is sameShape for arrays. Elements other than objects are compared
// here, and none are left to be.
func sameArrays(a, b Value) ([]Value, []Value, bool) {
	x, ok := asArray(a)
	if !ok {
		return nil, nil, false
	}
	y, ok := asArray(b)
	if !ok || x.Root.Kind() != y.Root.Kind() || len(x.Dims) != len(y.Dims) {
		return nil, nil, false
	}
	for i := range x.Dims {
		if x.Dims[i] != y.Dims[i] {
			return nil, nil, false
		}
	}
	p, q := x.offsets(), y.offsets()
	if x.Root.Is(KVector) {
		return pick(x.Root.Vector().Items, p), pick(y.Root.Vector().Items, q), true
	}
	return nil, nil, sameElements(x.Root, y.Root, p, q)
}

func pick(items []Value, at []int) []Value {
	out := make([]Value, len(at))
	for i, k := range at {
		out[i] = items[k]
	}
	return out
}

// sameElements compares elements p of a with q of b, which are no vectors.
func sameElements(a, b Value, p, q []int) bool {
	var same func(i, j int) bool
	switch a.Kind() {
	case KBytevector:
		x, y := a.Bytevector(), b.Bytevector()
		if !x.sameType(y) {
			return false
		}
		n := x.ElemSize()
		same = func(i, j int) bool { return bytes.Equal(x.B[i*n:(i+1)*n], y.B[j*n:(j+1)*n]) }
	case KBitvector:
		x, y := a.Bitvector().Bits, b.Bitvector().Bits
		same = func(i, j int) bool { return x[i] == y[j] }
	default:
		x, y := a.Str(), b.Str()
		same = func(i, j int) bool { return x.At(i) == y.At(j) }
	}
	for k := range p {
		if !same(p[k], q[k]) {
			return false
		}
	}
	return true
}

// ElemSize is the size in bytes of an element of a uniform vector (SRFI 4), 0
// for a tag that names none. "" and "vu8" are plain bytevectors.
func ElemSize(tag string) int {
	switch tag {
	case "", "vu8", "u8", "s8":
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

// ElemSize is the size in bytes of an element of b.
func (b *Bytevector) ElemSize() int { return ElemSize(b.Elem) }

// sameType reports whether elements of b and c mean the same; those of #vu8
// and #u8 do.
func (b *Bytevector) sameType(c *Bytevector) bool {
	octets := func(t string) bool { return t == "" || t == "u8" }
	return b.Elem == c.Elem || octets(b.Elem) && octets(c.Elem)
}
