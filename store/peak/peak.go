// Package peak measures how much memory this process holds at most while something
// goes on. Benchmarks use it.
package peak

import (
	"bytes"
	"os"
	"runtime/debug"
	"strconv"
)

// Meter remembers the largest of what it has measured.
type Meter struct{ most int64 }

// Around calls f. Where the system tells (Linux: proc(5), clear_refs and VmHWM), the
// meter takes note of the most memory that was resident meanwhile, what the process
// held before included.
func (m *Meter) Around(f func()) {
	debug.FreeOSMemory()
	reset := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	f()
	if reset == nil {
		m.most = max(m.most, resident())
	}
}

// MiB is the most that was measured, in 2^20 bytes; 0 when nothing was.
func (m *Meter) MiB() float64 { return float64(m.most) / (1 << 20) }

// resident reads the mark that the kernel keeps.
func resident() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, after, _ := bytes.Cut(status, []byte("VmHWM:"))
	words := bytes.Fields(after)
	if len(words) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(string(words[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}
