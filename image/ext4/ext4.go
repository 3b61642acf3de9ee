package ext4

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"fruix/image/tree"
)

// Options describe a file system apart from its files. The zero value of each
// field but UUID is usable.
type Options struct {
	// Size of the file system in bytes; what exceeds a multiple of 4096 is not
	// used. 0 makes it the smallest that holds the tree and Slack.
	Size int64
	// Slack is how many bytes stay free for files, where Size is 0.
	Slack int64
	// Label is the volume name, at most 16 bytes.
	Label string
	// UUID of the file system; must not be zero. The seed of the directory
	// hash is derived from it.
	UUID [16]byte
	// Time is when the file system was made, in seconds since 1970. It is the
	// time of lost+found and of the superblock too.
	Time int64
	// FreeInodes is how many files can be made on top of those in the tree,
	// at least; rounding to whole blocks of inode tables adds some. 0 gives one
	// for each 16 KiB of free space, and no fewer than 64.
	FreeInodes int64
	// Journal is the size of the journal in bytes, at least 4 MiB. 0 lets it
	// grow with the file system as mke2fs does, from 4 MiB up to 1 GiB, and
	// leaves it out where Size is below 8 MiB. A negative number leaves it out.
	Journal int64
	// Reserved is how many bytes of the free space only root may use.
	Reserved int64
}

// Layout is a planned file system. It holds on to the tree, which must not
// change until it has been written. A Layout is not changed by writing, so it
// can be written more than once, also at the same time.
type Layout struct {
	opt      Options
	geo      *geometry
	csumSeed uint32
	hashSeed hashSeed

	inodes []inode // by number, from 1
	runs   []run   // of all inodes' data, by logical address
	plan   allocation
}

// New plans a file system that holds the tree. The root directory gets a
// lost+found, unless the tree has one. Errors say which file or which limit is
// in the way; a tree that does not fit in Options.Size is one of them.
func New(root *tree.Node, o Options) (*Layout, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("ext4: %w", err)
	}
	if err := tree.Validate(root); err != nil {
		return nil, fmt.Errorf("ext4: %w", err)
	}
	l := &Layout{
		opt:      o,
		csumSeed: crc32c(^uint32(0), o.UUID[:]),
		hashSeed: seedFromUUID(o.UUID),
	}
	if err := l.number(root); err != nil {
		return nil, fmt.Errorf("ext4: %w", err)
	}
	if err := l.place(); err != nil {
		return nil, fmt.Errorf("ext4: %w", err)
	}
	return l, nil
}

// Size is the length of the file system in bytes, a multiple of 4096. It is at
// most Options.Size; it is less where a last, incomplete block group would be
// too small for its own metadata.
func (l *Layout) Size() int64 { return l.geo.blocks * blockSize }

// Free is the free space for files in bytes, what is reserved for root included.
func (l *Layout) Free() int64 {
	return (l.geo.blocks - l.geo.metadata - l.plan.blocks) * blockSize
}

// FreeInodes is how many files can be made in the file system.
func (l *Layout) FreeInodes() int64 {
	return l.geo.groups*l.geo.inodesPerGroup - int64(len(l.inodes))
}

func (o *Options) check() error {
	switch {
	case o.UUID == [16]byte{}:
		return errors.New("options have no UUID")
	case o.Size < 0:
		return fmt.Errorf("size %d is negative", o.Size)
	case o.Size > maxBlocks*blockSize:
		return fmt.Errorf("size %d is above the most this writer makes, %d", o.Size, int64(maxBlocks*blockSize))
	case o.Slack < 0 || o.Slack > maxBlocks*blockSize:
		return fmt.Errorf("slack %d is negative or too large", o.Slack)
	case o.FreeInodes < 0 || o.FreeInodes > maxBlocks:
		return fmt.Errorf("number of free inodes %d is negative or too large", o.FreeInodes)
	case o.Reserved < 0:
		return fmt.Errorf("reserved space %d is negative", o.Reserved)
	case len(o.Label) > 16:
		return fmt.Errorf("label %q is %d bytes long; the most is 16", o.Label, len(o.Label))
	case strings.IndexByte(o.Label, 0) >= 0:
		return fmt.Errorf("label %q contains a NUL byte", o.Label)
	case o.Journal > 0 && o.Journal < minJournal*blockSize:
		return fmt.Errorf("journal of %d bytes is too small; the least is %d", o.Journal, minJournal*blockSize)
	case o.Journal > maxJournal*blockSize:
		return fmt.Errorf("journal of %d bytes is too large; the most is %d", o.Journal, int64(maxJournal*blockSize))
	}
	return checkTime(o.Time)
}

func checkTime(t int64) error {
	if t < minTime || t > maxTime {
		return fmt.Errorf("time %d is outside of what ext4 stores, %d to %d", t, int64(minTime), int64(maxTime))
	}
	return nil
}

// seedFromUUID derives the seed of the directory hash, so that it differs
// between file systems without being random.
func seedFromUUID(uuid [16]byte) (seed hashSeed) {
	sum := sha256.Sum256(append([]byte("ext4 directory hash seed\x00"), uuid[:]...))
	for i := range seed {
		seed[i] = binary.LittleEndian.Uint32(sum[4*i:])
	}
	return seed
}
