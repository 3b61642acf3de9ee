package cpio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fruix/image/tree"
)

func sample(uid, gid uint32, devices bool) *tree.Node {
	n := func(kind tree.Kind, mode uint32, mtime int64) *tree.Node {
		return &tree.Node{Kind: kind, Mode: mode, UID: uid, GID: gid, MTime: mtime}
	}
	file := func(mode uint32, c tree.Content) *tree.Node {
		f := n(tree.File, mode, 1)
		f.Content = c
		return f
	}
	dir := func(entries ...tree.Entry) *tree.Node {
		d := n(tree.Dir, 0o755, 1)
		d.Entries = entries
		return d
	}
	link := n(tree.Symlink, 0o777, 2)
	link.Target = "somewhere/else and further"
	three := file(0o644, tree.Text("one file, three names\n"))
	hollow := file(0o644, nil)
	var padded []tree.Entry
	for i := range 9 { // every alignment of names and contents
		padded = append(padded, tree.Entry{Name: strings.Repeat("n", i+1), Node: file(0o600, tree.Text(strings.Repeat("c", i)))})
	}
	entries := []tree.Entry{
		{Name: "1", Node: three},
		{Name: "bin", Node: dir(tree.Entry{Name: "2", Node: three}, tree.Entry{Name: "sh", Node: file(0o4755, tree.Bytes(make([]byte, 700001)))})},
		{Name: "empty", Node: file(0o400, nil)},
		{Name: "emptydir", Node: n(tree.Dir, 0o1777, 4000000000)},
		{Name: "fifo", Node: n(tree.Fifo, 0o600, 5)},
		{Name: "hollow1", Node: hollow},
		{Name: "hollow2", Node: hollow},
		{Name: "link", Node: link},
		{Name: "link2", Node: link},
		{Name: "odd name\n\xff*", Node: file(0o666, tree.Text("odd"))},
		{Name: "pad", Node: dir(padded...)},
		{Name: "z", Node: three},
	}
	if devices {
		null := n(tree.CharDevice, 0o666, 1)
		null.Major, null.Minor = 1, 3
		disk := n(tree.BlockDevice, 0o660, 1)
		disk.Major, disk.Minor = 259, 70000
		entries = append(entries, tree.Entry{Name: "zdisk", Node: disk}, tree.Entry{Name: "znull", Node: null})
	}
	return dir(entries...)
}

func archive(t testing.TB, root *tree.Node) []byte {
	t.Helper()
	a, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	n, err := a.WriteTo(&b)
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(b.Len()) || n != a.Size() || n%512 != 0 {
		t.Errorf("wrote %d bytes, said %d, planned %d", b.Len(), n, a.Size())
	}
	return b.Bytes()
}

func manifest(t testing.TB, root *tree.Node) string {
	t.Helper()
	m, err := tree.Manifest(root)
	if err != nil {
		t.Fatal(err)
	}
	return string(m)
}

func TestRoundTrip(t *testing.T) {
	root := sample(7, 8, true)
	b := archive(t, root)
	records, err := read(b)
	if err != nil {
		t.Fatal(err)
	}
	back, err := unpack(records)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := manifest(t, back), manifest(t, root); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	inodes := make(map[uint32]bool)
	for _, r := range records {
		inodes[r.ino] = true
		if r.path == "." && r.nlink != 5 {
			t.Errorf("root has the link count %d", r.nlink)
		}
		if (r.path == "1" || r.path == "bin/2") && len(r.data) != 0 || r.path == "z" && len(r.data) == 0 {
			t.Errorf("%s holds %q: content belongs to the last name", r.path, r.data)
		}
	}
	for i := range uint32(len(inodes)) {
		if !inodes[i+1] {
			t.Errorf("no inode %d", i+1)
		}
	}
	if !bytes.Equal(b, archive(t, sample(7, 8, true))) {
		t.Error("two archives of one tree differ")
	}
}

func TestMany(t *testing.T) {
	root := &tree.Node{Kind: tree.Dir, Mode: 0o755}
	for i := range 20000 {
		root.Entries = append(root.Entries, tree.Entry{Name: fmt.Sprintf("%05d", i), Node: &tree.Node{Mode: 0o644, Kind: tree.File}})
	}
	records, err := read(archive(t, root))
	if err != nil || len(records) != 20001 {
		t.Errorf("%d entries, %v", len(records), err)
	}
}

type short struct{ tree.Bytes }

func (short) Size() int64 { return 100 }

type brokenWriter struct{ left int }

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, os.ErrClosed
	}
	return len(p), nil
}

func TestRefusals(t *testing.T) {
	deep := &tree.Node{Kind: tree.Dir}
	at := deep
	for range 20 {
		next := &tree.Node{Kind: tree.Dir}
		at.Entries = []tree.Entry{{Name: strings.Repeat("d", 250), Node: next}}
		at = next
	}
	one := func(n *tree.Node) *tree.Node {
		return &tree.Node{Kind: tree.Dir, Entries: []tree.Entry{{Name: "x", Node: n}}}
	}
	cases := []struct {
		root *tree.Node
		want string
	}{
		{one(&tree.Node{Kind: tree.File, Content: tree.Zeros(4 << 30)}), `"x": has 4294967296 bytes`},
		{one(&tree.Node{Kind: tree.File, MTime: -1}), "time -1"},
		{one(&tree.Node{Kind: tree.File, MTime: 1 << 32}), "time 4294967296"},
		{one(&tree.Node{Kind: tree.Symlink, Target: strings.Repeat("x", 4096)}), "link target is 4096"},
		{one(&tree.Node{Kind: tree.File, Content: short{tree.Bytes("abc")}}), "97 bytes short"},
		{&tree.Node{Kind: tree.Dir, Entries: []tree.Entry{{Name: "TRAILER!!!", Node: &tree.Node{Kind: tree.File}}}}, "ends a cpio archive"},
		{deep, "the kernel unpacks fewer"},
		{nil, "no root"},
	}
	for _, c := range cases {
		if err := Write(io.Discard, c.root); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got error %v, want one with %q", err, c.want)
		}
	}
	if err := Write(&brokenWriter{100000}, sample(0, 0, true)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("broken writer: %v", err)
	}
}

// GNU cpio unpacks exactly the tree.
func TestAgainstGNU(t *testing.T) {
	gnu, err := exec.LookPath("cpio")
	if err != nil {
		t.Skip("cpio is not installed (Debian package cpio)")
	}
	root := sample(uint32(os.Geteuid()), uint32(os.Getegid()), os.Geteuid() == 0)
	b := archive(t, root)
	dir := t.TempDir()
	run := func(args ...string) string {
		cmd := exec.Command(gnu, args...)
		cmd.Stdin, cmd.Dir = bytes.NewReader(b), dir
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil || errs.Len() != 0 {
			t.Errorf("cpio %v: %v\n%s", args, err, errs.String())
		}
		return string(out)
	}
	if out := run("-itv", "--quiet"); !strings.Contains(out, "link -> somewhere/else and further") {
		t.Errorf("listing:\n%s", out)
	}
	run("-id", "-m", "--quiet", "--no-absolute-filenames")
	back, err := tree.FromHost(dir, tree.HostOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// GNU cpio sets no times of links and writes a link once per name, and
	// what it puts into a directory changes the directory's time.
	forget := func(n *tree.Node) {
		tree.Walk(n, func(path string, n *tree.Node, _ bool) error {
			if n.Kind == tree.Symlink || n.Kind == tree.Dir {
				n.MTime = 0
			}
			for i, e := range n.Entries {
				if e.Node.Kind == tree.Symlink {
					single := *e.Node
					single.Mode = 0o777
					n.Entries[i].Node = &single
				}
			}
			return nil
		})
	}
	forget(back)
	forget(root)
	if got, want := manifest(t, back), manifest(t, root); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Any names, link texts and contents come back from the archive.
func FuzzRoundTrip(f *testing.F) {
	f.Add("name", "target", []byte("content"), uint32(0o644), int64(1))
	f.Add("\xff\n", "/", []byte{}, uint32(0o7777), int64(1<<32-1))
	f.Fuzz(func(t *testing.T, name, target string, content []byte, mode uint32, mtime int64) {
		file := &tree.Node{Kind: tree.File, Mode: mode, MTime: mtime, UID: mode, Content: tree.Bytes(content)}
		root := &tree.Node{Kind: tree.Dir, Entries: []tree.Entry{
			{Name: name, Node: file}, {Name: name + "2", Node: file},
			{Name: "d" + name, Node: &tree.Node{Kind: tree.Dir, Entries: []tree.Entry{{Name: "l", Node: &tree.Node{Kind: tree.Symlink, Target: target}}}}},
		}}
		var b bytes.Buffer
		if err := Write(&b, root); err != nil {
			return
		}
		records, err := read(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		back, err := unpack(records)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := manifest(t, back), manifest(t, root); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func BenchmarkAgainstGNU(b *testing.B) {
	gnu, err := exec.LookPath("cpio")
	if err != nil {
		b.Skip("cpio is not installed")
	}
	dir := b.TempDir()
	for d := range 20 {
		sub := filepath.Join(dir, fmt.Sprint(d))
		if err := os.Mkdir(sub, 0o777); err != nil {
			b.Fatal(err)
		}
		for i := range 100 {
			if err := os.WriteFile(filepath.Join(sub, fmt.Sprint(i)), bytes.Repeat([]byte{byte(i)}, 50000), 0o666); err != nil {
				b.Fatal(err)
			}
		}
	}
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		out, err := os.Create(filepath.Join(b.TempDir(), "a"))
		if err != nil {
			b.Fatal(err)
		}
		root, err := tree.FromHost(dir, tree.HostOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if err := Write(out, root); err != nil {
			b.Fatal(err)
		}
		out.Close()
		ours += time.Since(start)
		start = time.Now()
		cmd := exec.Command("sh", "-c", "find . | LC_ALL=C sort | "+gnu+" -o -H newc --quiet > "+filepath.Join(b.TempDir(), "b"))
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		theirs += time.Since(start)
	}
	b.ReportMetric(float64(ours)/float64(theirs), "x-vs-cpio")
}
