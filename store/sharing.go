package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"fruix/store/nixbase32"
	"fruix/store/tree"
)

// Equal regular files of all objects share their place on the disk by hard links.
// linksDir holds a name for each content: that of a file of some size is made of
// the hash of its archive, as Nix's and Guix's directory of this name does, and
// that of a larger one of the hash of parts of it and a number. A name is put there
// only after its file has been synced and registered; and a file becomes a link to
// it only after what lies there has been read, so that damage does not spread.
const linksDir = ".links"

// likeSamples is how many large files that differ, but whose samples do not, may
// have shared names.
const likeSamples = 4

// shareFrom is the size of the smallest files that are shared as they arrive: for
// smaller ones a name costs more than it saves. Guix has the same limit.
const shareFrom = 8 << 10

func (s *Store) linksDir() string { return filepath.Join(s.Physical(s.c.StoreDir), linksDir) }

// sharing shares the files of one object with others while it arrives.
type sharing struct {
	s *Store

	mu    sync.Mutex
	fresh []tree.File // whose content nothing else has
}

// sharing returns what shares the files of an object, nil when none are to be
// shared.
func (s *Store) sharing() *sharing {
	if s.c.Unshared {
		return nil
	}
	return &sharing{s: s}
}

// options are those that the tree package takes.
func (h *sharing) options() *tree.Sharing {
	if h == nil {
		return nil
	}
	return &tree.Sharing{From: shareFrom, Find: h.find}
}

// sharedNames are those that the shared file which is the same as f may have, first the
// one to try first.
func (s *Store) sharedNames(f tree.File) []string {
	base := filepath.Join(s.linksDir(), nixbase32.EncodeToString(f.Key))
	if !f.Sampled() {
		return []string{base}
	}
	names := make([]string, likeSamples)
	for i := range names {
		names[i] = fmt.Sprint(base, "-", i)
	}
	return names
}

// find looks for a file that is the same as f, and remembers f if there is none.
func (h *sharing) find(f tree.File) *tree.Twin {
	for _, name := range h.s.sharedNames(f) {
		if same, _ := sound(name, f); same != nil {
			return same
		}
	}
	f.Content = nil
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fresh = append(h.fresh, f)
	return nil
}

// sound returns the file of the shared name if it is f in the canonical form, for the
// caller to close; a file that is something else is damaged, or, where f is sampled,
// another. Other processes may give the name to another file at any time.
func sound(name string, f tree.File) (same *tree.Twin, other bool) {
	var st unix.Stat_t
	if unix.Lstat(name, &st) != nil {
		return nil, false
	}
	if !canonical(&st, f) {
		return nil, true
	}
	open, there, err := tree.OpenFile(name)
	if err != nil {
		return nil, false
	}
	defer func() {
		if same == nil {
			open.Close()
		}
	}()
	if unix.Fstat(int(open.Fd()), &st) != nil {
		return nil, false
	}
	if !canonical(&st, f) || !bytes.Equal(there.Key, f.Key) {
		return nil, true
	}
	if f.Sampled() {
		if same, err := tree.SameBytes(open, f.Content, f.Size); !same || err != nil {
			return nil, err == nil
		}
	}
	return tree.NewTwin(name, open), false
}

// canonical says whether a file has all of f but its content, and the canonical form.
func canonical(st *unix.Stat_t, f tree.File) bool {
	mode := uint32(tree.FileMode)
	if f.Executable {
		mode = tree.ExecMode
	}
	return st.Size == f.Size && uint32(st.Mode) == unix.S_IFREG|mode && st.Mtim.Sec == tree.Time && int(st.Uid) == os.Geteuid()
}

// single shares an object that is one file, not executable, which lies at place.
func (h *sharing) single(place string, size int64) error {
	if h == nil || size < shareFrom {
		return nil
	}
	open, f, err := tree.OpenFile(place)
	if err != nil {
		return err
	}
	defer open.Close()
	same := h.find(f)
	if same == nil {
		return nil
	}
	defer same.Close()
	return tree.Share(same, place)
}

// shareAmong lets files of objects that are about to be registered be names of each
// other where they are the same.
func (s *Store) shareAmong(items []item) error {
	first := map[string][]string{} // key -> paths of files that differ
	for _, it := range items {
		if it.share == nil {
			continue
		}
		fresh := it.share.fresh[:0]
		for _, f := range it.share.fresh {
			file := filepath.Join(it.temp, filepath.FromSlash(f.Rel))
			same, err := sameAmong(first[string(f.Key)], file, f)
			if err != nil {
				return err
			}
			if same == nil {
				first[string(f.Key)] = append(first[string(f.Key)], file)
				fresh = append(fresh, f)
				continue
			}
			if err := s.shareInside(same, file, it.temp); err != nil {
				return err
			}
		}
		it.share.fresh = fresh
	}
	return nil
}

// sameAmong returns which of some files, all of which have the key of f, is the same
// as the one at path, which is f; nil when none is. The caller closes it.
func sameAmong(files []string, path string, f tree.File) (*tree.Twin, error) {
	switch {
	case len(files) == 0:
		return nil, nil
	case !f.Sampled():
		open, err := os.Open(files[0]) // of a tree that is nobody else's yet
		if err != nil {
			return nil, err
		}
		return tree.NewTwin(files[0], open), nil
	}
	open, f, err := tree.OpenFile(path)
	if err != nil {
		return nil, err
	}
	defer open.Close()
	for _, other := range files[:min(len(files), likeSamples)] {
		if same, _ := sound(other, f); same != nil {
			return same, nil
		}
	}
	return nil, nil
}

// shareInside makes file, in the sealed tree at root or that tree itself, another
// name of same, which it closes.
func (s *Store) shareInside(same *tree.Twin, file, root string) error {
	defer same.Close()
	if file == root {
		return tree.Share(same, file)
	}
	dir := filepath.Dir(file)
	if os.Geteuid() != 0 {
		if err := os.Chmod(dir, 0o755); err != nil { // directories of objects are read-only, for their owner too
			return err
		}
	}
	return errors.Join(tree.Share(same, file), tree.SealDir(dir))
}

// publish lets others share the files of an object that has been registered. It is
// a courtesy.
func (h *sharing) publish(base string) {
	if h == nil || len(h.fresh) == 0 {
		return
	}
	if mkdir(h.s.linksDir(), 0o755) != nil {
		return
	}
	for _, f := range h.fresh {
		file := filepath.Join(h.s.final(base), filepath.FromSlash(f.Rel))
		if f.Sampled() {
			h.publishSampled(file, f)
			continue
		}
		name := h.s.sharedNames(f)[0]
		if os.Link(file, name) == nil {
			continue
		}
		same, damaged := sound(name, f)
		if same != nil {
			same.Close()
		}
		if damaged {
			// What is right takes its place.
			if os.Remove(name) == nil {
				_ = os.Link(file, name)
			}
		}
	}
}

// publishSampled gives a sampled file the first shared name that is free, unless one
// that is the same has a name before that.
func (h *sharing) publishSampled(file string, f tree.File) {
	for _, name := range h.s.sharedNames(f) {
		if err := os.Link(file, name); !errors.Is(err, fs.ErrExist) {
			return
		}
		open, f, err := tree.OpenFile(file)
		if err != nil {
			return
		}
		same, _ := sound(name, f)
		open.Close()
		if same != nil {
			same.Close()
			return
		}
	}
}
