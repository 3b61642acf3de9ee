package ext4

import (
	"encoding/binary"

	"fruix/image/tree"
)

// journalBlocks is the size of the journal of a file system of so many blocks.
// The steps are those of mke2fs.
func (l *Layout) journalBlocks(blocks int64) int64 {
	switch {
	case l.opt.Journal < 0:
		return 0
	case l.opt.Journal > 0:
		return l.opt.Journal / blockSize
	case blocks < 2*minJournal && l.opt.Size != 0:
		return 0
	}
	size := int64(minJournal)
	for _, step := range []struct{ blocks, journal int64 }{
		{32 << 10, 4 << 10},
		{256 << 10, 8 << 10},
		{512 << 10, 16 << 10},
		{4 << 20, 32 << 10},
		{8 << 20, 64 << 10},
		{16 << 20, 128 << 10},
		{32 << 20, 256 << 10},
	} {
		if blocks >= step.blocks {
			size = step.journal
		}
	}
	return size
}

// setJournal gives the journal's inode its size, 0 for none.
func (l *Layout) setJournal(blocks int64) {
	in := l.inode(journalInode)
	*in = inode{}
	if blocks > 0 {
		l.runs[0] = run{0, uint32(blocks)}
		*in = inode{
			node:  &tree.Node{Kind: tree.File, Mode: 0o600, MTime: l.opt.Time},
			size:  blocks * blockSize,
			links: 1,
			runs:  slice{0, 1},
		}
	}
}

func (l *Layout) hasJournal() bool { return l.inode(journalInode).node != nil }

// putJournal encodes the superblock of a clean journal that was never used
// (Documentation/filesystems/ext4, "Journal (jbd2)"). The rest of the journal
// is zeros.
func (l *Layout) putJournal(b []byte) {
	be := binary.BigEndian
	be.PutUint32(b[0x00:], 0xc03b3998)
	be.PutUint32(b[0x04:], 4) // superblock, version 2
	be.PutUint32(b[0x0c:], blockSize)
	be.PutUint32(b[0x10:], uint32(l.inode(journalInode).size/blockSize))
	be.PutUint32(b[0x14:], 1) // first block of the log
	be.PutUint32(b[0x18:], 1) // first transaction expected
	copy(b[0x30:], l.opt.UUID[:])
	be.PutUint32(b[0x40:], 1) // users
}
