package osmodel_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"fruix/interp"
	"fruix/stdlib"
)

// activate makes homes, lists (DIRECTORY UID GID MODE), as the activation of a system does.
func activate(t *testing.T, e *interp.Engine, homes string) error {
	t.Helper()
	_, err := e.Eval(t.Context(), "(use-modules (gnu build activation))\n(umask #o022)\n(activate-homes '("+homes+"))", "activation")
	return err
}

func newActivation(t *testing.T) *interp.Engine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root makes homes for others")
	}
	e, err := interp.New(interp.Options{Stdlib: stdlib.FS})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestHomes: what is missing is made and given away, and what is there stays as it is.
func TestHomes(t *testing.T) {
	e, dir := newActivation(t), t.TempDir()
	if err := os.Symlink("real", filepath.Join(dir, "home")); err != nil { // root's own
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "real"), 0o755); err != nil {
		t.Fatal(err)
	}
	homes := fmt.Sprintf("(%q 1000 1001 #o700) (%q 1002 1002 #o750)", dir+"/home/alice", dir+"/var/lib//git")
	if err := activate(t, e, homes); err != nil {
		t.Fatal(err)
	}
	look := func(name string) string {
		fi, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		st := fi.Sys().(*syscall.Stat_t)
		return fmt.Sprint(fi.Mode(), " ", st.Uid, " ", st.Gid)
	}
	for name, want := range map[string]string{
		"real/alice": "drwx------ 1000 1001", "var/lib/git": "drwxr-x--- 1002 1002", "var/lib": "drwxr-xr-x 0 0", "real": "drwxr-xr-x 0 0",
	} {
		if got := look(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "real/alice"), 0o711); err != nil {
		t.Fatal(err)
	}
	if err := activate(t, e, homes); err != nil || !strings.HasPrefix(look("real/alice"), "drwx--x--x 1000") {
		t.Errorf("again: %v, %s", err, look("real/alice"))
	}
}

// TestHomesWithin: a home within another user's is not made, nor given away, where links
// of that user lead to.
func TestHomesWithin(t *testing.T) {
	e, dir := newActivation(t), t.TempDir()
	alice, secret := filepath.Join(dir, "alice"), filepath.Join(dir, "secret")
	for _, d := range []string{alice, secret} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(alice, 1000, 1000); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(alice, "link")); err != nil {
		t.Fatal(err)
	}
	if err := activate(t, e, fmt.Sprintf("(%q 1001 1001 #o700)", alice+"/link/home")); err == nil {
		t.Error("a link on the way is no error")
	}
	if entries, err := os.ReadDir(secret); err != nil || len(entries) > 0 {
		t.Errorf("made elsewhere: %v %v", entries, err)
	}

	// Nor is a special file.
	special := func(name string) error {
		_, err := e.Eval(t.Context(), fmt.Sprintf("(activate-special-files '((%q \"target\")))", name), "special file")
		return err
	}
	if err := special(alice + "/link/file"); err == nil {
		t.Error("a link on the way to a special file is no error")
	}
	if entries, err := os.ReadDir(secret); err != nil || len(entries) > 0 {
		t.Errorf("made elsewhere: %v %v", entries, err)
	}
	for range 2 {
		if err := special(alice + "/in/file"); err != nil {
			t.Error(err)
		}
		if target, err := os.Readlink(alice + "/in/file"); err != nil || target != "target" {
			t.Errorf("a special file: %q, %v", target, err)
		}
	}

	// What was made is exchanged at once.
	home := filepath.Join(alice, "home")
	var over atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !over.Load() {
			if os.Rename(home, filepath.Join(alice, "taken")) == nil {
				_ = os.Symlink(secret, home)
				os.Remove(filepath.Join(alice, "taken"))
				os.Remove(home)
			}
		}
	}()
	for range 300 {
		_ = activate(t, e, fmt.Sprintf("(%q 1001 1001 #o711)", home))
	}
	over.Store(true)
	<-done
	fi, err := os.Stat(secret)
	if err != nil {
		t.Fatal(err)
	}
	if uid := fi.Sys().(*syscall.Stat_t).Uid; uid != 0 || fi.Mode().Perm() != 0o755 {
		t.Errorf("another folder is now %v and belongs to %d", fi.Mode(), uid)
	}
}
