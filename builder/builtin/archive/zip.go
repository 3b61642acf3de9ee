package archive

import (
	"archive/zip"
	"bufio"
	"compress/bzip2"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
)

// Methods and marks of zip's APPNOTE, sections 4.4.5, 4.4.4 and 4.4.2.
const (
	zipBzip2     = 12
	zipZstd      = 93
	zipXZ        = 95
	zipEncrypted = 1
	zipFromFAT   = 0
)

func (u *unpacker) zip(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return err
	}
	z.RegisterDecompressor(zipBzip2, func(r io.Reader) io.ReadCloser { return io.NopCloser(bzip2.NewReader(r)) })
	z.RegisterDecompressor(zipZstd, func(r io.Reader) io.ReadCloser {
		d, err := zstd.NewReader(r, zstd.WithDecoderMaxMemory(maxDictionary), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return failed{err}
		}
		return d.IOReadCloser()
	})
	z.RegisterDecompressor(zipXZ, func(r io.Reader) io.ReadCloser {
		d, err := xz.NewReader(bufio.NewReader(r), maxDictionary)
		if err != nil {
			return failed{err}
		}
		return io.NopCloser(d)
	})
	for _, m := range z.File {
		member := m.Name
		if m.CreatorVersion>>8 == zipFromFAT && !strings.Contains(member, "/") {
			member = strings.ReplaceAll(member, `\`, "/") // some write them so
		}
		name, ok, err := u.name(member)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := u.zipMember(name, m); err != nil {
			return err
		}
	}
	return nil
}

// failed is a decompressor that could not be made.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }
func (f failed) Close() error             { return nil }

func (u *unpacker) zipMember(name string, m *zip.File) error {
	mode := m.Mode()
	if mode.IsDir() {
		return u.directory(name, mode.Perm(), m.Modified)
	}
	if m.Flags&zipEncrypted != 0 {
		return fmt.Errorf("member %q is encrypted", m.Name)
	}
	if mode&fs.ModeType != 0 && mode&fs.ModeType != fs.ModeSymlink {
		return special(m.Name)
	}
	r, err := m.Open()
	if err != nil {
		return fmt.Errorf("member %q: %w", m.Name, err)
	}
	defer r.Close()
	if mode&fs.ModeSymlink != 0 {
		target, err := io.ReadAll(io.LimitReader(r, maxName+1))
		if err != nil {
			return err
		}
		return u.symlink(name, string(target))
	}
	if m.UncompressedSize64 > 1<<62 {
		return u.tooMuch(m.Name)
	}
	return u.regular(name, mode.Perm(), m.Modified, int64(m.UncompressedSize64), watched{r, u.Over})
}
