package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/store/path"
)

// ways finds out which objects links lead to. A directory has more than one name, such
// as where /home is a link: that a way leads into the store is seen by the directory
// that it comes to, not by how it is spelled. What a way comes to is remembered, so
// that many of one folder cost little; a ways is for one look at many of them.
type ways struct {
	p     Place
	store fileID            // of the store directory; zero when it is not there
	real  string            // the root directory by its name without links
	links map[string]string // what links say that were gone through; "" of what is none
	dirs  map[string]fileID
	// broken is why nobody can tell where the store is.
	broken error
}

// fileID tells directories apart, whatever their names are.
type fileID struct{ dev, ino uint64 }

// Bounds of a way. Users make links, and a collection follows them all.
const (
	maxHops  = 40 // links, as in Linux: path_resolution(7)
	maxSteps = 4096
	maxKnown = 100_000 // names that are remembered
)

var errEndless = &os.PathError{Op: "follow", Path: "a link", Err: unix.ELOOP}

func (p Place) ways() *ways {
	w := &ways{p: p, real: p.root, links: map[string]string{}, dirs: map[string]fileID{}}
	switch real, err := filepath.EvalSymlinks(p.root); {
	case err == nil:
		w.real = real
	case !nowhere(err):
		w.broken = err
	}
	var err error
	if w.store, err = w.dir(p.Physical(p.dir)); err != nil {
		w.broken = err
	}
	return w
}

// nowhere says whether an error means that a way leads to nothing, rather than that it
// could not be gone to its end: then what lies there may be there all the same.
func nowhere(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENAMETOOLONG)
}

// dir returns which directory lies at a path; zero when none does.
func (w *ways) dir(name string) (fileID, error) {
	id, ok := w.dirs[name]
	if ok {
		return id, nil
	}
	var st unix.Stat_t
	if err := unix.Stat(name, &st); err != nil && !nowhere(err) {
		return id, &fs.PathError{Op: "stat", Path: name, Err: err}
	} else if err == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR {
		id = fileID{uint64(st.Dev), uint64(st.Ino)}
	}
	if len(w.dirs) >= maxKnown {
		clear(w.dirs)
	}
	w.dirs[name] = id
	return id, nil
}

// isStore says whether dir is the store directory.
func (w *ways) isStore(dir string) (bool, error) {
	if dir == w.p.dir || dir == w.p.Physical(w.p.dir) {
		return true, nil
	}
	if w.store == (fileID{}) {
		return false, nil
	}
	id, err := w.dir(dir)
	return id == w.store, err
}

// readLink returns what the link called name says, "" when it is no link. passing says
// that others are likely to come by.
func (w *ways) readLink(name string, passing bool) (string, error) {
	if to, ok := w.links[name]; ok {
		return to, nil
	}
	to, err := os.Readlink(name)
	if errors.Is(err, unix.EINVAL) {
		to, err = "", nil
	}
	if err == nil && passing {
		if len(w.links) >= maxKnown {
			clear(w.links)
		}
		w.links[name] = to
	}
	return to, err
}

// place is what a way has come to: an object, and what is left of the way in it, or
// another file.
type place struct{ object, inside, file string }

// follow goes the way that the absolute path name says, until it comes into an object,
// be that there or not, or to its end. inside says that absolute links are those of the
// machine whose root directory is that of the store. A link at the end is gone through
// only with last.
func (w *ways) follow(name string, inside, last bool) (place, error) {
	dir, rest := "/", name
	// takes goes on by what a link says, or says where that leads if its name tells.
	takes := func(to string) (p place, in bool) {
		spelled := to
		if !filepath.IsAbs(to) {
			spelled = dir + "/" + to
		}
		if object, rest, ok := w.p.object(filepath.Clean(spelled)); ok {
			return place{object: object, inside: rest}, true
		}
		if rest = to; filepath.IsAbs(to) {
			if dir = "/"; inside {
				dir, rest = w.real, w.below(to)
			}
		}
		return place{}, false
	}
	if p, in := takes(name); in {
		return p, nil
	}
	if w.broken != nil {
		return place{}, w.broken
	}
	hops := 0
	for steps := 0; rest != ""; steps++ {
		if steps > maxSteps {
			return place{}, errEndless
		}
		var part string
		part, rest, _ = strings.Cut(strings.TrimLeft(rest, "/"), "/")
		rest = strings.TrimLeft(rest, "/")
		switch part {
		case "", ".":
			continue
		case "..":
			if !inside || dir != w.real {
				dir = filepath.Dir(dir)
			}
			continue
		}
		if len(part) > path.HashLen && part[path.HashLen] == '-' && !leaves(rest) {
			if q, err := path.ParseBase(part); err == nil {
				in, err := w.isStore(dir)
				if err != nil {
					return place{}, err
				}
				if in {
					p := place{object: q.In(w.p.dir)}
					if rest != "" {
						p.inside = filepath.Clean("/" + rest)
					}
					return p, nil
				}
			}
		}
		file := filepath.Join(dir, part)
		if rest == "" && !last {
			return place{file: file}, nil
		}
		to, err := w.readLink(file, rest != "")
		switch {
		case err != nil:
			return place{}, err
		case to == "":
			dir = file
			continue
		case hops == maxHops:
			return place{}, errEndless
		}
		hops++
		if rest != "" {
			to += "/" + rest
		}
		if p, in := takes(to); in {
			return p, nil
		}
	}
	return place{file: dir}, nil
}

// leaves says whether a way goes back up.
func leaves(rest string) bool {
	for part := range strings.SplitSeq(rest, "/") {
		if part == ".." {
			return true
		}
	}
	return false
}

// below returns the way from the root directory to what an absolute path names there,
// or, when it is spelled from above that, on this machine.
func (w *ways) below(name string) string {
	for _, root := range []string{w.p.root, w.real} {
		if rest, ok := strings.CutPrefix(name, root); ok && (rest == "" || rest[0] == '/' || root == "/") {
			return rest
		}
	}
	return name
}

// objects returns those that link leads to. An absolute link may be meant for this
// machine or for the one whose root directory that of the store is; so there may be two.
// The error is about a way that could not be gone to its end.
func (w *ways) objects(link string) (out []string, err error) {
	for _, inside := range w.machines() {
		p, ferr := w.follow(link, inside, true)
		switch {
		case ferr != nil && !nowhere(ferr):
			err = ferr
		case ferr == nil && p.object != "" && !(len(out) > 0 && out[0] == p.object):
			out = append(out, p.object)
		}
	}
	return out, err
}

// machines are the two that a name may be meant for: see [ways.follow].
func (w *ways) machines() []bool {
	if w.p.root == "/" {
		return []bool{false}
	}
	return []bool{false, true}
}
