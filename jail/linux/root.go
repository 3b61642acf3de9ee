//go:build linux

package linux

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

// Places while the root is being built, before the second pivot_root. They
// lie in a file system of PID 1's own, which is gone afterwards.
const (
	newRoot = "/new"   // becomes "/"
	oldRoot = "/old"   // the host, as the caller sees it
	stage   = "/stage" // the trees
)

// buildRoot makes the root file system of the jail and moves into it.
func buildRoot(p *plan) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return &jail.SetupError{Step: "make mounts private", Err: err}
	}
	if err := enterBase(); err != nil {
		return err
	}
	if err := attachTrees(p); err != nil {
		return err
	}
	b := &rootBuilder{made: map[string]bool{"/": true}}
	if err := b.populate(p); err != nil {
		return err
	}
	return enterRoot()
}

// enterBase makes a scratch file system the root, with the host at oldRoot and
// an empty file system at newRoot.
func enterBase() error {
	// Any existing directory of the host serves as the mount point: the mount
	// is seen by nobody else.
	base := ""
	for _, d := range []string{"/tmp", "/run", "/mnt", "/var/tmp", "/dev/shm", "/etc", "/proc"} {
		if fi, err := os.Stat(d); err == nil && fi.IsDir() {
			base = d
			break
		}
	}
	if base == "" {
		return &jail.SetupError{Step: "find a mount point", Err: errors.New("the host has neither /tmp nor /proc")}
	}
	if err := unix.Mount("tmpfs", base, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=16m"); err != nil {
		return &jail.SetupError{Step: "mount tmpfs", Path: "/", Err: err}
	}
	if err := unix.Chdir(base); err != nil {
		return &jail.SetupError{Step: "enter", Path: base, Err: err}
	}
	for _, d := range []string{newRoot, oldRoot, stage} {
		if err := unix.Mkdir("."+d, 0o755); err != nil {
			return &jail.SetupError{Step: "mkdir", Path: d, Err: err}
		}
	}
	if err := unix.PivotRoot(".", "."+oldRoot); err != nil {
		return &jail.SetupError{Step: "pivot_root", Path: base, Err: err}
	}
	if err := unix.Chdir("/"); err != nil {
		return &jail.SetupError{Step: "enter", Path: "/", Err: err}
	}
	if err := unix.Mount("tmpfs", newRoot, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=64m"); err != nil {
		return &jail.SetupError{Step: "mount tmpfs", Path: "/", Err: err}
	}
	return nil
}

// enterRoot makes newRoot the root, read-only, and lets go of everything else.
func enterRoot() error {
	if err := unix.Chdir(newRoot); err != nil {
		return &jail.SetupError{Step: "enter", Path: "/", Err: err}
	}
	// The old root ends on top of the new one and is taken off at once; see
	// pivot_root(2), "pivot_root(".", ".")".
	if err := unix.PivotRoot(".", "."); err != nil {
		return &jail.SetupError{Step: "pivot_root", Path: "/", Err: err}
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return &jail.SetupError{Step: "unmount the host's root", Err: err}
	}
	if err := unix.Chdir("/"); err != nil {
		return &jail.SetupError{Step: "enter", Path: "/", Err: err}
	}
	if err := restrict("/", unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, false); err != nil {
		return &jail.SetupError{Step: "make read-only", Path: "/", Err: err}
	}
	return nil
}

// attachTrees brings the plan's trees to the stage.
func attachTrees(p *plan) error {
	for i, t := range p.Trees {
		var at string
		if p.TreesFD {
			fd := treeFD + i
			var st unix.Stat_t
			if err := unix.Fstat(fd, &st); err != nil {
				return &jail.SetupError{Step: "look at", Path: t.Path, Err: err}
			}
			var err error
			if at, err = stagePoint(i, st.Mode); err != nil {
				return err
			}
			if err := unix.MoveMount(fd, "", unix.AT_FDCWD, at, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
				return &jail.SetupError{Step: "move_mount", Path: t.Path, Err: err}
			}
			unix.Close(fd)
		} else {
			src := oldRoot + t.Path
			var st unix.Stat_t
			if err := unix.Lstat(src, &st); err != nil {
				return &jail.SetupError{Step: "look at", Path: t.Path, Err: err}
			}
			var err error
			if at, err = stagePoint(i, st.Mode); err != nil {
				return err
			}
			if err := bindMount(src, at); err != nil {
				return &jail.SetupError{Step: "bind mount", Path: t.Path, Err: err}
			}
		}
		attrs := uint64(unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV)
		if t.ReadOnly {
			attrs |= unix.MOUNT_ATTR_RDONLY
		}
		if err := restrict(at, attrs, true); err != nil {
			return &jail.SetupError{Step: "restrict the mount of", Path: t.Path, Err: err}
		}
	}
	return nil
}

// stagePoint makes the mount point of tree i.
func stagePoint(i int, mode uint32) (string, error) {
	at := stage + "/" + strconv.Itoa(i)
	if mode&unix.S_IFMT == unix.S_IFDIR {
		if err := unix.Mkdir(at, 0o755); err != nil {
			return "", &jail.SetupError{Step: "mkdir", Path: at, Err: err}
		}
		return at, nil
	}
	return at, touch(at)
}

func touch(name string) error {
	fd, err := unix.Open(name, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o444)
	if err != nil {
		return &jail.SetupError{Step: "create", Path: name, Err: err}
	}
	return unix.Close(fd)
}

// bindMount makes src appear at target. Where the caller's mount namespace has
// other mounts below src, an ordinary user's copy must take them along
// (mount_namespaces(7), "Restrictions on mount namespaces").
func bindMount(src, target string) error {
	err := unix.Mount(src, target, "", unix.MS_BIND, "")
	if err == unix.EINVAL {
		err = unix.Mount(src, target, "", unix.MS_BIND|unix.MS_REC, "")
	}
	return err
}

// restrict adds flags to a mount.
func restrict(at string, attrs uint64, recursive bool) error {
	flags := uint(unix.AT_SYMLINK_NOFOLLOW)
	if recursive {
		flags |= unix.AT_RECURSIVE
	}
	err := unix.MountSetattr(unix.AT_FDCWD, at, flags, &unix.MountAttr{Attr_set: attrs})
	if err != unix.ENOSYS {
		return err
	}
	// Before Linux 5.12: a remount replaces all flags, and must keep those
	// that an ordinary user may not clear.
	var st unix.Statfs_t
	if err := unix.Statfs(at, &st); err != nil {
		return err
	}
	f := uintptr(unix.MS_BIND | unix.MS_REMOUNT)
	for _, m := range []struct {
		st int64
		ms uintptr
	}{
		{unix.ST_RDONLY, unix.MS_RDONLY}, {unix.ST_NOSUID, unix.MS_NOSUID}, {unix.ST_NODEV, unix.MS_NODEV},
		{unix.ST_NOEXEC, unix.MS_NOEXEC}, {unix.ST_NOATIME, unix.MS_NOATIME},
		{unix.ST_NODIRATIME, unix.MS_NODIRATIME}, {unix.ST_RELATIME, unix.MS_RELATIME},
	} {
		if int64(st.Flags)&m.st != 0 {
			f |= m.ms
		}
	}
	for _, m := range []struct {
		attr uint64
		ms   uintptr
	}{
		{unix.MOUNT_ATTR_RDONLY, unix.MS_RDONLY}, {unix.MOUNT_ATTR_NOSUID, unix.MS_NOSUID}, {unix.MOUNT_ATTR_NODEV, unix.MS_NODEV},
	} {
		if attrs&m.attr != 0 {
			f |= m.ms
		}
	}
	return unix.Mount("", at, "", f, "")
}

// rootBuilder fills newRoot.
type rootBuilder struct {
	made map[string]bool // directories known to exist
}

func (b *rootBuilder) populate(p *plan) error {
	s := &p.Spec
	// /dev and /proc first, so that mounts of the Spec may lie in them.
	if err := b.devices(); err != nil {
		return err
	}
	if err := b.mkdir("/proc"); err != nil {
		return err
	}
	if err := unix.Mount("proc", newRoot+"/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return &jail.SetupError{Step: "mount proc", Path: "/proc", Err: err}
	}
	for _, t := range s.Tmpfs {
		mode := t.Mode
		if mode == 0 {
			mode = 0o755
		}
		opts := fmt.Sprintf("mode=%o", mode)
		if t.Size > 0 {
			opts += fmt.Sprintf(",size=%d", t.Size)
		}
		if err := b.mkdir(t.Target); err != nil {
			return err
		}
		if err := unix.Mount("tmpfs", newRoot+t.Target, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, opts); err != nil {
			return &jail.SetupError{Step: "mount tmpfs", Path: t.Target, Err: err}
		}
	}
	for _, m := range p.Binds {
		if err := b.bind(m); err != nil {
			return err
		}
	}
	for _, d := range s.Dirs {
		if err := b.mkdir(d); err != nil {
			return err
		}
	}
	for _, f := range s.Files {
		if err := b.file(f); err != nil {
			return err
		}
	}
	if s.Self != "" {
		return b.self(p.SelfPath, s.Self)
	}
	return nil
}

// mkdir makes a directory and its parents. It refuses to walk through
// symbolic links, which a mounted folder might hold.
func (b *rootBuilder) mkdir(dir string) error {
	if b.made[dir] {
		return nil
	}
	if err := b.mkdir(path.Dir(dir)); err != nil {
		return err
	}
	err := unix.Mkdir(newRoot+dir, 0o755)
	if err == unix.EEXIST {
		var st unix.Stat_t
		if err = unix.Lstat(newRoot+dir, &st); err == nil && st.Mode&unix.S_IFMT != unix.S_IFDIR {
			err = unix.ENOTDIR
		}
	}
	if err != nil {
		return &jail.SetupError{Step: "mkdir", Path: dir, Err: err}
	}
	b.made[dir] = true
	return nil
}

// mountPoint makes an empty file.
func (b *rootBuilder) mountPoint(name string) error {
	if err := b.mkdir(path.Dir(name)); err != nil {
		return err
	}
	err := touch(newRoot + name)
	if errors.Is(err, unix.EEXIST) {
		var st unix.Stat_t
		if err = unix.Lstat(newRoot+name, &st); err == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK {
			err = &jail.SetupError{Step: "mount over a symbolic link", Path: name, Err: unix.ELOOP}
		}
	}
	return err
}

func (b *rootBuilder) bind(m bind) error {
	var err error
	switch m.Kind {
	case kindSymlink:
		if err := b.mkdir(path.Dir(m.Target)); err != nil {
			return err
		}
		if err := unix.Symlink(m.Link, newRoot+m.Target); err != nil {
			return &jail.SetupError{Step: "symlink", Path: m.Target, Err: err}
		}
		return nil
	case kindDir:
		err = b.mkdir(m.Target)
	case kindFile:
		err = b.mountPoint(m.Target)
	}
	if err != nil {
		return err
	}
	src := stage + "/" + strconv.Itoa(m.Tree)
	if m.Name != "" {
		src += "/" + m.Name
	}
	if err := bindMount(src, newRoot+m.Target); err != nil {
		return &jail.SetupError{Step: "bind mount", Path: m.Target, Err: err}
	}
	return nil
}

func (b *rootBuilder) file(f jail.File) error {
	if err := b.mkdir(path.Dir(f.Path)); err != nil {
		return err
	}
	mode := f.Mode
	if mode == 0 {
		mode = 0o444
	}
	out, err := os.OpenFile(newRoot+f.Path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return &jail.SetupError{Step: "create", Path: f.Path, Err: err}
	}
	_, err = out.Write(f.Content)
	if err == nil {
		err = out.Chmod(os.FileMode(mode & 0o777))
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return &jail.SetupError{Step: "write", Path: f.Path, Err: err}
	}
	return nil
}

// self makes the running executable appear at target. It is mounted where its
// path can be reached, and copied into memory otherwise (it may have been
// replaced since, or lie in a folder closed to the build user).
func (b *rootBuilder) self(host, target string) error {
	if err := b.mountPoint(target); err != nil {
		return err
	}
	at := newRoot + target
	if sameFile(oldRoot+host, "/proc/self/exe") && bindMount(oldRoot+host, at) == nil {
		err := restrict(at, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, false)
		if err != nil {
			return &jail.SetupError{Step: "make read-only", Path: target, Err: err}
		}
		return nil
	}
	if err := copySelf(at); err != nil {
		return &jail.SetupError{Step: "copy the running executable to", Path: target, Err: err}
	}
	return nil
}

func sameFile(a, b string) bool {
	var sa, sb unix.Stat_t
	// The old root holds the host's /proc.
	return unix.Stat(a, &sa) == nil && unix.Stat(oldRoot+b, &sb) == nil && sa.Dev == sb.Dev && sa.Ino == sb.Ino
}

func copySelf(at string) error {
	in, err := os.Open(oldRoot + "/proc/self/exe")
	if err != nil {
		return err
	}
	defer in.Close()
	// touch made the file without write permission: make it anew.
	if err := os.Remove(at); err != nil {
		return err
	}
	out, err := os.OpenFile(at, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}
