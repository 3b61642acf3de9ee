package tree

import (
	"fmt"
	"os"
)

// HostOptions say what FromHost takes over from the host.
type HostOptions struct {
	// Owner gives the owner in the tree of the file at path (as Walk has it)
	// that uid and gid own on the host; nil keeps these.
	Owner func(path string, uid, gid uint32) (uint32, uint32)
	// MTime gives the time in the tree of the file at path that was modified
	// at t on the host, in seconds since 1970; nil keeps that.
	MTime func(path string, t int64) int64
	// Leave tells whether the file at path, with all that is in it, stays out
	// of the tree; nil takes everything. It is not asked about the root.
	Leave func(path string, kind Kind) bool
	// Holes says which parts of files become holes.
	Holes Holes
}

// FixedOwner is a HostOptions.Owner that gives everything to one owner.
func FixedOwner(uid, gid uint32) func(string, uint32, uint32) (uint32, uint32) {
	return func(string, uint32, uint32) (uint32, uint32) { return uid, gid }
}

// FixedTime is a HostOptions.MTime that gives everything one time.
func FixedTime(t int64) func(string, int64) int64 {
	return func(string, int64) int64 { return t }
}

// hostStat is what lstat(2) tells, in one form for all systems.
type hostStat struct {
	kind         Kind
	mode         uint32
	uid, gid     uint32
	mtime        int64 // seconds
	mtimeNano    int64
	size         int64
	allocated    int64 // bytes stored
	major, minor uint32
	nlink        uint64
	id           fileID
}

type fileID struct{ dev, ino uint64 }

// FromHost describes the host's folder dir as a sorted, valid tree. Symbolic
// links are not followed (except dir itself), hard links within dir become one
// node, contents are read later, when the tree is written: they must not
// change until then.
func FromHost(dir string, o HostOptions) (*Node, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a directory", dir)
	}
	st, err := stat(dir)
	if err != nil {
		return nil, err
	}
	h := hostReader{o: o, links: make(map[fileID]*Node)}
	return h.node(dir, ".", st)
}

type hostReader struct {
	o     HostOptions
	links map[fileID]*Node // nodes with more than one name on the host
}

func (h *hostReader) node(host, path string, st hostStat) (*Node, error) {
	if st.kind != Dir && st.nlink > 1 {
		if n := h.links[st.id]; n != nil {
			return n, nil
		}
	}
	n := &Node{Kind: st.kind, Mode: st.mode, UID: st.uid, GID: st.gid, MTime: st.mtime}
	if h.o.Owner != nil {
		n.UID, n.GID = h.o.Owner(path, st.uid, st.gid)
	}
	if h.o.MTime != nil {
		n.MTime = h.o.MTime(path, st.mtime)
	}
	switch st.kind {
	case File:
		if st.size > 0 {
			n.Content = newHostFile(host, st, h.o.Holes)
		}
	case Symlink:
		target, err := os.Readlink(host)
		if err != nil {
			return nil, err
		}
		n.Target = target
	case CharDevice, BlockDevice:
		n.Major, n.Minor = st.major, st.minor
	case Dir:
		if err := h.entries(n, host, path); err != nil {
			return nil, err
		}
	}
	if st.kind != Dir && st.nlink > 1 {
		h.links[st.id] = n
	}
	return n, nil
}

func (h *hostReader) entries(n *Node, host, path string) error {
	list, err := os.ReadDir(host) // sorted by name
	if err != nil {
		return err
	}
	n.Entries = make([]Entry, 0, len(list))
	for _, item := range list {
		name := item.Name()
		sub, at := host+string(os.PathSeparator)+name, join(path, name)
		st, err := lstat(sub)
		if err != nil {
			return err
		}
		if h.o.Leave != nil && h.o.Leave(at, st.kind) {
			continue
		}
		child, err := h.node(sub, at, st)
		if err != nil {
			return err
		}
		n.Entries = append(n.Entries, Entry{name, child})
	}
	return nil
}
