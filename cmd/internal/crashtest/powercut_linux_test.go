package crashtest

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

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

// freeze stops the process pid, which makes the call c, and returns when none of its
// threads is in another call that could still write; thaw lets it go on. The thread
// that makes the call is waiting for this process.
func freeze(pid int, c call) (thaw func(), err error) {
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		return func() {}, err
	}
	thaw = func() { unix.Kill(pid, unix.SIGCONT) }
	for range 5000 {
		busy := 0
		tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if err != nil {
			return thaw, err
		}
		for _, task := range tasks {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/stat", pid, task.Name()))
			if err != nil || task.Name() == fmt.Sprint(c.pid) {
				continue
			}
			_, rest, _ := strings.Cut(string(stat), ") ")
			if !strings.HasPrefix(rest, "T") {
				busy++
			}
		}
		if busy == 0 {
			return thaw, nil
		}
		time.Sleep(time.Millisecond)
	}
	return thaw, fmt.Errorf("process %d does not stand still", pid)
}

// threadGroup is the process that a thread belongs to.
func threadGroup(tid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "Tgid:"); ok {
			return strconv.Atoi(strings.TrimSpace(rest))
		}
	}
	return 0, fmt.Errorf("thread %d has no process", tid)
}

// TestPowerCut takes the power away at system calls of operations, and when they
// have ended. What a command has reported must be there, and all that is valid be
// whole.
func TestPowerCut(t *testing.T) {
	if os.Getenv("FRUIX_CRASH_LONG") == "" {
		t.Skip("FRUIX_CRASH_LONG=1 runs it: what it waits for takes longer on a busy machine")
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a file system")
	}
	step := 19
	if os.Getenv("FRUIX_CRASH_FAULTS") == "all" {
		step = 1
	}
	w := newWorld(t, "power", seed(t))
	w.patience = time.Hour // it stands still while we look
	image := w.onImage()
	cuts := 0
	for _, op := range w.operations() {
		o := op()
		next := 1 + w.r.IntN(step)
		seen, fruix := 0, 0
		// A collection that is going on may have deleted what was promised.
		promised := w.promised
		if o.name == "gc" || o.name == "delete" {
			w.promised = nil
		}
		got := w.runWatched(o.args, o.input(), func(c call) verdict {
			if !c.below(w.root) {
				return verdict{}
			}
			// What runs in a jail promises nothing.
			pid, err := threadGroup(c.pid)
			if fruix == 0 {
				fruix = pid
			}
			if pid != fruix {
				return verdict{}
			}
			if seen++; seen < next || t.Failed() {
				return verdict{}
			}
			next += step
			cuts++
			thaw := func() {}
			if err == nil {
				thaw, err = freeze(pid, c)
			}
			if err == nil {
				err = w.afterPowerCut(image, struck)
			}
			thaw()
			if err != nil {
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
