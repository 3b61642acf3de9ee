package crashtest

import (
	"fmt"
	"os"
	"slices"
	"testing"
)

// disturbed is a command that can be given again, however it has ended, and then brings
// the store of a world to what it was.
type disturbed struct {
	args    []string
	step    int    // one call of so many is disturbed
	prepare func() // before each run
	// after says what is wrong when the command has succeeded; may be nil.
	after func(o *outcome) error
}

// disturb kills a command before each of its calls, or lets the call fail.
func (w *world) disturb(t *testing.T, d disturbed) {
	t.Helper()
	want := look(w.root).says()
	if os.Getenv("FRUIX_CRASH_FAULTS") == "all" {
		d.step = 1
	}
	succeeded := func(o *outcome) error {
		err := w.holds(settled)
		if err == nil && d.after != nil {
			err = d.after(o)
		}
		if err != nil {
			return fmt.Errorf("it succeeded, but\n%w", err)
		}
		return nil
	}
	for _, kill := range []bool{true, false} {
		for n := 1 + w.r.IntN(d.step); ; n += d.step {
			d.prepare()
			seen, at := 0, call{}
			o := w.runWatched(d.args, nil, func(c call) verdict {
				if !c.below(w.root) {
					return verdict{}
				}
				if seen++; seen != n {
					return verdict{}
				}
				at = c
				list := errorsOf(c.name)
				return verdict{errno: list[w.r.IntN(len(list))], kill: kill}
			})
			err := o.readable(kill)
			if at.name == "" { // nothing has disturbed it
				err = o.fails()
			}
			if err == nil && o.code == 0 {
				err = succeeded(o)
			}
			if err != nil {
				t.Errorf("call %d, %v: %v", n, at, err)
			}
			again := w.must(d.args...)
			if err := succeeded(again); err != nil {
				t.Errorf("call %d, %v, killed %v; the next time %v", n, at, kill, err)
			}
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
