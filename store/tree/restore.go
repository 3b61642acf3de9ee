package tree

import (
	"context"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/store/nar"
)

// Restore unpacks the archive that in reads to dest, where nothing may lie, in
// the canonical form, given to owner unless that is nil. It returns how many
// nodes there are. An error leaves a part behind.
func Restore(ctx context.Context, in *nar.Reader, dest string, owner *Owner) (nodes int, err error) {
	return RestoreSharing(ctx, in, dest, owner, nil)
}

// RestoreSharing is Restore that lets files be names of others that are the same.
func RestoreSharing(ctx context.Context, in *nar.Reader, dest string, owner *Owner, share *Sharing) (nodes int, err error) {
	u := &unpacker{ctx: ctx, in: in, dest: dest, owner: owner, share: share}
	err = u.run()
	for err == nil && len(u.dirs) > 0 {
		err = u.pop()
	}
	for _, d := range u.dirs {
		d.f.Close()
	}
	return u.nodes, err
}

// WriteFile makes a regular file at dest, where nothing may lie, in the
// canonical form, given to owner unless that is nil, with what fill writes.
func WriteFile(dest string, owner *Owner, fill func(io.Writer) error) error {
	fd, err := openat(unix.AT_FDCWD, dest, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o600)
	if err != nil {
		return pathError("create", dest, err)
	}
	f := os.NewFile(uintptr(fd), dest)
	if err = fill(f); err == nil {
		err = pathError("seal", dest, seal(fd, unix.AT_FDCWD, dest, FileMode, owner))
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

type unpacker struct {
	ctx   context.Context
	in    *nar.Reader
	dest  string
	owner *Owner
	share *Sharing
	dirs  []openDir
	buf   []byte
	nodes int
}

type openDir struct {
	f    *os.File
	name string // in the directory before it, or dest
	rel  string // with a slash at the end, "" for the root
}

// at returns the directory that comes last, or the place of dest.
func (u *unpacker) at() int {
	if len(u.dirs) == 0 {
		return unix.AT_FDCWD
	}
	return int(u.dirs[len(u.dirs)-1].f.Fd())
}

// pop gives the innermost directory its canonical form and closes it.
func (u *unpacker) pop() error {
	d := u.dirs[len(u.dirs)-1]
	u.dirs = u.dirs[:len(u.dirs)-1]
	defer d.f.Close()
	return pathError("seal", d.f.Name(), seal(int(d.f.Fd()), u.at(), d.name, DirMode, u.owner))
}

func (u *unpacker) run() error {
	for {
		if err := u.ctx.Err(); err != nil {
			return err
		}
		h, err := u.in.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for len(u.dirs) > 0 && !strings.HasPrefix(h.Path, u.dirs[len(u.dirs)-1].rel) {
			if err := u.pop(); err != nil {
				return err
			}
		}
		name := path.Base(h.Path)
		if h.Path == "" {
			name = u.dest
		}
		u.nodes++
		if err := u.node(h, name); err != nil {
			return err
		}
	}
}

func (u *unpacker) node(h nar.Header, name string) error {
	full := filepath.Join(u.dest, filepath.FromSlash(h.Path))
	switch h.Type {
	case nar.Symlink:
		err := again(func() error { return unix.Symlinkat(h.Target, u.at(), name) })
		if err == nil {
			err = sealLink(u.at(), name, u.owner)
		}
		return pathError("symlink", full, err)
	case nar.Directory:
		if err := again(func() error { return unix.Mkdirat(u.at(), name, 0o700) }); err != nil {
			return pathError("mkdir", full, err)
		}
		fd, err := openat(u.at(), name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			return pathError("open", full, err)
		}
		rel := ""
		if h.Path != "" {
			rel = h.Path + "/"
		}
		u.dirs = append(u.dirs, openDir{os.NewFile(uintptr(fd), full), name, rel})
		return nil
	}
	return u.file(h, name, full)
}

// pieceSize is the size of the pieces in which files are unpacked. It is more than
// smallFile, so that such a one is a single piece.
const pieceSize = 256 << 10

// file unpacks a regular file.
func (u *unpacker) file(h nar.Header, name, full string) error {
	mode := uint32(FileMode)
	if h.Executable {
		mode = ExecMode
	}
	fd, err := openat(u.at(), name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL, mode)
	if err != nil {
		return pathError("create", full, err)
	}
	out := os.NewFile(uintptr(fd), full)
	u.buf = grown(u.buf, int(min(max(h.Size, 1), pieceSize)), pieceSize)
	for err == nil {
		var n int
		n, err = u.in.Read(u.buf)
		if werr := writeAll(fd, u.buf[:n]); werr != nil {
			err = pathError("write", full, werr)
		} else if err == nil {
			err = u.ctx.Err()
		}
	}
	if err == io.EOF {
		err = pathError("seal", full, seal(fd, u.at(), name, mode, u.owner))
	}
	if err == nil && u.share.wants(h.Size) {
		err = pathError("share", full, u.shareFile(h, name, out))
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}

// shareFile makes a file that has been unpacked another name of one that is the
// same, if there is one.
func (u *unpacker) shareFile(h nar.Header, name string, content *os.File) error {
	f := File{Rel: h.Path, Executable: h.Executable, Size: h.Size}
	var err error
	if f.Sampled() {
		f, err = sampled(h.Path, h.Executable, h.Size, content)
	} else if _, err = content.ReadAt(u.buf[:h.Size], 0); err == nil {
		f.Key, err = keyOfBytes(h.Executable, u.buf[:h.Size])
	}
	if err != nil {
		return err
	}
	if same := u.share.Find(f); same != nil {
		defer same.Close()
		_, err = replaceByLink(same, u.at(), name)
	}
	return err
}
