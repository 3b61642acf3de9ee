package ufs

import "fruix/image/tree"

// csum is what is counted about a group and, in sum, about the file system.
type csum struct {
	dirs, freeBlocks, freeInodes, freeFrags int64
}

// group holds the maps of a cylinder group and what follows from them.
type group struct {
	csum
	fragments  int64   // in this group
	initInodes int64   // inodes that are initialised, if only with zeros
	used       []byte  // a bit for each inode, 1 if it is in use
	free       []byte  // a bit for each fragment, 1 if it is free
	clusters   []byte  // a bit for each block, 1 if it is wholly free
	clusterSum []int32 // runs of free blocks, by length; the last is "or more"
	fragSum    [maxFrag]int32
}

// newGroups makes the maps from where everything is.
func (l *Layout) newGroups() []group {
	g := l.g
	groups := make([]group, g.ncg)
	for cg := range groups {
		gr := &groups[cg]
		gr.fragments = g.groupEnd(int64(cg)) - g.groupBase(int64(cg))
		gr.used = make([]byte, howMany(g.ipg, 8))
		gr.free = make([]byte, howMany(g.fpg, 8))
	}
	setFree := func(start, n int64, free bool) {
		cg := start / g.fpg
		setBits(groups[cg].free, start-cg*g.fpg, n, free)
	}
	for _, z := range g.zones() {
		setFree(z.start, z.end-z.start, true)
	}
	for i := range l.at.places {
		for _, r := range l.at.places[i].indirect {
			setFree(r.addr, r.n, false)
		}
		for _, r := range l.at.places[i].data {
			setFree(r.addr, r.n, false)
		}
	}
	for cg := range groups {
		gr := &groups[cg]
		first := int64(0)
		if cg == 0 {
			first = rootInode
		}
		n := first + int64(len(l.at.groups[cg]))
		setBits(gr.used, 0, n, true)
		gr.freeInodes = g.ipg - n
		// The kernel initialises a block of inodes when it comes near; newfs
		// begins with two.
		gr.initInodes = min(g.ipg, max(2*g.inopb, roundUp(n, g.inopb)))
		for _, i := range l.at.groups[cg] {
			if l.plan.inodes[i].node.Kind == tree.Dir {
				gr.dirs++
			}
		}
		gr.countFree(g)
	}
	return groups
}

// setBits sets or clears n bits from start on.
func setBits(b []byte, start, n int64, on bool) {
	for ; n > 0 && start%8 != 0; start, n = start+1, n-1 {
		setBit(b, start, on)
	}
	fill := byte(0)
	if on {
		fill = 0xff
	}
	for ; n >= 8; start, n = start+8, n-8 {
		b[start/8] = fill
	}
	for ; n > 0; start, n = start+1, n-1 {
		setBit(b, start, on)
	}
}

func setBit(b []byte, i int64, on bool) {
	if on {
		b[i/8] |= 1 << (i % 8)
	} else {
		b[i/8] &^= 1 << (i % 8)
	}
}

// countFree makes the summaries and the cluster map from the map of fragments.
func (gr *group) countFree(g *geometry) {
	if g.contigsum > 0 {
		gr.clusters = make([]byte, howMany(g.fpg/g.frag, 8))
		gr.clusterSum = make([]int32, g.contigsum+1)
	}
	whole := byte(0xff) >> (8 - g.frag)
	length := int64(0) // of the present run of free blocks
	endRun := func() {
		if length > 0 && gr.clusterSum != nil {
			gr.clusterSum[min(length, g.contigsum)]++
		}
		length = 0
	}
	for at := int64(0); at < gr.fragments; at += g.frag {
		bits := gr.free[at/8] >> (at % 8) & whole
		if bits == whole {
			gr.freeBlocks++
			length++
			if gr.clusters != nil {
				setBit(gr.clusters, at/g.frag, true)
			}
			continue
		}
		endRun()
		run := 0
		for ; bits != 0; bits >>= 1 {
			if bits&1 != 0 {
				gr.freeFrags++
				run++
			} else if run > 0 {
				gr.fragSum[run]++
				run = 0
			}
		}
		if run > 0 {
			gr.fragSum[run]++
		}
	}
	endRun()
}

// total sums up all groups.
func (l *Layout) total() csum {
	var t csum
	for i := range l.groups {
		c := &l.groups[i].csum
		t.dirs += c.dirs
		t.freeBlocks += c.freeBlocks
		t.freeInodes += c.freeInodes
		t.freeFrags += c.freeFrags
	}
	return t
}
