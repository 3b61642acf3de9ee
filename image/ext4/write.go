package ext4

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"fruix/image/tree"
)

// WriteTo writes the file system with its start at offset 0 of w, in ascending
// offsets. What it does not write (free space, holes, tables not in use) must
// read as zeros, as it does in a fresh sparse file. An error names the file
// whose content could not be read or the offset that could not be written.
func (l *Layout) WriteTo(w io.WriterAt) error {
	out := &writer{l: l, summary: l.count(), blocks: l.usedBlocks(), sink: startSink(w)}
	out.metadata = l.metadata(out.summary)
	out.buf = out.sink.buffer()
	err := out.all()
	if serr := out.sink.finish(); serr != nil {
		err = serr // what came first
	}
	if err != nil {
		return fmt.Errorf("ext4: %w", err)
	}
	return nil
}

// Contents up to this size go through a buffer, together with their
// neighbours. Larger ones are copied apart, by the kernel where it can.
const smallContent = 256 << 10

// writer is one writing of a Layout. It fills buffers with metadata and small
// contents while its sink writes earlier ones.
type writer struct {
	l        *Layout
	sink     *sink
	buf      []byte // what belongs at off and was not handed on yet
	off      int64
	summary  *summary
	blocks   *blockUse
	metadata []piece // of the groups, not written yet
}

// all hands everything to the sink.
func (w *writer) all() error {
	for _, number := range w.l.plan.order {
		if err := w.data(number); err != nil {
			return err
		}
	}
	if err := w.before(w.l.geo.blocks); err != nil {
		return err
	}
	return w.flush()
}

// piece is a part of the groups' metadata.
type piece struct {
	block int64
	write func(w *writer, p piece) error
	group int64
}

// metadata lists the groups' metadata by address.
func (l *Layout) metadata(s *summary) []piece {
	super, table := l.superblock(s), l.descriptors(s)
	copyOf := func(w *writer, p piece) error {
		b, err := w.room(p.block*blockSize, (1+l.geo.gdtBlocks)*blockSize)
		if err != nil {
			return err
		}
		at := b
		if p.group == 0 {
			at = b[1024:] // after the boot sector
		}
		copy(at, super)
		sealSuperblock(at[:len(super)], p.group)
		copy(b[blockSize:], table)
		return nil
	}
	var list []piece
	for i := range l.geo.groups {
		info, at := &s.groups[i], l.geo.desc[i]
		if hasSuper(i) {
			list = append(list, piece{i * groupBlocks, copyOf, i})
		}
		if info.flags&groupBlockUninit == 0 {
			list = append(list, piece{at.blockBitmap, (*writer).blockBitmap, i})
		}
		if info.flags&groupInodeUninit == 0 {
			list = append(list, piece{at.inodeBitmap, (*writer).inodeBitmap, i}, piece{at.inodeTable, (*writer).inodeTable, i})
		}
	}
	slices.SortFunc(list, func(a, b piece) int { return cmp.Compare(a.block, b.block) })
	return list
}

// before writes the groups' metadata that lies before a block.
func (w *writer) before(block int64) error {
	for len(w.metadata) > 0 && w.metadata[0].block < block {
		p := w.metadata[0]
		if err := p.write(w, p); err != nil {
			return err
		}
		w.metadata = w.metadata[1:]
	}
	return nil
}

func (w *writer) blockBitmap(p piece) error {
	b, err := w.room(p.block*blockSize, blockSize)
	if err == nil {
		w.blocks.bitmap(p.group, b)
	}
	return err
}

func (w *writer) inodeBitmap(p piece) error {
	b, err := w.room(p.block*blockSize, blockSize)
	if err == nil {
		w.l.putInodeBitmap(b, w.summary.groups[p.group].usedInodes)
	}
	return err
}

func (w *writer) inodeTable(p piece) error {
	number := uint32(p.group * w.l.geo.inodesPerGroup)
	left := w.summary.groups[p.group].usedInodes
	for off := p.block * blockSize; left > 0; off += blockSize {
		b, err := w.room(off, blockSize)
		if err != nil {
			return err
		}
		for ; left > 0 && len(b) > 0; b = b[inodeSize:] {
			number++
			left--
			w.l.putInode(number, b[:inodeSize])
		}
	}
	return nil
}

// data writes the data of an inode and its extent tree, and all metadata of
// groups that lies before them.
func (w *writer) data(number uint32) error {
	in := w.l.inode(number)
	place := w.l.plan.files[number-1]
	extents := part(w.l.plan.extents, place.extents)
	var err error
	switch {
	case number == journalInode:
		var b []byte
		if b, err = w.at(extents[0].physical, blockSize); err == nil {
			w.l.putJournal(b)
		}
	case in.dir != nil:
		err = w.directory(in.dir, extents)
	case in.node.Kind == tree.Symlink:
		var b []byte
		if b, err = w.at(extents[0].physical, blockSize); err == nil {
			copy(b, in.node.Target)
		}
	default:
		if err = w.content(in, extents); err != nil {
			err = w.l.contentError(in.node, err)
		}
	}
	if err != nil || place.nodes.count == 0 {
		return err
	}
	var root [60]byte
	return extentTree(root[:], extents, part(w.l.plan.nodes, place.nodes), inodeSeed(w.l.csumSeed, number),
		func(block uint32, node []byte) error {
			b, err := w.at(block, blockSize)
			copy(b, node)
			return err
		})
}

func (w *writer) directory(d *directory, extents []extent) error {
	seed := inodeSeed(w.l.csumSeed, d.number)
	for _, e := range extents {
		for i := range e.length {
			b, err := w.at(e.physical+i, blockSize)
			if err != nil {
				return err
			}
			d.encode(e.logical+i, b, seed)
		}
	}
	return nil
}

func (w *writer) content(in *inode, extents []extent) error {
	if in.size <= smallContent && len(extents) == 1 && extents[0].logical == 0 &&
		int64(extents[0].length) == ceilDiv(in.size, blockSize) {
		return w.small(in, extents[0])
	}
	return w.large(in, extents)
}

// small reads a content that lies in one piece into the buffer.
func (w *writer) small(in *inode, e extent) error {
	if err := w.before(int64(e.physical)); err != nil {
		return err
	}
	b, err := w.extend(int64(e.physical)*blockSize, int64(e.length)*blockSize)
	if err != nil {
		return err
	}
	clear(b[in.size:])
	r, err := in.node.Content.Open()
	if err != nil {
		return err
	}
	n, err := io.ReadFull(r, b[:in.size])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = fmt.Errorf("content ended at byte %d, %d were promised: %w", n, in.size, io.ErrUnexpectedEOF)
	}
	return errors.Join(err, r.Close())
}

// large has the sink copy a content from extent to extent, past the buffer.
func (w *writer) large(in *inode, extents []extent) error {
	c := &contentCopy{l: w.l, sink: w.sink, in: in}
	for i, e := range extents {
		if err := w.before(int64(e.physical)); err != nil {
			return err
		}
		if err := w.flush(); err != nil {
			return err
		}
		last := i == len(extents)-1
		if err := w.sink.do(func(target io.WriterAt) error { return c.extent(target, e, last) }); err != nil {
			return err
		}
	}
	return nil
}

// contentCopy is the copying of one large content. It runs in the sink.
type contentCopy struct {
	l      *Layout
	sink   *sink
	in     *inode
	source *tree.Source
	done   int64
}

// extent copies what belongs in one extent; extents are given in order.
func (c *contentCopy) extent(target io.WriterAt, e extent, last bool) error {
	err := c.copy(target, e)
	if err == nil && last {
		c.sink.open = nil
		err = c.source.Close()
	}
	if err != nil {
		return c.l.contentError(c.in.node, err)
	}
	return nil
}

func (c *contentCopy) copy(target io.WriterAt, e extent) error {
	if c.source == nil {
		source, err := tree.OpenSource(c.in.node.Content)
		if err != nil {
			return err
		}
		c.source, c.sink.open = source, source
	}
	from := int64(e.logical) * blockSize
	n := min(int64(e.length)*blockSize, c.in.size-from)
	c.source.Skip(from - c.done)
	c.done = from + n
	return c.source.Copy(target, int64(e.physical)*blockSize, n, tree.CopyOptions{})
}

// contentError adds the path, which is looked for only now that it is needed.
func (l *Layout) contentError(n *tree.Node, err error) error {
	path := "?"
	_ = tree.Walk(l.inode(rootInode).node, func(p string, other *tree.Node, _ bool) error {
		if other == n {
			path = p
			return io.EOF // found; the error itself says nothing
		}
		return nil
	})
	return fmt.Errorf("%q: %w", path, err)
}

// at is room for n bytes at a block of data. Metadata that lies before goes first.
func (w *writer) at(block uint32, n int64) ([]byte, error) {
	if err := w.before(int64(block)); err != nil {
		return nil, err
	}
	return w.room(int64(block)*blockSize, n)
}

// room gives zero bytes to fill that will be written at off, which does not
// lie before what was given out already. They must be filled before the next
// call.
func (w *writer) room(off, n int64) ([]byte, error) {
	b, err := w.extend(off, n)
	clear(b)
	return b, err
}

// extend is room with anything in it.
func (w *writer) extend(off, n int64) ([]byte, error) {
	if off != w.off+int64(len(w.buf)) || int64(len(w.buf))+n > int64(cap(w.buf)) {
		if err := w.flush(); err != nil {
			return nil, err
		}
		w.off = off
		if n > int64(cap(w.buf)) {
			w.buf = make([]byte, 0, n)
		}
	}
	start := len(w.buf)
	w.buf = w.buf[:start+int(n)]
	return w.buf[start:], nil
}

// flush hands the buffer to the sink and takes another.
func (w *writer) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	b, off := w.buf, w.off
	w.off += int64(len(b))
	err := w.sink.do(func(target io.WriterAt) error {
		_, err := target.WriteAt(b, off)
		w.sink.recycle(b)
		return err
	})
	w.buf = w.sink.buffer()
	return err
}
