//go:build freebsd

package freebsd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

// rootPrefix begins the names of roots, and of jails, which are named alike.
const rootPrefix = "fruix-jail-"

// root is the file system of one jail.
type root struct {
	dir  string
	lock *os.File       // held while the jail lives
	undo []func() error // last first
	made map[string]bool
}

// newRoot makes an empty root in work.
func newRoot(work string) (*root, error) {
	if err := os.MkdirAll(work, 0o755); err != nil {
		return nil, &jail.SetupError{Step: "make the work folder", Path: work, Err: err}
	}
	dir, err := os.MkdirTemp(work, rootPrefix)
	if err != nil {
		return nil, &jail.SetupError{Step: "make a root in", Path: work, Err: err}
	}
	r := &root{dir: dir, made: map[string]bool{"/": true}}
	r.undo = append(r.undo, func() error { return os.Remove(dir) })
	fail := func(step string, err error) (*root, error) {
		r.close()
		return nil, &jail.SetupError{Step: step, Path: dir, Err: err}
	}
	lock, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fail("lock", err)
	}
	r.lock = lock
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fail("lock", err)
	}
	if err := mount("tmpfs", dir, unix.MNT_NOSUID, "mode", "0755"); err != nil {
		return fail("mount tmpfs", err)
	}
	r.undo = append(r.undo, func() error { return unmount(dir) })
	return r, nil
}

// close undoes everything, the last thing first.
func (r *root) close() error {
	var errs []error
	for _, f := range slices.Backward(r.undo) {
		errs = append(errs, f())
	}
	r.undo = nil
	if r.lock != nil {
		errs = append(errs, os.Remove(r.lock.Name()), r.lock.Close())
	}
	return errors.Join(errs...)
}

// path returns where a file of the jail lies on the host.
func (r *root) path(inside string) string { return r.dir + inside }

func (r *root) populate(s *jail.Spec) error {
	if err := r.mkdir("/dev"); err != nil {
		return err
	}
	if err := mountDevfs(r.path("/dev")); err != nil {
		return err
	}
	r.undo = append(r.undo, func() error { return unmount(r.path("/dev")) })
	for _, t := range s.Tmpfs {
		if err := r.tmpfs(t, s.BuildUser); err != nil {
			return err
		}
	}
	for _, m := range s.Mounts {
		if err := r.bind(m); err != nil {
			return err
		}
	}
	for _, d := range s.Dirs {
		if err := r.mkdir(d); err != nil {
			return err
		}
	}
	for _, f := range s.Files {
		if err := r.file(f); err != nil {
			return err
		}
	}
	if s.Self != "" {
		exe, err := os.Executable()
		if err != nil {
			return &jail.SetupError{Step: "find the running executable", Err: err}
		}
		return r.bind(jail.Mount{Source: exe, Target: s.Self, ReadOnly: true})
	}
	return nil
}

// mkdir makes a directory and its parents, never through a symbolic link.
func (r *root) mkdir(dir string) error {
	if r.made[dir] {
		return nil
	}
	if err := r.mkdir(path.Dir(dir)); err != nil {
		return err
	}
	err := os.Mkdir(r.path(dir), 0o755)
	if errors.Is(err, fs.ErrExist) {
		var fi fs.FileInfo
		if fi, err = os.Lstat(r.path(dir)); err == nil && !fi.IsDir() {
			err = syscall.ENOTDIR
		}
	}
	if err != nil {
		return &jail.SetupError{Step: "mkdir", Path: dir, Err: err}
	}
	r.made[dir] = true
	return nil
}

func (r *root) tmpfs(t jail.Tmpfs, u *jail.HostUser) error {
	if err := r.mkdir(t.Target); err != nil {
		return err
	}
	mode := t.Mode
	if mode == 0 {
		mode = 0o755
	}
	opts := []string{"mode", fmt.Sprintf("%o", mode), "uid", fmt.Sprint(u.UID), "gid", fmt.Sprint(u.GID)}
	if t.Size > 0 {
		opts = append(opts, "size", fmt.Sprint(t.Size))
	}
	at := r.path(t.Target)
	if err := mount("tmpfs", at, unix.MNT_NOSUID, opts...); err != nil {
		return &jail.SetupError{Step: "mount tmpfs", Path: t.Target, Err: err}
	}
	r.undo = append(r.undo, func() error { return unmount(at) })
	return nil
}

// bind makes m.Source appear at m.Target.
func (r *root) bind(m jail.Mount) error {
	fi, err := os.Lstat(m.Source)
	if err != nil {
		return &jail.SetupError{Step: "look at the source of", Path: m.Target, Err: err}
	}
	at := r.path(m.Target)
	switch {
	case fi.Mode()&fs.ModeSymlink != 0:
		link, err := os.Readlink(m.Source)
		if err == nil {
			if err := r.mkdir(path.Dir(m.Target)); err != nil {
				return err
			}
			err = os.Symlink(link, at)
		}
		if err != nil {
			return &jail.SetupError{Step: "symlink", Path: m.Target, Err: err}
		}
		return nil
	case fi.IsDir():
		if err := r.mkdir(m.Target); err != nil {
			return err
		}
	default:
		if err := r.mkdir(path.Dir(m.Target)); err != nil {
			return err
		}
		f, err := os.OpenFile(at, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o444)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return &jail.SetupError{Step: "create", Path: m.Target, Err: err}
		}
		f.Close()
	}
	flags := unix.MNT_NOSUID
	if m.ReadOnly {
		flags |= unix.MNT_RDONLY
	}
	err = mount("nullfs", at, flags, "target", m.Source)
	if err != nil && !fi.IsDir() && m.ReadOnly {
		// Before FreeBSD 14, nullfs mounts directories only.
		if err := copyFile(m.Source, at, fi.Mode().Perm()); err != nil {
			return &jail.SetupError{Step: "copy", Path: m.Target, Err: err}
		}
		return nil
	}
	if err != nil {
		return &jail.SetupError{Step: "mount nullfs", Path: m.Target, Err: err}
	}
	r.undo = append(r.undo, func() error { return unmount(at) })
	return nil
}

func (r *root) file(f jail.File) error {
	if err := r.mkdir(path.Dir(f.Path)); err != nil {
		return err
	}
	mode := f.Mode
	if mode == 0 {
		mode = 0o444
	}
	at := r.path(f.Path)
	if err := os.WriteFile(at, f.Content, 0o600); err != nil {
		return &jail.SetupError{Step: "write", Path: f.Path, Err: err}
	}
	if err := os.Chmod(at, fs.FileMode(mode&0o777)); err != nil {
		return &jail.SetupError{Step: "chmod", Path: f.Path, Err: err}
	}
	return nil
}

func copyFile(from, to string, mode fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.Remove(to); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode|0o200)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}

// sweepRoots removes the roots and jails of processes that died.
func sweepRoots(work string) error {
	locks, err := filepath.Glob(filepath.Join(work, rootPrefix+"*.lock"))
	if err != nil {
		return &jail.SetupError{Step: "look for old jails in", Path: work, Err: err}
	}
	for _, name := range locks {
		f, err := os.Open(name)
		if err != nil {
			continue // its owner has just removed it
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			err = sweepRoot(strings.TrimSuffix(name, ".lock"))
			if err == nil {
				err = os.Remove(name)
			}
		}
		f.Close()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// sweepRoot removes one root that nobody holds.
func sweepRoot(dir string) error {
	if jid := findJail(filepath.Base(dir)); jid > 0 {
		if err := removeJail(jid); err != nil {
			return err
		}
	}
	points, err := mountsBelow(dir)
	if err != nil {
		return err
	}
	for _, at := range slices.Backward(points) {
		if err := unmount(at); err != nil {
			return err
		}
	}
	return os.Remove(dir)
}

// mountsBelow lists mount points at and below dir, in the order of mounting.
func mountsBelow(dir string) ([]string, error) {
	n, err := unix.Getfsstat(nil, unix.MNT_NOWAIT)
	if err != nil {
		return nil, &jail.SetupError{Step: "list mounts", Err: err}
	}
	buf := make([]unix.Statfs_t, n+16)
	if n, err = unix.Getfsstat(buf, unix.MNT_NOWAIT); err != nil {
		return nil, &jail.SetupError{Step: "list mounts", Err: err}
	}
	var points []string
	for _, st := range buf[:n] {
		at := unix.ByteSliceToString(st.Mntonname[:])
		if at == dir || strings.HasPrefix(at, dir+"/") {
			points = append(points, at)
		}
	}
	return points, nil
}
