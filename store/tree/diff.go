package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// Difference is one way in which two trees are not the same.
type Difference struct {
	Path string // relative, with slashes; "" is the root
	What string // such as "only in the first" or "contents differ from line 3 on"
	// First and Second are what stands at that place of a file, in one line each
	// without control characters; "" when it is no matter of contents.
	First, Second string
}

// String says what differs, with what stands in each file on lines of their own. What
// could make a terminal show something else than there is, as names in somebody's archive
// could, is left out.
func (d Difference) String() string {
	text := visible(d.What)
	if d.Path != "" {
		text = visible(d.Path) + ": " + text
	}
	if d.First != "" || d.Second != "" {
		text += "\n  - " + d.First + "\n  + " + d.Second
	}
	return text
}

func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, text)
}

// Diff calls report with every difference of the trees at a and b that an
// archive would show, in the order of paths: names, types, executable bits,
// targets of links, contents. It ends when report returns false.
func Diff(a, b string, report func(Difference) bool) error {
	c := &comparison{report: report}
	err := c.nodes(unix.AT_FDCWD, a, unix.AT_FDCWD, b, "")
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

var errEnough = errors.New("enough differences")

type comparison struct{ report func(Difference) bool }

func (c *comparison) differ(path, format string, args ...any) error {
	if !c.report(Difference{Path: path, What: fmt.Sprintf(format, args...)}) {
		return errEnough
	}
	return nil
}

// nodes compares name a in directory da with name b in db.
func (c *comparison) nodes(da int, a string, db int, b, path string) error {
	sa, err := lstatat(da, a)
	if err != nil {
		return pathError("stat", a, err)
	}
	sb, err := lstatat(db, b)
	if err != nil {
		return pathError("stat", b, err)
	}
	ta, tb := uint32(sa.Mode)&unix.S_IFMT, uint32(sb.Mode)&unix.S_IFMT
	if ta != tb {
		return c.differ(path, "%s and %s", kindName(ta), kindName(tb))
	}
	switch ta {
	case unix.S_IFDIR:
		return c.directories(da, a, db, b, path)
	case unix.S_IFLNK:
		la, err := readlinkat(da, a)
		if err != nil {
			return pathError("readlink", a, err)
		}
		lb, err := readlinkat(db, b)
		if err != nil {
			return pathError("readlink", b, err)
		}
		if la != lb {
			return c.differ(path, "links to %s and %s", la, lb)
		}
		return nil
	case unix.S_IFREG:
		if xa, xb := uint32(sa.Mode)&0o100 != 0, uint32(sb.Mode)&0o100 != 0; xa != xb {
			if err := c.differ(path, "%s and %s", executableName(xa), executableName(xb)); err != nil {
				return err
			}
		}
		return c.files(da, a, db, b, path, sa.Size, sb.Size)
	}
	return nil
}

func kindName(mode uint32) string {
	switch mode {
	case unix.S_IFREG:
		return "a file"
	case unix.S_IFDIR:
		return "a directory"
	case unix.S_IFLNK:
		return "a symbolic link"
	}
	return typeName(mode)
}

func executableName(x bool) string {
	if x {
		return "executable"
	}
	return "not executable"
}

func (c *comparison) directories(da int, a string, db int, b, path string) error {
	fa, na, err := listAt(da, a)
	if err != nil {
		return err
	}
	defer fa.Close()
	fb, nb, err := listAt(db, b)
	if err != nil {
		return err
	}
	defer fb.Close()
	for len(na) > 0 || len(nb) > 0 {
		switch {
		case len(nb) == 0 || len(na) > 0 && na[0] < nb[0]:
			err = c.differ(join(path, na[0]), "only in the first")
			na = na[1:]
		case len(na) == 0 || nb[0] < na[0]:
			err = c.differ(join(path, nb[0]), "only in the second")
			nb = nb[1:]
		default:
			err = c.nodes(int(fa.Fd()), na[0], int(fb.Fd()), nb[0], join(path, na[0]))
			na, nb = na[1:], nb[1:]
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// listAt opens the directory name in dir and lists its entries in order.
func listAt(dir int, name string) (*os.File, []string, error) {
	fd, err := openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, nil, pathError("open", name, err)
	}
	f := os.NewFile(uintptr(fd), name)
	names, err := f.Readdirnames(-1)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	slices.Sort(names)
	return f, names, nil
}

// files compares the bytes of two files.
func (c *comparison) files(da int, a string, db int, b, path string, sizeA, sizeB int64) error {
	fa, err := openat(da, a, unix.O_RDONLY, 0)
	if err != nil {
		return pathError("open", a, err)
	}
	ra := os.NewFile(uintptr(fa), a)
	defer ra.Close()
	fb, err := openat(db, b, unix.O_RDONLY, 0)
	if err != nil {
		return pathError("open", b, err)
	}
	rb := os.NewFile(uintptr(fb), b)
	defer rb.Close()
	at, err := firstDifference(ra, rb)
	if err != nil || at.offset < 0 {
		return err
	}
	xa, err := excerptAt(ra, at)
	if err != nil {
		return err
	}
	xb, err := excerptAt(rb, at)
	if err != nil {
		return err
	}
	d := Difference{Path: path, What: fmt.Sprintf("contents differ from byte %d on", at.offset)}
	if xa.isText() && xb.isText() {
		d.What = fmt.Sprintf("contents differ from line %d on", at.line)
		d.First, d.Second = xa.text(), xb.text()
	} else {
		d.First, d.Second = xa.hex(), xb.hex()
	}
	if sizeA != sizeB {
		d.What += fmt.Sprintf(" (%d and %d bytes)", sizeA, sizeB)
	}
	if !c.report(d) {
		return errEnough
	}
	return nil
}

// position is a place in a file.
type position struct {
	offset int64 // -1: there is none
	line   int   // its number, from 1
	start  int64 // of the line
}

// firstDifference finds where two files begin to differ.
func firstDifference(a, b io.Reader) (position, error) {
	ba, bb := make([]byte, 64<<10), make([]byte, 64<<10)
	at := position{line: 1}
	for {
		n, err := readFull(a, ba)
		if err != nil {
			return at, err
		}
		m, err := readFull(b, bb)
		if err != nil {
			return at, err
		}
		i := 0
		if !bytes.Equal(ba[:n], bb[:m]) {
			for i < min(n, m) && ba[i] == bb[i] {
				i++
			}
		} else if i = n; n == 0 {
			at.offset = -1
			return at, nil
		}
		at.line += bytes.Count(ba[:i], []byte{'\n'})
		if last := bytes.LastIndexByte(ba[:i], '\n'); last >= 0 {
			at.start = at.offset + int64(last) + 1
		}
		at.offset += int64(i)
		if i < max(n, m) {
			return at, nil
		}
	}
}

// readFull reads until b is full or the file ends.
func readFull(r io.Reader, b []byte) (int, error) {
	n, err := io.ReadFull(r, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return n, err
}

// excerpt is a part of a file around a place.
type excerpt struct {
	bytes []byte
	at    int  // the place in bytes
	begin bool // the line begins with bytes
}

// Bounds of what is shown, in bytes.
const (
	shownBefore = 24
	shownAfter  = 72
	shownHex    = 16
)

// excerptAt reads what stands around a place, from the line's begin if that is near.
func excerptAt(f io.ReaderAt, p position) (excerpt, error) {
	from := max(p.start, p.offset-shownBefore)
	b := make([]byte, p.offset-from+shownAfter)
	n, err := f.ReadAt(b, from)
	if err == io.EOF {
		err = nil
	}
	return excerpt{b[:n], int(p.offset - from), from == p.start}, err
}

// isText says whether it can be shown as it is.
func (x excerpt) isText() bool {
	b := x.bytes
	if !x.begin { // it may begin in the midst of a character
		for len(b) > 0 && !utf8.RuneStart(b[0]) {
			b = b[1:]
		}
	}
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 && utf8.FullRune(b) || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f {
			return false
		}
		b = b[n:]
	}
	return true
}

// text is the line.
func (x excerpt) text() string {
	if x.at >= len(x.bytes) {
		return "(ends here)"
	}
	line, _, whole := bytes.Cut(x.bytes[x.at:], []byte{'\n'})
	text := strings.ToValidUTF8(string(x.bytes[:x.at])+string(line), "")
	text = strings.NewReplacer("\t", "    ", "\r", "").Replace(text)
	if !x.begin {
		text = "…" + text
	}
	if !whole && len(x.bytes) == x.at+shownAfter {
		text += "…"
	}
	if text == "" {
		text = "(an empty line)"
	}
	return text
}

// hex is what follows the place, byte by byte.
func (x excerpt) hex() string {
	b := x.bytes[min(x.at, len(x.bytes)):]
	if len(b) == 0 {
		return "(ends here)"
	}
	b = b[:min(len(b), shownHex)]
	return fmt.Sprintf("% x  %q", b, b)
}
