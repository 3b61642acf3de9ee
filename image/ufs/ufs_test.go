package ufs_test

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"fruix/image/tree"
	"fruix/image/ufs"
	"fruix/image/ufs/ufscheck"
)

// everyKind is a small tree with all that can be in one.
func everyKind() *tree.Node {
	linked := &tree.Node{Kind: tree.File, Mode: 0o4755, UID: 1, GID: 2, MTime: 5, Content: tree.Bytes(noise(1, 70000))}
	return dir(
		file("empty", nil),
		file("one", []byte("x")),
		file("exactly-a-fragment", noise(2, 4096)),
		file("exactly-a-block", noise(3, 32768)),
		file("block-and-a-bit", noise(4, 32769)),
		file("last-direct", noise(5, 12*32768)),
		file("direct-and-a-bit", noise(6, 12*32768-40000)),
		file("indirect", noise(7, 12*32768+1)),
		named("setuid", linked),
		named("setuid-again", linked),
		named("sub", dir(
			named("again", linked),
			named(strings.Repeat("n", 255), &tree.Node{Kind: tree.Fifo, Mode: 0o600, MTime: -5}),
			named("empty", dir()),
		)),
		named("short", &tree.Node{Kind: tree.Symlink, Mode: 0o777, Target: strings.Repeat("s", 119)}),
		named("long", &tree.Node{Kind: tree.Symlink, Mode: 0o777, Target: strings.Repeat("l", 120)}),
		named("longest", &tree.Node{Kind: tree.Symlink, Mode: 0o755, Target: strings.Repeat("/m", 511)}),
		named("tty", &tree.Node{Kind: tree.CharDevice, Mode: 0o620, Major: 5, Minor: 1, UID: 1<<32 - 2}),
		named("disk", &tree.Node{Kind: tree.BlockDevice, Mode: 0o640, Major: 0x12345678, Minor: 0x9abcdef0}),
		named("socket", &tree.Node{Kind: tree.Socket, Mode: 0o7777, MTime: 1 << 40}),
		named("tmp", &tree.Node{Kind: tree.Dir, Mode: 0o1777, GID: 7, MTime: 9}),
	)
}

func TestEveryKind(t *testing.T) {
	root := everyKind()
	for _, sizes := range [][2]int{{0, 0}, {65536, 8192}, {16384, 2048}, {8192, 1024}, {4096, 512}, {32768, 32768}, {32768, 16384}, {16384, 4096}} {
		t.Run(fmt.Sprint(sizes), func(t *testing.T) {
			b := inMemory(t, root, ufs.Options{BlockSize: sizes[0], FragmentSize: sizes[1], Time: 12345, Label: "every-kind", UUID: [16]byte{1, 2, 3}})
			verify(t, bytes.NewReader(b), int64(len(b)), root)
		})
	}
}

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden: the bytes of an image change only on purpose.
func TestGolden(t *testing.T) {
	b := inMemory(t, everyKind(), ufs.Options{Time: 1, Label: "golden", UUID: [16]byte{9}, SnapDir: true, Slack: 1 << 20})
	got := fmt.Sprintf("%x %d\n", sha256.Sum256(b), len(b))
	const golden = "testdata/everykind.sha256"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the image is %swant %s(-update if this is meant)", got, want)
	}
}

func TestEmptyTree(t *testing.T) {
	root := dir()
	b := inMemory(t, root, ufs.Options{})
	verify(t, bytes.NewReader(b), int64(len(b)), root)
	fs, err := ufscheck.Summary(bytes.NewReader(b), int64(len(b)))
	if err != nil || fs.Ncg != 1 {
		t.Fatalf("%d groups, %v", fs.Ncg, err)
	}
}

func TestSnapDirAndFlags(t *testing.T) {
	b := inMemory(t, dir(file("a", []byte("b"))), ufs.Options{SnapDir: true, SoftUpdates: true, MinFree: -1, Label: "L", Time: 77,
		UUID: [16]byte{0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4}})
	want := dir(named(".snap", &tree.Node{Kind: tree.Dir, Mode: 0o775, GID: 5, MTime: 77}), file("a", []byte("b")))
	verify(t, bytes.NewReader(b), int64(len(b)), want)
	fs, err := ufscheck.Summary(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if fs.Flags&2 == 0 || fs.Minfree != 0 || fs.Time != 77 || fs.Volname[0] != 'L' || uint32(fs.ID[0]) != 0xdeadbeef || fs.ID[1] != 0x01020304 {
		t.Errorf("%+v", fs)
	}
}

func TestManyFiles(t *testing.T) {
	root := dir()
	flat := dir()
	root.Entries = append(root.Entries, named("flat", flat))
	for i := range 30000 {
		f := file(fmt.Sprintf("file-%05d", i), noise(uint64(i), i%41*100))
		if i%3 == 0 {
			flat.Entries = append(flat.Entries, f)
			continue
		}
		if k := i / 100; k >= len(root.Entries)-1 {
			root.Entries = append(root.Entries, named(fmt.Sprintf("dir%03d", k), dir()))
		}
		d := root.Entries[len(root.Entries)-1].Node
		d.Entries = append(d.Entries, f)
	}
	f := inFile(t, root, ufs.Options{})
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	verify(t, f, info.Size(), root)
	if info.Size() > 30000*4096*5/4 {
		t.Errorf("30000 small files take %d bytes", info.Size())
	}
}

func TestLargeAndSparse(t *testing.T) {
	const block = 8192 // 1024 addresses in a block
	double, triple := int64(12+1024)*block, int64(12+1024+1024*1024)*block
	at := func(offs ...int64) sparse {
		s := sparse{}
		for i, off := range offs {
			s.pieces = append(s.pieces, piece{off, noise(uint64(i), 5000)})
			s.size = off + 5000
		}
		return s
	}
	tail := at(0, triple+7)
	tail.size += 1 << 30 // ends in a hole, the last block is stored
	content := func(c tree.Content) *tree.Node {
		return &tree.Node{Kind: tree.File, Mode: 0o600, Content: c}
	}
	root := dir(
		file("double", noise(9, int(double)+3*1024*block/2)),
		named("single-sparse", content(at(1, 13*block, 700*block-100))),
		named("double-sparse", content(at(5*block, double+5, double+900*1024*block))),
		named("triple-sparse", content(at(0, triple-1, triple+3*1024*1024*block+17))),
		named("triple-only", content(at(triple+99))),
		named("hole-at-end", content(tail)),
		named("all-hole", content(tree.Zeros(100*block+1))),
		named("small-hole", content(tree.Zeros(5))),
		named("hole-then-tail", content(at(2*block))),
	)
	f := inFile(t, root, ufs.Options{BlockSize: block})
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	verify(t, f, info.Size(), root)
}

// TestBoundaries places a file over the boundaries between groups.
func TestBoundaries(t *testing.T) {
	root := dir(file("small", noise(1, 3000)), file("huge", noise(2, 9<<20)), file("after", noise(3, 45000)))
	b := inMemory(t, root, ufs.Options{BlockSize: 4096})
	verify(t, bytes.NewReader(b), int64(len(b)), root)
	fs, err := ufscheck.Summary(bytes.NewReader(b), int64(len(b)))
	if err != nil || fs.Ncg < 2 {
		t.Fatalf("%d groups, %v", fs.Ncg, err)
	}
}

func TestSizes(t *testing.T) {
	root := everyKind()
	least := int64(len(inMemory(t, root, ufs.Options{})))
	for _, size := range []int64{least, least + 512, least + 4096, least + 5*4096 + 100, least + 1<<20, 3 << 20, 5<<20 + 12345, 40 << 20} {
		if size < least {
			continue
		}
		b := inMemory(t, root, ufs.Options{Size: size})
		if int64(len(b)) != size {
			t.Fatalf("size %d gives %d", size, len(b))
		}
		verify(t, bytes.NewReader(b), size, root)
	}
	for _, size := range []int64{1, 4096, 1 << 18, least - 32768} {
		_, err := ufs.New(root, ufs.Options{Size: size})
		if err == nil || !strings.Contains(err.Error(), fmt.Sprint(size)) || !strings.Contains(err.Error(), fmt.Sprint(least)) {
			t.Errorf("size %d, least %d: %v", size, least, err)
		}
	}
}

func TestSlack(t *testing.T) {
	root := everyKind()
	for _, slack := range []int64{0, 1, 1 << 20, 50 << 20} {
		b := inMemory(t, root, ufs.Options{Slack: slack})
		verify(t, bytes.NewReader(b), int64(len(b)), root)
		fs, err := ufscheck.Summary(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		free := fs.Cstotal.Nbfree*32768 + fs.Cstotal.Nffree*4096
		if free < slack || free > slack+8*32768 {
			t.Errorf("slack %d: %d bytes are free", slack, free)
		}
	}
}

func TestInodeDensity(t *testing.T) {
	root := dir()
	for i := range 5000 {
		root.Entries = append(root.Entries, named(fmt.Sprint(i), &tree.Node{Kind: tree.Symlink, Mode: 0o777, Target: "x"}))
	}
	b := inMemory(t, root, ufs.Options{})
	verify(t, bytes.NewReader(b), int64(len(b)), root)
	b = inMemory(t, root, ufs.Options{Slack: 8 << 20})
	if fs, err := ufscheck.Summary(bytes.NewReader(b), int64(len(b))); err != nil || fs.Cstotal.Nifree < 1000 {
		t.Errorf("%d inodes are free, %v", fs.Cstotal.Nifree, err)
	}
	b = inMemory(t, root, ufs.Options{Size: 100 << 20, BytesPerInode: 16384})
	verify(t, bytes.NewReader(b), int64(len(b)), root)
	if _, err := ufs.New(root, ufs.Options{Size: 20 << 20, BytesPerInode: 65536}); err == nil || !strings.Contains(err.Error(), "inodes") {
		t.Error(err)
	}
}

// TestSparseTarget checks that what need not be written is not.
func TestSparseTarget(t *testing.T) {
	l, err := ufs.New(dir(file("a", []byte("b"))), ufs.Options{Size: 4 << 30})
	if err != nil {
		t.Fatal(err)
	}
	var n counter
	if err := l.WriteTo(&n); err != nil {
		t.Fatal(err)
	}
	if n > 3<<20 {
		t.Errorf("%d bytes were written", n)
	}
}

type counter int64

func (c *counter) WriteAt(p []byte, off int64) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func TestDeterministic(t *testing.T) {
	root := randomTree(rand.New(rand.NewPCG(1, 2)), 3)
	o := ufs.Options{Time: 99, SnapDir: true}
	a, b := inMemory(t, root, o), inMemory(t, root, o)
	if !bytes.Equal(a, b) {
		t.Error("two images of a tree differ")
	}
	l, err := ufs.New(root, o)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		m := &memory{b: make([]byte, l.Size())}
		if err := l.WriteTo(m); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(m.b, a) {
			t.Error("a layout written again differs")
		}
	}
}

func TestBadInput(t *testing.T) {
	many := dir()
	for i := range 32766 {
		many.Entries = append(many.Entries, named(fmt.Sprint(i), dir()))
	}
	linked := file("x", nil)
	links := dir()
	for i := range 32768 {
		links.Entries = append(links.Entries, named(fmt.Sprint(i), linked.Node))
	}
	loop := dir()
	loop.Entries = append(loop.Entries, named("loop", loop))
	huge := &tree.Node{Kind: tree.File, Content: tree.Zeros(1 << 60)}
	good := dir()
	for _, c := range []struct {
		root *tree.Node
		o    ufs.Options
		want string
	}{
		{nil, ufs.Options{}, "no root"},
		{loop, ufs.Options{}, "one name"},
		{dir(named("a/b", dir())), ufs.Options{}, "slash"},
		{many, ufs.Options{}, "links"},
		{links, ufs.Options{}, "links"},
		{dir(named("sub", dir(named("huge", huge)))), ufs.Options{}, "/sub/huge"},
		{dir(named("link", &tree.Node{Kind: tree.Symlink, Target: strings.Repeat("x", 1024)})), ufs.Options{}, "link"},
		{dir(named("dev", &tree.Node{Kind: tree.CharDevice, Major: 1<<32 - 1, Minor: 1<<32 - 1})), ufs.Options{}, "dev"},
		{dir(named("bad", &tree.Node{Kind: tree.File, Content: badExtents{}})), ufs.Options{}, "bad"},
		{good, ufs.Options{BlockSize: 5000}, "block size"},
		{good, ufs.Options{BlockSize: 2048}, "block size"},
		{good, ufs.Options{BlockSize: 65536, FragmentSize: 4096}, "fragment size"},
		{good, ufs.Options{BlockSize: 4096, FragmentSize: 8192}, "fragment size"},
		{good, ufs.Options{MinFree: 100}, "100%"},
		{good, ufs.Options{Size: -1}, "size"},
		{good, ufs.Options{Label: "a b"}, "label"},
		{good, ufs.Options{Label: strings.Repeat("x", 32)}, "label"},
		{good, ufs.Options{BytesPerInode: -1}, "inode"},
	} {
		_, err := ufs.New(c.root, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want an error about %q, got %v", c.want, err)
		}
	}
}

type badExtents struct{ tree.Zeros }

func (badExtents) Size() int64 { return 100 }
func (badExtents) Extents() ([]tree.Extent, error) {
	return []tree.Extent{{Off: 50, Len: 10}, {Off: 0, Len: 10}}, nil
}

// TestShortContent: a content that breaks its promise is an error.
func TestShortContent(t *testing.T) {
	l, err := ufs.New(dir(named("liar", &tree.Node{Kind: tree.File, Content: short{}})), ufs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = l.WriteTo(&memory{b: make([]byte, l.Size())})
	if err == nil || !strings.Contains(err.Error(), "liar") {
		t.Error(err)
	}
}

type short struct{ tree.Bytes }

func (short) Size() int64 { return 10 }

// randomTree makes a tree of some depth.
func randomTree(r *rand.Rand, depth int) *tree.Node {
	d := &tree.Node{Kind: tree.Dir, Mode: r.Uint32() & 0o7777, UID: r.Uint32(), GID: r.Uint32(), MTime: int64(r.Int32())}
	for i := range r.IntN(40) {
		name := fmt.Sprintf("%d-%s", i, strings.Repeat("é", r.IntN(100)))
		n := &tree.Node{Kind: tree.Kind(r.IntN(7)), Mode: r.Uint32() & 0o7777, UID: r.Uint32(), GID: r.Uint32(), MTime: int64(r.Int32())}
		switch n.Kind {
		case tree.Dir:
			if depth > 0 {
				n = randomTree(r, depth-1)
			}
		case tree.File:
			n.Content = tree.Bytes(noise(r.Uint64(), int(1<<r.IntN(18))+r.IntN(5000)))
			if r.IntN(4) == 0 {
				s := sparse{size: int64(r.IntN(3 << 20))}
				for off := int64(r.IntN(100000)); off < s.size; off += int64(r.IntN(800000)) {
					data := noise(r.Uint64(), int(min(int64(r.IntN(70000)), s.size-off)))
					s.pieces = append(s.pieces, piece{off, data})
					off += int64(len(data))
				}
				n.Content = s
			}
		case tree.Symlink:
			n.Target = strings.Repeat("t", 1+r.IntN(300))
		case tree.CharDevice, tree.BlockDevice:
			n.Major, n.Minor = r.Uint32(), r.Uint32N(1<<31)
		}
		d.Entries = append(d.Entries, named(name, n))
		if n.Kind != tree.Dir && r.IntN(5) == 0 {
			d.Entries = append(d.Entries, named(name+"+", n))
		}
	}
	return d
}

// TestRandomTrees: whatever the tree and the options, the checker is content
// and reads back what was written.
func TestRandomTrees(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 7))
		root := randomTree(r, 2)
		o := ufs.Options{BlockSize: 4096 << r.IntN(5), SnapDir: false, Time: int64(seed), UUID: [16]byte{byte(seed)}}
		o.FragmentSize = o.BlockSize >> r.IntN(4)
		if r.IntN(2) == 0 {
			o.BytesPerInode = 512 << r.IntN(6)
		}
		o.Slack = int64(r.IntN(3)) * r.Int64N(5<<20)
		b := inMemory(t, root, o)
		verify(t, bytes.NewReader(b), int64(len(b)), root)
		if t.Failed() {
			t.Fatalf("seed %d, options %+v", seed, o)
		}
		o.Size = int64(len(b)) + r.Int64N(1<<20)
		b = inMemory(t, root, o)
		verify(t, bytes.NewReader(b), int64(len(b)), root)
	}
}

// FuzzImage does what TestRandomTrees does for what the fuzzer thinks of.
func FuzzImage(f *testing.F) {
	f.Add(uint64(1), uint8(3), uint8(3), int32(0), uint16(0))
	f.Add(uint64(2), uint8(0), uint8(0), int32(1<<20), uint16(5))
	f.Fuzz(func(t *testing.T, seed uint64, block, frag uint8, size int32, density uint16) {
		root := randomTree(rand.New(rand.NewPCG(seed, 3)), 1)
		o := ufs.Options{BlockSize: 4096 << (block % 5), BytesPerInode: int(density), Size: int64(max(0, size)) * 8}
		o.FragmentSize = o.BlockSize >> (frag % 4)
		l, err := ufs.New(root, o)
		if err != nil {
			return // too small, with a reason given
		}
		m := &memory{b: make([]byte, l.Size())}
		if err := l.WriteTo(m); err != nil {
			t.Fatal(err)
		}
		verify(t, bytes.NewReader(m.b), int64(len(m.b)), root)
	})
}
