package crashtest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A store on a file system of its own, in a file. While a command stands still at
// one of its system calls, that file holds what the kernel has written for it so
// far: what a loss of power would leave. A copy of it is mounted, which replays the
// file system's log as a start would, and looked at.

// mounts are the options of the file system: nothing is written without need.
const mounts = "loop,commit=600,noauto_da_alloc,lazytime"

// mount mounts the file system in the file image at dir.
func (w *world) mount(image, dir string) error {
	if out, err := exec.Command("mount", "-o", mounts, image, dir).CombinedOutput(); err != nil {
		return fmt.Errorf("mount: %v: %s", err, out)
	}
	return nil
}

// onImage gives the world's store a file system of its own.
func (w *world) onImage() (image string) {
	image = w.path("image")
	f := must(os.Create(image))(w)
	check(w, f.Truncate(48<<20))
	check(w, f.Close())
	if out, err := exec.Command("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0", "-m", "0", image).CombinedOutput(); err != nil {
		w.Skipf("mkfs.ext4: %v: %s", err, out)
	}
	if err := w.mount(image, w.root); err != nil {
		w.Skip(err)
	}
	w.Cleanup(func() { unix.Unmount(w.root, unix.MNT_DETACH) })
	return image
}

// afterPowerCut copies the image and says what is wrong with the store in it.
func (w *world) afterPowerCut(image string, s state) error {
	copied, dir := w.path("copied"), w.path("after")
	if out, err := exec.Command("cp", "--sparse=always", image, copied).CombinedOutput(); err != nil {
		return fmt.Errorf("cp: %v: %s", err, out)
	}
	check(w, os.MkdirAll(dir, 0o755))
	if err := w.mount(copied, dir); err != nil {
		return err
	}
	after := *w
	after.root = dir
	err := after.holds(s)
	if uerr := unix.Unmount(dir, 0); err == nil {
		err = uerr
	}
	return err
}

// TestPowerCut takes the power away at system calls of operations, and when they
// have ended. What a command has reported must be there, and all that is valid be
// whole.
func TestPowerCut(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a file system")
	}
	step := 19
	if os.Getenv("FRUIX_CRASH_FAULTS") == "all" {
		step = 1
	}
	w := newWorld(t, "power", seed(t))
	image := w.onImage()
	cuts := 0
	for _, op := range w.operations() {
		o := op()
		next := 1 + w.r.IntN(step)
		seen := 0
		// A collection that is going on may have deleted what was promised.
		promised := w.promised
		if o.name == "gc" || o.name == "delete" {
			w.promised = nil
		}
		got := w.runWatched(o.args, o.input(), func(c call) verdict {
			if !c.below(w.root) {
				return verdict{}
			}
			if seen++; seen < next || t.Failed() {
				return verdict{}
			}
			next += step
			cuts++
			if err := w.afterPowerCut(image, struck); err != nil {
				t.Errorf("power cut in fruix %s before call %d, %v:\n%v", strings.Join(o.args, " "), seen, c, err)
			}
			return verdict{}
		})
		w.promised = promised
		check(t, got.fails())
		w.keep(o, got)
		cuts++
		if err := w.afterPowerCut(image, settled); err != nil {
			t.Errorf("power cut after fruix %s: %v", got.what, err)
		}
		if t.Failed() {
			return
		}
	}
	// That this test can fail is shown by who does not want to wait for the disk.
	o := w.do(operation{name: "add", args: []string{"store", "add", "--no-sync", w.source()}})
	check(t, o.fails())
	if err := w.afterPowerCut(image, struck); err == nil {
		t.Error("nothing is lost without syncing")
	}
	t.Logf("the power was cut %d times", cuts)
}
