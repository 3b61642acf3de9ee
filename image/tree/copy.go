package tree

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
)

// copyBuffer is the size of one read and one write.
const copyBuffer = 1 << 20

// zeroBlock is the unit in which CopyOptions.SkipZeros leaves out zeros.
const zeroBlock = 4096

var (
	buffers = sync.Pool{New: func() any { b := make([]byte, copyBuffer); return &b }}
	zeros   [zeroBlock]byte // never written
)

func getBuffer() *[]byte  { return buffers.Get().(*[]byte) }
func putBuffer(b *[]byte) { buffers.Put(b) }

func allZero(b []byte) bool {
	for len(b) > zeroBlock {
		if !bytes.Equal(b[:zeroBlock], zeros[:]) {
			return false
		}
		b = b[zeroBlock:]
	}
	return bytes.Equal(b, zeros[:len(b)])
}

// CopyOptions change what Source.Copy does.
type CopyOptions struct {
	// SkipZeros leaves blocks of 4096 bytes that are all zero unwritten, so
	// that they become holes of a fresh target.
	SkipZeros bool
}

// Copy writes a content (nil is an empty one) to w at off. Holes of the
// content are skipped, so the target must read as zeros there already, as a
// fresh sparse file does. If both ends are files, also with a Section or a
// Guard around the target, the kernel moves the bytes where it can.
func Copy(w io.WriterAt, off int64, c Content) error {
	return CopyWith(w, off, c, CopyOptions{})
}

// CopyWith is Copy with options.
func CopyWith(w io.WriterAt, off int64, c Content, o CopyOptions) error {
	if c == nil || c.Size() == 0 {
		return nil
	}
	s, err := OpenSource(c)
	if err != nil {
		return err
	}
	err = s.Copy(w, off, c.Size(), o)
	if cerr := s.Close(); err == nil {
		err = cerr
	}
	return err
}

// Source is a content opened for copying from front to back in pieces, for
// writers that spread a file over a disk. It is not for concurrent use.
type Source struct {
	r       io.ReadCloser
	file    *os.File // r, if it is a file
	size    int64
	pos     int64    // of the piece that comes next
	read    int64    // how far r has been read, if it is not a file
	extents []Extent // what remains to be copied, from pos on; meaningful if sparse
	sparse  bool
}

// OpenSource opens a content (nil is an empty one). The caller closes the source.
func OpenSource(c Content) (*Source, error) {
	if c == nil {
		c = Bytes(nil)
	}
	r, err := c.Open()
	if err != nil {
		return nil, err
	}
	s := &Source{r: r, size: c.Size()}
	s.file, _ = r.(*os.File)
	_, ours := c.(hostContent)
	if s.file != nil && !ours {
		// Read by offset only if reads by offset start where Read would.
		if pos, err := s.file.Seek(0, io.SeekCurrent); err != nil || pos != 0 {
			s.file = nil
		}
	}
	switch c := c.(type) {
	case Sparse:
		s.sparse = true
		s.extents, err = c.Extents()
	case *HostFile:
		if s.file != nil && c.allocated < c.size {
			s.sparse = true
			s.extents, err = c.stored(s.file)
		}
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return s, nil
}

// Close ends the reading.
func (s *Source) Close() error { return s.r.Close() }

// Skip passes over the next n bytes.
func (s *Source) Skip(n int64) { s.pos += n }

// Copy writes the next n bytes of the content to w at off, leaving out holes.
// A content that turns out shorter than its size is an error, and so is asking
// for more than there is.
func (s *Source) Copy(w io.WriterAt, off, n int64, o CopyOptions) error {
	if n < 0 || s.pos > s.size-n {
		return fmt.Errorf("asked for bytes %d to %d of a content of %d bytes", s.pos, s.pos+n, s.size)
	}
	d, err := findTarget(w, off, n)
	if err != nil {
		return err
	}
	start, end := s.pos, s.pos+n
	if !s.sparse {
		s.pos = end
		return s.span(d, d.off, start, n, o)
	}
	for len(s.extents) > 0 {
		e := s.extents[0]
		lo, hi := max(e.Off, start), min(e.Off+e.Len, end)
		if lo < hi {
			if err := s.span(d, d.off+lo-start, lo, hi-lo, o); err != nil {
				return err
			}
		}
		if e.Off+e.Len > end {
			break // the next piece needs it too
		}
		s.extents = s.extents[1:]
	}
	s.pos = end
	return nil
}

// span copies n stored bytes at src to offset off of the target.
func (s *Source) span(d target, off, src, n int64, o CopyOptions) error {
	if s.file != nil && d.file != nil && !o.SkipZeros && n >= minKernelCopy {
		done, err := kernelCopy(d, off, s.file, src, n)
		off, src, n = off+done, src+done, n-done
		if err != nil || n == 0 {
			return err
		}
	}
	bufp := getBuffer()
	defer putBuffer(bufp)
	for n > 0 {
		b := (*bufp)[:min(n, copyBuffer)]
		if err := s.readAt(b, src); err != nil {
			return err
		}
		err := d.begin(off, int64(len(b)))
		if err != nil {
			return err
		}
		if o.SkipZeros {
			err = writeNonZero(d.w, b, off)
		} else {
			_, err = d.w.WriteAt(b, off)
		}
		d.end(off, int64(len(b)))
		if err != nil {
			return err
		}
		off, src, n = off+int64(len(b)), src+int64(len(b)), n-int64(len(b))
	}
	return nil
}

// readAt fills b from offset src, which never lies before what was read.
func (s *Source) readAt(b []byte, src int64) error {
	var got int
	var err error
	if s.file != nil {
		got, err = s.file.ReadAt(b, src)
		if got == len(b) {
			err = nil
		}
	} else {
		if src > s.read {
			var skipped int64
			skipped, err = io.CopyN(io.Discard, s.r, src-s.read)
			s.read += skipped
		}
		if err == nil {
			got, err = io.ReadFull(s.r, b)
			s.read += int64(got)
		}
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("content ended at byte %d, %d were promised: %w", src+int64(got), s.size, io.ErrUnexpectedEOF)
	}
	return err
}

// writeNonZero writes the runs of blocks of b that are not all zero.
func writeNonZero(w io.WriterAt, b []byte, off int64) error {
	for p := 0; p < len(b); {
		q := p
		for q < len(b) && !allZero(b[q:min(q+zeroBlock, len(b))]) {
			q = min(q+zeroBlock, len(b))
		}
		if q > p {
			if _, err := w.WriteAt(b[p:q], off+int64(p)); err != nil {
				return err
			}
		}
		p = q + zeroBlock
	}
	return nil
}
