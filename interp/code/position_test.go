package code

import (
	"math/rand"
	"testing"

	"fruix/interp/source"
)

// TestPositions reads back what was put into a table, for random positions in
// several files.
func TestPositions(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	files := []*source.File{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	for range 200 {
		var table Positions
		want := map[int]source.Pos{}
		pc := 0
		for range rng.Intn(40) {
			p := source.Pos{File: files[rng.Intn(3)], Line: uint32(1 + rng.Intn(5000)), Col: uint32(1 + rng.Intn(200))}
			table.Add(pc, p)
			want[pc] = p
			pc += 1 + rng.Intn(300)
		}
		p := &Proc{Where: source.Pos{File: files[0], Line: 9, Col: 9}}
		p.SetPositions(&table)
		last := p.Where
		for i := range pc {
			if w, ok := want[i]; ok {
				last = w
			}
			if got := p.PosAt(i); got != last {
				t.Fatalf("at %d: got %v, want %v", i, got, last)
			}
		}
	}
}

func TestJumpOperands(t *testing.T) {
	for _, c := range []struct {
		w    Word
		d    int
		fits bool
	}{
		{AD(Jump, 0, 0), 1 << 30, true},
		{AD(JumpFalse, 7, 0), -5, true},
		{ABC(JumpLt, 1, 2, 0), 32767, true},
		{ABC(JumpLt, 1, 2, 0), 32768, false},
		{ABC(JumpLtI, 1, -3, 0), -32768, true},
	} {
		w, ok := c.w.WithJump(c.d)
		if ok != c.fits {
			t.Errorf("%v by %d: fits = %v", c.w.Op(), c.d, ok)
		}
		if ok && w.A() != c.w.A() {
			t.Errorf("%v by %d changed its register", c.w.Op(), c.d)
		}
	}
}
