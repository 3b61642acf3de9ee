// Package log keeps what builders print: compressed in a file, with the last
// lines in memory for messages.
//
// The file for /frx/store/abcd…-hello.drv is DIR/ab/cd…-hello.drv.gz (the
// layout of Guix's and Nix's log folders), in gzip format (RFC 1952), so that
// zcat reads it. It can be read while the build runs.
package log

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// File returns where in dir the log of a derivation is.
func File(dir, drvPath string) string {
	base := path.Base(drvPath)
	if len(base) < 3 {
		return filepath.Join(dir, base+".gz")
	}
	return filepath.Join(dir, base[:2], base[2:]+".gz")
}

// Open opens the log of a derivation for reading, decompressed. The error is
// fs.ErrNotExist when there is none. The log of a build that still runs, or
// was killed, ends where the last flush was.
func Open(dir, drvPath string) (io.ReadCloser, error) {
	f, err := os.Open(File(dir, drvPath))
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(f)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return readCloser{bytes.NewReader(nil), f}, nil
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return readCloser{untorn{z}, f}, nil
}

type readCloser struct {
	io.Reader
	io.Closer
}

// untorn takes a missing end for the end.
type untorn struct{ r io.Reader }

func (u untorn) Read(b []byte) (int, error) {
	n, err := u.r.Read(b)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// Bounds of a tail.
const (
	maxLine  = 2000     // bytes of a line that are kept
	flushing = 16 << 10 // bytes after which compressed data goes to the disk
)

// Writer writes one log. It is safe for use by several goroutines.
type Writer struct {
	// Lines is told of every complete line, without its end; may be nil. It
	// must not keep the slice.
	lines   func(line []byte)
	control func(Control)

	mu      sync.Mutex
	f       *os.File
	z       *gzip.Writer // nil as long as there is nothing to compress
	err     error
	pending int // bytes since the last flush
	line    []byte
	// returned is that the last byte of the line was a carriage return.
	returned bool
	tail     [][]byte // ring
	next     int
	last     time.Time // of the last write
	now      func() time.Time
	sieve    sieve
}

// Options configure a Writer.
type Options struct {
	Tail  int               // how many lines Tail returns at most
	Lines func(line []byte) // told of every line as it is complete; may be nil
	Now   func() time.Time  // for Writer.Idle; nil means time.Now
	// Control is told what lines say about the build itself; may be nil. It is
	// called before Lines is with the same line.
	Control func(Control)
}

// Create starts the log of a derivation, replacing an older one.
func Create(dir, drvPath string, o Options) (*Writer, error) {
	name := File(dir, drvPath)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	// A new file, so that whoever reads or writes the older one can go on. Another one who
	// checks the same derivation may do the same at this moment.
	var f *os.File
	for f == nil {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		var err error
		if f, err = os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Control == nil {
		o.Control = func(Control) {}
	}
	return &Writer{
		lines: o.Lines, control: o.Control, f: f, tail: make([][]byte, max(o.Tail, 1)), now: o.Now, last: o.Now(),
		sieve: sieve{found: func(c *Control) { o.Control(*c) }},
	}, nil
}

// Name returns the name of the file.
func (w *Writer) Name() string { return w.f.Name() }

// Write adds to the log. It never fails, since a builder must not be stopped
// by a log that cannot be kept; Close returns the error.
func (w *Writer) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = w.now()
	w.add(w.sieve.pass(b))
	return len(b), nil
}

// add adds what is part of the log.
func (w *Writer) add(b []byte) {
	if len(b) == 0 {
		return
	}
	if w.z == nil && w.err == nil {
		w.z, w.err = gzip.NewWriterLevel(w.f, gzip.BestSpeed)
	}
	if w.err == nil {
		_, w.err = w.z.Write(b)
		if w.pending += len(b); w.pending >= flushing && w.err == nil {
			w.err = w.z.Flush()
			w.pending = 0
		}
	}
	rest := b
	for {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			break
		}
		w.extend(rest[:i])
		w.endLine()
		rest = rest[i+1:]
	}
	w.extend(rest)
}

// extend adds to the current line, up to a bound. Behind a carriage return it begins anew,
// as on a terminal: programs that tell how far they are may never end it.
func (w *Writer) extend(b []byte) {
	if len(b) == 0 {
		return
	}
	if i := bytes.LastIndexByte(bytes.TrimRight(b, "\r"), '\r'); i >= 0 {
		w.line, b = w.line[:0], b[i+1:]
	} else if w.returned && b[0] != '\r' {
		w.line = w.line[:0]
	}
	w.returned = b[len(b)-1] == '\r'
	w.line = append(w.line, b[:min(len(b), maxLine-len(w.line))]...)
}

func (w *Writer) endLine() {
	line := bytes.TrimRight(w.line, "\r")
	w.line, w.returned = w.line[:0], false
	c, shown := parseLine(line)
	if c != nil {
		w.control(*c)
	}
	if !shown {
		return
	}
	i := w.next % len(w.tail)
	w.tail[i] = append(w.tail[i][:0], line...)
	w.next++
	if w.lines != nil {
		w.lines(line)
	}
}

// Flush makes what was written readable for others.
func (w *Writer) Flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil && w.pending > 0 {
		w.err = w.z.Flush()
		w.pending = 0
	}
}

// Idle returns for how long nothing has been written.
func (w *Writer) Idle() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now().Sub(w.last)
}

// Tail returns the last lines, an unfinished one included.
func (w *Writer) Tail() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	for i := max(0, w.next-len(w.tail)); i < w.next; i++ {
		lines = append(lines, string(w.tail[i%len(w.tail)]))
	}
	if line := bytes.TrimRight(w.line, "\r"); len(line) > 0 {
		lines = append(lines, string(line))
	}
	return lines[max(0, len(lines)-len(w.tail)):]
}

// emptyMember is what nothing looks like compressed, RFC 1952, 2.3: a header with
// neither name nor time, a block that ends at once, and a sum and a size of 0. Most
// builds that take little time say nothing, and a compressor is more than a megabyte.
const emptyMember = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + "\x03\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"

// Close ends the log.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.add(w.sieve.rest())
	if len(w.line) > 0 {
		w.endLine()
	}
	if w.z != nil {
		w.err = errors.Join(w.err, w.z.Close())
	} else if w.err == nil {
		_, w.err = w.f.WriteString(emptyMember)
	}
	return errors.Join(w.err, w.f.Close())
}
