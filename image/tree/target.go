package tree

import (
	"fmt"
	"io"
	"os"
)

// Section is the part of a target that begins at Off: offset 0 of the section
// is offset Off of W. If Limit is above 0, a write that reaches beyond Limit
// bytes fails. Unlike io.OffsetWriter it lets Copy see a file under it.
type Section struct {
	W     io.WriterAt
	Off   int64
	Limit int64
}

// WriteAt implements io.WriterAt.
func (s Section) WriteAt(p []byte, off int64) (int, error) {
	if err := s.check(off, int64(len(p))); err != nil {
		return 0, err
	}
	return s.W.WriteAt(p, s.Off+off)
}

func (s Section) check(off, n int64) error {
	switch {
	case off < 0:
		return fmt.Errorf("write at the negative offset %d", off)
	case s.Limit > 0 && (off > s.Limit || n > s.Limit-off):
		return fmt.Errorf("write of %d bytes at offset %d goes beyond the end at %d", n, off, s.Limit)
	}
	return nil
}

// Guard is a target that can be told to stop: before each write, and several
// times in a long copy, Err is asked, and what it returns ends the writing.
// The Err method of a context fits.
type Guard struct {
	W   io.WriterAt
	Err func() error
}

// WriteAt implements io.WriterAt.
func (g Guard) WriteAt(p []byte, off int64) (int, error) {
	if err := g.Err(); err != nil {
		return 0, err
	}
	return g.W.WriteAt(p, off)
}

// target is what is left of a target when sections and guards are unwrapped.
type target struct {
	w    io.WriterAt
	off  int64
	file *os.File       // w, if it is a file
	errs []func() error // of the guards
}

// findTarget unwraps w for a copy of n bytes to offset off.
func findTarget(w io.WriterAt, off, n int64) (target, error) {
	t := target{off: off}
	for {
		switch x := w.(type) {
		case Section:
			if err := x.check(t.off, n); err != nil {
				return t, err
			}
			w, t.off = x.W, x.Off+t.off
		case Guard:
			w, t.errs = x.W, append(t.errs, x.Err)
		default:
			t.w = w
			t.file, _ = w.(*os.File)
			return t, nil
		}
	}
}

func (t target) check() error {
	for _, err := range t.errs {
		if err := err(); err != nil {
			return err
		}
	}
	return nil
}
