package baked_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"fruix/store/baked"
)

const block = 256 << 10

// bytesOf are so many bytes, others for each seed.
func bytesOf(seed byte, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

var subject = sha256.Sum256([]byte("subject"))

func newFolder(t *testing.T, dir string, now func() time.Time) *baked.Folder {
	t.Helper()
	if now == nil {
		now = time.Now
	}
	f, err := baked.New(dir, now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// fill writes b in pieces.
func fill(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		for piece := range slices.Chunk(b, 100_003) {
			if _, err := w.Write(piece); err != nil {
				return err
			}
		}
		return nil
	}
}

func mustMake(t *testing.T, f *baked.Folder, k baked.Key, b []byte) {
	t.Helper()
	if _, err := f.Make(k, subject, 0, fill(b)); err != nil {
		t.Fatal(err)
	}
}

func has(t *testing.T, f *baked.Folder, k baked.Key) bool {
	t.Helper()
	a, err := f.Open(k, subject)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	return true
}

func TestWhatWentInComesOut(t *testing.T) {
	f := newFolder(t, filepath.Join(t.TempDir(), "a", "b"), nil)
	for _, size := range []int{1, 100, block - 1, block, block + 1, 3*block + 5} {
		k, b := baked.Key{Form: "zstd-go1.26", Name: fmt.Sprint(size)}, bytesOf(1, size)
		if has(t, f, k) {
			t.Fatalf("%d bytes are there already", size)
		}
		made, err := f.Make(k, subject, 0, fill(b))
		if err != nil {
			t.Fatal(err)
		}
		a, err := f.Open(k, subject)
		if err != nil {
			t.Fatal(err)
		}
		if a.Info != made || a.Size != int64(size) || a.Hash != sha256.Sum256(b) || a.Subject != subject {
			t.Errorf("%d bytes: made %v, found %v", size, made, a.Info)
		}
		for _, from := range []int{0, 1, size / 2, size - 1, size, block, block + 1} {
			if from > size {
				continue
			}
			var out bytes.Buffer
			if err := a.Copy(&out, int64(from)); err != nil || !bytes.Equal(out.Bytes(), b[from:]) {
				t.Errorf("%d bytes from %d on: %d came, %v", size, from, out.Len(), err)
			}
		}
		a.Close()
	}
}

// TestDamaged changes each byte of a small file in turn, cuts it at each length and
// adds to it; and damages a large one here and there. What is given out is right.
func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	f := newFolder(t, dir, nil)
	k := baked.Key{Form: "gzip", Name: "x"}
	file := filepath.Join(dir, "gzip", "x.baked")
	check := func(what string, b, damaged []byte) {
		t.Helper()
		if err := os.WriteFile(file, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		a, err := f.Open(k, subject)
		if err == nil {
			err = a.Copy(&out, 0)
			a.Close()
		}
		if !errors.Is(err, baked.ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
		if !bytes.HasPrefix(b, out.Bytes()) {
			t.Errorf("%s: something wrong was given out", what)
		}
	}
	for _, size := range []int{300, 3 * block} {
		b := bytesOf(2, size)
		mustMake(t, f, k, b)
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		step := 1
		if size > block {
			step = len(whole) / 40
		}
		for at := 0; at < len(whole); at += step {
			damaged := slices.Clone(whole)
			damaged[at] ^= 0x10
			check(fmt.Sprintf("byte %d of %d", at, len(whole)), b, damaged)
			check(fmt.Sprintf("cut after %d of %d", at, len(whole)), b, whole[:at])
		}
		check("more behind", b, append(slices.Clone(whole), 0))
		check("zeros", b, make([]byte, len(whole)))
		mustMake(t, f, k, b) // takes its place
		if !has(t, f, k) {
			t.Error("it is not made anew")
		}
	}
}

func TestOtherSubject(t *testing.T) {
	f := newFolder(t, t.TempDir(), nil)
	k := baked.Key{Form: "zstd", Name: "x"}
	mustMake(t, f, k, []byte("old"))
	other := sha256.Sum256([]byte("other"))
	if _, err := f.Open(k, other); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if _, err := f.Make(k, other, 0, fill([]byte("new"))); err != nil {
		t.Fatal(err)
	}
	if has(t, f, k) {
		t.Error("the old one is still there")
	}
	if err := errors.Join(f.Drop(k), f.Drop(k)); err != nil {
		t.Error(err)
	}
	if _, err := f.Open(k, other); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("dropped: %v", err)
	}
}

// TestFailure: what cannot be made leaves nothing, and what was there stays.
func TestFailure(t *testing.T) {
	dir := t.TempDir()
	f := newFolder(t, dir, nil)
	k := baked.Key{Form: "zstd", Name: "x"}
	mustMake(t, f, k, []byte("right"))
	broken := errors.New("broken")
	_, err := f.Make(k, subject, 0, func(w io.Writer) error {
		_, err := w.Write(bytesOf(3, 2*block))
		return errors.Join(err, broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if _, err := f.Make(k, subject, 1000, fill(bytesOf(3, 1001))); !errors.Is(err, baked.ErrTooLarge) {
		t.Errorf("%v", err)
	}
	if _, err := f.Make(k, subject, 1000, fill(bytesOf(3, 1000))); err != nil {
		t.Errorf("%v", err)
	}
	files, err := os.ReadDir(filepath.Join(dir, "zstd"))
	if err != nil || len(files) != 1 {
		t.Errorf("%v %v", files, err)
	}
	for _, bad := range []baked.Key{{"zstd", "../x"}, {"..", "x"}, {"", "x"}, {"a/b", "x"}, {"zstd", ""}, {"zstd", ".x"}} {
		if _, err := f.Make(bad, subject, 0, fill(nil)); err == nil {
			t.Errorf("%q is taken", bad)
		}
		if _, err := f.Open(bad, subject); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := baked.New(filepath.Join(file, "x"), time.Now, 0); err == nil {
		t.Error("a file is taken for a folder")
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	now := time.Unix(1_000_000_000, 0)
	f := newFolder(t, dir, func() time.Time { return now })
	key := func(name string) baked.Key { return baked.Key{Form: "zstd", Name: name} }
	for _, name := range []string{"a", "b", "c", "d"} {
		mustMake(t, f, key(name), bytesOf(4, 1000))
		now = now.Add(time.Hour)
	}
	foreign := []string{filepath.Join(dir, "file.baked"), filepath.Join(dir, "zstd", "notes"), filepath.Join(dir, "zstd", ".hidden")}
	leftover := filepath.Join(dir, "zstd", ".a.123.baking")
	for _, name := range append(foreign, leftover) {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sweep := func(l baked.Limits, unwanted string) int64 {
		t.Helper()
		left, err := f.Sweep(t.Context(), l, func(name string) (bool, error) { return name != unwanted, nil })
		if err != nil {
			t.Fatal(err)
		}
		return left
	}
	there := func(want string) {
		t.Helper()
		got := ""
		for _, name := range []string{"a", "b", "c", "d"} {
			if _, err := os.Stat(filepath.Join(dir, "zstd", name+".baked")); err == nil {
				got += name
			}
		}
		if got != want {
			t.Fatalf("%q are there, not %q", got, want)
		}
	}
	each := sweep(baked.Limits{}, "") / 4
	there("abcd")
	if _, err := os.Stat(leftover); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a leftover stays: %v", err)
	}
	sweep(baked.Limits{}, "c")
	there("abd")
	if !has(t, f, key("a")) { // now it has been used last
		t.Fatal("it is gone")
	}
	if left := sweep(baked.Limits{Bytes: 3*each - 1}, ""); left != 2*each {
		t.Errorf("%d bytes are left", left)
	}
	there("ad")
	now = now.Add(2 * time.Hour)
	if !has(t, f, key("d")) {
		t.Fatal("it is gone")
	}
	sweep(baked.Limits{Age: time.Hour}, "")
	there("d")
	// What is being written is nobody's leftover, whoever sweeps.
	_, err := f.Make(key("a"), subject, 0, func(w io.Writer) error {
		_, err := newFolder(t, dir, nil).Sweep(t.Context(), baked.Limits{}, func(string) (bool, error) { return true, nil })
		return errors.Join(err, fill([]byte("y"))(w))
	})
	if err != nil || !has(t, f, key("a")) {
		t.Errorf("a sweep meanwhile: %v", err)
	}
	for _, name := range foreign {
		if _, err := os.Stat(name); err != nil {
			t.Errorf("%v", err)
		}
	}
	broken := errors.New("nobody knows")
	if _, err := f.Sweep(t.Context(), baked.Limits{}, func(string) (bool, error) { return false, broken }); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	there("ad")
}

// TestOtherForms: archives of encoders that are no longer used go, but not at once.
func TestOtherForms(t *testing.T) {
	now := time.Unix(1_000_000_000, 0)
	dir := t.TempDir()
	f := newFolder(t, dir, func() time.Time { return now })
	old, current := baked.Key{Form: "zstd-1", Name: "a"}, baked.Key{Form: "zstd-2", Name: "a"}
	mustMake(t, f, old, []byte("old"))
	mustMake(t, f, current, []byte("new"))
	there := func() (list []string) {
		forms, err := filepath.Glob(filepath.Join(dir, "*", "a.baked"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range forms {
			list = append(list, filepath.Base(filepath.Dir(file)))
		}
		return list
	}
	for _, x := range []struct {
		pass time.Duration
		want string
	}{{baked.LeftAfter, "[zstd-1 zstd-2]"}, {time.Second, "[zstd-2]"}} {
		now = now.Add(x.pass)
		_, err := f.Sweep(t.Context(), baked.Limits{Current: func(form string) bool { return form == current.Form }}, func(string) (bool, error) { return true, nil })
		if got := fmt.Sprint(there()); err != nil || got != x.want {
			t.Errorf("there are %s, want %s (%v)", got, x.want, err)
		}
	}
}

// TestShortAge: where archives go soon, one that is used is not taken for an old one.
func TestShortAge(t *testing.T) {
	now := time.Unix(1_000_000_000, 0)
	const age = 20 * time.Second
	f, err := baked.New(t.TempDir(), func() time.Time { return now }, age)
	if err != nil {
		t.Fatal(err)
	}
	k := baked.Key{Form: "zstd", Name: "a"}
	mustMake(t, f, k, []byte("x"))
	for range 4 {
		now = now.Add(age / 2)
		if !has(t, f, k) {
			t.Fatal("it is gone while it is used")
		}
		if _, err := f.Sweep(t.Context(), baked.Limits{Age: age}, func(string) (bool, error) { return true, nil }); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTogether lets several work on one folder. Whoever finds an archive finds the
// right bytes.
func TestTogether(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for n := range 4 {
		f := newFolder(t, dir, nil)
		all.Go(func() {
			for round := range 30 {
				seed := byte((n + round) % 3)
				k, b := baked.Key{Form: "zstd", Name: fmt.Sprint(seed)}, bytesOf(seed, block+1000)
				if _, err := f.Make(k, subject, 0, fill(b)); err != nil {
					t.Error(err)
				}
				if a, err := f.Open(k, subject); err == nil {
					var out bytes.Buffer
					if err := a.Copy(&out, 0); err != nil || !bytes.Equal(out.Bytes(), b) {
						t.Errorf("%d bytes, %v", out.Len(), err)
					}
					a.Close()
				} else if !errors.Is(err, fs.ErrNotExist) {
					t.Error(err)
				}
				if _, err := f.Sweep(t.Context(), baked.Limits{Bytes: block * 2}, func(string) (bool, error) { return round%5 > 0, nil }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
