//go:build linux || freebsd

package tree

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func lstat(path string) (hostStat, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return hostStat{}, &os.PathError{Op: "lstat", Path: path, Err: err}
	}
	return fromStat(path, &st)
}

func stat(path string) (hostStat, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return hostStat{}, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return fromStat(path, &st)
}

// fromStat converts; the fields' widths differ between systems.
func fromStat(path string, st *unix.Stat_t) (hostStat, error) {
	h := hostStat{
		mode:      uint32(st.Mode) & 07777,
		uid:       st.Uid,
		gid:       st.Gid,
		mtime:     int64(st.Mtim.Sec),
		mtimeNano: st.Mtim.Nano(),
		size:      st.Size,
		allocated: st.Blocks * 512,
		nlink:     uint64(st.Nlink),
		id:        fileID{uint64(st.Dev), uint64(st.Ino)},
	}
	switch uint32(st.Mode) & unix.S_IFMT {
	case unix.S_IFDIR:
		h.kind = Dir
	case unix.S_IFREG:
		h.kind = File
	case unix.S_IFLNK:
		h.kind = Symlink
	case unix.S_IFCHR:
		h.kind = CharDevice
	case unix.S_IFBLK:
		h.kind = BlockDevice
	case unix.S_IFIFO:
		h.kind = Fifo
	case unix.S_IFSOCK:
		h.kind = Socket
	default:
		return h, fmt.Errorf("%s has the unknown file type %#o", path, uint32(st.Mode)&unix.S_IFMT)
	}
	if h.kind == CharDevice || h.kind == BlockDevice {
		h.major, h.minor = unix.Major(uint64(st.Rdev)), unix.Minor(uint64(st.Rdev))
	}
	return h, nil
}

// hostExtents lists the parts of a file that are stored. It leaves the file's
// position at 0.
func hostExtents(f *os.File, size int64) ([]Extent, error) {
	var out []Extent
	for pos := int64(0); pos < size; {
		start, end, err := nextData(f, pos, size)
		if err != nil {
			return nil, err
		}
		if start < end {
			out = append(out, Extent{start, end - start})
		}
		pos = end
	}
	_, err := f.Seek(0, io.SeekStart)
	return out, err
}

// nextData is NextData, with lseek(2) SEEK_DATA and SEEK_HOLE.
func nextData(f *os.File, pos, size int64) (start, end int64, err error) {
	if pos >= size {
		return size, size, nil
	}
	start, err = f.Seek(pos, unix.SEEK_DATA)
	if isErrno(err, unix.ENXIO) {
		return size, size, nil // only a hole is left
	}
	if isErrno(err, unix.EINVAL) || isErrno(err, unix.EOPNOTSUPP) {
		return pos, size, nil // not a file system that knows holes
	}
	if err != nil {
		return 0, 0, err
	}
	end, err = f.Seek(start, unix.SEEK_HOLE)
	if isErrno(err, unix.ENXIO) {
		return size, size, nil // the file became shorter
	}
	if err != nil {
		return 0, 0, err
	}
	return min(start, size), min(end, size), nil
}

func isErrno(err error, want syscall.Errno) bool {
	pe, ok := err.(*os.PathError)
	return ok && pe.Err == want
}

// isInvalid recognises what a user namespace answers when an owner has no
// number in it.
func isInvalid(err error) bool { return errors.Is(err, unix.EINVAL) }

// chmod sets the permission bits as they are, set-id and sticky bits included.
func chmod(path string, mode uint32) error {
	if err := unix.Chmod(path, mode); err != nil {
		return &os.PathError{Op: "chmod", Path: path, Err: err}
	}
	return nil
}

// setTime sets access and modification time of a file or symbolic link.
func setTime(path string, sec int64) error {
	ts := unix.NsecToTimespec(0)
	ts.Sec = sec
	if err := unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return &os.PathError{Op: "set times of", Path: path, Err: err}
	}
	return nil
}

// mknod makes a device, fifo or socket that nobody else can use yet.
func mknod(path string, n *Node) error {
	var err error
	switch n.Kind {
	case CharDevice:
		err = makeDevice(path, unix.S_IFCHR|0o600, unix.Mkdev(n.Major, n.Minor))
	case BlockDevice:
		err = makeDevice(path, unix.S_IFBLK|0o600, unix.Mkdev(n.Major, n.Minor))
	case Fifo:
		err = unix.Mkfifo(path, 0o600)
	case Socket:
		err = makeDevice(path, unix.S_IFSOCK|0o600, 0)
		if err == unix.EINVAL {
			err = errors.ErrUnsupported // FreeBSD makes sockets by bind(2) only
		}
	default:
		err = errors.ErrUnsupported
	}
	if err != nil {
		return &os.PathError{Op: "mknod", Path: path, Err: err}
	}
	return nil
}
