package crashtest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFullDisk lets operations run into the end of the disk: on a file system of
// which only so many pages are free, for each number of pages from none to what
// the operation needs.
func TestFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	step := 7
	if os.Getenv("FRUIX_CRASH_FAULTS") == "all" {
		step = 1
	}
	w := newWorld(t, "full", seed(t))
	if err := unix.Mount("tmpfs", w.root, "tmpfs", 0, "size=32m,mode=755"); err != nil {
		t.Skip("a small file system cannot be mounted: ", err)
	}
	t.Cleanup(func() { unix.Unmount(w.root, unix.MNT_DETACH) })
	for _, op := range w.operations() {
		w.fullDisk(op, step)
	}
}

func (w *world) fullDisk(op func() operation, step int) {
	full := 0
	for pages := w.r.IntN(step); ; pages += step {
		w.must("store", "add", "-q", w.source(), w.source())
		o := op()
		free := w.fill(pages)
		got := w.run(w.start(o), o.input(), nil)
		what := fmt.Sprintf("fruix %s, with %d pages free", got.what, pages)
		w.keep(o, got)
		// What makes room must work just then.
		if err := w.do(operation{name: "delete", args: []string{"gc", "-q", "-C", "1"}}).fails(); err != nil {
			w.Errorf("%s; and then: %v", what, err)
		}
		free()
		if err := got.readable(false); err != nil {
			w.Errorf("%s: %v", what, err)
		}
		if got.code != 0 {
			full++
			if !strings.Contains(strings.ToLower(got.stderr), "no space") {
				w.Errorf("%s does not say that the disk is full:\n%s", what, got.stderr)
			}
		}
		if err := w.holds(struck); err != nil {
			w.Errorf("%s:\n%v", what, err)
		}
		if err := w.do(operation{name: "gc", args: []string{"gc", "-q"}}).fails(); err != nil {
			w.Errorf("%s: %v", what, err)
		}
		if err := w.holds(collected); err != nil {
			w.Errorf("%s; after a collection:\n%v", what, err)
		}
		if got.code == 0 || w.Failed() {
			w.Logf("%s: full %d times, done with %d pages", o.name, full, pages)
			return
		}
	}
}

// fill leaves so many pages of the store's file system free, until what it
// returns is called.
func (w *world) fill(pages int) (free func()) {
	name := w.path("root", "filler")
	f := must(os.Create(name))(w)
	var st unix.Statfs_t
	check(w, unix.Statfs(w.root, &st))
	check(w, unix.Fallocate(int(f.Fd()), 0, 0, (int64(st.Bavail)-int64(pages))*st.Bsize))
	check(w, f.Close())
	return func() { check(w, os.Remove(name)) }
}
