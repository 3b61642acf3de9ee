package crashtest

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// errorsOf are the ways in which a call may fail.
func errorsOf(name string) []syscall.Errno {
	const eio, full, denied = syscall.EIO, syscall.ENOSPC, syscall.EACCES
	switch name {
	case "write", "pwrite64", "copy_file_range", "ftruncate", "fallocate":
		return []syscall.Errno{full, eio, syscall.EDQUOT}
	case "fsync", "fdatasync", "syncfs":
		return []syscall.Errno{eio, full}
	case "read", "pread64", "getdents64":
		return []syscall.Errno{eio}
	case "open", "openat":
		return []syscall.Errno{denied, eio, full, syscall.EMFILE}
	case "flock":
		return []syscall.Errno{syscall.ENOLCK}
	case "fchmod", "fchown", "fchmodat", "fchownat", "chmod", "chown", "utimensat":
		return []syscall.Errno{syscall.EPERM, eio, full}
	}
	return []syscall.Errno{denied, full, eio} // names are made, changed and removed
}

// TestFaults lets each system call of each operation on the store fail in turn.
// The command must say so, or do without; and the store must be as if it had been
// killed there.
func TestFaults(t *testing.T) { sweep(t, false) }

// TestKilledAtEveryCall kills each operation before each of its system calls.
func TestKilledAtEveryCall(t *testing.T) { sweep(t, true) }

// sweep disturbs each operation at each of its calls that are about the store;
// by default at one of several, others each time.
func sweep(t *testing.T, kill bool) {
	first := seed(t)
	step := 8
	every := os.Getenv("FRUIX_CRASH_FAULTS") == "all"
	if every {
		step = 1
	}
	var wg sync.WaitGroup
	for i := range 2 {
		w := newWorld(t, fmt.Sprintf("f%d", i), first)
		wg.Go(func() {
			for j, op := range w.operations() {
				if j%2 == i {
					w.sweepOne(op, step, kill, every)
				}
			}
		})
	}
	wg.Wait()
}

// sweepOne disturbs one operation.
func (w *world) sweepOne(op func() operation, step int, kill, every bool) {
	disturbed, failed := 0, 0
	name := ""
	only := os.Getenv("FRUIX_CRASH_OPERATIONS")
	for n := 1 + w.r.IntN(step); ; n += step {
		kinds := 1
		for kind := 0; kind < kinds; kind++ {
			// Garbage to collect, files to share.
			w.must("store", "add", "-q", w.source(), w.source())
			o := op()
			name = o.name
			if only != "" && !slices.Contains(strings.Split(only, ","), name) {
				return
			}
			seen, at, errno := 0, call{}, syscall.Errno(0)
			got := w.runWatched(o.args, o.input(), func(c call) verdict {
				if !c.below(w.root) {
					return verdict{}
				}
				if seen++; seen != n {
					return verdict{}
				}
				at = c
				list := errorsOf(c.name)
				errno = list[w.r.IntN(len(list))]
				if every && !kill {
					kinds = len(list)
					errno = list[(n+kind)%len(list)]
				}
				return verdict{errno: errno, kill: kill}
			})
			w.keep(o, got)
			what := fmt.Sprintf("fruix %s, whose call %d, %v, fails (%v)", got.what, n, at, errno)
			if kill {
				what = fmt.Sprintf("fruix %s, killed before call %d, %v", got.what, n, at)
			}
			if at.name == "" { // there were fewer
				if err := got.fails(); err != nil {
					w.Errorf("undisturbed: %v", err)
				}
				w.Logf("%s: %d calls, disturbed at %d; failed %d", name, seen, disturbed, failed)
				return
			}
			disturbed++
			if got.code != 0 {
				failed++
			}
			if err := got.readable(kill); err != nil {
				w.Errorf("%s: %v", what, err)
			}
			if err := w.holds(struck); err != nil {
				w.Errorf("%s:\n%v", what, err)
			}
			next := w.do(operation{name: "gc", args: []string{"gc", "-q"}})
			if err := next.fails(); err != nil {
				w.Errorf("%s: %v", what, err)
			}
			if err := w.holds(collected); err != nil {
				w.Errorf("%s; after a collection:\n%v", what, err)
			}
			if w.Failed() {
				w.Log(got.stderr)
				return
			}
		}
	}
}
