// Package port implements Scheme ports: buffered streams of bytes with a text
// encoding and a position, over files, strings, bytevectors and procedures.
//
// A port over a descriptor that is not ready, or over procedures of the
// program, cannot go on by itself. Its operations then change nothing and fail
// with a *Pause, and are tried again when what it names has been done.
package port

import (
	"errors"
	"io"
	"time"
	"unicode/utf8"
	"unsafe"

	"fruix/interp/datum"
	"fruix/interp/read"
)

// Buffering says when output is handed on.
type Buffering uint8

// The buffering modes of setvbuf.
const (
	Block Buffering = iota
	Line
	None
)

// Port is an input port, an output port, or both. It is not safe for
// concurrent use.
type Port struct {
	// Name is what port-filename gives, "" for none; Label names the port in
	// what write prints when there is no Name.
	Name, Label string
	// LineNo and ColNo count from 0 and follow what is read or, on output,
	// written.
	LineNo, ColNo int
	// Strategy is what happens to text that does not convert: "substitute",
	// "error" or "escape".
	Strategy  string
	Buffering Buffering
	// Unknown is true when the port was to have an encoding that is not known.
	Unknown bool
	// Binary ports were opened for bytes; text operations work on them too.
	Binary bool
	// File is the descriptor under the port, nil for others.
	File *FD
	// Custom holds the procedures under the port, nil for others.
	Custom *Custom
	// Directives are the #! directives that read met on the port.
	Directives []read.Directive
	// Process is set by pipes; it is what close-pipe waits for.
	Process any
	// Append is true when output goes to the end of the file.
	Append bool
	// Properties are those of %port-property.
	Properties map[*datum.Symbol]datum.Value

	poller   Poller // tells when a stream is ready; nil when it always is
	in       io.Reader
	base     []byte // what an input port of memory was made of
	rbuf     []byte // unread input is rbuf[rpos:]
	rpos     int
	mark     int // what must stay in rbuf begins here; -1 for none
	scanned  int // bytes after rpos known to hold no end of line
	readSize int // bytes to ask for at once; 1 without a buffer
	want     int // bytes that the reader needs
	eof      bool

	out     io.Writer
	wbuf    []byte
	wpos    int // where a memory port writes
	flushAt int
	mem     bool // output stays in wbuf (string and bytevector ports)

	encoding     string
	dec, enc     codec
	simple       bool // bytes below 128 stand for themselves
	freshR       bool // at the start of the input: a byte order mark may come
	freshW       bool
	onDone       func() error
	canR, canW   bool
	closed       bool
	closeOutHook func() error
}

// Custom are the procedures of a port that is made of procedures. All take the
// port first; #f stands for what is missing.
type Custom struct {
	// Fill supplies input with Supply, Drain takes output with Take.
	Fill, Drain datum.Value
	// Seek takes an offset and a direction, Truncate a length.
	Seek, Close, Truncate datum.Value
	// Ready tells whether input is waiting.
	Ready        datum.Value
	RandomAccess bool
}

// Need is what a port waits for.
type Need uint8

// The needs of ports: that the descriptor be ready, or that a procedure be
// called.
const (
	NeedReadable Need = iota
	NeedWritable
	NeedInput
	NeedOutput
)

// Pause is the error of an operation that cannot go on yet. It has changed
// nothing that would keep it from being called again; only output that was to
// be written is in the port's buffer already.
type Pause struct {
	Port *Port
	Need Need
}

func (*Pause) Error() string { return "the port is not ready" }

// ErrNotSeekable is the error for seeking where that makes no sense.
var ErrNotSeekable = errors.New("port is not seekable")

// ErrClosed is the error for operations on a closed port.
var ErrClosed = errors.New("the port is closed")

// ErrBlocked is what streams give that are not ready, so that the port pauses.
var ErrBlocked = errors.New("the descriptor is not ready")

const (
	defaultRead  = 4096
	defaultFlush = 8192
)

func newPort(encoding string) *Port {
	p := &Port{Strategy: "substitute", mark: -1, readSize: defaultRead, flushAt: defaultFlush}
	p.SetEncoding(encoding)
	return p
}

// NewReader makes an input port. close, if any, is called once by Close.
func NewReader(r io.Reader, name string, closer func() error) *Port {
	p := newPort("UTF-8")
	p.in, p.canR, p.Name, p.onDone = r, true, name, closer
	return p
}

// NewWriter makes an output port.
func NewWriter(w io.Writer, name string, closer func() error) *Port {
	p := newPort("UTF-8")
	p.out, p.canW, p.Name, p.onDone = w, true, name, closer
	return p
}

// NewReadWriter makes a port for both directions.
func NewReadWriter(r io.Reader, w io.Writer, name string, closer func() error) *Port {
	p := NewReader(r, name, closer)
	p.out, p.canW = w, true
	return p
}

// NewStringInput makes an input port of a text.
func NewStringInput(s string) *Port {
	p := newPort("UTF-8")
	p.canR, p.rbuf, p.Label = true, []byte(s), "string"
	p.base = p.rbuf
	return p
}

// NewBytesInput makes a binary input port of bytes, which it only reads.
func NewBytesInput(b []byte) *Port {
	p := newPort("ISO-8859-1")
	p.canR, p.rbuf, p.Binary, p.Label = true, b, true, "bytevector"
	p.base = b
	return p
}

// NewMemory makes an output port that keeps what is written; see Bytes.
func NewMemory(binary bool) *Port {
	p := newPort("UTF-8")
	p.canW, p.mem, p.Binary, p.Label = true, true, binary, "string"
	if binary {
		p.SetEncoding("ISO-8859-1")
		p.Label = "bytevector"
	}
	return p
}

// NewFile makes a port over a descriptor, which it closes.
func NewFile(f *FD, name string, input, output bool) *Port {
	p := newPort("UTF-8")
	p.File, p.Name, p.onDone, p.Label, p.poller = f, name, f.Close, "file", f
	if input {
		p.in, p.canR = f, true
	}
	if output {
		p.out, p.canW = f, true
	}
	return p
}

// Poller is a stream that may have to be waited for.
type Poller interface {
	// Poll reports whether the stream can be written to, or read from, within
	// the time given.
	Poll(write bool, timeout time.Duration) bool
}

// NewStream makes a port for both directions over a stream that gives
// ErrBlocked when it is not ready.
func NewStream(rw io.ReadWriter, poller Poller, name string, closer func() error) *Port {
	p := NewReadWriter(rw, rw, name, closer)
	p.poller = poller
	return p
}

// Poll reports whether what is under the port can be written to, or read from,
// within the time given.
func (p *Port) Poll(write bool, timeout time.Duration) bool {
	return p.poller == nil || p.closed || p.poller.Poll(write, timeout)
}

// NewCustom makes a port of procedures.
func NewCustom(c *Custom, label string, input, output bool) *Port {
	p := newPort("UTF-8")
	p.Custom, p.Label, p.canR, p.canW = c, label, input, output
	return p
}

// Value returns p as a value.
func (p *Port) Value() datum.Value { return datum.Obj(datum.KPort, unsafe.Pointer(p)) }

// Of returns the port of v, whose kind the caller has tested.
func Of(v datum.Value) *Port { return (*Port)(v.Ptr()) }

// Input reports whether p can be read from.
func (p *Port) Input() bool { return p.canR }

// Output reports whether p can be written to.
func (p *Port) Output() bool { return p.canW }

// Closed reports whether p was closed.
func (p *Port) Closed() bool { return p.closed }

// Memory reports whether p keeps its output, as string ports do.
func (p *Port) Memory() bool { return p.mem }

// Bytes is what was written to a memory port so far.
func (p *Port) Bytes() []byte { return p.wbuf }

// Text is what was written to a memory port, decoded.
func (p *Port) Text() (string, error) {
	if p.encoding == "UTF-8" && utf8.Valid(p.wbuf) {
		return string(p.wbuf), nil
	}
	r := NewBytesInput(p.wbuf)
	r.SetEncoding(p.encoding)
	r.Strategy = p.Strategy
	return r.ReadText(-1)
}

// Reset forgets what was written to a memory port.
func (p *Port) Reset() { p.wbuf, p.wpos = nil, 0 }

// Encoding names the encoding of the port's text.
func (p *Port) Encoding() string { return p.encoding }

// SetEncoding changes the encoding; it reports false for one that is not
// known.
func (p *Port) SetEncoding(name string) bool {
	name = canonical(name)
	c, ok := codecFor(name)
	if !ok {
		return false
	}
	p.encoding, p.dec, p.enc = name, c, c
	p.simple = true
	switch c.(type) {
	case utf16Codec, utf32Codec:
		p.simple = false
	}
	p.freshR, p.freshW = true, true
	p.scanned = 0
	return true
}

// SetReadSize and SetWriteSize set how much is buffered.
func (p *Port) SetReadSize(n int) { p.readSize = max(n, 1) }

// SetWriteSize sets how much output is collected before it is handed on.
func (p *Port) SetWriteSize(n int) { p.flushAt = max(n, 1) }

// ReadSize is how many bytes the port asks for at once: without a buffer as many
// as the reader wants.
func (p *Port) ReadSize() int {
	if p.readSize == 1 {
		return max(p.want, 1)
	}
	return p.readSize
}

// Hand makes a new port of what is under p, for text, and leaves p closed. A
// memory port, whose bytes are asked of itself, stays the same.
func (p *Port) Hand() *Port {
	if p.mem {
		p.Binary = false
		return p
	}
	q := *p
	q.Binary = false
	p.closed, p.onDone, p.rbuf, p.wbuf, p.rpos = true, nil, nil, nil, 0
	return &q
}

// OnCloseOutput sets what closes the output side of a port alone.
func (p *Port) OnCloseOutput(f func() error) { p.closeOutHook = f }

// String describes p as write does.
func (p *Port) String() string {
	dir := "input"
	switch {
	case p.closed:
		dir = "closed"
	case p.canR && p.canW:
		dir = "input-output"
	case p.canW:
		dir = "output"
	}
	return "#<" + dir + ": " + p.kind() + ">"
}

func (p *Port) kind() string {
	switch {
	case p.Name != "":
		return p.Name
	case p.Label != "":
		return p.Label
	case p.Binary:
		return "bytevector"
	}
	return "string"
}
