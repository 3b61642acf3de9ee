package store_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"fruix/store"
)

// mountReadOnly lets nothing below root be written until the test has ended.
func mountReadOnly(t *testing.T, root string) {
	t.Helper()
	if err := unix.Mount(root, root, "", unix.MS_BIND, ""); err != nil {
		t.Skipf("a file system cannot be mounted (%v); needs root", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(root, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	if err := unix.Mount("", root, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
}

// copied copies a tree with all that it has.
func copied(t *testing.T, root string) string {
	t.Helper()
	to := filepath.Join(scratch(t), "copy")
	if out, err := exec.Command("cp", "-a", root, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return to
}

// TestReadOnly asks a store that cannot be written: one that was used, one that came
// with an image and was not, and one whose last user was killed.
func TestReadOnly(t *testing.T) {
	ctx := t.Context()
	known := func(root string) (all []*store.Info) {
		s := must(store.Open(ctx, config(root)))(t)
		defer s.Close()
		for _, p := range must(s.All(ctx))(t) {
			all = append(all, must(s.Info(ctx, p))(t))
		}
		return all
	}
	for name, make := range map[string]func() (root string, want []*store.Info){
		"used": func() (string, []*store.Info) {
			root, _ := variedStore(t)
			return root, known(root)
		},
		"new": func() (string, []*store.Info) {
			root, _, _ := freshStore(t)
			return root, known(copied(t, root))
		},
		"killed": func() (string, []*store.Info) {
			root, _ := variedStore(t)
			s := open(t, root)
			must(s.AddText(ctx, "last", []byte("x"), nil))(t)
			left := copied(t, root)
			s.Close()
			return left, known(root)
		},
	} {
		t.Run(name, func(t *testing.T) {
			root, want := make()
			mountReadOnly(t, root)
			s := open(t, root)
			for _, w := range want {
				got, err := s.Info(ctx, w.Path)
				if err != nil {
					t.Error(err)
				} else if !bytes.Equal(got.NarHash, w.NarHash) || !slices.Equal(got.References, w.References) {
					t.Errorf("%+v, want %+v", got, w)
				}
			}
			if all := must(s.All(ctx))(t); len(all) != len(want) {
				t.Errorf("%d objects, want %d", len(all), len(want))
			}
			if err := s.Verify(ctx, true, func(p store.Problem) { t.Error(p) }, nil); err != nil {
				t.Error(err)
			}
			var only *store.ReadOnlyError
			if _, err := s.AddText(ctx, "more", []byte("y"), nil); !errors.As(err, &only) {
				t.Errorf("something was added: %v", err)
			}
			if _, err := s.Collect(ctx, store.CollectOptions{}); !errors.As(err, &only) {
				t.Errorf("garbage was collected: %v", err)
			}
		})
	}
}

// TestReadOnlyLog: what only the log of a database has is not passed over.
func TestReadOnlyLog(t *testing.T) {
	root, _ := variedStore(t)
	s := open(t, root)
	must(s.AddText(t.Context(), "last", []byte("x"), nil))(t)
	left := copied(t, root)
	s.Close()
	if err := os.Remove(filepath.Join(left, "frx/var/fruix/db/db.sqlite-shm")); err != nil {
		t.Fatal(err)
	}
	mountReadOnly(t, left)
	if all, err := open(t, left).All(t.Context()); err == nil || !strings.Contains(err.Error(), "what was written last lies in") {
		t.Errorf("%d objects, %v", len(all), err)
	}
}
