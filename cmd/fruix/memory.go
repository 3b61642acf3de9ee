package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// youth is how large the heap is when it is collected for the first time;
	// Go's smallest goal is 4 MiB for 100 per cent.
	youth        = 64 << 20
	youthPercent = 100 * youth / (4 << 20)
	// roomy is how large the heap may get in any case before it is collected
	// again, if many times what it keeps is less.
	roomy     = 256 << 20
	manyTimes = 6
)

// spareYouth keeps the collector away from a heap that is still small. Most
// commands are done before they have used 64 MiB, and a third of their time
// would go into collecting 4, 8 and 16 MiB. Those that load very many packages
// keep a small part of what they allocate: they are given 256 MiB, beyond which
// Go's usual rule holds. Those that keep little, as when thousands of builds go on, whose
// builders have a better use for memory, get on with less. A person's GOGC or GOMEMLIMIT
// is left alone.
func spareYouth(getenv func(string) string) {
	if getenv("GOGC") != "" || getenv("GOMEMLIMIT") != "" {
		return
	}
	usual := debug.SetGCPercent(youthPercent)
	afterCollection(usual)
}

// afterCollection sets the percentage anew after each collection. It runs when
// an object that nobody holds is found to be gone.
func afterCollection(usual int) {
	sentinel := new([64]byte)
	runtime.AddCleanup(sentinel, func(usual int) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		debug.SetGCPercent(growth(live[0].Value.Uint64(), usual))
		afterCollection(usual)
	}, usual)
}

// growth is by how many per cent a heap that keeps so many bytes may grow before it is
// collected again.
func growth(live uint64, usual int) int {
	live = max(live, 1)
	size := min(max(manyTimes*live, youth), roomy)
	if size <= live {
		return usual
	}
	return min(max(usual, int(100*(size-live)/live)), youthPercent)
}
