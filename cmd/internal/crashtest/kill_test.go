package crashtest

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestKilledAtRandom kills commands at random instants, uniformly over the time
// that they take, with all that they have started. After each, before anything
// else is done, all that is valid must be whole; then the next command must work;
// and a collection must leave nothing behind.
func TestKilledAtRandom(t *testing.T) {
	rounds, first := number(t, "FRUIX_CRASH_ROUNDS", 500), seed(t)
	const worlds = 2
	var wg sync.WaitGroup
	for i := range worlds {
		w := newWorld(t, fmt.Sprintf("w%d", i), first)
		wg.Go(func() { w.killRounds(rounds / worlds) })
	}
	wg.Wait()
}

func (w *world) killRounds(rounds int) {
	ops := w.operations()
	usual := make([]time.Duration, len(ops)) // how long each takes
	for i, op := range ops {
		o := w.do(op())
		if err := o.fails(); err != nil {
			w.Error(err)
			return
		}
		usual[i] = o.took
	}
	killed := map[string]int{}
	ended := 0
	for round := range rounds {
		i := w.r.IntN(len(ops))
		op := ops[i]()
		at := time.Duration(w.r.Int64N(int64(usual[i])))
		o := w.run(w.start(op), op.input(), func(p *os.Process) {
			time.Sleep(at)
			syscall.Kill(-p.Pid, syscall.SIGKILL)
		})
		w.keep(op, o)
		if o.code == -1 {
			killed[op.name]++
		} else {
			ended++
			if err := o.fails(); err != nil {
				w.Errorf("round %d: %v", round, err)
				return
			}
		}
		if err := w.holds(struck); err != nil {
			w.Errorf("round %d: after fruix %s was killed at %v:\n%v", round, o.what, at, err)
			return
		}
		j := w.r.IntN(len(ops))
		next := ops[j]()
		did := w.do(next)
		if err := did.fails(); err != nil {
			w.Errorf("round %d: after fruix %s was killed at %v: %v", round, o.what, at, err)
			return
		}
		usual[j] = (3*usual[j] + did.took) / 4
		state := settled
		if next.name == "gc" {
			state = collected
		}
		if err := w.holds(state); err != nil {
			w.Errorf("round %d: after fruix %s was killed at %v, and fruix %s:\n%v", round, o.what, at, did.what, err)
			return
		}
	}
	w.Logf("killed: %v; ended before: %d; usual times: %v", killed, ended, usual)
}
