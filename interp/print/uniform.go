package print

import (
	"strconv"

	"fruix/interp/array"
	"fruix/interp/datum"
	"fruix/interp/num"
)

// bytevector writes #vu8(…) and the uniform vectors of SRFI 4.
func (p *printer) bytevector(bv *datum.Bytevector) {
	tag := bv.Elem
	if p.Bytestrings && (tag == "" || tag == "vu8") {
		p.bytestring(bv.B)
		return
	}
	if tag == "" {
		tag = "vu8"
	}
	p.text("#" + tag + "(")
	size := bv.ElemSize()
	for i := 0; i+size <= len(bv.B); i += size {
		if i > 0 {
			p.text(" ")
		}
		p.text(num.Format(array.Element(bv.Elem, bv.B[i:]), 10))
	}
	p.text(")")
}

// byteLetters are the letters after a backslash in a bytestring.
var byteLetters = map[byte]byte{7: 'a', '\b': 'b', '\t': 't', '\n': 'n', '\r': 'r', '"': '"', '\\': '\\', '|': '|'}

// bytestring writes #u8"…" (SRFI 207).
func (p *printer) bytestring(bytes []byte) {
	p.text("#u8\"")
	for _, b := range bytes {
		switch letter, ok := byteLetters[b]; {
		case ok:
			p.buf = append(p.buf, '\\', letter)
		case b >= 32 && b < 127:
			p.buf = append(p.buf, b)
		default:
			p.text("\\x" + strconv.FormatInt(int64(b), 16) + ";")
		}
	}
	p.text("\"")
}

// array writes #RANK TYPE @LO :LEN (…); bounds are left out where they are
// usual, lengths where the elements tell them.
func (p *printer) array(v datum.Value) {
	w, _ := array.Of(v)
	bounds, lengths, empty := false, false, false
	for _, d := range w.Dims() {
		bounds = bounds || d.Lo != 0
		lengths = lengths || empty && d.Len > 0
		empty = empty || d.Len == 0
	}
	head := "#" + strconv.Itoa(w.Rank()) + w.Tag
	for _, d := range w.Dims() {
		if bounds {
			head += "@" + strconv.Itoa(d.Lo)
		}
		if lengths {
			head += ":" + strconv.Itoa(d.Len)
		}
	}
	p.text(head)
	if w.Rank() == 0 {
		p.text("(")
		p.push(task{kind: tText, text: ")"})
	}
	// The nested rows are written as lists.
	p.push(task{v: w.List()})
}
