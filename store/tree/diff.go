package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// Difference is one way in which two trees are not the same.
type Difference struct {
	Path string // relative, with slashes; "" is the root
	What string // such as "only in the first" or "sizes 3 and 4"
}

func (d Difference) String() string {
	if d.Path == "" {
		return d.What
	}
	return d.Path + ": " + d.What
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
	if !c.report(Difference{path, fmt.Sprintf(format, args...)}) {
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
		if sa.Size != sb.Size {
			return c.differ(path, "sizes %d and %d", sa.Size, sb.Size)
		}
		return c.files(da, a, db, b, path)
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

// files compares the bytes of two files of the same size.
func (c *comparison) files(da int, a string, db int, b, path string) error {
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
	ba, bb := make([]byte, 64<<10), make([]byte, 64<<10)
	for offset := 0; ; {
		n, err := io.ReadFull(ra, ba)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
		m, err := io.ReadFull(rb, bb[:n])
		if err != nil && err != io.EOF {
			return &ChangedError{b}
		}
		if !bytes.Equal(ba[:n], bb[:m]) {
			i := 0
			for ba[i] == bb[i] {
				i++
			}
			return c.differ(path, "contents differ from byte %d on: %q and %q", offset+i, around(ba[:n], i), around(bb[:m], i))
		}
		if n == 0 {
			return nil
		}
		offset += n
	}
}

// around is a short piece of text that begins at i.
func around(b []byte, i int) []byte { return b[i:min(i+24, len(b))] }
