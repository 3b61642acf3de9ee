package ext4

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"fruix/image/tree"
)

const (
	direntHeader = 8  // bytes of an entry before the name
	direntTail   = 12 // bytes of the pseudo entry that holds a block's checksum
	direntRoom   = blockSize - direntTail
	dotEntries   = 2 * 12 // "." and ".."
)

// An index has a root in block 0 of the directory, which can have one level of
// nodes below it. Each holds pairs of hash and block; the checksum takes the
// place of one pair.
const (
	indexPair      = 8
	indexRootStart = dotEntries + 8
	indexNodeStart = direntHeader
	indexRootPairs = (blockSize-indexRootStart)/indexPair - 1
	indexNodePairs = (blockSize-indexNodeStart)/indexPair - 1

	hashHalfMD4 = 1
)

// directory is a planned directory.
type directory struct {
	number, parent uint32
	entries        []tree.Entry // by name
	inodes         []uint32     // of the entries
	blocks         uint32

	// Of an indexed directory, which is any that does not fit in one block:
	order  []uint32 // entries by hash
	leaves []leaf
	nodes  uint32 // index blocks below the root; 0 if the root holds all
}

// leaf is a block of an indexed directory.
type leaf struct {
	first uint32 // in order
	hash  uint32 // where the leaf begins
}

func direntLen(name string) int { return (direntHeader + len(name) + 3) &^ 3 }

// plan decides how many blocks there are and what is in them.
func (d *directory) plan(seed hashSeed) error {
	room := dotEntries
	for _, e := range d.entries {
		room += direntLen(e.Name)
	}
	d.blocks = 1
	if room <= direntRoom {
		return nil
	}
	type hashed struct{ hash, minor, entry uint32 }
	list := make([]hashed, len(d.entries))
	for i, e := range d.entries {
		list[i].hash, list[i].minor = nameHash(seed, e.Name)
		list[i].entry = uint32(i)
	}
	slices.SortFunc(list, func(a, b hashed) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.minor, b.minor), cmp.Compare(a.entry, b.entry))
	})
	d.order = make([]uint32, len(list))
	used := blockSize // the leaf that is being filled
	for i, h := range list {
		d.order[i] = h.entry
		length := direntLen(d.entries[h.entry].Name)
		if used+length > direntRoom {
			hash := h.hash
			if i > 0 && list[i-1].hash == hash {
				hash |= 1 // a lookup must go on here from the leaf before
			}
			d.leaves = append(d.leaves, leaf{uint32(i), hash})
			used = 0
		}
		used += length
	}
	if len(d.leaves) > indexRootPairs {
		d.nodes = uint32(ceilDiv(int64(len(d.leaves)), indexNodePairs))
	}
	blocks := int64(len(d.leaves)) + int64(d.nodes) + 1
	if d.nodes > indexRootPairs || blocks > maxDirBlocks {
		return fmt.Errorf("directory of %d entries is too large for ext4", len(d.entries))
	}
	d.blocks = uint32(blocks)
	return nil
}

func (d *directory) indexed() bool { return d.leaves != nil }

// encode writes a block of the directory into b, which is zero. Seed is that
// of the directory's inode.
func (d *directory) encode(block uint32, b []byte, seed uint32) {
	switch {
	case !d.indexed() && block == 0:
		w := dirBlock{b: b}
		w.add(d.number, typeDir, ".")
		w.add(d.parent, typeDir, "..")
		for i, e := range d.entries {
			w.add(d.inodes[i], fileType(e.Node.Kind), e.Name)
		}
		w.finish(seed)
	case !d.indexed():
		w := dirBlock{b: b}
		w.finish(seed)
	case block == 0:
		d.encodeRoot(b, seed)
	case block <= d.nodes:
		// The pseudo entry that hides the block from who knows no indexes.
		binary.LittleEndian.PutUint16(b[4:], blockSize)
		first := int(block-1) * indexNodePairs
		last := min(first+indexNodePairs, len(d.leaves))
		pairs := make([]indexEntry, 0, indexNodePairs)
		for i := first; i < last; i++ {
			pairs = append(pairs, indexEntry{d.leaves[i].hash, d.leafBlock(i)})
		}
		putIndex(b, indexNodeStart, indexNodePairs, pairs, seed)
	default:
		i := int(block - d.nodes - 1)
		from, to := d.leaves[i].first, uint32(len(d.order))
		if i+1 < len(d.leaves) {
			to = d.leaves[i+1].first
		}
		w := dirBlock{b: b}
		for _, e := range d.order[from:to] {
			w.add(d.inodes[e], fileType(d.entries[e].Node.Kind), d.entries[e].Name)
		}
		w.finish(seed)
	}
}

// leafBlock is the logical block of a leaf: root, nodes and leaves follow one
// another.
func (d *directory) leafBlock(i int) uint32 { return 1 + d.nodes + uint32(i) }

func (d *directory) encodeRoot(b []byte, seed uint32) {
	w := dirBlock{b: b}
	w.add(d.number, typeDir, ".")
	w.add(d.parent, typeDir, "..")
	binary.LittleEndian.PutUint16(b[12+4:], blockSize-12) // ".." hides the rest
	info := b[dotEntries:]
	info[4] = hashHalfMD4
	info[5] = 8 // length of this
	var pairs []indexEntry
	if d.nodes == 0 {
		for i, l := range d.leaves {
			pairs = append(pairs, indexEntry{l.hash, d.leafBlock(i)})
		}
	} else {
		info[6] = 1 // levels below
		for i := range d.nodes {
			pairs = append(pairs, indexEntry{d.leaves[i*indexNodePairs].hash, 1 + i})
		}
	}
	putIndex(b, indexRootStart, indexRootPairs, pairs, seed)
}

type indexEntry struct{ hash, block uint32 }

// putIndex writes the pairs of an index block and its checksum, which covers
// the pairs in use and the zero word before itself. The first pair has the
// room and the count in place of a hash.
func putIndex(b []byte, start, room int, pairs []indexEntry, seed uint32) {
	le := binary.LittleEndian
	for i, p := range pairs {
		le.PutUint32(b[start+indexPair*i:], p.hash)
		le.PutUint32(b[start+indexPair*i+4:], p.block)
	}
	le.PutUint16(b[start:], uint16(room))
	le.PutUint16(b[start+2:], uint16(len(pairs)))
	sum := crc32c(seed, b[:start+indexPair*len(pairs)])
	sum = crc32cUint32(crc32cUint32(sum, 0), 0)
	le.PutUint32(b[start+indexPair*room+4:], sum)
}

// dirBlock fills a block with entries.
type dirBlock struct {
	b    []byte
	used int
	last int // where the last entry begins
}

func (w *dirBlock) add(inode uint32, kind uint8, name string) {
	e := w.b[w.used:]
	length := direntLen(name)
	binary.LittleEndian.PutUint32(e, inode)
	binary.LittleEndian.PutUint16(e[4:], uint16(length))
	e[6] = uint8(len(name))
	e[7] = kind
	copy(e[direntHeader:], name)
	w.last = w.used
	w.used += length
}

// finish lets the last entry (an unused one, if there is none) take the rest
// of the block, and adds the checksum.
func (w *dirBlock) finish(seed uint32) {
	le := binary.LittleEndian
	le.PutUint16(w.b[w.last+4:], uint16(direntRoom-w.last))
	tail := w.b[direntRoom:]
	le.PutUint16(tail[4:], direntTail)
	tail[7] = 0xde
	le.PutUint32(tail[8:], crc32c(seed, w.b[:direntRoom]))
}

func fileType(k tree.Kind) uint8 {
	switch k {
	case tree.Dir:
		return typeDir
	case tree.Symlink:
		return typeSymlink
	case tree.CharDevice:
		return typeChar
	case tree.BlockDevice:
		return typeBlock
	case tree.Fifo:
		return typeFifo
	case tree.Socket:
		return typeSocket
	}
	return typeFile
}
