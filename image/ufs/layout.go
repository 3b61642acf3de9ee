package ufs

import (
	"fmt"

	"fruix/image/tree"
)

// Layout is a planned file system.
type Layout struct {
	o      Options
	plan   *plan
	at     *placement
	g      *geometry
	bytes  int64
	groups []group
}

// New plans a file system that holds the tree. The tree and what it refers to
// must not change until the layout has been written for the last time. The
// error for a tree that does not fit names the size that it needs.
//
// If a content is sparse (see [tree.Sparse]), blocks that lie wholly in holes
// take no space, except the last of the file.
func New(root *tree.Node, o Options) (*Layout, error) {
	o, err := o.normal()
	if err != nil {
		return nil, err
	}
	p, err := newPlan(root, o)
	if err != nil {
		return nil, err
	}
	l := &Layout{o: o, plan: p, bytes: o.Size}
	if o.Size == 0 {
		l.at, err = smallest(p, o, o.Slack)
	} else {
		l.at, err = exactly(p, o)
	}
	if err != nil {
		return nil, err
	}
	l.g = l.at.g
	if o.Size == 0 {
		l.bytes = l.g.size * l.g.fsize
	}
	numbers := make([]uint32, len(p.inodes))
	for i := range numbers {
		numbers[i] = l.at.places[i].ino
	}
	for i := range p.inodes {
		if d, ok := p.inodes[i].content.(*dirContent); ok {
			d.numbers = numbers
		}
	}
	l.groups = l.newGroups()
	return l, nil
}

// Size is the length of the file system in bytes. The end of it may be free
// space that WriteTo does not touch: the caller sets the length of the file.
func (l *Layout) Size() int64 { return l.bytes }

// densities lists how many fragments there may be for each inode, in the order
// of preference.
func densities(o Options) []int64 {
	if o.BytesPerInode > 0 {
		return []int64{max(1, int64(o.BytesPerInode)/int64(o.FragmentSize))}
	}
	return []int64{2, 1}
}

// exactly places a plan in a file system of the size that the options give.
func exactly(p *plan, o Options) (*placement, error) {
	what := "too few inodes"
	for _, d := range densities(o) {
		g, err := newGeometry(o, o.Size/p.fsize, d)
		if err != nil {
			what = "no room"
			continue
		}
		l := newPlacement(p, g)
		if l.fits() {
			return l, nil
		}
		if l.shortFrags > 0 {
			what = "too few blocks"
		}
	}
	least, err := smallest(p, o, 0)
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("ufs: the tree does not fit: a file system of %d bytes has %s for its %d files; it needs about %d bytes",
		o.Size, what, len(p.inodes), least.g.size*p.fsize)
}

// smallest finds the smallest file system, in whole blocks, that holds a plan
// and leaves slack bytes free.
func smallest(p *plan, o Options, slack int64) (*placement, error) {
	var best *placement
	for _, d := range densities(o) {
		l, err := smallestAt(p, o, slack, d)
		if err != nil {
			return nil, err
		}
		// More inodes than are usual are worth it only where the lack of them
		// would cost more space than they do.
		if best == nil || l.g.size < best.g.size-best.g.size/16 {
			best = l
		}
		if int64(len(p.inodes))+rootInode <= best.g.ncg*best.g.ipg/2 {
			break
		}
	}
	return best, nil
}

// smallestAt is smallest for one density of inodes. It first goes up by what is
// found missing, then halves the distance between what failed and what did not.
func smallestAt(p *plan, o Options, slack, fragsPerInode int64) (*placement, error) {
	base := blockParameters(o)
	slackFrags := howMany(slack, p.fsize)
	// missing is by how much a placement falls short, at least a block if it does.
	missing := func(l *placement) int64 {
		frags := l.shortFrags + slackFrags
		if l.shortFrags == 0 { // else what is free is in pieces that nothing fits into
			frags = max(0, slackFrags-l.freeFrags)
		}
		inodes := max(0, l.shortInodes+slackFrags/fragsPerInode-l.freeInodes)
		return roundUp(max(frags, inodes*fragsPerInode), p.frag)
	}
	try := func(size int64) (*placement, error) {
		g, err := newGeometry(o, size, fragsPerInode)
		if err != nil {
			return nil, err
		}
		return newPlacement(p, g), nil
	}
	size := roundUp(max(base.smallest(), p.frags+slackFrags+base.iblkno), p.frag)
	failed := base.smallest() - p.frag
	var good *placement
	for good == nil {
		if size*p.fsize > maxSize {
			return nil, fmt.Errorf("ufs: the tree needs a file system of more than %d bytes", int64(maxSize))
		}
		l, err := try(size)
		if err != nil {
			// A size between two that can be divided into groups.
			failed, size = size, size+p.frag
			if size > base.smallest()*64 && size > 2*(p.frags+slackFrags) {
				return nil, err
			}
			continue
		}
		if m := missing(l); m > 0 {
			failed, size = size, size+m
			continue
		}
		good = l
	}
	for good.g.size-failed > p.frag {
		size := roundUp(failed+(good.g.size-failed)/2, p.frag)
		if size == good.g.size {
			break
		}
		l, err := try(size)
		if err != nil || missing(l) > 0 {
			failed = size
		} else {
			good = l
		}
	}
	return good, nil
}
