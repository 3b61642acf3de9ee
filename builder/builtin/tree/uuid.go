package tree

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"fruix/image/gpt"
)

// CheckUUID tells whether a text is an identifier in the notation of a type of
// file system. Empty ones pass: they are to be derived.
func CheckUUID(fsType, s string) error {
	if s == "" {
		return nil
	}
	if fsType == FAT {
		_, err := parseVolumeID(s)
		return err
	}
	_, err := parseUUID(fsType, s)
	return err
}

// VolumeID returns the serial number of a FAT file system: the one given, or
// one that derives from the plan's seed.
func (p *Plan) VolumeID(part *Partition) (uint32, error) {
	if s := part.FileSystem.UUID; s != "" {
		return parseVolumeID(s)
	}
	g := gpt.Derive("file system", p.Seed, part.Name)
	return binary.BigEndian.Uint32(g[:]), nil
}

// FileSystemUUID returns the identifier of a file system of any other type.
func (p *Plan) FileSystemUUID(part *Partition) (gpt.GUID, error) {
	if part.FileSystem != nil && part.FileSystem.UUID != "" {
		return parseUUID(part.FileSystem.Type, part.FileSystem.UUID)
	}
	return gpt.Derive("file system", p.Seed, part.Name), nil
}

// PartitionUUID returns the identifier of a partition.
func (p *Plan) PartitionUUID(part *Partition) gpt.GUID {
	if !part.UUID.IsZero() {
		return part.UUID
	}
	return gpt.Derive("partition", p.Seed, part.Name)
}

// DiskUUID returns the identifier of the disk.
func (p *Plan) DiskUUID() gpt.GUID { return gpt.Derive("disk", p.Seed) }

func parseVolumeID(s string) (uint32, error) {
	high, low, ok := strings.Cut(s, "-")
	n, err := strconv.ParseUint(high+low, 16, 32)
	if !ok || err != nil || len(high) != 4 || len(low) != 4 {
		return 0, fmt.Errorf("%q is not the serial number of a FAT file system, such as 12AB-34CD", shorten(s))
	}
	return uint32(n), nil
}

func parseUUID(fsType, s string) (gpt.GUID, error) {
	var g gpt.GUID
	if fsType == UFS2 && len(s) == 16 {
		// What FreeBSD shows as /dev/ufsid/…: the first half is all there is.
		if _, err := hex.Decode(g[:], []byte(s)); err != nil {
			return g, fmt.Errorf("%q is not a UFS identifier of 16 hexadecimal digits", s)
		}
		return g, nil
	}
	g, err := gpt.Parse(s)
	if err == nil && g.IsZero() {
		err = fmt.Errorf("the UUID is nil")
	}
	return g, err
}
