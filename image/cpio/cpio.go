// Package cpio writes archives in the "newc" format (magic number 070701) of
// cpio(5), which is what the Linux kernel unpacks into its first root file
// system (Documentation/driver-api/early-userspace/buffer-format.rst).
//
// A tree goes in and a stream of bytes comes out. Compression is the caller's.
package cpio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"

	"fruix/image/tree"
)

const (
	headerSize = 110 // the magic number and 13 fields of 8 hexadecimal digits
	trailer    = "TRAILER!!!"
	// blockSize is what the whole archive is padded to, as GNU cpio does.
	blockSize = 512
	// MaxPath is the longest path and the longest link target that the
	// kernel unpacks: PATH_MAX, counting a terminating NUL.
	MaxPath = 4096
)

// The file types of st_mode, as cpio(5) numbers them.
var types = [...]uint32{
	tree.Dir:         0o040000,
	tree.File:        0o100000,
	tree.Symlink:     0o120000,
	tree.CharDevice:  0o020000,
	tree.BlockDevice: 0o060000,
	tree.Fifo:        0o010000,
	tree.Socket:      0o140000,
}

// Archive is a planned archive. It holds the tree, which must not change.
type Archive struct {
	items []item
	size  int64
}

// item is one entry of the archive. Its size is that of the bytes that follow,
// which is 0 for all names of a regular file but its last.
type item struct {
	path  string
	node  *tree.Node
	ino   uint32
	nlink int
	size  int64
}

// New plans the archive of a tree. Entries come in the order in which they
// stand in the tree, sorted by name if tree.Sort was called; the root is ".".
// Inode numbers count up from 1, and a file with several names is stored
// with the last of them, so the archive is a function of the tree alone.
//
// What the format or the kernel cannot take is an error: files of 4 GiB and
// more, times before 1970 or after 2106, paths of MaxPath bytes and more.
func New(root *tree.Node) (*Archive, error) {
	if err := tree.Validate(root); err != nil {
		return nil, err
	}
	a := &Archive{}
	links := tree.Links(root)
	inodes := make(map[*tree.Node]uint32)
	names := make(map[*tree.Node]int) // of a node, so far
	err := tree.Walk(root, func(path string, n *tree.Node, _ bool) error {
		it := item{path: path, node: n, nlink: links[n]}
		if n.Kind == tree.Dir {
			it.nlink = 2 + subdirectories(n)
		}
		if inodes[n] == 0 {
			if len(inodes) == math.MaxUint32 {
				return errors.New("more files than the format can number")
			}
			inodes[n] = uint32(len(inodes) + 1)
		}
		it.ino = inodes[n]
		names[n]++
		// The kernel takes each name of a symbolic link for a new link, so
		// only the content of files can wait for the last name.
		if n.Kind != tree.File || names[n] == it.nlink {
			it.size = n.Size()
		}
		if err := check(it); err != nil {
			return fmt.Errorf("%q: %w", path, err)
		}
		a.items = append(a.items, it)
		a.size += pad(headerSize+int64(len(path))+1, 4) + pad(it.size, 4)
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.size = pad(a.size+pad(headerSize+int64(len(trailer))+1, 4), blockSize)
	return a, nil
}

func subdirectories(n *tree.Node) (count int) {
	for _, e := range n.Entries {
		if e.Node.Kind == tree.Dir {
			count++
		}
	}
	return count
}

func check(it item) error {
	n := it.node
	switch {
	case n.Size() > math.MaxUint32:
		return fmt.Errorf("has %d bytes; a cpio archive holds files below 4 GiB", n.Size())
	case n.MTime < 0 || n.MTime > math.MaxUint32:
		return fmt.Errorf("time %d cannot be said in a cpio archive (0 to %d)", n.MTime, uint32(math.MaxUint32))
	case len(it.path) >= MaxPath:
		return fmt.Errorf("path is %d bytes long; the kernel unpacks fewer than %d", len(it.path), MaxPath)
	case n.Kind == tree.Symlink && len(n.Target) >= MaxPath:
		return fmt.Errorf("link target is %d bytes long; the kernel unpacks fewer than %d", len(n.Target), MaxPath)
	case it.path == trailer:
		return errors.New("this name ends a cpio archive")
	}
	return nil
}

// Size is the length of the archive in bytes.
func (a *Archive) Size() int64 { return a.size }

// WriteTo writes the archive and returns how many bytes of it went to w.
func (a *Archive) WriteTo(w io.Writer) (int64, error) {
	cw := &counter{w: w}
	s := stream{w: bufio.NewWriterSize(cw, 64<<10), buf: make([]byte, 256<<10)}
	err := s.archive(a)
	return cw.n, err
}

// Write is New and WriteTo in one.
func Write(w io.Writer, root *tree.Node) error {
	a, err := New(root)
	if err != nil {
		return err
	}
	_, err = a.WriteTo(w)
	return err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

type stream struct {
	w   *bufio.Writer
	n   int64
	buf []byte
}

func (s *stream) archive(a *Archive) error {
	for _, it := range a.items {
		if err := s.item(it); err != nil {
			return fmt.Errorf("%q: %w", it.path, err)
		}
	}
	if err := s.header(item{path: trailer, node: &tree.Node{}, nlink: 1}, 0); err != nil {
		return err
	}
	if err := s.align(blockSize); err != nil {
		return err
	}
	return s.w.Flush()
}

func (s *stream) item(it item) error {
	n := it.node
	if err := s.header(it, types[n.Kind]|n.Mode); err != nil {
		return err
	}
	switch {
	case it.size == 0:
		return nil
	case n.Kind == tree.Symlink:
		if err := s.write([]byte(n.Target)); err != nil {
			return err
		}
	default:
		if err := s.content(n.Content); err != nil {
			return err
		}
	}
	return s.align(4)
}

func (s *stream) content(c tree.Content) error {
	r, err := c.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	for left := c.Size(); left > 0; {
		n, err := io.ReadFull(r, s.buf[:min(left, int64(len(s.buf)))])
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return fmt.Errorf("content ended %d bytes short of the %d that were promised: %w",
				left-int64(n), c.Size(), io.ErrUnexpectedEOF)
		}
		if err != nil {
			return err
		}
		if err := s.write(s.buf[:n]); err != nil {
			return err
		}
		left -= int64(n)
	}
	return nil
}

// header writes the fields of cpio(5), "New ASCII Format", and the path.
func (s *stream) header(it item, mode uint32) error {
	n := it.node
	major, minor := n.Major, n.Minor
	b := append(s.buf[:0], "070701"...)
	for _, field := range [...]uint32{
		it.ino, mode, n.UID, n.GID, uint32(it.nlink), uint32(n.MTime), uint32(it.size),
		0, 0, // the device that the archive was made from: none
		major, minor, uint32(len(it.path) + 1),
		0, // the check sum of the sister format 070702
	} {
		b = appendHex(b, field)
	}
	b = append(b, it.path...)
	b = append(b, 0)
	if err := s.write(b); err != nil {
		return err
	}
	return s.align(4)
}

// appendHex writes the eight digits of a field. The kernel takes either case;
// GNU cpio writes capitals.
func appendHex(b []byte, v uint32) []byte {
	const digits = "0123456789ABCDEF"
	for shift := 28; shift >= 0; shift -= 4 {
		b = append(b, digits[v>>shift&15])
	}
	return b
}

func (s *stream) write(b []byte) error {
	n, err := s.w.Write(b)
	s.n += int64(n)
	return err
}

func (s *stream) align(unit int64) error {
	var zeros [blockSize]byte
	return s.write(zeros[:pad(s.n, unit)-s.n])
}

// pad gives the least multiple of unit that is not below n.
func pad(n, unit int64) int64 { return (n + unit - 1) / unit * unit }
