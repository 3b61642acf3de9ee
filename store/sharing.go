package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"fruix/store/nixbase32"
	"fruix/store/tree"
)

// Equal regular files of all objects share their place on the disk by hard links.
// linksDir holds one name for each content, which is made of the hash of its
// archive, as Nix's and Guix's directory of this name does. A name is put there
// only after its file has been synced and registered; and a file becomes a link to
// it only after what lies there has been read, so that damage does not spread.
const linksDir = ".links"

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

// find looks for a file that is the same as f, and remembers f if there is none.
func (h *sharing) find(f tree.File) string {
	name := filepath.Join(h.s.linksDir(), nixbase32.EncodeToString(f.Sum))
	if same, _ := sound(name, f); same {
		return name
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fresh = append(h.fresh, f)
	return ""
}

// sound says whether the shared name is there and its file is f in the canonical
// form; a file that is something else is damaged.
func sound(name string, f tree.File) (sound, damaged bool) {
	var st unix.Stat_t
	if unix.Lstat(name, &st) != nil {
		return false, false
	}
	mode := uint32(tree.FileMode)
	if f.Executable {
		mode = tree.ExecMode
	}
	if st.Size != f.Size || uint32(st.Mode) != unix.S_IFREG|mode || st.Mtim.Sec != tree.Time || int(st.Uid) != os.Geteuid() {
		return false, true
	}
	sum, err := tree.FileSum(name)
	if err != nil {
		return false, false
	}
	return bytes.Equal(sum, f.Sum), !bytes.Equal(sum, f.Sum)
}

// single shares an object that is one file, whose archive has the given hash and
// which lies at place.
func (h *sharing) single(place string, f tree.File) error {
	if h == nil || f.Size < shareFrom {
		return nil
	}
	if same := h.find(f); same != "" {
		return tree.Share(same, place)
	}
	return nil
}

// shareAmong lets files of objects that are about to be registered be names of each
// other where they are the same.
func (s *Store) shareAmong(items []item) error {
	first := map[string]string{} // sum -> path
	for _, it := range items {
		if it.share == nil {
			continue
		}
		fresh := it.share.fresh[:0]
		for _, f := range it.share.fresh {
			file := filepath.Join(it.temp, filepath.FromSlash(f.Rel))
			same := first[string(f.Sum)]
			if same == "" {
				first[string(f.Sum)] = file
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

// shareInside makes file, in the sealed tree at root or that tree itself, another
// name of same.
func (s *Store) shareInside(same, file, root string) error {
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
		name := filepath.Join(h.s.linksDir(), nixbase32.EncodeToString(f.Sum))
		if os.Link(file, name) == nil {
			continue
		}
		if _, damaged := sound(name, f); damaged {
			// What is right takes its place.
			if os.Remove(name) == nil {
				_ = os.Link(file, name)
			}
		}
	}
}
