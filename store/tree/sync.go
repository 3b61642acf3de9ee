package tree

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// manyNodes is from how many nodes on one sync of the whole file system is
// taken to be cheaper than one for every file.
const manyNodes = 24

// Sync returns when the tree at root, which has about so many nodes, is on the
// disk. Where the system can sync one whole file system, that is done for trees
// that are not small.
func Sync(root string, nodes int) error {
	if done, err := SyncAll(root, nodes); done || err != nil {
		return err
	}
	return syncAt(unix.AT_FDCWD, root, root)
}

// SyncAll syncs the whole file system that root lies in, when the nodes to be
// synced are many and the system can. It says whether it did.
func SyncAll(root string, nodes int) (bool, error) {
	if nodes < manyNodes {
		return false, nil
	}
	done, err := syncFileSystem(root)
	return done, pathError("sync", root, err)
}

// SealDir gives the directory at path the canonical mode and time. Its owner and
// what is in it are not touched.
func SealDir(path string) error {
	fd, err := openat(unix.AT_FDCWD, path, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return pathError("open", path, err)
	}
	defer unix.Close(fd)
	return pathError("seal", path, seal(fd, unix.AT_FDCWD, path, DirMode, nil))
}

// SealDirs gives every directory of the tree at root that has another mode or
// time the canonical ones. That nothing lies there is no error.
func SealDirs(root string) error {
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		st, err := lstatat(unix.AT_FDCWD, name)
		if err != nil {
			return pathError("lstat", name, err)
		}
		if sealedDir(&st) {
			return nil
		}
		return SealDir(name)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func syncAt(dir int, name, full string) error {
	st, err := lstatat(dir, name)
	if err != nil {
		return pathError("lstat", full, err)
	}
	mode := uint32(st.Mode) & unix.S_IFMT
	if mode != unix.S_IFREG && mode != unix.S_IFDIR {
		return nil // a link is in its directory's data
	}
	fd, err := openat(dir, name, unix.O_RDONLY, 0)
	if err != nil {
		return pathError("open", full, err)
	}
	f := os.NewFile(uintptr(fd), full)
	defer f.Close()
	if mode == unix.S_IFDIR {
		names, err := f.Readdirnames(-1)
		if err != nil {
			return err
		}
		for _, n := range names {
			if err := syncAt(fd, n, full+"/"+n); err != nil {
				return err
			}
		}
	}
	return f.Sync()
}
