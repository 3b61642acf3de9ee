package gpt

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// GUID is a globally unique identifier in the order in which it is written as
// text (RFC 9562, section 4). On disk the first three fields are
// little-endian; the encoding takes care of that.
type GUID [16]byte

// Partition types. The numbers are assigned by the UEFI specification, the
// Discoverable Partitions Specification and FreeBSD's sys/disk/gpt.h.
var (
	EFISystem       = MustParse("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
	BIOSBoot        = MustParse("21686148-6449-6e6f-744e-656564454649")
	LinuxFilesystem = MustParse("0fc63daf-8483-4772-8e79-3d69d8477de4")
	LinuxRootAMD64  = MustParse("4f68bce3-e8cd-4db1-96e7-fbcaf984b709")
	LinuxRootARM64  = MustParse("b921b045-1df0-41c3-af44-4c6f280d3fae")
	LinuxSwap       = MustParse("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f")
	FreeBSDBoot     = MustParse("83bd6b9d-7f41-11dc-be0b-001560b84f0f")
	FreeBSDUFS      = MustParse("516e7cb6-6ecf-11d6-8ff8-00022d09712b")
	FreeBSDSwap     = MustParse("516e7cb5-6ecf-11d6-8ff8-00022d09712b")
	FreeBSDZFS      = MustParse("516e7cba-6ecf-11d6-8ff8-00022d09712b")
)

// Parse reads the text form of a GUID, 8-4-4-4-12 hexadecimal digits of either
// case.
func Parse(s string) (GUID, error) {
	var g GUID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return g, fmt.Errorf("%q is not a GUID such as c12a7328-f81f-11d2-ba4b-00a0c93ec93b", s)
	}
	digits := s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	if _, err := hex.Decode(g[:], []byte(digits)); err != nil {
		return GUID{}, fmt.Errorf("%q is not a GUID: %w", s, err)
	}
	return g, nil
}

// MustParse is Parse for constants; it panics where Parse returns an error.
func MustParse(s string) GUID {
	g, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return g
}

// String gives the text form in lower case.
func (g GUID) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", g[:4], g[4:6], g[6:8], g[8:10], g[10:])
}

// IsZero tells whether g is the nil GUID, which marks an unused entry.
func (g GUID) IsZero() bool { return g == GUID{} }

// onDisk gives the encoding of UEFI 2.10, appendix A.
func (g GUID) onDisk() [16]byte {
	g[0], g[1], g[2], g[3] = g[3], g[2], g[1], g[0]
	g[4], g[5] = g[5], g[4]
	g[6], g[7] = g[7], g[6]
	return g
}

// Derive makes a GUID out of what it identifies, so that the same image gets
// the same identifiers wherever it is made. Parts are told apart: Derive("a",
// "bc") is not Derive("ab", "c"). The result is an RFC 9562 UUID of version 8,
// the one for such schemes, made of the leading bits of a SHA-256.
func Derive(parts ...string) GUID {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts {
		binary.LittleEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	var g GUID
	copy(g[:], h.Sum(nil))
	g[6] = g[6]&0x0f | 0x80
	g[8] = g[8]&0x3f | 0x80
	return g
}
