package ext4

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"fruix/image/tree"
)

// benchMiB is the size of the tree that BenchmarkVsMkfs writes, 64 MiB unless
// FRUIX_BENCH_MIB says otherwise.
func benchMiB(b *testing.B) int64 {
	text := os.Getenv("FRUIX_BENCH_MIB")
	if text == "" {
		return 64
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n <= 0 {
		b.Fatalf("FRUIX_BENCH_MIB is %q, not a number of MiB", text)
	}
	return n
}

// hostTree fills a folder with files of all sizes, as a system has them: most
// are small, most of the bytes are in large ones.
func hostTree(b *testing.B, dir string, total int64) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	noise := noise(1, 32<<20)
	for i := 0; total > 0; i++ {
		var size int64
		switch k := r.IntN(1000); {
		case k < 800:
			size = r.Int64N(16 << 10)
		case k < 980:
			size = 16<<10 + r.Int64N(240<<10)
		case k < 998:
			size = 256<<10 + r.Int64N(4<<20)
		default:
			size = 4<<20 + r.Int64N(28<<20)
		}
		size = min(size, total)
		total -= max(size, 1)
		sub := filepath.Join(dir, "store", strconv.Itoa(i/100), strconv.Itoa(i/20%5))
		if err := os.MkdirAll(sub, 0o755); err != nil {
			b.Fatal(err)
		}
		from := r.IntN(len(noise) - int(size) + 1)
		if err := os.WriteFile(filepath.Join(sub, "file"+strconv.Itoa(i)), noise[from:from+int(size)], 0o644); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVsMkfs writes a tree from the host, reading of the folder and
// fsync included, and lets mkfs.ext4 -d do the same with the same size.
func BenchmarkVsMkfs(b *testing.B) {
	mkfs := peer(b, "mkfs.ext4")
	dir := b.TempDir()
	hostTree(b, filepath.Join(dir, "tree"), benchMiB(b)<<20)
	image := filepath.Join(dir, "image")
	var ours, theirs time.Duration
	for b.Loop() {
		b.StopTimer()
		size := int64(0)
		ours += timed(b, image, 0, func() {
			b.StartTimer()
			size = writeHostTree(b, filepath.Join(dir, "tree"), image)
			b.StopTimer()
		})
		theirs += timed(b, image, size, func() {
			// Its inode table needs more space than ours at its default ratio.
			cmd := exec.Command(mkfs, "-q", "-F", "-b", "4096", "-m", "0", "-E", "root_owner=0:0", "-d", filepath.Join(dir, "tree"), image)
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%v\n%s", err, out)
			}
		})
		b.StartTimer()
	}
	b.SetBytes(benchMiB(b) << 20)
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "x-vs-mkfs.ext4")
}

// timed times work on a fresh sparse file.
func timed(b *testing.B, image string, size int64, work func()) time.Duration {
	b.Helper()
	if err := os.RemoveAll(image); err != nil {
		b.Fatal(err)
	}
	f, err := os.Create(image)
	if err != nil {
		b.Fatal(err)
	}
	if err := f.Truncate(size); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	exec.Command("sync", "-f", image).Run() // what earlier steps left behind is not this one's to wait for
	start := time.Now()
	work()
	return time.Since(start)
}

func writeHostTree(b *testing.B, dir, image string) int64 {
	b.Helper()
	root, err := tree.FromHost(dir, tree.HostOptions{Holes: tree.HolesNone})
	if err != nil {
		b.Fatal(err)
	}
	l, err := New(root, Options{UUID: [16]byte{1}, Slack: 64 << 20})
	if err != nil {
		b.Fatal(err)
	}
	f, err := os.OpenFile(image, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(l.Size()); err != nil {
		b.Fatal(err)
	}
	if err := l.WriteTo(f); err != nil {
		b.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	return l.Size()
}

// BenchmarkNew plans a tree of 100,000 files.
func BenchmarkNew(b *testing.B) {
	root := smallFiles()
	for b.Loop() {
		if _, err := New(root, Options{UUID: [16]byte{1}}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWrite writes them from memory to nowhere.
func BenchmarkWrite(b *testing.B) {
	l, err := New(smallFiles(), Options{UUID: [16]byte{1}})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(l.Size())
	for b.Loop() {
		if err := l.WriteTo(&failing{1 << 60, nil}); err != nil {
			b.Fatal(err)
		}
	}
}

func smallFiles() *tree.Node {
	root := &tree.Node{Kind: tree.Dir, Mode: 0o755}
	for i := range 100 {
		d := &tree.Node{Kind: tree.Dir, Mode: 0o755}
		for j := range 1000 {
			f := &tree.Node{Kind: tree.File, Mode: 0o644, Content: tree.Bytes(make([]byte, j))}
			d.Entries = append(d.Entries, tree.Entry{Name: "a-file-with-a-name-" + strconv.Itoa(j), Node: f})
		}
		root.Entries = append(root.Entries, tree.Entry{Name: "dir" + strconv.Itoa(i), Node: d})
	}
	return root
}
