package ufs

import (
	"fmt"
	"math/bits"
)

// Options say how a file system is to be made. The zero value means the
// smallest file system with the defaults of newfs(8).
type Options struct {
	// Size is the length of the file system in bytes. What exceeds a multiple
	// of the fragment size stays unused. 0 makes it the smallest that holds
	// the tree and leaves Slack bytes free.
	Size int64
	// Slack is the free space in bytes, for the superuser, that a file system
	// of Size 0 has beside the tree, with inodes to fill it. MinFree percent
	// of the file system are the superuser's alone, so others may see less.
	Slack int64
	// Label is the volume name: up to 31 letters, digits, "-" and "_".
	// FreeBSD shows it as /dev/ufs/LABEL.
	Label string
	// UUID gives in its first 8 bytes the identity of the file system (fs_id),
	// which FreeBSD shows in hexadecimal as /dev/ufsid/. If all of it is zero,
	// there is none. It also enters the generation numbers of the inodes.
	UUID [16]byte
	// Time is when the file system was made and last written, in seconds since
	// 1970. FreeBSD without a clock starts with this time.
	Time int64
	// BlockSize and FragmentSize are in bytes, powers of 2. Blocks have 4096
	// to 65536 bytes, fragments at least 512, and a block has up to 8
	// fragments. 0 means 32768, and an eighth of a block.
	BlockSize, FragmentSize int
	// BytesPerInode sets how many inodes there are: one for so many bytes of
	// space. 0 means one for two fragments, as in newfs, or, where the tree
	// has so many small files that this decides the size, one for each
	// fragment.
	BytesPerInode int
	// MinFree is the percentage of space that only the superuser may use.
	// 0 means 8; a negative number means none.
	MinFree int
	// SoftUpdates turns on soft updates (without a journal).
	SoftUpdates bool
	// SnapDir adds the directory /.snap that newfs makes for snapshots, with
	// mode 0775 and owner root:operator, unless the tree has that name.
	SnapDir bool
}

// What newfs(8) takes if it is not told otherwise, and the limits of fs.h.
const (
	defaultBlock = 32768
	minBlock     = 4096
	maxBlock     = 65536
	minFragment  = 512
	maxFrag      = 8 // fragments in a block
	maxLabel     = 31
	maxSize      = 1 << 55 // bytes; keeps all products within an int64
)

// normal fills in the defaults and refuses what cannot be.
func (o Options) normal() (Options, error) {
	if o.BlockSize == 0 {
		o.BlockSize = defaultBlock
	}
	if o.BlockSize < minBlock || o.BlockSize > maxBlock || bits.OnesCount(uint(o.BlockSize)) != 1 {
		return o, fmt.Errorf("ufs: block size %d is not a power of 2 from %d to %d", o.BlockSize, minBlock, maxBlock)
	}
	if o.FragmentSize == 0 {
		o.FragmentSize = o.BlockSize / maxFrag
	}
	if o.FragmentSize < minFragment || bits.OnesCount(uint(o.FragmentSize)) != 1 ||
		o.FragmentSize > o.BlockSize || o.FragmentSize*maxFrag < o.BlockSize {
		return o, fmt.Errorf("ufs: fragment size %d is not a power of 2 from %d to the block size %d",
			o.FragmentSize, max(minFragment, o.BlockSize/maxFrag), o.BlockSize)
	}
	switch {
	case o.MinFree == 0:
		o.MinFree = 8
	case o.MinFree < 0:
		o.MinFree = 0
	case o.MinFree > 99:
		return o, fmt.Errorf("ufs: %d%% of the space cannot be kept for the superuser; the most is 99%%", o.MinFree)
	}
	if o.BytesPerInode < 0 {
		return o, fmt.Errorf("ufs: %d bytes per inode are impossible", o.BytesPerInode)
	}
	if o.Size < 0 || o.Size > maxSize || o.Slack < 0 || o.Slack > maxSize {
		return o, fmt.Errorf("ufs: size %d or slack %d is not within 0 and %d bytes", o.Size, o.Slack, int64(maxSize))
	}
	if len(o.Label) > maxLabel {
		return o, fmt.Errorf("ufs: label %q is %d bytes long; the most is %d", o.Label, len(o.Label), maxLabel)
	}
	for _, c := range []byte(o.Label) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return o, fmt.Errorf("ufs: label %q may hold only letters, digits, \"-\" and \"_\"", o.Label)
		}
	}
	return o, nil
}
