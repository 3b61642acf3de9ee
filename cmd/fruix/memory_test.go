package main

import "testing"

// TestGrowth checks how large heaps get: many builds, which keep little, leave the memory
// to their builders.
func TestGrowth(t *testing.T) {
	const mib = 1 << 20
	for live, want := range map[uint64]uint64{ // after a collection, and before the next
		0: 0, 1 * mib: 17 * mib, 4 * mib: 64 * mib, 10 * mib: 64 * mib, 16 * mib: 96 * mib, 50 * mib: 256 * mib, 100 * mib: 256 * mib, 300 * mib: 600 * mib,
	} {
		got := live + live*uint64(growth(live, 100))/100
		if got > want || got < want-want/50 {
			t.Errorf("%d MiB grow to %d MiB, want %d", live/mib, got/mib, want/mib)
		}
	}
}
