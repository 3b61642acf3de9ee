package ufscheck

import (
	"bytes"
	"encoding/binary"
)

// file is an allocated inode.
type file struct {
	ino    uint32
	d      Inode
	runs   []run // its data blocks in the order of the file
	broken bool  // its blocks cannot be read

	links  int    // names found
	parent uint32 // of a directory: where its name is
}

// run is a contiguous stretch of a file: n fragments at addr, from block on.
type run struct{ block, addr, n int64 }

func (f *file) kind() uint16 { return f.d.Mode & ifmt }
func (f *file) isDir() bool  { return f.kind() == ifdir }

// readInodes looks at every inode that is initialised (pass 1).
func (c *checker) readInodes() error {
	const atOnce = 1 << 20 / dinodeLen
	for cg := range int64(c.fs.Ncg) {
		g := &c.groups[cg]
		if !g.ok {
			continue
		}
		start := (c.base(cg) + int64(c.fs.Iblkno)) * c.fsize()
		for i := int64(0); i < int64(g.header.Initediblk); i += atOnce {
			n := min(atOnce, int64(g.header.Initediblk)-i)
			raw, err := readAt(c.r, start+i*dinodeLen, n*dinodeLen)
			if err != nil {
				return err
			}
			for k := range n {
				ino := uint32(cg*int64(c.fs.Ipg) + i + k)
				b := raw[k*dinodeLen : (k+1)*dinodeLen]
				if err := c.inode(ino, b, g, i+k); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// inode checks one inode and its blocks.
func (c *checker) inode(ino uint32, raw []byte, g *groupState, index int64) error {
	where := inodeName(ino)
	mode := binary.LittleEndian.Uint16(raw)
	if ino < rootIno || mode == 0 {
		// A free inode may keep the old generation number, hash and times.
		free := raw[112:232]
		if mode != 0 || len(bytes.Trim(free, "\x00")) > 0 || binary.LittleEndian.Uint64(raw[16:]) != 0 {
			c.bad("ino-partial", where, "it is free but has a mode, blocks or a size")
		}
		return nil
	}
	f := &file{ino: ino}
	decode(raw, &f.d)
	c.files[ino] = f
	c.order = append(c.order, ino)
	g.used.set(index)
	if f.isDir() {
		g.dirs++
	}
	if c.fs.Metackhash&ckInode != 0 {
		if h := crc32c(raw, 244); h != f.d.Ckhash {
			c.bad("ino-hash", where, "check hash is %#x, recorded is %#x", h, f.d.Ckhash)
		}
	}
	if !c.inodeFields(f, where) {
		f.broken = true
		return nil
	}
	return c.blocks(f, where)
}

// inodeFields checks what does not need the blocks, and tells whether these
// can be looked at.
func (c *checker) inodeFields(f *file, where string) bool {
	d := &f.d
	switch f.kind() {
	case ififo, ifchr, ifdir, ifblk, ifreg, iflnk, ifsock:
	default:
		c.bad("ino-type", where, "mode %#o is of no known type", d.Mode)
		return false
	}
	if d.Nlink <= 0 {
		c.bad("ino-nlink", where, "link count is %d", d.Nlink)
	}
	limit := c.fs.Maxfilesize
	if f.isDir() {
		limit = 1<<31 - 1
	}
	if d.Size > limit {
		c.bad("ino-size", where, "size %d is more than %d", d.Size, limit)
		return false
	}
	for _, ns := range []int32{d.Mtimensec, d.Atimensec, d.Ctimensec, d.Birthnsec} {
		if ns < 0 || ns >= 1e9 {
			c.bad("ino-time", where, "a time has %d nanoseconds", ns)
		}
	}
	if d.Extsize != 0 || d.Extb != [2]int64{} {
		c.bad("ino-ext", where, "it has extended attributes")
	}
	if d.Freelink != 0 || d.Spare != [2]uint32{} || d.Kernflags != 0 {
		c.bad("ino-spare", where, "fields that are not in use are set")
	}
	if d.Flags&0x00200000 != 0 { // SF_SNAPSHOT
		c.bad("ino-spare", where, "it is a snapshot that the superblock does not list")
	}
	return c.unusedPointers(f, where)
}

// unusedPointers checks that nothing points to blocks beyond the end.
func (c *checker) unusedPointers(f *file, where string) bool {
	d := &f.d
	// The block pointers as bytes, as they also hold short links and devices.
	var raw [120]byte
	for i, a := range append(d.Db[:len(d.Db):len(d.Db)], d.Ib[:]...) {
		binary.LittleEndian.PutUint64(raw[8*i:], uint64(a))
	}
	used := int64(0) // bytes in use
	switch kind := f.kind(); {
	case kind == ifchr || kind == ifblk:
		used = 8
		if d.Db[0] == -1 {
			c.bad("ino-rdev", where, "the device number stands for no device")
		}
	case kind == iflnk && d.Size < maxSymlink:
		used = int64(d.Size)
		if bytes.IndexByte(raw[:used], 0) >= 0 || used == 0 {
			c.bad("link-target", where, "the target of the symbolic link is empty or has a NUL byte")
		}
	case kind == ififo || kind == ifsock:
	default:
		n := howmany(int64(d.Size), c.bsize())
		used = 8 * min(n, ndAddr)
		reach := int64(ndAddr)
		per := int64(1)
		for level := range int64(niAddr) {
			if n > reach {
				used = 8 * (ndAddr + level + 1)
			}
			per *= int64(c.fs.Nindir)
			reach += per
		}
	}
	if kind := f.kind(); kind != ifreg && kind != ifdir && kind != iflnk && d.Size != 0 {
		c.bad("ino-special", where, "a special file has the size %d", d.Size)
		return false
	}
	if len(bytes.Trim(raw[used:], "\x00")) > 0 {
		c.bad("ino-beyond", where, "block pointers beyond the end of the file are set")
		return false
	}
	return true
}

// blocks finds and claims the blocks of a file.
func (c *checker) blocks(f *file, where string) error {
	kind := f.kind()
	if kind != ifreg && kind != ifdir && (kind != iflnk || f.d.Size < maxSymlink) {
		c.want("ino-blocks", where, "blocks", int64(f.d.Blocks), 0)
		return nil
	}
	w := blockWalk{c: c, f: f, where: where, last: -1, total: howmany(int64(f.d.Size), c.bsize())}
	for i, a := range f.d.Db {
		n := c.frag()
		if int64(i) == w.total-1 {
			if rest := int64(f.d.Size) % c.bsize(); rest != 0 {
				n = howmany(rest, c.fsize())
			}
		}
		if a != 0 {
			w.data(int64(i), a, n)
		}
	}
	first, reach := int64(ndAddr), int64(c.fs.Nindir)
	for level, a := range f.d.Ib {
		if a != 0 {
			if err := w.indirect(a, level+1, first); err != nil {
				return err
			}
		}
		first += reach
		reach *= int64(c.fs.Nindir)
	}
	c.want("ino-blocks", where, "blocks", int64(f.d.Blocks), w.frags*c.fsize()/devBsize)
	if w.last != w.total-1 {
		c.bad("ino-end", where, "size %d ends in a hole; the last block is %d", f.d.Size, w.last)
	}
	return nil
}

// blockWalk follows the block pointers of a file.
type blockWalk struct {
	c     *checker
	f     *file
	where string
	total int64 // blocks up to the size
	frags int64 // found
	last  int64 // the last block found
}

// claim takes n fragments at a for the file and tells whether they are good
// and were not taken before.
func (w *blockWalk) claim(a, n int64) bool {
	c := w.c
	w.frags += n
	if a < 0 || a > c.fs.Size-n {
		c.bad("blk-range", w.where, "block of %d fragments at %d is not in the file system", n, a)
		w.f.broken = true
		return false
	}
	if a%c.frag()+n > c.frag() {
		c.bad("blk-align", w.where, "block of %d fragments at %d crosses a boundary", n, a)
	}
	for i := range n {
		if c.taken.has(a + i) {
			c.bad("blk-dup", w.where, "fragment %d is taken already", a+i)
			w.f.broken = true // also bounds what is read
			return false
		}
		c.taken.set(a + i)
	}
	return true
}

func (w *blockWalk) data(block, a, n int64) {
	w.claim(a, n)
	if w.f.broken {
		return
	}
	w.last = block
	if k := len(w.f.runs) - 1; k >= 0 {
		r := &w.f.runs[k]
		if r.n%w.c.frag() == 0 && r.block+r.n/w.c.frag() == block && r.addr+r.n == a {
			r.n += n
			return
		}
	}
	w.f.runs = append(w.f.runs, run{block, a, n})
}

// indirect follows an indirect block that covers the file from first on. One
// that is claimed twice is followed only once, which bounds the work.
func (w *blockWalk) indirect(a int64, level int, first int64) error {
	c := w.c
	if !w.claim(a, c.frag()) {
		w.f.broken = true
		return nil
	}
	raw, err := readAt(c.r, a*c.fsize(), c.bsize())
	if err != nil {
		return err
	}
	below := int64(1)
	for range level - 1 {
		below *= int64(c.fs.Nindir)
	}
	for i := range int64(c.fs.Nindir) {
		p := int64(binary.LittleEndian.Uint64(raw[8*i:]))
		if p == 0 {
			continue
		}
		at := first + i*below
		if at >= w.total {
			c.bad("ino-beyond", w.where, "an indirect block points to block %d beyond the end of the file", at)
			break
		}
		if level == 1 {
			w.data(at, p, c.frag())
		} else if err := w.indirect(p, level-1, at); err != nil {
			return err
		}
		if w.f.broken {
			return nil
		}
	}
	return nil
}
