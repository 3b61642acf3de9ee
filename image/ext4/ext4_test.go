package ext4

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"fruix/image/tree"
)

func TestTrees(t *testing.T) {
	sparse := func(n int64) *tree.Node {
		return dir(entry("before", text("before")),
			entry("sparse", &tree.Node{Kind: tree.File, Mode: 0o644, Content: everySecond(n)}),
			entry("then", text("then")))
	}
	for _, c := range []struct {
		name string
		root *tree.Node
		o    Options
	}{
		{"empty", dir(), Options{}},
		{"no journal", dir(), Options{Journal: -1}},
		{"tiny", dir(entry("a", text("a"))), Options{Size: 256 << 10}},
		{"odd size", dir(entry("a", text("a"))), Options{Size: 10<<20 + 1234}},
		{"one of each", oneOfEach(), Options{Label: "0123456789abcdef", Time: 1700000000}},
		{"late", dir(), Options{Time: 1 << 32}},
		{"own lost+found", dir(entry("a", text("a")), entry("lost+found", dir(entry("saved", text("b"))))), Options{}},
		{"30000 files", manyFiles(30000, 300), Options{}},
		{"20000 entries", manyFiles(20000, 20000), Options{Slack: 1 << 20}},
		{"deep", deep(60), Options{}},
		{"4 extents", sparse(4), Options{}},
		{"5 extents", sparse(5), Options{}},
		{"340 extents", sparse(340), Options{}},
		{"341 extents", sparse(341), Options{}},
		{"1360 extents", sparse(1360), Options{}},
		{"1361 extents", sparse(1361), Options{}},
		{"5 GiB sparse", dir(entry("big", hostFile(t, tree.HolesFromHost, 5<<30, 5, 1<<20, 4<<30-5, 4<<30, 5<<30-10))), Options{}},
		{"largest file", dir(entry("big", &tree.Node{Kind: tree.File, Mode: 0o644, Content: tree.Zeros(maxFileSize)})), Options{}},
		{"20 GiB", oneOfEach(), Options{Size: 20 << 30}},
		{"300 GiB and a bit", oneOfEach(), Options{Size: 300<<30 + 8<<20, FreeInodes: 1000, Reserved: 15 << 30}},
		{"across groups", dir(entry("a", &tree.Node{Kind: tree.File, Content: pieces{300 << 20,
			[]tree.Extent{{Off: 0, Len: 300 << 20}}}}), entry("b", text("b"))), Options{Journal: -1}},
		{"dense", dir(entry("a", text("a")), entry("big", hostFile(t, tree.HolesNone, 700<<20, 0, 3<<20-5, 500<<20, 699<<20)), entry("c", text("c"))), Options{}},
		{"journal across groups", dir(entry("b", text("b"))), Options{Size: 600 << 20, Journal: 400 << 20}},
		{"many inodes", dir(entry("b", text("b"))), Options{FreeInodes: 200000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, image := build(t, c.root, c.o)
			verify(t, image, c.root)
		})
	}
}

// FuzzTrees is the property: any tree comes back as it was declared. The seeds
// are part of every test run.
func FuzzTrees(f *testing.F) {
	for seed := range uint64(10) {
		f.Add(seed, uint16(1)<<seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64, files uint16) {
		r := rand.New(rand.NewPCG(seed, 1))
		root := randomTree(r, 1+int(files%600))
		o := Options{Slack: r.Int64N(100 << 20), Time: r.Int64N(1 << 31), Label: "random"}
		if r.IntN(3) == 0 {
			o.Journal = -1
		}
		_, image := build(t, root, o)
		verify(t, image, root)
	})
}

// TestIndexLevels crosses into an index with nodes below its root. Long names
// make the leaves many: 15 entries fill one.
func TestIndexLevels(t *testing.T) {
	for _, n := range []int{7000, 9000} {
		d := dir()
		f := text("the same for all")
		for i := range n {
			d.Entries = append(d.Entries, entry(fmt.Sprintf("%0250d", i), f))
		}
		root := dir(entry("d", d))
		l, image := build(t, root, Options{})
		files := verify(t, image, root)
		if !files["d"].indexed {
			t.Error("the directory has no index")
		}
		planned := l.inode(uint32(firstInode + 1)).dir
		if got, want := planned.nodes > 0, n == 9000; got != want {
			t.Errorf("%d entries in %d leaves: nodes below the root: %v", n, len(planned.leaves), got)
		}
		dump := debugfs(t, image, []string{"htree_dump d"})[0]
		if levels := fmt.Sprintf("Indirect levels: %d\n", min(planned.nodes, 1)); !strings.Contains(dump, levels) {
			t.Errorf("htree_dump does not say %q", levels)
		}
		if got := strings.Count(dump, "Reading directory block"); got != len(planned.leaves) {
			t.Errorf("the index leads to %d leaves, not %d", got, len(planned.leaves))
		}
	}
}

// TestLinkLimits has directories at the limit of dir_nlink and files at the
// limit of links.
func TestLinkLimits(t *testing.T) {
	d := dir()
	f := &tree.Node{Kind: tree.File}
	for i := range maxLinks - 1 {
		d.Entries = append(d.Entries, entry(fmt.Sprintf("d%d", i), dir()))
	}
	links := dir()
	for i := range maxLinks {
		links.Entries = append(links.Entries, entry(fmt.Sprintf("l%d", i), f))
	}
	root := dir(entry("dirs", d), entry("links", links))
	l, image := build(t, root, Options{})
	fsck(t, image)
	if n := l.inode(uint32(12)).links; n != 1 {
		t.Errorf("a directory of %d directories has the link count %d", len(d.Entries), n)
	}
	links.Entries = append(links.Entries, entry("more", f))
	_, err := New(root, Options{UUID: testUUID})
	if err == nil || !strings.Contains(err.Error(), "65001st name") && !strings.Contains(err.Error(), "allows 65000") {
		t.Errorf("error for too many links: %v", err)
	}
}

// TestExactFit finds that the size chosen is the smallest.
func TestExactFit(t *testing.T) {
	for _, c := range []struct {
		name string
		root *tree.Node
	}{
		{"empty", dir()},
		{"files", manyFiles(3000, 100)},
		{"two groups", dir(entry("a", &tree.Node{Kind: tree.File, Content: tree.Bytes(make([]byte, 200<<20))}))},
	} {
		o := Options{UUID: testUUID, Journal: minJournal * blockSize, FreeInodes: 64}
		l, err := New(c.root, o)
		if err != nil {
			t.Fatal(err)
		}
		if l.Free() != 0 {
			t.Errorf("%s: %d bytes are free", c.name, l.Free())
		}
		o.Size = l.Size()
		same, err := New(c.root, o)
		if err != nil {
			t.Fatalf("%s: does not fit in its own size: %v", c.name, err)
		}
		fsck(t, writeImage(t, same))
		o.Size -= blockSize
		_, err = New(c.root, o)
		if want := fmt.Sprintf("does not fit in %d bytes: it takes %d", o.Size, l.Size()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: a block less gave %v, not %q", c.name, err, want)
		}
	}
}

// TestAllSizes plans every size around the places where groups begin, where
// the last group may be too small for what must be in it.
func TestAllSizes(t *testing.T) {
	root := dir(entry("a", text("a")))
	check := func(blocks int64, o Options) {
		t.Helper()
		o.Size, o.UUID = blocks*blockSize, testUUID
		l, err := New(root, o)
		if err != nil {
			t.Fatalf("%d blocks: %v", blocks, err)
		}
		if lost := o.Size - l.Size(); lost < 0 || lost > groupBlocks*blockSize/4 {
			t.Fatalf("%d blocks: %d bytes are not used", blocks, lost)
		}
	}
	for _, groups := range []int64{1, 2, 3, 16, 17, 48, 64} {
		for extra := range int64(700) {
			check(groups*groupBlocks+extra, Options{})
		}
	}
	for _, blocks := range []int64{groupBlocks + 1, groupBlocks + 2, groupBlocks + 3, 16*groupBlocks + 10, 16*groupBlocks + 300, 17*groupBlocks + 1} {
		l, err := New(root, Options{Size: blocks * blockSize, UUID: testUUID})
		if err != nil {
			t.Fatal(err)
		}
		fsck(t, writeImage(t, l))
	}
}

// TestChecksums damages each kind of metadata and finds that e2fsck, for which
// so much is fine otherwise, sees it: that is, that it does verify them.
func TestChecksums(t *testing.T) {
	many := dir()
	for i := range 1000 {
		many.Entries = append(many.Entries, entry(fmt.Sprintf("file-%d", i), text("x")))
	}
	root := dir(entry("many", many), entry("sparse", &tree.Node{Kind: tree.File, Content: everySecond(400)}))
	l, image := build(t, root, Options{Size: 1 << 30})
	fsck(t, image)
	block := func(b int64) int64 { return b * blockSize }
	data := func(inode uint32) int64 {
		return block(int64(part(l.plan.extents, l.plan.files[inode-1].extents)[0].physical))
	}
	const manyInode = firstInode + 1
	desc := &l.geo.desc[0]
	program := peer(t, "e2fsck")
	for _, c := range []struct {
		what string
		at   int64
	}{
		{"superblock", 1024 + 0x88},
		{"group descriptor", block(1) + 0x30},
		{"block bitmap", block(desc.blockBitmap) + 4000},
		{"inode bitmap", block(desc.inodeBitmap) + 300},
		{"inode", block(desc.inodeTable) + (manyInode-1)*inodeSize + 0x10},
		{"index", data(manyInode) + blockSize - 4},
		{"directory", data(manyInode) + blockSize + 20},
		{"extents", block(int64(l.plan.nodes[0])) + 4000},
		{"journal", data(journalInode) + 0x10},
	} {
		f, err := os.OpenFile(image, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		flip := func() {
			var b [1]byte
			if _, err := f.ReadAt(b[:], c.at); err != nil {
				t.Fatal(err)
			}
			b[0] ^= 0x40
			if _, err := f.WriteAt(b[:], c.at); err != nil {
				t.Fatal(err)
			}
		}
		flip()
		if out, err := exec.Command(program, "-fn", image).CombinedOutput(); err == nil {
			t.Errorf("%s: e2fsck does not see the damage\n%s", c.what, out)
		}
		flip()
		f.Close()
	}
	fsck(t, image)
}

// TestBackups reads the copies of the superblock, and has e2fsck repair a file
// system that has lost the first of them and the group descriptors.
func TestBackups(t *testing.T) {
	program := peer(t, "dumpe2fs")
	root := manyFiles(100, 10)
	l, image := build(t, root, Options{Size: 7 << 30, Label: "copies"})
	dump := func(block int64) string {
		out, err := exec.Command(program, "-h", "-o", fmt.Sprint("superblock=", block), "-o", "blocksize=4096", image).CombinedOutput()
		if err != nil {
			t.Fatalf("dumpe2fs of the copy at %d: %v\n%s", block, err, out)
		}
		var kept []string
		for line := range strings.Lines(string(out)) {
			// The number of the copy is in them.
			if !strings.HasPrefix(line, "Checksum:") && !strings.HasPrefix(line, "Block group number:") {
				kept = append(kept, line)
			}
		}
		return strings.Join(kept, "")
	}
	want := dump(0)
	copies := 0
	for g := int64(1); g < l.geo.groups; g++ {
		if !hasSuper(g) {
			continue
		}
		copies++
		if got := dump(g * groupBlocks); got != want {
			t.Errorf("the copy in group %d says\n%s, the first\n%s", g, got, want)
		}
	}
	if copies != 8 { // 1 3 5 7 9 25 27 49
		t.Errorf("%d copies in %d groups", copies, l.geo.groups)
	}

	f, err := os.OpenFile(image, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, 2*blockSize), 0); err != nil {
		t.Fatal(err)
	}
	f.Close()
	// Exit code 1 is "errors were corrected".
	out, err := exec.Command(peer(t, "e2fsck"), "-fy", "-b", "32768", "-B", "4096", image).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() > 1) {
		t.Fatalf("e2fsck -b: %v\n%s", err, out)
	}
	verify(t, image, root)
}

// TestGrow lets resize2fs move the file system to larger disks.
func TestGrow(t *testing.T) {
	program := peer(t, "resize2fs")
	for _, size := range []int64{200 << 20, 3 << 30, 9 << 30} {
		root := manyFiles(200, 20)
		_, image := build(t, root, Options{Slack: 10 << 20})
		if err := os.Truncate(image, size); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(program, "-f", image).CombinedOutput(); err != nil {
			t.Fatalf("resize2fs: %v\n%s", err, out)
		}
		verify(t, image, root)
	}
}

func TestSlack(t *testing.T) {
	for _, slack := range []int64{1, 1 << 20, 500 << 20, 70 << 30} {
		l, err := New(oneOfEach(), Options{UUID: testUUID, Slack: slack})
		if err != nil {
			t.Fatal(err)
		}
		if l.Free() < slack || l.Free() > slack+1<<20 {
			t.Errorf("%d bytes are free of a slack of %d", l.Free(), slack)
		}
		if want := max(64, slack/16384); l.FreeInodes() < want {
			t.Errorf("%d inodes are free, %d expected", l.FreeInodes(), want)
		}
	}
}

func TestSameBytes(t *testing.T) {
	sum := func(root *tree.Node) [32]byte {
		_, image := build(t, root, Options{Time: 5, Label: "same"})
		b, err := os.ReadFile(image)
		if err != nil {
			t.Fatal(err)
		}
		return sha256.Sum256(b)
	}
	root := randomTree(rand.New(rand.NewPCG(5, 5)), 300)
	a := sum(root)
	tree.Sort(root)
	if b := sum(root); a != b {
		t.Error("the order of entries left a trace")
	}
}

func TestErrors(t *testing.T) {
	file := func(n *tree.Node) *tree.Node { return dir(entry("d", dir(entry("f", n)))) }
	for _, c := range []struct {
		name string
		root *tree.Node
		o    Options
		want string
	}{
		{"no root", nil, Options{UUID: testUUID}, "ext4: tree has no root"},
		{"no UUID", dir(), Options{}, "ext4: options have no UUID"},
		{"label", dir(), Options{UUID: testUUID, Label: "a name that is too long"}, `label "a name that is too long" is 23 bytes long; the most is 16`},
		{"small", dir(), Options{UUID: testUUID, Size: 40960}, "tree does not fit in 40960 bytes: it takes"},
		{"negative", dir(), Options{UUID: testUUID, Size: -1}, "size -1 is negative"},
		{"huge", dir(), Options{UUID: testUUID, Size: 1 << 60}, "is above the most"},
		{"journal", dir(), Options{UUID: testUUID, Journal: 4096}, "journal of 4096 bytes is too small"},
		{"name", dir(entry(strings.Repeat("n", 256), text(""))), Options{UUID: testUUID}, "is 256 bytes long; the most is 255"},
		{"file", file(&tree.Node{Kind: tree.File, Content: tree.Zeros(maxFileSize + 1)}), Options{UUID: testUUID}, `"d/f": file of 17592186040321 bytes is too large`},
		{"target", file(symlink(strings.Repeat("t", 4096))), Options{UUID: testUUID}, `"d/f": link target is 4096 bytes long; the most is 4095`},
		{"device", file(&tree.Node{Kind: tree.CharDevice, Major: 4096}), Options{UUID: testUUID}, `"d/f": device 4096:0`},
		{"time", file(&tree.Node{Kind: tree.File, MTime: 1 << 40}), Options{UUID: testUUID}, `"d/f": time 1099511627776 is outside`},
		{"extents", file(&tree.Node{Kind: tree.File, Content: pieces{10, []tree.Extent{{Off: 5, Len: 6}}}}), Options{UUID: testUUID}, `"d/f": extents of the content`},
		{"lost+found", dir(entry("lost+found", text(""))), Options{UUID: testUUID}, `"lost+found" is a file`},
	} {
		_, err := New(c.root, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// liar promises more than it has.
type liar struct{ tree.Text }

func (liar) Size() int64 { return 100 }

func TestShortContent(t *testing.T) {
	l, err := New(dir(entry("d", dir(entry("f", &tree.Node{Kind: tree.File, Content: liar{"abc"}})))), Options{UUID: testUUID})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(t.TempDir() + "/image")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := l.WriteTo(f); err == nil || !strings.Contains(err.Error(), `ext4: "d/f": content ended at byte 3, 100 were promised`) {
		t.Errorf("error: %v", err)
	}
}

// failing is a target that fills up, or a disk that breaks.
type failing struct {
	left int64
	err  error
}

func (f *failing) WriteAt(p []byte, _ int64) (int, error) {
	f.left -= int64(len(p))
	if f.left < 0 {
		return 0, f.err
	}
	return len(p), nil
}

// counted knows how many of its readers are open.
type counted struct {
	tree.Sparse
	open *atomic.Int32
}

type countedReader struct {
	io.ReadCloser
	open *atomic.Int32
}

func (c counted) Open() (io.ReadCloser, error) {
	c.open.Add(1)
	r, err := c.Sparse.Open()
	return countedReader{r, c.open}, err
}

func (r countedReader) Close() error {
	r.open.Add(-1)
	return r.ReadCloser.Close()
}

// TestFullTarget finds that a target that fails at any point gives its error
// and leaves nothing open.
func TestFullTarget(t *testing.T) {
	var open atomic.Int32
	root := manyFiles(50, 10)
	for i := range 5 {
		c := counted{pieces{40 << 20, []tree.Extent{{Off: 0, Len: 30 << 20}, {Off: 31 << 20, Len: 5 << 20}}}, &open}
		root.Entries = append(root.Entries, entry(fmt.Sprintf("large%d", i), &tree.Node{Kind: tree.File, Content: c}))
	}
	l, err := New(root, Options{UUID: testUUID})
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("the disk is full")
	for left := int64(0); ; left += 7<<20 + 1 {
		err := l.WriteTo(&failing{left, full})
		if n := open.Load(); n != 0 {
			t.Fatalf("%d contents were left open after %d bytes", n, left)
		}
		if err == nil {
			if left < 100<<20 {
				t.Errorf("%d bytes were enough", left)
			}
			break
		}
		if !errors.Is(err, full) {
			t.Fatalf("after %d bytes: %v", left, err)
		}
	}
}

// TestNameHash compares with debugfs, whose dx_hash uses the same seed.
func TestNameHash(t *testing.T) {
	program := peer(t, "debugfs")
	seed := seedFromUUID(testUUID)
	uuid := ""
	for i, w := range seed {
		for j := range 4 {
			if n := 4*i + j; n == 4 || n == 6 || n == 8 || n == 10 {
				uuid += "-"
			}
			uuid += fmt.Sprintf("%02x", byte(w>>(8*j)))
		}
	}
	for n := 1; n <= 255; n += 1 + n/9 {
		name := strings.Repeat("aB9-é世", 50)[:n]
		out, err := exec.Command(program, "-R", fmt.Sprintf("dx_hash -h 4 -s %s %s", uuid, name)).Output()
		if err != nil {
			t.Fatal(err)
		}
		hash, minor := nameHash(seed, name)
		if want := fmt.Sprintf("is 0x%x (minor 0x%x)", hash, minor); !strings.Contains(string(out), want) {
			t.Errorf("%q: %s; here it %s", name, strings.TrimSpace(string(out)), want)
		}
	}
}
