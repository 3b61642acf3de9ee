package ufscheck_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"fruix/image/tree"
	"fruix/image/ufs"
	"fruix/image/ufs/ufscheck"
)

// image is a file system that a test damages. Its accessors know the offsets
// of the fields, so that neither the writer nor the checker has a part in it.
type image struct {
	b                                          []byte
	bsize, fsize, fpg, ipg, cblkno, iblkno     int64
	dblkno, sblkno, ncg, cgsize, sbsize, frags int64
}

var le = binary.LittleEndian

func newImage(b []byte) *image {
	m := &image{b: b}
	sb := b[65536:]
	get := func(off int) int64 { return int64(le.Uint32(sb[off:])) }
	m.sblkno, m.cblkno, m.iblkno, m.dblkno = get(8), get(12), get(16), get(20)
	m.ncg, m.bsize, m.fsize, m.ipg, m.fpg = get(44), get(48), get(52), get(184), get(188)
	m.cgsize, m.sbsize = get(160), get(104)
	m.frags = int64(le.Uint64(sb[1080:]))
	return m
}

func (m *image) super() []byte { return m.b[65536 : 65536+m.sbsize] }

func (m *image) copyOf(cg int64) []byte {
	at := (cg*m.fpg + m.sblkno) * m.fsize
	return m.b[at : at+m.sbsize]
}

func (m *image) group(cg int64) []byte {
	at := (cg*m.fpg + m.cblkno) * m.fsize
	return m.b[at : at+m.cgsize]
}

func (m *image) summary(cg int64) []byte { return m.b[m.dblkno*m.fsize+16*cg:] }

func (m *image) inode(ino uint32) []byte {
	cg, i := int64(ino)/m.ipg, int64(ino)%m.ipg
	at := (cg*m.fpg+m.iblkno)*m.fsize + i*256
	return m.b[at : at+256]
}

// block is what the direct pointer i of an inode points to.
func (m *image) block(ino uint32, i int) []byte {
	return m.b[int64(le.Uint64(m.inode(ino)[112+8*i:]))*m.fsize:]
}

// indirect is the single indirect block of an inode.
func (m *image) indirect(ino uint32) []byte { return m.block(ino, 12) }

// lookup finds a name in the first block of a directory: its number and entry.
func (m *image) lookup(dir uint32, name string) (uint32, []byte) {
	size := le.Uint64(m.inode(dir)[16:])
	for at := 0; at < int(size); {
		e := m.block(dir, 0)[at:]
		n := int(le.Uint16(e[4:]))
		if string(e[8:8+e[7]]) == name {
			return le.Uint32(e), e[:n]
		}
		at += n
	}
	panic("no " + name)
}

func (m *image) ino(name string) uint32 {
	n := uint32(2)
	for _, part := range strings.Split(name, "/") {
		n, _ = m.lookup(n, part)
	}
	return n
}

func add32(b []byte, off int, d int32) { le.PutUint32(b[off:], uint32(int32(le.Uint32(b[off:]))+d)) }
func add64(b []byte, off int, d int64) { le.PutUint64(b[off:], uint64(int64(le.Uint64(b[off:]))+d)) }

// rehash makes all check hashes right again, so that a fault is found for what
// it is.
func (m *image) rehash() {
	sum := func(b []byte, at int) {
		le.PutUint32(b[at:], 0)
		le.PutUint32(b[at:], ^crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
	}
	sum(m.super(), 1304)
	for cg := range m.ncg {
		sum(m.copyOf(cg), 1304)
		sum(m.group(cg), 132)
	}
	for ino := range uint32(m.ncg * m.ipg) {
		if i := m.inode(ino); le.Uint16(i) != 0 {
			sum(i, 244)
		}
	}
}

// fault is one way to damage a file system, and the kinds of problem of which
// at least one must be reported. A fault that hashes alone would reveal is
// planted with the hashes made right.
type fault struct {
	name  string
	want  string // kinds, separated by spaces
	plant func(m *image)
	raw   bool // leave the hashes
}

func sbField(name string, off int, d int32) fault {
	return fault{name: "superblock " + name, want: "sb-basic sb-derived sb-fresh sb-clean sb-size", plant: func(m *image) { add32(m.super(), off, d) }}
}

func faults() []fault {
	bit := func(b []byte, i int64) { b[i/8] ^= 1 << (i % 8) }
	freeoff := func(g []byte) []byte { return g[le.Uint32(g[96:]):] }
	list := []fault{
		{name: "superblock magic", want: "sb-magic", plant: func(m *image) { add32(m.super(), 1372, 1) }},
		{name: "superblock hash", want: "sb-hash", raw: true, plant: func(m *image) { add32(m.super(), 1304, 1) }},
		{name: "superblock time without hash", want: "sb-hash", raw: true, plant: func(m *image) { add64(m.super(), 1072, 1) }},
		{name: "sblockloc as Debian's makefs has it", want: "sb-basic", plant: func(m *image) { le.PutUint64(m.super()[1000:], 8192) }},
		{name: "sblockactualloc", want: "sb-basic", plant: func(m *image) { le.PutUint64(m.super()[992:], 8192) }},
		sbField("sblkno", 8, 8), sbField("cblkno", 12, 8), sbField("iblkno", 16, -8), sbField("dblkno", 20, 8),
		sbField("ncg", 44, 1), sbField("bsize", 48, 1), sbField("frag", 56, 1), sbField("minfree", 60, 100),
		sbField("bmask", 72, 1), sbField("bshift", 80, 1), sbField("fsbtodb", 100, 1), sbField("sbsize", 104, 1),
		sbField("nindir", 116, 1), sbField("inopb", 120, 1), sbField("optim", 128, 5), sbField("cssize", 156, 4096),
		sbField("cgsize", 160, 4096), sbField("ipg", 184, 128), sbField("maxcontig", 88, 1000),
		sbField("contigsumsize", 1316, -1), sbField("maxsymlinklen", 1320, -60), sbField("maxfilesize", 1328, 1),
		sbField("size", 1080, 1<<20), sbField("dsize", 1088, 1), sbField("csaddr", 1096, -1), sbField("pending", 1104, 1),
		sbField("metaspace", 880, 1<<20), sbField("metackhash", 1308, 0x80),
		{name: "superblock fpg", want: "sb-copy", plant: func(m *image) { add32(m.super(), 188, 8) }},
		{name: "not clean", want: "sb-clean", plant: func(m *image) { m.super()[209] = 0 }},
		{name: "needs fsck", want: "sb-fresh", plant: func(m *image) { add32(m.super(), 1312, 4) }},
		{name: "total of directories", want: "cstotal", plant: func(m *image) { add64(m.super(), 1008, -1) }},
		{name: "total of free blocks", want: "cstotal", plant: func(m *image) { add64(m.super(), 1016, 1) }},
		{name: "total of free inodes", want: "cstotal", plant: func(m *image) { add64(m.super(), 1024, -1) }},
		{name: "total of free fragments", want: "cstotal", plant: func(m *image) { add64(m.super(), 1032, 1) }},
		{name: "total of clusters", want: "cstotal", plant: func(m *image) { add64(m.super(), 1040, 1) }},
		{name: "copy of the superblock", want: "sb-copy", plant: func(m *image) { add32(m.copyOf(1), 184, 1) }},
		{name: "copy's own place", want: "sb-copy", plant: func(m *image) { add64(m.copyOf(2), 992, 4096) }},
		{name: "copy's hash", want: "sb-copy-hash", raw: true, plant: func(m *image) { add32(m.copyOf(0), 1304, 1) }},
		{name: "recovery", want: "recovery", plant: func(m *image) { m.b[65536-8]++ }},

		{name: "summary area", want: "csum", plant: func(m *image) { add32(m.summary(1), 4, 1) }},
		{name: "summary area beyond", want: "csum-rest", plant: func(m *image) { add32(m.summary(m.ncg), 0, 1) }},
		{name: "group magic", want: "cg-magic", plant: func(m *image) { add32(m.group(1), 4, 1) }},
		{name: "group number", want: "cg-head", plant: func(m *image) { add32(m.group(1), 12, 1) }},
		{name: "group length", want: "cg-head", plant: func(m *image) { add32(m.group(m.ncg-1), 20, -1) }},
		{name: "group inodes", want: "cg-head", plant: func(m *image) { add32(m.group(0), 116, 128) }},
		{name: "group hash", want: "cg-hash", raw: true, plant: func(m *image) { add32(m.group(0), 132, 1) }},
		{name: "group time without hash", want: "cg-hash", raw: true, plant: func(m *image) { add64(m.group(0), 136, 1) }},
		{name: "group clusters", want: "cg-fields", plant: func(m *image) { add32(m.group(0), 112, 1) }},
		{name: "group unreferenced", want: "cg-fields", plant: func(m *image) { add32(m.group(0), 124, 1) }},
		{name: "group map offset", want: "cg-fields", plant: func(m *image) { add32(m.group(0), 96, 1) }},
		{name: "group rotor", want: "cg-rotor", plant: func(m *image) { le.PutUint32(m.group(0)[40:], uint32(m.fpg)) }},
		{name: "too many initialised inodes", want: "cg-inited", plant: func(m *image) { add32(m.group(0), 120, int32(m.ipg)) }},
		{name: "too few initialised inodes", want: "cg-inited", plant: func(m *image) { le.PutUint32(m.group(0)[120:], 128) }},
		{name: "group directories", want: "cg-cs", plant: func(m *image) { add32(m.group(0), 24, 1) }},
		{name: "group free blocks", want: "cg-cs", plant: func(m *image) { add32(m.group(0), 28, 1) }},
		{name: "group free inodes", want: "cg-cs", plant: func(m *image) { add32(m.group(0), 32, 1) }},
		{name: "group free fragments", want: "cg-cs", plant: func(m *image) { add32(m.group(0), 36, 1) }},
		{name: "group piece counts", want: "cg-frsum", plant: func(m *image) { add32(m.group(0), 52+4*3, 1) }},
		{name: "used inode marked free", want: "cg-inodes", plant: func(m *image) { bit(m.group(0)[168:], int64(m.ino("one"))) }},
		{name: "free inode marked used", want: "cg-inodes", plant: func(m *image) { bit(m.group(m.ncg - 1)[168:], m.ipg-1) }},
		{name: "used fragment marked free", want: "cg-frags", plant: func(m *image) {
			bit(freeoff(m.group(0)), int64(le.Uint64(m.inode(m.ino("one"))[112:])))
		}},
		{name: "superblock's fragment marked free", want: "cg-frags", plant: func(m *image) { bit(freeoff(m.group(1)), m.sblkno) }},
		{name: "free fragment marked used", want: "cg-frags", plant: func(m *image) { bit(freeoff(m.group(m.ncg-1)), 0) }},
		{name: "cluster map", want: "cg-clusters", plant: func(m *image) {
			g := m.group(m.ncg - 1)
			bit(g[le.Uint32(g[108:]):], 1)
		}},
		{name: "cluster summary", want: "cg-clustersum", plant: func(m *image) {
			g := m.group(m.ncg - 1)
			add32(g, int(le.Uint32(g[104:]))+4*16, 1)
		}},
		{name: "behind the maps", want: "cg-rest", plant: func(m *image) { m.group(0)[m.cgsize-1] = 1 }},
	}
	return append(list, inodeFaults()...)
}

// inodeFaults are those in inodes, blocks and directories.
func inodeFaults() []fault {
	on := func(name, kind, file string, plant func(m *image, ino uint32, d []byte)) fault {
		return fault{name: name, want: kind, plant: func(m *image) {
			ino := m.ino(file)
			plant(m, ino, m.inode(ino))
		}}
	}
	entry := func(name, kind, path string, plant func(m *image, e []byte)) fault {
		return fault{name: name, want: kind, plant: func(m *image) {
			dir, base := uint32(2), path
			if i := strings.LastIndex(path, "/"); i >= 0 {
				dir, base = m.ino(path[:i]), path[i+1:]
			}
			_, e := m.lookup(dir, base)
			plant(m, e)
		}}
	}
	return []fault{
		{name: "inode hash", want: "ino-hash", raw: true, plant: func(m *image) { add32(m.inode(m.ino("one")), 244, 1) }},
		{name: "inode owner without hash", want: "ino-hash", raw: true, plant: func(m *image) { add32(m.inode(m.ino("one")), 4, 1) }},
		on("type", "ino-type", "one", func(m *image, _ uint32, d []byte) { le.PutUint16(d, 0o050644) }),
		on("link count too high", "links", "one", func(m *image, _ uint32, d []byte) { d[2]++ }),
		on("link count too low", "links", "hard", func(m *image, _ uint32, d []byte) { d[2]-- }),
		on("link count zero", "ino-nlink", "one", func(m *image, _ uint32, d []byte) { d[2] = 0 }),
		on("directory's link count", "links", "sub", func(m *image, _ uint32, d []byte) { d[2]++ }),
		on("file too long", "ino-size", "one", func(m *image, _ uint32, d []byte) { d[22] = 0x7f }),
		on("file longer than its blocks", "ino-end", "one", func(m *image, _ uint32, d []byte) { add64(d, 16, 40000) }),
		on("file shorter than its blocks", "ino-beyond", "blocks", func(m *image, _ uint32, d []byte) { le.PutUint64(d[16:], 10) }),
		on("file longer in its last block", "ino-blocks blk-dup blk-align", "one", func(m *image, _ uint32, d []byte) { add64(d, 16, 5000) }),
		on("block count too high", "ino-blocks", "one", func(m *image, _ uint32, d []byte) { add64(d, 24, 8) }),
		on("block count without indirect blocks", "ino-blocks", "large", func(m *image, _ uint32, d []byte) { add64(d, 24, -64) }),
		on("block of another file", "blk-dup", "one", func(m *image, _ uint32, d []byte) {
			copy(d[112:120], m.inode(m.ino("two"))[112:120])
		}),
		on("block of the superblock", "blk-dup", "one", func(m *image, _ uint32, d []byte) { le.PutUint64(d[112:], uint64(m.fpg+m.sblkno)) }),
		on("block of inodes", "blk-dup", "one", func(m *image, _ uint32, d []byte) { le.PutUint64(d[112:], uint64(m.iblkno)) }),
		on("block behind the end", "blk-range", "one", func(m *image, _ uint32, d []byte) { le.PutUint64(d[112:], uint64(m.frags)) }),
		on("negative block", "blk-range", "one", func(m *image, _ uint32, d []byte) { d[119] = 0xff }),
		on("block over a boundary", "blk-align", "blocks", func(m *image, _ uint32, d []byte) { add64(d, 112, 3) }),
		on("hole at the end", "ino-end", "blocks", func(m *image, _ uint32, d []byte) { le.PutUint64(d[112+8:], 0); add64(d, 24, -64) }),
		on("pointer beyond the end", "ino-beyond", "one", func(m *image, _ uint32, d []byte) { copy(d[120:128], d[112:120]) }),
		on("indirect pointer beyond the end", "ino-beyond", "large", func(m *image, _ uint32, d []byte) { copy(d[216:224], d[208:216]) }),
		on("pointer in an indirect block beyond the end", "ino-beyond", "large", func(m *image, ino uint32, _ []byte) {
			copy(m.indirect(ino)[8*100:8*101], m.indirect(ino)[:8])
		}),
		on("indirect block twice", "blk-dup", "large", func(m *image, _ uint32, d []byte) { copy(d[112:120], d[208:216]) }),
		on("block twice in a file", "blk-dup", "large", func(m *image, ino uint32, _ []byte) { copy(m.indirect(ino)[:8], m.indirect(ino)[8:16]) }),
		on("garbage behind a short link", "ino-beyond", "link", func(m *image, _ uint32, d []byte) { d[112+100] = 1 }),
		on("NUL in a short link", "link-target", "link", func(m *image, _ uint32, d []byte) { d[113] = 0 }),
		on("NUL in a long link", "link-target", "long", func(m *image, ino uint32, _ []byte) { m.block(ino, 0)[3] = 0 }),
		on("short link with blocks", "ino-blocks", "link", func(m *image, _ uint32, d []byte) { d[24] = 8 }),
		on("device with a size", "ino-special", "dev", func(m *image, _ uint32, d []byte) { d[16] = 1 }),
		on("no device", "ino-rdev", "dev", func(m *image, _ uint32, d []byte) { le.PutUint64(d[112:], 1<<64-1) }),
		on("fifo with a block", "ino-beyond", "fifo", func(m *image, _ uint32, d []byte) { d[112] = 1 }),
		on("nanoseconds", "ino-time", "one", func(m *image, _ uint32, d []byte) { le.PutUint32(d[64:], 1e9) }),
		on("extended attributes", "ino-ext", "one", func(m *image, _ uint32, d []byte) { d[92] = 1 }),
		on("snapshot flag", "ino-spare", "one", func(m *image, _ uint32, d []byte) { d[90] = 0x20 }),
		on("freed inode", "dir-unallocated", "one", func(m *image, _ uint32, d []byte) { clear(d) }),
		on("half freed inode", "ino-partial", "one", func(m *image, _ uint32, d []byte) { clear(d[:2]) }),
		{name: "orphan", want: "orphan", plant: func(m *image) {
			copy(m.inode(uint32(m.ipg)-200), m.inode(m.ino("fifo")))
			le.PutUint32(m.group(0)[120:], uint32(m.ipg))
		}},
		{name: "no root", want: "root", plant: func(m *image) { le.PutUint16(m.inode(2), 0o100644) }},

		entry("record too long", "dir-reclen", "one", func(m *image, e []byte) { le.PutUint16(e[4:], 600) }),
		entry("record too short", "dir-reclen", "one", func(m *image, e []byte) { le.PutUint16(e[4:], 8) }),
		entry("record of nothing", "dir-reclen", "one", func(m *image, e []byte) { le.PutUint16(e[4:], 0) }),
		entry("record of odd length", "dir-reclen", "one", func(m *image, e []byte) { le.PutUint16(e[4:], le.Uint16(e[4:])+2) }),
		entry("record over two chunks", "dir-reclen", ".", func(m *image, e []byte) { le.PutUint16(e[4:], 516) }),
		entry("name with a slash", "dir-badname", "one", func(m *image, e []byte) { e[8] = '/' }),
		entry("name with NUL", "dir-badname", "one", func(m *image, e []byte) { e[9] = 0 }),
		entry("name without end", "dir-badname", "one", func(m *image, e []byte) { e[11] = 'x' }),
		entry("name without length", "dir-badname", "one", func(m *image, e []byte) { e[7] = 0 }),
		entry("name twice", "dir-name", "one", func(m *image, e []byte) { copy(e[8:], "two") }),
		entry("wrong type", "dir-type", "one", func(m *image, e []byte) { e[6] = 4 }),
		entry("type of dot", "dir-type", ".", func(m *image, e []byte) { e[6] = 8 }),
		entry("free inode", "dir-unallocated", "one", func(m *image, e []byte) { le.PutUint32(e, uint32(m.ipg*m.ncg-1)) }),
		entry("inode out of range", "dir-range", "one", func(m *image, e []byte) { le.PutUint32(e, uint32(m.ipg*m.ncg)) }),
		entry("inode 1", "dir-unallocated", "one", func(m *image, e []byte) { le.PutUint32(e, 1) }),
		entry("removed name", "orphan", "one", func(m *image, e []byte) { le.PutUint32(e, 0) }),
		entry("another file's inode", "links", "one", func(m *image, e []byte) { le.PutUint32(e, m.ino("two")) }),
		entry("dot", "dir-dot", "sub/.", func(m *image, e []byte) { le.PutUint32(e, 2) }),
		entry("dot's name", "dir-dot", "sub/.", func(m *image, e []byte) { e[8] = 'x' }),
		entry("dotdot", "dir-dotdot", "sub/..", func(m *image, e []byte) { le.PutUint32(e, m.ino("sub")) }),
		entry("root's dotdot", "dir-dotdot", "..", func(m *image, e []byte) { le.PutUint32(e, m.ino("sub")) }),
		entry("directory with two names", "dir-hardlink", "sub/inner", func(m *image, e []byte) { le.PutUint32(e, m.ino("sub")) }),
		entry("padding", "dir-padding", "..", func(m *image, e []byte) { e[11] = 1 }),
		on("directory of odd length", "dir-size", "sub", func(m *image, _ uint32, d []byte) { d[16]++ }),
		on("directory without length", "dir-size", "sub", func(m *image, _ uint32, d []byte) { clear(d[16:24]) }),
		on("directory with a hole", "dir-hole", "sub", func(m *image, _ uint32, d []byte) { clear(d[112:120]) }),
	}
}

func sampleTree() *tree.Node {
	file := func(n int) *tree.Node {
		return &tree.Node{Kind: tree.File, Mode: 0o644, Content: tree.Bytes(bytes.Repeat([]byte{7}, n))}
	}
	hard := file(3)
	return &tree.Node{Kind: tree.Dir, Mode: 0o755, Entries: []tree.Entry{
		{Name: "one", Node: file(100)},
		{Name: "two", Node: file(9000)},
		{Name: "blocks", Node: file(2 * 32768)},
		{Name: "large", Node: file(20 * 32768)},
		{Name: "hard", Node: hard},
		{Name: "link", Node: &tree.Node{Kind: tree.Symlink, Mode: 0o777, Target: "one"}},
		{Name: "long", Node: &tree.Node{Kind: tree.Symlink, Mode: 0o777, Target: strings.Repeat("x", 200)}},
		{Name: "dev", Node: &tree.Node{Kind: tree.CharDevice, Major: 1, Minor: 2}},
		{Name: "fifo", Node: &tree.Node{Kind: tree.Fifo}},
		{Name: "sub", Node: &tree.Node{Kind: tree.Dir, Entries: []tree.Entry{
			{Name: "hard", Node: hard},
			{Name: "inner", Node: &tree.Node{Kind: tree.Dir}},
		}}},
	}}
}

func sample(t testing.TB, o ufs.Options) []byte {
	t.Helper()
	l, err := ufs.New(sampleTree(), o)
	if err != nil {
		t.Fatal(err)
	}
	var m memory = make([]byte, l.Size())
	if err := l.WriteTo(m); err != nil {
		t.Fatal(err)
	}
	return m
}

type memory []byte

func (m memory) WriteAt(p []byte, off int64) (int, error) { return copy(m[off:], p), nil }

// TestFaults plants each fault alone and wants it named.
func TestFaults(t *testing.T) {
	good := sample(t, ufs.Options{Size: 8 << 20, Time: 1})
	if p, err := ufscheck.Check(bytes.NewReader(good), int64(len(good))); err != nil || len(p) > 0 {
		t.Fatal(p, err)
	}
	list := faults()
	t.Logf("%d faults", len(list))
	for _, f := range list {
		m := newImage(slices.Clone(good))
		f.plant(m)
		if bytes.Equal(m.b, good) {
			t.Errorf("%s: nothing was changed", f.name)
			continue
		}
		if !f.raw {
			newImage(good).with(m.b).rehash()
		}
		problems, err := ufscheck.Check(bytes.NewReader(m.b), int64(len(m.b)))
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		found := false
		for _, p := range problems {
			found = found || slices.Contains(strings.Fields(f.want), p.Kind)
		}
		if !found {
			t.Errorf("%s: want a problem %s, have %v", f.name, f.want, problems)
		}
		if _, err := ufscheck.Read(bytes.NewReader(m.b), int64(len(m.b))); err == nil {
			t.Errorf("%s: the tree is read nevertheless", f.name)
		}
	}
}

// with applies what is known of an image to other bytes.
func (m *image) with(b []byte) *image {
	n := *m
	n.b = b
	return &n
}

// TestEveryMetadataByte changes single bytes of the metadata and wants every
// change found where a check hash or a copy protects them.
func TestEveryMetadataByte(t *testing.T) {
	good := sample(t, ufs.Options{Size: 4 << 20})
	m := newImage(good)
	check := func(what string, at int64) {
		b := good[at]
		good[at] ^= 0x10
		p, err := ufscheck.Check(bytes.NewReader(good), int64(len(good)))
		if err != nil || len(p) == 0 {
			t.Errorf("%s, offset %d: not noticed (%v)", what, at, err)
		}
		good[at] = b
	}
	for i := int64(0); i < m.sbsize; i += 13 {
		check("superblock", 65536+i)
	}
	for i := int64(0); i < m.cgsize; i += 37 {
		check("group", m.cblkno*m.fsize+i)
	}
	for i := int64(0); i < 256; i++ {
		check("inode", m.iblkno*m.fsize+512+i)
	}
}

func TestNoFileSystem(t *testing.T) {
	for _, b := range [][]byte{nil, make([]byte, 65536), make([]byte, 100000), bytes.Repeat([]byte{0xff}, 1<<20)} {
		p, err := ufscheck.Check(bytes.NewReader(b), int64(len(b)))
		if err != nil || len(p) == 0 {
			t.Errorf("%d bytes: %v, %v", len(b), p, err)
		}
	}
	good := sample(t, ufs.Options{})
	for _, n := range []int{70000, 80000, len(good) / 2, len(good) - 1} {
		p, err := ufscheck.Check(bytes.NewReader(good[:n]), int64(n))
		if err != nil || len(p) == 0 {
			t.Errorf("first %d bytes: %v, %v", n, p, err)
		}
	}
}

// FuzzCheck damages an image at places that the input names, makes the hashes
// right, and wants an answer in bounded time, never a panic.
func FuzzCheck(f *testing.F) {
	good := sample(f, ufs.Options{Size: 1 << 20, BlockSize: 8192})
	where := newImage(good)
	f.Add([]byte{})
	for i := range 40 {
		f.Add([]byte(fmt.Sprintf("%c%c%c%c%c%c", i%5, i*7, i*29, i*3, 1, i)))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		m := where.with(slices.Clone(good))
		hash := len(in)%2 == 0
		for ; len(in) >= 4; in = in[4:] {
			off := int64(in[1]) | int64(in[2])<<8
			switch in[0] % 5 {
			case 0:
				m.super()[off%1376] = in[3]
			case 1:
				m.group(off % m.ncg)[off%m.cgsize] = in[3]
			case 2:
				m.inode(2 + uint32(off/256)%16)[off%256] = in[3]
			case 3: // directories, indirect blocks and the summaries
				at := m.dblkno*m.fsize + off
				m.b[at%int64(len(m.b))] = in[3]
			case 4:
				m.b[(off<<4|int64(in[3]))%int64(len(m.b))] ^= in[3]
			}
		}
		if hash {
			m.rehash()
		}
		if _, err := ufscheck.Check(bytes.NewReader(m.b), int64(len(m.b))); err != nil {
			t.Fatal(err)
		}
		if root, err := ufscheck.Read(bytes.NewReader(m.b), int64(len(m.b))); err == nil {
			if err := tree.Validate(root); err != nil {
				t.Fatal(err)
			}
		}
	})
}
