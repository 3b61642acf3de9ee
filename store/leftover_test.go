package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fruix/store"
	"fruix/store/path"
)

// TestCollectSweepsLockFiles: the file of a lock whose holder was killed goes, that
// of a lock which somebody holds stays.
func TestCollectSweepsLockFiles(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	s := open(t, root)
	held := must(s.AddText(ctx, "held", nil, nil))(t)
	lock := must(open(t, root).LockOutputs(ctx, []string{held}))(t)
	defer lock.Release()
	dead := s.StatePath("locks", filepath.Base(held)+"-dead.lock")
	if err := os.WriteFile(dead, []byte("process 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	must(s.Collect(ctx, store.CollectOptions{}))(t)
	if _, err := os.Lstat(dead); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock file of a dead process: %v", err)
	}
	if _, err := os.Lstat(s.StatePath("locks", filepath.Base(held)+".lock")); err != nil {
		t.Errorf("the lock file that is held: %v", err)
	}
}

// TestUnsealedIsSealed: a process that was killed while it changed a directory of
// an object has left a note, and the next one that opens the store gives the
// directory its form.
func TestUnsealedIsSealed(t *testing.T) {
	root := scratch(t)
	source := filepath.Join(root, "source")
	grow(t, source, map[string]string{"d/e/f": "1"})
	var p string
	closed(t, root, func(s *store.Store) {
		p = must(s.AddPath(t.Context(), "src", source, store.AddOptions{Recursive: true}))(t)
	})
	inside := filepath.Join(root, p, "d/e")
	if err := errors.Join(os.Chmod(inside, 0o755), os.Chtimes(inside, time.Now(), time.Now())); err != nil {
		t.Fatal(err)
	}
	session := filepath.Join(root, "frx/store/.tmp/dead")
	note := filepath.Join(session, "unsealed", filepath.Base(p))
	if err := errors.Join(os.MkdirAll(filepath.Dir(note), 0o755), os.WriteFile(note, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	user := open(t, root)
	lock := must(user.LockOutputs(t.Context(), []string{p}))(t)
	if err := os.WriteFile(session+".lock", nil, 0o600); err != nil { // from now on it can be found
		t.Fatal(err)
	}
	open(t, root)
	if _, err := os.Lstat(note); err != nil {
		t.Errorf("the note about an object that is locked: %v", err)
	}
	lock.Release()
	open(t, root)
	if _, err := os.Lstat(session); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the place of the dead process: %v", err)
	}
	checkCanonical(t, filepath.Join(root, p))
}

// TestHalfMadeRoot: a link that was to become a root goes with the next collection
// or replacement.
func TestHalfMadeRoot(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	s := open(t, root)
	a, b := must(s.AddText(ctx, "a", nil, nil))(t), must(s.AddText(ctx, "b", nil, nil))(t)
	link := filepath.Join(root, "link")
	half := link + ".fruix-new"
	for _, step := range []func() error{
		func() error { return s.AddRoot(ctx, link, b) },
		func() error { _, err := s.Collect(ctx, store.CollectOptions{}); return err },
	} {
		if err := s.AddRoot(ctx, link, a); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(s.Physical(b), half); err != nil {
			t.Fatal(err)
		}
		if err := step(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(half); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the half-made root: %v", err)
		}
	}
	if to := must(os.Readlink(link))(t); to != s.Physical(a) {
		t.Errorf("the root leads to %s", to)
	}
}

// TestReserveAgain: what a process has made of the reserve that died before there was room
// in it is none.
func TestReserveAgain(t *testing.T) {
	root := scratch(t)
	reserve := filepath.Join(root, "frx/var/fruix/reserve")
	size := func() int64 {
		closed(t, root, func(*store.Store) {})
		st, err := os.Stat(reserve)
		if err != nil {
			t.Skipf("there is too little room for a reserve: %v", err)
		}
		return st.Size()
	}
	want := size()
	if err := os.Truncate(reserve, 0); err != nil {
		t.Fatal(err)
	}
	if got := size(); got != want {
		t.Errorf("the reserve has %d bytes, not %d", got, want)
	}
}

// TestLaidBesideGoes: what is laid beside an object goes with the next collection, however
// long the name of the object is.
func TestLaidBesideGoes(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	s := open(t, root)
	for _, n := range []int{10, path.MaxNameLen - 3, path.MaxNameLen} {
		p := must(s.AddText(ctx, strings.Repeat("n", n), nil, nil))(t)
		place := must(s.TempOutput(p))(t)
		grow(t, place, map[string]string{"f": "1"})
		beside := must(s.LayBeside(ctx, p, place, "-check"))(t)
		if _, err := os.Lstat(beside); err != nil || !strings.HasSuffix(beside, "-check") {
			t.Errorf("%s: %v", beside, err)
		}
		must(s.Collect(ctx, store.CollectOptions{}))(t)
		if _, err := os.Lstat(beside); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s stays: %v", beside, err)
		}
	}
}
