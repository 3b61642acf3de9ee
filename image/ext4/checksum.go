package ext4

import (
	"encoding/binary"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// crc32c continues a CRC-32C. Unlike hash/crc32, ext4 inverts neither the
// starting value nor the result, and starts from ^0.
func crc32c(crc uint32, p []byte) uint32 {
	return ^crc32.Update(^crc, castagnoli, p)
}

// crc32cUint32 continues with a little-endian number.
func crc32cUint32(crc, v uint32) uint32 {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], v)
	return crc32c(crc, b[:])
}

// inodeSeed starts the checksums of an inode and of the directory and extent
// blocks that belong to it; the inode's generation is always 0 here.
func inodeSeed(fsSeed, ino uint32) uint32 {
	return crc32cUint32(crc32cUint32(fsSeed, ino), 0)
}
