package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	imagetree "fruix/image/tree"
)

// maxLinks is how many symbolic links may lead to a source, as many as Linux
// follows.
const maxLinks = 40

// follow returns where on this machine the file lies that a logical path leads
// to. Absolute links lead from logical path to logical path, so the system can
// follow them only where the two are the same.
func (t *build) follow(logical string) (string, error) {
	// In jails and for most paths elsewhere nothing needs to be followed.
	direct := t.sources.resolve(logical)
	if info, err := os.Lstat(direct); err == nil && info.Mode().Type() != fs.ModeSymlink {
		return direct, nil
	}
	done, rest, links := "/", strings.TrimPrefix(logical, "/"), 0
	for rest != "" {
		name, after, _ := strings.Cut(rest, "/")
		rest = after
		at := path.Join(done, name)
		target, err := os.Readlink(t.sources.resolve(at))
		if err != nil {
			done = at // no link, or above the store, or missing: the end tells
			continue
		}
		if links++; links > maxLinks {
			return "", fmt.Errorf("the source %q leads through more than %d symbolic links", logical, maxLinks)
		}
		if !path.IsAbs(target) {
			target = path.Join(done, target)
		}
		done, rest = "/", strings.TrimPrefix(path.Join(target, rest), "/")
	}
	if _, err := os.Lstat(t.sources.resolve(done)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			if done != logical {
				return "", fmt.Errorf("the source %q leads to %q, which does not exist", logical, done)
			}
			return "", fmt.Errorf("the source %q does not exist", logical)
		}
		return "", fmt.Errorf("the source %q: %w", logical, err)
	}
	return t.sources.resolve(done), nil
}

// fileSource returns the content of a regular file.
func (t *build) fileSource(logical string) (imagetree.Content, error) {
	host, err := t.follow(logical)
	if err != nil {
		return nil, err
	}
	c, err := hostFile(host)
	if err != nil {
		return nil, fmt.Errorf("the source %q: %w", logical, err)
	}
	return c, nil
}

// hostFile returns the content of a file, all of it stored: which parts the
// host keeps as holes must not be seen in what is made of it. An empty file
// has none.
func hostFile(host string) (imagetree.Content, error) {
	c, err := imagetree.NewHostFile(host, imagetree.HolesNone)
	if err != nil || c.Size() == 0 {
		return nil, err
	}
	return c, nil
}

// perms are the permissions of what a store item holds.
type perms struct {
	dir, file, program uint32
	uid, gid           uint32
	time               int64
}

// item describes a store item as it is in a store.
func (t *build) item(logical string) (*imagetree.Node, error) {
	host := t.sources.resolve(logical)
	if _, err := os.Lstat(host); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the store item %q does not exist", logical)
	}
	n, err := read(host, perms{dir: 0o555, file: 0o444, program: 0o555, time: SourceTime})
	if err != nil {
		return nil, fmt.Errorf("the store item %q: %w", logical, err)
	}
	return n, nil
}

// copySource describes the copy of a source that its owner may change.
func (t *build) copySource(e Entry) (*imagetree.Node, error) {
	host, err := t.follow(e.Source)
	if err != nil {
		return nil, err
	}
	n, err := read(host, perms{dir: 0o755, file: 0o644, program: 0o755, uid: e.UID, gid: e.GID, time: e.Time})
	if err != nil {
		return nil, fmt.Errorf("the source %q: %w", e.Source, err)
	}
	return n, nil
}

// read describes a file or a folder of the host, of which only kinds, names,
// bytes, link targets and the owner's permission to execute count. In
// particular files that share their storage come apart: a store may link equal
// files to each other at any time.
func read(host string, p perms) (*imagetree.Node, error) {
	info, err := os.Lstat(host)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return readFile(host, info, p)
	}
	n, err := imagetree.FromHost(host, imagetree.HostOptions{
		Owner: imagetree.FixedOwner(p.uid, p.gid), MTime: imagetree.FixedTime(p.time), Holes: imagetree.HolesNone,
	})
	if err != nil {
		return nil, err
	}
	return n, p.normalize(n, make(map[*imagetree.Node]bool))
}

func readFile(host string, info fs.FileInfo, p perms) (*imagetree.Node, error) {
	n := &imagetree.Node{UID: p.uid, GID: p.gid, MTime: p.time}
	switch info.Mode().Type() {
	case fs.ModeSymlink:
		target, err := os.Readlink(host)
		if err != nil {
			return nil, err
		}
		n.Kind, n.Mode, n.Target = imagetree.Symlink, 0o777, target
	case 0:
		c, err := hostFile(host)
		if err != nil {
			return nil, err
		}
		n.Kind, n.Mode, n.Content = imagetree.File, p.fileMode(uint32(info.Mode().Perm())), c
	default:
		return nil, fmt.Errorf("is no file, directory or symbolic link")
	}
	return n, nil
}

func (p perms) fileMode(host uint32) uint32 {
	if host&0o100 != 0 {
		return p.program
	}
	return p.file
}

// normalize sets the modes of a tree and takes hard links apart.
func (p perms) normalize(n *imagetree.Node, seen map[*imagetree.Node]bool) error {
	switch n.Kind {
	case imagetree.Dir:
		n.Mode = p.dir
		for i := range n.Entries {
			e := &n.Entries[i]
			if e.Node.Kind != imagetree.Dir {
				if seen[e.Node] {
					again := *e.Node // its mode is set already
					e.Node = &again
					continue
				}
				seen[e.Node] = true
			}
			if err := p.normalize(e.Node, seen); err != nil {
				return fmt.Errorf("%s: %w", e.Name, err)
			}
		}
	case imagetree.File:
		n.Mode = p.fileMode(n.Mode)
	case imagetree.Symlink:
		n.Mode = 0o777
	default:
		return fmt.Errorf("is a %v, which a store cannot hold", n.Kind)
	}
	return nil
}
