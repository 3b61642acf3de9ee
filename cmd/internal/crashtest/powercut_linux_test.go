package crashtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
	// A new file each time: the kernel may still know blocks of one that was mounted,
	// and mount takes the device of such a one again.
	f := must(os.CreateTemp(w.dir, "copied-"))(w)
	copied, dir := f.Name(), w.path("after")
	check(w, f.Close())
	defer os.Remove(copied)
	if err := w.copyAtOnce(image, copied); err != nil {
		return err
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

// copyAtOnce copies the image as it is at one instant: when the kernel has written to
// it meanwhile, it is copied again.
func (w *world) copyAtOnce(image, copied string) error {
	for {
		before := must(os.Stat(image))(w).ModTime()
		// Times of files go in steps: what is written within the same step does not
		// show.
		if time.Since(before) > 50*time.Millisecond {
			if err := copySparse(image, copied); err != nil {
				return err
			}
			if must(os.Stat(image))(w).ModTime().Equal(before) {
				return nil
			}
		}
		time.Sleep(time.Millisecond)
	}
}

// copySparse copies a file without its zeros. All of it is read: where its holes are,
// a file system may not know of what it has not written yet.
func copySparse(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	b, zeros := make([]byte, 64<<10), make([]byte, 64<<10)
	for at := int64(0); ; {
		n, err := io.ReadFull(in, b)
		if n > 0 && !bytes.Equal(b[:n], zeros[:n]) {
			if _, err := out.WriteAt(b[:n], at); err != nil {
				return err
			}
		}
		at += int64(n)
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return out.Truncate(at)
		default:
			return err
		}
	}
}

// freeze stops the process pid, which makes the call c, and returns when none of its
// threads is in another call that could still write; thaw lets it go on. The thread
// that makes the call is waiting for this process. When one does not stop, on a machine
// that is too busy, nothing can be said: the error is a movesError.
func freeze(pid int, c call) (thaw func(), err error) {
	thaw = func() { unix.Kill(pid, unix.SIGCONT) }
	for begin := time.Now(); ; time.Sleep(time.Millisecond) {
		tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if err != nil {
			return thaw, err
		}
		moving := ""
		for _, task := range tasks {
			tid, err := strconv.Atoi(task.Name())
			if err != nil || tid == c.pid {
				continue
			}
			if what := moves(pid, tid); what != "" {
				moving = what
				// The first thread that gets the signal stops all of them. Sent to the
				// process, it might be left to the one that waits for us, and to no other.
				_ = unix.Tgkill(pid, tid, unix.SIGSTOP)
			}
		}
		switch {
		case moving == "":
			return thaw, nil
		case time.Since(begin) > 10*time.Second:
			return thaw, movesError(moving)
		}
	}
}

// movesError is what a thread does instead of standing still.
type movesError string

func (e movesError) Error() string { return "the process does not stand still: " + string(e) }

// moves says what a thread of the process pid, which has been stopped, is doing that
// could still write; "" when it has come to its end or to where it stops.
func moves(pid, tid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/stat", pid, tid))
	if err != nil {
		return "" // it has ended
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	if state == "" || strings.ContainsRune("TtZX", rune(state[0])) {
		return ""
	}
	// Who has started a process waits, and cannot be stopped, until that has become
	// another program; and that one may itself be waiting for us, who are asked about
	// its calls one after another.
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/syscall", pid, tid))
	number, _, _ := strings.Cut(string(text), " ")
	if err == nil && (number == fmt.Sprint(unix.SYS_CLONE) || number == fmt.Sprint(unix.SYS_CLONE3)) {
		return ""
	}
	return fmt.Sprintf("state %c, system call %s", state[0], strings.TrimSpace(number))
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
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a file system")
	}
	step := 29
	if os.Getenv("FRUIX_CRASH_FAULTS") == "all" {
		step = 1
	}
	w := newWorld(t, "power", seed(t))
	w.patience = time.Hour // it stands still while we look
	image := w.onImage()
	cuts, missed := 0, 0
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
			if errors.As(err, new(movesError)) {
				cuts--
				missed++
				t.Logf("before call %d, %v: %v", seen, c, err)
			} else if err != nil {
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
	// That this test can fail is shown by who does not want to wait for the disk. He may
	// be lucky: anybody on this machine may ask the kernel to write all it has.
	for lucky := 0; ; lucky++ {
		o := w.do(operation{name: "add", args: []string{"store", "add", "--no-sync", w.source()}})
		check(t, o.fails())
		if err := w.afterPowerCut(image, struck); err != nil {
			break
		}
		if lucky == 20 {
			t.Error("nothing is lost without syncing")
			break
		}
	}
	t.Logf("the power was cut %d times; %d times more the process did not stand still for it", cuts, missed)
}
