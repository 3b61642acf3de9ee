// Package port implements Scheme ports: buffered streams of bytes with a text
// encoding and a position, over files, strings, bytevectors and procedures.
package port

import (
	"errors"
	"io"
	"strings"
	"unicode/utf8"
	"unsafe"

	"fruix/interp/datum"
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
	// Name is what port-filename gives, "" for none; FileName also names the
	// port in what write prints.
	Name string
	// LineNo and ColNo count from 0 and follow what is read or, on output,
	// written.
	LineNo, ColNo int
	Encoding      string // "UTF-8", "ISO-8859-1", …
	// Strategy is what happens to bytes that do not decode: "substitute",
	// "error" or "escape".
	Strategy  string
	Buffering Buffering
	// Binary ports were opened for bytes; text operations work on them too.
	Binary bool
	// File is the file under the port, nil for others.
	File File
	// Process is set by pipes; it is what close-pipe waits for.
	Process any

	in     io.Reader
	rbuf   []byte // unread input is rbuf[rpos:]
	rpos   int
	eof    bool // the reader has reported its end once
	out    io.Writer
	wbuf   []byte
	mem    bool // output stays in wbuf (string and bytevector ports)
	onDone func() error
	seen   int64 // bytes taken from in
	sent   int64 // bytes given to out
	inOK   bool
	outOK  bool
	closed bool
}

// File is what a port needs of an operating-system file.
type File interface {
	io.Closer
	io.Seeker
	Fd() uintptr
	Truncate(size int64) error
	Sync() error
}

var errNotSeekable = errors.New("the port does not support this seek")

// ErrClosed is the error for operations on a closed port.
var ErrClosed = errors.New("the port is closed")

// NewReader makes an input port. close, if any, is called once by Close.
func NewReader(r io.Reader, name string, closer func() error) *Port {
	return &Port{in: r, inOK: true, Name: name, Encoding: "UTF-8", Strategy: "substitute", onDone: closer}
}

// NewWriter makes an output port.
func NewWriter(w io.Writer, name string, closer func() error) *Port {
	return &Port{out: w, outOK: true, Name: name, Encoding: "UTF-8", Strategy: "substitute", onDone: closer}
}

// NewReadWriter makes a port for both directions.
func NewReadWriter(r io.Reader, w io.Writer, name string, closer func() error) *Port {
	p := NewReader(r, name, closer)
	p.out, p.outOK = w, true
	return p
}

// NewStringInput makes an input port of a text.
func NewStringInput(s string) *Port {
	return &Port{inOK: true, eof: true, rbuf: []byte(s), Encoding: "UTF-8", Strategy: "substitute"}
}

// NewBytesInput makes a binary input port of bytes, which it only reads.
func NewBytesInput(b []byte) *Port {
	return &Port{inOK: true, eof: true, rbuf: b, Binary: true, Encoding: "ISO-8859-1", Strategy: "substitute"}
}

// NewMemory makes an output port that keeps what is written; see Bytes.
func NewMemory(binary bool) *Port {
	p := &Port{outOK: true, mem: true, Binary: binary, Encoding: "UTF-8", Strategy: "substitute"}
	if binary {
		p.Encoding = "ISO-8859-1"
	}
	return p
}

// Value returns p as a value.
func (p *Port) Value() datum.Value { return datum.Obj(datum.KPort, unsafe.Pointer(p)) }

// Of returns the port of v, whose kind the caller has tested.
func Of(v datum.Value) *Port { return (*Port)(v.Ptr()) }

// Input and Output report the directions of p.
func (p *Port) Input() bool { return p.inOK }

// Output reports whether p can be written to.
func (p *Port) Output() bool { return p.outOK }

// Closed reports whether p was closed.
func (p *Port) Closed() bool { return p.closed }

// Memory reports whether p keeps its output, as string ports do.
func (p *Port) Memory() bool { return p.mem }

// Bytes is what was written to a memory port so far.
func (p *Port) Bytes() []byte { return p.wbuf }

// Reset forgets what was written to a memory port.
func (p *Port) Reset() { p.wbuf = nil }

// String describes p as write does.
func (p *Port) String() string {
	if p.closed {
		return "#<closed: " + p.kind() + ">"
	}
	dir := "input"
	switch {
	case p.inOK && p.outOK:
		dir = "input-output"
	case p.outOK:
		dir = "output"
	}
	return "#<" + dir + ": " + p.kind() + ">"
}

func (p *Port) kind() string {
	switch {
	case p.Name != "":
		return p.Name
	case p.File != nil:
		return "file"
	case p.Binary:
		return "bytevector"
	}
	return "string"
}

// fill makes at least one more byte available; io.EOF at the end. The end is
// reported once per arrival, so that a terminal can go on afterwards.
func (p *Port) fill() error {
	if p.closed {
		return ErrClosed
	}
	if p.in == nil {
		return io.EOF
	}
	if p.rpos > 0 && p.rpos == len(p.rbuf) {
		p.rbuf, p.rpos = p.rbuf[:0], 0
	}
	if cap(p.rbuf)-len(p.rbuf) < 512 {
		n := make([]byte, len(p.rbuf)-p.rpos, 4096+2*(len(p.rbuf)-p.rpos))
		copy(n, p.rbuf[p.rpos:])
		p.rbuf, p.rpos = n, 0
	}
	for range 100 {
		n, err := p.in.Read(p.rbuf[len(p.rbuf):cap(p.rbuf)])
		p.rbuf = p.rbuf[:len(p.rbuf)+n]
		p.seen += int64(n)
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// available makes n bytes available if there are as many, and returns what
// there is.
func (p *Port) available(n int) ([]byte, error) {
	for len(p.rbuf)-p.rpos < n {
		if err := p.fill(); err != nil {
			if err == io.EOF {
				break
			}
			return nil, err
		}
	}
	return p.rbuf[p.rpos:], nil
}

// PeekByte returns the next byte, -1 at the end.
func (p *Port) PeekByte() (int, error) {
	if p.rpos < len(p.rbuf) {
		return int(p.rbuf[p.rpos]), nil
	}
	b, err := p.available(1)
	if err != nil || len(b) == 0 {
		return -1, err
	}
	return int(b[0]), nil
}

// ReadByteInt consumes a byte, -1 at the end.
func (p *Port) ReadByteInt() (int, error) {
	b, err := p.PeekByte()
	if b >= 0 {
		p.rpos++
	}
	return b, err
}

// ReadSome returns up to n bytes, at least one unless at the end.
func (p *Port) ReadSome(n int) ([]byte, error) {
	b, err := p.available(1)
	if err != nil {
		return nil, err
	}
	if len(b) > n {
		b = b[:n]
	}
	p.rpos += len(b)
	return append([]byte(nil), b...), nil
}

// ReadN returns n bytes, fewer only at the end.
func (p *Port) ReadN(n int) ([]byte, error) {
	out := make([]byte, 0, min(n, 1<<16))
	for len(out) < n {
		b, err := p.ReadSome(n - len(out))
		if err != nil || len(b) == 0 {
			return out, err
		}
		out = append(out, b...)
	}
	return out, nil
}

// ReadAllBytes returns the rest.
func (p *Port) ReadAllBytes() ([]byte, error) {
	var out []byte
	for {
		b, err := p.ReadSome(1 << 30)
		if err != nil || len(b) == 0 {
			return out, err
		}
		out = append(out, b...)
	}
}

// Read implements io.Reader.
func (p *Port) Read(b []byte) (int, error) {
	have, err := p.available(1)
	if err != nil {
		return 0, err
	}
	if len(have) == 0 {
		return 0, io.EOF
	}
	n := copy(b, have)
	p.rpos += n
	return n, nil
}

// Ready reports whether a read would not block.
func (p *Port) Ready() bool { return p.rpos < len(p.rbuf) || p.in == nil || p.File == nil }

// ErrDecoding is the error for bytes that do not decode with strategy error.
var ErrDecoding = errors.New("input decoding error")

// decode looks at the next character: its code and width in bytes; -1 at the
// end.
func (p *Port) decode() (rune, int, error) {
	if p.rpos < len(p.rbuf) {
		if c := p.rbuf[p.rpos]; c < utf8.RuneSelf && !strings.HasPrefix(p.Encoding, "UTF-16") && !strings.HasPrefix(p.Encoding, "UTF-32") {
			return rune(c), 1, nil
		}
	}
	switch p.Encoding {
	case "UTF-8":
		b, err := p.available(1)
		if err != nil || len(b) == 0 {
			return -1, 0, err
		}
		if !utf8.FullRune(b) {
			if b, err = p.available(4); err != nil {
				return -1, 0, err
			}
		}
		c, n := utf8.DecodeRune(b)
		if c == utf8.RuneError && n <= 1 {
			if p.Strategy == "error" {
				return -1, 0, ErrDecoding
			}
			return utf8.RuneError, 1, nil
		}
		return c, n, nil
	case "UTF-16", "UTF-16BE", "UTF-16LE":
		return p.decode16()
	}
	b, err := p.available(1)
	if err != nil || len(b) == 0 {
		return -1, 0, err
	}
	if b[0] > 127 && (p.Encoding == "ASCII" || p.Encoding == "US-ASCII") {
		return utf8.RuneError, 1, nil
	}
	return rune(b[0]), 1, nil
}

func (p *Port) decode16() (rune, int, error) {
	unit := func(b []byte) rune {
		if p.Encoding == "UTF-16LE" {
			return rune(b[0]) | rune(b[1])<<8
		}
		return rune(b[0])<<8 | rune(b[1])
	}
	b, err := p.available(2)
	if err != nil || len(b) == 0 {
		return -1, 0, err
	}
	if len(b) < 2 {
		return utf8.RuneError, 1, nil
	}
	hi := unit(b)
	if hi < 0xD800 || hi > 0xDFFF {
		return hi, 2, nil
	}
	if b, err = p.available(4); err != nil {
		return -1, 0, err
	}
	if len(b) >= 4 && hi < 0xDC00 {
		if lo := unit(b[2:]); lo >= 0xDC00 && lo <= 0xDFFF {
			return (hi-0xD800)<<10 + (lo - 0xDC00) + 0x10000, 4, nil
		}
	}
	return utf8.RuneError, 2, nil
}

// Peek returns the next character, -1 at the end.
func (p *Port) Peek() (rune, error) {
	c, _, err := p.decode()
	return c, err
}

// Next consumes a character, -1 at the end.
func (p *Port) Next() (rune, error) {
	c, n, err := p.decode()
	if err != nil || c < 0 {
		return c, err
	}
	p.rpos += n
	p.advance(c)
	return c, nil
}

// advance moves the position over a character.
func (p *Port) advance(c rune) {
	switch c {
	case '\n':
		p.LineNo++
		p.ColNo = 0
	case '\t':
		p.ColNo = (p.ColNo/8 + 1) * 8
	case '\b':
		p.ColNo = max(p.ColNo-1, 0)
	case '\r':
		p.ColNo = 0
	case 7:
	default:
		p.ColNo++
	}
}

// Unread puts text back in front of the input.
func (p *Port) Unread(s string) {
	b := p.encode(nil, s)
	p.rbuf = append(b, p.rbuf[p.rpos:]...)
	p.rpos = 0
	for _, c := range s {
		if c == '\n' {
			p.LineNo--
		} else {
			p.ColNo = max(p.ColNo-1, 0)
		}
	}
}

// UnreadBytes puts bytes back in front of the input.
func (p *Port) UnreadBytes(b []byte) {
	p.rbuf = append(append([]byte(nil), b...), p.rbuf[p.rpos:]...)
	p.rpos = 0
}
