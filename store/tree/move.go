package tree

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Move renames the tree at from to to, in another directory of the same file
// system. A directory that changes its parent must be writable, except for root,
// so an ordinary user's is for a moment. Some file systems, FreeBSD's UFS for
// one, then count its entry ".." as changed and give it a new time; so a
// directory gets the canonical mode and time again.
func Move(from, to string) error {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY
	fd, err := openat(unix.AT_FDCWD, from, flags, 0)
	if err == unix.EACCES {
		if err = chmodat(unix.AT_FDCWD, from, 0o700); err == nil {
			fd, err = openat(unix.AT_FDCWD, from, flags, 0)
		}
	}
	if err == unix.ENOTDIR || err == unix.ELOOP || err == unix.EMLINK { // the last is FreeBSD's word for a link
		return os.Rename(from, to)
	}
	if err != nil {
		return pathError("open", from, err)
	}
	defer unix.Close(fd)
	if os.Geteuid() != 0 {
		if err := again(func() error { return unix.Fchmod(fd, 0o755) }); err != nil {
			return pathError("chmod", from, err)
		}
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return pathError("seal", to, seal(fd, unix.AT_FDCWD, filepath.Clean(to), DirMode, nil))
}
