package ufscheck

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// dirent is an entry of a directory.
type dirent struct {
	ino  uint32
	kind uint8
	name string
}

// checkDirectories walks the directories from the root (pass 2). A directory
// that has two names is walked once.
func (c *checker) checkDirectories() error {
	root := c.files[rootIno]
	if root == nil || !root.isDir() {
		c.bad("root", inodeName(rootIno), "there is no root directory")
		return nil
	}
	root.parent = rootIno
	c.paths[rootIno] = "/"
	for queue := []*file{root}; len(queue) > 0; queue = queue[1:] {
		subdirs, err := c.directory(queue[0])
		if err != nil {
			return err
		}
		queue = append(queue, subdirs...)
	}
	return nil
}

// directory checks one directory, counts the links it makes and returns the
// directories found in it.
func (c *checker) directory(f *file) ([]*file, error) {
	where := c.paths[f.ino]
	entries, err := c.entries(f, where)
	if err != nil {
		return nil, err
	}
	var subdirs []*file
	names := make(map[string]bool, len(entries))
	for i, e := range entries {
		if names[e.name] {
			c.bad("dir-name", where, "the name %q stands there twice", e.name)
		}
		names[e.name] = true
		t := c.files[e.ino]
		if t == nil {
			c.bad("dir-unallocated", where, "%q is inode %d, which is not in use", e.name, e.ino)
			continue
		}
		t.links++
		if want := uint8(t.d.Mode >> 12); e.kind != want {
			c.bad("dir-type", where, "%q has the type %d, its inode %d", e.name, e.kind, want)
		}
		switch {
		case i == 0:
			if e.name != "." || e.ino != f.ino {
				c.bad("dir-dot", where, "the first entry is %q for inode %d, not \".\" for %d", e.name, e.ino, f.ino)
			}
		case i == 1:
			if e.name != ".." || e.ino != f.parent {
				c.bad("dir-dotdot", where, "the second entry is %q for inode %d, not \"..\" for %d", e.name, e.ino, f.parent)
			}
		case t.isDir():
			if t.parent != 0 {
				c.bad("dir-hardlink", where, "%q is a second name of the directory %s", e.name, c.paths[t.ino])
				continue
			}
			t.parent = f.ino
			c.paths[t.ino] = where + e.name + "/"
			subdirs = append(subdirs, t)
		}
	}
	if len(entries) < 2 {
		c.bad("dir-dot", where, "there are no \".\" and \"..\"")
	}
	return subdirs, nil
}

// entries reads a directory. Of a chunk that is damaged, what precedes the
// damage is used.
func (c *checker) entries(f *file, where string) ([]dirent, error) {
	if f.d.Size == 0 || f.d.Size%dirblksiz != 0 {
		c.bad("dir-size", where, "the length %d is not a multiple of %d", f.d.Size, dirblksiz)
	}
	if f.broken {
		return nil, nil
	}
	var out []dirent
	next := int64(0)
	for _, r := range f.runs {
		if r.block != next {
			break
		}
		next = r.block + howmany(r.n, c.frag())
		// Long runs are read in parts; a part is a number of blocks.
		const part = 1 << 20
		for off := int64(0); off < r.n*c.fsize(); off += part {
			pos := r.block*c.bsize() + off
			n := min(part, r.n*c.fsize()-off, int64(f.d.Size)-pos)
			if n <= 0 {
				break
			}
			raw, err := readAt(c.r, r.addr*c.fsize()+off, n)
			if err != nil {
				return nil, err
			}
			for len(raw) >= dirblksiz {
				out = c.chunk(out, raw[:dirblksiz], where)
				raw = raw[dirblksiz:]
			}
		}
	}
	if next != howmany(int64(f.d.Size), c.bsize()) {
		c.bad("dir-hole", where, "the directory has a hole at block %d", next)
	}
	return out, nil
}

// chunk reads DIRBLKSIZ bytes of a directory (dircheck).
func (c *checker) chunk(out []dirent, b []byte, where string) []dirent {
	for at := 0; at < dirblksiz; {
		e := b[at:]
		if len(e) < 8 {
			c.bad("dir-reclen", where, "an entry begins %d bytes before the end of its chunk", len(e))
			return out
		}
		ino := binary.LittleEndian.Uint32(e)
		reclen, kind, namlen := int(binary.LittleEndian.Uint16(e[4:])), e[6], int(e[7])
		if reclen%4 != 0 || reclen > len(e) || reclen < (8+namlen+1+3)&^3 {
			c.bad("dir-reclen", where, "an entry of %d bytes with a name of %d and %d bytes of room", reclen, namlen, len(e))
			return out
		}
		at += reclen
		if ino == 0 {
			continue
		}
		name := e[8 : 8+namlen]
		if namlen == 0 || bytes.IndexByte(name, 0) >= 0 || bytes.IndexByte(name, '/') >= 0 || e[8+namlen] != 0 {
			c.bad("dir-badname", where, "the name %q is impossible", name)
			return out
		}
		if rest := e[8+namlen : reclen]; len(bytes.Trim(rest, "\x00")) > 0 {
			c.bad("dir-padding", where, "what follows the name %q is not zero", name)
		}
		if int64(ino) >= int64(c.fs.Ipg)*int64(c.fs.Ncg) {
			c.bad("dir-range", where, "%q has the inode number %d, which is too large", name, ino)
			continue
		}
		out = append(out, dirent{ino, kind, string(name)})
	}
	return out
}

// checkLinks finds inodes without names and wrong link counts (passes 3 and 4).
func (c *checker) checkLinks() error {
	for _, ino := range c.order {
		f := c.files[ino]
		switch {
		case f.isDir() && f.parent == 0, f.links == 0:
			c.bad("orphan", inodeName(ino), "it is in use but has no name")
		case f.links != int(f.d.Nlink):
			c.bad("links", inodeName(ino), "link count is %d, there are %d", f.d.Nlink, f.links)
		}
		if f.kind() == iflnk && f.d.Size >= maxSymlink && !f.broken {
			if err := c.longLink(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// longLink checks the target of a symbolic link that is in a block.
func (c *checker) longLink(f *file) error {
	target, err := c.contents(f, 1<<16)
	if err == nil && (bytes.IndexByte(target, 0) >= 0 || len(target) > 1023) {
		c.bad("link-target", inodeName(f.ino), "the target of the symbolic link is too long or has a NUL byte")
	}
	return err
}

// contents reads a file of at most limit bytes.
func (c *checker) contents(f *file, limit int64) ([]byte, error) {
	if int64(f.d.Size) > limit {
		return make([]byte, limit), nil
	}
	r := fileReader{image: c.r, fsize: c.fsize(), bsize: c.bsize(), size: int64(f.d.Size), runs: f.runs}
	b, err := io.ReadAll(&r)
	if err != nil {
		return nil, fmt.Errorf("reading inode %d: %w", f.ino, err)
	}
	return b, nil
}
