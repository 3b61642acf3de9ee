package array

import "fruix/interp/datum"

// NewRoot makes a container of n elements of a type, zeros, spaces, #f or
// unspecified; ok is false for a tag that names no type.
func NewRoot(tag string, n int) (root datum.Value, ok bool) {
	switch tag {
	case "":
		items := make([]datum.Value, n)
		for i := range items {
			items[i] = datum.Unspecified
		}
		return datum.NewVector(items), true
	case "b":
		return datum.NewBitvector(make([]bool, n)), true
	case "a":
		b := make([]byte, n)
		for i := range b {
			b[i] = ' '
		}
		return datum.NewASCII(b), true
	}
	size := datum.ElemSize(tag)
	if size == 0 {
		return datum.Unset, false
	}
	return bytes(tag, n*size), true
}

// bytes makes a bytevector of n bytes with an element type.
func bytes(tag string, n int) datum.Value {
	v := datum.NewBytevector(make([]byte, n))
	if tag != "vu8" {
		v.Bytevector().Elem = tag
	}
	return v
}

// Increments are those of an array whose elements lie in row-major order.
func Increments(dims []datum.Dim) []int {
	inc := make([]int, len(dims))
	n := 1
	for k := len(dims) - 1; k >= 0; k-- {
		inc[k] = n
		n *= dims[k].Len
	}
	return inc
}

// New makes an array over root, which holds its elements in row-major order.
// With one dimension that starts at 0 it is root itself.
func New(root datum.Value, dims []datum.Dim) datum.Value {
	if len(dims) == 1 && dims[0].Lo == 0 {
		return root
	}
	return datum.NewArray(&datum.Array{Root: root, Dims: dims, Inc: Increments(dims)})
}
