package tree

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"fruix/store/nar"
)

// Added is a file that Keep puts into a tree.
type Added struct {
	Name    string // in the topmost directory
	Content []byte
}

// Keep moves the tree at from, which somebody else made, to to, an empty directory
// that the caller has made for it, and makes it harmless: it is given to owner unless
// that is nil, nobody else may write to it or enter it, and set-id bits are gone. On
// another file system it is copied, without what is neither a file nor a directory
// nor a link. Nothing outside of the two is touched, whatever links there are: what is
// only another name of a file that belongs neither to the caller nor to whom the tree
// belongs is removed from it. What is added comes in before, unless the tree has
// something of that name: as soon as to is owner's, owner can put anything in its place,
// so that nobody with more rights may use that name any more.
func Keep(from, to string, owner *Owner, added ...Added) error {
	st, err := lstatat(unix.AT_FDCWD, from)
	if err != nil {
		return pathError("lstat", from, err)
	}
	if err := put(from, added); err != nil {
		return err
	}
	t := tamer{owner: owner, maker: st.Uid, done: map[uint64]bool{}}
	if err := t.tame(unix.AT_FDCWD, from, from, 0); err != nil {
		return err
	}
	// A directory takes the place of an empty one at once: nobody can put anything
	// else there in between.
	err = again(func() error { return unix.Rename(from, to) })
	if err != unix.EXDEV {
		return pathError("rename", from, err)
	}
	dst, err := openat(unix.AT_FDCWD, to, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return pathError("open", to, err)
	}
	defer unix.Close(dst)
	return copyDir(unix.AT_FDCWD, from, from, dst, owner)
}

// put makes files in the directory at path, which need not let its owner in.
func put(path string, files []Added) error {
	if len(files) == 0 {
		return nil
	}
	if err := chmodat(unix.AT_FDCWD, path, 0o700); err != nil {
		return pathError("chmod", path, err)
	}
	dir, err := openDirectory(unix.AT_FDCWD, path, path)
	if err != nil {
		return err
	}
	defer dir.Close()
	for _, f := range files {
		fd, err := openat(int(dir.Fd()), f.Name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o644)
		if err == unix.EEXIST {
			continue
		}
		if err == nil {
			err = errors.Join(writeAll(fd, f.Content), unix.Close(fd))
		}
		if err != nil {
			return pathError("create", path+"/"+f.Name, err)
		}
	}
	return nil
}

// tamer makes what maker has made harmless, and gives it to owner.
type tamer struct {
	owner *Owner
	maker uint32
	done  map[uint64]bool // numbers of files that have several names, one of which was seen
}

// foreign says whether a node that is no directory is another name of somebody else's
// file. There are systems where anybody can make one, and builders that see files of
// the machine: those that download.
func (t *tamer) foreign(st *unix.Stat_t) bool {
	if st.Nlink < 2 || t.done[st.Ino] {
		return false
	}
	if st.Uid != t.maker {
		return true
	}
	t.done[st.Ino] = true
	return false
}

// tame makes the directory name in dir, and all in it, harmless.
func (t *tamer) tame(dir int, name, full string, depth int) error {
	owner := t.owner
	if depth > nar.MaxDepth {
		return &ForbiddenError{full, "nested too deeply"}
	}
	if err := tameNode(dir, name, owner, 0o700); err != nil {
		return pathError("chmod", full, err)
	}
	f, err := openDirectory(dir, name, full)
	if err != nil {
		return err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return err
	}
	fd := int(f.Fd())
	for _, n := range names {
		st, err := lstatat(fd, n)
		switch {
		case err != nil:
		case uint32(st.Mode)&unix.S_IFMT == unix.S_IFDIR:
			if err := t.tame(fd, n, full+"/"+n, depth+1); err != nil {
				return err
			}
		case t.foreign(&st):
			err = again(func() error { return unix.Unlinkat(fd, n, 0) })
		case uint32(st.Mode)&unix.S_IFMT == unix.S_IFLNK:
			if owner != nil {
				err = again(func() error { return unix.Fchownat(fd, n, owner.UID, owner.GID, unix.AT_SYMLINK_NOFOLLOW) })
			}
		default:
			err = tameNode(fd, n, owner, uint32(st.Mode)&0o755|0o600)
		}
		if err != nil {
			return pathError("take over", full+"/"+n, err)
		}
	}
	return nil
}

// tameNode gives name in dir, which is no link, an owner and a mode.
func tameNode(dir int, name string, owner *Owner, mode uint32) error {
	if owner != nil {
		err := again(func() error {
			return unix.Fchownat(dir, name, owner.UID, owner.GID, unix.AT_SYMLINK_NOFOLLOW)
		})
		if err != nil {
			return err
		}
	}
	return chmodat(dir, name, mode)
}

func openDirectory(dir int, name, full string) (*os.File, error) {
	fd, err := openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, pathError("open", full, err)
	}
	return os.NewFile(uintptr(fd), full), nil
}

// copyDir copies what is in the directory name of src into the directory dst.
func copyDir(src int, name, full string, dst int, owner *Owner) error {
	f, err := openDirectory(src, name, full)
	if err != nil {
		return err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := copyNode(int(f.Fd()), n, full+"/"+n, dst, owner); err != nil {
			return err
		}
	}
	if owner == nil {
		return nil
	}
	// The owner comes in when all is done.
	return pathError("chown", full, again(func() error { return unix.Fchown(dst, owner.UID, owner.GID) }))
}

func copyNode(src int, name, full string, dst int, owner *Owner) error {
	st, err := lstatat(src, name)
	if err != nil {
		return pathError("lstat", full, err)
	}
	switch uint32(st.Mode) & unix.S_IFMT {
	case unix.S_IFDIR:
		if err := again(func() error { return unix.Mkdirat(dst, name, 0o700) }); err != nil {
			return pathError("mkdir", full, err)
		}
		to, err := openDirectory(dst, name, full)
		if err != nil {
			return err
		}
		defer to.Close()
		return copyDir(src, name, full, int(to.Fd()), owner)
	case unix.S_IFLNK:
		target, err := readlinkat(src, name)
		if err == nil {
			err = again(func() error { return unix.Symlinkat(target, dst, name) })
		}
		if err == nil && owner != nil {
			err = again(func() error { return unix.Fchownat(dst, name, owner.UID, owner.GID, unix.AT_SYMLINK_NOFOLLOW) })
		}
		return pathError("symlink", full, err)
	case unix.S_IFREG:
		return copyFile(src, name, full, dst, uint32(st.Mode)&0o777, owner)
	}
	return nil
}

func copyFile(src int, name, full string, dst int, mode uint32, owner *Owner) error {
	fd, err := openat(src, name, unix.O_RDONLY, 0)
	if err != nil {
		return pathError("open", full, err)
	}
	in := os.NewFile(uintptr(fd), full)
	defer in.Close()
	fd, err = openat(dst, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, mode)
	if err != nil {
		return pathError("create", full, err)
	}
	out := os.NewFile(uintptr(fd), full)
	_, err = io.Copy(out, in)
	if err == nil && owner != nil {
		err = out.Chown(owner.UID, owner.GID)
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}
