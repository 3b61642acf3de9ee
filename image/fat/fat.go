// Package fat writes FAT16 and FAT32 file systems with long names, such as EFI
// system partitions are.
//
// A tree goes in. New plans the whole file system, WriteTo writes it from
// front to back. The layout follows Microsoft's "FAT: General Overview of
// On-Disk Format" (fatgen103, version 1.03) and its section on long directory
// entries, with Microsoft's choice of FAT type and cluster size.
//
// FAT knows neither owners nor permissions nor links. Owners and modes of the
// tree are ignored, a file with several names is written once for each, and
// what is neither file nor directory is an error.
package fat

import (
	"errors"
	"fmt"
	"io"
	"math"

	"fruix/image/tree"
)

// Type is the width of the entries of the file allocation table.
type Type int

// The types that this package writes. FAT12 is for floppy disks.
const (
	Auto  Type = 0
	FAT16 Type = 16
	FAT32 Type = 32
)

// Options describe a file system.
type Options struct {
	// Size in bytes, a multiple of 512; 0 is the smallest that holds the
	// tree and Slack.
	Size int64
	// Slack is how many bytes are to be free at least if Size is 0.
	Slack int64
	// Type is FAT16 or FAT32; Auto takes what suits the size.
	Type Type
	// Label is the name of the volume: up to 11 capital letters, digits and
	// such; empty means none.
	Label string
	// VolumeID is the serial number of the volume.
	VolumeID uint32
	// Time is the time of the label in seconds since 1970. Files and
	// directories have the times of the tree. Times before 1980 and after
	// 2107 are written as the nearest that FAT can say.
	Time int64
	// HiddenSectors is the number of 512-byte sectors before the file
	// system on its disk, which some BIOS boot code wants to know.
	HiddenSectors uint32
}

const (
	sectorSize = 512
	entrySize  = 32
	fatCopies  = 2
	// maxDir is the size of the largest directory (fatgen103, "FAT directory
	// structure").
	maxDir = 65536 * entrySize
)

// Layout is a planned file system. It holds the tree, which must not change.
type Layout struct {
	g     geometry
	o     Options
	label [11]byte
	root  *directory
	dirs  []*directory // all, in the order of their clusters
	files []*file      // all that have clusters, in their order
	used  int64        // clusters in use
}

// directory is a directory whose entries have all that goes to disk but the
// clusters and sizes of what they lead to.
type directory struct {
	path    string
	parent  *directory // nil for the root
	mtime   int64
	entries []entry
	slots   int64 // 32-byte slots that it takes, label and dots included
	cluster int64 // first, 0 for the root of FAT16
	count   int64 // clusters
}

type entry struct {
	name  names
	mtime int64
	dir   *directory // or
	file  *file
}

type file struct {
	path    string
	content tree.Content // nil if empty
	size    int64
	cluster int64 // first, 0 if empty
	count   int64
}

// New plans the file system of a tree. The order of the tree's entries does
// not matter.
func New(root *tree.Node, o Options) (*Layout, error) {
	if err := tree.Validate(root); err != nil {
		return nil, err
	}
	l := &Layout{o: o}
	var err error
	if l.label, err = encodeLabel(o.Label); err != nil {
		return nil, err
	}
	l.root, err = l.plan(root, ".", nil)
	if err != nil {
		return nil, err
	}
	if o.Label != "" {
		l.root.slots++
	}
	for _, d := range l.dirs {
		if d.slots*entrySize > maxDir {
			return nil, fmt.Errorf("directory %q has too many or too long names for FAT: %d bytes of entries, %d is the most", d.path, d.slots*entrySize, maxDir)
		}
	}
	l.g, err = choose(o, l)
	if err != nil {
		return nil, err
	}
	l.allocate()
	return l, nil
}

// Size is the size of the file system in bytes.
func (l *Layout) Size() int64 { return l.g.sectors * sectorSize }

// Type is FAT16 or FAT32.
func (l *Layout) Type() Type { return l.g.kind }

// Free is how many bytes are left for files.
func (l *Layout) Free() int64 { return (l.g.clusters - l.used) * l.g.clusterSize }

// plan collects directories and files in the order in which they will lie.
func (l *Layout) plan(n *tree.Node, path string, parent *directory) (*directory, error) {
	d := &directory{path: path, parent: parent, mtime: n.MTime}
	l.dirs = append(l.dirs, d)
	if parent != nil {
		d.slots = 2 // "." and ".."
	}
	list := make([]string, len(n.Entries))
	nodes := make(map[string]*tree.Node, len(n.Entries))
	for i, e := range n.Entries {
		list[i] = e.Name
		nodes[e.Name] = e.Node
	}
	named, err := nameDirectory(list)
	if err != nil {
		return nil, fmt.Errorf("in directory %q: %w", path, err)
	}
	for _, name := range named {
		child := nodes[name.long]
		sub := name.long
		if path != "." {
			sub = path + "/" + name.long
		}
		e := entry{name: name, mtime: child.MTime}
		switch child.Kind {
		case tree.Dir:
			if e.dir, err = l.plan(child, sub, d); err != nil {
				return nil, err
			}
		case tree.File:
			e.file = &file{path: sub, content: child.Content, size: child.Size()}
			if e.file.size > math.MaxUint32 {
				return nil, fmt.Errorf("%q has %d bytes; FAT holds files below 4 GiB", sub, e.file.size)
			}
			if e.file.size > 0 {
				l.files = append(l.files, e.file)
			}
		default:
			return nil, fmt.Errorf("%q is a %v; FAT holds only files and directories", sub, child.Kind)
		}
		d.entries = append(d.entries, e)
		d.slots += int64(name.slots())
	}
	return d, nil
}

// clustersNeeded counts the clusters of all files and of the directories that
// are made of clusters.
func (l *Layout) clustersNeeded(clusterSize int64, kind Type) int64 {
	total := int64(0)
	for _, d := range l.dirs {
		if d.parent != nil || kind == FAT32 {
			total += dirClusters(d, clusterSize)
		}
	}
	for _, f := range l.files {
		total += (f.size + clusterSize - 1) / clusterSize
	}
	return total
}

// dirClusters counts a directory's clusters; an empty one has one all the same.
func dirClusters(d *directory, clusterSize int64) int64 {
	return max(1, (d.slots*entrySize+clusterSize-1)/clusterSize)
}

// allocate gives clusters to directories and then to files, each in one run.
func (l *Layout) allocate() {
	next := int64(2) // fatgen103: the first data cluster
	for _, d := range l.dirs {
		if d.parent == nil && l.g.kind == FAT16 {
			continue
		}
		d.cluster, d.count = next, dirClusters(d, l.g.clusterSize)
		next += d.count
	}
	for _, f := range l.files {
		f.cluster, f.count = next, (f.size+l.g.clusterSize-1)/l.g.clusterSize
		next += f.count
	}
	l.used = next - 2
}

// WriteTo writes the file system, which begins at offset 0 of w, in ascending
// order. What is zero may stay unwritten: w must read as zeros.
func (l *Layout) WriteTo(w io.WriterAt) error {
	if err := l.writeReserved(w); err != nil {
		return err
	}
	for i := range int64(fatCopies) {
		if err := l.writeFAT(w, (l.g.reserved+i*l.g.fatSectors)*sectorSize); err != nil {
			return err
		}
	}
	for _, d := range l.dirs {
		at := (l.g.reserved + fatCopies*l.g.fatSectors) * sectorSize
		if d.cluster != 0 {
			at = l.g.offset(d.cluster)
		}
		if _, err := w.WriteAt(l.encodeDirectory(d), at); err != nil {
			return err
		}
	}
	for _, f := range l.files {
		if err := tree.CopyWith(w, l.g.offset(f.cluster), f.content, tree.CopyOptions{}); err != nil {
			return fmt.Errorf("%q: %w", f.path, err)
		}
	}
	return nil
}

// encodeLabel pads a label. It allows what a short name may hold, and spaces.
func encodeLabel(label string) (b [11]byte, err error) {
	copy(b[:], "NO NAME    ")
	if label == "" {
		return b, nil
	}
	if len(label) > len(b) {
		return b, fmt.Errorf("label %q is longer than %d bytes", label, len(b))
	}
	if label[0] == ' ' || label == "NO NAME" {
		return b, fmt.Errorf("label %q is not allowed on FAT", label)
	}
	for i := range len(label) {
		if c := label[i]; c != ' ' && !shortChar(c) {
			return b, fmt.Errorf("label %q contains %q; capital letters, digits, spaces and %s may be in it", label, c, shortSpecials)
		}
	}
	copy(b[:], "           ")
	copy(b[:], label)
	return b, nil
}

var errNoSuchType = errors.New("only FAT16 and FAT32 can be written")
