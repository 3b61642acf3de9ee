package fat

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fruix/image/tree"
)

const mib = 1 << 20

func dir(entries ...tree.Entry) *tree.Node {
	return &tree.Node{Kind: tree.Dir, Entries: entries, MTime: 1700000000}
}

func body(c tree.Content) *tree.Node {
	return &tree.Node{Kind: tree.File, Content: c, MTime: 1600000001}
}

func text(s string) *tree.Node { return body(tree.Text(s)) }

// esp is like an EFI system partition, with odd names and sizes beside.
func esp() *tree.Node {
	r := rand.New(rand.NewPCG(4, 2))
	kernel := make([]byte, 700001)
	for i := range kernel {
		kernel[i] = byte(r.Uint32())
	}
	twice := text("linked\n")
	return dir(
		tree.Entry{Name: "EFI", Node: dir(
			tree.Entry{Name: "BOOT", Node: dir(tree.Entry{Name: "BOOTX64.EFI", Node: body(tree.Bytes(kernel[:100000]))})},
			tree.Entry{Name: "systemd", Node: dir(tree.Entry{Name: "systemd-bootx64.efi", Node: body(tree.Bytes(kernel))})},
		)},
		tree.Entry{Name: "loader", Node: dir(
			tree.Entry{Name: "loader.conf", Node: text("timeout 0\n")},
			tree.Entry{Name: "entries", Node: dir(tree.Entry{Name: "fruix.conf", Node: text("title Fruix\n")}, tree.Entry{Name: "fruix-old.conf", Node: text("title Old\n")})},
		)},
		tree.Entry{Name: "empty", Node: body(nil)},
		tree.Entry{Name: "EMPTYDIR", Node: dir()},
		tree.Entry{Name: "Ünïcödé 𝄞 name.txt", Node: text("unicode\n")},
		tree.Entry{Name: " leading space", Node: text("x")},
		tree.Entry{Name: ".hidden", Node: text("x")},
		tree.Entry{Name: "many.dots.in.a.name.tar.gz", Node: text("x")},
		tree.Entry{Name: "a+b,c;d=e[f]", Node: text("x")},
		tree.Entry{Name: strings.Repeat("l", 251) + ".bin", Node: text("x")},
		tree.Entry{Name: "FOOBAR~1.TXT", Node: text("mine")},
		tree.Entry{Name: "foobar long.txt", Node: text("not mine")},
		tree.Entry{Name: "lower.txt", Node: twice},
		tree.Entry{Name: "second", Node: twice},
		tree.Entry{Name: "exact", Node: body(tree.Bytes(kernel[:8192]))},
		tree.Entry{Name: "thirteenchars", Node: text("13")},
		tree.Entry{Name: "sparse", Node: body(tree.Zeros(50000))},
	)
}

// plain forgets what FAT does not hold.
func plain(n *tree.Node) *tree.Node {
	out := &tree.Node{Kind: n.Kind, MTime: min(max(n.MTime, minTime), maxTime), Content: n.Content}
	for _, e := range n.Entries {
		out.Entries = append(out.Entries, tree.Entry{Name: e.Name, Node: plain(e.Node)})
	}
	return out
}

func manifest(t testing.TB, n *tree.Node) string {
	t.Helper()
	m, err := tree.Manifest(n)
	if err != nil {
		t.Fatal(err)
	}
	return string(m)
}

func write(t testing.TB, root *tree.Node, o Options) (string, *Layout) {
	t.Helper()
	l, err := New(root, o)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "fat.img")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(l.Size()); err != nil {
		t.Fatal(err)
	}
	if err := l.WriteTo(tree.Section{W: f, Limit: l.Size()}); err != nil {
		t.Fatal(err)
	}
	return path, l
}

// check reads an image back with the test's reader and compares.
func check(t testing.TB, path string, l *Layout, root *tree.Node) *reader {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	back, r, err := readImage(b)
	if err != nil {
		t.Fatal(err)
	}
	back.MTime = plain(root).MTime // the root's is nowhere
	if got, want := manifest(t, back), manifest(t, plain(root)); got != want {
		t.Error(difference(got, want))
	}
	if r.kind != int(l.Type()) || int64(r.clusters-r.used)*int64(r.clusterSize) != l.Free() {
		t.Errorf("FAT%d with %d free clusters, said FAT%d and %d bytes", r.kind, r.clusters-r.used, l.Type(), l.Free())
	}
	if r.dataAt%4096 != 0 {
		t.Errorf("clusters begin at %d", r.dataAt)
	}
	return r
}

// difference shows the lines that only one of two texts has.
func difference(got, want string) string {
	var b strings.Builder
	for _, side := range []struct{ sign, text, other string }{{"- ", want, got}, {"+ ", got, want}} {
		has := make(map[string]bool)
		for line := range strings.Lines(side.other) {
			has[line] = true
		}
		for line := range strings.Lines(side.text) {
			if !has[line] {
				b.WriteString(side.sign + line)
			}
		}
	}
	return "lines wanted (-) and not wanted (+):\n" + b.String()
}

func tool(t testing.TB, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/" + name); err != nil {
			t.Skipf("%s is not installed (Debian packages mtools and dosfstools)", name)
		}
	}
	cmd := exec.Command(path, args...)
	cmd.Env = []string{"LC_ALL=C.UTF-8", "TZ=UTC", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func fsck(t testing.TB, path string) {
	t.Helper()
	out := tool(t, "fsck.fat", "-n", path)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "fsck.fat ") || !strings.Contains(lines[1], " files, ") {
		t.Errorf("fsck.fat says\n%s", out)
	}
}

func TestSizesAndTypes(t *testing.T) {
	cases := []struct {
		o    Options
		kind Type
	}{
		{Options{}, FAT16},
		{Options{Label: "EFI SYSTEM", VolumeID: 0x12345678, Time: 1700000000}, FAT16},
		{Options{Type: FAT32, Label: "ESP"}, FAT32},
		{Options{Slack: 20 * mib}, FAT16},
		{Options{Slack: 600 * mib}, FAT32},
		{Options{Size: 3 * mib}, FAT16},
		{Options{Size: 4300800}, FAT16},
		{Options{Size: 4300800 + 512}, FAT16},
		{Options{Size: 32680 * 512}, FAT16},
		{Options{Size: 32681 * 512}, FAT16},
		{Options{Size: 64 * mib, HiddenSectors: 2048}, FAT16},
		{Options{Size: 64 * mib, Type: FAT32}, FAT32},
		{Options{Size: 512 * mib}, FAT16},
		{Options{Size: 512*mib + 512}, FAT32},
		{Options{Size: 260*mib + 512, Type: FAT32}, FAT32},
		{Options{Size: 260 * mib, Type: FAT32}, FAT32},
	}
	root := esp()
	for _, c := range cases {
		path, l := write(t, root, c.o)
		if c.o.Size != 0 && l.Size() != c.o.Size || l.Type() != c.kind || l.Free() < c.o.Slack {
			t.Errorf("%+v: FAT%d of %d bytes, %d free", c.o, l.Type(), l.Size(), l.Free())
		}
		if l.Size() < 100*mib { // it takes all into memory
			r := check(t, path, l, root)
			if want := fmt.Sprintf("%-11s", c.o.Label); c.o.Label != "" && r.label != want {
				t.Errorf("label %q", r.label)
			}
		}
		fsck(t, path)
		os.Remove(path)
	}
}

func TestTwiceTheSame(t *testing.T) {
	root := esp()
	a, _ := write(t, root, Options{Label: "A", Time: 5})
	for i, j := 0, len(root.Entries)-1; i < j; i, j = i+1, j-1 {
		root.Entries[i], root.Entries[j] = root.Entries[j], root.Entries[i]
	}
	t.Setenv("TZ", "Asia/Tokyo")
	b, _ := write(t, root, Options{Label: "A", Time: 5})
	x, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.ReadFile(b)
	if err != nil || !bytes.Equal(x, y) {
		t.Error("two images of one tree differ", err)
	}
}

// mtools copies everything out again, times included.
func TestAgainstMtools(t *testing.T) {
	for _, kind := range []Type{FAT16, FAT32} {
		root := esp()
		for i, e := range root.Entries { // mtools writes "__" for what is a pair of surrogates
			root.Entries[i].Name = strings.ReplaceAll(e.Name, "𝄞", "♫")
		}
		path, _ := write(t, root, Options{Type: kind, Label: "FRUIX", VolumeID: 0xdeadbeef})
		if out := tool(t, "mdir", "-i", path, "::"); !strings.Contains(out, "is FRUIX") || !strings.Contains(out, "DEAD-BEEF") {
			t.Errorf("mdir says\n%s", out)
		}
		to := t.TempDir()
		tool(t, "mcopy", "-s", "-m", "-Q", "-i", path, "::*", to)
		back, err := tree.FromHost(to, tree.HostOptions{})
		if err != nil {
			t.Fatal(err)
		}
		// mcopy keeps no times of directories and no odd seconds.
		same := func(n *tree.Node) *tree.Node {
			n = plain(n)
			tree.Walk(n, func(_ string, n *tree.Node, _ bool) error {
				n.MTime = n.MTime / 2 * 2
				if n.Kind == tree.Dir {
					n.MTime = 0
				}
				return nil
			})
			return n
		}
		if got, want := manifest(t, same(back)), manifest(t, same(root)); got != want {
			t.Error(difference(got, want))
		}
	}
}

func TestManyFiles(t *testing.T) {
	root := dir()
	for i := range 6000 {
		root.Entries = append(root.Entries, tree.Entry{Name: fmt.Sprintf("module-with-number-%05d.ko.xz", i), Node: text("x")})
	}
	sub := dir()
	for i := range 9000 {
		sub.Entries = append(sub.Entries, tree.Entry{Name: fmt.Sprintf("%05d long name", i), Node: body(nil)})
	}
	root.Entries = append(root.Entries, tree.Entry{Name: "sub", Node: sub})
	start := time.Now()
	for _, kind := range []Type{FAT16, FAT32} {
		path, l := write(t, root, Options{Type: kind})
		check(t, path, l, root)
		fsck(t, path)
	}
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestFull(t *testing.T) {
	// One file that fills all there is, to the last cluster.
	l, err := New(dir(), Options{Size: 5 * mib})
	if err != nil {
		t.Fatal(err)
	}
	free := l.Free()
	root := dir(tree.Entry{Name: "fill", Node: body(tree.Bytes(bytes.Repeat([]byte("x"), int(free))))})
	path, l := write(t, root, Options{Size: 5 * mib})
	if l.Free() != 0 {
		t.Errorf("%d bytes are free", l.Free())
	}
	check(t, path, l, root)
	fsck(t, path)
	root.Entries[0].Node.Content = tree.Zeros(free + 1)
	if _, err := New(root, Options{Size: 5 * mib}); err == nil || !strings.Contains(err.Error(), "does not fit") || !strings.Contains(err.Error(), fmt.Sprint(5*mib)) {
		t.Errorf("a byte too many: %v", err)
	}
	path, l = write(t, dir(), Options{Type: FAT32})
	check(t, path, l, dir())
	fsck(t, path)
}

func TestRefusals(t *testing.T) {
	named := func(names ...string) *tree.Node {
		d := dir()
		for _, n := range names {
			d.Entries = append(d.Entries, tree.Entry{Name: n, Node: text("")})
		}
		return dir(tree.Entry{Name: "sub", Node: d})
	}
	crowd := dir()
	for i := range 22000 {
		crowd.Entries = append(crowd.Entries, tree.Entry{Name: fmt.Sprintf("name that takes two pieces %d", i), Node: text("")})
	}
	cases := []struct {
		root *tree.Node
		o    Options
		want string
	}{
		{dir(tree.Entry{Name: "big", Node: body(tree.Zeros(4 << 30))}), Options{}, `"big" has 4294967296 bytes; FAT holds files below 4 GiB`},
		{dir(tree.Entry{Name: "l", Node: &tree.Node{Kind: tree.Symlink, Target: "x"}}), Options{}, `"l" is a symbolic link`},
		{dir(tree.Entry{Name: "d", Node: &tree.Node{Kind: tree.CharDevice}}), Options{}, "character device"},
		{named("README", "readme"), Options{}, `in directory "sub": names "README" and "readme" differ only in case`},
		{named("a:b"), Options{}, `contains ':'`},
		{named("a\nb"), Options{}, `contains '\n'`},
		{named("a\xffb"), Options{}, "not UTF-8"},
		{named("dot."), Options{}, "ends in '.'"},
		{named("space "), Options{}, "ends in ' '"},
		{dir(tree.Entry{Name: "c", Node: crowd}), Options{}, `directory "c" has too many`},
		{dir(), Options{Type: 12}, "FAT12"},
		{dir(), Options{Slack: -1}, "negative"},
		{dir(), Options{Slack: 3 << 40}, "too large"},
		{dir(), Options{Slack: 1<<63 - 1}, "too large"},
		{dir(), Options{Size: 1000}, "multiple of 512"},
		{dir(), Options{Size: -512}, "multiple of 512"},
		{dir(), Options{Size: 3 << 40}, "up to 2 TiB"},
		{dir(), Options{Size: mib}, "too few for FAT"},
		{dir(), Options{Size: 30 * mib, Type: FAT32}, "too few for FAT32"},
		{dir(), Options{Size: 4 << 30, Type: FAT16}, "too many for FAT16"},
		{dir(), Options{Label: "twelve chars"}, "longer than 11"},
		{dir(), Options{Label: "lower"}, "contains 'l'"},
		{dir(), Options{Label: " X"}, "not allowed"},
		{text("x"), Options{}, "not a directory"},
	}
	for _, c := range cases {
		if _, err := New(c.root, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got error %v, want one with %q", c.o, err, c.want)
		}
	}
}

// Sizes near every border of the tables give valid geometries or clear errors.
func TestGeometries(t *testing.T) {
	l := &Layout{root: &directory{}}
	l.dirs = []*directory{l.root}
	borders := []int64{4085, 4200, 8400, 32680, 65525, 66600, 262144, 524288, 532480, 1048576, 2097152, 4194304, 16777216, 33554432, 67108864, maxSect}
	for _, kind := range []Type{Auto, FAT16, FAT32} {
		for _, b := range borders {
			for sectors := b - 40; sectors <= min(b+40, maxSect); sectors++ {
				g, err := choose(Options{Size: sectors * sectorSize, Type: kind}, l)
				if err != nil {
					if kind == Auto && sectors > 4300 {
						t.Fatalf("%d sectors: %v", sectors, err)
					}
					continue
				}
				end := g.dataStart() + g.clusters*g.perCluster
				if end > sectors || end+g.perCluster <= sectors || g.tableFor(g.clusters) > g.fatSectors || g.fatSectors > g.tableFor(g.clusters)+1 {
					t.Fatalf("%d sectors: %+v", sectors, g)
				}
				if (g.kind == FAT16) != (g.clusters < 65525) || g.clusters < 4085 || g.clusters > max32 || g.perCluster > 64 {
					t.Fatalf("%d sectors: %+v", sectors, g)
				}
			}
		}
	}
}

func TestShortNames(t *testing.T) {
	list := []string{"BOOTX64.EFI", "lower.txt", "a.b.c", ".profile", "longer than eight.text", "longer than nine.text", "ä", "ſ.txt", "I", "x.jpeg", "...x", "+"}
	want := map[string]string{"BOOTX64.EFI": "BOOTX64 EFI", "lower.txt": "LOWER   TXT", "a.b.c": "AB~1    C  ", ".profile": "PROFIL~1   ",
		"longer than eight.text": "LONGER~1TEX", "longer than nine.text": "LONGER~2TEX", "ä": "_~1        ", "ſ.txt": "_~1     TXT",
		"I": "I          ", "x.jpeg": "X~1     JPE", "...x": "X~1        ", "+": "_~2        "}
	got, err := nameDirectory(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range got {
		// "ä" and "+" are given tails in the order of their bytes.
		w := want[n.long]
		if n.long == "ä" {
			w = want["+"]
		} else if n.long == "+" {
			w = want["ä"]
		}
		if string(n.short[:]) != w {
			t.Errorf("%q: %q, want %q", n.long, n.short, w)
		}
		if (n.units == nil) != (n.long == "BOOTX64.EFI" || n.long == "I") {
			t.Errorf("%q: long name %v", n.long, n.units)
		}
	}
}

func TestTimes(t *testing.T) {
	for _, c := range [][2]int64{{0, minTime}, {-1 << 62, minTime}, {minTime, minTime}, {1700000001, 1700000001}, {maxTime, maxTime}, {1 << 62, maxTime}} {
		date, clock, tenths := dosTime(c[0])
		if got := readTime(date, clock) + int64(tenths/100); got != c[1] {
			t.Errorf("%d became %d, want %d", c[0], got, c[1])
		}
	}
}

// Whatever names a directory has, it is refused or comes back.
func FuzzNames(f *testing.F) {
	f.Add("README\nreadme2\nfoo bar.txt\nFOOBAR~1.TXT", uint16(700))
	f.Add("ı\nI\nſ\nK\n~1\n_~1", uint16(0))
	f.Fuzz(func(t *testing.T, all string, size uint16) {
		root := dir()
		for _, name := range strings.Split(all, "\n") {
			root.Entries = append(root.Entries, tree.Entry{Name: name, Node: body(tree.Bytes(bytes.Repeat([]byte{7}, int(size))))})
		}
		l, err := New(root, Options{})
		if err != nil || l.Size() > 8*mib {
			return
		}
		m := image(make([]byte, l.Size()))
		if err := l.WriteTo(m); err != nil {
			t.Fatal(err)
		}
		back, _, err := readImage(m)
		if err != nil {
			t.Fatal(err)
		}
		back.MTime = root.MTime
		if got, want := manifest(t, back), manifest(t, plain(root)); got != want {
			t.Error(difference(got, want))
		}
	})
}

type image []byte

func (m image) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > int64(len(m)) {
		return 0, fmt.Errorf("write of %d bytes at %d of %d", len(p), off, len(m))
	}
	return copy(m[off:], p), nil
}

func BenchmarkAgainstMtools(b *testing.B) {
	source := b.TempDir()
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 60 {
		data := make([]byte, 2*mib)
		for j := range data {
			data[j] = byte(r.Uint32())
		}
		if err := os.WriteFile(filepath.Join(source, fmt.Sprintf("file number %d.bin", i)), data, 0o666); err != nil {
			b.Fatal(err)
		}
	}
	to := b.TempDir()
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		root, err := tree.FromHost(source, tree.HostOptions{Holes: tree.HolesNone})
		if err != nil {
			b.Fatal(err)
		}
		path, _ := write(b, root, Options{Size: 256 * mib})
		ours += time.Since(start)
		os.Remove(path)
		theirImage := filepath.Join(to, "x")
		start = time.Now()
		f, err := os.Create(theirImage)
		if err != nil {
			b.Fatal(err)
		}
		f.Truncate(256 * mib)
		f.Close()
		tool(b, "mkfs.fat", theirImage)
		tool(b, "mcopy", "-s", "-i", theirImage, source, "::")
		theirs += time.Since(start)
		os.Remove(theirImage)
	}
	b.ReportMetric(float64(ours)/float64(theirs), "x-vs-mtools")
}
