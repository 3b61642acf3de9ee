package nar

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Writer writes an archive. Call [Writer.WriteHeader] for every node in order,
// [Writer.Write] for the bytes of regular files, and [Writer.Close] at the end.
// It collects small pieces; what lies below sees few, large writes.
type Writer struct {
	w    io.Writer
	buf  []byte
	dirs []dir // the open directories, the root first
	left int64 // bytes that the current file still needs
	pad  int   // zeros that follow it
	file bool  // a regular file is open
	root bool  // the root has been written
	err  error // sticks
}

// dir is a directory that may get more entries.
type dir struct {
	path string // with a slash at the end, "" for the root
	last string // the last entry's name
}

// writerBuffer is how many bytes are collected. They get their memory as they come:
// most archives are far smaller.
const writerBuffer = 64 << 10

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: w}
}

// raw adds bytes as they are.
func (w *Writer) raw(b []byte) {
	if len(w.buf)+len(b) > writerBuffer {
		w.flush()
	}
	if len(b) >= writerBuffer/2 {
		w.flush()
		if w.err == nil {
			_, w.err = w.w.Write(b)
		}
		return
	}
	w.buf = append(w.buf, b...)
}

func (w *Writer) flush() {
	if w.err == nil && len(w.buf) > 0 {
		_, w.err = w.w.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

// str adds one string of the format.
func (w *Writer) str(s string) {
	const zeros = "\x00\x00\x00\x00\x00\x00\x00"
	if len(w.buf)+len(s)+16 > writerBuffer {
		w.flush()
	}
	w.buf = binary.LittleEndian.AppendUint64(w.buf, uint64(len(s)))
	w.buf = append(w.buf, s...)
	w.buf = append(w.buf, zeros[:-len(s)&7]...)
}

func (w *Writer) strs(list ...string) {
	for _, s := range list {
		w.str(s)
	}
}

// endFile finishes the open regular file.
func (w *Writer) endFile() error {
	if !w.file {
		return nil
	}
	if w.left > 0 {
		return fmt.Errorf("nar: the file lacks %d bytes of the size that was declared", w.left)
	}
	w.file = false
	w.raw(make([]byte, w.pad))
	w.endNode()
	return nil
}

// endNode closes a node, and the entry that it is in.
func (w *Writer) endNode() {
	w.str(")")
	if len(w.dirs) > 0 {
		w.str(")")
	}
}

// popDir closes the innermost directory.
func (w *Writer) popDir() {
	w.dirs = w.dirs[:len(w.dirs)-1]
	w.endNode()
}

// WriteHeader begins the next node. It refuses names that no tree can hold and
// an order that is not the archive's.
func (w *Writer) WriteHeader(h Header) error {
	if w.err == nil {
		if err := w.writeHeader(h); err != nil && w.err == nil {
			w.err = err
		}
	}
	return w.err
}

func (w *Writer) writeHeader(h Header) error {
	if err := w.endFile(); err != nil {
		return err
	}
	if !w.root {
		if h.Path != "" {
			return fmt.Errorf("nar: the first node is %q, not the root", h.Path)
		}
		w.root = true
		w.str(magic)
	} else if err := w.enter(h.Path); err != nil {
		return err
	}
	w.strs("(", "type", h.Type.String())
	switch h.Type {
	case Regular:
		if h.Size < 0 {
			return fmt.Errorf("nar: %q has the size %d", h.Path, h.Size)
		}
		if h.Executable {
			w.strs("executable", "")
		}
		w.str("contents")
		if len(w.buf)+8 > cap(w.buf) {
			w.flush()
		}
		w.buf = binary.LittleEndian.AppendUint64(w.buf, uint64(h.Size))
		w.left, w.pad, w.file = h.Size, int(-h.Size&7), true
	case Symlink:
		if err := checkTarget(h.Target); err != nil {
			return err
		}
		w.strs("target", h.Target)
		w.endNode()
	case Directory:
		if len(w.dirs) >= MaxDepth {
			return fmt.Errorf("nar: more than %d directories inside each other", MaxDepth)
		}
		prefix := ""
		if h.Path != "" {
			prefix = h.Path + "/"
		}
		w.dirs = append(w.dirs, dir{path: prefix})
	default:
		return fmt.Errorf("nar: %q has the unknown type %d", h.Path, h.Type)
	}
	return nil
}

// enter closes directories until the one that path lies in is innermost, and
// begins its entry.
func (w *Writer) enter(path string) error {
	for len(w.dirs) > 0 && !strings.HasPrefix(path, w.dirs[len(w.dirs)-1].path) {
		w.popDir()
	}
	if len(w.dirs) == 0 || path == "" {
		return fmt.Errorf("nar: %q is in no directory that is open", path)
	}
	d := &w.dirs[len(w.dirs)-1]
	name := path[len(d.path):]
	if err := CheckName(name); err != nil {
		return err
	}
	if name <= d.last {
		return fmt.Errorf("nar: entry %q of %q comes after %q; they must be sorted, each once", name, d.path, d.last)
	}
	if len(path) > MaxPath {
		return fmt.Errorf("nar: a path of %d bytes; at most %d are possible", len(path), MaxPath)
	}
	d.last = name
	w.strs("entry", "(", "name", name, "node")
	return nil
}

// Write adds bytes to the regular file that was begun last.
func (w *Writer) Write(b []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if !w.file || int64(len(b)) > w.left {
		w.err = errors.New("nar: more bytes than the size that was declared")
		return 0, w.err
	}
	w.left -= int64(len(b))
	w.raw(b)
	if w.err != nil {
		return 0, w.err
	}
	return len(b), nil
}

// Close ends the archive. It does not close what lies below.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	if !w.root {
		w.err = errors.New("nar: an archive needs a root")
		return w.err
	}
	if err := w.endFile(); err != nil {
		w.err = err
		return err
	}
	for len(w.dirs) > 0 {
		w.popDir()
	}
	w.flush()
	if w.err != nil {
		return w.err
	}
	w.err = errors.New("nar: the archive is closed")
	return nil
}
