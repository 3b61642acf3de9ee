package ext4

import (
	"encoding/binary"

	"fruix/image/tree"
)

// Types of files in i_mode.
const (
	modeFifo    = 0x1000
	modeChar    = 0x2000
	modeDir     = 0x4000
	modeBlock   = 0x6000
	modeFile    = 0x8000
	modeSymlink = 0xa000
	modeSocket  = 0xc000
)

// Offsets within an inode that are used more than once.
const (
	inodeBlock      = 0x28 // i_block
	inodeChecksumLo = 0x7c
	inodeChecksumHi = 0x82
)

func modeBits(k tree.Kind) uint32 {
	switch k {
	case tree.Dir:
		return modeDir
	case tree.Symlink:
		return modeSymlink
	case tree.CharDevice:
		return modeChar
	case tree.BlockDevice:
		return modeBlock
	case tree.Fifo:
		return modeFifo
	case tree.Socket:
		return modeSocket
	}
	return modeFile
}

// putInode encodes an inode into b, which is zero. Numbers without a node stay
// zero.
func (l *Layout) putInode(number uint32, b []byte) {
	in := l.inode(number)
	n := in.node
	if n == nil {
		return
	}
	le := binary.LittleEndian
	place := l.plan.files[number-1]
	seed := inodeSeed(l.csumSeed, number)

	le.PutUint16(b[0x00:], uint16(modeBits(n.Kind)|n.Mode))
	le.PutUint16(b[0x02:], uint16(n.UID))
	le.PutUint32(b[0x04:], uint32(in.size))
	le.PutUint16(b[0x18:], uint16(n.GID))
	le.PutUint16(b[0x1a:], uint16(in.links))
	le.PutUint32(b[0x6c:], uint32(in.size>>32))
	le.PutUint16(b[0x78:], uint16(n.UID>>16))
	le.PutUint16(b[0x7a:], uint16(n.GID>>16))
	le.PutUint16(b[0x80:], minExtraIsize)

	sec, extra := encodeTime(n.MTime)
	for _, at := range []int{0x08, 0x0c, 0x10, 0x90} { // a, c, m, birth
		le.PutUint32(b[at:], sec)
	}
	for _, at := range []int{0x84, 0x88, 0x8c, 0x94} {
		le.PutUint32(b[at:], extra)
	}

	flags := uint32(0)
	switch {
	case n.Kind == tree.CharDevice || n.Kind == tree.BlockDevice:
		putDevice(b[inodeBlock:], n.Major, n.Minor)
	case in.fast():
		copy(b[inodeBlock:], n.Target)
	case n.Kind == tree.File || n.Kind == tree.Dir || n.Kind == tree.Symlink:
		flags |= inodeFlagExtents
		extents := part(l.plan.extents, place.extents)
		sectors := uint64(place.nodes.count) * (blockSize / 512)
		for _, e := range extents {
			sectors += uint64(e.length) * (blockSize / 512)
		}
		le.PutUint32(b[0x1c:], uint32(sectors))
		le.PutUint16(b[0x74:], uint16(sectors>>32))
		// Without a callback the tree cannot fail.
		_ = extentTree(b[inodeBlock:], extents, part(l.plan.nodes, place.nodes), seed, nil)
	}
	if in.dir != nil && in.dir.indexed() {
		flags |= inodeFlagIndex
	}
	le.PutUint32(b[0x20:], flags)

	sum := crc32c(seed, b[:inodeSize])
	le.PutUint16(b[inodeChecksumLo:], uint16(sum))
	le.PutUint16(b[inodeChecksumHi:], uint16(sum>>16))
}

// encodeTime splits seconds into the signed 32 bits of old and the two bits
// that extend them (with 30 bits of nanoseconds above, which are 0).
func encodeTime(t int64) (sec, extra uint32) {
	return uint32(t), uint32((t-int64(int32(t)))>>32) & 3
}

// putDevice encodes a device number: the old way where it fits, as the kernel
// does (old_encode_dev and new_encode_dev).
func putDevice(b []byte, major, minor uint32) {
	if major < 256 && minor < 256 {
		binary.LittleEndian.PutUint32(b, major<<8|minor)
		return
	}
	binary.LittleEndian.PutUint32(b[4:], minor&0xff|major<<8|minor&^0xff<<12)
}
