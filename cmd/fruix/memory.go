package main

import (
	"runtime"
	"runtime/debug"
)

// youthPercent makes the first garbage collection wait until the heap holds 64
// MiB, since Go's smallest goal is 4 MiB for 100 per cent.
const youthPercent = 1600

// spareYouth keeps the collector away from a heap that is still small. Most
// commands are done before they have used 64 MiB, and a third of their time
// would go into collecting 4, 8 and 16 MiB; from the first collection on Go's
// usual rule holds. A person's GOGC or GOMEMLIMIT is left alone.
func spareYouth(getenv func(string) string) {
	if getenv("GOGC") != "" || getenv("GOMEMLIMIT") != "" {
		return
	}
	usual := debug.SetGCPercent(youthPercent)
	sentinel := new([64]byte)
	runtime.AddCleanup(sentinel, func(percent int) { debug.SetGCPercent(percent) }, usual)
}
