package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/store/path"
)

// Place is where a store is and what it is called. It serves a Store, and those who
// may not write one and ask somebody else.
type Place struct{ root, dir, state string }

// NewPlace returns the place of the store that lies under the directory root and is
// called dir; state is the logical directory of its database, roots, logs and locks.
// For "" the last two have defaults.
func NewPlace(root, dir, state string) (Place, error) {
	if dir == "" {
		dir = DefaultStoreDir
	}
	if state == "" {
		state = DefaultStateDir
	}
	for _, x := range [][2]string{{"root", root}, {"store directory", dir}, {"state directory", state}} {
		if !filepath.IsAbs(x[1]) || filepath.Clean(x[1]) != x[1] {
			return Place{}, fmt.Errorf("the %s %q is not an absolute path in its simplest form", x[0], x[1])
		}
	}
	return Place{root, dir, state}, nil
}

// Dir returns the logical store directory.
func (p Place) Dir() string { return p.dir }

// Root returns the directory that logical paths are looked up under.
func (p Place) Root() string { return p.root }

// Physical returns where a logical path lies on this machine.
func (p Place) Physical(logical string) string { return filepath.Join(p.root, logical) }

// Logical is the inverse of Physical. It reports whether physical lies under
// the root.
func (p Place) Logical(physical string) (string, bool) {
	if p.root == "/" {
		return physical, filepath.IsAbs(physical)
	}
	rest, ok := strings.CutPrefix(physical, p.root)
	return rest, ok && strings.HasPrefix(rest, "/")
}

// StatePath returns the physical path of elem in the state directory.
func (p Place) StatePath(elem ...string) string {
	return filepath.Join(append([]string{p.root, p.state}, elem...)...)
}

// Free returns how many bytes an ordinary user may still write to the file
// system that the objects lie in.
func (p Place) Free() (int64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(p.Physical(p.dir), &fs); err != nil {
		return 0, fmt.Errorf("cannot tell how much space is free: %w", err)
	}
	return int64(fs.Bavail) * int64(fs.Bsize), nil
}

// object returns the object that a logical or physical path lies in, as its spelling
// says. That a path is spelled another way does not mean that it leads elsewhere: see
// [ways].
func (p Place) object(name string) (object, inside string, ok bool) {
	if q, rest, err := path.Split(p.dir, name); err == nil {
		return q.In(p.dir), rest, true
	}
	if logical, ok := p.Logical(name); ok {
		if q, rest, err := path.Split(p.dir, logical); err == nil {
			return q.In(p.dir), rest, true
		}
	}
	return "", "", false
}

// Find returns the object that name lies in, and the way from there to name, which
// is empty or begins with a slash. name is a logical or a physical path, however it is
// spelled, or a link that leads to one; nothing is said about validity.
func (p Place) Find(name string) (object, inside string, err error) {
	abs := name
	if !filepath.IsAbs(name) {
		if abs, err = filepath.Abs(name); err != nil {
			return "", "", err
		}
	}
	if at, err := p.ways().follow(abs, false, true); err == nil && at.object != "" {
		return at.object, at.inside, nil
	}
	return "", "", &NotInStoreError{Path: name, StoreDir: p.dir}
}

// Resolve returns where on this machine the file is that name, a logical or a physical
// path, leads to, and goes through links in objects by their logical names. A link at
// the end is gone through only with last. What does not lie in the store, or is not
// there, is returned as far as it could be followed.
func (p Place) Resolve(name string, last bool) string {
	for hops := 0; ; hops++ {
		object, inside, err := p.Find(name)
		if err != nil {
			return name
		}
		if hops == maxHops {
			return p.Physical(object) + inside
		}
		at, rest := object, strings.TrimPrefix(inside, "/")
		for {
			if to, err := os.Readlink(p.Physical(at)); err == nil && (last || rest != "") {
				if !filepath.IsAbs(to) {
					to = filepath.Join(filepath.Dir(at), to)
				}
				name = filepath.Join(to, rest)
				break
			}
			if rest == "" {
				return p.Physical(at)
			}
			var part string
			part, rest, _ = strings.Cut(rest, "/")
			at += "/" + part
		}
	}
}
