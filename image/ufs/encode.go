package ufs

import (
	"encoding/binary"
	"hash/crc32"

	"fruix/image/tree"
)

// Magic numbers and flags of fs.h.
const (
	magicUFS2     = 0x19540119
	magicGroup    = 0x090255
	flagsMoved    = 0x80 // FS_FLAGS_UPDATED, in fs_old_flags
	flagSoftDep   = 0x2
	flagCheckHash = 0x200 // FS_METACKHASH
	hashSuper     = 0x1
	hashGroup     = 0x2
	hashInode     = 0x4
)

// record is a structure as it lies on the disk of a little-endian machine.
// Fields are set by their offsets, which stand beside the names in the headers.
type record []byte

func (r record) put16(off int, v int64) { binary.LittleEndian.PutUint16(r[off:], uint16(v)) }
func (r record) put32(off int, v int64) { binary.LittleEndian.PutUint32(r[off:], uint32(v)) }
func (r record) put64(off int, v int64) { binary.LittleEndian.PutUint64(r[off:], uint64(v)) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checkHash is the kernel's calculate_crc32c(~0, …): CRC-32C without the
// final inversion. The field that takes the hash counts as zero.
func checkHash(b []byte) int64 { return int64(^crc32.Checksum(b, castagnoli)) }

// superblock encodes struct fs as it stands at a byte offset; the copies
// differ in that field and so in the hash.
func (l *Layout) superblock(at int64) []byte {
	g := l.g
	r := make(record, g.sbsize)
	r.put32(8, g.sblkno)
	r.put32(12, g.cblkno)
	r.put32(16, g.iblkno)
	r.put32(20, g.dblkno)
	r.put32(44, g.ncg)
	r.put32(48, g.bsize)
	r.put32(52, g.fsize)
	r.put32(56, g.frag)
	r.put32(60, g.minfree)
	r.put32(72, -g.bsize) // fs_bmask, fs_fmask
	r.put32(76, -g.fsize)
	r.put32(80, int64(log2(g.bsize)))
	r.put32(84, int64(log2(g.fsize)))
	r.put32(88, g.maxcontig)
	r.put32(92, g.nindir) // fs_maxbpg: what one indirect block covers
	r.put32(96, int64(log2(g.frag)))
	r.put32(100, int64(log2(g.fsize/sector)))
	r.put32(104, g.sbsize)
	r.put32(116, g.nindir)
	r.put32(120, g.inopb)
	if g.minfree < 8 {
		r.put32(128, 1) // fs_optim: space is scarce
	}
	r.put32(144, int64(binary.BigEndian.Uint32(l.o.UUID[0:])))
	r.put32(148, int64(binary.BigEndian.Uint32(l.o.UUID[4:])))
	r.put32(156, g.cssize)
	r.put32(160, g.cgsize)
	r.put32(184, g.ipg)
	r.put32(188, g.fpg)
	r[209] = 1 // fs_clean
	r[211] = flagsMoved
	copy(r[680:712], l.o.Label)
	r.put32(860, g.bsize)         // fs_maxbsize
	r.put64(872, l.bytes/g.fsize) // fs_providersize
	r.put64(880, g.metaspace)
	r.put64(992, at)
	r.put64(1000, superblockAt)
	t := l.total()
	r.put64(1008, t.dirs)
	r.put64(1016, t.freeBlocks)
	r.put64(1024, t.freeInodes)
	r.put64(1032, t.freeFrags)
	r.put64(1072, l.o.Time)
	r.put64(1080, g.size)
	r.put64(1088, g.dsize)
	r.put64(1096, g.dblkno) // fs_csaddr
	r.put32(1196, 16384)    // fs_avgfilesize
	r.put32(1200, 64)       // fs_avgfpdir
	r.put32(1308, hashSuper|hashGroup|hashInode)
	flags := int64(flagCheckHash)
	if l.o.SoftUpdates {
		flags |= flagSoftDep
	}
	r.put32(1312, flags)
	r.put32(1316, g.contigsum)
	r.put32(1320, shortLink)
	r.put64(1328, g.maxFileSize())
	r.put64(1336, g.bsize-1) // fs_qbmask, fs_qfmask
	r.put64(1344, g.fsize-1)
	r.put32(1372, magicUFS2)
	r.put32(1304, checkHash(r))
	return r
}

// recovery encodes struct fsrecovery, which lies before the superblock and
// lets fsck_ffs find the copies if that is lost.
func (l *Layout) recovery() []byte {
	r := make(record, 20)
	r.put32(0, magicUFS2)
	r.put32(4, int64(log2(l.g.fsize/sector)))
	r.put32(8, l.g.sblkno)
	r.put32(12, l.g.fpg)
	r.put32(16, l.g.ncg)
	return r
}

// summaries encodes the struct csum of all groups.
func (l *Layout) summaries() []byte {
	r := make(record, l.g.cssize)
	for i := range l.groups {
		l.groups[i].csum.encode(r[i*csumLen:])
	}
	return r
}

func (c *csum) encode(r record) {
	r.put32(0, c.dirs)
	r.put32(4, c.freeBlocks)
	r.put32(8, c.freeInodes)
	r.put32(12, c.freeFrags)
}

// groupHeader encodes struct cg with its maps.
func (l *Layout) groupHeader(cg int) []byte {
	g, gr := l.g, &l.groups[cg]
	r := make(record, g.cgsize)
	r.put32(4, magicGroup)
	r.put32(12, int64(cg))
	r.put32(20, gr.fragments)
	gr.csum.encode(r[24:])
	for i, n := range gr.fragSum {
		r.put32(52+4*i, int64(n))
	}
	used := int64(cgHeaderLen)
	free := used + int64(len(gr.used))
	end := free + int64(len(gr.free))
	r.put32(92, used)
	r.put32(96, free)
	copy(r[used:], gr.used)
	copy(r[free:], gr.free)
	if g.contigsum > 0 {
		// The sums begin with the number of runs of length 0, which does not
		// exist; its place may be the last bytes of the map before.
		sum := roundUp(end, 4) - 4
		clusters := sum + 4*(g.contigsum+1)
		end = clusters + int64(len(gr.clusters))
		for i := int64(1); i <= g.contigsum; i++ {
			r.put32(int(sum+4*i), int64(gr.clusterSum[i]))
		}
		copy(r[clusters:], gr.clusters)
		r.put32(104, sum)
		r.put32(108, clusters)
		r.put32(112, gr.fragments/g.frag)
	}
	r.put32(100, end)
	r.put32(116, g.ipg)
	r.put32(120, gr.initInodes)
	r.put64(136, l.o.Time)
	r.put32(132, checkHash(r))
	return r
}

// encodeInode writes struct ufs2_dinode of an inode into r, which is zero.
func (l *Layout) encodeInode(i int32, r record) {
	n, at := &l.plan.inodes[i], &l.at.places[i]
	r.put16(0, int64(fileType(n.node.Kind))<<12|int64(n.node.Mode))
	r.put16(2, int64(n.links))
	r.put32(4, int64(n.node.UID))
	r.put32(8, int64(n.node.GID))
	r.put64(16, n.size)
	frags := n.blocks*l.g.frag + n.tail + n.indirect*l.g.frag
	r.put64(24, frags*(l.g.fsize/sector))
	for off := 32; off < 64; off += 8 { // access, modification, change, birth
		r.put64(off, n.node.MTime)
	}
	r.put32(80, int64(l.generation(at.ino)))
	switch {
	case n.node.Kind == tree.CharDevice || n.node.Kind == tree.BlockDevice:
		r.put64(112, device(n.node.Major, n.node.Minor))
	case n.node.Kind == tree.Symlink && n.content == nil:
		copy(r[112:232], n.node.Target)
	default:
		for _, a := range at.data {
			for k := int64(0); k*l.g.frag < a.n && a.block+k < directBlocks; k++ {
				r.put64(112+8*int(a.block+k), a.addr+k*l.g.frag)
			}
		}
		m := l.newBlockMap(n, at)
		for k, b := range m.indirect {
			if b.first == topFirst(b.level, l.g.nindir) {
				r.put64(208+8*(b.level-1), m.addrs[k])
			}
		}
	}
	r.put32(244, checkHash(r[:inodeLen]))
}

// device encodes a device number as makedev of FreeBSD 12 and later does.
func device(major, minor uint32) int64 {
	return int64(uint64(major&0xffffff00)<<32 | uint64(major&0xff)<<8 |
		uint64(minor&0xff00)<<24 | uint64(minor&0xffff00ff))
}

// generation gives an inode a number that tells it from those that had and
// will have the same inode number: NFS clients rely on it. It is never 0. The
// mixing function is that of SplitMix64 (Steele, Lea and Flood, "Fast
// splittable pseudorandom number generators", OOPSLA 2014).
func (l *Layout) generation(ino uint32) uint32 {
	x := binary.LittleEndian.Uint64(l.o.UUID[:]) ^ binary.LittleEndian.Uint64(l.o.UUID[8:]) ^ uint64(l.o.Time)
	x += uint64(ino) * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return max(1, uint32(x))
}
