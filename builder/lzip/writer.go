package lzip

import (
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// writer writes a file of one member.
type writer struct {
	out        io.Writer
	z          *lzma.Writer
	sum        uint32
	data, size uint64
	skip       int // bytes of lzma's own header that are left out
}

// dictionaryBits says how large the dictionary is; it is also the code of that.
const dictionaryBits = 23

// NewWriter returns a writer of one member; the file is whole when it is closed.
func NewWriter(w io.Writer) (io.WriteCloser, error) {
	l := &writer{out: w, skip: lzma.HeaderLen}
	n, err := io.WriteString(w, Magic+string(rune(dictionaryBits)))
	if err != nil {
		return nil, err
	}
	l.size = uint64(n)
	l.z, err = lzma.WriterConfig{Properties: &lzma.Properties{LC: 3, LP: 0, PB: 2}, DictCap: 1 << dictionaryBits, EOSMarker: true}.NewWriter(writerBody{l})
	return l, err
}

// writerBody takes the header of lzma out.
type writerBody struct{ l *writer }

func (b writerBody) Write(p []byte) (int, error) {
	cut := min(b.l.skip, len(p))
	b.l.skip -= cut
	n, err := b.l.out.Write(p[cut:])
	b.l.size += uint64(n)
	return n + cut, err
}

func (l *writer) Write(p []byte) (int, error) {
	n, err := l.z.Write(p)
	l.sum = crc32.Update(l.sum, crc32.IEEETable, p[:n])
	l.data += uint64(n)
	return n, err
}

func (l *writer) Close() error {
	if err := l.z.Close(); err != nil {
		return err
	}
	var t [trailSize]byte
	binary.LittleEndian.PutUint32(t[:], l.sum)
	binary.LittleEndian.PutUint64(t[4:], l.data)
	binary.LittleEndian.PutUint64(t[12:], l.size+trailSize)
	_, err := l.out.Write(t[:])
	return err
}
