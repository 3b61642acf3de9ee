package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"fruix/store"
)

// smallDisk mounts a file system of the given size below dir for the test's time.
func smallDisk(t *testing.T, size string) (dir, mount string) {
	t.Helper()
	dir = scratch(t)
	mount = filepath.Join(dir, "mnt")
	if err := os.Mkdir(mount, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", mount, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("a small file system cannot be mounted (%v); needs root", err)
	}
	t.Cleanup(func() { unix.Unmount(mount, unix.MNT_DETACH) })
	return dir, mount
}

// fill fills a file system to the last block, and returns what does.
func fill(t *testing.T, mount string) (filler string) {
	t.Helper()
	f := must(os.Create(filepath.Join(mount, "filler")))(t)
	for chunk := bytes.Repeat([]byte("f"), 4096); ; {
		if _, err := f.Write(chunk); err != nil {
			break
		}
	}
	f.Close()
	return f.Name()
}

// TestFullDisk works on a file system that has little room.
func TestFullDisk(t *testing.T) {
	dir, mount := smallDisk(t, "2m")
	ctx := t.Context()
	src := filepath.Join(dir, "src")
	grow(t, src, map[string]string{"small": "x", "d/big": strings.Repeat("y", 4<<20)})
	s := open(t, mount)
	defer s.Close()
	small := must(s.AddText(ctx, "small", []byte("x"), nil))(t)

	var full *store.NoSpaceError
	if _, err := s.AddPath(ctx, "src", src, store.AddOptions{Recursive: true}); !errors.As(err, &full) {
		t.Errorf("a tree that is too large: %v", err)
	}
	if _, err := s.AddText(ctx, "big", bytes.Repeat([]byte("z"), 3<<20), nil); !errors.As(err, &full) {
		t.Errorf("a text that is too large: %v", err)
	}
	// Fill it to the last block: then even the database has no room.
	filler := fill(t, mount)
	if _, err := s.AddText(ctx, "more", []byte("1"), nil); !errors.As(err, &full) {
		t.Errorf("on a full disk: %v", err)
	} else {
		t.Log(err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if left := must(os.ReadDir(filepath.Join(mount, "frx/store")))(t); len(left) != 4 {
		t.Errorf("the store holds %v", left)
	}
	must(s.AddText(ctx, "more", []byte("1"), nil))(t)
	if !must(s.IsValid(ctx, small))(t) {
		t.Error("an object was lost")
	}
	s.Close()
	if n := checkStore(t, mount); n != 2 {
		t.Errorf("%d objects", n)
	}
	checkTidy(t, mount)
}

// TestProtectsAfterFull: names for which the disk had no room do not spoil those that
// come when it has.
func TestProtectsAfterFull(t *testing.T) {
	_, mount := smallDisk(t, "2m")
	ctx := t.Context()
	var kept string
	closed(t, mount, func(s *store.Store) { kept = must(s.AddText(ctx, "kept", nil, nil))(t) })
	user := open(t, mount)
	name := func(i int) string { return fmt.Sprintf("/frx/store/%032d-some-name", i) }
	for i := range 20 { // so that the next page is begun in the midst of a name
		if err := user.Protect(ctx, name(i)); err != nil {
			t.Fatal(err)
		}
	}
	filler := fill(t, mount)
	var many []string
	for i := range 200 {
		many = append(many, name(1000+i))
	}
	var full *store.NoSpaceError
	if err := user.Protect(ctx, many...); !errors.As(err, &full) {
		t.Fatalf("on a full disk: %v", err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := user.Protect(ctx, kept); err != nil {
		t.Fatal(err)
	}
	if got := must(open(t, mount).Collect(ctx, store.CollectOptions{}))(t); len(got.Paths) != 0 {
		t.Errorf("collected %v, which is in use", got.Paths)
	}
}

// TestUnremovable: a tree that cannot be removed does not keep the others from going.
func TestUnremovable(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	s := open(t, root)
	must(s.AddText(ctx, "one", nil, nil))(t)
	var trees []string
	for i := range 16 {
		p := s.Physical(fmt.Sprintf("%s/%032d-left", s.Dir(), i))
		grow(t, p, map[string]string{"busy/x": "1"})
		trees = append(trees, p)
	}
	tmp := filepath.Join(root, "frx/store/.tmp")
	for i, p := range trees {
		if i%4 > 0 {
			continue // others find them in another order
		}
		if err := unix.Mount("tmpfs", filepath.Join(p, "busy"), "tmpfs", 0, "size=64k"); err != nil {
			t.Skipf("nothing can be mounted (%v); needs root", err)
		}
		t.Cleanup(func() {
			moved, _ := filepath.Glob(filepath.Join(tmp, "*/*", filepath.Base(p), "busy"))
			for _, at := range append(moved, filepath.Join(p, "busy")) {
				_ = unix.Unmount(at, unix.MNT_DETACH)
			}
		})
	}
	if _, err := s.Collect(ctx, store.CollectOptions{}); !errors.Is(err, unix.EBUSY) {
		t.Errorf("what cannot be removed is told: %v", err)
	}
	for _, p := range trees {
		if _, err := os.Lstat(p); err == nil {
			t.Errorf("%s is left", filepath.Base(p))
		}
	}
}

// TestMakesRoom adds more than a small file system holds, a process at a time,
// and keeps one object by a root.
func TestMakesRoom(t *testing.T) {
	dir, mount := smallDisk(t, "16m")
	ctx := t.Context()
	c := config(mount)
	c.MinFree, c.MaxFree = 6<<20, 8<<20
	collected := 0
	c.OnCollect = func(done store.Collected) { collected += len(done.Paths) }
	kept := ""
	for i := range 20 {
		s := must(store.Open(ctx, c))(t)
		p := must(s.AddText(ctx, "text", bytes.Repeat([]byte{byte('a' + i)}, 2<<20), nil))(t)
		if i == 3 {
			kept = p
			if err := s.AddRoot(ctx, filepath.Join(dir, "kept"), p); err != nil {
				t.Fatal(err)
			}
		}
		s.Close()
	}
	if collected < 10 {
		t.Errorf("%d objects were collected", collected)
	}
	s := open(t, mount)
	if !must(s.IsValid(ctx, kept))(t) {
		t.Error("what a root keeps was collected")
	}
	checkStore(t, mount)
	s.Close()
}
