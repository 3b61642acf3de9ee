package code

import (
	"encoding/binary"

	"fruix/interp/source"
)

// Positions builds the table from code offsets to source positions. Each entry
// holds, as variable-length integers, the distance in words from the entry
// before, the change of line (zigzag, with a low bit that announces a file
// number) and the change of column. The idea is that of Starlark's and Go's
// own line tables: most entries take three bytes.
type Positions struct {
	table []byte
	files []*source.File
	pc    int
	last  source.Pos
}

// Add says that the code from word pc on belongs to p. Calls come with rising
// pc.
func (t *Positions) Add(pc int, p source.Pos) {
	if p == t.last || !p.Known() {
		return
	}
	t.table = binary.AppendUvarint(t.table, uint64(pc-t.pc))
	line := int64(p.Line) - int64(t.last.Line)
	z := uint64(line<<1) ^ uint64(line>>63)
	if p.File == t.last.File {
		t.table = binary.AppendUvarint(t.table, z<<1)
	} else {
		t.table = binary.AppendUvarint(t.table, z<<1|1)
		n := -1
		for i, f := range t.files {
			if f == p.File {
				n = i
			}
		}
		if n < 0 {
			n = len(t.files)
			t.files = append(t.files, p.File)
		}
		t.table = binary.AppendUvarint(t.table, uint64(n))
	}
	t.table = binary.AppendVarint(t.table, int64(p.Col)-int64(t.last.Col))
	t.pc, t.last = pc, p
}

// SetPositions gives p its table.
func (p *Proc) SetPositions(t *Positions) { p.positions, p.files = t.table, t.files }

// PosAt is the source position of the instruction at word pc.
func (p *Proc) PosAt(pc int) source.Pos {
	var found source.Pos
	p.eachPosition(func(at int, pos source.Pos) bool {
		if at > pc {
			return false
		}
		found = pos
		return true
	})
	if !found.Known() {
		return p.Full().Where
	}
	return found
}

// eachPosition calls f for the entries of the table, by rising word, until it
// returns false.
func (p *Proc) eachPosition(f func(pc int, pos source.Pos) bool) {
	var cur source.Pos
	at := 0
	t := table{rest: p.positions}
	for len(t.rest) > 0 {
		at += int(t.uvarint())
		z := t.uvarint()
		if z&1 != 0 {
			if i := t.uvarint(); i < uint64(len(p.files)) {
				cur.File = p.files[i]
			}
		}
		z >>= 1
		cur.Line = uint32(int64(cur.Line) + (int64(z>>1) ^ -int64(z&1)))
		c := t.uvarint()
		cur.Col = uint32(int64(cur.Col) + (int64(c>>1) ^ -int64(c&1)))
		if !f(at, cur) {
			return
		}
	}
}

// table is what is left of a table of positions. One that came from outside may
// end anywhere.
type table struct{ rest []byte }

func (t *table) uvarint() uint64 {
	x, n := binary.Uvarint(t.rest)
	if n <= 0 {
		t.rest = nil
		return 0
	}
	t.rest = t.rest[n:]
	return x
}

// Place is where the code from word PC on comes from.
type Place struct {
	PC  int
	Pos source.Pos
}

// Places lists where the code of p comes from, by rising PC; the first is that
// of its lambda expression.
func (p *Proc) Places() []Place {
	out := []Place{{0, p.Full().Where}}
	p.eachPosition(func(pc int, pos source.Pos) bool {
		if pc > 0 {
			out = append(out, Place{pc, pos})
		}
		return true
	})
	return out
}
