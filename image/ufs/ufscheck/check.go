package ufscheck

import (
	"fmt"
	"io"
)

// Problem is something that is wrong with a file system.
type Problem struct {
	Kind  string // which rule is broken: a short fixed word
	Where string // the structure or file concerned
	What  string // what is found there and what should be
}

// String puts a problem in one line.
func (p Problem) String() string { return fmt.Sprintf("%s: %s: %s", p.Kind, p.Where, p.What) }

// maxProblems bounds what is reported about an image that is no file system.
const maxProblems = 500

// Check examines the file system in the first length bytes of r. It returns
// what is wrong with it; the error is only for failures of r.
func Check(r io.ReaderAt, length int64) ([]Problem, error) {
	c, err := examine(r, length)
	if err != nil {
		return nil, err
	}
	return c.problems, nil
}

// checker is one examination.
type checker struct {
	r        io.ReaderAt
	length   int64
	fs       Superblock
	problems []Problem
	usable   bool // the superblock is good enough to go on

	taken  bitmap            // fragments that are in use, by what refers to them
	sums   []Csum            // the summary area
	groups []groupState      // by group
	files  map[uint32]*file  // allocated inodes by number
	order  []uint32          // their numbers, ascending
	paths  map[uint32]string // of directories
}

// examine makes all checks.
func examine(r io.ReaderAt, length int64) (*checker, error) {
	c := &checker{r: r, length: length, files: make(map[uint32]*file), paths: make(map[uint32]string)}
	ok, err := c.checkSuper()
	if err != nil || !ok {
		return c, err
	}
	c.usable = true
	c.taken = newBitmap(c.fs.Size)
	c.takeMetadata()
	for _, pass := range []func() error{c.readGroups, c.readInodes, c.checkDirectories, c.checkLinks, c.checkGroups} {
		if err := pass(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *checker) bad(kind, where, format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, Problem{kind, where, fmt.Sprintf(format, args...)})
	}
}

func groupName(cg int64) string        { return fmt.Sprintf("cylinder group %d", cg) }
func inodeName(ino uint32) string      { return fmt.Sprintf("inode %d", ino) }
func (c *checker) frag() int64         { return int64(c.fs.Frag) }
func (c *checker) fsize() int64        { return int64(c.fs.Fsize) }
func (c *checker) bsize() int64        { return int64(c.fs.Bsize) }
func (c *checker) base(cg int64) int64 { return cg * int64(c.fs.Fpg) }

// end is where a group ends.
func (c *checker) end(cg int64) int64 { return min(c.base(cg+1), c.fs.Size) }

// takeMetadata marks what belongs to no file (the beginning of pass 1).
func (c *checker) takeMetadata() {
	for cg := range int64(c.fs.Ncg) {
		from := c.base(cg) + int64(c.fs.Sblkno)
		if cg == 0 {
			from = 0 // the boot area
		}
		for a := from; a < c.base(cg)+int64(c.fs.Dblkno); a++ {
			c.taken.set(a)
		}
	}
	for a := range int64(c.fs.Cssize) / c.fsize() {
		c.taken.set(c.fs.Csaddr + a)
	}
}

// bitmap is a set of small numbers.
type bitmap []byte

func newBitmap(n int64) bitmap    { return make(bitmap, (n+7)/8) }
func (b bitmap) set(i int64)      { b[i>>3] |= 1 << (i & 7) }
func (b bitmap) has(i int64) bool { return b[i>>3]>>(i&7)&1 != 0 }
func (b bitmap) count(n int64) (k int64) {
	for i := range n {
		if b.has(i) {
			k++
		}
	}
	return k
}
