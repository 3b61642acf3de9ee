package crashtest

import (
	"bytes"
	"os"
	"slices"
	"testing"
)

// TestRebuildDisturbed kills the rebuilding of a damaged database before each of
// its calls, or lets the call fail. Then it must be possible to begin again.
func TestRebuildDisturbed(t *testing.T) {
	w := newWorld(t, "rebuild", seed(t))
	w.must("build", "-q", "-f", w.expression(), "-r", w.path("kept"))
	w.must("store", "add", "-q", w.source())
	want := look(w.root).says()
	step := 6
	if os.Getenv("FRUIX_CRASH_FAULTS") == "all" {
		step = 1
	}
	for _, kill := range []bool{true, false} {
		for n := 1 + w.r.IntN(step); ; n += step {
			check(t, os.WriteFile(w.database(), bytes.Repeat([]byte("rubbish "), 5000), 0o644))
			seen, at := 0, call{}
			o := w.runWatched([]string{"store", "rebuild", "-q"}, nil, func(c call) verdict {
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
			if o.code == 0 {
				if err := w.holds(settled); err != nil {
					t.Errorf("call %d, %v: it succeeded, but\n%v", n, at, err)
				}
			}
			w.must("store", "rebuild", "-q")
			x := look(w.root)
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
