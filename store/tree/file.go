package tree

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"fruix/store/nar"
)

// prepare does all that can be done for a node out of order: it reads a small
// file or opens a larger one, and makes the copy or the canonical form.
func (p *pipeline) prepare(j *job) error {
	if j.head.Type == nar.Symlink {
		return p.prepareLink(j)
	}
	return p.prepareFile(j)
}

func (p *pipeline) prepareLink(j *job) error {
	full := p.full(j.head.Path)
	target, err := readlinkat(j.dir.srcFD(), j.name)
	if err != nil {
		return pathError("readlink", full, err)
	}
	j.head.Target = target
	dir, name := j.dir.srcFD(), j.name
	switch {
	case p.o.CopyTo != "":
		dir, name = j.dir.dstFD(), p.dstName(j)
		if err := again(func() error { return unix.Symlinkat(target, dir, name) }); err != nil {
			return pathError("symlink", p.copyOf(j), err)
		}
	case !p.o.Seal:
		return nil
	}
	return pathError("seal", full, sealLink(dir, name, p.o.Owner))
}

func (p *pipeline) prepareFile(j *job) error {
	full := p.full(j.head.Path)
	fd, err := openat(j.dir.srcFD(), j.name, unix.O_RDONLY, 0)
	if err == unix.EACCES && p.o.Seal {
		st, serr := lstatat(j.dir.srcFD(), j.name)
		if serr != nil {
			return pathError("lstat", full, serr)
		}
		if err := chmodat(j.dir.srcFD(), j.name, uint32(st.Mode)&0o7777|0o400); err != nil {
			return pathError("chmod", full, err)
		}
		fd, err = openat(j.dir.srcFD(), j.name, unix.O_RDONLY, 0)
	}
	if err != nil {
		return pathError("open", full, err)
	}
	var st unix.Stat_t
	if err := again(func() error { return unix.Fstat(fd, &st) }); err != nil {
		unix.Close(fd)
		return pathError("stat", full, err)
	}
	if mode := uint32(st.Mode); mode&unix.S_IFMT != unix.S_IFREG {
		unix.Close(fd)
		return &ForbiddenError{full, typeName(mode)}
	} else if p.o.Seal && mode&(unix.S_ISUID|unix.S_ISGID) != 0 {
		unix.Close(fd)
		return &ForbiddenError{full, "set-user-id or set-group-id"}
	}
	j.head.Executable = st.Mode&unix.S_IXUSR != 0
	j.head.Size = st.Size
	mode := uint32(FileMode)
	if j.head.Executable {
		mode = ExecMode
	}
	if p.o.Seal {
		shared := st.Nlink > 1
		if shared {
			if fd, err = p.ownCopy(j, fd); err != nil {
				return pathError("seal", full, err)
			}
		}
		err = seal(fd, j.dir.srcFD(), j.name, mode, p.o.Owner)
		if err == nil && !shared { // nobody else knows the copy
			err = checkUnwritten(fd)
		}
		if err != nil {
			unix.Close(fd)
			if err == errBusy {
				return &BusyError{full}
			}
			return pathError("seal", full, err)
		}
	}
	return p.read(j, fd, mode)
}

// grown returns a slice of n bytes, at most most, which is b when that has room for
// them. What it makes has a little more, so that not each file needs another.
func grown(b []byte, n, most int) []byte {
	if cap(b) < n {
		const page = 4 << 10
		b = make([]byte, min(most, (n/page+1)*page))
	}
	return b[:n]
}

// read takes a file's bytes and writes them to the copy: all of a small file,
// none yet of a larger one, whose descriptors are kept for [pipeline.stream].
func (p *pipeline) read(j *job, fd int, mode uint32) error {
	full := p.full(j.head.Path)
	large := j.head.Size > smallFile
	var err error
	if large {
		j.file = os.NewFile(uintptr(fd), full)
	} else {
		j.data = p.small.Get().(*[]byte)
		*j.data = grown(*j.data, int(j.head.Size), smallFile)
		err = readAll(fd, *j.data)
		unix.Close(fd)
		if err == io.ErrUnexpectedEOF {
			err = &ChangedError{full}
		} else {
			err = pathError("read", full, err)
		}
	}
	if err != nil {
		return err
	}
	if !large && p.shares(j) {
		key, err := keyOfBytes(j.head.Executable, *j.data)
		if err != nil {
			return pathError("hash", full, err)
		}
		f := File{Rel: j.head.Path, Executable: j.head.Executable, Size: j.head.Size, Key: key}
		if done, err := p.share(j, f, true); done || err != nil {
			return pathError("share", full, err)
		}
	}
	if p.o.CopyTo == "" {
		return nil
	}
	dir, name := j.dir.dstFD(), p.dstName(j)
	// With its last mode from the start, which saves a change of it; the
	// descriptor is writable though the mode is not.
	out, err := openat(dir, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL, mode)
	if err != nil {
		return pathError("create", p.copyOf(j), err)
	}
	if !large {
		err = writeAll(out, *j.data)
	}
	if err == nil {
		// The time of a larger file is set again after its last byte.
		err = seal(out, dir, name, mode, p.o.Owner)
	}
	if large {
		j.copy = os.NewFile(uintptr(out), p.o.CopyTo)
	} else if cerr := unix.Close(out); err == nil {
		err = cerr
	}
	return pathError("write", p.copyOf(j), err)
}

// shares says whether a file may be shared: one that is only read is not ours.
func (p *pipeline) shares(j *job) bool {
	return (p.o.CopyTo != "" || p.o.Seal) && p.o.Share.wants(j.head.Size)
}

// share makes the copy of a file, or the sealed file, another name of one that is the
// same, and says whether it has. fresh says that there is no copy yet.
func (p *pipeline) share(j *job, f File, fresh bool) (bool, error) {
	same := p.o.Share.Find(f)
	if same == nil {
		return false, nil
	}
	defer same.Close()
	switch {
	case p.o.CopyTo != "" && fresh:
		return linkTo(same, j.dir.dstFD(), p.dstName(j)), nil
	case p.o.CopyTo != "":
		return replaceByLink(same, j.dir.dstFD(), p.dstName(j))
	}
	if err := p.openForNames(j); err != nil {
		return false, err
	}
	return replaceByLink(same, j.dir.srcFD(), j.name)
}

// piece is a part of a larger file on its way to the archive.
type piece struct {
	buf []byte // to be given back
	n   int
	err error
}

// stream reads a larger file, writing the copy, while the pieces read before
// go into the archive.
func (p *pipeline) stream(w *nar.Writer, j *job) error {
	full := p.full(j.head.Path)
	const ahead = 3
	pieces, free, stop := make(chan piece, ahead), make(chan []byte, ahead), make(chan struct{})
	for range ahead {
		free <- make([]byte, min(chunk, j.head.Size))
	}
	go func() {
		defer close(pieces)
		for left := j.head.Size; left > 0; {
			var buf []byte
			select {
			case buf = <-free:
			case <-stop:
				return
			}
			n, err := io.ReadFull(j.file, buf[:min(int64(len(buf)), left)])
			if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
				err = &ChangedError{full}
			}
			if err == nil && j.copy != nil {
				_, err = j.copy.Write(buf[:n])
			}
			left -= int64(n)
			pieces <- piece{buf, n, err}
			if err != nil {
				return
			}
		}
	}()
	var err error
	for x := range pieces {
		if err = x.err; err == nil {
			err = p.ctx.Err()
		}
		if err == nil {
			_, err = w.Write(x.buf[:x.n])
		}
		if err != nil {
			break
		}
		free <- x.buf
	}
	close(stop)
	for range pieces { // the reader must have ended before the files are closed
	}
	if err == nil && j.copy != nil {
		err = pathError("seal", full, setTime(j.dir.dstFD(), p.dstName(j)))
	}
	if err == nil && p.shares(j) {
		err = pathError("share", full, p.shareLarge(j))
	}
	return err
}

// shareLarge shares a larger file, whose copy, if one is made, is complete.
func (p *pipeline) shareLarge(j *job) error {
	content := j.copy
	if content == nil {
		content = j.file
	}
	f, err := sampled(j.head.Path, j.head.Executable, j.head.Size, content)
	if err == nil {
		_, err = p.share(j, f, false)
	}
	return err
}

// openForNames lets names be changed in the directory of a node that is sealed.
func (p *pipeline) openForNames(j *job) error {
	if j.dir.src == nil || p.o.Owner != nil {
		return nil
	}
	// A directory of an ordinary user's tree may be read-only.
	return unix.Fchmod(j.dir.srcFD(), 0o700)
}

// ownCopy replaces a file that has other names, perhaps outside the tree, by a
// copy, and returns the copy's descriptor; the old one is closed.
func (p *pipeline) ownCopy(j *job, fd int) (int, error) {
	in := os.NewFile(uintptr(fd), p.full(j.head.Path))
	defer in.Close()
	dir := j.dir.srcFD()
	if err := p.openForNames(j); err != nil {
		return -1, err
	}
	out, temp, err := createBeside(dir, j.name)
	if err != nil {
		return -1, err
	}
	buf := make([]byte, min(max(j.head.Size, 1), chunk))
	for err == nil {
		var n int
		n, err = in.Read(buf)
		if werr := writeAll(out, buf[:n]); werr != nil {
			err = werr
		}
	}
	if err == io.EOF {
		err = again(func() error { return unix.Renameat(dir, temp, dir, j.name) })
	}
	if err == nil {
		_, err = unix.Seek(out, 0, io.SeekStart)
	}
	if err == nil {
		return out, nil
	}
	unix.Close(out)
	unix.Unlinkat(dir, temp, 0)
	return -1, err
}

// createBeside makes a new file in dir, under a name made of the given one that
// nothing there has.
func createBeside(dir int, name string) (fd int, temp string, err error) {
	temp, err = freeName(name, func(temp string) error {
		fd, err = openat(dir, temp, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL, 0o600)
		return err
	})
	return fd, temp, err
}

// freeName calls try with names made of the given one until it finds one that
// nothing has, and returns that. Where the tree has such a name already, be it a
// file, a link or anything else, it stays as it is and another one is taken.
func freeName(name string, try func(temp string) error) (string, error) {
	above, last := filepath.Split(name)
	for i := 0; ; i++ {
		suffix := fmt.Sprintf(".fruix-unlink-%d", i)
		temp := above + last[max(0, len(last)+len(suffix)-nar.MaxName):] + suffix
		if err := try(temp); err != unix.EEXIST {
			return temp, err
		}
	}
}

// seal gives an open file or directory its canonical owner, mode and time and
// takes its extended attributes. What is right already is left alone.
func seal(fd, dir int, name string, mode uint32, owner *Owner) error {
	if err := take(fd, mode, owner); err != nil {
		return err
	}
	return setTime(dir, name)
}

// take is seal without the time.
func take(fd int, mode uint32, owner *Owner) error {
	var st unix.Stat_t
	if err := again(func() error { return unix.Fstat(fd, &st) }); err != nil {
		return err
	}
	changed, err := dropAttributes(fd, &st)
	if err != nil {
		return err
	}
	if owner != nil && (int(st.Uid) != owner.UID || int(st.Gid) != owner.GID) {
		if err := again(func() error { return unix.Fchown(fd, owner.UID, owner.GID) }); err != nil {
			return err
		}
	}
	if changed || uint32(st.Mode)&0o7777 != mode {
		return again(func() error { return unix.Fchmod(fd, mode) })
	}
	return nil
}

// sealLink gives a symbolic link its canonical owner and time.
func sealLink(dir int, name string, owner *Owner) error {
	if owner != nil {
		err := again(func() error {
			return unix.Fchownat(dir, name, owner.UID, owner.GID, unix.AT_SYMLINK_NOFOLLOW)
		})
		if err != nil {
			return err
		}
	}
	return setTime(dir, name)
}

// readAll fills b from fd.
func readAll(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Read(fd, b)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return io.ErrUnexpectedEOF
		}
		b = b[n:]
	}
	return nil
}

// writeAll writes b to fd.
func writeAll(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}
