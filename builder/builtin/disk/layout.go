package disk

import (
	"fmt"
	"io"
	"strings"

	"fruix/builder/builtin/tree"
	imagedisk "fruix/image/disk"
	"fruix/image/ext4"
	"fruix/image/fat"
	"fruix/image/gpt"
	imagetree "fruix/image/tree"
	"fruix/image/ufs"
)

// Layout is a disk image, planned to the last block.
type Layout struct {
	disk *imagedisk.Layout
	info Info
}

// Size is the size of the image in bytes.
func (l *Layout) Size() int64 { return l.disk.Size() }

// Info tells about the image, without what is known only when it is written.
func (l *Layout) Info() Info { return l.info }

// WriteTo writes the image.
func (l *Layout) WriteTo(w io.WriterAt) error { return l.disk.WriteTo(w) }

// New decides where everything lies. roots holds the tree of each partition
// of the plan, nil for those without files.
func New(p *tree.Plan, roots []*imagetree.Node) (*Layout, error) {
	l := &Layout{info: Info{DiskUUID: p.DiskUUID().String()}}
	plan := imagedisk.Plan{DiskUUID: p.DiskUUID()}
	end := int64(gpt.Head)
	for i := range p.Partitions {
		part := &p.Partitions[i]
		start := roundUp(end)
		placed, info, err := partition(p, part, roots[i], start)
		if err != nil {
			return nil, fmt.Errorf("partition %q: %w", part.Name, err)
		}
		end = start + placed.Size
		plan.Partitions = append(plan.Partitions, placed)
		info.Number = i + 1
		l.info.Partitions = append(l.info.Partitions, info)
	}
	var err error
	if l.disk, err = imagedisk.New(plan); err != nil {
		return nil, err
	}
	for i, placed := range l.disk.Partitions() {
		l.info.Partitions[i].Start, l.info.Partitions[i].Size = placed.Start, placed.Size
	}
	l.info.Size = l.disk.Size()
	return l, nil
}

// roundUp rounds to the unit in which partitions begin and end.
func roundUp(n int64) int64 {
	const unit = imagedisk.DefaultAlign
	return (n + unit - 1) / unit * unit
}

// partition plans one partition, which begins at the byte start of the disk.
func partition(p *tree.Plan, part *tree.Partition, root *imagetree.Node, start int64) (imagedisk.Partition, Partition, error) {
	id := p.PartitionUUID(part)
	guid, _ := part.Type.GUID()
	placed := imagedisk.Partition{Type: guid, UUID: id, Name: part.Name, Size: roundUp(part.Size)}
	info := Partition{Name: part.Name, Type: string(part.Type), UUID: id.String()}
	fs := part.FileSystem
	if fs == nil && part.Type == tree.LinuxSwap {
		fs = &tree.FileSystem{Type: tree.Swap}
	}
	if fs == nil {
		return placed, info, nil
	}
	if fs.Size > placed.Size && placed.Size > 0 {
		return placed, info, fmt.Errorf("the file system is to have %d bytes, the partition only %d", fs.Size, placed.Size)
	}
	size := fs.Size
	if size == 0 {
		size = placed.Size
	}
	w, fsUUID, err := writer(p, part, fs, root, size, start)
	if err != nil {
		return placed, info, err
	}
	placed.Writer = w
	if placed.Size == 0 {
		placed.Size = roundUp(w.Size())
	}
	info.FileSystem, info.Label, info.FSUUID = fs.Type, label(fs), fsUUID
	return placed, info, nil
}

// label returns the label as the file system stores it.
func label(fs *tree.FileSystem) string {
	if fs.Type == tree.FAT {
		return strings.ToUpper(fs.Label)
	}
	return fs.Label
}

// writer plans a file system of size bytes, or of the smallest size if that is
// 0. It also returns the file system's identifier.
func writer(p *tree.Plan, part *tree.Partition, fs *tree.FileSystem, root *imagetree.Node, size, start int64) (imagedisk.Writer, string, error) {
	if fs.Type == tree.FAT {
		id, err := p.VolumeID(part)
		if err != nil {
			return nil, "", err
		}
		o := fat.Options{Size: size, Slack: fs.Free, Label: label(fs), VolumeID: id,
			Time: tree.SourceTime, HiddenSectors: uint32(start / gpt.Sector)}
		if part.Type == tree.ESP {
			o.Type = fat.FAT32 // UEFI 2.10, 13.3: what every firmware reads
		}
		w, err := fat.New(root, o)
		return w, fmt.Sprintf("%04X-%04X", id>>16, id&0xffff), err
	}
	id, err := p.FileSystemUUID(part)
	if err != nil {
		return nil, "", err
	}
	switch fs.Type {
	case tree.EXT4:
		w, err := ext4.New(root, ext4.Options{Size: size, Slack: fs.Free, Label: fs.Label, UUID: id, Time: tree.SourceTime})
		return w, id.String(), err
	case tree.UFS2:
		w, err := ufs.New(root, ufs.Options{Size: size, Slack: fs.Free, Label: fs.Label, UUID: id, Time: tree.SourceTime,
			SoftUpdates: true, SnapDir: true})
		return w, fmt.Sprintf("%x", id[:8]), err
	case tree.Swap:
		w, err := newSwap(size, fs.Label, id)
		return w, id.String(), err
	}
	return nil, "", fmt.Errorf("there is no writer for file systems of type %q", fs.Type)
}
