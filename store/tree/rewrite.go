package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Rewrite replaces, in the tree at root, one sequence of bytes by another of the
// same length wherever it occurs: in the bytes of files, in targets of links, and
// in names. It is what Nix calls rewriting hashes: an object that was made under
// another name gets its own. A file that changes is written anew, so that its
// other names, if it has any, keep the old content. It returns how many nodes
// have changed.
func Rewrite(root, from, to string) (int, error) {
	if len(from) != len(to) || from == "" {
		return 0, fmt.Errorf("cannot replace %q by %q: their lengths differ", from, to)
	}
	r := &rewriting{from: []byte(from), to: []byte(to)}
	err := r.node(unix.AT_FDCWD, root, root)
	return r.changed, err
}

type rewriting struct {
	from, to []byte
	changed  int
}

// replace changes b in place and says whether it had to.
func (r *rewriting) replace(b []byte) bool {
	found := false
	for at := 0; ; {
		i := bytes.Index(b[at:], r.from)
		if i < 0 {
			return found
		}
		found = true
		at += i
		at += copy(b[at:], r.to)
	}
}

// node changes what lies at name in dir, but not its name.
func (r *rewriting) node(dir int, name, full string) error {
	st, err := lstatat(dir, name)
	if err != nil {
		return pathError("stat", full, err)
	}
	switch mode := uint32(st.Mode); mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return r.directory(dir, name, full, mode)
	case unix.S_IFLNK:
		return r.link(dir, name, full)
	case unix.S_IFREG:
		return r.file(dir, name, full, mode)
	}
	return nil // no object can hold it: that is said when it is measured
}

func (r *rewriting) directory(dir int, name, full string, mode uint32) error {
	if mode&0o700 != 0o700 {
		if err := chmodat(dir, name, mode&0o777|0o700); err != nil {
			return pathError("chmod", full, err)
		}
	}
	f, names, err := listAt(dir, name)
	if err != nil {
		return err
	}
	defer f.Close()
	fd := int(f.Fd())
	for _, n := range names {
		if err := r.node(fd, n, full+"/"+n); err != nil {
			return err
		}
		b := []byte(n)
		if !r.replace(b) {
			continue
		}
		r.changed++
		if err := again(func() error { return unix.Renameat(fd, n, fd, string(b)) }); err != nil {
			return pathError("rename", full+"/"+n, err)
		}
	}
	return nil
}

func (r *rewriting) link(dir int, name, full string) error {
	target, err := readlinkat(dir, name)
	if err != nil {
		return pathError("readlink", full, err)
	}
	b := []byte(target)
	if !r.replace(b) {
		return nil
	}
	r.changed++
	err = again(func() error { return unix.Unlinkat(dir, name, 0) })
	if err == nil {
		err = again(func() error { return unix.Symlinkat(string(b), dir, name) })
	}
	return pathError("symlink", full, err)
}

func (r *rewriting) file(dir int, name, full string, mode uint32) error {
	if mode&0o400 == 0 {
		if err := chmodat(dir, name, mode&0o777|0o400); err != nil {
			return pathError("chmod", full, err)
		}
	}
	fd, err := openat(dir, name, unix.O_RDONLY, 0)
	if err != nil {
		return pathError("open", full, err)
	}
	f := os.NewFile(uintptr(fd), full)
	defer f.Close()
	found, err := r.copy(io.Discard, f)
	if err != nil || !found {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r.changed++
	temp, out, err := r.temporary(dir, mode&0o777)
	if err != nil {
		return pathError("create", full, err)
	}
	_, err = r.copy(out, f)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return pathError("rename", full, again(func() error { return unix.Renameat(dir, temp, dir, name) }))
}

// temporary makes a file beside those in dir, under a name that none of them has.
func (r *rewriting) temporary(dir int, mode uint32) (string, *os.File, error) {
	for i := 0; ; i++ {
		name := fmt.Sprintf(".rewriting-%d", i)
		fd, err := openat(dir, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o600)
		if err == unix.EEXIST {
			continue
		}
		if err != nil {
			return "", nil, err
		}
		f := os.NewFile(uintptr(fd), name)
		if err := f.Chmod(os.FileMode(mode)); err != nil {
			f.Close()
			return "", nil, err
		}
		return name, f, nil
	}
}

// copy copies in to w with the change, and says whether there was any.
func (r *rewriting) copy(w io.Writer, in io.Reader) (bool, error) {
	buf := make([]byte, 256<<10)
	kept, found := 0, false // bytes of buf that may begin an occurrence
	for {
		n, err := io.ReadFull(in, buf[kept:])
		b := buf[:kept+n]
		found = r.replace(b) || found
		end := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !end {
			return found, err
		}
		kept = min(len(r.from)-1, len(b))
		if end {
			kept = 0
		}
		if _, err := w.Write(b[:len(b)-kept]); err != nil {
			return found, err
		}
		if end {
			return found, nil
		}
		copy(buf, b[len(b)-kept:])
	}
}
