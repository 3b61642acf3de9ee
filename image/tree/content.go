package tree

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
)

// Bytes is a content held in memory. It must not change once it is in a tree.
type Bytes []byte

// Size implements Content.
func (b Bytes) Size() int64 { return int64(len(b)) }

// Open implements Content.
func (b Bytes) Open() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }

// Text is a content held in memory as a string.
type Text string

// Size implements Content.
func (t Text) Size() int64 { return int64(len(t)) }

// Open implements Content.
func (t Text) Open() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(string(t))), nil }

// Zeros is a content of that many zero bytes, all of it one hole.
type Zeros int64

// Size implements Content.
func (z Zeros) Size() int64 { return int64(z) }

// Open implements Content.
func (z Zeros) Open() (io.ReadCloser, error) {
	return io.NopCloser(io.LimitReader(zeroReader{}, int64(z))), nil
}

// Extents implements Sparse: nothing is stored.
func (z Zeros) Extents() ([]Extent, error) { return nil, nil }

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Size is the length of a node's content, 0 where it has none. For a symbolic
// link it is the length of the target, as stat(2) has it.
func (n *Node) Size() int64 {
	switch {
	case n.Kind == Symlink:
		return int64(len(n.Target))
	case n.Content == nil:
		return 0
	}
	return n.Content.Size()
}

// Holes says which parts of a host file become holes of the content.
type Holes uint8

const (
	// HolesFromZeros makes a hole of each run of zeros that is at least
	// HoleRun bytes long, counted in whole blocks of HoleBlock bytes. That is
	// a function of the file's bytes alone: however the host's file system
	// happens to store the file, the extents are the same. The bytes are
	// looked at once, when the extents are first asked for.
	HolesFromZeros Holes = iota
	// HolesNone makes no holes: the content is not Sparse, and an image
	// gives every block of the file a place. Copy still leaves out what is
	// a hole on the host, so this costs no time. The result is the same on
	// every host.
	HolesNone
	// HolesFromHost takes the holes that the host's file system reports. The
	// same bytes can then have other extents on another host: this is for
	// faithful copies, not for images that must be reproducible.
	HolesFromHost
)

// The granularity of HolesFromZeros, in bytes. Shorter runs of zeros are
// common in programs and would only cut their files into fragments.
const (
	HoleBlock = 4096
	HoleRun   = 64 << 10
)

// HostFile is the content of a regular file of the host. It may be opened
// many times and by several goroutines.
type HostFile struct {
	path      string
	size      int64
	mtimeNano int64
	allocated int64 // bytes that the host stores; below size there are holes
}

// SparseHostFile is a HostFile that knows its holes.
type SparseHostFile struct {
	HostFile
	fromZeros bool

	once    sync.Once
	extents []Extent
	err     error
}

// NewHostFile describes the content of the host file at path as it is now. If
// it is found to have been changed when it is opened, Open fails: the size was
// already planned with.
func NewHostFile(path string, holes Holes) (Content, error) {
	st, err := lstat(path)
	if err != nil {
		return nil, err
	}
	if st.kind != File {
		return nil, fmt.Errorf("%s is a %v, not a regular file", path, st.kind)
	}
	return newHostFile(path, st, holes), nil
}

func newHostFile(path string, st hostStat, holes Holes) Content {
	f := HostFile{path: path, size: st.size, mtimeNano: st.mtimeNano, allocated: st.allocated}
	switch holes {
	case HolesFromZeros:
		if f.size >= HoleRun {
			return &SparseHostFile{HostFile: f, fromZeros: true}
		}
	case HolesFromHost:
		if f.allocated < f.size {
			return &SparseHostFile{HostFile: f}
		}
	}
	return &f
}

// Path is where the file lies on the host.
func (f *HostFile) Path() string { return f.path }

// Size implements Content.
func (f *HostFile) Size() int64 { return f.size }

// Open implements Content. The reader is an *os.File.
func (f *HostFile) Open() (io.ReadCloser, error) {
	h, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	info, err := h.Stat()
	if err == nil && (info.Size() != f.size || info.ModTime().UnixNano() != f.mtimeNano) {
		err = fmt.Errorf("%s was changed while it was in use (it had %d bytes, now %d)", f.path, f.size, info.Size())
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// hostContent is what HostFile and SparseHostFile have in common.
type hostContent interface {
	stored(*os.File) ([]Extent, error)
}

// stored gives the extents that are worth reading, for Copy.
func (f *HostFile) stored(h *os.File) ([]Extent, error) {
	if f.allocated >= f.size {
		return wholeFile(f.size), nil
	}
	return hostExtents(h, f.size)
}

// Extents implements Sparse.
func (f *SparseHostFile) Extents() ([]Extent, error) {
	f.once.Do(func() { f.extents, f.err = f.findExtents() })
	return slices.Clone(f.extents), f.err
}

func (f *SparseHostFile) findExtents() ([]Extent, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	h := r.(*os.File)
	defer h.Close()
	ext, err := f.stored(h)
	if err != nil || !f.fromZeros {
		return ext, err
	}
	return zeroRuns(h, f.size, ext)
}

func wholeFile(size int64) []Extent {
	if size == 0 {
		return nil
	}
	return []Extent{{0, size}}
}

// zeroRuns finds what HolesFromZeros defines. It reads only what lies in the
// given extents; the rest is known to be zero.
func zeroRuns(r io.ReaderAt, size int64, stored []Extent) ([]Extent, error) {
	if size < HoleRun {
		return wholeFile(size), nil
	}
	var out []Extent
	start, end := int64(-1), int64(0) // the extent being gathered, whole blocks
	data := func(block int64) {
		off := block * HoleBlock
		switch {
		case start < 0 && off < HoleRun:
			start = 0 // a run at the front that is too short for a hole
		case start < 0:
			start = off
		case off-end >= HoleRun:
			out = append(out, Extent{start, end - start})
			start = off
		}
		end = off + HoleBlock
	}
	bufp := getBuffer()
	defer putBuffer(bufp)
	buf := *bufp
	next := int64(0) // the first block not looked at yet
	for _, e := range stored {
		block := max(next, e.Off/HoleBlock)
		for stop := (e.Off + e.Len + HoleBlock - 1) / HoleBlock; block < stop; {
			n := min(int64(len(buf)), (stop-block)*HoleBlock, size-block*HoleBlock)
			if n <= 0 {
				break
			}
			if _, err := io.ReadFull(io.NewSectionReader(r, block*HoleBlock, n), buf[:n]); err != nil {
				return nil, err
			}
			for p := int64(0); p < n; p += HoleBlock {
				if !allZero(buf[p:min(p+HoleBlock, n)]) {
					data(block)
				}
				block++
			}
		}
		next = block
	}
	if start >= 0 {
		if size-end < HoleRun {
			end = size
		}
		out = append(out, Extent{start, min(end, size) - start})
	}
	return out, nil
}

// NextData gives the first run of bytes at or behind pos, and before size, that
// the host's file system stores of f; what lies between reads as zeros. Both
// ends are size if there is none. A file system that does not tell counts as
// storing everything. It moves f's position.
func NextData(f *os.File, pos, size int64) (start, end int64, err error) {
	return nextData(f, pos, size)
}
