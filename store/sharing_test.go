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

// inode is the inode of a file below the root, and how many names it has.
func inode(t testing.TB, elem ...string) (ino uint64, names int) {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(filepath.Join(elem...), &st); err != nil {
		t.Fatal(err)
	}
	return uint64(st.Ino), int(st.Nlink)
}

// TestSharedAsTheyArrive: files that are the same become one, however their objects
// come; small ones do not.
func TestSharedAsTheyArrive(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	big := strings.Repeat("0123456789", 1<<10)
	huge := strings.Repeat("0123456789", 20<<10) // read in pieces
	source := filepath.Join(root, "source")
	grow(t, source, map[string]string{"a": big, "d/b": big, "d/c": huge, "small": "x", "d/small": "x"})
	if err := os.Chmod(filepath.Join(source, "d/b"), 0o755); err != nil { // not the same: it is executable
		t.Fatal(err)
	}
	s := open(t, root)
	one := must(s.AddPath(ctx, "one", source, store.AddOptions{Recursive: true}))(t)
	if err := os.WriteFile(filepath.Join(source, "small"), []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	same := func(p, q string, want bool) {
		t.Helper()
		x, n := inode(t, root, p)
		y, _ := inode(t, root, q)
		if (x == y) != want || want && n < 3 {
			t.Errorf("%s and %s are the same: %v; it has %d names", p, q, x == y, n)
		}
	}
	two := must(s.AddPath(ctx, "two", source, store.AddOptions{Recursive: true}))(t)
	for _, f := range []string{"a", "d/b", "d/c"} {
		same(one+"/"+f, two+"/"+f, true)
	}
	same(one+"/a", one+"/d/b", false)
	same(one+"/d/small", two+"/d/small", false)

	text := must(s.AddText(ctx, "text", []byte(big), nil))(t)
	same(one+"/a", text, true)
	flat := must(s.AddPath(ctx, "flat", filepath.Join(source, "d/c"), store.AddOptions{}))(t)
	same(one+"/d/c", flat, true)

	d := derivation("out", "lib")
	must(s.AddDerivation(ctx, "pkg", d))(t)
	var built []store.Built
	for _, name := range []string{"out", "lib"} {
		p := d.Outputs[name].Path
		phys := must(s.TempOutput(p))(t)
		grow(t, phys, map[string]string{"x/a": big, "y/" + name: huge, "y/again": huge, "own": "of both" + big})
		built = append(built, store.Built{Path: p, Physical: phys})
	}
	must(s.Finish(ctx, built))(t)
	out, lib := d.Outputs["out"].Path, d.Outputs["lib"].Path
	same(one+"/a", out+"/x/a", true)
	same(out+"/y/out", lib+"/y/lib", true)
	same(out+"/y/out", out+"/y/again", true)
	same(out+"/own", lib+"/own", true)

	var export bytes.Buffer
	if err := s.Export(ctx, &export, []string{two}, false, nil); err != nil {
		t.Fatal(err)
	}
	other := scratch(t)
	o := open(t, other)
	must(o.AddText(ctx, "text", []byte(big), nil))(t)
	must(o.Import(ctx, &export))(t)
	x, _ := inode(t, other, text)
	if y, _ := inode(t, other, two+"/a"); x != y {
		t.Error("what was imported is not shared")
	}
	checkStore(t, root)
	checkStore(t, other)

	c := config(root)
	c.Unshared = true
	u := must(store.Open(ctx, c))(t)
	defer u.Close()
	three := must(u.AddPath(ctx, "three", source, store.AddOptions{Recursive: true}))(t)
	same(one+"/a", three+"/a", false)
	if done := must(s.Optimise(ctx, nil))(t); done.Files < 3 || done.Bytes < int64(2*len(big)+len(huge)) {
		t.Errorf("optimised: %+v", done)
	}
	same(one+"/a", three+"/a", true)
	same(one+"/d/small", two+"/d/small", true)
	if done := must(s.Optimise(ctx, nil))(t); done.Files != 0 {
		t.Errorf("optimised again: %+v", done)
	}
	checkStore(t, root)
}

// TestLikeSamples: large files that differ only where no sample is taken are never
// taken for each other, and the first few of them are shared all the same.
func TestLikeSamples(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	const kinds = 6
	content := func(kind int) []byte {
		b := make([]byte, 1<<20)
		b[10000] = byte(kind) // between the first two samples
		return b
	}
	s := open(t, root)
	source := filepath.Join(root, "source")
	add := func(name string, files map[string]int) string {
		t.Helper()
		if err := errors.Join(os.RemoveAll(source), os.Mkdir(source, 0o755)); err != nil {
			t.Fatal(err)
		}
		for f, kind := range files {
			if err := os.WriteFile(filepath.Join(source, f), content(kind), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return must(s.AddPath(ctx, name, source, store.AddOptions{Recursive: true}))(t)
	}
	var paths []string
	files := map[string]int{}
	for kind := range kinds {
		for _, copy := range []string{"x", "y"} {
			f := fmt.Sprint(copy, kind)
			files[f] = kind
			paths = append(paths, add(f, map[string]int{"f": kind}))
		}
	}
	paths = append(paths, add("all", files))
	must(s.Optimise(ctx, nil))(t)
	for _, p := range paths {
		if problem, err := s.VerifyPath(ctx, p); problem != nil || err != nil {
			t.Errorf("%s: %v, %v", p, problem, err)
		}
	}
	seen := map[uint64]bool{}
	shared := 0
	all := paths[len(paths)-1]
	for kind := range kinds {
		x, names := inode(t, root, all, fmt.Sprint("x", kind))
		if y, _ := inode(t, root, all, fmt.Sprint("y", kind)); x != y {
			t.Errorf("kind %d is twice in one object", kind)
		}
		if names >= 5 { // in two objects, twice here, and the shared name
			shared++
		}
		seen[x] = true
	}
	if len(seen) != kinds || shared != 4 {
		t.Errorf("%d kinds of %d are left, %d are shared among all", len(seen), kinds, shared)
	}
	s.Close()
	s = open(t, root) // which keeps nothing yet
	must(s.Delete(ctx, paths, store.CollectOptions{}))(t)
	if left := must(os.ReadDir(filepath.Join(root, "frx/store/.links")))(t); len(left) != 0 {
		t.Errorf("shared names are left: %v", left)
	}
}

// TestDamageDoesNotSpread: what is shared is read before anything becomes a link to
// it.
func TestDamageDoesNotSpread(t *testing.T) {
	ctx := t.Context()
	big := strings.Repeat("0123456789", 1<<10)
	for name, damage := range map[string]func(file string) error{
		"content": func(file string) error {
			st, err := os.Stat(file)
			f, oerr := os.OpenFile(file, os.O_WRONLY, 0)
			if err = errors.Join(err, oerr); err != nil {
				return err
			}
			_, err = f.WriteAt([]byte("X"), 500)
			return errors.Join(err, f.Close(), os.Chtimes(file, st.ModTime(), st.ModTime()))
		},
		"length": func(file string) error { return os.Truncate(file, 5000) },
		"mode":   func(file string) error { return os.Chmod(file, 0o644) },
	} {
		root := scratch(t)
		s := open(t, root)
		first := must(s.AddText(ctx, "first", []byte(big), nil))(t)
		if err := os.Chmod(s.Physical(first), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(damage(s.Physical(first))); err != nil {
			t.Fatal(err)
		}
		if name != "mode" {
			if err := os.Chmod(s.Physical(first), 0o444); err != nil {
				t.Fatal(err)
			}
		}
		second := must(s.AddText(ctx, "second", []byte(big), nil))(t)
		third := must(s.AddText(ctx, "third", []byte(big), nil))(t)
		for _, p := range []string{second, third} {
			if problem, err := s.VerifyPath(ctx, p); problem != nil || err != nil {
				t.Errorf("%s: %v, %v", name, problem, err)
			}
		}
		x, _ := inode(t, root, second)
		if y, _ := inode(t, root, third); x != y {
			t.Errorf("%s: what is right has not taken the place of what is damaged", name)
		}
		must(s.Optimise(ctx, nil))(t)
		if problem, err := s.VerifyPath(ctx, second); problem != nil || err != nil {
			t.Errorf("%s: after optimising: %v, %v", name, problem, err)
		}
	}
}

// TestFreedBytes: what is shared frees nothing until its last name goes.
func TestFreedBytes(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	var paths []string
	closed(t, root, func(s *store.Store) {
		for i := range 2 {
			source := filepath.Join(root, fmt.Sprint("source", i))
			grow(t, source, map[string]string{"big": strings.Repeat("x", 1<<20), "own": fmt.Sprint(i)})
			paths = append(paths, must(s.AddPath(ctx, "src", source, store.AddOptions{Recursive: true}))(t))
		}
	})
	s := open(t, root)
	first := must(s.Delete(ctx, paths[:1], store.CollectOptions{}))(t)
	if first.Bytes < 1<<20 || first.Freed > 100<<10 {
		t.Errorf("the first freed %d bytes of %d", first.Freed, first.Bytes)
	}
	second := must(s.Delete(ctx, paths[1:], store.CollectOptions{}))(t)
	if second.Freed < 1<<20 {
		t.Errorf("the second freed %d bytes of %d", second.Freed, second.Bytes)
	}
	if left := must(os.ReadDir(filepath.Join(root, "frx/store/.links")))(t); len(left) != 0 {
		t.Errorf("shared names are left: %v", left)
	}
}

// TestCollectUntilFreed goes on until so much is free, although what it deletes
// first shares its bytes.
func TestCollectUntilFreed(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	const n, size = 6, 256 << 10
	closed(t, root, func(s *store.Store) {
		for i := range n {
			source := filepath.Join(root, fmt.Sprint("source", i))
			grow(t, source, map[string]string{"big": strings.Repeat("x", size), "own": fmt.Sprint(i)})
			must(s.AddPath(ctx, "src", source, store.AddOptions{Recursive: true}))(t)
		}
	})
	s := open(t, root)
	got := must(s.Collect(ctx, store.CollectOptions{MaxFreed: size}))(t)
	if len(got.Paths) != n || got.Freed < size {
		t.Errorf("%d objects, %d bytes", len(got.Paths), got.Freed)
	}
}
