package tree

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxName is the length in bytes of the longest name in a directory. It is
// NAME_MAX of Linux and FreeBSD, and the most that ext4 and UFS2 can store.
const MaxName = 255

// String names the kind as messages to people do.
func (k Kind) String() string {
	switch k {
	case Dir:
		return "directory"
	case File:
		return "file"
	case Symlink:
		return "symbolic link"
	case CharDevice:
		return "character device"
	case BlockDevice:
		return "block device"
	case Fifo:
		return "fifo"
	case Socket:
		return "socket"
	}
	return fmt.Sprintf("unknown kind %d", uint8(k))
}

// Sort orders the entries of every directory by the bytes of their names, so
// that the order in which a tree was put together leaves no trace in what is
// written from it. It changes the tree in place. Trees with loops are left to
// Validate to refuse; Sort visits each directory once whatever its shape.
func Sort(root *Node) {
	seen := make(map[*Node]bool)
	var visit func(*Node)
	visit = func(n *Node) {
		if n == nil || n.Kind != Dir || seen[n] {
			return
		}
		seen[n] = true
		slices.SortStableFunc(n.Entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
		for _, e := range n.Entries {
			visit(e.Node)
		}
	}
	visit(root)
}

// Validate tells whether a tree is one that a file system can hold: the root
// is a directory; each directory has exactly one name (so there are no loops);
// names are 1 to MaxName bytes without "/" and NUL, differ within a directory
// and are not "." or ".."; modes fit in 07777; and only the fields that belong
// to its kind are set in each node. The error names the path of the first
// offence in the order of the entries.
func Validate(root *Node) error {
	if root == nil {
		return errors.New("tree has no root")
	}
	if root.Kind != Dir {
		return fmt.Errorf("root of the tree is a %v, not a directory", root.Kind)
	}
	v := validator{dirs: make(map[*Node]string), files: make(map[*Node]bool)}
	return v.node(".", root)
}

type validator struct {
	dirs  map[*Node]string // the path under which each directory was met
	files map[*Node]bool   // non-directories already checked
}

func (v *validator) node(path string, n *Node) error {
	if n.Kind != Dir {
		if v.files[n] {
			return nil
		}
		v.files[n] = true
		return checkNode(path, n)
	}
	if first, ok := v.dirs[n]; ok {
		return fmt.Errorf("%q: the same directory is already at %q; a directory can have only one name", path, first)
	}
	v.dirs[n] = path
	if err := checkNode(path, n); err != nil {
		return err
	}
	names := make(map[string]bool, len(n.Entries))
	for _, e := range n.Entries {
		if err := CheckName(e.Name); err != nil {
			return fmt.Errorf("in directory %q: %w", path, err)
		}
		if names[e.Name] {
			return fmt.Errorf("in directory %q: two entries are named %q", path, e.Name)
		}
		names[e.Name] = true
		if e.Node == nil {
			return fmt.Errorf("%q: entry has no node", join(path, e.Name))
		}
		if err := v.node(join(path, e.Name), e.Node); err != nil {
			return err
		}
	}
	return nil
}

// CheckName tells whether a string can be the name of a directory entry.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("an entry has an empty name")
	case name == "." || name == "..":
		return fmt.Errorf("an entry may not be named %q", name)
	case len(name) > MaxName:
		return fmt.Errorf("name %q is %d bytes long; the most is %d", name, len(name), MaxName)
	case strings.ContainsAny(name, "/\x00"):
		return fmt.Errorf("name %q contains a slash or a NUL byte", name)
	}
	return nil
}

func checkNode(path string, n *Node) error {
	if n.Kind > Socket {
		return fmt.Errorf("%q: %v", path, n.Kind)
	}
	if n.Mode&^07777 != 0 {
		return fmt.Errorf("%q: mode %#o has bits outside 07777", path, n.Mode)
	}
	if n.Kind != Dir && len(n.Entries) != 0 {
		return fmt.Errorf("%q: a %v cannot have entries", path, n.Kind)
	}
	if n.Kind != File && n.Content != nil {
		return fmt.Errorf("%q: a %v cannot have content", path, n.Kind)
	}
	if n.Kind == File && n.Content != nil && n.Content.Size() < 0 {
		return fmt.Errorf("%q: content has the negative size %d", path, n.Content.Size())
	}
	if n.Kind == Symlink {
		if n.Target == "" {
			return fmt.Errorf("%q: symbolic link has an empty target", path)
		}
		if strings.ContainsRune(n.Target, 0) {
			return fmt.Errorf("%q: symbolic link target %q contains a NUL byte", path, n.Target)
		}
	} else if n.Target != "" {
		return fmt.Errorf("%q: a %v cannot have a link target", path, n.Kind)
	}
	if n.Kind != CharDevice && n.Kind != BlockDevice && (n.Major != 0 || n.Minor != 0) {
		return fmt.Errorf("%q: a %v cannot have device numbers", path, n.Kind)
	}
	return nil
}

// join appends a name to a path as Walk writes them.
func join(dir, name string) string {
	if dir == "." {
		return name
	}
	return dir + "/" + name
}
