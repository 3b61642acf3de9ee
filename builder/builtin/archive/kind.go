package archive

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
)

// kind is the form of a file, told from its first bytes.
type kind uint8

const (
	unknown kind = iota
	tarKind
	zipKind
	debKind
	gzipKind
	bzip2Kind
	xzKind
	zstdKind
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
	{zipKind, 0, "PK\x03\x04"},
	{debKind, 0, "!<arch>\ndebian-binary"},
	{tarKind, 257, "ustar"},
}

// sniffLen is how many bytes sniff wants to see.
const sniffLen = 262

func sniff(head []byte) kind {
	for _, m := range magics {
		if len(head) >= m.offset+len(m.bytes) && bytes.Equal(head[m.offset:m.offset+len(m.bytes)], []byte(m.bytes)) {
			return m.kind
		}
	}
	return unknown
}

// decompress returns the plain bytes of r, which is compressed as k says; the
// closer ends the decompressor.
func decompress(k kind, r io.Reader) (io.Reader, func(), error) {
	nothing := func() {}
	switch k {
	case gzipKind:
		z, err := gzip.NewReader(r)
		return z, nothing, err
	case bzip2Kind:
		return bzip2.NewReader(r), nothing, nil
	case xzKind:
		z, err := xz.NewReader(r, xz.DefaultDictMax)
		return z, nothing, err
	case zstdKind:
		z, err := zstd.NewReader(r)
		if err != nil {
			return nil, nothing, err
		}
		return z, z.Close, nil
	}
	return r, nothing, nil
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
	case tarKind, zipKind, debKind:
		return true, nil
	}
	r, done, err := decompress(k, b)
	if err != nil {
		return false, fmt.Errorf("%s: %w", file, err)
	}
	defer done()
	inner, _ := bufio.NewReader(r).Peek(sniffLen)
	return sniff(inner) == tarKind, nil
}
