package ufs

import (
	"errors"
	"fmt"
	"math"

	"fruix/image/tree"
)

// span is a stretch of blocks of a file.
type span struct{ start, end int64 }

// inode is what is known about a file before it has a place.
type inode struct {
	node    *tree.Node
	content tree.Content // what its blocks hold; nil if it has none
	size    int64        // di_size
	links   int32
	parent  int32 // a directory's parent, as an index into plan.inodes
	entries []entry

	// What it takes: whole blocks (as stretches of the file), the fragments of
	// a last block that is not whole, and indirect blocks.
	body     []span
	blocks   int64
	tail     int64
	indirect int64
}

// entry is a name in a directory.
type entry struct {
	name  string
	inode int32 // index into plan.inodes
}

// plan is a tree as a list of inodes in the order in which they get their
// places: a directory, then what is not a directory in it, then its
// subdirectories. The first is the root.
type plan struct {
	bsize, fsize int64
	frag, nindir int64
	inodes       []inode
	frags        int64 // all that the inodes take
	maxFile      int64
}

// Limits of the format and of FreeBSD.
const (
	maxLinks   = 32767 // UFS_LINK_MAX
	maxDirSize = math.MaxInt32
	maxTarget  = 1023 // MAXPATHLEN less the NUL
	shortLink  = 120  // fs_maxsymlinklen: shorter targets stand in the inode
	snapName   = ".snap"
	operator   = 5 // FreeBSD's group for backups
)

// newPlan looks at a tree, which it validates.
func newPlan(root *tree.Node, o Options) (*plan, error) {
	if err := tree.Validate(root); err != nil {
		return nil, fmt.Errorf("ufs: %w", err)
	}
	g := blockParameters(o)
	p := &plan{
		bsize: g.bsize, fsize: g.fsize, frag: g.frag, nindir: g.nindir,
		maxFile: g.maxFileSize(),
	}
	if err := p.directories(root, o); err != nil {
		return nil, err
	}
	for i := range p.inodes {
		n := &p.inodes[i]
		if n.links > maxLinks {
			return nil, fmt.Errorf("ufs: %v has %d links; the most is %d", p.describe(int32(i)), n.links, maxLinks)
		}
		if err := p.setContent(int32(i)); err != nil {
			return nil, err
		}
		if err := p.measure(int32(i)); err != nil {
			return nil, err
		}
		p.frags += n.blocks*p.frag + n.tail + n.indirect*p.frag
	}
	return p, nil
}

// describe names an inode in an error, by its kind and its first path.
func (p *plan) describe(i int32) string {
	kind, path := p.inodes[i].node.Kind, ""
	for i != 0 {
		parent := p.inodes[i].parent
		for _, e := range p.inodes[parent].entries {
			if e.inode == i {
				path = "/" + e.name + path
				break
			}
		}
		i = parent
	}
	if path == "" {
		path = "/"
	}
	return fmt.Sprintf("%v %q", kind, path)
}

// directories lists the inodes. It keeps its own stack of directories, so that
// depth costs no more than breadth.
func (p *plan) directories(root *tree.Node, o Options) error {
	listed := make(map[*tree.Node]int32) // what may have several names
	p.inodes = append(p.inodes, inode{node: root, links: 2})
	stack := []int32{0}
	for len(stack) > 0 {
		d := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		node := p.inodes[d].node
		entries := make([]entry, 0, len(node.Entries)+1)
		var subdirs []int32
		if d == 0 && o.SnapDir && !hasName(root, snapName) {
			snap := &tree.Node{Kind: tree.Dir, Mode: 0o775, GID: operator, MTime: o.Time}
			entries = append(entries, entry{snapName, p.add(snap, 0)})
			subdirs = append(subdirs, entries[0].inode)
		}
		for _, e := range node.Entries {
			i, known := listed[e.Node]
			switch {
			case e.Node.Kind == tree.Dir:
				i = -1 // listed after the files
			case known:
				p.inodes[i].links++
			default:
				i = p.add(e.Node, d)
				listed[e.Node] = i
			}
			entries = append(entries, entry{e.Name, i})
		}
		for k, e := range node.Entries {
			if e.Node.Kind == tree.Dir {
				i := p.add(e.Node, d)
				entries[len(entries)-len(node.Entries)+k].inode = i
				subdirs = append(subdirs, i)
			}
		}
		if len(p.inodes) > math.MaxInt32-2 {
			return errors.New("ufs: the tree has more files than UFS2 can number")
		}
		p.inodes[d].entries = entries
		p.inodes[d].links += int32(min(len(subdirs), maxLinks))
		for k := len(subdirs) - 1; k >= 0; k-- {
			stack = append(stack, subdirs[k])
		}
	}
	return nil
}

func hasName(dir *tree.Node, name string) bool {
	for _, e := range dir.Entries {
		if e.Name == name {
			return true
		}
	}
	return false
}

// add lists a node and gives its index.
func (p *plan) add(n *tree.Node, parent int32) int32 {
	i := inode{node: n, links: 1, parent: parent}
	if n.Kind == tree.Dir {
		i.links = 2 // its name and its own "."
	}
	p.inodes = append(p.inodes, i)
	return int32(len(p.inodes) - 1)
}

// setContent sets what the blocks of an inode hold.
func (p *plan) setContent(i int32) error {
	n := &p.inodes[i]
	switch n.node.Kind {
	case tree.Dir:
		n.content = &dirContent{plan: p, dir: n, index: i}
		n.size = n.content.Size()
		if n.size > maxDirSize {
			return fmt.Errorf("ufs: %v has %d entries, more than it can hold", p.describe(i), len(n.entries))
		}
	case tree.File:
		n.content = n.node.Content
		n.size = n.node.Size()
		if n.size > p.maxFile {
			return fmt.Errorf("ufs: %v has %d bytes; the most with blocks of %d bytes is %d", p.describe(i), n.size, p.bsize, p.maxFile)
		}
	case tree.CharDevice, tree.BlockDevice:
		if n.node.Major&n.node.Minor == math.MaxUint32 {
			return fmt.Errorf("ufs: %v has the number that stands for no device", p.describe(i))
		}
	case tree.Symlink:
		n.size = int64(len(n.node.Target))
		if n.size > maxTarget {
			return fmt.Errorf("ufs: the target of %v is %d bytes long; FreeBSD follows at most %d", p.describe(i), n.size, maxTarget)
		}
		if n.size >= shortLink {
			n.content = tree.Text(n.node.Target)
		}
	}
	return nil
}

// measure finds which blocks of a file are stored. The last one always is:
// UFS has no holes at the end of a file.
func (p *plan) measure(i int32) error {
	n := &p.inodes[i]
	if n.content == nil || n.size == 0 {
		return nil
	}
	total := howMany(n.size, p.bsize)
	stored, err := p.stored(i, total)
	if err != nil {
		return err
	}
	if rest := howMany(n.size%p.bsize, p.fsize); total <= directBlocks && rest != 0 && rest != p.frag {
		n.tail = rest
		if last := &stored[len(stored)-1]; last.end-last.start == 1 {
			stored = stored[:len(stored)-1]
		} else {
			last.end--
		}
	}
	n.body = stored
	for _, s := range stored {
		n.blocks += s.end - s.start
	}
	n.indirect = int64(len(indirectBlocks(stored, p.nindir)))
	return nil
}

// stored lists the blocks that a file needs, the last one included.
func (p *plan) stored(i int32, total int64) ([]span, error) {
	n := &p.inodes[i]
	sparse, ok := n.content.(tree.Sparse)
	if !ok {
		return []span{{0, total}}, nil
	}
	extents, err := sparse.Extents()
	if err != nil {
		return nil, fmt.Errorf("ufs: finding the holes of %v: %w", p.describe(i), err)
	}
	var out []span
	end := int64(0)
	for _, e := range extents {
		if e.Off < end || e.Len < 0 || e.Off > n.size-e.Len {
			return nil, fmt.Errorf("ufs: %v: the extent of %d bytes at %d is out of order or beyond the end at %d",
				p.describe(i), e.Len, e.Off, n.size)
		}
		if e.Len > 0 {
			out = appendSpan(out, span{e.Off / p.bsize, howMany(e.Off+e.Len, p.bsize)})
		}
		end = e.Off + e.Len
	}
	return appendSpan(out, span{total - 1, total}), nil
}

// appendSpan adds a span that does not begin before the last one does.
func appendSpan(list []span, s span) []span {
	if len(list) > 0 {
		if last := &list[len(list)-1]; s.start <= last.end {
			last.end = max(last.end, s.end)
			return list
		}
	}
	return append(list, s)
}
