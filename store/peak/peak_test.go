package peak

import (
	"os"
	"testing"
)

var kept []byte

func TestMeter(t *testing.T) {
	if f, err := os.OpenFile("/proc/self/clear_refs", os.O_WRONLY, 0); err != nil {
		t.Skip("the system does not tell (Linux's /proc/self/clear_refs)")
	} else {
		f.Close()
	}
	use := func(size int) func() {
		return func() {
			kept = make([]byte, size)
			for i := 0; i < size; i += 4096 {
				kept[i] = 1
			}
			kept = nil
		}
	}
	var m Meter
	if m.MiB() != 0 {
		t.Error("something was measured")
	}
	// The race detector keeps some memory for each page that was touched.
	m.Around(use(128 << 20))
	large := m.MiB()
	if large < 128 || large > 1000 {
		t.Errorf("%v MiB for 128", large)
	}
	m.Around(use(1))
	if m.MiB() != large {
		t.Errorf("it forgot the most")
	}
	var other Meter
	if other.Around(use(1)); other.MiB() > large-32 {
		t.Errorf("%v MiB for nothing, %v for 128", other.MiB(), large)
	}
}
