package tree

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Remove deletes what lies at path, a tree of any depth, read-only directories
// included. That nothing lies there is no error.
func Remove(path string) error {
	err := removeAt(unix.AT_FDCWD, path, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func removeAt(dir int, name, full string) error {
	err := again(func() error { return unix.Unlinkat(dir, name, 0) })
	// For a directory Linux says EISDIR, POSIX and FreeBSD EPERM.
	if err == nil || err == unix.ENOENT {
		return nil
	}
	st, serr := lstatat(dir, name)
	if serr != nil {
		return pathError("remove", full, serr)
	}
	if uint32(st.Mode)&unix.S_IFMT != unix.S_IFDIR {
		return pathError("remove", full, err)
	}
	if uint32(st.Mode)&0o700 != 0o700 {
		if err := makeReadable(dir, name, 0o700); err != nil {
			return pathError("chmod", full, err)
		}
	}
	if err := emptyDir(dir, name, full); err != nil {
		return err
	}
	return pathError("remove", full, again(func() error { return unix.Unlinkat(dir, name, unix.AT_REMOVEDIR) }))
}

// emptyDir removes everything in the directory.
func emptyDir(dir int, name, full string) error {
	fd, err := openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return pathError("open", full, err)
	}
	f := os.NewFile(uintptr(fd), full)
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := removeAt(fd, n, full+"/"+n); err != nil {
			return err
		}
	}
	return nil
}
