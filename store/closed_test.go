package store_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"fruix/store"
)

// TestClosedLocks: no other user can open what a process of the store's owner waits
// for, also where an older Fruix let everybody. Who can open a file can lock it.
func TestClosedLocks(t *testing.T) {
	defer unix.Umask(unix.Umask(0))
	root := scratch(t)
	aStore(t, root, "one")
	state := filepath.Join(root, "frx/var/fruix")
	for _, name := range []string{"collector.lock", "journal.lock", "db/lock"} {
		if err := os.Chmod(filepath.Join(state, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(state, "db"), 0o755); err != nil {
		t.Fatal(err)
	}
	seen := 0
	closed(t, root, func(s *store.Store) {
		text := must(s.AddText(t.Context(), "x", []byte("x"), nil))(t)
		lock := must(s.LockOutputs(t.Context(), []string{text}))(t)
		defer lock.Release()
		must(s.SetProfile(t.Context(), s.StatePath("profiles", "p"), text))(t)
		err := filepath.WalkDir(state, func(name string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			fi, err := e.Info()
			if err != nil {
				return err
			}
			switch {
			case e.IsDir() && fi.Mode()&0o077 == 0:
				return fs.SkipDir
			case strings.HasSuffix(name, "lock") && fi.Mode()&0o077 != 0:
				t.Errorf("others may open %s: %v", name, fi.Mode())
			case strings.HasSuffix(name, "lock"):
				seen++
			case strings.Contains(name, "sqlite"):
				t.Errorf("others may open %s", name)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	if seen != 4 {
		t.Errorf("there are %d locks", seen)
	}
}
