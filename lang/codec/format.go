package codec

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz/lzma"
)

// format is one kind of compressed stream.
type format struct {
	decode func(io.Reader) (io.Reader, error)
	// encode compresses at a level; 0 is the format's default.
	encode func(io.Writer, int) (io.WriteCloser, error)
}

var formats = map[string]format{
	"gzip": {
		func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		func(w io.Writer, level int) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, flateLevel(level)) },
	},
	"zlib": {
		func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) },
		func(w io.Writer, level int) (io.WriteCloser, error) { return zlib.NewWriterLevel(w, flateLevel(level)) },
	},
	"deflate": {
		func(r io.Reader) (io.Reader, error) { return flate.NewReader(r), nil },
		func(w io.Writer, level int) (io.WriteCloser, error) { return flate.NewWriter(w, flateLevel(level)) },
	},
	"zstd": {
		func(r io.Reader) (io.Reader, error) {
			d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
			if err != nil {
				return nil, err
			}
			return d.IOReadCloser(), nil
		},
		func(w io.Writer, level int) (io.WriteCloser, error) {
			if level == 0 {
				level = 3
			}
			return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level)))
		},
	},
	"lzip": {
		func(r io.Reader) (io.Reader, error) { return newLzipReader(r) },
		func(w io.Writer, _ int) (io.WriteCloser, error) { return newLzipWriter(w) },
	},
}

func flateLevel(level int) int {
	if level == 0 {
		return flate.DefaultCompression
	}
	return min(level, flate.BestCompression)
}

// The format lzip (Lzip manual, "File format"): a header of magic, version and
// coded dictionary size, a raw LZMA stream with an end marker, and a trailer of
// checksum, size of the data and size of the member. Members may follow one
// another.
const (
	lzipMagic      = "LZIP"
	lzipHeader     = 6
	lzipTrailer    = 20
	lzipDictionary = 1 << 23
	lzipDictCode   = 23
	// lzipProperties is lc=3, lp=0, pb=2, the only ones that lzip uses.
	lzipProperties = 0x5d
)

var errLzip = errors.New("not in the format of lzip")

type lzipReader struct {
	in   *bufio.Reader
	body io.Reader
	sum  uint32
	size uint64
}

func newLzipReader(r io.Reader) (io.Reader, error) {
	z := &lzipReader{in: bufio.NewReader(r)}
	if err := z.member(); err != nil {
		return nil, err
	}
	return z, nil
}

// member reads the header of the next member.
func (z *lzipReader) member() error {
	var h [lzipHeader]byte
	if _, err := io.ReadFull(z.in, h[:]); err != nil {
		return err
	}
	if string(h[:4]) != lzipMagic || h[4] != 1 {
		return errLzip
	}
	dict := uint32(1) << (h[5] & 31)
	dict -= dict / 16 * uint32(h[5]>>5)
	// The header that the LZMA format of one's own has in its stead.
	head := []byte{lzipProperties, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255}
	binary.LittleEndian.PutUint32(head[1:], dict)
	body, err := lzma.NewReader(&headed{head: bytes.NewReader(head), rest: z.in})
	z.body, z.sum, z.size = body, 0, 0
	return err
}

// headed is a header before a stream that is read no further than is asked for.
type headed struct {
	head *bytes.Reader
	rest *bufio.Reader
}

func (h *headed) Read(p []byte) (int, error) {
	if h.head.Len() > 0 {
		return h.head.Read(p)
	}
	return h.rest.Read(p)
}

func (h *headed) ReadByte() (byte, error) {
	if h.head.Len() > 0 {
		return h.head.ReadByte()
	}
	return h.rest.ReadByte()
}

// Read gives the data of all members.
func (z *lzipReader) Read(p []byte) (int, error) {
	for {
		n, err := z.body.Read(p)
		z.sum = crc32.Update(z.sum, crc32.IEEETable, p[:n])
		z.size += uint64(n)
		if n > 0 || err != io.EOF {
			if err == io.EOF {
				err = nil
			}
			return n, err
		}
		if err := z.finish(); err != nil {
			return 0, err
		}
		if err := z.member(); err != nil {
			return 0, err // io.EOF when there is no other
		}
	}
}

// finish checks the trailer of a member.
func (z *lzipReader) finish() error {
	var t [lzipTrailer]byte
	if _, err := io.ReadFull(z.in, t[:]); err != nil {
		return io.ErrUnexpectedEOF
	}
	if binary.LittleEndian.Uint32(t[:]) != z.sum || binary.LittleEndian.Uint64(t[4:]) != z.size {
		return fmt.Errorf("%w: the checksum does not match", errLzip)
	}
	return nil
}

type lzipWriter struct {
	out  *counter
	body *lzma.Writer
	sum  uint32
	size uint64
}

// counter counts bytes, and leaves out those of the header that LZMA writes.
type counter struct {
	w    io.Writer
	skip int
	n    uint64
}

func (c *counter) Write(p []byte) (int, error) {
	skip := min(c.skip, len(p))
	c.skip -= skip
	n, err := c.w.Write(p[skip:])
	c.n += uint64(n)
	return n + skip, err
}

func newLzipWriter(w io.Writer) (io.WriteCloser, error) {
	c := &counter{w: w}
	if _, err := c.Write(append([]byte(lzipMagic), 1, lzipDictCode)); err != nil {
		return nil, err
	}
	c.skip = lzma.HeaderLen
	body, err := lzma.WriterConfig{
		Properties: &lzma.Properties{LC: 3, LP: 0, PB: 2},
		DictCap:    lzipDictionary,
		EOSMarker:  true,
	}.NewWriter(c)
	return &lzipWriter{out: c, body: body}, err
}

func (z *lzipWriter) Write(p []byte) (int, error) {
	z.sum = crc32.Update(z.sum, crc32.IEEETable, p)
	z.size += uint64(len(p))
	return z.body.Write(p)
}

// Close ends the member.
func (z *lzipWriter) Close() error {
	if err := z.body.Close(); err != nil {
		return err
	}
	t := binary.LittleEndian.AppendUint32(nil, z.sum)
	t = binary.LittleEndian.AppendUint64(t, z.size)
	t = binary.LittleEndian.AppendUint64(t, z.out.n+lzipTrailer)
	_, err := z.out.Write(t)
	return err
}
