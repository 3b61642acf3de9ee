package tree

import (
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"

	imagetree "fruix/image/tree"
)

// A Kind says what an entry does.
type Kind string

// The kinds of entries.
const (
	Directory     Kind = "directory"
	File          Kind = "file"           // Text, or the bytes of the file Source
	Symlink       Kind = "symlink"        // to Target
	HardLink      Kind = "hardlink"       // another name of Target
	Copy          Kind = "copy"           // Source with all below it, made writable for its owner
	Links         Kind = "links"          // one to each name below Source that Path lacks, leading below Target
	Closure       Kind = "closure"        // the store items of the graph Graph, read-only, known to the store by Registrations
	CharDevice    Kind = "char-device"    // Major, Minor
	BlockDevice   Kind = "block-device"   // Major, Minor
	Fifo          Kind = "fifo"           //
	Attributes    Kind = "attributes"     // Mode and owner of what is there already
	KernelModules Kind = "kernel-modules" // in initrds only
)

func kinds(initrd bool) []string {
	list := []string{string(Directory), string(File), string(Symlink), string(HardLink), string(Copy), string(Links), string(Closure),
		string(CharDevice), string(BlockDevice), string(Fifo), string(Attributes)}
	if initrd {
		list = append(list, string(KernelModules))
	}
	return list
}

// The owner and the mode of the directory that holds a closure: the members of
// the build users' group may add items, and remove only their own.
const (
	storeMode  = 0o1775
	storeGroup = 35000
)

// An Entry is one step in the making of a tree.
type Entry struct {
	Path     string // absolute and clean
	Kind     Kind
	Mode     uint32
	UID, GID uint32
	Time     int64 // seconds since 1970
	Replace  bool  // may take the place of what is there
	Text     string
	Source   string // a logical path
	HasText  bool   // Text is the content, not Source
	Target   string
	Graph    string // name of a reference graph
	// Registrations names what a store is to know of its items; "" lets it know none.
	Registrations string
	Major         uint32
	Minor         uint32
	Modules       []string
	// HasMode and HasOwner tell whether the plan gives Mode, and UID or GID;
	// otherwise those fields hold what is usual.
	HasMode, HasOwner bool
}

// parseEntries reads a list of entries. where names what they belong to.
func parseEntries(where string, list []any, initrd bool) ([]Entry, error) {
	entries := make([]Entry, 0, len(list))
	for i, v := range list {
		e, err := parseEntry(where, i, v, initrd)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func parseEntry(where string, i int, v any, initrd bool) (Entry, error) {
	var e Entry
	o, err := newObject(fmt.Sprintf("%s: entry %d", where, i+1), v)
	if err != nil {
		return e, err
	}
	kind, err := o.required("kind")
	if err != nil {
		return e, err
	}
	e.Kind = Kind(kind)
	if !contains(kinds(initrd), kind) {
		return e, o.unknown("kind", kind, kinds(initrd))
	}
	if e.Kind == KernelModules && !o.has("path") {
		o.take("path")
		e.Path = "/lib/modules"
	} else if e.Path, err = o.required("path"); err != nil {
		return e, err
	}
	if err := checkPath(e.Path, e.Kind); err != nil {
		return e, o.errorf("path", "%v", err)
	}
	o.where = where + ": " + strconv.Quote(e.Path)
	if err := e.common(o); err != nil {
		return e, err
	}
	if err := e.special(o); err != nil {
		return e, err
	}
	return e, o.finish()
}

// common reads what nearly all kinds have.
func (e *Entry) common(o *object) error {
	var err error
	if e.Replace, err = o.boolean("replace"); err != nil {
		return err
	}
	e.Mode = e.usualMode()
	if e.Kind == Closure {
		e.GID = storeGroup
	}
	e.HasOwner = o.has("uid") || o.has("gid")
	if e.Kind == HardLink { // has the attributes of its target
		return nil
	}
	uid, err := o.number("uid", int64(e.UID), math.MaxUint32-1)
	if err != nil {
		return err
	}
	gid, err := o.number("gid", int64(e.GID), math.MaxUint32-1)
	if err != nil {
		return err
	}
	e.UID, e.GID = uint32(uid), uint32(gid)
	if e.Time, err = o.number("time", SourceTime, 1<<33); err != nil {
		return err
	}
	switch e.Kind {
	case Symlink, Copy, Links, KernelModules: // have no mode of their own
		return nil
	}
	s, err := o.text("mode", "")
	if err != nil || !o.has("mode") {
		return err
	}
	m, err := strconv.ParseUint(s, 8, 32)
	if err != nil || m > 0o7777 || strings.ContainsAny(s, "_+-") {
		return o.errorf("mode", "%q is not a mode in octal digits, such as \"0755\"", shorten(s))
	}
	e.Mode, e.HasMode = uint32(m), true
	return nil
}

func (e *Entry) usualMode() uint32 {
	switch e.Kind {
	case Directory:
		return 0o755
	case Symlink:
		return 0o777
	case Closure:
		return storeMode
	case CharDevice, BlockDevice, Fifo:
		return 0o600
	}
	return 0o644
}

// special reads what only some kinds have.
func (e *Entry) special(o *object) error {
	var err error
	switch e.Kind {
	case File:
		e.HasText = o.has("text")
		if e.HasText == o.has("source") {
			return fmt.Errorf("%s: a file needs either text or source", o.where)
		}
		if e.Text, err = o.text("text", ""); err != nil {
			return err
		}
		if e.HasText {
			o.take("source") // known, though not together with text
			return nil
		}
		return e.source(o)
	case Copy:
		return e.source(o)
	case Links:
		if e.Target, err = o.required("target"); err != nil {
			return err
		}
		if err := checkPath(e.Target, Directory); err != nil {
			return o.errorf("target", "%v", err)
		}
		return e.source(o)
	case Symlink:
		e.Target, err = o.required("target")
		if err == nil && strings.ContainsRune(e.Target, 0) {
			err = o.errorf("target", "contains a NUL character")
		}
		return err
	case HardLink:
		if e.Target, err = o.required("target"); err != nil {
			return err
		}
		if err := checkPath(e.Target, e.Kind); err != nil {
			return o.errorf("target", "%v", err)
		}
		return nil
	case Closure:
		if e.Graph, err = o.required("graph"); err != nil {
			return err
		}
		if err := imagetree.CheckName(e.Graph); err != nil { // it names a file
			return o.errorf("graph", "%v", err)
		}
		if e.Registrations, err = o.text("registrations", ""); err != nil || e.Registrations == "" {
			return err
		}
		if err := imagetree.CheckName(e.Registrations); err != nil { // as well
			return o.errorf("registrations", "%v", err)
		}
		return nil
	case CharDevice, BlockDevice:
		return e.device(o)
	case Attributes:
		if !e.HasMode && !e.HasOwner {
			return fmt.Errorf("%s: attributes need a mode, a uid or a gid", o.where)
		}
	case KernelModules:
		if e.Modules, err = o.texts("modules"); err != nil {
			return err
		}
		return e.source(o)
	}
	return nil
}

func (e *Entry) source(o *object) error {
	var err error
	if e.Source, err = o.required("source"); err != nil {
		return err
	}
	if err := checkPath(e.Source, e.Kind); err != nil {
		return o.errorf("source", "%v", err)
	}
	return nil
}

func (e *Entry) device(o *object) error {
	for _, f := range []struct {
		key string
		to  *uint32
	}{{"major", &e.Major}, {"minor", &e.Minor}} {
		if !o.has(f.key) {
			return o.errorf(f.key, "is missing")
		}
		n, err := o.number(f.key, 0, math.MaxUint32)
		if err != nil {
			return err
		}
		*f.to = uint32(n)
	}
	return nil
}

// checkPath tells whether a path is absolute, written in the one way that
// leaves no doubt, and made of names that file systems can hold.
func checkPath(p string, kind Kind) error {
	switch {
	case !strings.HasPrefix(p, "/"):
		return fmt.Errorf("%q is not absolute", shorten(p))
	case path.Clean(p) != p:
		return fmt.Errorf("%q must be written %q", shorten(p), shorten(path.Clean(p)))
	case p == "/":
		if kind != Directory && kind != Copy && kind != Links && kind != Attributes {
			return fmt.Errorf("\"/\" cannot be a %s", kind)
		}
		return nil
	}
	for name := range strings.SplitSeq(p[1:], "/") {
		if err := imagetree.CheckName(name); err != nil {
			return err
		}
	}
	return nil
}
