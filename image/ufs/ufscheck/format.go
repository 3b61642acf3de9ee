package ufscheck

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// Csum is struct csum: what is counted about one cylinder group.
type Csum struct {
	Ndir, Nbfree, Nifree, Nffree int32
}

// CsumTotal is struct csum_total.
type CsumTotal struct {
	Ndir, Nbfree, Nifree, Nffree, Numclusters int64
	Spare                                     [3]int64
}

// Superblock is struct fs. The names are those of fs.h without "fs_".
type Superblock struct {
	Firstfield, Unused1                int32
	Sblkno, Cblkno, Iblkno, Dblkno     int32
	OldCgoffset, OldCgmask             int32
	OldTime, OldSize, OldDsize         int32
	Ncg                                uint32
	Bsize, Fsize, Frag                 int32
	Minfree, OldRotdelay, OldRps       int32
	Bmask, Fmask, Bshift, Fshift       int32
	Maxcontig, Maxbpg                  int32
	Fragshift, Fsbtodb, Sbsize         int32
	Spare1                             [2]int32
	Nindir                             int32
	Inopb                              uint32
	OldNspf, Optim                     int32
	OldNpsect, OldInterleave, OldTrack int32
	ID                                 [2]int32
	OldCsaddr, Cssize, Cgsize, Spare2  int32
	OldNsect, OldSpc, OldNcyl, OldCpg  int32
	Ipg                                uint32
	Fpg                                int32
	OldCstotal                         Csum
	Fmod, Clean, Ronly, OldFlags       int8
	Fsmnt                              [468]byte
	Volname                            [32]byte
	Swuid                              uint64
	Pad, Cgrotor                       int32
	Ocsp                               [15]uint64
	Si                                 uint64
	OldCpc, Maxbsize                   int32
	Unrefs, Providersize, Metaspace    int64
	Sparecon64                         [13]int64
	Sblockactualloc, Sblockloc         int64
	Cstotal                            CsumTotal
	Time, Size, Dsize, Csaddr          int64
	Pendingblocks                      int64
	Pendinginodes                      uint32
	Snapinum                           [20]uint32
	Avgfilesize, Avgfpdir              uint32
	SaveCgsize                         int32
	Mtime                              int64
	Sujfree                            int32
	Sparecon32                         [21]int32
	Ckhash, Metackhash                 uint32
	Flags, Contigsumsize, Maxsymlink   int32
	OldInodefmt                        int32
	Maxfilesize                        uint64
	Qbmask, Qfmask                     int64
	State, OldPostbl, OldNrpos         int32
	Spare5                             [2]int32
	Magic                              int32
}

// Group is struct cg without its maps, which follow it.
type Group struct {
	Firstfield, Magic, OldTime      int32
	Cgx                             uint32
	OldNcyl, OldNiblk               int16
	Ndblk                           uint32
	Cs                              Csum
	Rotor, Frotor, Irotor           uint32
	Frsum                           [8]uint32
	OldBtotoff, OldBoff             int32
	Iusedoff, Freeoff, Nextfreeoff  uint32
	Clustersumoff, Clusteroff       uint32
	Nclusterblks, Niblk, Initediblk uint32
	Unrefs                          uint32
	Sparecon32                      [1]int32
	Ckhash                          uint32
	Time                            int64
	Sparecon64                      [3]int64
}

// Inode is struct ufs2_dinode.
type Inode struct {
	Mode                                       uint16
	Nlink                                      int16
	UID, GID, Blksize                          uint32
	Size, Blocks                               uint64
	Atime, Mtime, Ctime, Birthtime             int64
	Mtimensec, Atimensec, Ctimensec, Birthnsec int32
	Gen, Kernflags, Flags, Extsize             uint32
	Extb                                       [2]int64
	Db                                         [12]int64
	Ib                                         [3]int64
	Modrev                                     uint64
	Freelink, Ckhash                           uint32
	Spare                                      [2]uint32
}

// Recovery is struct fsrecovery.
type Recovery struct {
	Magic, Fsbtodb, Sblkno, Fpg int32
	Ncg                         uint32
}

// The sizes of the structures on the disk.
const (
	fsSize    = 1376
	cgSpace   = 168 // where the maps of a group begin
	cgSizeof  = 176 // with the first byte of the maps and padding
	dinodeLen = 256
)

// Constants by their names in the headers.
const (
	sblockUFS2   = 65536
	sblockSize   = 8192
	ufs2Magic    = 0x19540119
	cgMagic      = 0x090255
	devBsize     = 512
	minBsize     = 4096
	maxBsize     = 65536
	maxFrag      = 8
	fsMaxContig  = 16
	ndAddr       = 12
	niAddr       = 3
	rootIno      = 2
	dirblksiz    = 512
	maxSymlink   = 120
	ckSuperblock = 1
	ckCylgrp     = 2
	ckInode      = 4
	fsMetackhash = 0x200
	ifmt         = 0o170000
	ififo        = 0o010000
	ifchr        = 0o020000
	ifdir        = 0o040000
	ifblk        = 0o060000
	ifreg        = 0o100000
	iflnk        = 0o120000
	ifsock       = 0o140000
)

// decode fills a structure from the bytes of the disk.
func decode(b []byte, v any) {
	if _, err := binary.Decode(b, binary.LittleEndian, v); err != nil {
		panic(err) // the caller gave too few bytes
	}
}

// encode is the opposite of decode.
func encode(v any) []byte {
	var buf bytes.Buffer
	if err := binary.Write(&buf, binary.LittleEndian, v); err != nil {
		panic(err) // not a structure of fixed size
	}
	return buf.Bytes()
}

var crcTable = crc32.MakeTable(crc32.Castagnoli)

// crc32c is calculate_crc32c(~0, b) of sys/libkern/gsb_crc32.c, in which the
// four bytes at skip, where the hash itself stands, count as zero.
func crc32c(b []byte, skip int) uint32 {
	c := crc32.Update(0, crcTable, b[:skip])
	c = crc32.Update(c, crcTable, make([]byte, 4))
	c = crc32.Update(c, crcTable, b[skip+4:])
	return ^c
}

// readAt reads n bytes at off, which the caller knows to be in the image.
func readAt(r io.ReaderAt, off, n int64) ([]byte, error) {
	b := make([]byte, n)
	got, err := r.ReadAt(b, off)
	if int64(got) == n {
		err = nil
	} else if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}
