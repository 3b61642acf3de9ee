package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"fruix/store"
)

// TestInContainer: a store that came with the image of a container, in a lower layer of an
// overlay whose directories cannot be moved, is collected, added to and repaired as any
// other.
func TestInContainer(t *testing.T) {
	ctx, top := t.Context(), scratch(t)
	layers := filepath.Join(top, "layers") // of a file system that can be one
	if err := os.Mkdir(layers, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", layers, "tmpfs", 0, "size=16m"); err != nil {
		t.Skipf("nothing can be mounted (%v); needs root", err)
	}
	defer unix.Unmount(layers, unix.MNT_DETACH)
	lower, root := filepath.Join(layers, "lower"), filepath.Join(layers, "root")
	for _, d := range []string{lower, root, filepath.Join(layers, "upper"), filepath.Join(layers, "work")} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	growSource(t, top)
	other := filepath.Join(top, "other")
	grow(t, other, map[string]string{"d/f": "other"})
	add := func(s *store.Store, dir string) string {
		return must(s.AddPath(ctx, filepath.Base(dir), dir, store.AddOptions{Recursive: true}))(t)
	}
	var source, second string
	closed(t, lower, func(s *store.Store) { source, second = add(s, filepath.Join(top, "source")), add(s, other) })
	options := "lowerdir=" + lower + ",upperdir=" + filepath.Join(layers, "upper") + ",workdir=" + filepath.Join(layers, "work")
	if err := unix.Mount("overlay", root, "overlay", 0, options); err != nil {
		t.Skipf("no overlay can be mounted: %v", err)
	}
	defer unix.Unmount(root, unix.MNT_DETACH)

	s := open(t, root)
	damaged := filepath.Join(s.Physical(second), "d/f")
	if err := errors.Join(os.Chmod(damaged, 0o644), os.WriteFile(damaged, []byte("damage"), 0o644)); err != nil {
		t.Fatal(err)
	}
	place := must(s.TempOutput(second))(t)
	grow(t, place, map[string]string{"d/f": "other"})
	if err := s.Repair(ctx, second, place); err != nil {
		t.Error(err)
	}
	if problem, err := s.VerifyPath(ctx, second); problem != nil || err != nil {
		t.Errorf("repaired: %v, %v", problem, err)
	}
	s.Close()
	s = open(t, root)
	if got := must(s.Collect(ctx, store.CollectOptions{}))(t); len(got.Paths) != 2 || got.Stray != 0 {
		t.Errorf("collected %+v", got)
	}
	if _, err := os.Lstat(s.Physical(source)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was collected: %v", err)
	}
	add(s, filepath.Join(top, "source"))
	if n := checkStore(t, root); n != 1 {
		t.Errorf("%d objects", n)
	}
}
