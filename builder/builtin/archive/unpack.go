package archive

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/blakesmith/ar"
)

// Options say what Unpack takes.
type Options struct {
	// Select, when not empty, lists members to take, each with all below it.
	Select []string
	// Lenient allows selected members to be absent.
	Lenient bool
	// Strip drops this many leading parts of the names.
	Strip int
}

// Unpack unpacks the archive file into the directory dir, which exists.
func Unpack(file, dir string, o Options) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	u := &unpacker{root: root, Options: o, found: map[string]bool{}}
	if err := u.file(f); err != nil {
		return fmt.Errorf("cannot unpack %s: %w", file, err)
	}
	for _, s := range o.Select {
		if !o.Lenient && !u.found[clean(s)] {
			return fmt.Errorf("cannot unpack %s: it has no member %q", file, s)
		}
	}
	return u.finish()
}

type unpacker struct {
	Options
	root  *os.Root
	found map[string]bool // selected members that were seen
	dirs  []dirTime       // set at the end: filling a directory changes it
}

type dirTime struct {
	name string
	time time.Time
}

func (u *unpacker) file(f *os.File) error {
	b := bufio.NewReaderSize(f, 1<<20)
	head, err := b.Peek(sniffLen)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch k := sniff(head); k {
	case unknown:
		return errors.New("it is no archive of a known kind (tar, zip, deb; gzip, bzip2, xz, zstd)")
	case zipKind:
		return u.zip(f)
	case debKind:
		return u.deb(b)
	default:
		return u.compressed(k, b)
	}
}

func (u *unpacker) compressed(k kind, r io.Reader) error {
	z, done, err := decompress(k, r)
	if err != nil {
		return err
	}
	defer done()
	return u.tar(z)
}

// deb unpacks the data member of a Debian package.
func (u *unpacker) deb(r io.Reader) error {
	a := ar.NewReader(r)
	for {
		h, err := a.Next()
		if errors.Is(err, io.EOF) {
			return errors.New("the package has no data member")
		}
		if err != nil {
			return err
		}
		if !strings.HasPrefix(h.Name, "data.tar") {
			continue
		}
		b := bufio.NewReaderSize(a, 1<<20)
		head, err := b.Peek(sniffLen)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		return u.compressed(sniff(head), b)
	}
}

func (u *unpacker) tar(r io.Reader) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, ok := u.name(h.Name)
		if !ok {
			continue
		}
		mode := fs.FileMode(h.Mode & 0o777)
		switch h.Typeflag {
		case tar.TypeReg:
			err = u.regular(name, mode, h.ModTime, t)
		case tar.TypeDir:
			err = u.directory(name, mode, h.ModTime)
		case tar.TypeSymlink:
			err = u.symlink(name, h.Linkname)
		case tar.TypeLink:
			err = u.link(name, h.Linkname)
		case tar.TypeXGlobalHeader:
		default:
			err = fmt.Errorf("member %s is a device or another special file, which a store item cannot hold", h.Name)
		}
		if err != nil {
			return err
		}
	}
}

func (u *unpacker) zip(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return err
	}
	for _, m := range z.File {
		name, ok := u.name(m.Name)
		if !ok {
			continue
		}
		if err := u.zipMember(name, m); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) zipMember(name string, m *zip.File) error {
	mode := m.Mode()
	if mode.IsDir() {
		return u.directory(name, mode.Perm()|0o700, m.Modified)
	}
	r, err := m.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	if mode&fs.ModeSymlink != 0 {
		target, err := io.ReadAll(io.LimitReader(r, 4096))
		if err != nil {
			return err
		}
		return u.symlink(name, string(target))
	}
	return u.regular(name, mode.Perm(), m.Modified, r)
}

// clean gives a member's name without "./" and "/" around it.
func clean(name string) string {
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

// name tells where a member goes, and whether it is wanted.
func (u *unpacker) name(member string) (string, bool) {
	name := clean(member)
	if len(u.Select) > 0 && !u.selected(name) {
		return "", false
	}
	parts := strings.Split(name, "/")
	if len(parts) <= u.Strip {
		return "", false
	}
	name = strings.Join(parts[u.Strip:], "/")
	return name, name != ""
}

func (u *unpacker) selected(name string) bool {
	for _, s := range u.Select {
		s = clean(s)
		if s == "" || name == s || strings.HasPrefix(name, s+"/") {
			u.found[s] = true
			return true
		}
	}
	return false
}

func (u *unpacker) parent(name string) error {
	if dir := path.Dir(name); dir != "." {
		return u.root.MkdirAll(dir, 0o755)
	}
	return nil
}

// clear makes room for a member that comes a second time: the last one counts.
func (u *unpacker) clear(name string) error {
	if err := u.parent(name); err != nil {
		return err
	}
	info, err := u.root.Lstat(name)
	if err != nil || info.IsDir() {
		return nil
	}
	return u.root.Remove(name)
}

func (u *unpacker) regular(name string, mode fs.FileMode, mtime time.Time, r io.Reader) error {
	if err := u.clear(name); err != nil {
		return err
	}
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		f.Close()
		return err
	}
	if err := f.Chmod(mode | 0o600); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return u.root.Chtimes(name, mtime, mtime)
}

func (u *unpacker) directory(name string, mode fs.FileMode, mtime time.Time) error {
	if err := u.root.MkdirAll(name, 0o755); err != nil {
		return err
	}
	if err := u.root.Chmod(name, mode|0o700); err != nil {
		return err
	}
	u.dirs = append(u.dirs, dirTime{name, mtime})
	return nil
}

func (u *unpacker) symlink(name, target string) error {
	if err := u.clear(name); err != nil {
		return err
	}
	return u.root.Symlink(target, name)
}

func (u *unpacker) link(name, target string) error {
	to, ok := u.name(target)
	if !ok {
		return fmt.Errorf("member %s is a hard link to %s, which is not unpacked", name, target)
	}
	if err := u.clear(name); err != nil {
		return err
	}
	return u.root.Link(to, name)
}

func (u *unpacker) finish() error {
	for i := len(u.dirs) - 1; i >= 0; i-- {
		d := u.dirs[i]
		if err := u.root.Chtimes(d.name, d.time, d.time); err != nil {
			return err
		}
	}
	return nil
}
