package tree

import (
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Irregularity is a node of a tree whose mode, time or owner is not that of the
// canonical form. An archive does not show it.
type Irregularity struct {
	Path string // of the node
	What string // such as "has the mode 0644"
}

func (i Irregularity) String() string { return i.Path + " " + i.What }

// Irregular looks for a node of the tree at root that is not in the canonical form,
// given to owner unless that is nil; nil when all are.
func Irregular(root string, owner *Owner) (*Irregularity, error) {
	var found *Irregularity
	err := filepath.WalkDir(root, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := lstatat(unix.AT_FDCWD, name)
		if err != nil {
			return pathError("lstat", name, err)
		}
		if what := irregular(&st, owner); what != "" {
			found = &Irregularity{name, what}
			return fs.SkipAll
		}
		return nil
	})
	return found, err
}

// canonicalMode is the mode that a file or directory has in the canonical form.
func canonicalMode(st *unix.Stat_t) uint32 {
	switch {
	case uint32(st.Mode)&unix.S_IFMT == unix.S_IFDIR:
		return DirMode
	case st.Mode&unix.S_IXUSR != 0:
		return ExecMode
	}
	return FileMode
}

// irregular says what is not canonical about a node, "" when nothing is.
func irregular(st *unix.Stat_t, owner *Owner) string {
	kind := uint32(st.Mode) & unix.S_IFMT
	switch mode := uint32(st.Mode) & 0o7777; {
	case kind != unix.S_IFLNK && mode != canonicalMode(st):
		return fmt.Sprintf("has the mode %04o", mode)
	case st.Mtim.Sec != Time || st.Mtim.Nsec != 0:
		return "has another time than that of the store's objects"
	case owner != nil && (int(st.Uid) != owner.UID || int(st.Gid) != owner.GID):
		return fmt.Sprintf("belongs to the user %d and the group %d", st.Uid, st.Gid)
	}
	return ""
}
