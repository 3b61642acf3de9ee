package ufscheck

import (
	"errors"
	"fmt"
	"io"

	"fruix/image/tree"
)

// Read gives the tree that a file system holds. The contents are read from r
// when they are opened; their extents are the blocks that are stored. A file
// system with problems is refused: the error has the first.
func Read(r io.ReaderAt, length int64) (*tree.Node, error) {
	c, err := examine(r, length)
	if err != nil {
		return nil, err
	}
	if len(c.problems) > 0 {
		return nil, fmt.Errorf("the file system has %d problems, the first is: %v", len(c.problems), c.problems[0])
	}
	nodes := make(map[uint32]*tree.Node, len(c.files))
	for ino, f := range c.files {
		n, err := c.node(f)
		if err != nil {
			return nil, err
		}
		nodes[ino] = n
	}
	for ino, f := range c.files {
		if !f.isDir() {
			continue
		}
		entries, err := c.entries(f, c.paths[ino])
		if err != nil {
			return nil, err
		}
		for _, e := range entries[2:] {
			nodes[ino].Entries = append(nodes[ino].Entries, tree.Entry{Name: e.name, Node: nodes[e.ino]})
		}
	}
	return nodes[rootIno], nil
}

// Summary gives the superblock of a file system, whether or not the rest of it
// is sound.
func Summary(r io.ReaderAt, length int64) (Superblock, error) {
	c := &checker{r: r, length: length}
	ok, err := c.checkSuper()
	if err == nil && !ok {
		err = errors.New(c.problems[0].String())
	}
	return c.fs, err
}

// node describes an inode.
func (c *checker) node(f *file) (*tree.Node, error) {
	d := &f.d
	n := &tree.Node{Mode: uint32(d.Mode) & 0o7777, UID: d.UID, GID: d.GID, MTime: d.Mtime}
	if d.Atime != d.Mtime || d.Ctime != d.Mtime || d.Birthtime != d.Mtime {
		return nil, fmt.Errorf("inode %d has times that differ", f.ino)
	}
	switch f.kind() {
	case ifdir:
		n.Kind = tree.Dir
	case iflnk:
		n.Kind = tree.Symlink
		if d.Size < maxSymlink {
			n.Target = string(encode(d)[112 : 112+d.Size])
			break
		}
		target, err := c.contents(f, 1<<16)
		if err != nil {
			return nil, err
		}
		n.Target = string(target)
	case ifchr, ifblk:
		n.Kind = tree.CharDevice
		if f.kind() == ifblk {
			n.Kind = tree.BlockDevice
		}
		// major() and minor() of sys/types.h.
		dev := uint64(d.Db[0])
		n.Major = uint32(dev>>32)&0xffffff00 | uint32(dev>>8)&0xff
		n.Minor = uint32(dev>>24)&0xff00 | uint32(dev)&0xffff00ff
	case ififo:
		n.Kind = tree.Fifo
	case ifsock:
		n.Kind = tree.Socket
	default:
		n.Kind = tree.File
		if d.Size > 0 {
			n.Content = &content{c.r, c.fsize(), c.bsize(), int64(d.Size), f.runs}
		}
	}
	return n, nil
}

// content is the body of a file in an image.
type content struct {
	image              io.ReaderAt
	fsize, bsize, size int64
	runs               []run
}

// Size implements tree.Content.
func (c *content) Size() int64 { return c.size }

// Open implements tree.Content.
func (c *content) Open() (io.ReadCloser, error) {
	return io.NopCloser(&fileReader{image: c.image, fsize: c.fsize, bsize: c.bsize, size: c.size, runs: c.runs}), nil
}

// Extents implements tree.Sparse.
func (c *content) Extents() ([]tree.Extent, error) {
	var out []tree.Extent
	for _, r := range c.runs {
		e := tree.Extent{Off: r.block * c.bsize, Len: r.n * c.fsize}
		e.Len = min(e.Len, c.size-e.Off)
		if k := len(out) - 1; k >= 0 && out[k].Off+out[k].Len == e.Off {
			out[k].Len += e.Len
			continue
		}
		out = append(out, e)
	}
	return out, nil
}

// fileReader reads a file from front to back.
type fileReader struct {
	image              io.ReaderAt
	fsize, bsize, size int64
	runs               []run
	pos                int64
}

// Read implements io.Reader.
func (f *fileReader) Read(p []byte) (int, error) {
	if f.pos >= f.size {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), f.size-f.pos)]
	for len(f.runs) > 0 && f.runs[0].block*f.bsize+f.runs[0].n*f.fsize <= f.pos {
		f.runs = f.runs[1:]
	}
	hole := int64(len(p)) // until the next run
	if len(f.runs) > 0 {
		r := f.runs[0]
		start := r.block * f.bsize
		if f.pos >= start {
			p = p[:min(int64(len(p)), start+r.n*f.fsize-f.pos)]
			n, err := f.image.ReadAt(p, r.addr*f.fsize+f.pos-start)
			f.pos += int64(n)
			if n == len(p) {
				err = nil
			} else if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
		hole = min(hole, start-f.pos)
	}
	clear(p[:hole])
	f.pos += hole
	return int(hole), nil
}
