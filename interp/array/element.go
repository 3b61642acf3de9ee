package array

import (
	"encoding/binary"
	"math"

	"fruix/interp/datum"
	"fruix/interp/num"
)

// Element decodes the element of a uniform vector at the start of b.
func Element(tag string, b []byte) datum.Value {
	switch tag {
	case "", "vu8", "u8":
		return datum.Fix(int64(b[0]))
	case "s8":
		return datum.Fix(int64(int8(b[0])))
	case "u16":
		return datum.Fix(int64(binary.LittleEndian.Uint16(b)))
	case "s16":
		return datum.Fix(int64(int16(binary.LittleEndian.Uint16(b))))
	case "u32":
		return datum.Fix(int64(binary.LittleEndian.Uint32(b)))
	case "s32":
		return datum.Fix(int64(int32(binary.LittleEndian.Uint32(b))))
	case "u64":
		return num.Uint(binary.LittleEndian.Uint64(b))
	case "s64":
		return num.Int(int64(binary.LittleEndian.Uint64(b)))
	case "f32":
		return datum.Flo(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
	case "f64":
		return datum.Flo(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case "c32":
		return datum.Cmp(Element("f32", b), Element("f32", b[4:]))
	case "c64":
		return datum.Cmp(Element("f64", b), Element("f64", b[8:]))
	}
	return datum.False
}

// PutElement stores a number at the start of b in the machine format of an
// element type (little-endian), and reports whether it fits.
func PutElement(tag string, b []byte, v datum.Value) bool {
	size := datum.ElemSize(tag)
	if tag == "" || tag == "vu8" {
		tag = "u8"
	}
	switch tag[0] {
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
