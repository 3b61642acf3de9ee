package ext4

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fruix/image/tree"
)

// The trees of the tests.

func dir(entries ...tree.Entry) *tree.Node {
	return &tree.Node{Kind: tree.Dir, Mode: 0o755, MTime: 1000000000, Entries: entries}
}

func text(s string) *tree.Node {
	return &tree.Node{Kind: tree.File, Mode: 0o644, MTime: 1000000001, Content: tree.Text(s)}
}

func symlink(target string) *tree.Node {
	return &tree.Node{Kind: tree.Symlink, Mode: 0o777, MTime: 1000000002, Target: target}
}

func entry(name string, n *tree.Node) tree.Entry { return tree.Entry{Name: name, Node: n} }

// noise is a reproducible content without long runs of zeros.
func noise(seed uint64, size int64) tree.Bytes {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)}).Read(b) // never fails
	return b
}

// pieces is a sparse content: each extent is filled with its own pattern.
type pieces struct {
	size    int64
	extents []tree.Extent
}

func (p pieces) Size() int64                     { return p.size }
func (p pieces) Extents() ([]tree.Extent, error) { return p.extents, nil }
func (p pieces) Open() (io.ReadCloser, error) {
	var readers []io.Reader
	pos := int64(0)
	zeros := func(to int64) {
		r, _ := tree.Zeros(to - pos).Open()
		readers = append(readers, r)
		pos = to
	}
	for i, e := range p.extents {
		zeros(e.Off)
		pattern := []byte(fmt.Sprintf("extent %d;", i))
		readers = append(readers, bytes.NewReader(bytes.Repeat(pattern, int(e.Len)/len(pattern)+1)[:e.Len]))
		pos = e.Off + e.Len
	}
	zeros(p.size)
	return io.NopCloser(io.MultiReader(readers...)), nil
}

// everySecond has so many extents of one block with a hole after each.
func everySecond(n int64) pieces {
	p := pieces{size: n*2*blockSize - 100}
	for i := range n {
		p.extents = append(p.extents, tree.Extent{Off: i * 2 * blockSize, Len: blockSize})
	}
	return p
}

// hostFile is a sparse file with a few bytes of data at each offset.
func hostFile(t testing.TB, holes tree.Holes, size int64, offsets ...int64) *tree.Node {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	for _, off := range offsets {
		if _, err := f.WriteAt([]byte("some data"), off); err != nil {
			t.Fatal(err)
		}
	}
	c, err := tree.NewHostFile(f.Name(), holes)
	if err != nil {
		t.Fatal(err)
	}
	return &tree.Node{Kind: tree.File, Mode: 0o644, Content: c}
}

// manyFiles has so many small files in directories of so many.
func manyFiles(files, each int) *tree.Node {
	root := dir()
	for i := 0; i < files; i += each {
		d := dir()
		for j := i; j < min(i+each, files); j++ {
			name := fmt.Sprintf("file-%d-%s", j, strings.Repeat("x", j%40))
			d.Entries = append(d.Entries, entry(name, text(strings.Repeat(name, j%7))))
		}
		root.Entries = append(root.Entries, entry(fmt.Sprintf("dir%d", i/each), d))
	}
	return root
}

// oneOfEach has all that a tree can hold.
func oneOfEach() *tree.Node {
	shared := text("shared")
	shared.UID, shared.GID, shared.Mode = 70000, 4000000000, 0o4755
	sticky := dir(entry("again", shared))
	sticky.Mode = 0o1777
	node := func(k tree.Kind, major, minor uint32) *tree.Node {
		return &tree.Node{Kind: k, Mode: 0o620, MTime: 3, Major: major, Minor: minor}
	}
	root := dir(
		entry("empty", &tree.Node{Kind: tree.File, Mode: 0o400, MTime: -5}),
		entry("shared", shared),
		entry("tmp", sticky),
		entry("null", node(tree.CharDevice, 1, 3)),
		entry("disk", node(tree.BlockDevice, 259, 70000)),
		entry("big device", node(tree.CharDevice, maxMajor, maxMinor)),
		entry("fifo", node(tree.Fifo, 0, 0)),
		entry("socket", node(tree.Socket, 0, 0)),
		entry("fast", symlink(strings.Repeat("f", 59))),
		entry("slow", symlink(strings.Repeat("s", 60))),
		entry("slowest", symlink(strings.Repeat("/longest", 512)[:4095])),
		entry("Grüße, 世界 🌍", text("utf-8")),
		entry("\xff\xfe not utf-8", text("bytes")),
		entry("one block", &tree.Node{Kind: tree.File, Mode: 0o644, Content: noise(1, blockSize)}),
		entry("one block and a byte", &tree.Node{Kind: tree.File, Mode: 0o644, Content: noise(2, blockSize+1)}),
		entry("large", &tree.Node{Kind: tree.File, Mode: 0o6711, Content: noise(3, 3<<20+77)}),
		entry("hole", &tree.Node{Kind: tree.File, Mode: 0o644, Content: tree.Zeros(123456)}),
		entry("2038", &tree.Node{Kind: tree.File, Mode: 0o644, MTime: 1 << 31}),
		entry("2106", &tree.Node{Kind: tree.File, Mode: 0o644, MTime: 1 << 32}),
		entry("latest", &tree.Node{Kind: tree.File, Mode: 0o644, MTime: maxTime}),
		entry("earliest", &tree.Node{Kind: tree.File, Mode: 0o644, MTime: minTime}),
	)
	for _, n := range []int{1, 254, 255} {
		root.Entries = append(root.Entries, entry(strings.Repeat("n", n), text("name")))
	}
	return root
}

// deep has so many directories in one another.
func deep(levels int) *tree.Node {
	root := dir()
	at := root
	for i := range levels {
		next := dir(entry("file", text(fmt.Sprint(i))))
		at.Entries = append(at.Entries, entry("d", next))
		at = next
	}
	return root
}

// randomTree makes a tree of everything, in any order.
func randomTree(r *rand.Rand, files int) *tree.Node {
	root := dir()
	dirs := []*tree.Node{root}
	var nodes []*tree.Node
	for i := range files {
		d := dirs[r.IntN(len(dirs))]
		n := &tree.Node{Mode: uint32(r.IntN(0o10000)), UID: r.Uint32(), GID: r.Uint32(), MTime: r.Int64N(maxTime-minTime) + minTime}
		switch k := r.IntN(20); {
		case k < 2 || i == 0:
			n.Kind = tree.Dir
			dirs = append(dirs, n)
		case k < 5:
			n.Kind = tree.Symlink
			n.Target = strings.Repeat("t/", 1+r.IntN(1+r.IntN(2000)))
		case k == 5:
			n.Kind = []tree.Kind{tree.CharDevice, tree.BlockDevice}[r.IntN(2)]
			n.Major, n.Minor = r.Uint32N(maxMajor+1)>>r.IntN(12), r.Uint32N(maxMinor+1)>>r.IntN(20)
		case k == 6:
			n.Kind = []tree.Kind{tree.Fifo, tree.Socket}[r.IntN(2)]
		case k == 7 && len(nodes) > 0:
			n = nodes[r.IntN(len(nodes))] // a hard link
		case k == 8:
			n.Kind = tree.File
			n.Content = randomPieces(r)
		default:
			n.Kind = tree.File
			n.Content = noise(r.Uint64(), r.Int64N(1<<r.IntN(20)))
		}
		if n.Kind != tree.Dir {
			nodes = append(nodes, n)
		}
		name := fmt.Sprintf("%d%s", i, strings.Repeat("é", r.IntN(1+r.IntN(125))))
		d.Entries = append(d.Entries, entry(name, n))
	}
	return root
}

func randomPieces(r *rand.Rand) pieces {
	p := pieces{}
	for range r.IntN(1 << r.IntN(11)) {
		e := tree.Extent{Off: p.size + r.Int64N(3*blockSize), Len: r.Int64N(2 * blockSize)}
		if r.IntN(2) == 0 {
			e.Off = (e.Off + blockSize - 1) / blockSize * blockSize
		}
		p.extents = append(p.extents, e)
		p.size = e.Off + e.Len
	}
	p.size += r.Int64N(1 << 26 >> r.IntN(26))
	return p
}
