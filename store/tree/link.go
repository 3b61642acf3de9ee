package tree

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// RemoveLink removes the symbolic link at path if unwanted says so of what it points
// to. It goes from the open directory of the link: whoever puts another directory in
// its place meanwhile does not have the link there removed that has not been looked at.
func RemoveLink(path string, unwanted func(target string) bool) error {
	dir, err := unix.Open(filepath.Dir(path), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return pathError("open", filepath.Dir(path), err)
	}
	defer unix.Close(dir)
	name := filepath.Base(path)
	target, err := readlinkat(dir, name)
	if err != nil {
		return pathError("readlink", path, err)
	}
	if !unwanted(target) {
		return nil
	}
	return pathError("unlink", path, again(func() error { return unix.Unlinkat(dir, name, 0) }))
}
