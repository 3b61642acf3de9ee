package syntax

import (
	"runtime"
	"testing"
	"unsafe"

	"fruix/interp/datum"
	"fruix/interp/source"
)

// TestPlaces makes objects of every kind and asks for their places, also after
// collections and amid objects that have none. That lists, strings and vectors
// have places at all shows that the allocator puts them where newPlaced expects.
func TestPlaces(t *testing.T) {
	var p Places
	files := []*source.File{{Name: "a"}, source.Unnamed, {Name: "b"}}
	type item struct {
		v  datum.Value
		at source.Pos
	}
	var with []item
	var without []datum.Value
	for i := range uint32(20000) {
		at := source.Pos{File: files[i%3], Line: i + 1, Col: i%200 + 1}
		with = append(with, item{p.Cons(datum.Fix(1), datum.Null, at), at},
			item{p.String([]byte("text"), at), at},
			item{p.String([]byte("λ"), at), at},
			item{p.Vector([]datum.Value{datum.Fix(1)}, at), at})
		if i%10 == 0 {
			b := datum.NewBytevector([]byte{1})
			p.Put(b, at)
			with = append(with, item{b, at})
		}
		pairs := make([]datum.Pair, i%40+1)
		without = append(without, datum.Cons(datum.Null, datum.Null), datum.NewString("text"), datum.NewVector(nil),
			datum.NewBytevector([]byte{2}), datum.Obj(datum.KPair, unsafe.Pointer(&pairs[len(pairs)-1])))
		if i%7000 == 0 {
			runtime.GC()
		}
	}
	for _, it := range with {
		if got, ok := p.Of(it.v); !ok || got != it.at {
			t.Fatalf("%v is at %v, %v, not at %v", it.v.Kind(), got, ok, it.at)
		}
	}
	for _, v := range without {
		if got, ok := p.Of(v); ok {
			t.Fatalf("%v is at %v, but was read nowhere", v.Kind(), got)
		}
	}
}

// TestPlacesKeepNothing checks that the table forgets what is gone.
func TestPlacesKeepNothing(t *testing.T) {
	var p Places
	for i := range 5000 {
		p.Put(datum.NewBytevector([]byte{1}), source.Pos{Line: 1, Col: 1})
		if i%500 == 0 {
			runtime.GC()
		}
	}
	if n := len(p.others); n > 4000 {
		t.Errorf("%d of 5000 objects are remembered, and all are gone", n)
	}
}

// TestPlacesAtTheirLimits packs places that do not fit.
func TestPlacesAtTheirLimits(t *testing.T) {
	var p Places
	for _, c := range []struct{ in, want source.Pos }{
		{source.Pos{Line: 1 << 31, Col: 1 << 31}, source.Pos{Line: 1<<lineBits - 1, Col: 1<<columnBits - 1}},
		{source.Pos{}, source.Pos{}},
	} {
		if got, _ := p.Of(p.Cons(datum.Null, datum.Null, c.in)); got != c.want {
			t.Errorf("%v becomes %v, not %v", c.in, got, c.want)
		}
	}
	for i := range 1<<fileBits + 10 {
		f := &source.File{Name: string(rune('a'+i%26)) + string(rune(0x4e00+i/26))}
		at := source.Pos{File: f, Line: 1, Col: 1}
		got, ok := p.Of(p.Cons(datum.Null, datum.Null, at))
		if ok && got.File.Name != f.Name {
			t.Fatalf("what was read in %s has a place in %s", f.Name, got.File.Name)
		}
		if !ok && i < 1<<fileBits-1 {
			t.Fatalf("file %d has no places", i)
		}
	}
	var none *Places
	if _, ok := none.Of(datum.Cons(datum.Null, datum.Null)); ok {
		t.Error("no places know of one")
	}
}
