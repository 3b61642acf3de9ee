package git

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Limits bound what a repository may make of a machine.
type Limits struct {
	Object int64 // the largest object, in bytes; it is held in memory
	Bytes  int64 // of all files together
	Files  int64 // and folders
	Pack   int64 // what a server may send
	Refs   int64 // references, and bytes of text that a server says of itself; they are
	Text   int64 // held in memory, too
}

// DefaultLimits are far beyond any source that people build from.
func DefaultLimits() Limits {
	return Limits{Object: 2 << 30, Bytes: 64 << 30, Files: 10_000_000, Pack: 64 << 30, Refs: 4_000_000, Text: maxText}
}

// LimitError is a repository that is larger than Limits allows.
type LimitError struct{ What, Most string }

func (e *LimitError) Error() string { return e.What + "; at most " + e.Most + " are taken" }

// maxLink is the longest target of a symbolic link.
const maxLink = 4095

// submodule is a place where another repository belongs.
type submodule struct {
	path   string // with slashes
	commit id
}

// checkout writes trees.
type checkout struct {
	objects
	ctxErr      func() error
	limits      *Limits // what is left
	submodules  []submodule
	attributes  []attributeFile // of the folders above, the outermost first
	modulesFile []byte          // .gitmodules of the top folder
}

// tree writes the tree i to the folder dir, which is called name below the top,
// and exists and is empty.
func (c *checkout) tree(i id, dir, name string) error {
	k, data, err := c.object(i)
	if err != nil {
		return err
	}
	if k != treeKind {
		return fmt.Errorf("%q is a %v and no tree", name, k)
	}
	entries, err := parseTree(data, len(i))
	if err != nil {
		return err
	}
	before := len(c.attributes)
	defer func() { c.attributes = c.attributes[:before] }()
	for _, e := range entries {
		if e.name != ".gitattributes" || e.mode&modeType != modeFile {
			continue
		}
		_, text, err := c.object(e.id)
		if err != nil {
			return err
		}
		c.attributes = append(c.attributes, parseAttributes(name, text))
	}
	for _, e := range entries {
		if err := checkName(e.name); err != nil {
			return fmt.Errorf("in the folder %q: %w", name, err)
		}
		full := e.name
		if name != "" {
			full = name + "/" + e.name
		}
		if err := c.entry(e, filepath.Join(dir, e.name), full); err != nil {
			if errors.Is(err, os.ErrExist) {
				return fmt.Errorf("the tree holds %q twice", full)
			}
			return err
		}
	}
	return nil
}

// entry writes one entry of a tree to path, where nothing may lie.
func (c *checkout) entry(e entry, path, name string) error {
	if err := c.ctxErr(); err != nil {
		return err
	}
	if c.limits.Files--; c.limits.Files < 0 {
		return &LimitError{"the revision holds more files than are taken", fmt.Sprint(DefaultLimits().Files)}
	}
	switch e.mode & modeType {
	case modeTree:
		if err := makeDir(path); err != nil {
			return err
		}
		return c.tree(e.id, path, name)
	case modeGitlink:
		c.submodules = append(c.submodules, submodule{name, e.id})
		return makeDir(path)
	case modeFile, modeLink:
	default:
		return fmt.Errorf("%q has the unknown mode %o", name, e.mode)
	}
	k, data, err := c.object(e.id)
	if err != nil {
		return err
	}
	if k != blobKind {
		return fmt.Errorf("%q is a %v and no file", name, k)
	}
	if c.limits.Bytes -= int64(len(data)); c.limits.Bytes < 0 {
		return &LimitError{"the revision holds more bytes than are taken", fmt.Sprint(DefaultLimits().Bytes)}
	}
	if e.mode&modeType == modeLink {
		if len(data) == 0 || len(data) > maxLink || strings.ContainsRune(string(data), 0) {
			return fmt.Errorf("the symbolic link %q has no proper target", name)
		}
		return os.Symlink(string(data), path)
	}
	if name == ".gitmodules" {
		c.modulesFile = data
	}
	if data, err = c.convert(name, e.id, data); err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if e.mode&0o100 != 0 {
		mode = 0o755
	}
	return writeFile(path, data, mode)
}

// makeDir makes a folder, whatever the umask is.
func makeDir(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	return os.Chmod(path, 0o755)
}

// writeFile writes a file that is not there yet, whatever the umask is. As all
// folders above were made here, no link can lead elsewhere.
func writeFile(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	return errors.Join(err, f.Close())
}

// checkName refuses names that git refuses, too: those that lead elsewhere,
// and those of git's own folder, in every spelling that some file system takes
// for it.
func checkName(name string) error {
	switch {
	case name == "", name == ".", name == "..", strings.ContainsAny(name, "/\x00"):
		return fmt.Errorf("the name %q leads out of its folder", name)
	case strings.EqualFold(name, ".git"), strings.EqualFold(name, "git~1"):
		return fmt.Errorf("the name %q is that of git's own folder", name)
	}
	return nil
}
