package ext4

import "encoding/binary"

// groupInfo is what a group descriptor counts.
type groupInfo struct {
	flags      uint16
	freeBlocks int64
	freeInodes int64
	dirs       int64
	usedInodes int64
	blockSum   uint32 // of the bitmaps
	inodeSum   uint32
}

// summary is all that is counted in the superblock and the group descriptors.
type summary struct {
	groups     []groupInfo
	freeBlocks int64
	freeInodes int64
}

// count goes through all groups once.
func (l *Layout) count() *summary {
	g := l.geo
	s := &summary{groups: make([]groupInfo, g.groups)}
	used := int64(len(l.inodes))
	var bitmap [blockSize]byte
	blocks := l.usedBlocks()
	fullSum := uint32(0) // of a group without a free block
	for i := range s.groups {
		info := &s.groups[i]
		first := int64(i) * g.inodesPerGroup
		info.flags = groupTableZeroed
		info.usedInodes = max(0, min(g.inodesPerGroup, used-first))
		info.freeInodes = g.inodesPerGroup - info.usedInodes
		if info.usedInodes == 0 {
			info.flags |= groupInodeUninit
		} else {
			l.putInodeBitmap(bitmap[:], info.usedInodes)
			info.inodeSum = crc32c(l.csumSeed, bitmap[:g.inodesPerGroup/8])
		}

		inUse := blocks.bitmap(int64(i), bitmap[:])
		info.freeBlocks = g.groupLen(int64(i)) - inUse
		switch {
		case i > 0 && int64(i) < g.groups-1 && inUse == g.base(int64(i)):
			info.flags |= groupBlockUninit
		case inUse == groupBlocks && fullSum != 0:
			info.blockSum = fullSum
		default:
			info.blockSum = crc32c(l.csumSeed, bitmap[:])
			if inUse == groupBlocks {
				fullSum = info.blockSum
			}
		}
		s.freeBlocks += info.freeBlocks
		s.freeInodes += info.freeInodes
	}
	for i := range l.inodes {
		if l.inodes[i].dir != nil {
			s.groups[int64(i)/g.inodesPerGroup].dirs++
		}
	}
	return s
}

// putInodeBitmap encodes the bitmap of a group of which the first so many
// inodes are in use. Bits beyond the group are set.
func (l *Layout) putInodeBitmap(b []byte, used int64) {
	clear(b)
	setBits(b, 0, used)
	setBits(b, l.geo.inodesPerGroup, blockSize*8)
}

// blockUse tells which blocks are in use: sorted spans, read group by group.
type blockUse struct {
	geo   *geometry
	spans []span
}

func (l *Layout) usedBlocks() *blockUse {
	spans := []span{{0, l.plan.end}}
	for _, r := range l.geo.reserved {
		if r.end > l.plan.end {
			spans = append(spans, r)
		}
	}
	return &blockUse{l.geo, mergeSpans(spans)}
}

// bitmap encodes the bitmap of a group and counts its blocks in use. Bits
// beyond the last block are set but not counted. Groups must be asked for in
// ascending order.
func (u *blockUse) bitmap(group int64, b []byte) (inUse int64) {
	clear(b)
	start := group * groupBlocks
	end := start + u.geo.groupLen(group)
	for len(u.spans) > 0 && u.spans[0].start < end {
		s := u.spans[0]
		from, to := max(s.start, start), min(s.end, end)
		setBits(b, from-start, to-start)
		inUse += to - from
		if s.end > end {
			break // it goes on in the next group
		}
		u.spans = u.spans[1:]
	}
	setBits(b, end-start, groupBlocks)
	return inUse
}

// setBits sets the bits from one up to before another.
func setBits(b []byte, from, to int64) {
	for ; from < to && from%8 != 0; from++ {
		b[from/8] |= 1 << (from % 8)
	}
	for ; from+8 <= to; from += 8 {
		b[from/8] = 0xff
	}
	for ; from < to; from++ {
		b[from/8] |= 1 << (from % 8)
	}
}

// descriptors encodes the group descriptors.
func (l *Layout) descriptors(s *summary) []byte {
	le := binary.LittleEndian
	table := make([]byte, l.geo.gdtBlocks*blockSize)
	for i := range s.groups {
		info, at := &s.groups[i], l.geo.desc[i]
		d := table[i*descSize : (i+1)*descSize]
		unused := l.geo.inodesPerGroup - info.usedInodes
		le.PutUint32(d[0x00:], uint32(at.blockBitmap))
		le.PutUint32(d[0x04:], uint32(at.inodeBitmap))
		le.PutUint32(d[0x08:], uint32(at.inodeTable))
		le.PutUint16(d[0x0c:], uint16(info.freeBlocks))
		le.PutUint16(d[0x0e:], uint16(info.freeInodes))
		le.PutUint16(d[0x10:], uint16(info.dirs))
		le.PutUint16(d[0x12:], info.flags)
		le.PutUint16(d[0x18:], uint16(info.blockSum))
		le.PutUint16(d[0x1a:], uint16(info.inodeSum))
		le.PutUint16(d[0x1c:], uint16(unused))
		le.PutUint16(d[0x38:], uint16(info.blockSum>>16))
		le.PutUint16(d[0x3a:], uint16(info.inodeSum>>16))
		sum := crc32c(crc32cUint32(l.csumSeed, uint32(i)), d)
		le.PutUint16(d[0x1e:], uint16(sum))
	}
	return table
}

// superblock encodes the superblock; copies differ in the group they name.
func (l *Layout) superblock(s *summary) []byte {
	g, o := l.geo, l.opt
	le := binary.LittleEndian
	b := make([]byte, 1024)
	put16 := func(at int, v int64) { le.PutUint16(b[at:], uint16(v)) }
	put32 := func(at int, v int64) { le.PutUint32(b[at:], uint32(v)) }

	put32(0x00, g.groups*g.inodesPerGroup)
	put32(0x04, g.blocks)
	put32(0x08, min(o.Reserved/blockSize, s.freeBlocks))
	put32(0x0c, s.freeBlocks)
	put32(0x10, s.freeInodes)
	put32(0x18, blockShift-10) // block size
	put32(0x1c, blockShift-10) // cluster size
	put32(0x20, groupBlocks)
	put32(0x24, groupBlocks) // in clusters
	put32(0x28, g.inodesPerGroup)
	put32(0x30, o.Time) // written
	put16(0x36, 0xffff) // no check after so many mounts
	put16(0x38, 0xef53) // magic
	put16(0x3a, 1)      // clean
	put16(0x3c, 1)      // go on after errors
	put32(0x40, o.Time) // checked
	put32(0x4c, 1)      // revision with features
	put32(0x54, firstInode)
	put16(0x58, inodeSize)
	compat := int64(compatExtAttr | compatDirIndex)
	if l.hasJournal() {
		compat |= compatHasJournal
	}
	put32(0x5c, compat)
	put32(0x60, incompatFiletype|incompatExtents|incompat64Bit|incompatFlexBG)
	put32(0x64, roSparseSuper|roLargeFile|roHugeFile|roDirNlink|roExtraIsize|roMetadataCsum)
	copy(b[0x68:], o.UUID[:])
	copy(b[0x78:0x88], o.Label)
	for i, word := range l.hashSeed {
		put32(0xec+4*i, int64(word))
	}
	b[0xfc] = hashHalfMD4
	put16(0xfe, descSize)
	put32(0x100, 0x4|0x8) // mounted with user_xattr and acl
	put32(0x108, o.Time)  // made
	put16(0x15c, minExtraIsize)
	put16(0x15e, minExtraIsize)
	put32(0x160, 0x2) // names are hashed as unsigned bytes
	b[0x174] = flexShift
	b[0x175] = 1 // checksums are CRC-32C
	put32(0x248, l.overhead())
	hi := byte(o.Time >> 32)
	b[0x274], b[0x276], b[0x277] = hi, hi, hi // written, made, checked
	if l.hasJournal() {
		l.putJournalBackup(b)
	}
	return b
}

// putJournalBackup keeps a copy of where the journal lies, for e2fsck.
func (l *Layout) putJournalBackup(b []byte) {
	var in [inodeSize]byte
	l.putInode(journalInode, in[:])
	le := binary.LittleEndian
	le.PutUint32(b[0xe0:], journalInode)
	b[0xfd] = 1 // what the backup is
	copy(b[0x10c:], in[inodeBlock:inodeBlock+60])
	copy(b[0x10c+60:], in[0x6c:0x70]) // size, high
	copy(b[0x10c+64:], in[0x04:0x08]) // size, low
}

// overhead is what df takes for not usable: all metadata and the journal.
func (l *Layout) overhead() int64 {
	return l.geo.metadata + l.inode(journalInode).size/blockSize
}

// sealSuperblock names the group that a copy lies in and adds the checksum.
func sealSuperblock(b []byte, group int64) {
	binary.LittleEndian.PutUint16(b[0x5a:], uint16(group))
	binary.LittleEndian.PutUint32(b[0x3fc:], crc32c(^uint32(0), b[:0x3fc]))
}
