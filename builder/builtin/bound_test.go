package builtin

import (
	"math"
	"runtime/debug"
	"testing"
)

func TestBound(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	for memory, want := range map[uint64]int64{0: before, 500 << 20: 400 << 20, math.MaxUint64: math.MaxInt64 / 5 * 4} {
		debug.SetMemoryLimit(before)
		bound(memory)
		if got := debug.SetMemoryLimit(-1); got != want {
			t.Errorf("%d bytes: the limit is %d, want %d", memory, got, want)
		}
	}
}
