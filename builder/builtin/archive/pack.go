package archive

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dsnet/compress/bzip2"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"fruix/builder/lzip"
)

// Everything that is packed has this time, as everything in a store has. Zip
// cannot hold times before 1980.
var (
	packTime = time.Unix(1, 0).UTC()
	zipTime  = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
)

// compressors are the ways to compress, by the ending of names.
var compressors = map[string]func(io.Writer) (io.WriteCloser, error){
	"":   func(w io.Writer) (io.WriteCloser, error) { return unclosed{w}, nil },
	"gz": func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestCompression) },
	"bz2": func(w io.Writer) (io.WriteCloser, error) {
		return bzip2.NewWriter(w, &bzip2.WriterConfig{Level: bzip2.BestCompression})
	},
	"xz": func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
	"zst": func(w io.Writer) (io.WriteCloser, error) {
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
	},
	"lz": func(w io.Writer) (io.WriteCloser, error) { return lzip.NewWriter(w) },
}

type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// packers are the forms of archives, by the ending of names.
var packers = map[string]func(w io.Writer, t *packTree) error{"tar": packTar, "cpio": packCPIO, "zip": packZip, "deb": packDeb}

// Formats lists what Pack can make: "tar", "tar.gz", …
func Formats() []string {
	var list []string
	for form := range packers {
		if form == "zip" || form == "deb" { // they compress by themselves
			list = append(list, form)
			continue
		}
		for c := range compressors {
			list = append(list, strings.TrimSuffix(form+"."+c, "."))
		}
	}
	slices.Sort(list)
	return list
}

// Pack makes the archive file of what is below dir, in a form of Formats. The
// same tree gives the same bytes: names are sorted, owners are root, times are
// fixed, and modes are what a store keeps of them. A package for Debian has its
// control files in a folder DEBIAN, as dpkg-deb(1) wants it. Nothing is left
// behind by an error.
func Pack(dir, file, format string) (err error) {
	if !slices.Contains(Formats(), format) {
		return fmt.Errorf("%q is no form of archives; there are %s", format, strings.Join(Formats(), ", "))
	}
	t, err := readTree(dir)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			os.Remove(file)
		}
	}()
	form, compression, _ := strings.Cut(format, ".")
	b := bufio.NewWriterSize(f, 1<<20)
	if err := packInto(b, form, compression, t); err != nil {
		return fmt.Errorf("cannot make %s: %w", file, err)
	}
	return b.Flush()
}

func packInto(w io.Writer, form, compression string, t *packTree) error {
	z, err := compressors[compression](w)
	if err != nil {
		return err
	}
	return errors.Join(packers[form](z, t), z.Close())
}

// packTree is what is packed.
type packTree struct {
	root    *os.Root
	members []packMember
}

// packMember is a file, folder or link; name has slashes.
type packMember struct {
	name, target string
	mode         fs.FileMode
	size         int64
}

func readTree(dir string) (*packTree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	t := &packTree{root: root}
	return t, fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		m := packMember{name: name, mode: d.Type() | 0o644}
		switch d.Type() {
		case fs.ModeDir:
			m.mode = fs.ModeDir | 0o755
		case fs.ModeSymlink:
			m.mode = fs.ModeSymlink | 0o777
			if m.target, err = root.Readlink(name); err != nil {
				return err
			}
		case 0:
			m.size = info.Size()
			if info.Mode()&0o100 != 0 {
				m.mode |= 0o111
			}
		default:
			return special(filepath.Join(dir, name))
		}
		t.members = append(t.members, m)
		return nil
	})
}

// copyTo writes the bytes of a file.
func (t *packTree) copyTo(w io.Writer, m packMember) error {
	if m.mode.Type() != 0 {
		return nil
	}
	f, err := t.root.Open(m.name)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := io.Copy(w, io.LimitReader(f, m.size))
	if err == nil && n != m.size {
		err = fmt.Errorf("%s was changed meanwhile", m.name)
	}
	return err
}

func packTar(w io.Writer, t *packTree) error { return packTarFrom(w, t, "") }

// packTarFrom puts prefix before the names.
func packTarFrom(w io.Writer, t *packTree, prefix string) error {
	out := tar.NewWriter(w)
	for _, m := range t.members {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: prefix + m.name, Linkname: m.target, Mode: int64(m.mode.Perm()), Size: m.size, ModTime: packTime}
		switch m.mode.Type() {
		case fs.ModeDir:
			h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
		case fs.ModeSymlink:
			h.Typeflag = tar.TypeSymlink
		}
		if err := out.WriteHeader(h); err != nil {
			return err
		}
		if err := t.copyTo(out, m); err != nil {
			return err
		}
	}
	return out.Close()
}

func packZip(w io.Writer, t *packTree) error {
	out := zip.NewWriter(w)
	out.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	for _, m := range t.members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate, Modified: zipTime}
		if m.mode.IsDir() {
			h.Name, h.Method = m.name+"/", zip.Store
		}
		h.SetMode(m.mode)
		f, err := out.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(f, m.target); err != nil {
			return err
		}
		if err := t.copyTo(f, m); err != nil {
			return err
		}
	}
	return out.Close()
}

// packCPIO writes the new form.
func packCPIO(w io.Writer, t *packTree) error {
	pad := func(n int64) error { _, err := w.Write(make([]byte, -n&3)); return err }
	write := func(ino int, m packMember, mode, mtime int64) error {
		size := m.size + int64(len(m.target))
		if size > 1<<32-1 {
			return fmt.Errorf("%s has %d bytes, more than a cpio can hold", m.name, size)
		}
		n, err := fmt.Fprintf(w, "%s%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
			cpioNew, ino, mode, 0, 0, 1, mtime, size, 0, 0, 0, 0, len(m.name)+1, 0, m.name)
		if err != nil {
			return err
		}
		if err := pad(int64(n)); err != nil {
			return err
		}
		if _, err := io.WriteString(w, m.target); err != nil {
			return err
		}
		if m.name != cpioEnd {
			if err := t.copyTo(w, m); err != nil {
				return err
			}
		}
		return pad(size)
	}
	for i, m := range t.members {
		if m.name == cpioEnd {
			return fmt.Errorf("a cpio cannot hold the name %s, which ends it", cpioEnd)
		}
		mode := int64(m.mode.Perm())
		switch m.mode.Type() {
		case fs.ModeDir:
			mode |= cpioDir
		case fs.ModeSymlink:
			mode |= cpioLink
		default:
			mode |= cpioFile
		}
		if err := write(i+1, m, mode, packTime.Unix()); err != nil {
			return err
		}
	}
	return write(0, packMember{name: cpioEnd}, 0, 0)
}

// packDeb writes a package for Debian, deb(5).
func packDeb(w io.Writer, t *packTree) error {
	const folder = "DEBIAN"
	control, data := &packTree{root: t.root}, &packTree{root: t.root}
	for _, m := range t.members {
		switch {
		case m.name == folder:
		case strings.HasPrefix(m.name, folder+"/"):
			control.members = append(control.members, m)
		default:
			data.members = append(data.members, m)
		}
	}
	if !slices.ContainsFunc(control.members, func(m packMember) bool { return m.name == folder+"/control" }) {
		return errors.New("the tree has no file DEBIAN/control")
	}
	inner, err := t.root.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer inner.Close()
	control.root = inner
	for i := range control.members {
		control.members[i].name = strings.TrimPrefix(control.members[i].name, folder+"/")
	}
	if _, err := io.WriteString(w, arMagic); err != nil {
		return err
	}
	// The sizes stand before the bytes, so these are put aside first.
	for _, part := range []struct {
		name string
		fill func(io.Writer) error
	}{
		{"debian-binary", func(w io.Writer) error { _, err := io.WriteString(w, "2.0\n"); return err }},
		{"control.tar.xz", func(w io.Writer) error { return packDebTar(w, control) }},
		{"data.tar.xz", func(w io.Writer) error { return packDebTar(w, data) }},
	} {
		if err := packAr(w, part.name, part.fill); err != nil {
			return err
		}
	}
	return nil
}

// packDebTar writes a tar whose names begin with "./", as dpkg's do.
func packDebTar(w io.Writer, t *packTree) error {
	z, err := xz.NewWriter(w)
	if err != nil {
		return err
	}
	return errors.Join(packTarFrom(z, t, "./"), z.Close())
}

// packAr writes a member of an ar archive.
func packAr(w io.Writer, name string, fill func(io.Writer) error) error {
	aside, err := os.CreateTemp("", "fruix-pack-")
	if err != nil {
		return err
	}
	defer aside.Close()
	os.Remove(aside.Name())
	if err := fill(aside); err != nil {
		return err
	}
	size, err := aside.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := aside.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "%-16s%-12d%-6d%-6d%-8o%-10d%s", name, packTime.Unix(), 0, 0, 0o100644, size, arHeaderEnd); err != nil {
		return err
	}
	if _, err := io.Copy(w, aside); err != nil {
		return err
	}
	_, err = io.WriteString(w, strings.Repeat("\n", int(size&1)))
	return err
}
