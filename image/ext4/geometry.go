package ext4

import (
	"cmp"
	"fmt"
	"slices"
)

// span is a run of blocks.
type span struct{ start, end int64 }

// geometry says where the metadata of the block groups lies. It depends on the
// number of blocks and inodes alone.
type geometry struct {
	blocks         int64 // of the file system
	groups         int64
	gdtBlocks      int64 // of one copy of the group descriptors
	inodesPerGroup int64
	tableBlocks    int64 // of one group's inode table

	desc     []groupPlace
	reserved []span // all of the metadata: sorted, apart from one another
	metadata int64  // blocks in reserved
}

// groupPlace is where the parts of one group are.
type groupPlace struct{ blockBitmap, inodeBitmap, inodeTable int64 }

// lastGroupError tells that the last group is too small for its metadata.
type lastGroupError struct {
	groups int64 // whole groups before
	need   int64 // blocks that the last group must have
}

func (e lastGroupError) Error() string {
	return fmt.Sprintf("the last of %d block groups needs at least %d blocks", e.groups+1, e.need)
}

// inodesError tells that there are too few groups for the inodes.
type inodesError struct{ inodes, groups int64 }

func (e inodesError) Error() string {
	return fmt.Sprintf("%d inodes need at least %d block groups", e.inodes, e.groups)
}

// hasSuper tells whether a group holds a copy of the superblock and of the
// group descriptors (sparse_super: 0, 1 and the powers of 3, 5 and 7).
func hasSuper(group int64) bool {
	if group <= 1 {
		return true
	}
	for _, base := range []int64{3, 5, 7} {
		p := base
		for p < group {
			p *= base
		}
		if p == group {
			return true
		}
	}
	return false
}

// base is the number of blocks at the start of a group that hold copies.
func (g *geometry) base(group int64) int64 {
	if hasSuper(group) {
		return 1 + g.gdtBlocks
	}
	return 0
}

// groupLen is the number of blocks in a group.
func (g *geometry) groupLen(group int64) int64 {
	return min(groupBlocks, g.blocks-group*groupBlocks)
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

// newGeometry plans the metadata of a file system with so many blocks and at
// least so many inodes.
func newGeometry(blocks, inodes int64) (*geometry, error) {
	g := &geometry{blocks: blocks, groups: ceilDiv(blocks, groupBlocks)}
	g.gdtBlocks = ceilDiv(g.groups*descSize, blockSize)
	g.inodesPerGroup = ceilDiv(ceilDiv(inodes, g.groups), inodesPerBlock) * inodesPerBlock
	if g.inodesPerGroup > maxGroupIno {
		return nil, inodesError{inodes, ceilDiv(inodes, maxGroupIno)}
	}
	g.tableBlocks = g.inodesPerGroup / inodesPerBlock
	g.desc = make([]groupPlace, g.groups)

	for i := range g.groups {
		start := i * groupBlocks
		if n := g.base(i); n > 0 {
			if n >= g.groupLen(i) {
				return nil, lastGroupError{i, n + 1}
			}
			g.reserved = append(g.reserved, span{start, start + n})
		}
	}
	copies := len(g.reserved)
	for first := int64(0); first < g.groups; first += flexGroups {
		end := g.placeFlex(first, g.reserved[:copies])
		if end > blocks {
			return nil, lastGroupError{g.groups - 1, end - (g.groups-1)*groupBlocks}
		}
	}
	g.reserved = mergeSpans(g.reserved)
	for _, s := range g.reserved {
		g.metadata += s.end - s.start
	}
	return g, nil
}

// placeFlex places bitmaps and inode tables of one flexible group as early in
// it as the copies of the superblock allow, and gives the end of all that.
func (g *geometry) placeFlex(first int64, copies []span) int64 {
	next := first * groupBlocks
	at, _ := slices.BinarySearchFunc(copies, next+1, func(s span, b int64) int { return cmp.Compare(s.end, b) })
	take := func(n int64) int64 {
		for at < len(copies) && copies[at].start < next+n {
			next = max(next, copies[at].end)
			at++
		}
		start := next
		next += n
		if last := &g.reserved[len(g.reserved)-1]; last.end == start {
			last.end = next
		} else {
			g.reserved = append(g.reserved, span{start, next})
		}
		return start
	}
	group := g.desc[first:min(first+flexGroups, g.groups)]
	// Appending to g.reserved may widen the last copy's span; keep copies apart.
	g.reserved = append(g.reserved, span{next, next})
	for i := range group {
		group[i].blockBitmap = take(1)
	}
	for i := range group {
		group[i].inodeBitmap = take(1)
	}
	for i := range group {
		group[i].inodeTable = take(g.tableBlocks)
	}
	return next
}

// mergeSpans sorts spans and joins those that touch; empty ones go.
func mergeSpans(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	out := spans[:0]
	for _, s := range spans {
		switch {
		case s.start == s.end:
		case len(out) > 0 && out[len(out)-1].end >= s.start:
			out[len(out)-1].end = max(out[len(out)-1].end, s.end)
		default:
			out = append(out, s)
		}
	}
	return out
}

// allocator hands out the blocks between the reserved ones in ascending order.
// It goes on beyond the end of the file system; whoever asked checks.
type allocator struct {
	reserved []span
	next     int64
	taken    int64
}

// take calls use for each run of the next n free blocks.
func (a *allocator) take(n int64, use func(start, n int64)) {
	a.taken += n
	for n > 0 {
		run := n
		for len(a.reserved) > 0 {
			r := a.reserved[0]
			if a.next < r.start {
				run = min(n, r.start-a.next)
				break
			}
			a.next = max(a.next, r.end)
			a.reserved = a.reserved[1:]
		}
		use(a.next, run)
		a.next += run
		n -= run
	}
}
