// Package gpt writes GUID partition tables as the UEFI specification 2.10,
// chapter 5, has them: a protective MBR, a header and an array of partition
// entries at the front of the disk, and copies of both at its end.
//
// A Table goes in; what comes out are the bytes around the partitions. What
// is in the partitions is not this package's business (see image/disk).
package gpt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// Sizes in bytes.
const (
	// Sector is the size of a logical block. Images are made for disks
	// that have, or emulate, 512-byte sectors.
	Sector = 512
	// Head is what the table takes at the front of the disk: the protective
	// MBR, the header and the entries.
	Head = Sector + Tail
	// Tail is what the table takes at the end: the entries and the header.
	Tail = Sector + entries*entrySize
)

const (
	entries    = 128 // the least that the specification allows, and what is usual
	entrySize  = 128
	headerSize = 92
	nameUnits  = 36 // UTF-16 code units in a name
	bootCode   = 440
)

// Attributes of partitions: those of UEFI 2.10, table 5.8, and those that
// FreeBSD's gptboot knows.
const (
	Required        uint64 = 1 << 0 // the platform needs it to work
	NoBlockIO       uint64 = 1 << 1 // firmware makes no block device of it
	LegacyBootable  uint64 = 1 << 2
	FreeBSDBootMe   uint64 = 1 << 59
	FreeBSDBootOnce uint64 = 1 << 58
)

// Partition is one entry of the table.
type Partition struct {
	Type GUID // what it is for
	ID   GUID // which one it is; unlike any other in the world
	// Name is at most 36 UTF-16 code units long.
	Name string
	// Start and Size are in bytes, multiples of Sector.
	Start, Size int64
	Attributes  uint64
}

// Table describes the partitioning of a whole disk.
type Table struct {
	Disk GUID
	// Size of the disk in bytes, a multiple of Sector.
	Size       int64
	Partitions []Partition
	// BootCode goes to the front of the MBR, for machines without UEFI: at
	// most 440 bytes. It may be nil.
	BootCode []byte
}

// Layout is a checked table, ready to be written.
type Layout struct {
	size         int64
	mbr          [Sector]byte
	array        []byte
	first, last  [Sector]byte // the headers at the front and at the end
	firstEntries int64        // where the entries go at the front
	lastEntries  int64        // and at the end
}

// New checks a table and encodes it. Partitions must lie between the table's
// two copies, not overlap, and have types, IDs that differ, and sizes above 0.
func New(t Table) (*Layout, error) {
	if err := check(t); err != nil {
		return nil, err
	}
	l := &Layout{size: t.Size, firstEntries: 2 * Sector, lastEntries: t.Size - Tail}
	l.mbr = protectiveMBR(t)
	l.array = make([]byte, entries*entrySize)
	for i, p := range t.Partitions {
		putEntry(l.array[i*entrySize:], p)
	}
	crc := crc32.ChecksumIEEE(l.array)
	lastLBA := t.Size/Sector - 1
	l.first = header(t, 1, lastLBA, l.firstEntries/Sector, crc)
	l.last = header(t, lastLBA, 1, l.lastEntries/Sector, crc)
	return l, nil
}

// Size is the size of the disk in bytes.
func (l *Layout) Size() int64 { return l.size }

// WriteTo writes the table's two copies, in ascending order. It leaves the
// rest of the disk alone.
func (l *Layout) WriteTo(w io.WriterAt) error {
	if err := l.WriteHead(w); err != nil {
		return err
	}
	return l.WriteTail(w)
}

// WriteHead writes the copy at the front, with the protective MBR.
func (l *Layout) WriteHead(w io.WriterAt) error {
	head := slices.Concat(l.mbr[:], l.first[:], l.array)
	_, err := w.WriteAt(head, 0)
	return err
}

// WriteTail writes the copy at the end.
func (l *Layout) WriteTail(w io.WriterAt) error {
	_, err := w.WriteAt(slices.Concat(l.array, l.last[:]), l.lastEntries)
	return err
}

func check(t Table) error {
	switch {
	case t.Size%Sector != 0:
		return fmt.Errorf("disk size %d is not a multiple of %d", t.Size, Sector)
	case t.Size < Head+Tail+Sector:
		return fmt.Errorf("disk of %d bytes is too small for a partition table", t.Size)
	case t.Disk.IsZero():
		return errors.New("the disk has no GUID")
	case len(t.Partitions) > entries:
		return fmt.Errorf("%d partitions; the table has room for %d", len(t.Partitions), entries)
	case len(t.BootCode) > bootCode:
		return fmt.Errorf("boot code is %d bytes long; the MBR has room for %d", len(t.BootCode), bootCode)
	}
	ids := map[GUID]int{t.Disk: 0}
	for i, p := range t.Partitions {
		if err := checkPartition(t, p); err != nil {
			return fmt.Errorf("partition %d (%q): %w", i+1, p.Name, err)
		}
		if other, ok := ids[p.ID]; ok {
			if other == 0 {
				return fmt.Errorf("partition %d (%q) has the GUID of the disk, %v", i+1, p.Name, p.ID)
			}
			return fmt.Errorf("partitions %d and %d have the same GUID, %v", other, i+1, p.ID)
		}
		ids[p.ID] = i + 1
	}
	return checkOverlap(t.Partitions)
}

func checkPartition(t Table, p Partition) error {
	switch {
	case p.Type.IsZero():
		return errors.New("has no type")
	case p.ID.IsZero():
		return errors.New("has no GUID")
	case p.Start%Sector != 0 || p.Size%Sector != 0:
		return fmt.Errorf("start %d or size %d is not a multiple of %d", p.Start, p.Size, Sector)
	case p.Size <= 0:
		return fmt.Errorf("has the size %d", p.Size)
	case p.Start < Head || p.Start > t.Size-Tail || p.Size > t.Size-Tail-p.Start:
		return fmt.Errorf("bytes %d to %d are outside of what the table leaves, %d to %d",
			p.Start, p.Start+p.Size, int64(Head), t.Size-Tail)
	case !utf8.ValidString(p.Name):
		return errors.New("name is not UTF-8")
	case len(utf16.Encode([]rune(p.Name))) > nameUnits:
		return fmt.Errorf("name is longer than %d UTF-16 code units", nameUnits)
	}
	return nil
}

func checkOverlap(parts []Partition) error {
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if parts[a].Start < parts[b].Start {
			return -1
		}
		return 1
	})
	for k := 1; k < len(order); k++ {
		a, b := order[k-1], order[k]
		if parts[a].Start+parts[a].Size > parts[b].Start {
			return fmt.Errorf("partitions %d (%q) and %d (%q) overlap", a+1, parts[a].Name, b+1, parts[b].Name)
		}
	}
	return nil
}

// protectiveMBR is UEFI 2.10, section 5.2.3: one partition of type 0xEE over
// the disk, so that tools that know only MBRs keep off.
func protectiveMBR(t Table) (b [Sector]byte) {
	copy(b[:], t.BootCode)
	p := b[446:]
	copy(p[1:], []byte{0x00, 0x02, 0x00}) // first sector as cylinder, head, sector
	p[4] = 0xee
	copy(p[5:], []byte{0xff, 0xff, 0xff}) // last sector: beyond what can be said so
	binary.LittleEndian.PutUint32(p[8:], 1)
	binary.LittleEndian.PutUint32(p[12:], uint32(min(t.Size/Sector-1, 0xffffffff)))
	b[510], b[511] = 0x55, 0xaa
	return b
}

// putEntry is UEFI 2.10, table 5.7.
func putEntry(b []byte, p Partition) {
	typ, id := p.Type.onDisk(), p.ID.onDisk()
	copy(b, typ[:])
	copy(b[16:], id[:])
	binary.LittleEndian.PutUint64(b[32:], uint64(p.Start/Sector))
	binary.LittleEndian.PutUint64(b[40:], uint64((p.Start+p.Size)/Sector-1))
	binary.LittleEndian.PutUint64(b[48:], p.Attributes)
	for i, u := range utf16.Encode([]rune(p.Name)) {
		binary.LittleEndian.PutUint16(b[56+2*i:], u)
	}
}

// header is UEFI 2.10, table 5.5. Its positions are in sectors.
func header(t Table, self, other, array int64, arrayCRC uint32) (b [Sector]byte) {
	le := binary.LittleEndian
	copy(b[:], "EFI PART")
	le.PutUint32(b[8:], 0x00010000)
	le.PutUint32(b[12:], headerSize)
	le.PutUint64(b[24:], uint64(self))
	le.PutUint64(b[32:], uint64(other))
	le.PutUint64(b[40:], Head/Sector)
	le.PutUint64(b[48:], uint64((t.Size-Tail)/Sector-1))
	disk := t.Disk.onDisk()
	copy(b[56:], disk[:])
	le.PutUint64(b[72:], uint64(array))
	le.PutUint32(b[80:], entries)
	le.PutUint32(b[84:], entrySize)
	le.PutUint32(b[88:], arrayCRC)
	le.PutUint32(b[16:], crc32.ChecksumIEEE(b[:headerSize]))
	return b
}
