package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Remove deletes what lies at path, a tree of any depth, read-only directories
// included. That nothing lies there is no error.
//
// Whatever others rename in the tree meanwhile, nothing outside of it is
// touched: names are looked up in open directories only, and links are deleted,
// not followed.
func Remove(path string) error {
	err := (&remover{top: -1}).remove(unix.AT_FDCWD, path, path, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// remover is one run of Remove.
type remover struct {
	top   int // the open directory that is removed; -1 until it is open
	lifts int // how many directories have been lifted
}

// liftDepth is how many directories deep the remover goes. What lies deeper is
// lifted to the top first, since every level takes a descriptor, and a hostile
// tree may have more levels than a process may have descriptors.
const liftDepth = 100

// remove deletes name in dir, which is so many directories below the top.
func (r *remover) remove(dir int, name, full string, depth int) error {
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
		if err := chmodat(dir, name, 0o700); err != nil {
			return pathError("chmod", full, err)
		}
	}
	if depth > liftDepth {
		return r.lift(dir, name, full)
	}
	if err := r.empty(dir, name, full, depth); err != nil {
		return err
	}
	return pathError("remove", full, again(func() error { return unix.Unlinkat(dir, name, unix.AT_REMOVEDIR) }))
}

// empty removes everything in the directory.
func (r *remover) empty(dir int, name, full string, depth int) error {
	fd, err := openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return pathError("open", full, err)
	}
	f := os.NewFile(uintptr(fd), full)
	defer f.Close()
	if depth == 0 {
		r.top = fd
	}
	for {
		names, err := f.Readdirnames(-1)
		if err != nil {
			return err
		}
		for _, n := range names {
			if err := r.remove(fd, n, full+"/"+n, depth+1); err != nil {
				return err
			}
		}
		if depth > 0 || r.lifts == 0 {
			return nil
		}
		// What has been lifted here is to go, too.
		r.lifts = 0
		if _, err := f.Seek(0, 0); err != nil {
			return err
		}
	}
}

// lift moves a directory to the top of the tree, where it is removed later.
func (r *remover) lift(dir int, name, full string) error {
	for i := r.lifts; ; i++ {
		to := fmt.Sprintf(".fruix-lifted-%d", i)
		err := again(func() error { return unix.Renameat(dir, name, r.top, to) })
		switch err {
		case nil:
			r.lifts = i + 1
			return nil
		case unix.EEXIST, unix.ENOTEMPTY, unix.ENOTDIR:
			continue // the tree itself has something of this name
		}
		return pathError("remove", full, err)
	}
}
