//go:build linux

package linux

import (
	"fmt"
	"path"
	"strconv"

	"golang.org/x/sys/unix"

	"fruix/jail"
	"fruix/jail/linux/stub"
)

// Places while the root is being built, before the second pivot_root. They
// lie in a file system of PID 1's own, which is gone afterwards.
const (
	newRoot = "/new"   // becomes "/"
	oldRoot = "/old"   // the host, as the caller sees it
	stage   = "/stage" // the trees
)

// buildRoot makes the root file system of the jail and moves into it.
func (c *program) buildRoot(p *plan) {
	c.call(step{"make mounts private", ""}, unix.SYS_MOUNT, number(0), c.String("/"), number(0), number(unix.MS_REC|unix.MS_PRIVATE), number(0))
	c.enterBase(p.Base)
	c.attachTrees(p)
	c.populate(p)
	c.enterRoot()
}

// enterBase makes a scratch file system the root, with the host at oldRoot and
// an empty file system at newRoot. base is any directory of the host: the mount is
// seen by nobody else.
func (c *program) enterBase(base string) {
	c.mount(step{"mount tmpfs", "/"}, "tmpfs", base, unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=16m")
	c.call(step{"enter", base}, unix.SYS_CHDIR, c.String(base))
	for _, d := range []string{newRoot, oldRoot, stage} {
		c.call(step{"mkdir", d}, unix.SYS_MKDIRAT, atCWD, c.String("."+d), number(0o755))
	}
	c.call(step{"pivot_root", base}, unix.SYS_PIVOT_ROOT, c.String("."), c.String("."+oldRoot))
	c.call(step{"enter", "/"}, unix.SYS_CHDIR, c.String("/"))
	c.mount(step{"mount tmpfs", "/"}, "tmpfs", newRoot, unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=64m")
}

// enterRoot makes newRoot the root, read-only, and lets go of everything else.
func (c *program) enterRoot() {
	c.call(step{"enter", "/"}, unix.SYS_CHDIR, c.String(newRoot))
	// The old root ends on top of the new one and is taken off at once; see
	// pivot_root(2), "pivot_root(".", ".")".
	c.call(step{"pivot_root", "/"}, unix.SYS_PIVOT_ROOT, c.String("."), c.String("."))
	c.call(step{"unmount the host's root", ""}, unix.SYS_UMOUNT2, c.String("."), number(unix.MNT_DETACH))
	c.call(step{"enter", "/"}, unix.SYS_CHDIR, c.String("/"))
	c.restrict(step{"make read-only", "/"}, "/", unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, false)
}

// attachTrees brings the plan's trees to the stage.
func (c *program) attachTrees(p *plan) {
	for i, t := range p.Trees {
		at := stage + "/" + strconv.Itoa(i)
		if t.Dir {
			c.call(step{"mkdir", at}, unix.SYS_MKDIRAT, atCWD, c.String(at), number(0o755))
		} else {
			c.touch(step{"create", at}, at, 0)
		}
		if p.TreesFD {
			fd := number(handedFD + i)
			c.call(step{"move_mount", t.Path}, unix.SYS_MOVE_MOUNT, fd, c.String(""), atCWD, c.String(at), number(unix.MOVE_MOUNT_F_EMPTY_PATH))
			c.call(step{"close", t.Path}, unix.SYS_CLOSE, fd)
		} else {
			c.bindMount(step{"bind mount", t.Path}, oldRoot+t.Path, at)
		}
		attrs := uint64(unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV)
		if t.ReadOnly {
			attrs |= unix.MOUNT_ATTR_RDONLY
		}
		c.restrict(step{"restrict the mount of", t.Path}, at, attrs, true)
	}
}

// populate fills newRoot.
func (c *program) populate(p *plan) {
	// /dev and /proc first, so that mounts of the Spec may lie in them.
	c.devices(p.Spec.Limits.Memory)
	c.mkdir("/proc")
	c.mount(step{stepProc, "/proc"}, "proc", newRoot+"/proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	for _, t := range p.Spec.Tmpfs {
		mode := t.Mode
		if mode == 0 {
			mode = 0o755
		}
		opts := fmt.Sprintf("mode=%o", mode)
		if t.Size > 0 {
			opts += fmt.Sprintf(",size=%d", t.Size)
		}
		c.mkdir(t.Target)
		c.mount(step{"mount tmpfs", t.Target}, "tmpfs", newRoot+t.Target, unix.MS_NOSUID|unix.MS_NODEV, opts)
	}
	for _, m := range p.Binds {
		c.bind(m)
	}
	for _, d := range p.Spec.Dirs {
		c.mkdir(d)
	}
	for _, f := range p.Spec.Files {
		c.file(f)
	}
	if p.Spec.Self != "" {
		c.self(p)
	}
}

// mount appends a mount of a new file system.
func (c *program) mount(s step, kind, at string, flags uintptr, options string) {
	c.call(s, unix.SYS_MOUNT, c.String(kind), c.String(at), c.String(kind), number(flags), c.String(options))
}

// bindMount makes src appear at target. Where the caller's mount namespace has
// other mounts below src, an ordinary user's copy must take them along
// (mount_namespaces(7), "Restrictions on mount namespaces").
func (c *program) bindMount(s step, src, target string) {
	from, to := c.String(src), c.String(target)
	c.add(s, record{Number: unix.SYS_MOUNT, Tolerate: int(unix.EINVAL), Skip: 1}, from, to, number(0), number(unix.MS_BIND), number(0))
	c.call(s, unix.SYS_MOUNT, from, to, number(0), number(unix.MS_BIND|unix.MS_REC), number(0))
}

// restrict adds flags to a mount.
func (c *program) restrict(s step, at string, attrs uint64, recursive bool) {
	flags := number(unix.AT_SYMLINK_NOFOLLOW)
	if recursive {
		flags |= unix.AT_RECURSIVE
	}
	attr := unix.MountAttr{Attr_set: attrs}
	c.call(s, unix.SYS_MOUNT_SETATTR, atCWD, c.String(at), flags, memory(c, attr), number(unix.MOUNT_ATTR_SIZE_VER0))
}

// touch makes an empty file. With skip, one that is there already is no failure, and
// as many records are skipped when there was none.
func (c *program) touch(s step, name string, skip int) {
	r := record{Number: unix.SYS_MKNODAT, Skip: skip}
	if skip > 0 {
		r.Tolerate = int(unix.EEXIST)
	}
	c.add(s, r, atCWD, c.String(name), number(unix.S_IFREG|0o444), number(0))
}

// mkdir makes a directory of the new root and its parents. It refuses to walk
// through symbolic links, which a mounted folder might hold.
func (c *program) mkdir(dir string) {
	if c.made[dir] {
		return
	}
	c.mkdir(path.Dir(dir))
	s := step{"mkdir", dir}
	at := c.String(newRoot + dir)
	c.add(s, record{Number: unix.SYS_MKDIRAT, Tolerate: int(unix.EEXIST), Skip: 2}, atCWD, at, number(0o755))
	c.add(s, record{Number: unix.SYS_OPENAT, Save: true}, atCWD, at, number(unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC))
	c.add(s, record{Number: unix.SYS_CLOSE, OnSaved: true})
	c.made[dir] = true
}

// mountPoint makes an empty file of the new root where there is none. A symbolic
// link is refused.
func (c *program) mountPoint(name string) {
	c.mkdir(path.Dir(name))
	c.touch(step{"create", name}, newRoot+name, 1)
	// Whether it is a link: what is none cannot be read as one.
	c.add(step{stepOverLink, name}, record{Number: unix.SYS_READLINKAT, Expect: true, Want: never, Tolerate: int(unix.EINVAL)},
		atCWD, c.String(newRoot+name), c.Space(1), number(1))
}

func (c *program) symlink(name, target string) {
	c.call(step{"symlink", name}, unix.SYS_SYMLINKAT, c.String(target), atCWD, c.String(newRoot+name))
}

func (c *program) bind(m bind) {
	switch m.Kind {
	case kindSymlink:
		c.mkdir(path.Dir(m.Target))
		c.symlink(m.Target, m.Link)
		return
	case kindDir:
		c.mkdir(m.Target)
	case kindFile:
		c.mountPoint(m.Target)
	}
	src := stage + "/" + strconv.Itoa(m.Tree)
	if m.Name != "" {
		src += "/" + m.Name
	}
	c.bindMount(step{"bind mount", m.Target}, src, newRoot+m.Target)
}

// file makes a file of the new root.
func (c *program) file(f jail.File) {
	c.mkdir(path.Dir(f.Path))
	mode := f.Mode
	if mode == 0 {
		mode = 0o444
	}
	c.create(f.Path, 0o600)
	s := step{"write", f.Path}
	if n := len(f.Content); n > 0 {
		c.add(s, record{Number: unix.SYS_WRITE, OnSaved: true, Expect: true, Want: uintptr(n)}, nil, c.Bytes(f.Content), number(n))
	}
	c.add(s, record{Number: unix.SYS_FCHMOD, OnSaved: true}, nil, number(mode&0o777))
	c.add(s, record{Number: unix.SYS_CLOSE, OnSaved: true})
}

// create makes a file of the new root and saves its descriptor.
func (c *program) create(name string, mode stub.Number) {
	c.add(step{"create", name}, record{Number: unix.SYS_OPENAT, Save: true}, atCWD, c.String(newRoot+name),
		number(unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC), mode)
}

// self makes the caller's executable appear at its place. It is mounted where its
// path still leads to it, and copied into memory otherwise.
func (c *program) self(p *plan) {
	target, executable := p.Spec.Self, number(handedFD+p.handed()-1)
	c.mountPoint(target)
	at := c.String(newRoot + target)
	const attrs = unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV
	readOnly := step{"make read-only", target}
	switch {
	case p.SelfPath != "" && p.TreesFD:
		c.call(step{"move_mount", target}, unix.SYS_MOVE_MOUNT, executable, c.String(""), atCWD, at, number(unix.MOVE_MOUNT_F_EMPTY_PATH))
		c.restrict(readOnly, newRoot+target, attrs, false)
		return
	case p.SelfPath != "":
		// A directory on the way may have been closed since.
		const copying = 4 // records of what follows
		c.add(step{"bind mount", target}, record{Number: unix.SYS_MOUNT, Tolerate: stub.AnyError, SkipAfter: 1},
			c.String(oldRoot+p.SelfPath), at, number(0), number(unix.MS_BIND), number(0))
		c.add(readOnly, record{Number: unix.SYS_MOUNT_SETATTR, Skip: copying},
			atCWD, at, number(unix.AT_SYMLINK_NOFOLLOW), memory(c, unix.MountAttr{Attr_set: attrs}), number(unix.MOUNT_ATTR_SIZE_VER0))
	}
	s := step{"copy the running executable to", target}
	// The mount point cannot be written to: the copy is another file.
	c.call(s, unix.SYS_UNLINKAT, atCWD, at, number(0))
	c.create(target, 0o755)
	c.add(s, record{Number: unix.SYS_SENDFILE, OnSaved: true, Expect: true, Want: uintptr(p.SelfSize)},
		nil, executable, number(0), number(p.SelfSize))
	c.add(s, record{Number: unix.SYS_CLOSE, OnSaved: true})
}
