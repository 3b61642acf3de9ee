package tree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fruix/store/nar"
)

// scratch is a temporary directory that may come to hold read-only trees.
func scratch(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fruix-tree-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := Remove(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func check(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// plant makes a tree with a bit of everything.
func plant(t testing.TB, root string) {
	t.Helper()
	check(t,
		os.MkdirAll(filepath.Join(root, "a/b/empty"), 0o755),
		os.WriteFile(filepath.Join(root, "a/b/small"), []byte("small"), 0o600),
		os.WriteFile(filepath.Join(root, "a/run"), []byte("#!"), 0o711),
		os.WriteFile(filepath.Join(root, "large"), bytes.Repeat([]byte("0123456789abcde\n"), 300<<10), 0o644),
		os.WriteFile(filepath.Join(root, "nothing"), nil, 0o644),
		os.Symlink("a/run", filepath.Join(root, "link")),
	)
	for i := range 400 {
		check(t, os.WriteFile(filepath.Join(root, "a", fmt.Sprint("f", i)), bytes.Repeat([]byte{byte(i)}, i*37), 0o644))
	}
}

func dump(t testing.TB, root string, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	_, err := Dump(t.Context(), &b, root, o)
	check(t, err)
	return b.Bytes()
}

func canonical(t testing.TB, root string) {
	t.Helper()
	check(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		if m := fi.Mode().Perm(); !fi.ModTime().Equal(time.Unix(Time, 0)) || fi.Mode()&fs.ModeSymlink == 0 && m != DirMode && (fi.IsDir() || m != FileMode) {
			t.Errorf("%s: %v, %v", p, fi.Mode(), fi.ModTime())
		}
		return nil
	}))
}

func TestCopySealRestoreAgree(t *testing.T) {
	dir := scratch(t)
	src := filepath.Join(dir, "src")
	plant(t, src)
	want := dump(t, src, Options{})
	copied := filepath.Join(dir, "copy")
	if got := dump(t, src, Options{CopyTo: copied}); !bytes.Equal(got, want) {
		t.Error("copying changes the archive")
	}
	canonical(t, copied)
	if got := dump(t, copied, Options{}); !bytes.Equal(got, want) {
		t.Error("the copy's archive is another")
	}
	restored := filepath.Join(dir, "restored")
	nodes, err := Restore(t.Context(), nar.NewReader(bytes.NewReader(want)), restored, nil)
	check(t, err)
	if nodes != 409 {
		t.Errorf("%d nodes", nodes)
	}
	canonical(t, restored)
	if got := dump(t, restored, Options{}); !bytes.Equal(got, want) {
		t.Error("the restored tree's archive is another")
	}
	if got := dump(t, src, Options{Seal: true}); !bytes.Equal(got, want) {
		t.Error("sealing changes the archive")
	}
	canonical(t, src)
	check(t, Sync(filepath.Join(src, "a/b"), 1), Sync(src, 1000))
	// A single file and a single link are trees too.
	for _, name := range []string{"large", "link", "a/b/small"} {
		to := filepath.Join(dir, "one-"+filepath.Base(name))
		one := dump(t, filepath.Join(src, name), Options{CopyTo: to})
		canonical(t, to)
		if !bytes.Equal(dump(t, to, Options{}), one) {
			t.Errorf("%s: the copy differs", name)
		}
	}
}

func TestSealOpensWhatIsClosed(t *testing.T) {
	root := filepath.Join(scratch(t), "x")
	check(t,
		os.MkdirAll(filepath.Join(root, "d/e"), 0o755),
		os.WriteFile(filepath.Join(root, "d/e/f"), []byte("x"), 0),
		os.Link(filepath.Join(root, "d/e/f"), filepath.Join(root, "d/e/g")),
		os.Chmod(filepath.Join(root, "d/e"), 0),
		os.Chmod(filepath.Join(root, "d"), 0o500),
	)
	dump(t, root, Options{Seal: true})
	canonical(t, root)
}

func TestForbidden(t *testing.T) {
	dir := scratch(t)
	socket := filepath.Join(dir, "socket/s")
	check(t, os.Mkdir(filepath.Dir(socket), 0o755))
	l, err := net.Listen("unix", socket)
	check(t, err)
	defer l.Close()
	setgid := filepath.Join(dir, "setgid/f")
	check(t, os.Mkdir(filepath.Dir(setgid), 0o755), os.WriteFile(setgid, nil, 0o755), os.Chmod(setgid, 0o755|fs.ModeSetgid))
	for p, what := range map[string]string{socket: "a socket", setgid: "set-user-id or set-group-id"} {
		_, err := Dump(t.Context(), io.Discard, filepath.Dir(p), Options{Seal: true})
		var forbidden *ForbiddenError
		if !errors.As(err, &forbidden) || forbidden.Path != p || forbidden.What != what {
			t.Errorf("%s: %v", p, err)
		}
	}
}

// failing stops taking bytes.
type failing struct{ left int }

func (f *failing) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(b), nil
}

func TestDumpStops(t *testing.T) {
	dir := scratch(t)
	src := filepath.Join(dir, "src")
	plant(t, src)
	for _, n := range []int{0, 1000, 200_000, 4_000_000} {
		if _, err := Dump(t.Context(), &failing{n}, src, Options{CopyTo: filepath.Join(dir, fmt.Sprint(n))}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Dump(ctx, io.Discard, src, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Dump(t.Context(), io.Discard, src, Options{CopyTo: src}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("copied onto something: %v", err)
	}
}

func TestRestoreRefuses(t *testing.T) {
	dir := scratch(t)
	var b bytes.Buffer
	w := nar.NewWriter(&b)
	check(t, w.WriteHeader(nar.Header{Type: nar.Directory}), w.WriteHeader(nar.Header{Path: "x", Type: nar.Symlink, Target: ".."}), w.Close())
	if _, err := Restore(t.Context(), nar.NewReader(bytes.NewReader(b.Bytes())), dir, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("restored onto something: %v", err)
	}
	bad := bytes.Replace(b.Bytes(), []byte("x\x00"), []byte("/\x00"), 1)
	if _, err := Restore(t.Context(), nar.NewReader(bytes.NewReader(bad)), filepath.Join(dir, "bad"), nil); err == nil || !strings.Contains(err.Error(), "slash") {
		t.Errorf("a slash in a name: %v", err)
	}
}

func TestRemove(t *testing.T) {
	dir := scratch(t)
	root := filepath.Join(dir, "x")
	outside := filepath.Join(dir, "outside")
	plant(t, root)
	check(t, os.WriteFile(outside, []byte("stays"), 0o644), os.Symlink(dir, filepath.Join(root, "a/up")))
	dump(t, root, Options{Seal: true})
	check(t, Remove(root), Remove(root))
	if _, err := os.Lstat(root); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
	if _, err := os.Lstat(outside); err != nil {
		t.Errorf("a link was followed: %v", err)
	}
}

// TestCopyFails: what cannot be made is called by its own name, not by that of what is
// copied.
func TestCopyFails(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	for _, name := range []string{from, to} {
		if err := os.WriteFile(name, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Dump(t.Context(), io.Discard, from, Options{CopyTo: to})
	var at *fs.PathError
	if !errors.As(err, &at) || at.Path != to {
		t.Errorf("the error is %v", err)
	}
}
