package ufs

import (
	"cmp"
	"slices"
)

// indirectBlock is one block of addresses. One of level 1 holds the addresses
// of data blocks, one of level n those of blocks of level n-1. It covers the
// blocks of the file from first on.
type indirectBlock struct {
	level int
	first int64
}

// reach is how many blocks of a file an indirect block of a level covers.
func reach(level int, nindir int64) int64 {
	n := int64(1)
	for range level {
		n *= nindir
	}
	return n
}

// indirectBlocks lists the indirect blocks that a file with these blocks needs,
// each before those it points to, and these in the order of the file.
func indirectBlocks(stored []span, nindir int64) []indirectBlock {
	var out []indirectBlock
	if len(stored) == 0 || stored[len(stored)-1].end <= directBlocks {
		return nil
	}
	first := int64(directBlocks)
	for level := 1; level <= indirectLevels; level++ {
		out, stored = appendIndirect(out, stored, level, first, nindir)
		first += reach(level, nindir)
	}
	return out
}

// appendIndirect lists the block of a level at first, if anything it covers is
// stored, and all below it. It returns the spans that reach beyond it.
func appendIndirect(out []indirectBlock, stored []span, level int, first, nindir int64) ([]indirectBlock, []span) {
	end := first + reach(level, nindir)
	for len(stored) > 0 && stored[0].end <= first {
		stored = stored[1:]
	}
	if len(stored) == 0 || stored[0].start >= end {
		return out, stored
	}
	out = append(out, indirectBlock{level, first})
	if level > 1 {
		below := reach(level-1, nindir)
		for at := first; at < end && len(stored) > 0; {
			out, stored = appendIndirect(out, stored, level-1, at, nindir)
			at += below
			if len(stored) > 0 && stored[0].start > at { // step over a hole
				at += (stored[0].start - at) / below * below
			}
		}
	}
	return out, stored
}

// topFirst is the first block of a file that the indirect block of a level in
// the inode itself covers.
func topFirst(level int, nindir int64) int64 {
	first := int64(directBlocks)
	for k := 1; k < level; k++ {
		first += reach(k, nindir)
	}
	return first
}

// blockMap is the indirect blocks of a file with their addresses.
type blockMap struct {
	g        *geometry
	indirect []indirectBlock
	addrs    []int64
	data     []run
}

func (l *Layout) newBlockMap(n *inode, at *place) *blockMap {
	m := &blockMap{g: l.g, data: at.data}
	if n.indirect == 0 {
		return m
	}
	m.indirect = indirectBlocks(n.body, l.g.nindir)
	m.addrs = make([]int64, 0, len(m.indirect))
	for _, r := range at.indirect {
		for k := int64(0); k < r.n; k += l.g.frag {
			m.addrs = append(m.addrs, r.addr+k)
		}
	}
	return m
}

// encode gives the indirect block k as it lies on the disk.
func (m *blockMap) encode(k int) []byte {
	b, r := m.indirect[k], make(record, m.g.bsize)
	if b.level > 1 {
		below := reach(b.level-1, m.g.nindir)
		for j := k + 1; j < len(m.indirect) && m.indirect[j].level < b.level; j++ {
			if c := m.indirect[j]; c.level == b.level-1 {
				r.put64(8*int((c.first-b.first)/below), m.addrs[j])
			}
		}
		return r
	}
	// The runs are in the order of the file.
	lo, _ := slices.BinarySearchFunc(m.data, b.first, func(a run, first int64) int {
		return cmp.Compare(a.block+howMany(a.n, m.g.frag), first+1)
	})
	for _, a := range m.data[lo:] {
		if a.block >= b.first+m.g.nindir {
			break
		}
		for at := max(a.block, b.first); at < min(a.block+a.n/m.g.frag, b.first+m.g.nindir); at++ {
			r.put64(8*int(at-b.first), a.addr+(at-a.block)*m.g.frag)
		}
	}
	return r
}
