package logs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// place is where a log file lies. A service's own log may lie where its user may write:
// root goes there from folder to folder, follows links only in those that are root's
// alone, and uses no path again. For others there is nobody to be wary of.
type place struct {
	name   string
	folder *os.File // nil when the name is enough
	// alone says that nobody but root can change what lies in the folder.
	alone bool
}

// locate finds the place of a file; folders that are missing are made.
func locate(name string) (place, error) {
	p := place{name: name}
	if os.Geteuid() != 0 || !filepath.IsAbs(name) {
		return p, os.MkdirAll(filepath.Dir(name), 0o755)
	}
	var err error
	if p.folder, err = os.Open("/"); err != nil {
		return p, err
	}
	dir := filepath.Dir(filepath.Clean(name))
	for word := range strings.SplitSeq(strings.TrimPrefix(dir, "/"), "/") {
		if p.alone, err = rootsAlone(p.folder); err != nil || word == "" {
			break
		}
		var next *os.File
		if next, err = p.enter(word); err != nil {
			break
		}
		p.folder.Close()
		p.folder = next
	}
	if err == nil {
		p.alone, err = rootsAlone(p.folder)
	}
	if err != nil {
		p.close()
		return p, err
	}
	return p, nil
}

// enter opens a folder in that of p.
func (p place) enter(word string) (*os.File, error) {
	in := int(p.folder.Fd())
	full := filepath.Join(p.folder.Name(), word)
	flags := unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC
	if !p.alone {
		flags |= unix.O_NOFOLLOW
	}
	fd, err := unix.Openat(in, word, flags, 0)
	if err == unix.ENOENT {
		if err = unix.Mkdirat(in, word, 0o755); err == nil || err == unix.EEXIST {
			fd, err = unix.Openat(in, word, flags, 0)
		}
	}
	if err != nil {
		return nil, &fs.PathError{Op: "enter", Path: full, Err: err}
	}
	return os.NewFile(uintptr(fd), full), nil
}

// rootsAlone says whether nobody but root can change what lies in a folder.
func rootsAlone(folder *os.File) (bool, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(folder.Fd()), &st); err != nil {
		return false, &fs.PathError{Op: "stat", Path: folder.Name(), Err: err}
	}
	return st.Uid == 0 && st.Mode&0o022 == 0, nil
}

// open opens the file, to add to it. Where somebody else may have put it, it must be a
// plain file with no other name, and nothing is waited for.
func (p place) open() (*os.File, error) {
	flags := unix.O_WRONLY | unix.O_APPEND | unix.O_CREAT
	if p.folder == nil {
		return os.OpenFile(p.name, flags, 0o640)
	}
	if !p.alone {
		flags |= unix.O_NOFOLLOW | unix.O_NONBLOCK
	}
	fd, err := unix.Openat(int(p.folder.Fd()), filepath.Base(p.name), flags|unix.O_NOCTTY|unix.O_CLOEXEC, 0o640)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: p.name, Err: err}
	}
	f := os.NewFile(uintptr(fd), p.name)
	if p.alone {
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
