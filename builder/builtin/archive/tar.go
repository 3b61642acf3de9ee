package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Types of members of GNU's tar that archive/tar leaves to its caller.
const (
	gnuDirectory   = 'D' // of an incremental archive; its data is a list of names
	gnuVolume      = 'V' // the name of the archive
	gnuMultiVolume = 'M' // the rest of a file that another archive begins
)

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
		if h.Typeflag == gnuVolume || h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		name, ok, err := u.name(h.Name)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		mode := fs.FileMode(h.Mode & 0o777)
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
			err = u.regular(name, mode, h.ModTime, h.Size, t)
		case tar.TypeDir, gnuDirectory:
			err = u.directory(name, mode, h.ModTime)
		case tar.TypeSymlink:
			err = u.symlink(name, h.Linkname)
		case tar.TypeLink:
			err = u.link(name, h.Linkname)
		case gnuMultiVolume:
			err = fmt.Errorf("member %q begins in another archive, which is not at hand", h.Name)
		default:
			err = special(h.Name)
		}
		if err != nil {
			return err
		}
	}
}

// special is the error for what is neither file, folder nor link.
func special(name string) error {
	return fmt.Errorf("member %q is a device or another special file, which a store item cannot hold", name)
}
