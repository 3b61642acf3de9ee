package ufs_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"fruix/image/tree"
	"fruix/image/ufs"
	"fruix/image/ufs/ufscheck"
)

// memory is a target that refuses to be written at descending offsets or
// beyond its end.
type memory struct {
	b    []byte
	next int64
}

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	if off < m.next {
		return 0, fmt.Errorf("write at %d after one that ended at %d", off, m.next)
	}
	if off+int64(len(p)) > int64(len(m.b)) {
		return 0, fmt.Errorf("write of %d bytes at %d of %d", len(p), off, len(m.b))
	}
	m.next = off + int64(len(p))
	return copy(m.b[off:], p), nil
}

// inMemory makes the file system in memory.
func inMemory(t testing.TB, root *tree.Node, o ufs.Options) []byte {
	t.Helper()
	l, err := ufs.New(root, o)
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{b: make([]byte, l.Size())}
	if err := l.WriteTo(m); err != nil {
		t.Fatal(err)
	}
	return m.b
}

// inFile makes the file system in a file and returns that.
func inFile(t testing.TB, root *tree.Node, o ufs.Options) *os.File {
	t.Helper()
	l, err := ufs.New(root, o)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "image"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.Truncate(l.Size()); err != nil {
		t.Fatal(err)
	}
	if err := l.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	return f
}

// verify checks an image and compares what it holds with the tree.
func verify(t testing.TB, r io.ReaderAt, size int64, want *tree.Node) {
	t.Helper()
	problems, err := ufscheck.Check(r, size)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range problems {
		if i == 10 {
			t.Fatalf("and %d more problems", len(problems)-i)
		}
		t.Error(p)
	}
	if t.Failed() {
		t.FailNow()
	}
	got, err := ufscheck.Read(r, size)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "/", want, got, map[*tree.Node]*tree.Node{})
}

// same compares two trees; links remembers which node stands for which.
func same(t testing.TB, path string, want, got *tree.Node, links map[*tree.Node]*tree.Node) {
	t.Helper()
	if seen, ok := links[want]; ok {
		if seen != got {
			t.Fatalf("%s: is not the hard link it should be", path)
		}
		return
	}
	links[want] = got
	a, b := *want, *got
	a.Content, b.Content, a.Entries, b.Entries = nil, nil, nil, nil
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Fatalf("%s: is %+v, must be %+v", path, b, a)
	}
	sameContent(t, path, want, got)
	if len(want.Entries) != len(got.Entries) {
		t.Fatalf("%s: has %d entries, must have %d", path, len(got.Entries), len(want.Entries))
	}
	for i, e := range want.Entries {
		if got.Entries[i].Name != e.Name {
			t.Fatalf("%s: entry %d is %q, must be %q", path, i, got.Entries[i].Name, e.Name)
		}
		same(t, path+e.Name+"/", e.Node, got.Entries[i].Node, links)
	}
}

// sameContent compares bodies. Those of more than 64 MiB must be sparse, and
// only what is stored is compared.
func sameContent(t testing.TB, path string, want, got *tree.Node) {
	t.Helper()
	if want.Size() != got.Size() {
		t.Fatalf("%s: has %d bytes, must have %d", path, got.Size(), want.Size())
	}
	if want.Kind != tree.File || want.Size() == 0 {
		return
	}
	if want.Size() > 64<<20 {
		sameSparse(t, path, want.Content, got.Content)
		return
	}
	if !bytes.Equal(read(t, want.Content), read(t, got.Content)) {
		t.Fatalf("%s: has other bytes", path)
	}
}

func sameSparse(t testing.TB, path string, want, got tree.Content) {
	t.Helper()
	w, ok := want.(sparse)
	if !ok {
		t.Fatalf("%s is too large for this test", path)
	}
	stored, err := got.(tree.Sparse).Extents()
	if err != nil {
		t.Fatal(err)
	}
	r, err := got.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	total := int64(0)
	for _, e := range stored {
		total += e.Len
	}
	if total > 64<<20 {
		t.Fatalf("%s: stores %d bytes", path, total)
	}
	for _, p := range w.pieces {
		covered := false
		for _, e := range stored {
			covered = covered || e.Off <= p.off && p.off+int64(len(p.data)) <= e.Off+e.Len
		}
		if !covered {
			t.Fatalf("%s: the piece at %d is not stored", path, p.off)
		}
	}
}

func read(t testing.TB, c tree.Content) []byte {
	t.Helper()
	r, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// piece is a stored part of a sparse content.
type piece struct {
	off  int64
	data []byte
}

// sparse is a content with holes.
type sparse struct {
	size   int64
	pieces []piece
}

func (s sparse) Size() int64 { return s.size }

func (s sparse) Extents() ([]tree.Extent, error) {
	var out []tree.Extent
	for _, p := range s.pieces {
		out = append(out, tree.Extent{Off: p.off, Len: int64(len(p.data))})
	}
	return out, nil
}

func (s sparse) Open() (io.ReadCloser, error) { return &sparseReader{s: s}, nil }

type sparseReader struct {
	s   sparse
	pos int64
}

func (r *sparseReader) Close() error { return nil }

func (r *sparseReader) Read(p []byte) (int, error) {
	if r.pos >= r.s.size {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), r.s.size-r.pos)]
	clear(p)
	for _, q := range r.s.pieces {
		lo, hi := max(q.off, r.pos), min(q.off+int64(len(q.data)), r.pos+int64(len(p)))
		if lo < hi {
			copy(p[lo-r.pos:hi-r.pos], q.data[lo-q.off:hi-q.off])
		}
	}
	r.pos += int64(len(p))
	return len(p), nil
}

// WriterTo lets io.CopyN skip holes without making their zeros.
func (r *sparseReader) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, io.LimitReader(struct{ io.Reader }{r}, r.s.size-r.pos))
}

// noise gives n bytes that depend on seed.
func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	x := seed*0x9e3779b97f4a7c15 + 1
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x)
	}
	return b
}

// dir makes a directory.
func dir(entries ...tree.Entry) *tree.Node {
	return &tree.Node{Kind: tree.Dir, Mode: 0o755, MTime: 1700000000, Entries: entries}
}

// file makes a named file.
func file(name string, body []byte) tree.Entry {
	n := &tree.Node{Kind: tree.File, Mode: 0o644, MTime: 1600000000}
	if len(body) > 0 {
		n.Content = tree.Bytes(body)
	}
	return tree.Entry{Name: name, Node: n}
}

func named(name string, n *tree.Node) tree.Entry { return tree.Entry{Name: name, Node: n} }
