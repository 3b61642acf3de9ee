package device

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"unicode/utf16"
)

// Partition is an entry of a GUID partition table.
type Partition struct {
	Number      int // from 1
	Type, UUID  string
	Name        string
	First, Last uint64 // sectors, both included
}

// ReadGPT reads the GUID partition table of a disk (UEFI specification 2.10,
// section 5.3), the copy at the end when the first one is damaged, which needs
// r to be an io.Seeker.
func ReadGPT(r io.ReaderAt, sector int64) ([]Partition, error) {
	parts, err := readHeader(r, sector, 1)
	if err == nil {
		return parts, nil
	}
	s, ok := r.(io.Seeker)
	if !ok {
		return nil, err
	}
	end, e := s.Seek(0, io.SeekEnd)
	if e != nil || end < 2*sector {
		return nil, err
	}
	if parts, e := readHeader(r, sector, end/sector-1); e == nil {
		return parts, nil
	}
	return nil, err
}

func readHeader(r io.ReaderAt, sector, lba int64) ([]Partition, error) {
	le := binary.LittleEndian
	h := readAt(r, lba*sector, 512)
	if h == nil || string(h[:8]) != "EFI PART" {
		return nil, errors.New("there is no GUID partition table")
	}
	size := le.Uint32(h[12:])
	if size < 92 || size > 512 {
		return nil, fmt.Errorf("partition table header of %d bytes", size)
	}
	sum := le.Uint32(h[16:])
	clear(h[16:20])
	if crc32.ChecksumIEEE(h[:size]) != sum {
		return nil, errors.New("the checksum of the partition table's header is wrong")
	}
	count, width := le.Uint32(h[80:]), le.Uint32(h[84:])
	start := le.Uint64(h[72:])
	if width < 128 || width > 4096 || count > 16384 || start > 1<<40 {
		return nil, fmt.Errorf("partition table of %d entries of %d bytes", count, width)
	}
	entries := readAt(r, int64(start)*sector, int(count*width))
	if entries == nil {
		return nil, errors.New("the partition table is cut off")
	}
	if crc32.ChecksumIEEE(entries) != le.Uint32(h[88:]) {
		return nil, errors.New("the checksum of the partition table is wrong")
	}
	var out []Partition
	for i := 0; i < int(count); i++ {
		e := entries[i*int(width):][:width]
		if [16]byte(e[:16]) == [16]byte{} {
			continue
		}
		p := Partition{Number: i + 1, Type: guid(e[:16]), UUID: guid(e[16:32]), First: le.Uint64(e[32:]), Last: le.Uint64(e[40:])}
		var name []uint16
		for j := 56; j+1 < 128; j += 2 {
			u := le.Uint16(e[j:])
			if u == 0 {
				break
			}
			name = append(name, u)
		}
		p.Name = string(utf16.Decode(name))
		out = append(out, p)
	}
	return out, nil
}

// guid writes a GUID whose first three fields are little-endian.
func guid(b []byte) string {
	le := binary.LittleEndian
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}
