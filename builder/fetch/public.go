package fetch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// maxLinks is how many symbolic links the way to a file may go through: as many as
// the kernel follows (path_resolution(7)).
const maxLinks = 40

var errNotPublic = errors.New("it is not a plain file that every user of this machine may read, and who asked for it is not trusted with more")

// OpenPublic opens a plain file that every user of the machine may read, at an
// absolute path all of whose folders every user may enter. It is for those who
// read files for strangers: what it opens, or how it fails, tells nobody more than
// he could see himself. It never waits, as opening a named pipe does.
func OpenPublic(name string) (*os.File, error) {
	f, err := openPublic(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return f, nil
}

func openPublic(name string) (*os.File, error) {
	if !filepath.IsAbs(name) {
		return nil, errors.New("the path is not absolute")
	}
	rest := filepath.Clean(name)
	for range maxLinks {
		f, link, err := walkPublic(rest)
		if err != nil || f != nil {
			return f, err
		}
		rest = link
	}
	return nil, unix.ELOOP
}

// walkPublic goes to a file from folder to folder, so that nothing that somebody
// exchanges meanwhile leads elsewhere. At a symbolic link it stops, and returns the
// path that is to be taken instead.
func walkPublic(name string) (f *os.File, link string, err error) {
	dir, err := openFolder(unix.AT_FDCWD, "/")
	if err != nil {
		return nil, "", err
	}
	defer func() { unix.Close(dir) }()
	words := strings.Split(strings.TrimPrefix(name, "/"), "/")
	at := "/"
	for i, word := range words {
		var st unix.Stat_t
		if err := unix.Fstatat(dir, word, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return nil, "", err
		}
		switch {
		case st.Mode&unix.S_IFMT == unix.S_IFLNK:
			to, err := readLink(dir, word)
			if err != nil {
				return nil, "", err
			}
			if !filepath.IsAbs(to) {
				to = filepath.Join(at, to)
			}
			return nil, filepath.Join(append([]string{to}, words[i+1:]...)...), nil
		case i == len(words)-1:
			f, err := openFile(dir, word, &st)
			return f, "", err
		}
		next, err := openFolder(dir, word)
		if err != nil {
			return nil, "", err
		}
		unix.Close(dir)
		dir, at = next, filepath.Join(at, word)
	}
	return nil, "", errNotPublic
}

// openFolder opens a folder that everybody may enter.
func openFolder(dir int, name string) (int, error) {
	fd, err := unix.Openat(dir, name, openToEnter|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && st.Mode&0o001 == 0 {
		err = errNotPublic
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// openFile opens a plain file that everybody may read. st is what was seen of it
// before: devices are not even opened.
func openFile(dir int, name string, st *unix.Stat_t) (*os.File, error) {
	public := func(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFREG && st.Mode&0o004 != 0 }
	if !public(st) {
		return nil, errNotPublic
	}
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err = unix.Fstat(fd, st); err == nil && !public(st) {
		err = errNotPublic
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

func readLink(dir int, name string) (string, error) {
	b := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(dir, name, b)
	if err != nil {
		return "", fmt.Errorf("readlink: %w", err)
	}
	return string(b[:n]), nil
}
