// Package folder opens folders for root in which somebody else may exchange anything at
// any time, such as those of a user or a service: what enters is a path, and what leaves
// an open folder that no link of theirs has led to.
package folder

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// A Folder is an open folder.
type Folder struct {
	*os.File
	// Alone says that nobody but root can change what lies in it.
	Alone bool
	// Sure says that nobody but root can change what its path leads to.
	Sure bool
}

// Open opens the folder at an absolute path, from folder to folder. Links are followed in
// those that are root's alone. With missing, folders that are missing are made.
func Open(path string, missing bool) (*Folder, error) {
	f := &Folder{Sure: true}
	err := f.become(os.Open("/"))
	for word := range strings.SplitSeq(strings.TrimPrefix(filepath.Clean(path), "/"), "/") {
		if err != nil || word == "" {
			break
		}
		f.Sure = f.Sure && f.Alone
		err = f.become(f.enter(word, missing))
	}
	if err != nil {
		if f.File != nil {
			f.Close()
		}
		return nil, err
	}
	return f, nil
}

// become takes next in the place of what is open.
func (f *Folder) become(next *os.File, err error) error {
	if err != nil {
		return err
	}
	if f.File != nil {
		f.Close()
	}
	f.File = next
	var st unix.Stat_t
	if err := unix.Fstat(int(next.Fd()), &st); err != nil {
		return &fs.PathError{Op: "stat", Path: next.Name(), Err: err}
	}
	f.Alone = st.Uid == 0 && st.Mode&0o022 == 0
	return nil
}

func (f *Folder) enter(word string, missing bool) (*os.File, error) {
	in, full := int(f.Fd()), filepath.Join(f.Name(), word)
	flags := unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC
	if !f.Alone {
		flags |= unix.O_NOFOLLOW
	}
	fd, err := unix.Openat(in, word, flags, 0)
	if err == unix.ENOENT && missing {
		if err = unix.Mkdirat(in, word, 0o755); err == nil || err == unix.EEXIST {
			fd, err = unix.Openat(in, word, flags, 0)
		}
	}
	if err != nil {
		return nil, &fs.PathError{Op: "enter", Path: full, Err: err}
	}
	return os.NewFile(uintptr(fd), full), nil
}
