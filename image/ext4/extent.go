package ext4

import "encoding/binary"

// An extent tree has a root in the inode, with room for four records of 12
// bytes after a header of 12, and nodes that are one block each and end with a
// checksum.
const (
	extentMagic = 0xf30a
	rootRecords = 4
	nodeRecords = (blockSize - 12) / 12
)

// extentNodes is the number of nodes below the root that n extents need.
func extentNodes(n uint32) (nodes uint32) {
	for n > rootRecords {
		n = (n + nodeRecords - 1) / nodeRecords
		nodes += n
	}
	return nodes
}

// treeRecord is a record of an extent tree: an extent in a leaf, the place of
// a lower node elsewhere.
type treeRecord struct {
	logical  uint32
	length   uint32 // 0 above the leaves
	physical uint32
}

// extentTree encodes the tree of an inode. Root is i_block; node is called for
// each block below it, in the order of their addresses, with the block's
// content, which it must not keep.
func extentTree(root []byte, extents []extent, blocks []uint32, seed uint32, node func(block uint32, b []byte) error) error {
	level := make([]treeRecord, len(extents))
	for i, e := range extents {
		level[i] = treeRecord(e)
	}
	depth := uint16(0)
	for len(level) > rootRecords {
		var upper []treeRecord
		buf := make([]byte, blockSize)
		for len(level) > 0 {
			n := min(len(level), nodeRecords)
			clear(buf)
			putExtentNode(buf, level[:n], nodeRecords, depth)
			tail := len(buf) - 4
			binary.LittleEndian.PutUint32(buf[tail:], crc32c(seed, buf[:tail]))
			if node != nil {
				if err := node(blocks[0], buf); err != nil {
					return err
				}
			}
			upper = append(upper, treeRecord{level[0].logical, 0, blocks[0]})
			blocks, level = blocks[1:], level[n:]
		}
		level = upper
		depth++
	}
	putExtentNode(root, level, rootRecords, depth)
	return nil
}

// putExtentNode encodes a header and records; depth is 0 in a leaf.
func putExtentNode(b []byte, records []treeRecord, room, depth uint16) {
	le := binary.LittleEndian
	le.PutUint16(b[0:], extentMagic)
	le.PutUint16(b[2:], uint16(len(records)))
	le.PutUint16(b[4:], room)
	le.PutUint16(b[6:], depth)
	for i, r := range records {
		rec := b[12+12*i:]
		le.PutUint32(rec[0:], r.logical)
		if depth == 0 { // ee_len, ee_start_hi, ee_start_lo
			le.PutUint16(rec[4:], uint16(r.length))
			le.PutUint32(rec[8:], r.physical)
		} else { // ei_leaf_lo, ei_leaf_hi
			le.PutUint32(rec[4:], r.physical)
		}
	}
}
