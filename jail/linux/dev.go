//go:build linux

package linux

import (
	"fmt"

	"golang.org/x/sys/unix"
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

// devices fills /dev. Files in its memory take no more than so many bytes, unless
// that is 0.
func (c *program) devices(memory uint64) {
	c.mkdir("/dev")
	const dev = newRoot + "/dev"
	c.mount(step{"mount tmpfs", "/dev"}, "tmpfs", dev, unix.MS_NOSUID|unix.MS_NOEXEC, "mode=0755,size=64k")
	for _, name := range deviceNodes {
		at := dev + "/" + name
		c.touch(step{"create", "/dev/" + name}, at, 0)
		s := step{"bind mount", "/dev/" + name}
		// A host that is itself a container may lack some.
		c.add(s, record{Number: unix.SYS_MOUNT, Tolerate: int(unix.ENOENT), Skip: 1},
			c.String(oldRoot+"/dev/"+name), c.String(at), number(0), number(unix.MS_BIND), number(0))
		c.call(s, unix.SYS_UNLINKAT, atCWD, c.String(at), number(0))
	}
	for _, l := range deviceLinks {
		c.symlink("/dev/"+l.name, l.target)
	}
	c.mkdir("/dev/shm")
	options := "mode=1777"
	if memory > 0 {
		options += fmt.Sprintf(",size=%d", memory)
	}
	c.mount(step{"mount tmpfs", "/dev/shm"}, "tmpfs", dev+"/shm", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, options)
	c.terminals(dev)
	c.restrict(step{"make read-only", "/dev"}, dev, unix.MOUNT_ATTR_RDONLY, false)
}

// terminals gives the jail pseudo terminals of its own, if the kernel has
// them (CONFIG_UNIX98_PTYS).
func (c *program) terminals(dev string) {
	c.mkdir("/dev/pts")
	c.add(step{"mount devpts", "/dev/pts"}, record{Number: unix.SYS_MOUNT, Tolerate: int(unix.ENODEV), SkipAfter: 1},
		c.String("devpts"), c.String(dev+"/pts"), c.String("devpts"), number(unix.MS_NOSUID|unix.MS_NOEXEC),
		c.String("newinstance,ptmxmode=0666,mode=620"))
	c.symlink("/dev/ptmx", "pts/ptmx")
}
