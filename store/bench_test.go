package store_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"fruix/store"
	"fruix/store/peak"
	"fruix/store/tree"
)

// smallFiles makes a tree of n files of some kilobytes.
func smallFiles(b testing.TB, dir string, n int) int64 {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 1))
	buf := make([]byte, 8<<10)
	for i := range buf {
		buf[i] = byte(r.Uint32())
	}
	var total int64
	for i := range n {
		d := filepath.Join(dir, fmt.Sprintf("d%d", i/100))
		if i%100 == 0 {
			if err := os.MkdirAll(d, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		size := r.IntN(len(buf))
		total += int64(size)
		if err := os.WriteFile(filepath.Join(d, fmt.Sprint(i)), buf[:size], 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return total
}

// largeFiles makes two files of the given size.
func largeFiles(b testing.TB, dir string, size int64) int64 {
	b.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	for i := range 2 {
		f := must(os.Create(filepath.Join(dir, fmt.Sprint(i))))(b)
		_, err := io.CopyN(f, rand.NewChaCha8([32]byte{byte(i)}), size)
		if err != nil || f.Close() != nil {
			b.Fatal(err)
		}
	}
	return 2 * size
}

// inMemory lets scratch folders lie in memory, where no disk sets the pace and no file
// system looks back at what was deleted lately, if there is room for size bytes. The
// memory has been written to before, since a virtual machine gets its memory from the
// host as it touches it for the first time, which would be on the account of whoever
// comes first.
func inMemory(b *testing.B, size uint64) {
	b.Helper()
	const dir = "/dev/shm"
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil || uint64(st.Bavail)*uint64(st.Bsize) < size {
		b.Skipf("needs %d MiB of memory in %s", size>>20, dir)
	}
	b.Setenv("TMPDIR", dir)
	f := must(os.Create(filepath.Join(scratch(b), "touch")))(b)
	_, err := io.CopyN(f, zeros{}, int64(size))
	if err = errors.Join(err, f.Close(), os.Remove(f.Name())); err != nil {
		b.Fatal(err)
	}
}

// zeros is an endless file of zeros.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// measureAdd adds a tree once to a new store of ours and once to a new one of
// Nix's per round, and reports how many times as fast we are. It returns what a round
// took us.
func measureAdd(b *testing.B, fill func(dir string) int64, relaxed bool) time.Duration {
	dir := scratch(b)
	src := filepath.Join(dir, "src")
	b.SetBytes(fill(src))
	n := newNix(b)
	n.run("nix-store", "--verify") // makes its database
	var ours, theirs time.Duration
	var memory peak.Meter
	round := 0
	for b.Loop() {
		round++
		c := config(filepath.Join(dir, fmt.Sprint("root", round)))
		c.Relaxed = relaxed
		s := must(store.Open(b.Context(), c))(b)
		memory.Around(func() {
			start := time.Now()
			must(s.AddPath(b.Context(), "src", src, store.AddOptions{Recursive: true}))(b)
			ours += time.Since(start)
		})
		s.Close()
		n.root = scratch(b)
		start := time.Now()
		n.run("nix-store", "--add", src)
		theirs += time.Since(start)
	}
	b.ReportMetric(float64(theirs)/float64(ours), "x-vs-nix")
	b.ReportMetric(ours.Seconds()/float64(round), "s-ours")
	b.ReportMetric(memory.MiB(), "MiB")
	return ours / time.Duration(round)
}

// BenchmarkAddSmallFiles adds 50,000 small files; Nix does not sync, so the
// comparison is without.
func BenchmarkAddSmallFiles(b *testing.B) {
	fill := func(dir string) int64 { return smallFiles(b, dir, 50000) }
	b.Run("memory", func(b *testing.B) {
		inMemory(b, 2<<30)
		measureAdd(b, fill, true)
	})
	b.Run("disk", func(b *testing.B) { measureAdd(b, fill, true) })
	b.Run("synced", func(b *testing.B) { measureAdd(b, fill, false) })
}

// BenchmarkAddLargeFiles adds 2 GiB in two files. In memory that is held against the
// hashing of so many bytes, too, which nothing can make shorter: the hash of the whole
// is that of one sequence.
func BenchmarkAddLargeFiles(b *testing.B) {
	fill := func(dir string) int64 { return largeFiles(b, dir, 1<<30) }
	b.Run("memory", func(b *testing.B) {
		inMemory(b, 8<<30)
		ours := measureAdd(b, fill, true)
		h, piece := sha256.New(), make([]byte, 1<<20)
		start := time.Now()
		for range 2 << 10 {
			h.Write(piece)
		}
		b.ReportMetric(time.Since(start).Seconds()/ours.Seconds(), "x-vs-sha256")
	})
	b.Run("disk", func(b *testing.B) { measureAdd(b, fill, true) })
}

// BenchmarkHashTree makes and hashes the archive of 2 GiB, against sha256sum of the
// same files, which reads as much and knows less, and Nix.
func BenchmarkHashTree(b *testing.B) {
	dir := scratch(b)
	src := filepath.Join(dir, "src")
	b.SetBytes(largeFiles(b, src, 1<<30))
	if _, err := exec.LookPath("sha256sum"); err != nil {
		b.Skip("sha256sum is not installed")
	}
	n := newNix(b)
	var ours, theirs, nix time.Duration
	var memory peak.Meter
	for b.Loop() {
		memory.Around(func() {
			start := time.Now()
			if _, err := tree.Dump(b.Context(), sha256.New(), src, tree.Options{}); err != nil {
				b.Fatal(err)
			}
			ours += time.Since(start)
		})
		start := time.Now()
		if err := exec.Command("sha256sum", filepath.Join(src, "0"), filepath.Join(src, "1")).Run(); err != nil {
			b.Fatal(err)
		}
		theirs += time.Since(start)
		took, _ := timed(b, n.command("nix", "--extra-experimental-features", "nix-command", "hash", "path", src))
		nix += took
	}
	b.ReportMetric(float64(theirs)/float64(ours), "x-vs-sha256sum")
	b.ReportMetric(float64(nix)/float64(ours), "x-vs-nix")
	b.ReportMetric(memory.MiB(), "MiB")
}

// BenchmarkOpenAndAsk is what the store costs a command with nothing to do.
func BenchmarkOpenAndAsk(b *testing.B) {
	root := scratch(b)
	p := must(open(b, root).AddText(b.Context(), "a", nil, nil))(b)
	for b.Loop() {
		s := must(store.Open(b.Context(), config(root)))(b)
		if !must(s.IsValid(b.Context(), p))(b) {
			b.Fatal("not valid")
		}
		s.Close()
	}
}

// BenchmarkDerivations adds 1,000 derivations that use each other in one batch.
func BenchmarkDerivations(b *testing.B) {
	for b.Loop() {
		s := open(b, scratch(b))
		batch := s.NewBatch()
		last := ""
		for i := range 1000 {
			d := derivation("out")
			d.Env["n"] = fmt.Sprint(i)
			if last != "" {
				d.InputDrvs[last] = []string{"out"}
			}
			last = must(batch.AddDerivation(b.Context(), "d", d))(b)
		}
		if err := batch.Flush(b.Context()); err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}
