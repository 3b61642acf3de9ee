package ufs

import (
	"fmt"
	"math/bits"
)

// Constants of the format, by their names in fs.h and dinode.h.
const (
	superblockAt   = 65536 // SBLOCK_UFS2
	superblockRoom = 8192  // SBLOCKSIZE
	superblockLen  = 1376  // sizeof(struct fs)
	cgHeaderLen    = 168   // offset of cg_space
	cgStructLen    = 176   // sizeof(struct cg)
	csumLen        = 16    // sizeof(struct csum)
	inodeLen       = 256   // sizeof(struct ufs2_dinode)
	directBlocks   = 12    // UFS_NDADDR
	indirectLevels = 3     // UFS_NIADDR
	rootInode      = 2     // UFS_ROOTINO
	sector         = 512   // DEV_BSIZE
	maxContigSum   = 16    // FS_MAXCONTIG
	minGroups      = 4     // MINCYLGRPS
	maxTransfer    = 1 << 20
)

// geometry is all that follows from the size of a file system and the options.
// Lengths and addresses are in fragments if not said otherwise.
type geometry struct {
	bsize, fsize int64 // bytes
	frag         int64 // fragments in a block
	inopb        int64 // inodes in a block
	inopf        int64 // inodes in a fragment
	nindir       int64 // addresses in an indirect block
	maxcontig    int64 // blocks in one transfer
	contigsum    int64 // longest run of free blocks that is counted as such

	size int64 // of the file system
	ncg  int64 // number of cylinder groups
	fpg  int64 // fragments in a group
	ipg  int64 // inodes in a group

	// Where things are in each group.
	sblkno, cblkno, iblkno, dblkno int64

	cgsize    int64 // bytes of a group's header and maps, in whole fragments
	cssize    int64 // bytes of the summaries of all groups, in whole fragments
	csfrags   int64
	sbsize    int64 // bytes of the superblock that are written
	minfree   int64 // percent
	metaspace int64
	dsize     int64
}

func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }
func howMany(n, unit int64) int64 { return (n + unit - 1) / unit }
func log2(n int64) int32          { return int32(bits.TrailingZeros64(uint64(n))) }

// blockParameters sets what depends on the options alone.
func blockParameters(o Options) geometry {
	g := geometry{bsize: int64(o.BlockSize), fsize: int64(o.FragmentSize), minfree: int64(o.MinFree)}
	g.frag = g.bsize / g.fsize
	g.inopb = g.bsize / inodeLen
	g.inopf = g.fsize / inodeLen
	g.nindir = g.bsize / 8
	g.maxcontig = max(1, maxTransfer/g.bsize)
	g.contigsum = min(g.maxcontig, maxContigSum)
	g.sblkno = roundUp(howMany(superblockAt+superblockRoom, g.fsize), g.frag)
	g.cblkno = g.sblkno + roundUp(howMany(superblockRoom, g.fsize), g.frag)
	g.iblkno = g.cblkno + g.frag
	g.sbsize = min(roundUp(superblockLen, g.fsize), superblockRoom)
	return g
}

// maxFileSize is the length in bytes of the longest file.
func (g *geometry) maxFileSize() int64 {
	size, per := g.bsize*directBlocks-1, g.bsize
	for range indirectLevels {
		per *= g.nindir
		size += per
	}
	return size
}

// smallest is the length of the smallest file system at all: one group that
// has one block of inodes and one of data, and the eight blocks below which
// FreeBSD does not believe in a file system.
func (g *geometry) smallest() int64 { return max(g.iblkno+2*g.frag, 8*g.frag) }

// headerBytes is the length of a group's header with its maps (CGSIZE).
func (g *geometry) headerBytes() int64 {
	return cgStructLen + 4 + howMany(g.ipg, 8) + howMany(g.fpg, 8) +
		g.contigsum*4 + howMany(g.fpg/g.frag, 8)
}

// setInodes sets the number of inodes that go with the length of a group.
func (g *geometry) setInodes(fragsPerInode int64) {
	g.ipg = roundUp(howMany(g.fpg, fragsPerInode), g.inopb)
}

// leastGroup is the length of a group that has room for its metadata.
func (g *geometry) leastGroup() int64 {
	return roundUp(g.iblkno+g.ipg/g.inopf, g.frag)
}

// newGeometry divides a file system of so many fragments into groups by the
// rules of newfs: few groups, but at least four where each can still hold a
// block of inodes at the wished density, and each header within one block.
func newGeometry(o Options, size, fragsPerInode int64) (*geometry, error) {
	g := blockParameters(o)
	g.size = size
	if size < g.smallest() {
		return nil, fmt.Errorf("ufs: %d bytes are too few for a file system; the least is %d", size*g.fsize, g.smallest()*g.fsize)
	}
	// Inode numbers have 32 bits.
	leastFrags := 1 + size/(1<<32-g.inopb)
	fragsPerInode = max(fragsPerInode, leastFrags, 1)
	// The smallest groups that keep the density. If the maps of even these do
	// not fit in a block, there must be more inodes to make groups shorter.
	var least int64
	for ; ; fragsPerInode-- {
		if fragsPerInode < leastFrags {
			return nil, fmt.Errorf("ufs: blocks of %d bytes are too small for a file system of %d bytes", g.bsize, size*g.fsize)
		}
		least = roundUp(min(fragsPerInode*g.inopb, size), g.frag)
		g.ipg, g.fpg = g.inopb, least
		for {
			g.fpg = max(g.leastGroup(), g.fpg)
			g.setInodes(fragsPerInode)
			if g.leastGroup() <= g.fpg {
				break
			}
		}
		if g.headerBytes() < g.bsize {
			break
		}
	}
	g.growGroups(fragsPerInode)
	if err := g.trimGroups(fragsPerInode); err != nil {
		return nil, err
	}
	g.finish()
	if g.firstData(0) > g.groupEnd(0) {
		return nil, fmt.Errorf("ufs: the first cylinder group of a file system of %d bytes has no room for the summaries", size*g.fsize)
	}
	return &g, nil
}

// growGroups makes groups longer while at least four remain and the header
// still fits in a block.
func (g *geometry) growGroups(fragsPerInode int64) {
	for g.size/g.fpg >= minGroups {
		g.fpg += g.frag
		g.setInodes(fragsPerInode)
		if g.headerBytes() > g.bsize {
			g.fpg -= g.frag
			g.setInodes(fragsPerInode)
			return
		}
	}
}

// trimGroups makes groups shorter until the last has room for its metadata.
func (g *geometry) trimGroups(fragsPerInode int64) error {
	for {
		if g.size < g.leastGroup() {
			return fmt.Errorf("ufs: a file system of %d bytes has no room for its own metadata", g.size*g.fsize)
		}
		g.ncg = howMany(g.size, g.fpg)
		if last := g.size % g.fpg; last == 0 || last >= g.leastGroup() {
			return nil
		}
		g.fpg -= g.frag
		g.setInodes(fragsPerInode)
		if g.fpg < g.leastGroup() {
			return fmt.Errorf("ufs: a file system of %d bytes cannot be divided into cylinder groups", g.size*g.fsize)
		}
	}
}

func (g *geometry) finish() {
	g.cgsize = roundUp(g.headerBytes(), g.fsize)
	g.dblkno = g.iblkno + g.ipg/g.inopf
	g.cssize = roundUp(g.ncg*csumLen, g.fsize)
	g.csfrags = g.cssize / g.fsize
	g.metaspace = g.fpg * g.minfree / 200 / g.frag * g.frag
	g.dsize = g.size - g.sblkno - g.ncg*(g.dblkno-g.sblkno) - g.csfrags
}

// groupBase is the address of a group; groupEnd is where it ends.
func (g *geometry) groupBase(cg int64) int64 { return cg * g.fpg }
func (g *geometry) groupEnd(cg int64) int64  { return min((cg+1)*g.fpg, g.size) }

// firstData is the address of the first data after the metadata of a group.
func (g *geometry) firstData(cg int64) int64 {
	d := g.groupBase(cg) + g.dblkno
	if cg == 0 {
		d += g.csfrags
	}
	return d
}

// zone is a stretch of fragments for data.
type zone struct{ start, end int64 }

// zones lists where data can be, in ascending order.
func (g *geometry) zones() []zone {
	out := make([]zone, 0, 2*g.ncg)
	for cg := range g.ncg {
		if cg > 0 {
			out = append(out, zone{g.groupBase(cg), g.groupBase(cg) + g.sblkno})
		}
		if start, end := g.firstData(cg), g.groupEnd(cg); start < end {
			out = append(out, zone{start, end})
		}
	}
	return out
}
