package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// ExtractOptions change what Extract does.
type ExtractOptions struct {
	// Stop is asked before each file and several times in long ones; an error
	// ends the extraction. The Err method of a context fits. It may be nil.
	Stop func() error
	// DropSetID leaves out the set-user-ID and set-group-ID bits of files
	// whose owner could not be applied, because they would lend the rights
	// of the caller.
	DropSetID bool
	// Progress is told after each regular file how many bytes all of them hold so
	// far; it may be nil.
	Progress func(bytes int64)
	// Last tells of which files the name says that all else is there. They get it
	// at the very end, and until then another one. Paths are as in Walk. It may be
	// nil.
	Last func(path string) bool
	// Sync returns when all that lies below a folder is on the disk. It is asked
	// before and after the files of Last get their names. When it is nil nothing
	// waits for the disk.
	Sync func(dir string) error
}

// Extracted tells what of a tree the host did not let Extract apply. Paths are
// as in Walk and come in its order.
type Extracted struct {
	// Owners are the files that belong to the caller and not to the owner
	// that the tree declares.
	Owners []string
	// SetID are those of them with a set-user-ID or set-group-ID bit.
	SetID []string
	// Missing are the devices, fifos and sockets that could not be made.
	Missing []string
}

// Complete tells whether everything was applied.
func (e Extracted) Complete() bool { return len(e.Owners) == 0 && len(e.Missing) == 0 }

// Extract writes a tree onto the host as the folder dir, which must not exist
// yet, though its parent must, or be empty. Modes and times are as declared,
// whatever the umask; holes stay holes. Owners and devices are applied if the
// caller may do that; what was not applied is in the result and is no error.
//
// On an error what was made is removed. Until the end nobody but the owner of
// the process can look into dir.
func Extract(root *Node, dir string, o ExtractOptions) (Extracted, error) {
	if err := Validate(root); err != nil {
		return Extracted{}, err
	}
	if o.Stop == nil {
		o.Stop = func() error { return nil }
	}
	made, before, err := makeTarget(dir)
	if err != nil {
		return Extracted{}, err
	}
	x := extractor{o: o, first: make(map[*Node]string)}
	err = x.directory(dir, ".", root)
	if err == nil {
		err = x.finish(dir)
	}
	if err != nil {
		err = fmt.Errorf("extracting to %s: %w", dir, err)
		if rerr := clearTarget(dir, made, before); rerr != nil {
			err = fmt.Errorf("%w (and could not clean up: %v)", err, rerr)
		}
		return Extracted{}, err
	}
	return x.result, nil
}

// makeTarget makes dir, or checks that it is empty, and closes it to others.
func makeTarget(dir string) (made bool, before fs.FileMode, err error) {
	err = os.Mkdir(dir, 0o700)
	if err == nil || !errors.Is(err, fs.ErrExist) {
		return err == nil, 0, err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return false, 0, err
	}
	if !info.IsDir() {
		return false, 0, fmt.Errorf("%s is there already and is not a directory", dir)
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return false, 0, err
	}
	if len(list) > 0 {
		return false, 0, fmt.Errorf("%s is there already and is not empty (it holds %q); name a new or an empty directory", dir, list[0].Name())
	}
	before = info.Mode()
	return false, before, os.Chmod(dir, 0o700)
}

// clearTarget undoes an extraction.
func clearTarget(dir string, made bool, before fs.FileMode) error {
	// Directories that are done may be closed to their owner.
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
	if made {
		return os.RemoveAll(dir)
	}
	list, err := os.ReadDir(dir)
	for _, d := range list {
		if rerr := os.RemoveAll(filepath.Join(dir, d.Name())); err == nil {
			err = rerr
		}
	}
	if cerr := os.Chmod(dir, before); err == nil {
		err = cerr
	}
	return err
}

type extractor struct {
	o      ExtractOptions
	first  map[*Node]string // host paths of files that may get more names
	result Extracted
	last   []later

	written int64 // bytes of regular files
}

// later is a file that gets its name at the end.
type later struct {
	temp, host string
	dir        *Node // which it is in
}

// finish gives the files of Last their names.
func (x *extractor) finish(dir string) error {
	sync := x.o.Sync
	if sync == nil {
		sync = func(string) error { return nil }
	}
	if err := sync(dir); err != nil || len(x.last) == 0 {
		return err
	}
	if err := x.o.Stop(); err != nil {
		return err
	}
	for _, l := range x.last {
		if err := l.rename(); err != nil {
			return err
		}
	}
	return sync(dir)
}

// rename gives l its name. Its directory may forbid that even to its owner, and gets
// another time by it.
func (l later) rename() error {
	host := filepath.Dir(l.host)
	before, err := lstat(host)
	if err != nil {
		return err
	}
	if err := chmod(host, before.mode|0o300); err != nil {
		return err
	}
	return errors.Join(os.Rename(l.temp, l.host), chmod(host, before.mode), setTime(host, l.dir.MTime))
}

// temporary is a name that no entry of dir has.
func temporary(dir *Node, name string) string {
	for {
		name = "." + name + ".part"
		if !slices.ContainsFunc(dir.Entries, func(e Entry) bool { return e.Name == name }) {
			return name
		}
	}
}

// directory fills a directory that is there already. Its own attributes come
// last: they may forbid writing, and writing changes its time.
func (x *extractor) directory(host, path string, n *Node) error {
	// Its place in the result is before its entries.
	at := x.result
	for _, e := range n.Entries {
		at, path := filepath.Join(host, e.Name), join(path, e.Name)
		if x.o.Last != nil && e.Node.Kind == File && x.o.Last(path) {
			l := later{filepath.Join(host, temporary(n, e.Name)), at, n}
			x.last = append(x.last, l)
			at = l.temp
		}
		if err := x.entry(at, path, e.Node); err != nil {
			return err
		}
	}
	if err := x.attributes(host, path, n); err != nil {
		return err
	}
	lastToFront(x.result.Owners[len(at.Owners):], path)
	lastToFront(x.result.SetID[len(at.SetID):], path)
	return nil
}

func (x *extractor) entry(host, path string, n *Node) error {
	if err := x.o.Stop(); err != nil {
		return err
	}
	if n.Kind == Dir {
		if err := os.Mkdir(host, 0o700); err != nil {
			return err
		}
		return x.directory(host, path, n)
	}
	if first, ok := x.first[n]; ok {
		if first == "" { // it could not be made
			x.result.Missing = append(x.result.Missing, path)
			return nil
		}
		return os.Link(first, host)
	}
	x.first[n] = host
	switch n.Kind {
	case File:
		if err := x.file(host, n); err != nil {
			return err
		}
	case Symlink:
		if err := os.Symlink(n.Target, host); err != nil {
			return err
		}
	default:
		err := mknod(host, n)
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
			x.first[n] = ""
			x.result.Missing = append(x.result.Missing, path)
			return nil
		}
		if err != nil {
			return err
		}
	}
	return x.attributes(host, path, n)
}

func (x *extractor) file(host string, n *Node) error {
	f, err := os.OpenFile(host, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = Copy(Guard{W: f, Err: x.o.Stop}, 0, n.Content)
	if err == nil {
		err = extend(f, n.Size())
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if x.written += n.Size(); err == nil && x.o.Progress != nil {
		x.o.Progress(x.written)
	}
	return err
}

// extend makes a file of that size, should it end in a hole. Most do not, and
// looking is cheaper than truncating, which journals.
func extend(f *os.File, size int64) error {
	info, err := f.Stat()
	if err != nil || info.Size() == size {
		return err
	}
	return f.Truncate(size)
}

// attributes sets owner, mode and time in the order in which none undoes
// another: a change of the owner takes set-id bits away.
func (x *extractor) attributes(host, path string, n *Node) error {
	mode, owned := n.Mode, true
	if err := os.Lchown(host, int(n.UID), int(n.GID)); err != nil {
		if !errors.Is(err, fs.ErrPermission) && !isInvalid(err) {
			return err
		}
		owned = false
		x.result.Owners = append(x.result.Owners, path)
		if n.Kind != Symlink && mode&06000 != 0 {
			x.result.SetID = append(x.result.SetID, path)
			if x.o.DropSetID {
				mode &^= 06000
			}
		}
	}
	if n.Kind != Symlink {
		err := chmod(host, mode)
		if errors.Is(err, fs.ErrPermission) && !owned && mode&07000 != 0 {
			// FreeBSD refuses set-group-ID and sticky bits to strangers.
			err = chmod(host, mode&0777)
		}
		if err != nil {
			return err
		}
	}
	return setTime(host, n.MTime)
}

// lastToFront moves the last element to the front, if it is path.
func lastToFront(s []string, path string) {
	if len(s) > 1 && s[len(s)-1] == path {
		copy(s[1:], s)
		s[0] = path
	}
}
