package ufscheck

import (
	"bytes"
	"math/bits"
)

// checkSuper reads the superblock and tells whether the rest can be looked at.
func (c *checker) checkSuper() (bool, error) {
	if c.length < sblockUFS2+sblockSize {
		c.bad("sb-short", "superblock", "an image of %d bytes has no superblock at %d", c.length, sblockUFS2)
		return false, nil
	}
	raw, err := readAt(c.r, sblockUFS2, sblockSize)
	if err != nil {
		return false, err
	}
	fs := &c.fs
	decode(raw, fs)
	if fs.Magic != ufs2Magic {
		c.bad("sb-magic", "superblock", "magic number is %#x", uint32(fs.Magic))
		return false, nil
	}
	before := len(c.problems)
	c.superBasics()
	if len(c.problems) > before {
		return false, nil // nothing can be computed from these
	}
	c.superDerived()
	if len(c.problems) > before {
		return false, nil
	}
	c.superFresh()
	if fs.Metackhash&ckSuperblock != 0 {
		if h := crc32c(raw[:fs.Sbsize], 1304); h != fs.Ckhash {
			c.bad("sb-hash", "superblock", "check hash is %#x, recorded is %#x", h, fs.Ckhash)
		}
	}
	if err := c.recovery(); err != nil {
		return false, err
	}
	return true, c.copies()
}

// want records a problem with a field that has another value than it must.
func (c *checker) want(kind, where, field string, got, want int64) {
	if got != want {
		c.bad(kind, where, "%s is %d, must be %d", field, got, want)
	}
}

// within records a problem with a field that is out of bounds.
func (c *checker) within(kind, where, field string, got, low, high int64) {
	if got < low || got > high {
		c.bad(kind, where, "%s is %d, not from %d to %d", field, got, low, high)
	}
}

// superBasics checks the fields by which others divide and shift.
func (c *checker) superBasics() {
	fs := &c.fs
	const k, w = "sb-basic", "superblock"
	c.want(k, w, "sblockloc", fs.Sblockloc, sblockUFS2)
	if fs.Sblockactualloc != sblockUFS2 && fs.Sblockactualloc != 0 {
		c.bad(k, w, "sblockactualloc is %d", fs.Sblockactualloc)
	}
	c.within(k, w, "bsize", int64(fs.Bsize), minBsize, maxBsize)
	c.within(k, w, "fsize", int64(fs.Fsize), devBsize, maxBsize)
	c.within(k, w, "frag", int64(fs.Frag), 1, maxFrag)
	if bits.OnesCount32(uint32(fs.Bsize)) != 1 || bits.OnesCount32(uint32(fs.Fsize)) != 1 {
		c.bad(k, w, "bsize %d or fsize %d is not a power of 2", fs.Bsize, fs.Fsize)
		return
	}
	c.want(k, w, "bsize", int64(fs.Bsize), int64(fs.Fsize)*int64(fs.Frag))
	c.want(k, w, "maxsymlinklen", int64(fs.Maxsymlink), maxSymlink)
	c.want(k, w, "nindir", int64(fs.Nindir), int64(fs.Bsize)/8)
	c.want(k, w, "inopb", int64(fs.Inopb), int64(fs.Bsize)/dinodeLen)
	c.want(k, w, "bmask", int64(fs.Bmask), -int64(fs.Bsize))
	c.want(k, w, "fmask", int64(fs.Fmask), -int64(fs.Fsize))
	c.want(k, w, "qbmask", fs.Qbmask, int64(fs.Bsize)-1)
	c.want(k, w, "qfmask", fs.Qfmask, int64(fs.Fsize)-1)
	log := func(n int32) int64 { return int64(bits.Len32(uint32(n)) - 1) }
	c.want(k, w, "bshift", int64(fs.Bshift), log(fs.Bsize))
	c.want(k, w, "fshift", int64(fs.Fshift), log(fs.Fsize))
	c.want(k, w, "fragshift", int64(fs.Fragshift), log(fs.Frag))
	c.want(k, w, "fsbtodb", int64(fs.Fsbtodb), log(fs.Fsize/devBsize))
	c.within(k, w, "sbsize", int64(fs.Sbsize), fsSize, sblockSize)
	c.want(k, w, "sbsize modulo 512", int64(fs.Sbsize)%devBsize, 0)
	c.within(k, w, "fpg", int64(fs.Fpg), 3*int64(fs.Frag), 1<<30)
	c.within(k, w, "ncg", int64(fs.Ncg), 1, 1<<31)
	c.within(k, w, "ipg", int64(fs.Ipg), int64(fs.Inopb), 1<<31)
	c.within(k, w, "maxbsize", int64(fs.Maxbsize), int64(fs.Bsize), fsMaxContig*int64(fs.Bsize))
	c.want(k, w, "bits of maxbsize", int64(bits.OnesCount32(uint32(fs.Maxbsize))), 1)
}

func roundup(n, unit int64) int64 { return (n + unit - 1) / unit * unit }
func howmany(n, unit int64) int64 { return (n + unit - 1) / unit }

// superDerived checks what follows from the basics.
func (c *checker) superDerived() {
	fs := &c.fs
	const k, w = "sb-derived", "superblock"
	fsize, frag, inopf := int64(fs.Fsize), int64(fs.Frag), int64(fs.Fsize)/dinodeLen
	ncg, fpg, ipg := int64(fs.Ncg), int64(fs.Fpg), int64(fs.Ipg)
	c.want(k, w, "ipg modulo inopb", ipg%int64(fs.Inopb), 0)
	sblkno := roundup(howmany(sblockUFS2+sblockSize, fsize), frag)
	cblkno := sblkno + roundup(howmany(sblockSize, fsize), frag)
	c.want(k, w, "sblkno", int64(fs.Sblkno), sblkno)
	c.want(k, w, "cblkno", int64(fs.Cblkno), cblkno)
	c.want(k, w, "iblkno", int64(fs.Iblkno), cblkno+frag)
	c.want(k, w, "dblkno", int64(fs.Dblkno), cblkno+frag+ipg/inopf)
	c.within(k, w, "dblkno", int64(fs.Dblkno), 0, fpg)
	c.within(k, w, "cgsize", int64(fs.Cgsize), fsize, int64(fs.Bsize))
	c.want(k, w, "cgsize modulo fsize", int64(fs.Cgsize)%fsize, 0)
	c.within(k, w, "inodes", ipg*ncg, 1, 1<<32-int64(fs.Inopb))
	if fs.Size < 8*frag || fs.Size <= (ncg-1)*fpg || fs.Size > ncg*fpg {
		c.bad(k, w, "size %d does not go with %d groups of %d", fs.Size, ncg, fpg)
		return
	}
	if fs.Size > c.length/fsize {
		c.bad("sb-size", w, "%d fragments are more than the image of %d bytes has", fs.Size, c.length)
		return
	}
	c.want(k, w, "cssize", int64(fs.Cssize), roundup(ncg*16, fsize))
	csfrags := int64(fs.Cssize) / fsize
	cg := fs.Csaddr / fpg
	if fs.Csaddr < 0 || cg >= ncg || fs.Csaddr < cg*fpg+int64(fs.Dblkno) ||
		fs.Csaddr+csfrags > min(cg*fpg+fpg, fs.Size) {
		c.bad(k, w, "summaries of %d fragments at %d are not among the data of a group", csfrags, fs.Csaddr)
	}
	c.within(k, w, "metaspace", fs.Metaspace, 0, fpg/2)
	c.within(k, w, "minfree", int64(fs.Minfree), 0, 99)
	c.within(k, w, "optim", int64(fs.Optim), 0, 1)
	size, per := uint64(fs.Bsize)*ndAddr-1, uint64(fs.Bsize)
	for range niAddr {
		per *= uint64(fs.Nindir)
		size += per
	}
	if fs.Maxfilesize != size {
		c.bad(k, w, "maxfilesize is %d, must be %d", fs.Maxfilesize, size)
	}
	c.within(k, w, "maxcontig", int64(fs.Maxcontig), 0, 256)
	contig := int64(0)
	if fs.Maxcontig > 1 {
		contig = min(int64(fs.Maxcontig), fsMaxContig)
	}
	if fs.Maxcontig != 1 {
		c.want(k, w, "contigsumsize", int64(fs.Contigsumsize), contig)
	}
	c.within(k, w, "contigsumsize", int64(fs.Contigsumsize), 0, fsMaxContig)
	need := cgSizeof + 4 + howmany(ipg, 8) + howmany(fpg, 8)
	if fs.Contigsumsize > 0 {
		need += int64(fs.Contigsumsize)*4 + howmany(fpg/frag, 8)
	}
	c.want(k, w, "cgsize", int64(fs.Cgsize), roundup(need, fsize))
	// newfs leaves no last group without room for its inodes.
	if last := fs.Size - (ncg-1)*fpg; last < int64(fs.Dblkno) {
		c.bad(k, w, "the last group has %d fragments, its metadata take %d", last, fs.Dblkno)
	}
	t := &fs.Cstotal
	c.within(k, w, "cstotal.nifree", t.Nifree, 0, ipg*ncg)
	c.within(k, w, "cstotal.ndir", t.Ndir, 0, ipg*ncg-t.Nifree)
	c.want(k, w, "old_cgoffset", int64(fs.OldCgoffset), 0)
}

// superFresh checks what fsck_ffs leaves alone but newfs sets in one way, and
// what a clean file system has not.
func (c *checker) superFresh() {
	fs := &c.fs
	const k, w = "sb-fresh", "superblock"
	c.want("sb-clean", w, "clean", int64(fs.Clean), 1)
	c.want(k, w, "fmod", int64(fs.Fmod), 0)
	c.want(k, w, "ronly", int64(fs.Ronly), 0)
	c.want(k, w, "dsize", fs.Dsize, fs.Size-int64(fs.Sblkno)-
		int64(fs.Ncg)*int64(fs.Dblkno-fs.Sblkno)-int64(fs.Cssize)/int64(fs.Fsize))
	c.want(k, w, "pendingblocks", fs.Pendingblocks, 0)
	c.want(k, w, "pendinginodes", int64(fs.Pendinginodes), 0)
	c.want(k, w, "unrefs", fs.Unrefs, 0)
	c.want(k, w, "first snapshot", int64(fs.Snapinum[0]), 0)
	c.want(k, w, "old_flags", int64(uint8(fs.OldFlags)), 0x80)
	if fs.Flags&(1|4|8) != 0 {
		c.bad(k, w, "flags %#x say that it is unclean, needs fsck or has a journal", fs.Flags)
	}
	if fs.Flags&fsMetackhash == 0 && fs.Metackhash != 0 {
		c.bad(k, w, "there are check hashes %#x without the flag for them", fs.Metackhash)
	}
	if fs.Metackhash&^uint32(ckSuperblock|ckCylgrp|ckInode) != 0 {
		c.bad(k, w, "check hashes %#x are not known", fs.Metackhash)
	}
	c.within(k, w, "avgfilesize", int64(fs.Avgfilesize), 1, 1<<31)
	c.within(k, w, "avgfpdir", int64(fs.Avgfpdir), 1, 1<<31)
	c.within(k, w, "maxbpg", int64(fs.Maxbpg), 1, 1<<31)
	for i, b := range fs.Volname {
		if b == 0 {
			c.want(k, w, "what follows the volume name", int64(len(bytes.Trim(fs.Volname[i:], "\x00"))), 0)
			return
		}
	}
	c.bad(k, w, "the volume name does not end")
}

// recovery checks what fsck_ffs finds copies of the superblock with.
func (c *checker) recovery() error {
	raw, err := readAt(c.r, sblockUFS2-20, 20)
	if err != nil {
		return err
	}
	var got Recovery
	decode(raw, &got)
	want := Recovery{ufs2Magic, c.fs.Fsbtodb, c.fs.Sblkno, c.fs.Fpg, c.fs.Ncg}
	if got != want {
		c.bad("recovery", "boot area", "recovery information is %v, must be %v", got, want)
	}
	return nil
}

// copies checks the superblock that each group has.
func (c *checker) copies() error {
	common := func(fs Superblock) []byte {
		// What changes while a file system is used is not copied.
		fs.Sblockactualloc, fs.Ckhash, fs.Time, fs.Mtime = 0, 0, 0, 0
		fs.Cstotal, fs.Clean, fs.Cgrotor = CsumTotal{}, 0, 0
		return encode(&fs)
	}
	first := common(c.fs)
	for cg := range int64(c.fs.Ncg) {
		at := (cg*int64(c.fs.Fpg) + int64(c.fs.Sblkno)) * int64(c.fs.Fsize)
		b, err := readAt(c.r, at, int64(c.fs.Sbsize))
		if err != nil {
			return err
		}
		var fs Superblock
		decode(b, &fs)
		where := groupName(cg)
		if !bytes.Equal(common(fs), first) {
			c.bad("sb-copy", where, "the copy of the superblock differs")
			continue
		}
		c.want("sb-copy", where, "sblockactualloc of the copy", fs.Sblockactualloc, at)
		if fs.Metackhash&ckSuperblock != 0 {
			if h := crc32c(b, 1304); h != fs.Ckhash {
				c.bad("sb-copy-hash", where, "check hash of the copy is %#x, recorded is %#x", h, fs.Ckhash)
			}
		}
	}
	return nil
}
