package crashtest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	want := look(w.root).says()
	step := 8
	if os.Getenv("FRUIX_CRASH_FAULTS") == "all" {
		step = 1
	}
	for _, kill := range []bool{true, false} {
		for n := 1 + w.r.IntN(step); ; n += step {
			w.freshen()
			seen, at := 0, call{}
			o := w.runWatched([]string{"gc", "-n", "-q"}, nil, func(c call) verdict {
				if !c.below(w.root) {
					return verdict{}
				}
				if seen++; seen != n {
					return verdict{}
				}
				at = c
				list := errorsOf(c.name)
				return verdict{errno: list[n%len(list)], kill: kill}
			})
			if err := o.readable(kill); err != nil {
				t.Errorf("call %d, %v: %v", n, at, err)
			}
			w.must("gc", "-n", "-q")
			x := look(w.root)
			if _, err := os.Lstat(w.mark()); !errors.Is(err, os.ErrNotExist) {
				x.complain("the mark is still there (%v)", err)
			}
			if len(x.problems) > 0 || !slices.Equal(x.says(), want) {
				t.Errorf("call %d, %v, killed %v: %v", n, at, kill, x.problems)
			}
			if t.Failed() {
				t.Log(o.stderr)
				return
			}
			if at.name == "" {
				t.Logf("%d calls", seen)
				break
			}
		}
	}
}
