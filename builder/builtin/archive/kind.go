package archive

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
	"github.com/ulikunitz/xz/lzma"

	"fruix/builder/lzip"
)

// kind is the form of a file, told from its first bytes.
type kind uint8

const (
	unknown kind = iota
	tarKind
	cpioKind
	zipKind
	debKind
	gzipKind
	bzip2Kind
	xzKind
	zstdKind
	lzipKind
	lzmaKind
)

var magics = []struct {
	kind   kind
	offset int
	bytes  string
}{
	{gzipKind, 0, "\x1f\x8b\x08"},
	{bzip2Kind, 0, "BZh"},
	{xzKind, 0, "\xfd7zXZ\x00"},
	{zstdKind, 0, "\x28\xb5\x2f\xfd"},
	{lzipKind, 0, lzip.Magic},
	{zipKind, 0, "PK\x03\x04"},
	{zipKind, 0, "PK\x05\x06"}, // with nothing in it
	{debKind, 0, "!<arch>\ndebian-binary"},
	{tarKind, 257, "ustar"},
	{cpioKind, 0, cpioNew},
	{cpioKind, 0, cpioSummed},
	{cpioKind, 0, cpioPortable},
	{cpioKind, 0, cpioLittle},
	{cpioKind, 0, cpioBig},
	// Version 7's tar has no magic; what looks like one is told by its sum.
	// lzma has next to none: the usual parameters, and a dictionary of a whole
	// number of 64 KiB.
	{lzmaKind, 0, "\x5d\x00\x00"},
}

// sniffLen is how many bytes sniff wants to see.
const sniffLen = 512

func sniff(head []byte) kind {
	for _, m := range magics {
		if len(head) >= m.offset+len(m.bytes) && bytes.Equal(head[m.offset:m.offset+len(m.bytes)], []byte(m.bytes)) {
			return m.kind
		}
	}
	if oldTar(head) {
		return tarKind
	}
	return unknown
}

// oldTar reports whether a block is the header of a tar without magic: its sum
// is that of the bytes, the field of the sum being taken for spaces.
func oldTar(block []byte) bool {
	if len(block) < 512 || block[0] == 0 {
		return false
	}
	const at, size = 148, 8
	want, err := strconv.ParseUint(string(bytes.Trim(block[at:at+size], " \x00")), 8, 32)
	if err != nil {
		return false
	}
	sum := uint64(size * ' ')
	for i, b := range block[:512] {
		if i < at || i >= at+size {
			sum += uint64(b)
		}
	}
	return sum == want
}

// maxDictionary bounds the memory that decompressors take: what "lzip -9" and
// "xz -9" want, and somewhat more.
const maxDictionary = 256 << 20

// decompress returns the plain bytes of r, which is compressed as k says; the
// closer ends the decompressor.
func decompress(k kind, r *bufio.Reader) (io.Reader, func(), error) {
	nothing := func() {}
	switch k {
	case gzipKind:
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, nothing, err
		}
		z.Multistream(false)
		return &gzipMembers{z, r}, nothing, nil
	case bzip2Kind:
		return &bzip2Streams{Reader: bzip2.NewReader(r)}, nothing, nil
	case xzKind:
		z, err := xz.NewReader(r, maxDictionary)
		return z, nothing, err
	case zstdKind:
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxMemory(maxDictionary), zstd.WithDecoderMaxWindow(maxDictionary), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, nothing, err
		}
		return z, z.Close, nil
	case lzipKind:
		return lzip.NewReader(r, maxDictionary), nothing, nil
	case lzmaKind:
		z, err := lzma.ReaderConfig{DictCap: maxDictionary}.NewReader(r)
		return z, nothing, err
	}
	return r, nothing, nil
}

// gzipMembers are the members of a gzip file one after the other. What follows the last
// and is none, such as the zeros of a tape, is none of the file's, as for gzip(1).
type gzipMembers struct {
	z *gzip.Reader
	r *bufio.Reader
}

func (g *gzipMembers) Read(p []byte) (int, error) {
	for {
		n, err := g.z.Read(p)
		if n > 0 || !errors.Is(err, io.EOF) {
			if errors.Is(err, io.EOF) {
				err = nil // it is told again
			}
			return n, err
		}
		head, err := g.r.Peek(3)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if sniff(head) != gzipKind {
			return 0, io.EOF
		}
		if err := g.z.Reset(g.r); err != nil {
			return 0, early(err)
		}
		g.z.Multistream(false)
	}
}

// bzip2Streams ends where what follows is no stream, as bzip2(1) does.
type bzip2Streams struct {
	io.Reader
	end bool
}

func (b *bzip2Streams) Read(p []byte) (int, error) {
	if b.end {
		return 0, io.EOF
	}
	n, err := b.Reader.Read(p)
	if err == bzip2.StructuralError("bad magic value in continuation file") {
		b.end, err = true, io.EOF
	}
	return n, err
}

// Is reports whether file is an archive that Unpack knows.
func Is(file string) (bool, error) {
	f, err := os.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close()
	b := bufio.NewReader(f)
	head, _ := b.Peek(sniffLen)
	k := sniff(head)
	switch k {
	case unknown:
		return false, nil
	case tarKind, cpioKind, zipKind, debKind:
		return true, nil
	}
	r, done, err := decompress(k, b)
	if err != nil {
		if k == lzmaKind { // it only looked like one
			return false, nil
		}
		return false, fmt.Errorf("%s: %w", file, err)
	}
	defer done()
	inner, err := bufio.NewReader(r).Peek(sniffLen)
	if len(inner) == 0 && err != nil && !errors.Is(err, io.EOF) && k != lzmaKind {
		return false, fmt.Errorf("%s: %w", file, err)
	}
	k = sniff(inner)
	return k == tarKind || k == cpioKind, nil
}
