// Package lzip reads and writes files as lzip(1) makes them. What enters is
// compressed bytes, and what leaves plain ones, or the other way round. Archives of
// sources come like that, and archives of binary caches such as Guix's.
package lzip

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// The format of lzip(1): members one after another, each with a header (magic,
// version, size of the dictionary), a stream of LZMA that ends with a mark, and
// a trailer (CRC, size of the data, size of the member).
const (
	// Magic is how every file begins.
	Magic = "LZIP\x01"

	headerSize = 6
	trailSize  = 20
	// properties are those of every stream: lc=3, lp=0, pb=2.
	properties = 0x5d
)

var errDamaged = errors.New("the lzip file is damaged")

// reader gives the plain bytes of all members.
type reader struct {
	in      *counter
	maxDict int64
	z       *lzma.Reader // of the member that is being read
	sum     hash.Hash32
	size    uint64 // of the member's data so far
	start   int64  // where the member begins
	members int
	dicts   int64 // bytes of their dictionaries
	made    int64 // bytes of their data
	err     error
}

// counter counts bytes as they are taken.
type counter struct {
	*bufio.Reader
	n int64
}

func (c *counter) ReadByte() (byte, error) {
	b, err := c.Reader.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// NewReader returns the plain bytes of r. A member that wants a larger dictionary than
// maxDict is an error.
func NewReader(r *bufio.Reader, maxDict int64) io.Reader {
	return &reader{in: &counter{Reader: r}, maxDict: maxDict}
}

func (l *reader) Read(p []byte) (int, error) {
	for {
		if l.err != nil {
			return 0, l.err
		}
		if l.z == nil {
			if l.err = l.begin(); l.err != nil {
				continue
			}
		}
		n, err := l.z.Read(p)
		l.sum.Write(p[:n])
		l.size += uint64(n)
		l.made += int64(n)
		switch {
		case errors.Is(err, io.EOF):
			l.z, l.err = nil, l.end()
		case err != nil:
			l.err = err
		}
		if n > 0 || len(p) == 0 {
			return n, nil
		}
	}
}

// begin reads the header of a member; io.EOF when none follows.
func (l *reader) begin() error {
	head, err := l.in.Peek(headerSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if l.members > 0 && !bytes.HasPrefix(head, []byte(Magic[:4])) {
		return trailing(head)
	}
	if err != nil && l.members > 0 {
		return io.ErrUnexpectedEOF
	}
	if err != nil || !bytes.HasPrefix(head, []byte(Magic)) {
		return errDamaged
	}
	// The size is a power of two less some sixteenths of it.
	code := head[5]
	dict := int64(1) << (code & 31)
	dict -= dict / 16 * int64(code>>5)
	if dict < 4<<10 || dict > 512<<20 {
		return errDamaged
	}
	if dict > l.maxDict {
		return fmt.Errorf("the lzip file wants a dictionary of %d MiB; at most %d are given", dict>>20, l.maxDict>>20)
	}
	if err := l.charge(dict); err != nil {
		return err
	}
	l.start = l.in.n
	if _, err := io.CopyN(io.Discard, l.in, headerSize); err != nil {
		return errDamaged
	}
	// The same stream as an lzma file would begin like this, the size of the
	// data being unknown.
	lead := []byte{properties, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	binary.LittleEndian.PutUint32(lead[1:], uint32(dict))
	l.z, err = lzma.ReaderConfig{DictCap: int(dict)}.NewReader(&lead13{lead: lead, rest: l.in})
	if err != nil {
		return early(err)
	}
	l.sum, l.size = crc32.NewIEEE(), 0
	l.members++
	return nil
}

// trailing looks at what follows the last member: it is none of the file's, unless it is
// the beginning of a header, or so much like one that a damaged one is more likely. So
// has it lzip(1), "Trailing data".
func trailing(head []byte) error {
	if len(head) > 0 && bytes.HasPrefix([]byte(Magic), head) {
		return io.ErrUnexpectedEOF
	}
	alike := 0
	for i, b := range head {
		if i < 4 && b == Magic[i] {
			alike++
		}
	}
	if len(head) == headerSize && alike > 1 {
		return errDamaged
	}
	return io.EOF
}

// Dictionaries that are given whatever comes: small ones, and so many of the largest.
const (
	freeDict  = 64 << 10
	freeDicts = 32
	// perByte is what is given for each byte that came, or that was made of it.
	perByte = 64
)

// charge counts a dictionary. Each member has its own, which takes its time to make, and
// could be of some 40 bytes.
func (l *reader) charge(dict int64) error {
	l.dicts += max(0, dict-freeDict)
	if l.dicts/perByte > l.maxDict/perByte*freeDicts+l.in.n+l.made {
		return fmt.Errorf("the lzip file wants dictionaries of %d MiB for its first %d members, which hold %d bytes", l.dicts>>20, l.members+1, l.made)
	}
	return nil
}

// end reads the trailer of a member.
func (l *reader) end() error {
	var t [trailSize]byte
	if _, err := io.ReadFull(l.in, t[:]); err != nil {
		return early(err)
	}
	if binary.LittleEndian.Uint32(t[:]) != l.sum.Sum32() ||
		binary.LittleEndian.Uint64(t[4:]) != l.size ||
		binary.LittleEndian.Uint64(t[12:]) != uint64(l.in.n-l.start) {
		return errDamaged
	}
	return nil
}

// lead13 gives the bytes of lead and then those of rest, one at a time, so that
// nothing beyond the stream is taken.
type lead13 struct {
	lead []byte
	rest *counter
}

func (l *lead13) ReadByte() (byte, error) {
	if len(l.lead) > 0 {
		b := l.lead[0]
		l.lead = l.lead[1:]
		return b, nil
	}
	return l.rest.ReadByte()
}

func (l *lead13) Read(p []byte) (int, error) {
	if len(l.lead) > 0 {
		n := copy(p, l.lead)
		l.lead = l.lead[n:]
		return n, nil
	}
	return l.rest.Read(p)
}

// early says that a file ends where more should come.
func early(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
