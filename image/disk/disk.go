// Package disk composes disk images: partitions, each written by a writer of
// its own, under a GUID partition table.
//
// A Plan goes in; a Layout knows where everything lies and writes it to any
// io.WriterAt. CreateFile turns a layout into a file that is there whole or
// not at all. The writers of file systems come in through an interface; this
// package knows none of them.
package disk

import (
	"errors"
	"fmt"
	"io"
	"math"

	"fruix/image/gpt"
	"fruix/image/tree"
)

// DefaultAlign is where partitions begin unless a plan says otherwise: at
// multiples of 1 MiB, which suits the blocks of any disk.
const DefaultAlign = 1 << 20

// Writer writes something of a known size, in bytes. WriteTo may leave ranges
// that are all zeros unwritten: the target is fresh and reads as zeros.
type Writer interface {
	Size() int64
	WriteTo(io.WriterAt) error
}

// Partition is one partition of a plan.
type Partition struct {
	Type gpt.GUID
	UUID gpt.GUID
	// Name is the partition's name in the table.
	Name string
	// Size is the size in bytes; 0 makes it that of Writer, and a size that
	// is no multiple of the sector size is rounded up.
	Size int64
	// Attributes as in gpt.Partition.
	Attributes uint64
	// Writer writes what is in the partition; nil leaves it zero.
	Writer Writer
}

// Plan describes a disk.
type Plan struct {
	// Partitions, in the order in which they lie on the disk.
	Partitions []Partition
	DiskUUID   gpt.GUID
	// Align is the unit in which partitions begin; 0 is DefaultAlign.
	Align int64
	// Size of the disk in bytes; 0 is the smallest multiple of Align that
	// holds everything.
	Size int64
	// BootCode as in gpt.Table.
	BootCode []byte
}

// Layout is a plan with every place decided.
type Layout struct {
	table *gpt.Layout
	parts []placed
}

type placed struct {
	gpt.Partition
	w Writer
}

// New decides where the partitions lie.
func New(p Plan) (*Layout, error) {
	align := p.Align
	if align == 0 {
		align = DefaultAlign
	}
	if align < 0 || align%gpt.Sector != 0 {
		return nil, fmt.Errorf("partitions cannot be aligned to %d bytes: not a multiple of %d", align, gpt.Sector)
	}
	l := &Layout{}
	table := gpt.Table{Disk: p.DiskUUID, BootCode: p.BootCode}
	end := int64(gpt.Head)
	for i, part := range p.Partitions {
		size, err := partitionSize(part)
		if err != nil {
			return nil, fmt.Errorf("partition %d (%q): %w", i+1, part.Name, err)
		}
		start, ok := roundUp(end, align)
		if !ok || size > math.MaxInt64-start {
			return nil, errors.New("partitions are larger in sum than a disk can be")
		}
		end = start + size
		entry := gpt.Partition{Type: part.Type, ID: part.UUID, Name: part.Name,
			Start: start, Size: size, Attributes: part.Attributes}
		table.Partitions = append(table.Partitions, entry)
		l.parts = append(l.parts, placed{entry, part.Writer})
	}
	if end > math.MaxInt64-gpt.Tail {
		return nil, errors.New("partitions are larger in sum than a disk can be")
	}
	need, ok := roundUp(end+gpt.Tail, align)
	switch {
	case p.Size == 0 && !ok:
		return nil, errors.New("partitions are larger in sum than a disk can be")
	case p.Size == 0:
		table.Size = need
	case p.Size < end+gpt.Tail:
		return nil, fmt.Errorf("partitions need a disk of %d bytes; the disk is to have %d", end+gpt.Tail, p.Size)
	default:
		table.Size = p.Size
	}
	var err error
	l.table, err = gpt.New(table)
	return l, err
}

func partitionSize(p Partition) (int64, error) {
	size := p.Size
	if p.Writer != nil {
		content := p.Writer.Size()
		if size == 0 {
			size = content
		}
		if content > size {
			return 0, fmt.Errorf("holds %d bytes but is to have a size of %d", content, size)
		}
	}
	if size <= 0 {
		return 0, fmt.Errorf("has the size %d", size)
	}
	size, ok := roundUp(size, gpt.Sector)
	if !ok {
		return 0, fmt.Errorf("is too large: %d bytes", p.Size)
	}
	return size, nil
}

// roundUp gives the least multiple of unit that is not below n.
func roundUp(n, unit int64) (int64, bool) {
	if n > math.MaxInt64-unit {
		return 0, false
	}
	return (n + unit - 1) / unit * unit, true
}

// Size is the size of the disk in bytes.
func (l *Layout) Size() int64 { return l.table.Size() }

// Partitions gives the entries of the partition table: where each partition
// of the plan came to lie.
func (l *Layout) Partitions() []gpt.Partition {
	out := make([]gpt.Partition, len(l.parts))
	for i, p := range l.parts {
		out[i] = p.Partition
	}
	return out
}

// WriteTo writes the disk from front to back, leaving zeros unwritten where
// the writers of partitions do. A writer that goes beyond its partition fails.
func (l *Layout) WriteTo(w io.WriterAt) error {
	if err := l.table.WriteHead(w); err != nil {
		return err
	}
	for i, p := range l.parts {
		if p.w == nil {
			continue
		}
		if err := p.w.WriteTo(tree.Section{W: w, Off: p.Start, Limit: p.Size}); err != nil {
			return fmt.Errorf("partition %d (%q): %w", i+1, p.Name, err)
		}
	}
	return l.table.WriteTail(w)
}
