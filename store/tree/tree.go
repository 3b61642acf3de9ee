// Package tree works on file trees of the host: it makes archives of them,
// copies them in the store's canonical form, seals what a build left, unpacks
// archives and removes trees.
//
// Every step goes from an open directory to a name in it and follows no
// symbolic link, so that what another process renames meanwhile cannot lead
// out of the tree. What is sealed is taken from its owner before it is read, and
// nobody may have it open for writing, so that what was read is what is kept.
//
// The canonical form is that of Nix and Guix: regular files of mode 0444 or
// 0555, directories of mode 0555, all times one second after 1970 began, no
// extended attributes, no hard links to anything outside.
package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

// Owner is whom files are given to.
type Owner struct{ UID, GID int }

// Modes and time of the canonical form.
const (
	FileMode = 0o444
	ExecMode = 0o555
	DirMode  = 0o555
	Time     = 1 // seconds since 1970
)

// ForbiddenError reports a node that no store object can hold.
type ForbiddenError struct {
	Path string // of the node
	What string // such as "a socket"
}

func (e *ForbiddenError) Error() string {
	return fmt.Sprintf("%s is %s; a store object holds only regular files without set-id bits, directories and symbolic links", e.Path, e.What)
}

// ChangedError reports a file that changed while it was read.
type ChangedError struct{ Path string }

func (e *ChangedError) Error() string { return e.Path + " was changed while it was being read" }

// BusyError reports a file that cannot be sealed because some process can still
// write it.
type BusyError struct{ Path string }

func (e *BusyError) Error() string {
	return e.Path + " is still open for writing in some process, so that what it holds could change after it was hashed"
}

// errBusy is a BusyError whose path is yet to be told.
var errBusy = errors.New("open for writing")

// maxWait bounds how long a file that is open for writing is waited for: the
// last of a row of waits, each twice as long as the one before.
const maxWait = time.Second

// typeName says what kind of node a mode describes.
func typeName(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFBLK, unix.S_IFCHR:
		return "a device"
	case unix.S_IFIFO:
		return "a named pipe"
	case unix.S_IFSOCK:
		return "a socket"
	}
	return fmt.Sprintf("of an unknown type (mode %o)", mode)
}

// pathError gives a system call's error the form of the os package.
func pathError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}

// again repeats a system call that a signal interrupted.
func again(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}

// openat opens name in the directory dir without following a link and without
// waiting for the other end of a named pipe.
func openat(dir int, name string, flags int, perm uint32) (fd int, err error) {
	err = again(func() error {
		fd, err = unix.Openat(dir, name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, perm)
		return err
	})
	return fd, err
}

// lstatat describes name in dir itself, be it a link or not.
func lstatat(dir int, name string) (st unix.Stat_t, err error) {
	err = again(func() error { return unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	return st, err
}

// Changed returns when the node at path, or its name, was last changed in any way
// (st_ctime, stat(2)): a time of the file system, which nobody can set. A link is not
// followed. It returns the node's number, too (st_ino), which is the same for all
// names of a file, as the time is: a name that goes changes the others.
func Changed(path string) (when time.Time, number uint64, err error) {
	st, err := lstatat(unix.AT_FDCWD, path)
	if err != nil {
		return time.Time{}, 0, pathError("lstat", path, err)
	}
	return time.Unix(st.Ctim.Unix()), uint64(st.Ino), nil
}

// readlinkat returns the target of the link name in dir.
func readlinkat(dir int, name string) (string, error) {
	for size := 256; ; size *= 4 {
		b := make([]byte, size)
		n, err := unix.Readlinkat(dir, name, b)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return "", err
		}
		if n < size {
			return string(b[:n]), nil
		}
	}
}

// setTime gives name in dir, itself be it a link or not, the canonical times.
func setTime(dir int, name string) error {
	ts := []unix.Timespec{{Sec: Time}, {Sec: Time}}
	return again(func() error { return unix.UtimesNanoAt(dir, name, ts, unix.AT_SYMLINK_NOFOLLOW) })
}
