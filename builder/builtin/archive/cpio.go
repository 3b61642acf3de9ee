package archive

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"time"
)

// Magics of cpio(5).
const (
	cpioNew      = "070701"
	cpioSummed   = "070702" // new, with sums of the bytes
	cpioPortable = "070707" // POSIX 1988
	cpioLittle   = "\xc7\x71"
	cpioBig      = "\x71\xc7"
	cpioEnd      = "TRAILER!!!"
)

// Types of files in a mode, as in stat(2).
const (
	cpioType = 0o170000
	cpioDir  = 0o040000
	cpioFile = 0o100000
	cpioLink = 0o120000
	maxName  = 4095 // of a path or a link's target
)

// cpioHeader is the header of a member, in whatever form it came.
type cpioHeader struct {
	name             string
	dev, ino, mode   uint64
	links, size, sum uint64
	mtime            time.Time
	align            int64 // of the data
	summed, newForm  bool
}

// cpioInode names a file that several members are names of.
type cpioInode struct{ dev, ino uint64 }

// cpio unpacks an archive, and those that follow it, as those for the kernel
// may.
func (u *unpacker) cpio(b *bufio.Reader) error {
	c := &counter{Reader: b}
	// waiting lists names of files whose bytes come with a later name; first
	// is the name of files that are there.
	waiting, first := map[cpioInode][]cpioHeader{}, map[cpioInode]string{}
	for {
		h, err := readCPIO(c)
		if err != nil {
			return err
		}
		if h.name == cpioEnd {
			break
		}
		if err := u.cpioMember(c, h, waiting, first); err != nil {
			return err
		}
	}
	for _, names := range waiting { // with no bytes at all
		for i, h := range names {
			if err := u.cpioAlias(h, names[0].name, i > 0); err != nil {
				return err
			}
		}
	}
	for { // zeros up to a whole block
		next, err := b.ReadByte()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if next != 0 {
			break
		}
	}
	if err := b.UnreadByte(); err != nil {
		return err
	}
	head, _ := b.Peek(sniffLen)
	if k := sniff(head); k == unknown {
		return nil // as cpio itself, which does not look beyond the end
	}
	return u.stream(b)
}

// cpioAlias makes a file without bytes, or another name of one.
func (u *unpacker) cpioAlias(h cpioHeader, first string, again bool) error {
	name, ok, err := u.name(h.name)
	if err != nil || !ok {
		return err
	}
	if again {
		return u.link(name, first)
	}
	return u.regular(name, fs.FileMode(h.mode&0o777), h.mtime, 0, bytes.NewReader(nil))
}

func (u *unpacker) cpioMember(c *counter, h cpioHeader, waiting map[cpioInode][]cpioHeader, first map[cpioInode]string) error {
	data := &io.LimitedReader{R: c, N: int64(h.size)}
	finish := func() error {
		if _, err := io.Copy(io.Discard, data); err != nil {
			return err
		}
		if data.N > 0 {
			return io.ErrUnexpectedEOF
		}
		return skip(c, -int64(h.size)&(h.align-1))
	}
	name, ok, err := u.name(h.name)
	if err != nil {
		return err
	}
	if !ok {
		return finish()
	}
	inode := cpioInode{h.dev, h.ino}
	switch h.mode & cpioType {
	case cpioDir:
		err = u.directory(name, fs.FileMode(h.mode&0o777), h.mtime)
	case cpioLink:
		if h.size > maxName {
			return fmt.Errorf("member %q is a link to a name of %d bytes", h.name, h.size)
		}
		var target []byte
		if target, err = io.ReadAll(data); err == nil {
			err = u.symlink(name, string(bytes.TrimRight(target, "\x00")))
		}
	case cpioFile:
		// In the new form only the last of several names has the bytes.
		if h.links > 1 && h.newForm && h.size == 0 && first[inode] == "" {
			waiting[inode] = append(waiting[inode], h)
			return finish()
		}
		// In the old ones each has them.
		if there := first[inode]; h.links > 1 && there != "" && (h.size == 0 || !h.newForm) {
			err = u.link(name, there)
			break
		}
		sum := &byteSum{r: data}
		if err = u.regular(name, fs.FileMode(h.mode&0o777), h.mtime, int64(h.size), sum); err != nil {
			return err
		}
		if h.summed && uint64(sum.sum) != h.sum {
			return fmt.Errorf("member %q has not the sum that the archive says", h.name)
		}
		if h.links > 1 {
			first[inode] = h.name
		}
		for _, w := range waiting[inode] {
			if err := u.cpioAlias(w, h.name, true); err != nil {
				return err
			}
		}
		delete(waiting, inode)
	default:
		err = special(h.name)
	}
	if err != nil {
		return err
	}
	return finish()
}

// byteSum adds the bytes that are read.
type byteSum struct {
	r   io.Reader
	sum uint32
}

func (s *byteSum) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	for _, b := range p[:n] {
		s.sum += uint32(b)
	}
	return n, err
}

func skip(r io.Reader, n int64) error {
	_, err := io.CopyN(io.Discard, r, n)
	return early(err)
}

// readCPIO reads a header, and leaves c at the data.
func readCPIO(c *counter) (cpioHeader, error) {
	magic, err := c.Peek(6)
	if err != nil {
		return cpioHeader{}, early(err)
	}
	switch {
	case string(magic) == cpioNew, string(magic) == cpioSummed:
		return readNewCPIO(c)
	case string(magic) == cpioPortable:
		return readPortableCPIO(c)
	case string(magic[:2]) == cpioLittle:
		return readBinaryCPIO(c, binary.LittleEndian)
	case string(magic[:2]) == cpioBig:
		return readBinaryCPIO(c, binary.BigEndian)
	}
	return cpioHeader{}, fmt.Errorf("the cpio archive is damaged: a member begins with %q", magic)
}

// readName reads a name of size bytes, its NUL included.
func (h *cpioHeader) readName(c *counter, size uint64) error {
	if size < 2 || size > maxName+1 {
		return fmt.Errorf("the cpio archive is damaged: a name has %d bytes", size)
	}
	name := make([]byte, size)
	if _, err := io.ReadFull(c, name); err != nil {
		return early(err)
	}
	if name[size-1] != 0 {
		return errors.New("the cpio archive is damaged: a name does not end")
	}
	h.name = string(bytes.TrimRight(name, "\x00"))
	if int64(h.size) < 0 {
		return fmt.Errorf("member %q has %d bytes", h.name, h.size)
	}
	return nil
}

func readNewCPIO(c *counter) (cpioHeader, error) {
	var b [110]byte
	if _, err := io.ReadFull(c, b[:]); err != nil {
		return cpioHeader{}, early(err)
	}
	var v [13]uint64
	if err := digits(b[6:], 8, 16, v[:]); err != nil {
		return cpioHeader{}, err
	}
	h := cpioHeader{
		ino: v[0], mode: v[1], links: v[4], mtime: time.Unix(int64(v[5]), 0), size: v[6], dev: v[7]<<32 | v[8],
		sum: v[12], align: 4, newForm: true, summed: string(b[:6]) == cpioSummed,
	}
	if err := h.readName(c, v[11]); err != nil {
		return h, err
	}
	return h, skip(c, -int64(len(b)+int(v[11]))&3)
}

func readPortableCPIO(c *counter) (cpioHeader, error) {
	var b [76]byte
	if _, err := io.ReadFull(c, b[:]); err != nil {
		return cpioHeader{}, early(err)
	}
	var v [7]uint64 // dev, ino, mode, uid, gid, nlink, rdev
	var mtime, name, size [1]uint64
	if err := errors.Join(digits(b[6:48], 6, 8, v[:]), digits(b[48:59], 11, 8, mtime[:]),
		digits(b[59:65], 6, 8, name[:]), digits(b[65:], 11, 8, size[:])); err != nil {
		return cpioHeader{}, err
	}
	h := cpioHeader{dev: v[0], ino: v[1], mode: v[2], links: v[5], mtime: time.Unix(int64(mtime[0]), 0), size: size[0], align: 1}
	return h, h.readName(c, name[0])
}

// readBinaryCPIO reads a header of 16-bit words; larger numbers have their
// higher word first.
func readBinaryCPIO(c *counter, order binary.ByteOrder) (cpioHeader, error) {
	var b [26]byte
	if _, err := io.ReadFull(c, b[:]); err != nil {
		return cpioHeader{}, early(err)
	}
	word := func(i int) uint64 { return uint64(order.Uint16(b[2*i:])) }
	h := cpioHeader{
		dev: word(1), ino: word(2), mode: word(3), links: word(6),
		mtime: time.Unix(int64(word(8)<<16|word(9)), 0), size: word(11)<<16 | word(12), align: 2,
	}
	name := word(10)
	if err := h.readName(c, name); err != nil {
		return h, err
	}
	return h, skip(c, int64(name&1))
}

// digits reads numbers that are written with width digits each.
func digits(b []byte, width, base int, to []uint64) error {
	for i := range to {
		text := string(b[i*width : (i+1)*width])
		n, err := strconv.ParseUint(text, base, 64)
		if err != nil {
			return fmt.Errorf("the cpio archive is damaged: %q is no number", text)
		}
		to[i] = n
	}
	return nil
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

// early says that a file ends where more should come.
func early(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
