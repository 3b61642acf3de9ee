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

// Guard is a target that can be told to stop and that can be watched. Copy
// honours both where it goes around WriteAt to the file under a guard.
type Guard struct {
	W io.WriterAt
	// Err is asked before each write, and several times in a long copy; what
	// it returns ends the writing. The Err method of a context fits. It may
	// be nil.
	Err func() error
	// Watch is told about each write; it may be nil.
	Watch Watcher
}

// Watcher learns of writes to a Guard, in the guard's offsets. Each Begin is
// followed by an End with the same range, when the write is over or has
// failed. Parts of the range may be left unwritten.
type Watcher interface {
	Begin(off, n int64)
	End(off, n int64)
}

// WriteAt implements io.WriterAt.
func (g Guard) WriteAt(p []byte, off int64) (int, error) {
	if g.Err != nil {
		if err := g.Err(); err != nil {
			return 0, err
		}
	}
	if g.Watch != nil {
		g.Watch.Begin(off, int64(len(p)))
		defer g.Watch.End(off, int64(len(p)))
	}
	return g.W.WriteAt(p, off)
}

// target is what is left of a target when sections and guards are unwrapped.
type target struct {
	w      io.WriterAt
	off    int64
	file   *os.File // w, if it is a file
	guards []shifted
}

// shifted is a guard and what lies between its offsets and those of the
// innermost target.
type shifted struct {
	Guard
	by int64
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
			w, t.guards = x.W, append(t.guards, shifted{x, t.off})
		default:
			for i := range t.guards {
				t.guards[i].by -= t.off
			}
			t.w = w
			t.file, _ = w.(*os.File)
			return t, nil
		}
	}
}

// begin asks and tells the guards about a write of n bytes at off. Unless it
// fails, end must follow.
func (t target) begin(off, n int64) error {
	for _, g := range t.guards {
		if g.Err != nil {
			if err := g.Err(); err != nil {
				return err
			}
		}
	}
	for _, g := range t.guards {
		if g.Watch != nil {
			g.Watch.Begin(off+g.by, n)
		}
	}
	return nil
}

// end tells the guards that a write is over.
func (t target) end(off, n int64) {
	for _, g := range t.guards {
		if g.Watch != nil {
			g.Watch.End(off+g.by, n)
		}
	}
}
