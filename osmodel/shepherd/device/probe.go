package device

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// Probe recognises the file system or swap space on a device. All are empty
// for what it does not know.
func Probe(r io.ReaderAt) (fsType, uuid, label string) {
	for _, f := range []func(io.ReaderAt) (string, string, string){probeExt, probeUFS, probeSwap, probeFAT} {
		if t, u, l := f(r); t != "" {
			return t, u, l
		}
	}
	return "", "", ""
}

// probeExt knows ext2, ext3 and ext4 (Linux kernel documentation, "ext4 Data
// Structures", "Super Block").
func probeExt(r io.ReaderAt) (string, string, string) {
	le := binary.LittleEndian
	s := readAt(r, 1024, 1024)
	if s == nil || le.Uint16(s[56:]) != 0xEF53 {
		return "", "", ""
	}
	compat, incompat := le.Uint32(s[92:]), le.Uint32(s[96:])
	t := "ext2"
	switch {
	case incompat&0x8 != 0: // a journal device
		return "jbd", dce(s[104:120]), text(s[120:136])
	case incompat&(0x40|0x80|0x200) != 0: // extents, 64bit, flex_bg
		t = "ext4"
	case compat&0x4 != 0: // has_journal
		t = "ext3"
	}
	return t, dce(s[104:120]), text(s[120:136])
}

// probeUFS knows FreeBSD's UFS1 and UFS2 (sys/ufs/ffs/fs.h): the superblock is
// at one of three places, and blkid writes its two fs_id words as 16 digits.
func probeUFS(r io.ReaderAt) (string, string, string) {
	for _, at := range []int64{65536, 8192, 0, 262144} {
		s := readAt(r, at, 1376)
		if s == nil {
			continue
		}
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			t := ""
			switch order.Uint32(s[1372:]) {
			case 0x19540119:
				t = "ufs2"
			case 0x00011954:
				t = "ufs1"
			default:
				continue
			}
			id := ""
			a, b := order.Uint32(s[144:]), order.Uint32(s[148:])
			if a != 0 || b != 0 {
				id = fmt.Sprintf("%08x%08x", a, b)
			}
			return t, id, text(s[680:712])
		}
	}
	return "", "", ""
}

// probeSwap knows Linux's swap spaces of version 1 (mkswap(8)), for any page
// size in use.
func probeSwap(r io.ReaderAt) (string, string, string) {
	for page := int64(4096); page <= 65536; page *= 2 {
		m := readAt(r, page-10, 10)
		if string(m) != "SWAPSPACE2" {
			continue
		}
		h := readAt(r, 1024, 512)
		if h == nil {
			return "", "", ""
		}
		return "swap", dce(h[12:28]), text(h[28:44])
	}
	return "", "", ""
}

// probeFAT knows FAT12, FAT16 and FAT32 (Microsoft, "FAT: General Overview of
// On-Disk Format"). The volume label is that of the root directory where there
// is one, else that of the boot sector.
func probeFAT(r io.ReaderAt) (string, string, string) {
	le := binary.LittleEndian
	b := readAt(r, 0, 512)
	if b == nil || b[510] != 0x55 || b[511] != 0xAA || (b[0] != 0xEB && b[0] != 0xE9) {
		return "", "", ""
	}
	sector, cluster := int64(le.Uint16(b[11:])), int64(b[13])
	reserved, fats := int64(le.Uint16(b[14:])), int64(b[16])
	if sector < 512 || sector > 4096 || sector&(sector-1) != 0 || cluster == 0 || cluster&(cluster-1) != 0 || reserved == 0 || fats == 0 || fats > 4 {
		return "", "", ""
	}
	ext, fatSize := 38, int64(le.Uint16(b[22:]))
	wide := fatSize == 0
	if wide {
		ext, fatSize = 66, int64(le.Uint32(b[36:]))
	}
	if b[ext] != 0x29 {
		return "", "", ""
	}
	label := ""
	if l := strings.TrimRight(string(b[ext+5:ext+16]), " \x00"); l != "NO NAME" {
		label = l
	}
	root, n := (reserved+fats*fatSize)*sector, int64(le.Uint16(b[17:]))*32
	if wide {
		root += (int64(le.Uint32(b[44:])) - 2) * cluster * sector
		n = cluster * sector
	}
	if l := rootLabel(r, root, n); l != "" {
		label = l
	}
	return "vfat", fmt.Sprintf("%04X-%04X", le.Uint16(b[ext+3:]), le.Uint16(b[ext+1:])), label
}

// rootLabel looks for the volume label among the first entries of the root
// directory.
func rootLabel(r io.ReaderAt, root, n int64) string {
	if root <= 0 || n <= 0 {
		return ""
	}
	dir := readAt(r, root, int(min(n, 4096)))
	for ; len(dir) >= 32; dir = dir[32:] {
		if dir[0] == 0 {
			break
		}
		if dir[0] != 0xE5 && dir[11]&0x3F == 0x08 {
			return strings.TrimRight(string(dir[:11]), " ")
		}
	}
	return ""
}

// dce writes the 16 bytes of a UUID, "" when all are zero.
func dce(b []byte) string {
	if bytes.Equal(b, make([]byte, 16)) {
		return ""
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// text is a string that ends at the first zero byte.
func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}
