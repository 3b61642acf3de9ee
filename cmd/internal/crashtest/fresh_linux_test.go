package crashtest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// freshen makes the store what it would be in an image: objects and a journal, of
// which a mark says that it is all there has ever been.
func (w *world) freshen() {
	w.Helper()
	dir := filepath.Join(w.root, storeDir)
	journal := must(os.ReadFile(filepath.Join(dir, ".fruix-journal")))(w)
	if err := os.Remove(filepath.Join(dir, ".fruix-id")); err != nil && !errors.Is(err, os.ErrNotExist) {
		w.Fatal(err)
	}
	check(w, os.RemoveAll(filepath.Dir(w.database())))
	check(w, os.WriteFile(w.mark(), fmt.Appendf(nil, "sha256:%x\n", sha256.Sum256(journal)), 0o644))
}

func (w *world) mark() string { return filepath.Join(w.root, storeDir, ".fruix-fresh") }

// TestFirstUseDisturbed kills the first use of a store that came with an image before
// each of its calls, or lets the call fail. The next command takes it into use without
// repair, and it knows what it knew before.
func TestFirstUseDisturbed(t *testing.T) {
	w := newWorld(t, "fresh", seed(t))
	w.must("build", "-q", "-f", w.expression(), "-r", w.path("kept"))
	w.must("store", "add", "-q", w.source())
	w.disturb(t, disturbed{
		args: []string{"gc", "-n", "-q"}, step: 8, prepare: w.freshen,
		after: func(o *outcome) error {
			if _, err := os.Lstat(w.mark()); !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("the mark is still there (%v)", err)
			}
			return nil
		},
	})
}
