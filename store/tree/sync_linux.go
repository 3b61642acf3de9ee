package tree

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// syncFileSystem syncs the file system that path lies in: syncfs(2). The
// directory is opened and not path itself, which may be a link.
func syncFileSystem(path string) (bool, error) {
	fd, err := unix.Open(filepath.Dir(path), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false, err
	}
	defer unix.Close(fd)
	return true, again(func() error { return unix.Syncfs(fd) })
}
