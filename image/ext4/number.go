package ext4

import (
	"fmt"
	"slices"
	"strings"

	"fruix/image/tree"
)

// run is a run of logical blocks of a file that are stored.
type run struct{ logical, length uint32 }

// slice is a part of one of the Layout's big slices: what many small slices
// would hold, without a pointer for each inode.
type slice struct{ first, count uint32 }

func part[T any](all []T, s slice) []T { return all[s.first : s.first+s.count] }

// inode is a planned file. Numbers that are not in use have no node.
type inode struct {
	node  *tree.Node
	dir   *directory // of a directory
	size  int64
	links uint32
	runs  slice // of Layout.runs
}

// fast tells whether a link target is stored in the inode itself.
func (i *inode) fast() bool {
	return i.node.Kind == tree.Symlink && i.size <= maxFastTarget
}

// numbering gives the files of a tree their inode numbers: those of one
// directory follow one another in the order of the names, and the contents of
// its subdirectories come after them.
type numbering struct {
	l     *Layout
	files map[*tree.Node]uint32
}

// number fills inodes and runs. The journal's size is not known yet.
func (l *Layout) number(root *tree.Node) error {
	lost, err := findLostFound(root)
	if err != nil {
		return err
	}
	l.inodes = make([]inode, firstInode-1, 1024)
	l.runs = make([]run, 1, 1024) // the first is the journal's
	n := numbering{l: l, files: make(map[*tree.Node]uint32)}
	l.inode(rootInode).node = root
	var extra []tree.Entry
	if lost == nil {
		lost = &tree.Node{Kind: tree.Dir, Mode: 0o700, MTime: l.opt.Time}
		extra = []tree.Entry{{Name: lostFound, Node: lost}}
		n.add(lost)
	}
	if err := n.directory(".", root, rootInode, rootInode, extra); err != nil {
		return err
	}
	if int64(len(l.inodes)) > maxBlocks {
		return fmt.Errorf("%d files are more than ext4 has inodes", len(l.inodes))
	}
	for i := range l.inodes {
		if l.inodes[i].node == lost {
			d := l.inodes[i].dir
			d.blocks = max(d.blocks, lostFoundBlocks)
			l.setDirectorySize(&l.inodes[i])
		}
	}
	return nil
}

// lostFound is where e2fsck puts what has no name any more. It is given some
// blocks in advance, since a broken file system is no place to allocate in.
const (
	lostFound       = "lost+found"
	lostFoundBlocks = 4
)

func findLostFound(root *tree.Node) (*tree.Node, error) {
	for _, e := range root.Entries {
		if e.Name == lostFound {
			if e.Node.Kind != tree.Dir {
				return nil, fmt.Errorf("%q is a %v; ext4 needs a directory of this name", lostFound, e.Node.Kind)
			}
			return e.Node, nil
		}
	}
	return nil, nil
}

// inode is the inode with a number; the pointer is good until the next add.
func (l *Layout) inode(number uint32) *inode { return &l.inodes[number-1] }

// add gives a node the next number.
func (n *numbering) add(node *tree.Node) uint32 {
	n.l.inodes = append(n.l.inodes, inode{node: node})
	return uint32(len(n.l.inodes))
}

func (n *numbering) directory(path string, node *tree.Node, number, parent uint32, extra []tree.Entry) error {
	if err := checkTime(node.MTime); err != nil {
		return fmt.Errorf("%q: %w", path, err)
	}
	d := &directory{number: number, parent: parent}
	d.entries = append(slices.Clone(node.Entries), extra...)
	slices.SortFunc(d.entries, func(a, b tree.Entry) int { return strings.Compare(a.Name, b.Name) })
	d.inodes = make([]uint32, len(d.entries))
	for i, e := range d.entries {
		var err error
		if d.inodes[i], err = n.entry(path, e); err != nil {
			return err
		}
	}
	subdirs := uint32(0)
	for i, e := range d.entries {
		if e.Node.Kind != tree.Dir {
			continue
		}
		subdirs++
		if err := n.directory(join(path, e.Name), e.Node, d.inodes[i], number, nil); err != nil {
			return err
		}
	}
	if err := d.plan(n.l.hashSeed); err != nil {
		return fmt.Errorf("%q: %w", path, err)
	}
	in := n.l.inode(number)
	in.dir = d
	if in.links = 2 + subdirs; in.links > maxLinks {
		in.links = 1 // dir_nlink: "not counted"
	}
	n.l.setDirectorySize(in)
	return nil
}

func (l *Layout) setDirectorySize(in *inode) {
	in.size = int64(in.dir.blocks) * blockSize
	in.runs = slice{uint32(len(l.runs)), 1}
	l.runs = append(l.runs, run{0, in.dir.blocks})
}

// entry gives the number of an entry's node, which is new unless the entry is
// a further link.
func (n *numbering) entry(path string, e tree.Entry) (uint32, error) {
	if e.Node.Kind == tree.Dir {
		if e.Name == lostFound && path == "." && n.l.isFirst(e.Node) {
			return firstInode, nil
		}
		return n.add(e.Node), nil
	}
	number, known := n.files[e.Node]
	if !known {
		number = n.add(e.Node)
		n.files[e.Node] = number
		if err := n.l.describe(n.l.inode(number)); err != nil {
			return 0, fmt.Errorf("%q: %w", join(path, e.Name), err)
		}
	}
	in := n.l.inode(number)
	if in.links++; in.links > maxLinks {
		return 0, fmt.Errorf("%q is the %dth name of a file; ext4 allows %d", join(path, e.Name), in.links, maxLinks)
	}
	return number, nil
}

// isFirst tells whether a node already has the number of lost+found.
func (l *Layout) isFirst(n *tree.Node) bool {
	return len(l.inodes) >= firstInode && l.inode(firstInode).node == n
}

// describe fills in what follows from the node of a new file and checks that
// ext4 can hold it.
func (l *Layout) describe(in *inode) error {
	n := in.node
	in.size = n.Size()
	if err := checkTime(n.MTime); err != nil {
		return err
	}
	switch n.Kind {
	case tree.Symlink:
		if in.size > maxTarget {
			return fmt.Errorf("link target is %d bytes long; the most is %d", in.size, maxTarget)
		}
		if !in.fast() {
			in.runs = slice{uint32(len(l.runs)), 1}
			l.runs = append(l.runs, run{0, 1})
		}
	case tree.CharDevice, tree.BlockDevice:
		if n.Major > maxMajor || n.Minor > maxMinor {
			return fmt.Errorf("device %d:%d is beyond what Linux numbers, %d:%d", n.Major, n.Minor, maxMajor, maxMinor)
		}
	case tree.File:
		return l.describeContent(in)
	}
	return nil
}

// describeContent rounds a file's extents to blocks and joins those that share
// one.
func (l *Layout) describeContent(in *inode) error {
	if in.size > maxFileSize {
		return fmt.Errorf("file of %d bytes is too large; the most is %d", in.size, int64(maxFileSize))
	}
	if in.size == 0 {
		return nil
	}
	blocks := ceilDiv(in.size, blockSize)
	in.runs.first = uint32(len(l.runs))
	sparse, ok := in.node.Content.(tree.Sparse)
	if !ok {
		l.runs = append(l.runs, run{0, uint32(blocks)})
		in.runs.count = 1
		return nil
	}
	extents, err := sparse.Extents()
	if err != nil {
		return err
	}
	end := int64(0)      // of the extents so far, in bytes
	blockEnd := int64(0) // of the runs so far
	for _, e := range extents {
		if e.Off < end || e.Len < 0 || e.Len > in.size-e.Off {
			return fmt.Errorf("extents of the content are out of order or outside of its %d bytes: %d bytes at %d", in.size, e.Len, e.Off)
		}
		if e.Len == 0 {
			continue
		}
		end = e.Off + e.Len
		from, to := e.Off/blockSize, ceilDiv(end, blockSize)
		if in.runs.count > 0 && from <= blockEnd {
			last := &l.runs[len(l.runs)-1]
			last.length = uint32(to - int64(last.logical))
		} else {
			l.runs = append(l.runs, run{uint32(from), uint32(to - from)})
			in.runs.count++
		}
		blockEnd = to
	}
	return nil
}

// join appends a name to a path as tree.Walk writes them.
func join(dir, name string) string {
	if dir == "." {
		return name
	}
	return dir + "/" + name
}
