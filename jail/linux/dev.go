//go:build linux

package linux

import (
	"golang.org/x/sys/unix"

	"fruix/jail"
)

// deviceNodes are the host's device nodes that appear in /dev. A user
// namespace cannot make nodes, so they are bind mounts, for root as well.
var deviceNodes = []string{"null", "zero", "full", "random", "urandom", "tty"}

// deviceLinks are the links in /dev.
var deviceLinks = []struct{ name, target string }{
	{"fd", "/proc/self/fd"},
	{"stdin", "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},
}

// devices fills /dev.
func (b *rootBuilder) devices() error {
	if err := b.mkdir("/dev"); err != nil {
		return err
	}
	const dev = newRoot + "/dev"
	if err := unix.Mount("tmpfs", dev, "tmpfs", unix.MS_NOSUID|unix.MS_NOEXEC, "mode=0755,size=64k"); err != nil {
		return &jail.SetupError{Step: "mount tmpfs", Path: "/dev", Err: err}
	}
	for _, name := range deviceNodes {
		if err := touch(dev + "/" + name); err != nil {
			return err
		}
		err := unix.Mount(oldRoot+"/dev/"+name, dev+"/"+name, "", unix.MS_BIND, "")
		if err == unix.ENOENT {
			// A host that is itself a container may lack some.
			err = unix.Unlink(dev + "/" + name)
		}
		if err != nil {
			return &jail.SetupError{Step: "bind mount", Path: "/dev/" + name, Err: err}
		}
	}
	for _, l := range deviceLinks {
		if err := unix.Symlink(l.target, dev+"/"+l.name); err != nil {
			return &jail.SetupError{Step: "symlink", Path: "/dev/" + l.name, Err: err}
		}
	}
	if err := b.mkdir("/dev/shm"); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", dev+"/shm", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=1777"); err != nil {
		return &jail.SetupError{Step: "mount tmpfs", Path: "/dev/shm", Err: err}
	}
	if err := b.terminals(dev); err != nil {
		return err
	}
	if err := restrict(dev, unix.MOUNT_ATTR_RDONLY, false); err != nil {
		return &jail.SetupError{Step: "make read-only", Path: "/dev", Err: err}
	}
	return nil
}

// terminals gives the jail pseudo terminals of its own, if the kernel has
// them (CONFIG_UNIX98_PTYS).
func (b *rootBuilder) terminals(dev string) error {
	if err := b.mkdir("/dev/pts"); err != nil {
		return err
	}
	if err := unix.Mount("devpts", dev+"/pts", "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620"); err != nil {
		if err == unix.ENODEV {
			return nil
		}
		return &jail.SetupError{Step: "mount devpts", Path: "/dev/pts", Err: err}
	}
	if err := unix.Symlink("pts/ptmx", dev+"/ptmx"); err != nil {
		return &jail.SetupError{Step: "symlink", Path: "/dev/ptmx", Err: err}
	}
	return nil
}
