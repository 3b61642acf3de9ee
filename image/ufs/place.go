package ufs

import "slices"

// run is a contiguous stretch of a file on the disk: n fragments at addr,
// which hold the file from block on. For indirect blocks, block counts the
// blocks in the order of indirectBlocks.
type run struct {
	block, addr, n int64
}

// place is where an inode and its blocks are.
type place struct {
	ino      uint32
	indirect []run
	data     []run // in the order of the file
}

// placement gives each inode of a plan its place in a geometry.
type placement struct {
	plan   *plan
	g      *geometry
	places []place
	groups [][]int32 // the inodes of each group in the order of their numbers

	// What did not fit.
	shortFrags, shortInodes int64

	// What is left over: fragments, in whole blocks and parts of blocks, and inodes.
	freeFrags, freeInodes int64

	zones    []zone              // what remains of the zones for data, in whole blocks
	pieces   pieces              // free parts of blocks
	pending  [2][maxFrag][]int32 // ends of files without a place: of short and of long ones, by length
	waiting  int                 // how many these are
	passed   int64               // blocks given out since they were last packed
	fullUpto int64               // groups below this one have no free inodes
	arena    []run
}

// pieces are free parts of blocks, by their length in fragments.
type pieces [maxFrag][]int64

// put adds a piece.
func (p *pieces) put(addr, n int64) {
	if n > 0 {
		p[n] = append(p[n], addr)
	}
}

// take cuts n fragments from the shortest piece that has them.
func (p *pieces) take(n int64) (addr int64, ok bool) {
	for size := n; size < maxFrag; size++ {
		if last := len(p[size]) - 1; last >= 0 {
			addr = p[size][last]
			p[size] = p[size][:last]
			p.put(addr+n, size-n)
			return addr, true
		}
	}
	return 0, false
}

// The ends of files are packed into blocks when so many have gathered, or so
// much lies between the first of them and its file.
const (
	packFiles = 256
	packBytes = 16 << 20
)

// newPlacement places everything. If there is too little room, what could not
// be placed is counted and the rest of the result is of no use.
func newPlacement(p *plan, g *geometry) *placement {
	l := &placement{
		plan: p, g: g,
		places: make([]place, len(p.inodes)),
		groups: make([][]int32, g.ncg),
		arena:  make([]run, 0, len(p.inodes)+len(p.inodes)/4),
	}
	for _, z := range g.zones() {
		start, end := roundUp(z.start, g.frag), z.end/g.frag*g.frag
		if start >= end {
			// Less than a block; it may still straddle a boundary.
			first := min(start, z.end)
			l.pieces.put(z.start, first-z.start)
			l.pieces.put(first, z.end-first)
			continue
		}
		l.pieces.put(z.start, start-z.start)
		l.pieces.put(end, z.end-end)
		l.zones = append(l.zones, zone{start, end})
	}
	packBlocks := packBytes / g.bsize
	for i := range p.inodes {
		n := &p.inodes[i]
		l.number(int32(i))
		if n.indirect > 0 {
			l.places[i].indirect = l.runs(func() { l.blocks(0, n.indirect) })
		}
		if n.blocks > 0 {
			l.places[i].data = l.runs(func() {
				for _, s := range n.body {
					l.blocks(s.start, s.end-s.start)
				}
			})
		}
		if n.tail > 0 {
			l.wait(int32(i), n)
		}
		if l.passed += n.blocks + n.indirect; l.passed >= packBlocks || l.waiting >= packFiles {
			l.pack()
		}
	}
	l.pack()
	l.freeInodes = g.ncg*g.ipg - rootInode - int64(len(p.inodes)) + l.shortInodes
	for _, z := range l.zones {
		l.freeFrags += z.end - z.start
	}
	for n := range l.pieces {
		l.freeFrags += int64(n * len(l.pieces[n]))
	}
	return l
}

// fits tells whether everything got a place.
func (l *placement) fits() bool { return l.shortFrags == 0 && l.shortInodes == 0 }

// runs collects the runs that fn makes.
func (l *placement) runs(fn func()) []run {
	start := len(l.arena)
	fn()
	return l.arena[start:len(l.arena):len(l.arena)]
}

// number gives the next inode a number: in the group that its data will be in,
// or else in the next group that has one.
func (l *placement) number(i int32) {
	g := l.g
	reserved := func(cg int64) int64 {
		if cg == 0 {
			return rootInode
		}
		return 0
	}
	used := func(cg int64) int64 { return reserved(cg) + int64(len(l.groups[cg])) }
	cg := g.ncg - 1
	if len(l.zones) > 0 {
		cg = l.zones[0].start / g.fpg
	}
	if i == 0 {
		cg = 0 // the root is inode 2
	}
	for cg < g.ncg && used(cg) >= g.ipg {
		cg++
	}
	if cg == g.ncg {
		for l.fullUpto < g.ncg && used(l.fullUpto) >= g.ipg {
			l.fullUpto++
		}
		cg = l.fullUpto
	}
	if cg == g.ncg {
		l.shortInodes++
		return
	}
	l.places[i].ino = uint32(cg*g.ipg + used(cg))
	l.groups[cg] = append(l.groups[cg], i)
}

// blocks gives n whole blocks to a file, from block on.
func (l *placement) blocks(block, n int64) {
	for n > 0 {
		if len(l.zones) == 0 {
			l.shortFrags += n * l.g.frag
			return
		}
		z := &l.zones[0]
		got := min(n, (z.end-z.start)/l.g.frag)
		l.arena = append(l.arena, run{block, z.start, got * l.g.frag})
		block, n = block+got, n-got
		z.start += got * l.g.frag
		if z.start == z.end {
			l.zones = l.zones[1:]
		}
	}
}

// wait puts off placing the end of a file.
func (l *placement) wait(i int32, n *inode) {
	long := 0
	if n.blocks > 0 {
		long = 1
	}
	l.pending[long][n.tail] = append(l.pending[long][n.tail], i)
	l.waiting++
}

// pack gives places to the ends of files that do not fill a block. The longest
// come first, as that wastes least. Ends of longer files only go to blocks
// that are given out now, behind the rest of the file, so that the file can be
// written in one pass; short files may go back into any piece that is free.
func (l *placement) pack() {
	old := l.pieces
	l.pieces = pieces{}
	l.packAll(&l.pending[1], &old)
	for size := range old {
		l.pieces[size] = append(old[size], l.pieces[size]...)
	}
	l.packAll(&l.pending[0], &pieces{})
	l.waiting, l.passed = 0, 0
}

// packAll places what waits in one list. Where no block is left it makes do
// with the pieces in last.
func (l *placement) packAll(list *[maxFrag][]int32, last *pieces) {
	for size := int64(maxFrag - 1); size > 0; size-- {
		for _, i := range list[size] {
			addr, ok := l.pieces.take(size)
			if !ok {
				addr, ok = l.split(size)
			}
			if !ok {
				addr, ok = last.take(size)
			}
			if !ok {
				l.shortFrags += size
				continue
			}
			l.end(i, addr)
		}
		list[size] = list[size][:0]
	}
}

// end gives the end of a file its place.
func (l *placement) end(i int32, addr int64) {
	n, pl := &l.plan.inodes[i], &l.places[i]
	tail := run{howMany(n.size, l.g.bsize) - 1, addr, n.tail}
	if len(pl.data) > 0 {
		pl.data = append(slices.Clip(pl.data), tail)
		return
	}
	l.arena = append(l.arena, tail)
	pl.data = l.arena[len(l.arena)-1 : len(l.arena) : len(l.arena)]
}

// split takes a block apart for n fragments.
func (l *placement) split(n int64) (int64, bool) {
	if len(l.zones) == 0 {
		return 0, false
	}
	z := &l.zones[0]
	addr := z.start
	if z.start += l.g.frag; z.start == z.end {
		l.zones = l.zones[1:]
	}
	l.pieces.put(addr+n, l.g.frag-n)
	return addr, true
}
