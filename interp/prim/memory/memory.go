// Package memory gives bytevectors addresses, so that programs written for
// Guile's (system foreign) can take pointers to bytevectors, store them in C
// structures and follow them again. The addresses are numbers handed out in
// ascending order, not those of the process: nothing of the process shows, and
// two runs see the same ones. No C code can be reached through them, but the
// kernel can: system-call passes it the memory of bytevectors.
package memory

import (
	"sort"
	"unsafe"
	"weak"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// Module is where the natives are found.
const Module = "(fruix native memory)"

// first is the lowest address; what lies below it is never valid, as in a
// process of a real machine.
const first = 0x10000

// align is the alignment of all blocks, and the least distance between two.
const align = 16

// block is the memory of one bytevector.
type block struct {
	base  int64
	bytes weak.Pointer[datum.Bytevector]
	size  int64
}

// space is the address space of one engine. It keeps no bytevector alive.
type space struct {
	next   int64
	blocks []block // by base
	bases  map[weak.Pointer[datum.Bytevector]]int64
	sweep  int // how many blocks to have before dead ones are dropped
}

// Table lists the natives; each call makes an address space of its own.
func Table() []*datum.Primitive {
	s := &space{next: first, bases: map[weak.Pointer[datum.Bytevector]]int64{}, sweep: 1024}
	return []*datum.Primitive{
		arg.FN("system-call", 1, -1, systemCall),
		// (system-call? name) tells whether system-call knows name.
		arg.F1("system-call?", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			name, err := arg.Text("system-call?", 1, v)
			_, ok := systemCalls[name]
			return datum.Bool(ok), err
		}),
		// (bytevector-address bv) is the address of the first byte.
		arg.F1("bytevector-address", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.Is(datum.KBytevector) {
				return datum.Unset, datum.WrongTypeExpecting("bytevector-address", 1, v, "bytevector")
			}
			return datum.Fix(s.place(v.Bytevector())), nil
		}),
		// (reserve-address) is the address of an object that is no memory.
		arg.FN("reserve-address", 0, 0, func(datum.Caller, []datum.Value) (datum.Value, error) {
			return datum.Fix(s.take(1)), nil
		}),
		// (address->bytevector n) is (bytevector . offset), or #f when nothing
		// alive lies at address n.
		arg.F1("address->bytevector", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.IsFix() {
				return datum.False, nil
			}
			bv, offset := s.find(v.Fix())
			if bv == nil {
				return datum.False, nil
			}
			return datum.Cons(datum.Obj(datum.KBytevector, unsafe.Pointer(bv)), datum.Fix(offset)), nil
		}),
	}
}

func (s *space) take(size int64) int64 {
	base := s.next
	s.next += (size + 2*align - 1) / align * align
	return base
}

func (s *space) place(bv *datum.Bytevector) int64 {
	w := weak.Make(bv)
	if base, ok := s.bases[w]; ok {
		return base
	}
	if len(s.blocks) >= s.sweep {
		s.drop()
	}
	base := s.take(int64(len(bv.B)))
	s.bases[w] = base
	s.blocks = append(s.blocks, block{base, w, int64(len(bv.B))})
	return base
}

// drop forgets blocks whose bytevectors are gone.
func (s *space) drop() {
	alive := s.blocks[:0]
	for _, b := range s.blocks {
		if b.bytes.Value() != nil {
			alive = append(alive, b)
		} else {
			delete(s.bases, b.bytes)
		}
	}
	clear(s.blocks[len(alive):])
	s.blocks = alive
	s.sweep = 2*len(alive) + 1024
}

func (s *space) find(address int64) (*datum.Bytevector, int64) {
	i := sort.Search(len(s.blocks), func(i int) bool { return s.blocks[i].base > address }) - 1
	if i < 0 || address-s.blocks[i].base > s.blocks[i].size {
		return nil, 0
	}
	return s.blocks[i].bytes.Value(), address - s.blocks[i].base
}
