package syntax

import (
	"unsafe"
	"weak"

	"fruix/interp/datum"
	"fruix/interp/source"
)

// Places remembers where the data were read that are no syntax objects: what
// read returns and syntax->datum makes (Guile manual, "Source Properties"). The
// zero Places is ready, and a nil one is empty. They are not for concurrent use.
//
// Neither a pair nor a string has room for its place, and a weak table of every
// list and string would cost more than reading them. So those that are read are
// made as part of a larger object, a placed. Other kinds, which are rare in
// texts, are in a table.
type Places struct {
	others  map[uintptr]other // by address: objects stay where they are
	sweepAt int

	files []*source.File // by the number that a placed has, one for each name
	names map[string]int
	last  *source.File // the latest, and its number
	lastN int
}

// other is an object that is not placed.
type other struct {
	alive weak.Pointer[byte]
	at    source.Pos
}

// placed is an object that was made together with its place. Nothing in the
// object says so; what does is its address. Go puts objects of up to 512 bytes
// at multiples of their size, and our sizes are multiples of 16, so that nothing
// else begins 8 bytes after a multiple of 16, as obj does. No promise covers
// that: newPlaced does without a place where it is not so, and the mark, which
// holds the object's own address, tells whatever else may lie in such places.
// (Place and mark lie in the same page as the object, so that looking for them
// does no harm.)
type placed[T any] struct {
	at   packed
	obj  T
	mark uintptr
}

const (
	aligned  = 16
	placedAt = 8
	marking  = 0x5055544c53414350
)

// These fail to compile when a placed has another size or shape.
var (
	_ [unsafe.Sizeof(placed[datum.Pair]{}) % aligned]struct{}   = [0]struct{}{}
	_ [unsafe.Sizeof(placed[datum.String]{}) % aligned]struct{} = [0]struct{}{}
	_ [unsafe.Sizeof(placed[datum.Vector]{}) % aligned]struct{} = [0]struct{}{}
	_ [unsafe.Offsetof(placed[datum.Pair]{}.obj)]struct{}       = [placedAt]struct{}{}
)

// packed is a place in one word: the number of the file, the line, the column.
// What does not fit is the largest number that does.
type packed uint64

const (
	fileBits   = 16
	lineBits   = 28
	columnBits = 20
)

// pack gives a place as one word, 0 when it is not known.
func (p *Places) pack(at source.Pos) packed {
	if !at.Known() {
		return 0
	}
	if at.File != p.last || p.files == nil {
		name := ""
		if at.File != nil {
			name = at.File.Name
		}
		n, ok := p.names[name]
		if !ok {
			if n = len(p.files); n == 1<<fileBits {
				return 0
			}
			if p.names == nil {
				p.names = map[string]int{}
			}
			p.names[name] = n
			p.files = append(p.files, at.File)
		}
		p.last, p.lastN = at.File, n
	}
	line, column := min(uint64(at.Line), 1<<lineBits-1), min(uint64(at.Col), 1<<columnBits-1)
	return packed(uint64(p.lastN)<<(lineBits+columnBits) | line<<columnBits | column)
}

func (p *Places) unpack(w packed) (source.Pos, bool) {
	file := uint64(w) >> (lineBits + columnBits)
	if w == 0 || file >= uint64(len(p.files)) {
		return source.Pos{}, false
	}
	return source.Pos{File: p.files[file], Line: uint32(w >> columnBits & (1<<lineBits - 1)), Col: uint32(w & (1<<columnBits - 1))}, true
}

// newPlaced makes an object that knows its place, or one that does not.
func newPlaced[T any](at packed) *T {
	p := &placed[T]{at: at}
	if uintptr(unsafe.Pointer(&p.obj))%aligned != placedAt {
		return new(T)
	}
	p.mark = uintptr(unsafe.Pointer(p)) ^ marking
	return &p.obj
}

// placeOf gives the place of an object that is placed, 0 for others.
func placeOf[T any](obj unsafe.Pointer) packed {
	if uintptr(obj)%aligned != placedAt {
		return 0
	}
	p := (*placed[T])(unsafe.Add(obj, -placedAt))
	if p.mark != uintptr(unsafe.Pointer(p))^marking {
		return 0
	}
	return p.at
}

// Cons makes a pair that was read at a place.
func (p *Places) Cons(car, cdr datum.Value, at source.Pos) datum.Value {
	c := newPlaced[datum.Pair](p.pack(at))
	c.Car, c.Cdr = car, cdr
	return datum.Obj(datum.KPair, unsafe.Pointer(c))
}

// String makes a string of a copy of text that was read at a place.
func (p *Places) String(text []byte, at source.Pos) datum.Value {
	s := newPlaced[datum.String](p.pack(at))
	*s = datum.TextString(text)
	return s.Object()
}

// Vector makes a vector that owns items and was read at a place.
func (p *Places) Vector(items []datum.Value, at source.Pos) datum.Value {
	v := newPlaced[datum.Vector](p.pack(at))
	v.Items = items
	return datum.Obj(datum.KVector, unsafe.Pointer(v))
}

// Put gives an object its place, unless it has one or is of a kind that has no
// identity, such as a symbol.
func (p *Places) Put(v datum.Value, at source.Pos) {
	if !placeable(v) || !at.Known() {
		return
	}
	if _, ok := p.Of(v); ok {
		return
	}
	if p.others == nil {
		p.others, p.sweepAt = map[uintptr]other{}, 64
	}
	if len(p.others) >= p.sweepAt {
		for key, o := range p.others {
			if o.alive.Value() == nil {
				delete(p.others, key)
			}
		}
		p.sweepAt = max(2*len(p.others), 64)
	}
	p.others[uintptr(v.Ptr())] = other{weak.Make((*byte)(v.Ptr())), at}
}

// placeable reports whether a datum can have a place of its own.
func placeable(v datum.Value) bool {
	switch v.Kind() {
	case datum.KPair, datum.KString, datum.KVector, datum.KBytevector, datum.KBitvector, datum.KArray,
		datum.KBignum, datum.KRatnum, datum.KCompnum:
		return true
	}
	return false
}

// Of tells where an object was read.
func (p *Places) Of(v datum.Value) (at source.Pos, ok bool) {
	if p == nil {
		return source.Pos{}, false
	}
	var w packed
	switch v.Kind() {
	case datum.KPair:
		w = placeOf[datum.Pair](v.Ptr())
	case datum.KString:
		w = placeOf[datum.String](v.Ptr())
	case datum.KVector:
		w = placeOf[datum.Vector](v.Ptr())
	}
	if w != 0 {
		return p.unpack(w)
	}
	if len(p.others) == 0 || !placeable(v) {
		return source.Pos{}, false
	}
	o, ok := p.others[uintptr(v.Ptr())]
	return o.at, ok && o.alive.Value() != nil
}

// Properties gives a place as source properties, an alist of filename, line and
// column, which count from 0; False when it is not known. A text without a name
// has no filename.
func Properties(at source.Pos) datum.Value {
	if !at.Known() {
		return datum.False
	}
	l := datum.List(
		datum.Cons(datum.Sym("line"), datum.Fix(int64(at.Line)-1)),
		datum.Cons(datum.Sym("column"), datum.Fix(int64(at.Col)-1)))
	switch at.File {
	case source.Unnamed:
		return l
	case nil:
		return datum.Cons(datum.Cons(datum.Sym("filename"), datum.False), l)
	}
	return datum.Cons(datum.Cons(datum.Sym("filename"), datum.NewString(at.File.Name)), l)
}
