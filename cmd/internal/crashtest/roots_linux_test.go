package crashtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestUnreadableRoots: a collection that cannot see what something keeps deletes nothing,
// and says what it could not look at.
func TestUnreadableRoots(t *testing.T) {
	w := newWorld(t, "roots", seed(t))
	added := w.must("store", "add", w.source(), w.source()).paths()
	if len(added) != 2 {
		t.Fatalf("added %v", added)
	}
	linked, used := w.root+added[0], w.root+added[1]
	link := w.path("kept")
	check(t, os.Symlink(linked, link))
	root := filepath.Join(w.root, "frx/var/fruix/gcroots/mine")
	check(t, os.Symlink(link, root))
	check(t, os.Symlink(link, filepath.Join(filepath.Dir(root), "other")))
	sleeper := exec.Command("sleep", "600")
	sleeper.Dir = used
	check(t, sleeper.Start())
	defer sleeper.Wait()
	defer sleeper.Process.Kill()
	proc := fmt.Sprintf("/proc/%d", sleeper.Process.Pid)
	for _, test := range []struct {
		call, path string // how its path ends
		errno      syscall.Errno
		says       string
	}{
		{"readlinkat", link, syscall.EIO, "the root " + root},
		{"readlinkat", root, syscall.EIO, "the root " + root},
		{"readlinkat", link, syscall.EIO, "/mine (and 1 more) cannot be followed"},
		{"readlinkat", link, syscall.EACCES, "the root " + root},
		{"openat", "/proc", syscall.EMFILE, "running programs"},
		{"readlinkat", proc + "/cwd", syscall.ENOMEM, "running programs"},
		{"openat", proc + "/maps", syscall.ENFILE, "running programs"},
		{"openat", filepath.Join(w.root, storeDir, ".tmp"), syscall.EMFILE, ".tmp"},
	} {
		failed := 0
		o := w.runWatched([]string{"gc"}, nil, func(c call) verdict {
			if c.name != test.call || c.path != test.path {
				return verdict{}
			}
			failed++
			return verdict{errno: test.errno}
		})
		if err := o.readable(false); err != nil {
			t.Errorf("%+v: %v", test, err)
		}
		if failed == 0 || o.code != 1 || !strings.Contains(o.stderr, test.says) {
			t.Errorf("%+v: %d calls failed, status %d, and it said:\n%s", test, failed, o.code, o.stderr)
		}
		for _, p := range []string{linked, used} {
			if _, err := os.Lstat(p); err != nil {
				t.Fatalf("%+v: %v", test, err)
			}
		}
		if err := w.holds(settled); err != nil {
			t.Fatalf("%+v: %v", test, err)
		}
	}
	w.must("gc")
	for _, p := range []string{linked, used} {
		if _, err := os.Lstat(p); err != nil {
			t.Error(err)
		}
	}
}
