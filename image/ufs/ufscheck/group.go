package ufscheck

import "bytes"

// groupState is what a group says about itself and what was found.
type groupState struct {
	header Group
	raw    []byte
	ok     bool // the header can be believed as far as reading inodes goes

	used bitmap // inodes that are found to be allocated
	dirs int32  // how many of these are directories
}

// readGroups reads the headers and the summary area.
func (c *checker) readGroups() error {
	raw, err := readAt(c.r, c.fs.Csaddr*c.fsize(), int64(c.fs.Cssize))
	if err != nil {
		return err
	}
	ncg := int64(c.fs.Ncg)
	c.sums = make([]Csum, ncg)
	decode(raw, c.sums)
	if rest := raw[ncg*16:]; len(bytes.Trim(rest, "\x00")) > 0 {
		c.bad("csum-rest", "summary area", "what follows the last summary is not zero")
	}
	c.groups = make([]groupState, ncg)
	for cg := range ncg {
		g := &c.groups[cg]
		at := (c.base(cg) + int64(c.fs.Cblkno)) * c.fsize()
		if g.raw, err = readAt(c.r, at, int64(c.fs.Cgsize)); err != nil {
			return err
		}
		decode(g.raw, &g.header)
		g.used = newBitmap(int64(c.fs.Ipg))
		c.groupHead(cg, g)
	}
	return nil
}

// groupHead makes the checks that come before a group is used (check_cgmagic).
func (c *checker) groupHead(cg int64, g *groupState) {
	h, where := &g.header, groupName(cg)
	if c.fs.Metackhash&ckCylgrp != 0 {
		if sum := crc32c(g.raw, 132); sum != h.Ckhash {
			c.bad("cg-hash", where, "check hash is %#x, recorded is %#x", sum, h.Ckhash)
		}
	}
	if h.Magic != cgMagic {
		c.bad("cg-magic", where, "magic number is %#x", uint32(h.Magic))
		return
	}
	c.want("cg-head", where, "cgx", int64(h.Cgx), cg)
	c.want("cg-head", where, "ndblk", int64(h.Ndblk), c.end(cg)-c.base(cg))
	c.want("cg-head", where, "niblk", int64(h.Niblk), int64(c.fs.Ipg))
	c.within("cg-inited", where, "initediblk", int64(h.Initediblk),
		min(int64(c.fs.Ipg), 2*int64(c.fs.Inopb)), int64(c.fs.Ipg))
	c.want("cg-inited", where, "initediblk modulo inopb", int64(h.Initediblk)%int64(c.fs.Inopb), 0)
	g.ok = int64(h.Initediblk) <= int64(c.fs.Ipg)
}

// checkGroups compares the maps and summaries of each group with what the
// inodes say (pass 5).
func (c *checker) checkGroups() error {
	var total CsumTotal
	for cg := range int64(c.fs.Ncg) {
		g := &c.groups[cg]
		sum := c.checkGroup(cg, g)
		total.Ndir += int64(sum.Ndir)
		total.Nbfree += int64(sum.Nbfree)
		total.Nifree += int64(sum.Nifree)
		total.Nffree += int64(sum.Nffree)
		if c.sums[cg] != sum {
			c.bad("csum", "summary area", "summary of group %d is %v, must be %v", cg, c.sums[cg], sum)
		}
	}
	if c.fs.Cstotal != total {
		c.bad("cstotal", "superblock", "totals are %v, must be %v", c.fs.Cstotal, total)
	}
	return nil
}

// checkGroup makes the header and maps that a group must have and compares.
func (c *checker) checkGroup(cg int64, g *groupState) Csum {
	h, where := &g.header, groupName(cg)
	ipg, fpg, frag := int64(c.fs.Ipg), int64(c.fs.Fpg), c.frag()
	want := Group{
		Magic: cgMagic, Cgx: uint32(cg), Ndblk: uint32(c.end(cg) - c.base(cg)), Niblk: c.fs.Ipg,
		// These are free to choose.
		Initediblk: h.Initediblk, Ckhash: h.Ckhash, Time: h.Time, Rotor: h.Rotor, Frotor: h.Frotor, Irotor: h.Irotor,
	}
	c.within("cg-rotor", where, "rotor", int64(h.Rotor), 0, int64(want.Ndblk)-1)
	c.within("cg-rotor", where, "frotor", int64(h.Frotor), 0, int64(want.Ndblk)-1)
	c.within("cg-rotor", where, "irotor", int64(h.Irotor), 0, ipg-1)
	if cg == 0 {
		for i := range int64(rootIno) {
			g.used.set(i)
		}
	}
	want.Iusedoff = cgSpace
	want.Freeoff = want.Iusedoff + uint32(howmany(ipg, 8))
	want.Nextfreeoff = want.Freeoff + uint32(howmany(fpg, 8))
	contig := int64(c.fs.Contigsumsize)
	if contig > 0 {
		want.Nclusterblks = want.Ndblk / uint32(frag)
		want.Clustersumoff = uint32(roundup(int64(want.Nextfreeoff), 4)) - 4
		want.Clusteroff = want.Clustersumoff + uint32(contig+1)*4
		want.Nextfreeoff = want.Clusteroff + uint32(howmany(fpg/frag, 8))
	}
	free, clusters := newBitmap(fpg), newBitmap(fpg/frag)
	want.Cs.Ndir = g.dirs
	want.Cs.Nifree = int32(ipg - g.used.count(ipg))
	sums := make([]int32, contig+1)
	run := int64(0)
	for at := int64(0); ; at += frag {
		pieces := c.freeRuns(c.base(cg)+at, min(frag, int64(want.Ndblk)-at), free, at)
		if len(pieces) == 1 && pieces[0] == frag {
			want.Cs.Nbfree++
			clusters.set(at / frag)
			run++
			continue
		}
		if run > 0 && contig > 0 {
			sums[min(run, contig)]++
		}
		run = 0
		if at >= int64(want.Ndblk) {
			break
		}
		for _, n := range pieces {
			want.Cs.Nffree += int32(n)
			want.Frsum[n]++
		}
	}
	c.compareGroup(where, h, &want)
	inodes := g.raw[want.Iusedoff:want.Freeoff]
	c.compareMap("cg-inodes", where, "inode", inodes, g.used, cg*ipg)
	c.compareMap("cg-frags", where, "fragment", g.raw[want.Freeoff:int64(want.Freeoff)+howmany(fpg, 8)], free, c.base(cg))
	if contig > 0 {
		c.compareMap("cg-clusters", where, "cluster", g.raw[want.Clusteroff:want.Nextfreeoff], clusters, 0)
		got := make([]int32, contig+1)
		decode(g.raw[want.Clustersumoff:], got)
		for n := int64(1); n <= contig; n++ {
			if got[n] != sums[n] {
				c.bad("cg-clustersum", where, "%d runs of %d free blocks are counted, there are %d", got[n], n, sums[n])
			}
		}
	}
	if rest := g.raw[want.Nextfreeoff:]; len(bytes.Trim(rest, "\x00")) > 0 {
		c.bad("cg-rest", where, "what follows the maps is not zero")
	}
	return want.Cs
}

// freeRuns gives the lengths of the runs of free fragments among n from a on,
// and marks them in the map of the group, where they begin at bit at.
func (c *checker) freeRuns(a, n int64, free bitmap, at int64) []int64 {
	var out []int64
	run := int64(0)
	for i := range max(0, n) {
		if c.taken.has(a + i) {
			if run > 0 {
				out = append(out, run)
			}
			run = 0
			continue
		}
		free.set(at + i)
		run++
	}
	if run > 0 {
		out = append(out, run)
	}
	return out
}

func (c *checker) compareGroup(where string, got, want *Group) {
	if got.Cs != want.Cs {
		c.bad("cg-cs", where, "summary is %v, must be %v", got.Cs, want.Cs)
	}
	if got.Frsum != want.Frsum {
		c.bad("cg-frsum", where, "counts of free pieces are %v, must be %v", got.Frsum, want.Frsum)
	}
	a, b := *got, *want
	a.Cs, b.Cs, a.Frsum, b.Frsum = Csum{}, Csum{}, [8]uint32{}, [8]uint32{}
	if a != b {
		c.bad("cg-fields", where, "header is %+v, must be %+v", a, b)
	}
}

// compareMap reports the first bit in which two maps differ.
func (c *checker) compareMap(kind, where, what string, got, want []byte, first int64) {
	for i := range got {
		w := byte(0)
		if i < len(want) {
			w = want[i]
		}
		if d := got[i] ^ w; d != 0 {
			bit := 0
			for d>>bit&1 == 0 {
				bit++
			}
			c.bad(kind, where, "%s %d is marked %d in the map", what, first+int64(i)*8+int64(bit), got[i]>>bit&1)
			return
		}
	}
}
