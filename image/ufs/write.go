package ufs

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"fruix/image/tree"
)

// What can be written at an offset.
const (
	writeRecovery = iota
	writeSuperblock
	writeSummaries
	writeGroup
	writeInodes
	writeIndirect
	writeData
)

// item is a piece of the file system that is written at once.
type item struct {
	off   int64 // in bytes
	kind  uint8
	index int32 // of the group or the inode
	run   int32 // which of an inode's runs
}

// items lists everything in ascending order.
func (l *Layout) items() []item {
	g := l.g
	list := make([]item, 0, 3+3*int(g.ncg)+len(l.plan.inodes)+len(l.plan.inodes)/4)
	add := func(kind uint8, addr int64, index, run int) {
		list = append(list, item{addr * g.fsize, kind, int32(index), int32(run)})
	}
	list = append(list,
		item{off: superblockAt - 20, kind: writeRecovery},
		item{off: superblockAt, kind: writeSuperblock})
	add(writeSummaries, g.dblkno, 0, 0)
	for cg := range l.groups {
		base := g.groupBase(int64(cg))
		add(writeSuperblock, base+g.sblkno, cg, 0)
		add(writeGroup, base+g.cblkno, cg, 0)
		add(writeInodes, base+g.iblkno, cg, 0)
	}
	for i := range l.at.places {
		for k, r := range l.at.places[i].indirect {
			add(writeIndirect, r.addr, i, k)
		}
		for k, r := range l.at.places[i].data {
			add(writeData, r.addr, i, k)
		}
	}
	slices.SortFunc(list, func(a, b item) int { return cmp.Compare(a.off, b.off) })
	return list
}

// WriteTo writes the file system to w, whose offset 0 is its start, at
// ascending offsets. What is not written must read as zeros: w is a fresh
// sparse file or a part of one. It may be called again.
func (l *Layout) WriteTo(w io.WriterAt) error {
	wr := writer{l: l, w: w, out: sequential{w: w}, open: make(map[int32]*source), kept: make(map[int32][]byte)}
	err := wr.all()
	for _, s := range wr.open {
		if cerr := s.Close(); err == nil {
			err = cerr
		}
	}
	return err
}

// writer is one pass.
type writer struct {
	l    *Layout
	w    io.WriterAt
	out  sequential // in front of w
	open map[int32]*source
	kept map[int32][]byte // ends of files that were read with what comes before
}

// source is a file in the midst of being written.
type source struct {
	*tree.Source
	pos int64
}

func (w *writer) all() error {
	for _, it := range w.l.items() {
		if err := w.item(it); err != nil {
			return err
		}
	}
	return w.out.flush()
}

func (w *writer) item(it item) error {
	switch it.kind {
	case writeRecovery:
		return w.out.write(w.l.recovery(), it.off)
	case writeSuperblock:
		return w.out.write(w.l.superblock(it.off), it.off)
	case writeSummaries:
		return w.out.write(w.l.summaries(), it.off)
	case writeGroup:
		return w.out.write(w.l.groupHeader(int(it.index)), it.off)
	case writeInodes:
		return w.inodes(int(it.index), it.off)
	case writeIndirect:
		return w.indirect(it)
	}
	n := &w.l.plan.inodes[it.index]
	if err := w.data(it, n); err != nil {
		return fmt.Errorf("ufs: writing %s: %w", w.l.plan.describe(it.index), err)
	}
	return nil
}

// inodes writes the inodes of a group that are in use.
func (w *writer) inodes(cg int, off int64) error {
	list := w.l.at.groups[cg]
	if cg == 0 {
		off += rootInode * inodeLen
	}
	const atOnce = 256
	for len(list) > 0 {
		part := list[:min(len(list), atOnce)]
		buf := make(record, len(part)*inodeLen)
		for k, i := range part {
			w.l.encodeInode(i, buf[k*inodeLen:(k+1)*inodeLen])
		}
		if err := w.out.write(buf, off); err != nil {
			return err
		}
		off += int64(len(buf))
		list = list[len(part):]
	}
	return nil
}

// indirect writes one run of the indirect blocks of a file.
func (w *writer) indirect(it item) error {
	at := &w.l.at.places[it.index]
	m := w.l.newBlockMap(&w.l.plan.inodes[it.index], at)
	first := int64(0)
	for _, r := range at.indirect[:it.run] {
		first += r.n / w.l.g.frag
	}
	off := it.off
	for k := first; k < first+at.indirect[it.run].n/w.l.g.frag; k++ {
		if err := w.out.write(m.encode(int(k)), off); err != nil {
			return err
		}
		off += w.l.g.bsize
	}
	return nil
}

// direct is the length from which a piece of a file is written without passing
// through the buffer, so that the kernel can copy it.
const direct = 256 << 10

// data writes one run of a file.
func (w *writer) data(it item, n *inode) error {
	g, runs := w.l.g, w.l.at.places[it.index].data
	r := runs[it.run]
	if kept, ok := w.kept[it.index]; ok && int(it.run) == len(runs)-1 {
		delete(w.kept, it.index)
		return w.out.write(kept, it.off)
	}
	start := r.block * g.bsize
	length := min(r.n*g.fsize, n.size-start)
	s, err := w.source(it.index, n, start)
	if err != nil {
		return err
	}
	if length >= direct {
		if err := w.out.flush(); err != nil {
			return err
		}
		err = s.Copy(w.w, it.off, length, tree.CopyOptions{})
	} else {
		err = s.Copy(&w.out, it.off, length, tree.CopyOptions{})
	}
	if err != nil {
		return err
	}
	s.pos = start + length
	if int(it.run)+1 == len(runs) {
		return w.close(it.index)
	}
	// Where the end of the file comes later, read it now rather than leave
	// the file open.
	next := runs[it.run+1]
	if int(it.run)+2 < len(runs) || next.n >= g.frag || next.addr < r.addr {
		return nil
	}
	end := make(memory, n.size-next.block*g.bsize)
	s.Skip(next.block*g.bsize - s.pos)
	if err := s.Copy(end, 0, int64(len(end)), tree.CopyOptions{}); err != nil {
		return err
	}
	w.kept[it.index] = end
	return w.close(it.index)
}

// source gives the content of an inode, to be read from start on.
func (w *writer) source(i int32, n *inode, start int64) (*source, error) {
	s := w.open[i]
	if s != nil && s.pos > start {
		if err := w.close(i); err != nil {
			return nil, err
		}
		s = nil
	}
	if s == nil {
		src, err := tree.OpenSource(n.content)
		if err != nil {
			return nil, err
		}
		s = &source{Source: src}
		w.open[i] = s
	}
	s.Skip(start - s.pos)
	s.pos = start
	return s, nil
}

func (w *writer) close(i int32) error {
	s := w.open[i]
	delete(w.open, i)
	return s.Close()
}

// memory is a target of known length in memory.
type memory []byte

// WriteAt implements io.WriterAt.
func (m memory) WriteAt(p []byte, off int64) (int, error) {
	return copy(m[off:], p), nil
}

// sequential gathers small writes at ascending offsets into large ones.
type sequential struct {
	w   io.WriterAt
	buf []byte
	off int64 // of buf
}

const (
	sequentialBuffer = 1 << 20
	// Between two writes so far apart, zeros are written. Less than a page of
	// the host cannot be a hole anyway.
	sequentialGap = 4095
)

// WriteAt implements io.WriterAt.
func (s *sequential) WriteAt(p []byte, off int64) (int, error) {
	if err := s.write(p, off); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (s *sequential) write(p []byte, off int64) error {
	gap := off - (s.off + int64(len(s.buf)))
	if gap < 0 || gap > sequentialGap || len(s.buf)+int(gap)+len(p) > sequentialBuffer {
		if err := s.flush(); err != nil {
			return err
		}
		if len(p) >= sequentialBuffer {
			_, err := s.w.WriteAt(p, off)
			return err
		}
		s.off, gap = off, 0
		if s.buf == nil {
			s.buf = make([]byte, 0, sequentialBuffer)
		}
	}
	if gap > 0 {
		s.buf = append(s.buf, zeroes[:gap]...)
	}
	s.buf = append(s.buf, p...)
	return nil
}

var zeroes [sequentialGap]byte // never written

func (s *sequential) flush() error {
	if len(s.buf) == 0 {
		return nil
	}
	_, err := s.w.WriteAt(s.buf, s.off)
	s.off += int64(len(s.buf))
	s.buf = s.buf[:0]
	return err
}
