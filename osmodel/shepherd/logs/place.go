package logs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"fruix/osmodel/shepherd/folder"
)

// place is where a log file lies. A service's own log may lie where its user may write,
// so root uses no path twice. For others there is nobody to be wary of.
type place struct {
	name   string
	folder *folder.Folder // nil when the name is enough
}

// locate finds the place of a file; folders that are missing are made.
func locate(name string) (place, error) {
	if os.Geteuid() != 0 || !filepath.IsAbs(name) {
		return place{name: name}, os.MkdirAll(filepath.Dir(name), 0o755)
	}
	f, err := folder.Open(filepath.Dir(filepath.Clean(name)), true)
	return place{name, f}, err
}

// open opens the file, to add to it. Where somebody else may have put it, it must be a
// plain file with no other name, and nothing is waited for.
func (p place) open() (*os.File, error) {
	flags := unix.O_WRONLY | unix.O_APPEND | unix.O_CREAT
	if p.folder == nil {
		return os.OpenFile(p.name, flags, 0o640)
	}
	if !p.folder.Alone {
		flags |= unix.O_NOFOLLOW | unix.O_NONBLOCK
	}
	fd, err := unix.Openat(int(p.folder.Fd()), filepath.Base(p.name), flags|unix.O_NOCTTY|unix.O_CLOEXEC, 0o640)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: p.name, Err: err}
	}
	f := os.NewFile(uintptr(fd), p.name)
	if p.folder.Alone {
		return f, nil
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && (st.Mode&unix.S_IFMT != unix.S_IFREG || st.Nlink != 1) {
		err = errors.New("it lies where others than root may write, and is not a plain file with one name")
	}
	if err != nil {
		f.Close()
		return nil, &fs.PathError{Op: "open", Path: p.name, Err: err}
	}
	return f, nil
}

// setAside gives the file another name.
func (p place) setAside() error {
	if p.folder == nil {
		return os.Rename(p.name, p.name+".1")
	}
	in, base := int(p.folder.Fd()), filepath.Base(p.name)
	return unix.Renameat(in, base, in, base+".1")
}

func (p place) close() {
	if p.folder != nil {
		p.folder.Close()
	}
}
