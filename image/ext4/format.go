package ext4

// Sizes that this writer fixes. Blocks of 4096 bytes are what mke2fs takes for
// all but tiny file systems, and the only size that every architecture mounts
// without large folios.
const (
	blockSize      = 4096
	blockShift     = 12
	inodeSize      = 256
	inodesPerBlock = blockSize / inodeSize
	descSize       = 64
	groupBlocks    = 8 * blockSize // as many as one bitmap block describes
	flexShift      = 4
	flexGroups     = 1 << flexShift
	maxBlocks      = 1<<32 - 1 // extents here use 32-bit addresses
)

// Inodes with a fixed number.
const (
	rootInode    = 2
	journalInode = 8
	firstInode   = 11 // lost+found, then the tree's own
)

// Limits of the format.
const (
	maxLinks      = 65000                 // EXT4_LINK_MAX
	maxFileSize   = maxBlocks << 12       // logical block numbers have 32 bits
	maxTarget     = blockSize - 1         // a link target and its NUL fill a block
	maxFastTarget = 59                    // and its NUL fill i_block
	maxExtentLen  = 32768                 // longer ones mean "unwritten"
	minTime       = -1 << 31              // what 34 bits of seconds can hold,
	maxTime       = 3<<32 - 1<<31 - 1     // except what e2fsck takes for times before 1970
	maxMajor      = 1<<12 - 1             // of a device
	maxMinor      = 1<<20 - 1             //
	maxGroupIno   = 8 * blockSize         // inodes in a group: one bitmap block
	minJournal    = 1024                  // JBD2_MIN_JOURNAL_BLOCKS
	maxJournal    = 10240000              // what mke2fs allows, in blocks
	minExtraIsize = 32                    // bytes of an inode beyond 128 that are in use
	maxDirBlocks  = (2<<30)/blockSize - 1 // directories end at 2 GiB without large_dir
)

// Feature flags of the superblock.
const (
	compatHasJournal = 0x4
	compatExtAttr    = 0x8
	compatDirIndex   = 0x20

	incompatFiletype = 0x2
	incompatExtents  = 0x40
	incompat64Bit    = 0x80
	incompatFlexBG   = 0x200

	roSparseSuper  = 0x1
	roLargeFile    = 0x2
	roHugeFile     = 0x8
	roDirNlink     = 0x20
	roExtraIsize   = 0x40
	roMetadataCsum = 0x400
)

// Flags of inodes and group descriptors.
const (
	inodeFlagIndex   = 0x1000
	inodeFlagExtents = 0x80000

	groupInodeUninit = 0x1
	groupBlockUninit = 0x2
	groupTableZeroed = 0x4
)

// File types as directory entries have them.
const (
	typeFile    = 1
	typeDir     = 2
	typeChar    = 3
	typeBlock   = 4
	typeFifo    = 5
	typeSocket  = 6
	typeSymlink = 7
)
