package disk

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fruix/image/tree"
)

// BenchmarkHashWhileWriting tells how much longer an image takes if its hash
// is asked for.
func BenchmarkHashWhileWriting(b *testing.B) {
	const size = 256 * mib
	source := filepath.Join(b.TempDir(), "source")
	data, r := make([]byte, size), rand.NewChaCha8([32]byte{1})
	r.Read(data)
	if err := os.WriteFile(source, data, 0o666); err != nil {
		b.Fatal(err)
	}
	c, err := tree.NewHostFile(source, tree.HolesNone)
	if err != nil {
		b.Fatal(err)
	}
	var took [2]time.Duration
	path := filepath.Join(b.TempDir(), "image")
	b.SetBytes(size)
	for b.Loop() {
		for i, hash := range []bool{false, true} {
			start := time.Now()
			w := block{size: size + 2*mib, at: mib, data: c}
			if _, err := CreateFile(context.Background(), path, w, CreateOptions{Hash: hash, NoSync: true}); err != nil {
				b.Fatal(err)
			}
			took[i] += time.Since(start)
			os.Remove(path)
		}
	}
	b.ReportMetric(float64(took[1])/float64(took[0]), "x-vs-no-hash")
}
