package disk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"fruix/image/gpt"
	"fruix/image/tree"
)

const mib = 1 << 20

// block is a writer of bytes at an offset in zeros.
type block struct {
	size int64
	at   int64
	data tree.Content
	err  error
}

func (b block) Size() int64 { return b.size }
func (b block) WriteTo(w io.WriterAt) error {
	if b.err != nil {
		return b.err
	}
	return tree.Copy(w, b.at, b.data)
}

func plan() Plan {
	return Plan{
		DiskUUID: gpt.Derive("disk"),
		Partitions: []Partition{
			{Type: gpt.EFISystem, UUID: gpt.Derive("a"), Name: "esp", Writer: block{size: 100000, at: 5, data: tree.Text("first")}},
			{Type: gpt.LinuxSwap, UUID: gpt.Derive("b"), Name: "swap", Size: 2 * mib},
			{Type: gpt.LinuxFilesystem, UUID: gpt.Derive("c"), Name: "root", Size: 3*mib + 1,
				Writer: block{size: 3 * mib, at: 2*mib + 12345, data: tree.Text("second")}},
		},
	}
}

func layout(t testing.TB, p Plan) *Layout {
	t.Helper()
	l, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLayout(t *testing.T) {
	l := layout(t, plan())
	want := [][2]int64{{mib, 100352}, {2 * mib, 2 * mib}, {4 * mib, 3*mib + 512}}
	for i, p := range l.Partitions() {
		if p.Start != want[i][0] || p.Size != want[i][1] {
			t.Errorf("partition %d at %d, %d bytes; want %v", i, p.Start, p.Size, want[i])
		}
	}
	if l.Size() != 8*mib {
		t.Errorf("size %d", l.Size())
	}
	p := plan()
	p.Align, p.Size = 512, 8*mib-512
	l = layout(t, p)
	if l.Size() != p.Size || l.Partitions()[0].Start != gpt.Head || l.Partitions()[1].Start != gpt.Head+100352 {
		t.Errorf("unaligned: %+v", l.Partitions())
	}
}

func TestRefusals(t *testing.T) {
	cases := []struct {
		change func(*Plan)
		want   string
	}{
		{func(p *Plan) { p.Align = 1000 }, "aligned to 1000"},
		{func(p *Plan) { p.Align = -512 }, "aligned to -512"},
		{func(p *Plan) { p.Size = 4 * mib }, "need a disk of"},
		{func(p *Plan) { p.Partitions[0].Size = 512 }, `partition 1 ("esp"): holds 100000 bytes but is to have a size of 512`},
		{func(p *Plan) { p.Partitions[1].Size = 0 }, `partition 2 ("swap"): has the size 0`},
		{func(p *Plan) { p.Partitions[1].Size = -5 }, "has the size -5"},
		{func(p *Plan) { p.Partitions[1].Size = 1<<63 - 1 }, "too large"},
		{func(p *Plan) { p.Partitions[1].Size = 1<<63 - 1<<20 }, "larger in sum"},
		{func(p *Plan) { p.Partitions[1].UUID = p.Partitions[0].UUID }, "same GUID"},
	}
	for _, c := range cases {
		p := plan()
		c.change(&p)
		if _, err := New(p); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got error %v, want one with %q", err, c.want)
		}
	}
}

func TestCreateFile(t *testing.T) {
	dir := t.TempDir()
	l := layout(t, plan())
	var images [2][]byte
	for i := range images {
		path := filepath.Join(dir, "disk.img")
		res, err := CreateFile(context.Background(), path, l, CreateOptions{Hash: true, NoSync: i == 1})
		if err != nil {
			t.Fatal(err)
		}
		if images[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		if res.Size != int64(len(images[i])) || res.SHA256 != sha256.Sum256(images[i]) {
			t.Errorf("result %d bytes, %x", res.Size, res.SHA256)
		}
	}
	if !bytes.Equal(images[0], images[1]) {
		t.Error("two images of one plan differ")
	}
	b := images[0]
	if string(b[mib+5:][:5]) != "first" || string(b[6*mib+12345:][:6]) != "second" {
		t.Error("the partitions' contents are not where they belong")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// The hash of holes and data in any mixture is that of the whole file.
func TestHashSparse(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 3*mib/16)
	for _, at := range []int64{0, 1, 4096, 5*mib + 777, 9 * mib} {
		path := filepath.Join(t.TempDir(), "x")
		w := block{size: 12 * mib, at: at, data: tree.Bytes(data)}
		res, err := CreateFile(context.Background(), path, w, CreateOptions{Hash: true, NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(whole) != 12*mib || sha256.Sum256(whole) != res.SHA256 {
			t.Errorf("data at %d: wrong hash", at)
		}
	}
	res, err := CreateFile(context.Background(), filepath.Join(t.TempDir(), "empty"), block{}, CreateOptions{Hash: true})
	if err != nil || res.SHA256 != sha256.Sum256(nil) {
		t.Errorf("empty image: %x, %v", res.SHA256, err)
	}
}

// scattered writes its pieces in a given order, some from several goroutines.
type scattered struct {
	size   int64
	order  []int64
	atOnce bool
}

func (s scattered) Size() int64 { return s.size }

func (s scattered) WriteTo(w io.WriterAt) error {
	var wg sync.WaitGroup
	errs := make([]error, len(s.order))
	for i, off := range s.order {
		piece := bytes.Repeat([]byte{byte(i + 1)}, 300000)
		if s.atOnce {
			wg.Go(func() { _, errs[i] = w.WriteAt(piece, off) })
		} else {
			_, errs[i] = w.WriteAt(piece, off)
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}

// The hash is right in whatever order an image is written.
func TestHashAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for round := range 12 {
		w := scattered{size: 16*mib + 3, atOnce: round%3 == 2}
		for off := int64(0); off < 15*mib; off += 100000 + r.Int64N(3*mib) {
			w.order = append(w.order, off)
		}
		if round%3 == 1 {
			r.Shuffle(len(w.order), func(i, j int) { w.order[i], w.order[j] = w.order[j], w.order[i] })
		}
		path := filepath.Join(t.TempDir(), "x")
		res, err := CreateFile(context.Background(), path, w, CreateOptions{Hash: true, NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if sha256.Sum256(whole) != res.SHA256 {
			t.Errorf("round %d: wrong hash", round)
		}
		os.Remove(path)
	}
}

type cancelling struct {
	cancel func()
	wrote  *int
}

func (cancelling) Size() int64 { return 64 * mib }
func (c cancelling) WriteTo(w io.WriterAt) error {
	for off := int64(0); off < c.Size(); off += mib {
		if off == 3*mib {
			c.cancel()
		}
		if _, err := w.WriteAt(make([]byte, mib), off); err != nil {
			return err
		}
		*c.wrote++
	}
	return nil
}

func TestFailuresLeaveNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	wrote := 0
	boom := errors.New("boom")
	done, stop := context.WithCancel(context.Background())
	stop()
	cases := []struct {
		name string
		ctx  context.Context
		w    Writer
		want error
	}{
		{"writer fails", context.Background(), block{size: 10, err: boom}, boom},
		{"cancelled while writing", ctx, cancelling{cancel, &wrote}, context.Canceled},
		{"cancelled before", done, block{size: 10}, context.Canceled},
		{"writes too much", context.Background(), block{size: 4, data: tree.Text("hello")}, nil},
	}
	for _, c := range cases {
		dir := t.TempDir()
		path := filepath.Join(dir, "image")
		if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := CreateFile(c.ctx, path, c.w, CreateOptions{Hash: true})
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", c.name, err)
		}
		left, _ := os.ReadDir(dir)
		old, _ := os.ReadFile(path)
		if len(left) != 1 || string(old) != "old" {
			t.Errorf("%s: left %v, %q", c.name, left, old)
		}
	}
	if wrote != 3 {
		t.Errorf("%d writes went through, want 3", wrote)
	}
	if _, err := CreateFile(context.Background(), "/nonexistent/x", block{size: 1}, CreateOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
}

// A failure in a partition says in which.
func TestPartitionNamed(t *testing.T) {
	p := plan()
	p.Partitions[2].Writer = block{size: 3 * mib, at: 3 * mib, data: tree.Bytes(make([]byte, 1000))}
	_, err := CreateFile(context.Background(), filepath.Join(t.TempDir(), "i"), layout(t, p), CreateOptions{})
	if err == nil || !strings.Contains(err.Error(), `partition 3 ("root")`) || !strings.Contains(err.Error(), "beyond the end") {
		t.Error(err)
	}
}

func BenchmarkHashSparse(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x")
	const size = 1 << 30
	b.SetBytes(size)
	for b.Loop() {
		w := block{size: size, at: 500 * mib, data: tree.Bytes(make([]byte, mib))}
		if _, err := CreateFile(context.Background(), path, w, CreateOptions{Hash: true, NoSync: true}); err != nil {
			b.Fatal(err)
		}
	}
}
