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
// directory gets the canonical mode and time again. Move says whether it needed
// them: then it has to be synced once more.
func Move(from, to string) (changed bool, err error) {
	dir, err := movable(from)
	if err != nil {
		return false, err
	}
	if err := os.Rename(from, to); err != nil {
		dir.close()
		return false, err
	}
	return dir.seal(to)
}

// Exchange lets two trees of one file system change places in one step. It says
// whether the file system can do that; otherwise nothing has happened.
func Exchange(a, b string) (bool, error) {
	x, err := movable(a)
	if err != nil {
		return false, err
	}
	y, err := movable(b)
	if err != nil {
		x.close()
		return false, err
	}
	done, err := exchange(a, b)
	if done {
		a, b = b, a
	}
	if _, xerr := x.seal(a); err == nil {
		err = xerr
	}
	if _, yerr := y.seal(b); err == nil {
		err = yerr
	}
	return done, err
}

// moving is a tree that may be moved: an open directory, or -1 for something
// else.
type moving int

// movable lets a tree be moved to another directory.
func movable(name string) (moving, error) {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY
	fd, err := openat(unix.AT_FDCWD, name, flags, 0)
	if err == unix.EACCES {
		st, serr := lstatat(unix.AT_FDCWD, name)
		if serr != nil {
			return -1, pathError("lstat", name, serr)
		}
		if uint32(st.Mode)&unix.S_IFMT != unix.S_IFDIR {
			return -1, nil // whatever it is, its mode is its own
		}
		if err = chmodat(unix.AT_FDCWD, name, 0o700); err == nil {
			fd, err = openat(unix.AT_FDCWD, name, flags, 0)
		}
	}
	if err == unix.ENOTDIR || err == unix.ELOOP || err == unix.EMLINK { // the last is FreeBSD's word for a link
		return -1, nil
	}
	if err != nil {
		return -1, pathError("open", name, err)
	}
	if os.Geteuid() != 0 {
		if err := again(func() error { return unix.Fchmod(fd, 0o755) }); err != nil {
			unix.Close(fd)
			return -1, pathError("chmod", name, err)
		}
	}
	return moving(fd), nil
}

// seal gives a directory that is now called name its form again, if it has not kept
// it, and closes it.
func (m moving) seal(name string) (changed bool, err error) {
	if m < 0 {
		return false, nil
	}
	defer m.close()
	var st unix.Stat_t
	if err := again(func() error { return unix.Fstat(int(m), &st) }); err != nil {
		return false, pathError("stat", name, err)
	}
	if sealedDir(&st) {
		return false, nil
	}
	return true, pathError("seal", name, seal(int(m), unix.AT_FDCWD, filepath.Clean(name), DirMode, nil))
}

// sealedDir says whether a directory has the canonical mode and time.
func sealedDir(st *unix.Stat_t) bool {
	return uint32(st.Mode)&0o7777 == DirMode && st.Mtim.Sec == Time && st.Mtim.Nsec == 0
}

func (m moving) close() {
	if m >= 0 {
		unix.Close(int(m))
	}
}
