package protocol

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// pieceSize is the greatest size of a piece of data before it is compressed.
const pieceSize = 256 << 10

// Packer compresses and decompresses pieces. One serves a whole connection; it may
// be used by several goroutines.
type Packer struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

// NewPacker makes a packer.
func NewPacker() (*Packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithZeroFrames(true))
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(pieceSize), zstd.WithDecoderConcurrency(0))
	return &Packer{enc, dec}, err
}

// A body is data of unknown length in pieces: each its length before compression, its
// length after that, or 0 when it is not compressed, both as varints, and the
// bytes. A length of 0 ends it.

// bodyWriter writes a body. Each piece is compressed when that makes it smaller by
// an eighth; after one for which it did not, a few are not tried.
type bodyWriter struct {
	p      *Packer
	w      io.Writer
	buf    []byte
	packed []byte
	skip   int // pieces that are not to be tried
	misses int // in a row
}

func (p *Packer) newBodyWriter(w io.Writer) *bodyWriter { return &bodyWriter{p: p, w: w} }

func (b *bodyWriter) Write(data []byte) (int, error) {
	for rest := data; len(rest) > 0; {
		n := min(len(rest), pieceSize-len(b.buf))
		b.buf = append(b.buf, rest[:n]...)
		rest = rest[n:]
		if len(b.buf) == pieceSize {
			if err := b.flush(); err != nil {
				return 0, err
			}
		}
	}
	return len(data), nil
}

// worthPacking is the size of the smallest piece that is worth the attempt, and
// maxSkip how many pieces at most are not tried after such as did not shrink.
const (
	worthPacking = 200
	maxSkip      = 32
)

// flush writes what is in the buffer as a piece.
func (b *bodyWriter) flush() error {
	if len(b.buf) == 0 {
		return nil
	}
	out := b.pack()
	header := binary.AppendUvarint(nil, uint64(len(b.buf)))
	header = binary.AppendUvarint(header, uint64(len(out)))
	if out == nil {
		out = b.buf
	}
	_, err := b.w.Write(header)
	if err == nil {
		_, err = b.w.Write(out)
	}
	b.buf = b.buf[:0]
	return err
}

// pack compresses the buffer; nil when it is to go as it is.
func (b *bodyWriter) pack() []byte {
	if len(b.buf) < worthPacking {
		return nil
	}
	if b.skip > 0 {
		b.skip--
		return nil
	}
	b.packed = b.p.enc.EncodeAll(b.buf, b.packed[:0])
	if len(b.packed) <= len(b.buf)-len(b.buf)/8 {
		b.misses = 0
		return b.packed
	}
	b.misses++
	b.skip = min(1<<b.misses, maxSkip)
	return nil
}

// Close ends the body.
func (b *bodyWriter) Close() error {
	err := b.flush()
	if err == nil {
		_, err = b.w.Write([]byte{0})
	}
	return err
}

// bodyReader reads a body, to its end and no further.
type bodyReader struct {
	p      *Packer
	r      *bufio.Reader
	packed []byte
	buf    []byte
	left   []byte // of buf
	err    error  // io.EOF after the end
}

func (p *Packer) newBodyReader(r *bufio.Reader) *bodyReader { return &bodyReader{p: p, r: r} }

func (b *bodyReader) Read(to []byte) (int, error) {
	if len(b.left) == 0 {
		if b.err == nil {
			b.err = b.piece()
		}
		if b.err != nil {
			return 0, b.err
		}
	}
	n := copy(to, b.left)
	b.left = b.left[n:]
	return n, nil
}

// piece reads the next piece; io.EOF says that the body has ended.
func (b *bodyReader) piece() error {
	size, err := readLength(b.r, pieceSize)
	if err != nil {
		return err
	}
	if size == 0 {
		return io.EOF
	}
	packed, err := readLength(b.r, size-1)
	if err != nil {
		return err
	}
	if packed == 0 {
		b.buf = grow(b.buf, size)
		b.left = b.buf
		return torn(readFull(b.r, b.buf))
	}
	b.packed = grow(b.packed, packed)
	if err := readFull(b.r, b.packed); err != nil {
		return torn(err)
	}
	b.buf, err = b.p.dec.DecodeAll(b.packed, grow(b.buf, size)[:0])
	b.left = b.buf
	if err == nil && len(b.buf) != size {
		err = fmt.Errorf("a piece of %d bytes unpacks to %d", size, len(b.buf))
	}
	if err != nil {
		b.left = nil
		return &FormatError{Err: err}
	}
	return nil
}

// drain reads to the end of the body.
func (b *bodyReader) drain() error {
	_, err := io.Copy(io.Discard, b)
	return err
}

func grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

func readFull(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	return err
}

// readLength reads a varint that is at most limit.
func readLength(r io.ByteReader, limit int) (int, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return 0, torn(err)
	}
	if n > uint64(limit) {
		return 0, &FormatError{Err: fmt.Errorf("a length of %d, where at most %d can be", n, limit)}
	}
	return int(n), nil
}

// FormatError says that what the other side sent is not of this protocol.
type FormatError struct{ Err error }

func (e *FormatError) Error() string { return "the other side breaks the protocol: " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *FormatError) Unwrap() error { return e.Err }

// torn gives the end of a stream in the midst of something a name of its own.
func torn(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// WriteText writes a text, as one body.
func (p *Packer) WriteText(w io.Writer, text []byte) error {
	b := p.newBodyWriter(w)
	if _, err := b.Write(text); err != nil {
		return err
	}
	return b.Close()
}

// ReadText reads a text of at most limit bytes, and the end of r behind it.
func (p *Packer) ReadText(r io.Reader, limit int64) ([]byte, error) {
	in := bufio.NewReader(r)
	text, err := io.ReadAll(io.LimitReader(p.newBodyReader(in), limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, &FormatError{Err: fmt.Errorf("a text of more than %d bytes", limit)}
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return nil, &FormatError{Err: errors.New("something stands behind the end")}
	}
	return text, nil
}
