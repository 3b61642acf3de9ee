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
	return (&remover{top: -1}).run(path)
}

// RemoveCounting is Remove that also says how many bytes of the disk are free
// again: those of files that have no other names.
func RemoveCounting(path string) (freed int64, err error) {
	r := &remover{top: -1, count: true}
	err = r.run(path)
	return r.freed, err
}

func (r *remover) run(path string) error {
	err := r.remove(unix.AT_FDCWD, path, path, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// remover is one run of Remove.
type remover struct {
	top   int // the open directory that is removed; -1 until it is open
	lifts int // how many directories have been lifted

	count bool // whether freed is wanted
	freed int64
}

// liftDepth is how many directories deep the remover goes. What lies deeper is
// lifted to the top first, since every level takes a descriptor, and a hostile
// tree may have more levels than a process may have descriptors.
const liftDepth = 100

// remove deletes name in dir, which is so many directories below the top.
func (r *remover) remove(dir int, name, full string, depth int) error {
	var size int64
	if r.count {
		if st, err := lstatat(dir, name); err == nil {
			size = sizeOnDisk(&st)
		}
	}
	err := again(func() error { return unix.Unlinkat(dir, name, 0) })
	if err == nil {
		r.freed += size
	}
	// For a directory Linux says EISDIR, POSIX and FreeBSD EPERM.
	if err == nil || err == unix.ENOENT {
		return nil
	}
	st, serr := lstatat(dir, name)
	if serr != nil {
		return pathError("remove", full, serr)
	}
	unlocked, uerr := unlock(dir, name)
	if uerr != nil {
		return pathError("unlock", full, uerr)
	}
	if uint32(st.Mode)&unix.S_IFMT != unix.S_IFDIR {
		if unlocked {
			err = again(func() error { return unix.Unlinkat(dir, name, 0) })
		}
		if err == nil {
			r.freed += size
		}
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
	err = again(func() error { return unix.Unlinkat(dir, name, unix.AT_REMOVEDIR) })
	if err == nil {
		r.freed += size
	}
	return pathError("remove", full, err)
}

// sizeOnDisk is what is free again when a name of what st describes goes.
func sizeOnDisk(st *unix.Stat_t) int64 {
	const block = 512 // of st_blocks, whatever the file system's are
	if uint32(st.Mode)&unix.S_IFMT != unix.S_IFDIR && st.Nlink > 1 {
		return 0
	}
	return st.Blocks * block
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
