package ext4

import (
	"errors"
	"fmt"

	"fruix/image/tree"
)

// extent is a run of a file's blocks that lie together on the disk.
type extent struct{ logical, length, physical uint32 }

// allocation says where the data of all inodes lies.
type allocation struct {
	order   []uint32 // inodes with data, in the order of their place
	extents []extent
	nodes   []uint32 // blocks of extent trees
	files   []placed // by inode number, from 1
	end     int64    // the first block behind all data
	blocks  int64    // in use for data
}

// placed is the place of one inode's data.
type placed struct {
	extents slice // of allocation.extents
	nodes   slice // of allocation.nodes: leaves first, then level by level
}

// place decides on the size of the file system and allocates all blocks.
func (l *Layout) place() error {
	data := int64(0)
	for i := range l.inodes {
		for _, r := range part(l.runs, l.inodes[i].runs) {
			data += int64(r.length)
		}
	}
	if data > maxBlocks {
		return fmt.Errorf("tree has %d bytes of data; that is more than an ext4 file system of 32-bit block numbers holds", data*blockSize)
	}
	if l.opt.Size == 0 {
		return l.grow(data, ceilDiv(l.opt.Slack, blockSize))
	}
	short, err := l.try(l.opt.Size/blockSize, data)
	var last lastGroupError
	if errors.As(err, &last) && last.groups > 0 {
		short, err = l.try(last.groups*groupBlocks, data)
	}
	if err == nil && short <= 0 {
		return nil
	}
	// Find out what would do, for the message. Where the metadata of a size
	// happens to be larger than that of a smaller one, it does here too.
	if err := l.grow(data, 0); err != nil {
		return err
	}
	if l.Size() > l.opt.Size {
		return fmt.Errorf("tree does not fit in %d bytes: it takes %d", l.opt.Size, l.Size())
	}
	return nil
}

// grow finds the smallest file system with so many free blocks. Each try tells
// how many blocks are missing at least, so none is skipped that would do.
func (l *Layout) grow(data, free int64) error {
	blocks := data + free + 1
	for {
		if blocks > maxBlocks {
			return fmt.Errorf("tree needs more than the %d bytes that this writer makes", int64(maxBlocks*blockSize))
		}
		short, err := l.try(blocks, data)
		var last lastGroupError
		var inodes inodesError
		switch {
		case errors.As(err, &last):
			blocks = last.groups*groupBlocks + last.need
		case errors.As(err, &inodes):
			blocks = (inodes.groups-1)*groupBlocks + 1
		case err != nil:
			return err
		case short+free <= 0:
			return nil
		default:
			blocks += short + free
		}
	}
}

// try plans a file system of so many blocks. It gives the number of blocks
// that are missing; a negative one is the number of free blocks.
func (l *Layout) try(blocks, data int64) (short int64, err error) {
	journal := l.journalBlocks(blocks)
	spare := l.opt.FreeInodes
	if spare == 0 {
		spare = max(64, (blocks-data-journal)/4)
	}
	if blocks <= 0 {
		return 0, lastGroupError{0, 1}
	}
	if l.geo, err = newGeometry(blocks, int64(len(l.inodes))+spare); err != nil {
		return 0, err
	}
	if l.geo.groups*l.geo.inodesPerGroup > maxBlocks {
		return 0, fmt.Errorf("%d inodes are more than ext4 can number", l.geo.groups*l.geo.inodesPerGroup)
	}
	l.setJournal(journal)
	l.allocate()
	return l.plan.blocks + l.geo.metadata - blocks, nil
}

// allocate gives every run of data its blocks: the journal's first, then those
// of directories and link targets, then those of files.
func (l *Layout) allocate() {
	p := &l.plan
	p.order, p.extents, p.nodes = p.order[:0], p.extents[:0], p.nodes[:0]
	if p.files == nil {
		p.files = make([]placed, len(l.inodes))
	}
	a := allocator{reserved: l.geo.reserved}
	class := func(n *tree.Node, number int) int {
		switch {
		case number == journalInode:
			return 0
		case n.Kind == tree.File:
			return 2
		}
		return 1
	}
	for pass := range 3 {
		for i := range l.inodes {
			in := &l.inodes[i]
			if in.node == nil || class(in.node, i+1) != pass {
				continue
			}
			p.files[i] = placed{}
			if in.runs.count > 0 {
				p.order = append(p.order, uint32(i+1))
				p.files[i] = p.place(&a, part(l.runs, in.runs))
			}
		}
	}
	p.end, p.blocks = a.next, a.taken
}

// place allocates the blocks of one inode and, behind them, of its extent tree.
func (p *allocation) place(a *allocator, runs []run) placed {
	out := placed{extents: slice{first: uint32(len(p.extents))}}
	for _, r := range runs {
		logical := r.logical
		a.take(int64(r.length), func(start, n int64) {
			for n > 0 {
				length := min(n, maxExtentLen)
				p.extents = append(p.extents, extent{logical, uint32(length), uint32(start)})
				logical += uint32(length)
				start += length
				n -= length
			}
		})
	}
	out.extents.count = uint32(len(p.extents)) - out.extents.first
	out.nodes = slice{uint32(len(p.nodes)), extentNodes(out.extents.count)}
	a.take(int64(out.nodes.count), func(start, n int64) {
		for i := range n {
			p.nodes = append(p.nodes, uint32(start+i))
		}
	})
	return out
}
