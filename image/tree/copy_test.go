package tree

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// memory is a WriterAt that remembers which bytes were written.
type memory struct {
	data    []byte
	written int
}

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	if end := int(off) + len(p); end > len(m.data) {
		m.data = append(m.data, make([]byte, end-len(m.data))...)
	}
	copy(m.data[off:], p)
	m.written += len(p)
	return len(p), nil
}

// stretch is a Sparse content given by its whole bytes and its extents.
type stretch struct {
	Bytes
	extents []Extent
}

func (s stretch) Extents() ([]Extent, error) { return s.extents, nil }

// short promises more than it has.
type short struct{ Bytes }

func (s short) Size() int64 { return int64(len(s.Bytes)) + 1 }

// watch is a Watcher that adds up.
type watch struct {
	open, n    int
	first, end int64
}

func (w *watch) Begin(off, n int64) {
	if w.n == 0 {
		w.first = off
	}
	w.open++
	w.n++
	w.end = max(w.end, off+n)
}

func (w *watch) End(int64, int64) { w.open-- }

func patterned(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range b {
		b[i] = byte(r.Uint32()) | 1
	}
	return b
}

func writeHost(t testing.TB, name string, size int64, at map[int64][]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for off, b := range at {
		if _, err := f.WriteAt(b, off); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCopyKinds(t *testing.T) {
	big := patterned(3<<20 + 17)
	holey := make([]byte, 2<<20)
	copy(holey[300000:], big[:200000])
	copy(holey[1<<20:], big[:4096])
	path := writeHost(t, "dense", int64(len(big)), map[int64][]byte{0: big})
	spath := writeHost(t, "sparse", int64(len(holey)), map[int64][]byte{300000: big[:200000], 1 << 20: big[:4096]})
	host := func(path string, h Holes) Content {
		c, err := NewHostFile(path, h)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	cases := []struct {
		name string
		c    Content
		want []byte
	}{
		{"nil", nil, nil},
		{"empty", Bytes(nil), nil},
		{"bytes", Bytes(big), big},
		{"text", Text("hello"), []byte("hello")},
		{"zeros", Zeros(70000), make([]byte, 70000)},
		{"sparse", stretch{holey, []Extent{{300000, 200000}, {1 << 20, 4096}}}, holey},
		{"host", host(path, HolesNone), big},
		{"host zeros", host(path, HolesFromZeros), big},
		{"host sparse, dense content", host(spath, HolesNone), holey},
		{"host sparse", host(spath, HolesFromHost), holey},
		{"host sparse zeros", host(spath, HolesFromZeros), holey},
	}
	for _, tc := range cases {
		for _, o := range []CopyOptions{{}, {SkipZeros: true}} {
			check := func(how string, got []byte) {
				t.Helper()
				want := append(make([]byte, 4096), tc.want...)
				if len(got) > len(want) {
					t.Errorf("%s %s %+v: %d bytes, want at most %d", tc.name, how, o, len(got), len(want))
				}
				got = append(got, make([]byte, max(0, len(want)-len(got)))...)
				if !bytes.Equal(got, want) {
					t.Errorf("%s %s %+v: bytes differ", tc.name, how, o)
				}
			}
			var m memory
			if err := CopyWith(&m, 4096, tc.c, o); err != nil {
				t.Errorf("%s: %v", tc.name, err)
			}
			check("to memory", m.data)

			f, err := os.Create(filepath.Join(t.TempDir(), "out"))
			if err != nil {
				t.Fatal(err)
			}
			seen := &watch{}
			if err := CopyWith(Section{W: Guard{W: Section{W: f, Off: 4000}, Watch: seen}, Off: 96, Limit: 4 << 20}, 0, tc.c, o); err != nil {
				t.Errorf("%s: %v", tc.name, err)
			}
			got, err := os.ReadFile(f.Name())
			if err != nil {
				t.Fatal(err)
			}
			f.Close()
			check("to a file", got)
			if seen.open != 0 || len(tc.want) > 0 && seen.end > 96+int64(len(tc.want)) || seen.n > 0 && seen.first < 96 {
				t.Errorf("%s: the watcher saw %+v", tc.name, seen)
			}
		}
	}
}

func TestSourcePieces(t *testing.T) {
	data := patterned(500000)
	clear(data[100000:200000])
	clear(data[300000:300001])
	contents := map[string]Content{
		"stream": Bytes(data),
		"sparse": stretch{data, []Extent{{0, 100000}, {200000, 100000}, {300001, 199999}}},
	}
	path := writeHost(t, "f", int64(len(data)), map[int64][]byte{0: data[:100000], 200000: data[200000:]})
	c, err := NewHostFile(path, HolesFromHost)
	if err != nil {
		t.Fatal(err)
	}
	contents["host"] = c
	for name, c := range contents {
		r := rand.New(rand.NewPCG(7, 7))
		for range 50 {
			s, err := OpenSource(c)
			if err != nil {
				t.Fatal(err)
			}
			want, m := make([]byte, len(data)), memory{data: make([]byte, len(data))}
			for pos := 0; pos < len(data); {
				n := 1 + r.IntN(min(120000, len(data)-pos))
				if r.IntN(3) == 0 {
					s.Skip(int64(n))
				} else {
					copy(want[pos:pos+n], data[pos:])
					if err := s.Copy(&m, int64(pos), int64(n), CopyOptions{}); err != nil {
						t.Fatal(name, err)
					}
				}
				pos += n
			}
			if !bytes.Equal(m.data, want) {
				t.Fatalf("%s: pieces differ", name)
			}
			if err := s.Copy(&m, 0, 1, CopyOptions{}); err == nil {
				t.Errorf("%s: read beyond the end", name)
			}
			s.Close()
		}
	}
}

func TestCopyShortContent(t *testing.T) {
	for n := range 3 {
		err := Copy(&memory{}, 0, short{patterned(n * 700000)})
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("content of %d bytes that promises one more: %v", n*700000, err)
		}
	}
}

func TestHostFileChanged(t *testing.T) {
	path := writeHost(t, "f", 10, nil)
	c, err := NewHostFile(path, HolesNone)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("longer than before"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Copy(&memory{}, 0, c); err == nil || !strings.Contains(err.Error(), "was changed") {
		t.Errorf("changed file: %v", err)
	}
}

func TestSkipZeros(t *testing.T) {
	data := make([]byte, 10*4096+100)
	data[4096*3] = 1
	data[4096*10+99] = 1
	var m memory
	if err := CopyWith(&m, 0, Bytes(data), CopyOptions{SkipZeros: true}); err != nil {
		t.Fatal(err)
	}
	if m.written != 4096+100 || !bytes.Equal(m.data, data) {
		t.Errorf("wrote %d bytes, want %d", m.written, 4096+100)
	}
}

// TestZeroRuns compares with the definition, spelled out block by block.
func TestZeroRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for range 300 {
		size := int64(1 + r.IntN(90*HoleBlock))
		data := make([]byte, size)
		for b, on := int64(0), false; b*HoleBlock < size; b++ {
			if r.IntN(12) == 0 {
				on = !on
			}
			if on {
				data[b*HoleBlock] = 1
			}
		}
		isData := make([]bool, (size+HoleBlock-1)/HoleBlock)
		for b := range isData {
			isData[b] = data[b*HoleBlock] != 0
		}
		for b := 0; b < len(isData); b++ {
			run := b
			for run < len(isData) && !isData[run] {
				run++
			}
			if length := min(int64(run)*HoleBlock, size) - int64(b)*HoleBlock; run > b && length < HoleRun {
				for ; b < run; b++ {
					isData[b] = true
				}
			}
			b = max(b, run)
		}
		var want []Extent
		for b, d := range isData {
			off := int64(b) * HoleBlock
			switch {
			case !d:
			case b > 0 && isData[b-1]:
				want[len(want)-1].Len += min(HoleBlock, size-off)
			default:
				want = append(want, Extent{off, min(HoleBlock, size-off)})
			}
		}
		got, err := zeroRuns(bytes.NewReader(data), size, wholeFile(size))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("size %d: %v, want %v", size, got, want)
		}
	}
}

// The extents of HolesFromZeros do not depend on how the host stores a file.
func TestHolesFromZerosIsCanonical(t *testing.T) {
	data := make([]byte, 1<<20)
	copy(data[200000:], patterned(70000))
	dense := writeHost(t, "dense", 1<<20, map[int64][]byte{0: data})
	sparse := writeHost(t, "sparse", 1<<20, map[int64][]byte{200000: data[200000:270000]})
	var ext [2][]Extent
	for i, p := range []string{dense, sparse} {
		c, err := NewHostFile(p, HolesFromZeros)
		if err != nil {
			t.Fatal(err)
		}
		if ext[i], err = c.(Sparse).Extents(); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(ext[0], ext[1]) || len(ext[0]) != 1 {
		t.Errorf("%v and %v", ext[0], ext[1])
	}
}

func TestZerosContent(t *testing.T) {
	r, err := Zeros(5000).Open()
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	if n, err := io.Copy(h, r); n != 5000 || err != nil {
		t.Error(n, err)
	}
	if !bytes.Equal(h.Sum(nil), func() []byte { s := sha256.Sum256(make([]byte, 5000)); return s[:] }()) {
		t.Error("not zeros")
	}
}

func TestSectionAndGuard(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	path := writeHost(t, "in", 1<<20, map[int64][]byte{0: patterned(1 << 20)})
	c, err := NewHostFile(path, HolesNone)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Content{c, Bytes(patterned(1 << 20))} {
		if err := Copy(Section{W: f, Limit: 1<<20 + 9}, 10, c); err == nil || !strings.Contains(err.Error(), "beyond the end") {
			t.Errorf("copy over the end of a section: %v", err)
		}
		stop := errors.New("stop")
		if err := Copy(Section{W: Guard{W: f, Err: func() error { return stop }}}, 0, c); err != stop {
			t.Errorf("copy to a stopped guard: %v", err)
		}
	}
	if _, err := (Section{W: f, Limit: 10}).WriteAt(make([]byte, 6), 5); err == nil {
		t.Error("write over the end of a section")
	}
	if _, err := (Section{W: f}).WriteAt(nil, -1); err == nil {
		t.Error("write at a negative offset")
	}
	if info, _ := f.Stat(); info.Size() != 0 {
		t.Errorf("%d bytes were written", info.Size())
	}
}
