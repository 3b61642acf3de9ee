package crashtest

import (
	"bytes"
	"os"
	"testing"
)

// TestRebuildDisturbed kills the rebuilding of a damaged database before each of
// its calls, or lets the call fail. Then it must be possible to begin again.
func TestRebuildDisturbed(t *testing.T) {
	w := newWorld(t, "rebuild", seed(t))
	w.must("build", "-q", "-f", w.expression(), "-r", w.path("kept"))
	w.must("store", "add", "-q", w.source())
	w.disturb(t, disturbed{
		args: []string{"store", "rebuild", "-q"}, step: 6,
		prepare: func() {
			check(t, os.WriteFile(w.database(), bytes.Repeat([]byte("rubbish "), 5000), 0o644))
		},
	})
}
