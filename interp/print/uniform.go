package print

import (
	"encoding/binary"
	"math"
	"strconv"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/read"
)

// bytevector writes #vu8(…) and the uniform vectors of SRFI 4.
func (p *printer) bytevector(bv *datum.Bytevector) {
	tag := bv.Elem
	if tag == "" {
		tag = "vu8"
	}
	p.text("#" + tag + "(")
	size := max(read.ElemSize(bv.Elem), 1)
	for i := 0; i+size <= len(bv.B); i += size {
		if i > 0 {
			p.text(" ")
		}
		p.text(num.Format(Elem(bv.Elem, bv.B[i:]), 10))
	}
	p.text(")")
}

// Elem decodes the element of a uniform vector at the start of b.
func Elem(elem string, b []byte) datum.Value {
	switch elem {
	case "", "u8":
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
		return datum.Cmp(Elem("f32", b), Elem("f32", b[4:]))
	case "c64":
		return datum.Cmp(Elem("f64", b), Elem("f64", b[8:]))
	}
	return datum.False
}

// array writes #RANK TYPE @LO (…), leaving out what is usual.
func (p *printer) array(a *datum.Array) {
	head := "#"
	lo := false
	for _, d := range a.Dims {
		lo = lo || d.Lo != 0
	}
	if len(a.Dims) != 1 || a.Type == "" {
		head += strconv.Itoa(len(a.Dims))
	}
	head += a.Type
	empty := false
	for _, d := range a.Dims {
		empty = empty || d.Len == 0
	}
	for _, d := range a.Dims {
		if lo {
			head += "@" + strconv.Itoa(d.Lo)
		}
		if empty && len(a.Dims) > 1 {
			head += ":" + strconv.Itoa(d.Len)
		}
	}
	p.text(head)
	if len(a.Dims) == 0 {
		p.text("(")
		p.push(task{kind: tText, text: ")"})
		p.push(task{v: a.Items.Items[a.Base]})
		return
	}
	// The nested rows are written as lists.
	p.push(task{v: rows(a.Elements(), a.Dims)})
}

func rows(items []datum.Value, dims []datum.Dim) datum.Value {
	if len(dims) == 1 {
		return datum.List(items...)
	}
	n := dims[0].Len
	out := make([]datum.Value, n)
	for i := range out {
		w := len(items) / n
		out[i] = rows(items[i*w:(i+1)*w], dims[1:])
	}
	return datum.List(out...)
}
