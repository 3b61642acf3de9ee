//go:build linux

package linux

import (
	"context"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"fruix/jail"
	"fruix/jail/linux/stub"
)

// idmaps makes inputs that belong to root appear as the program's own.
//
// An ordinary caller's files belong to the one user that its jail knows, so
// the program sees itself as the owner of its inputs. Root's files would
// appear as nobody's: a difference that an archiver, say, would carry into its
// output. So root's inputs are mounted with their owner mapped from root to
// the build user (mount_setattr(2), "ID-mapped mounts"). Where the kernel or
// the file system cannot do that, inputs stay nobody's.
type idmaps struct {
	mu   sync.Mutex
	maps map[jail.HostUser]*os.File // a user namespace that maps 0 to the user
}

// namespace returns a user namespace in which u is root.
func (m *idmaps) namespace(u jail.HostUser) (*os.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f, ok := m.maps[u]; ok {
		return f, nil
	}
	f, err := newNamespace(u)
	if err != nil {
		return nil, err
	}
	if m.maps == nil {
		m.maps = make(map[jail.HostUser]*os.File)
	}
	m.maps[u] = f
	return f, nil
}

// newNamespace makes a user namespace: it belongs to a process that does nothing
// but wait, until the namespace is open.
func newNamespace(u jail.HostUser) (*os.File, error) {
	p := new(stub.Program)
	p.Add(record{Number: unix.SYS_READ}, number(0), p.Space(1), number(1))
	p.Exit(0)
	cmd, done, err := command(context.Background(), p, nil)
	if err != nil {
		return nil, err
	}
	defer done()
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: u.UID, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: u.GID, Size: 1}},
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	defer in.Close()
	return os.Open(fmt.Sprintf("/proc/%d/ns/user", cmd.Process.Pid))
}

// apply maps the owners of a detached mount.
func (m *idmaps) apply(tree *os.File, u jail.HostUser) error {
	ns, err := m.namespace(u)
	if err != nil {
		return err
	}
	return unix.MountSetattr(int(tree.Fd()), "", unix.AT_EMPTY_PATH, &unix.MountAttr{
		Attr_set:  unix.MOUNT_ATTR_IDMAP,
		Userns_fd: uint64(ns.Fd()),
	})
}
