package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"fruix/store"
	"fruix/store/drv"
	"fruix/store/hash"
	"fruix/store/tree"
)

// open returns a store under root with a fixed clock.
func open(t testing.TB, root string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), config(root))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func config(root string) store.Config {
	return store.Config{Root: root, Now: func() time.Time { return time.Unix(1e9, 0) }}
}

// scratch is a temporary directory that may come to hold read-only trees.
func scratch(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fruix-store-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tree.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// grow makes a tree. A key that ends in a slash is a directory, a value that
// begins with "->" a link, one that begins with "#!" an executable file.
func grow(t testing.TB, root string, nodes map[string]string) {
	t.Helper()
	for _, rel := range slices.Sorted(func(yield func(string) bool) {
		for k := range nodes {
			if !yield(k) {
				return
			}
		}
	}) {
		p := filepath.Join(root, rel)
		var err error
		if strings.HasSuffix(rel, "/") {
			err = os.MkdirAll(p, 0o755)
		} else {
			err = errors.Join(os.MkdirAll(filepath.Dir(p), 0o755))
			switch v := nodes[rel]; {
			case strings.HasPrefix(v, "->"):
				err = errors.Join(err, os.Symlink(v[2:], p))
			case strings.HasPrefix(v, "#!"):
				err = errors.Join(err, os.WriteFile(p, []byte(v), 0o755))
			default:
				err = errors.Join(err, os.WriteFile(p, []byte(v), 0o644))
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// checkCanonical fails unless everything below root has the store's form.
func checkCanonical(t testing.TB, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		if !fi.ModTime().Equal(time.Unix(1, 0)) {
			t.Errorf("%s: time %v", p, fi.ModTime())
		}
		if m := fi.Mode().Perm(); fi.Mode()&fs.ModeSymlink == 0 && m != 0o555 && (m != 0o444 || fi.IsDir()) {
			t.Errorf("%s: mode %v", p, fi.Mode())
		}
		if st := fi.Sys().(*syscall.Stat_t); int(st.Uid) != os.Geteuid() || os.Geteuid() == 0 && st.Gid != 0 {
			t.Errorf("%s: owner %d:%d", p, st.Uid, st.Gid)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTexts(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	s := open(t, root)
	a := must(s.AddText(ctx, "a", []byte("hello"), nil))(t)
	b := must(s.AddText(ctx, "b", []byte("see "+a), []string{a}))(t)
	if again := must(s.AddText(ctx, "a", []byte("hello"), nil))(t); again != a {
		t.Errorf("added again as %s, not %s", again, a)
	}
	if got := must(os.ReadFile(s.Physical(b)))(t); string(got) != "see "+a {
		t.Errorf("content %q", got)
	}
	checkCanonical(t, s.Physical(b))
	info := must(s.Info(ctx, b))(t)
	if !slices.Equal(info.References, []string{a}) || !info.RegisteredAt.Equal(time.Unix(1e9, 0)) || info.NarSize != 168 {
		t.Errorf("info %+v", info)
	}
	if got := must(s.Referrers(ctx, a))(t); !slices.Equal(got, []string{b}) {
		t.Errorf("referrers %v", got)
	}
	want := slices.Sorted(slices.Values([]string{a, b}))
	if got := must(s.Closure(ctx, b))(t); !slices.Equal(got, want) {
		t.Errorf("closure %v", got)
	}
	missing := strings.Replace(a, "-a", "-missing", 1)
	_, err := s.AddText(ctx, "c", nil, []string{missing})
	var invalid *store.NotValidError
	if !errors.As(err, &invalid) || invalid.Path != missing {
		t.Errorf("a text that refers to nothing: %v", err)
	}
	valid := must(s.ValidMany(ctx, []string{a, missing}))(t)
	if !valid[a] || valid[missing] || len(valid) != 2 {
		t.Errorf("ValidMany: %v", valid)
	}
	entries := must(os.ReadDir(s.Physical(s.Dir())))(t)
	if len(entries) != 5 { // two texts, the temporary directory, the identity and the journal
		t.Errorf("the store directory holds %v", entries)
	}
}

func TestStoreDirectory(t *testing.T) {
	s := open(t, scratch(t))
	fi := must(os.Stat(s.Physical("/frx/store")))(t)
	if fi.Mode() != fs.ModeDir|fs.ModeSticky|0o775 {
		t.Errorf("mode %v", fi.Mode())
	}
	if st := fi.Sys().(*syscall.Stat_t); os.Geteuid() == 0 && (st.Uid != 0 || st.Gid != store.DefaultBuildGroup) {
		t.Errorf("owner %d:%d", st.Uid, st.Gid)
	}
}

func TestAddPath(t *testing.T) {
	ctx, dir := t.Context(), scratch(t)
	src := filepath.Join(dir, "src")
	grow(t, src, map[string]string{
		"a/b/c": "text", "a/run": "#!/bin/sh\n", "a/link": "->b/c", "empty/": "", "big": strings.Repeat("x", 3<<20),
		"skip/this": "1", "z": "",
	})
	s := open(t, filepath.Join(dir, "root"))
	all := must(s.AddPath(ctx, "src", src, store.AddOptions{Recursive: true}))(t)
	checkCanonical(t, s.Physical(all))
	if got := must(os.Readlink(filepath.Join(s.Physical(all), "a/link")))(t); got != "b/c" {
		t.Errorf("link to %q", got)
	}
	var seen []string
	some := must(s.AddPath(ctx, "src", src, store.AddOptions{Recursive: true, Filter: func(rel string) bool {
		seen = append(seen, rel)
		return rel != "skip" && rel != "a/b"
	}}))(t)
	if want := []string{"a", "a/b", "a/link", "a/run", "big", "empty", "skip", "z"}; len(seen) != 2*len(want) || !slices.Equal(seen[:len(want)], want) {
		t.Errorf("the filter saw %q", seen)
	}
	if _, err := os.Lstat(filepath.Join(s.Physical(some), "skip")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a filtered entry is there: %v", err)
	}
	var archive bytes.Buffer
	if err := s.DumpNAR(ctx, all, &archive); err != nil {
		t.Fatal(err)
	}
	info := must(s.Info(ctx, all))(t)
	if d := hash.Sum(hash.SHA256, archive.Bytes()); !bytes.Equal(d.Sum, info.NarHash) || int64(archive.Len()) != info.NarSize {
		t.Error("the archive's hash or size is not the registered one")
	}
	if got := must(s.AddNAR(ctx, "src", io.MultiReader(&archive, strings.NewReader("rest")), 0, nil))(t); got != all {
		t.Errorf("AddNAR: %s, not %s", got, all)
	}
	flat := must(s.AddPath(ctx, "big", filepath.Join(src, "big"), store.AddOptions{}))(t)
	checkCanonical(t, s.Physical(flat))
	if _, err := s.AddPath(ctx, "dir", src, store.AddOptions{}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a directory by its bytes: %v", err)
	}
	if _, err := s.AddPath(ctx, "none", filepath.Join(src, "none"), store.AddOptions{Recursive: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if err := syscall.Mkfifo(filepath.Join(src, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	var forbidden *tree.ForbiddenError
	if _, err := s.AddPath(ctx, "pipe", src, store.AddOptions{Recursive: true}); !errors.As(err, &forbidden) || !strings.Contains(err.Error(), "named pipe") {
		t.Errorf("a named pipe: %v", err)
	}
	s.Close()
	if left := must(os.ReadDir(filepath.Join(dir, "root/frx/store/.tmp")))(t); len(left) != 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

// derivation returns one with the given outputs.
func derivation(outs ...string) *drv.Derivation {
	d := &drv.Derivation{Outputs: map[string]drv.Output{}, InputDrvs: map[string][]string{}, Platform: "x86_64-linux", Builder: "/bin/sh", Env: map[string]string{}}
	for _, o := range outs {
		d.Outputs[o] = drv.Output{}
	}
	return d
}

func TestFinish(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	s := open(t, root)
	dep := must(s.AddText(ctx, "dep", []byte("x"), nil))(t)
	unused := must(s.AddText(ctx, "unused", []byte("y"), nil))(t)
	d := derivation("out", "lib")
	d.InputSrcs = []string{dep, unused}
	drvPath := must(s.AddDerivation(ctx, "pkg", d))(t)
	out, lib := d.Outputs["out"].Path, d.Outputs["lib"].Path

	lock := must(s.LockOutputs(ctx, []string{out, lib}))(t)
	defer lock.Release()
	pOut, pLib := must(s.TempOutput(out))(t), must(s.TempOutput(lib))(t)
	grow(t, pOut, map[string]string{"bin/x": "#!" + lib + "/x", "self": out, "hard": "same"})
	grow(t, pLib, map[string]string{"deep/ro/x": "uses " + dep})
	outside := filepath.Join(root, "outside")
	for p, f := range map[string]func(string) error{
		filepath.Join(pLib, "deep/ro"): func(p string) error { return os.Chmod(p, 0) },
		filepath.Join(pOut, "hard"):    func(p string) error { return os.Link(p, outside) },
	} {
		if err := f(p); err != nil {
			t.Fatal(err)
		}
	}
	candidates := []string{dep, unused}
	infos := must(s.Finish(ctx, []store.Built{
		{Path: out, Physical: pOut, Deriver: drvPath, Candidates: candidates},
		{Path: lib, Physical: pLib, Deriver: drvPath, Candidates: candidates},
	}))(t)
	want := slices.Sorted(slices.Values([]string{out, lib}))
	if !slices.Equal(infos[0].References, want) || !slices.Equal(infos[1].References, []string{dep}) || infos[0].Deriver != drvPath {
		t.Errorf("infos %+v", infos)
	}
	checkCanonical(t, s.Physical(out))
	checkCanonical(t, s.Physical(lib))
	if fi := must(os.Stat(outside))(t); fi.Mode().Perm() != 0o644 {
		t.Errorf("a hard link's other name got the mode %v", fi.Mode())
	}
	if got := must(s.Derivers(ctx, lib))(t); !slices.Equal(got, []string{drvPath}) {
		t.Errorf("derivers %v", got)
	}
	for _, i := range infos {
		if got := must(s.Info(ctx, i.Path))(t); got.NarSize != i.NarSize || !slices.Equal(got.References, i.References) {
			t.Errorf("registered %+v, reported %+v", got, i)
		}
	}
	// A second build of the same changes nothing.
	again := must(s.TempOutput(lib))(t)
	grow(t, again, map[string]string{"other": "content"})
	if got := must(s.Finish(ctx, []store.Built{{Path: lib, Physical: again}}))(t); got[0].NarSize != infos[1].NarSize {
		t.Errorf("a second build replaced the output: %+v", got)
	}
	if _, err := os.Lstat(again); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the second build's tree is left: %v", err)
	}
}

func TestFinishRefuses(t *testing.T) {
	ctx := t.Context()
	s := open(t, scratch(t))
	d := derivation("a", "b")
	drvPath := must(s.AddDerivation(ctx, "pkg", d))(t)
	a, b := d.Outputs["a"].Path, d.Outputs["b"].Path
	fresh := func(p string, nodes map[string]string) store.Built {
		phys := must(s.TempOutput(p))(t)
		grow(t, phys, nodes)
		return store.Built{Path: p, Physical: phys, Deriver: drvPath}
	}
	promise := func(recursive bool, content string) *store.Fixed {
		return &store.Fixed{Recursive: recursive, Digest: hash.Sum(hash.SHA256, []byte(content))}
	}
	cases := map[string]struct {
		outs []store.Built
		want any
	}{
		"a circle":     {[]store.Built{fresh(a, map[string]string{"x": b}), fresh(b, map[string]string{"x": a})}, new(*store.CycleError)},
		"no output":    {[]store.Built{{Path: a, Physical: must(s.TempOutput(a))(t)}}, new(*store.MissingOutputError)},
		"wrong hash":   {[]store.Built{fresh(a, map[string]string{"x": "1"})}, new(*store.HashMismatchError)},
		"not a file":   {[]store.Built{fresh(a, map[string]string{"x": "1"})}, new(*store.NotAFileError)},
		"set-uid":      {[]store.Built{fresh(a, map[string]string{"x": "#!"})}, new(*tree.ForbiddenError)},
		"invalid refs": {[]store.Built{fresh(a, map[string]string{"x": b})}, new(*store.NotValidError)},
	}
	cases["wrong hash"].outs[0].FixedHash = promise(true, "2")
	cases["not a file"].outs[0].FixedHash = promise(false, "2")
	cases["invalid refs"].outs[0].Candidates = []string{b}
	if err := os.Chmod(filepath.Join(cases["set-uid"].outs[0].Physical, "x"), 0o755|fs.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := s.Finish(ctx, c.outs)
			if !errors.As(err, c.want) {
				t.Fatalf("error %v, want a %T", err, c.want)
			}
			t.Log(err)
			for _, o := range c.outs {
				if must(s.IsValid(ctx, o.Path))(t) {
					t.Errorf("%s is valid", o.Path)
				}
				if _, err := os.Lstat(s.Physical(o.Path)); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s is there: %v", o.Path, err)
				}
			}
		})
	}
}

func TestFixedOutputs(t *testing.T) {
	ctx := t.Context()
	s := open(t, scratch(t))
	for _, algo := range []hash.Algo{hash.SHA256, hash.SHA512, hash.SHA1, hash.MD5} {
		d := derivation("out")
		digest := hash.Sum(algo, []byte("content"))
		d.Outputs["out"] = drv.Output{HashAlgo: algo.String(), Hash: digest.Hex()}
		drvPath := must(s.AddDerivation(ctx, "file", d))(t)
		out := d.Outputs["out"].Path
		phys := must(s.TempOutput(out))(t)
		if err := os.WriteFile(phys, []byte("content"), 0o600); err != nil {
			t.Fatal(err)
		}
		infos := must(s.Finish(ctx, []store.Built{{Path: out, Physical: phys, Deriver: drvPath, FixedHash: &store.Fixed{Digest: digest}}}))(t)
		if want := "fixed:" + digest.String(); infos[0].ContentAddress != want {
			t.Errorf("content address %s, want %s", infos[0].ContentAddress, want)
		}
		host := filepath.Join(scratch(t), "f")
		if err := os.WriteFile(host, []byte("content"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := must(s.AddPath(ctx, "file", host, store.AddOptions{Algo: algo}))(t); got != out {
			t.Errorf("%v: added as %s, built as %s", algo, got, out)
		}
	}
}

func TestLeftoversAreReplaced(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	s := open(t, root)
	d := derivation("out")
	must(s.AddDerivation(ctx, "pkg", d))(t)
	out := d.Outputs["out"].Path
	// What a crash between rename and registration leaves.
	grow(t, s.Physical(out), map[string]string{"old/x": "1"})
	if err := os.Chmod(filepath.Join(s.Physical(out), "old"), 0o555); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(s.Physical(out), 0o555); err != nil {
		t.Fatal(err)
	}
	phys := must(s.TempOutput(out))(t)
	grow(t, phys, map[string]string{"new": "2"})
	must(s.Finish(ctx, []store.Built{{Path: out, Physical: phys}}))(t)
	if _, err := os.Lstat(filepath.Join(s.Physical(out), "old")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the leftover is still there: %v", err)
	}
	checkCanonical(t, s.Physical(out))
}

func TestLocks(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	s, other := open(t, root), open(t, root)
	d := derivation("a", "b")
	must(s.AddDerivation(ctx, "pkg", d))(t)
	a, b := d.Outputs["a"].Path, d.Outputs["b"].Path
	lock := must(s.LockOutputs(ctx, []string{b, a}))(t)
	var waits []store.Wait
	short, cancel := context.WithTimeout(store.WithWaitNotice(ctx, func(w store.Wait) { waits = append(waits, w) }), 50*time.Millisecond)
	defer cancel()
	if _, err := other.LockOutputs(short, []string{b}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a locked path was locked again: %v", err)
	}
	if len(waits) != 1 || waits[0].Path != b || !strings.Contains(waits[0].Holder, "process ") {
		t.Errorf("waits %+v", waits)
	}
	got := make(chan error)
	go func() {
		l, err := other.LockOutputs(ctx, []string{a, b})
		if err == nil {
			err = l.Release()
		}
		got <- err
	}()
	time.Sleep(10 * time.Millisecond)
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
	if left := must(os.ReadDir(s.StatePath("locks")))(t); len(left) != 0 {
		t.Errorf("lock files are left: %v", left)
	}
}

// TestWaits: who waits for what is not a path is told for what.
func TestWaits(t *testing.T) {
	root := scratch(t)
	s := open(t, root)
	text := must(s.AddText(t.Context(), "a", nil, nil))(t)
	flock := func(name string) func() error {
		f := must(os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644))(t)
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
			t.Fatal(err)
		}
		return f.Close
	}
	mine := filepath.Join(root, "mine")
	for name, c := range map[string]struct {
		lock func() (unlock func() error)
		do   func(ctx context.Context) error
		want store.Wait
	}{
		"profile": {
			func() func() error { return flock(mine + ".lock") },
			func(ctx context.Context) error { _, err := s.SetProfile(ctx, mine, text); return err },
			store.Wait{Profile: mine},
		},
		"journal": {
			func() func() error { return flock(s.StatePath("journal.lock")) },
			func(ctx context.Context) error { _, err := s.AddText(ctx, "b", nil, nil); return err },
			store.Wait{Journal: true},
		},
		"database": {
			func() func() error {
				d := must(sql.Open("sqlite", "file:"+s.StatePath("db", "db.sqlite")+"?_txlock=immediate"))(t)
				return must(d.Begin())(t).Rollback
			},
			func(ctx context.Context) error { _, err := s.AddText(ctx, "c", nil, nil); return err },
			store.Wait{Database: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			unlock := c.lock()
			told := 0
			ctx := store.WithWaitNotice(t.Context(), func(w store.Wait) {
				w.Holder = "" // this process, if anybody
				if told++; w != c.want {
					t.Errorf("waited for %+v", w)
				}
				if err := unlock(); err != nil {
					t.Error(err)
				}
			})
			if err := c.do(ctx); err != nil || told != 1 {
				t.Errorf("told %d times, %v", told, err)
			}
		})
	}
}

func TestRoots(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	s := open(t, filepath.Join(root, "r"))
	a := must(s.AddText(ctx, "a", nil, nil))(t)
	b := must(s.AddText(ctx, "b", nil, nil))(t)
	link := filepath.Join(root, "result")
	for _, p := range []string{a, b} {
		if err := s.AddRoot(ctx, link, p); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(link); err != nil {
			t.Error(err)
		}
		roots := must(s.Roots(ctx))(t)
		if len(roots) != 1 || roots[0].Target != p {
			t.Errorf("roots %v, want one to %s", roots, p)
		}
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if roots := must(s.Roots(ctx))(t); len(roots) != 0 {
		t.Errorf("roots %v after the link was removed", roots)
	}
	if err := os.WriteFile(link, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.AddRoot(ctx, link, a); err == nil {
		t.Error("a file was replaced by a root")
	}
}

func TestDefaultRoot(t *testing.T) {
	for _, c := range []struct {
		uid  int
		env  map[string]string
		want string
	}{
		{0, map[string]string{"HOME": "/root"}, "/"},
		{0, map[string]string{"FRUIX_ROOT": "/x"}, "/x"},
		{7, map[string]string{"HOME": "/h"}, "/h/.local/share/fruix"},
		{7, map[string]string{"HOME": "/h", "XDG_DATA_HOME": "/d"}, "/d/fruix"},
		{7, map[string]string{"HOME": "/h", "XDG_DATA_HOME": "relative"}, "/h/.local/share/fruix"},
		{7, nil, ""},
	} {
		got, err := store.DefaultRoot(c.uid, func(k string) string { return c.env[k] })
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("uid %d, %v: %q, %v", c.uid, c.env, got, err)
		}
	}
}
