package ufs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"fruix/image/tree"
	"fruix/image/ufs"
)

// benchTree makes a folder of about 512 MiB: many small files, some of the
// size of libraries, a few large ones.
func benchTree(b *testing.B) string {
	b.Helper()
	top := filepath.Join(b.TempDir(), "tree")
	write := func(path string, n int) {
		if err := os.WriteFile(path, noise(uint64(n), n), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for d := range 100 {
		sub := filepath.Join(top, fmt.Sprintf("dir%02d", d))
		if err := os.MkdirAll(sub, 0o755); err != nil {
			b.Fatal(err)
		}
		for f := range 100 {
			write(filepath.Join(sub, fmt.Sprintf("small%02d", f)), 500+f*211+d)
		}
		write(filepath.Join(sub, "library"), 1<<20+d*12345)
	}
	for f := range 4 {
		write(filepath.Join(top, fmt.Sprint("large", f)), 60<<20)
	}
	return top
}

// BenchmarkWrite writes an image of about 512 MiB from a folder and compares
// with makefs(8), which does the same in the same run.
func BenchmarkWrite(b *testing.B) {
	makefs, _ := exec.LookPath("makefs")
	top := benchTree(b)
	out := filepath.Join(b.TempDir(), "image")
	var ours, theirs time.Duration
	var size int64
	for b.Loop() {
		os.Remove(out)
		start := time.Now()
		root, err := tree.FromHost(top, tree.HostOptions{Holes: tree.HolesNone})
		if err != nil {
			b.Fatal(err)
		}
		l, err := ufs.New(root, ufs.Options{})
		if err != nil {
			b.Fatal(err)
		}
		size = l.Size()
		f, err := os.Create(out)
		if err != nil {
			b.Fatal(err)
		}
		if err := f.Truncate(size); err != nil {
			b.Fatal(err)
		}
		if err := l.WriteTo(f); err != nil {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(start)
		if makefs == "" {
			continue
		}
		os.Remove(out)
		start = time.Now()
		if msg, err := exec.Command(makefs, "-t", "ffs", "-o", "version=2,bsize=32768,fsize=4096", out, top).CombinedOutput(); err != nil {
			b.Fatalf("makefs: %v %s", err, msg)
		}
		theirs += time.Since(start)
	}
	b.ReportMetric(float64(size)*float64(b.N)/ours.Seconds()/(1<<20), "MiB/s")
	if theirs > 0 {
		b.ReportMetric(ours.Seconds()/theirs.Seconds(), "x-vs-makefs")
	}
}

// BenchmarkNew plans 100,000 files.
func BenchmarkNew(b *testing.B) {
	root := dir()
	for d := range 1000 {
		sub := dir()
		for f := range 100 {
			sub.Entries = append(sub.Entries, file(fmt.Sprint("file", f), make([]byte, 100*f+d)))
		}
		root.Entries = append(root.Entries, named(fmt.Sprint("dir", d), sub))
	}
	for b.Loop() {
		if _, err := ufs.New(root, ufs.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
