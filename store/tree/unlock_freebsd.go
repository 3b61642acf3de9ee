package tree

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"fruix/store/nar"
)

// locking are the flags of chflags(2), sys/stat.h, that keep even root from changing,
// renaming or deleting a file, or what is in a directory: UF_IMMUTABLE, UF_APPEND,
// UF_NOUNLINK and the same of the system's. The owner of a file may set the first three.
const locking = 0x2 | 0x4 | 0x10 | 0x20000 | 0x40000 | 0x100000

// Unlock takes the flags that keep even root from working on it from all of the tree
// at path, which somebody else made. What is nested deeper than an object may be
// keeps them: Remove takes them itself.
//
// As everywhere in this package, links are not followed.
func Unlock(path string) error { return unlockTree(unix.AT_FDCWD, path, path, 0) }

func unlockTree(dir int, name, full string, depth int) error {
	st, err := lstatat(dir, name)
	if err == nil {
		err = unlockNode(dir, name, &st)
	}
	if err != nil {
		return pathError("unlock", full, err)
	}
	if uint32(st.Mode)&unix.S_IFMT != unix.S_IFDIR || depth > nar.MaxDepth {
		return nil
	}
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
		if err := unlockTree(fd, n, full+"/"+n, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// unlock is Unlock for name in dir itself; it says whether there was anything to take.
func unlock(dir int, name string) (bool, error) {
	st, err := lstatat(dir, name)
	if err != nil || st.Flags&locking == 0 {
		return false, err
	}
	return true, unlockNode(dir, name, &st)
}

// unlockNode is unlock for a node whose status is known.
func unlockNode(dir int, name string, st *unix.Stat_t) error {
	if st.Flags&locking == 0 {
		return nil
	}
	return chflagsat(dir, name, st.Flags&^locking)
}

// chflagsat sets the flags of name in dir, be it a link or not: chflagsat(2).
func chflagsat(dir int, name string, flags uint32) error {
	p, err := unix.BytePtrFromString(name)
	if err != nil {
		return err
	}
	return again(func() error {
		_, _, errno := unix.Syscall6(unix.SYS_CHFLAGSAT, uintptr(dir), uintptr(unsafe.Pointer(p)), uintptr(flags), unix.AT_SYMLINK_NOFOLLOW, 0, 0)
		if errno != 0 {
			return errno
		}
		return nil
	})
}
