package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"fruix/store/nixbase32"
	"fruix/store/tree"
)

// linksDir holds one name for each content of a regular file that objects share
// by hard links, as Nix's and Guix's directory of this name does.
const linksDir = ".links"

// Optimised is what sharing has saved.
type Optimised struct {
	Files int   // that have become links to others
	Bytes int64 // that they took
}

// Optimise lets equal regular files of all objects share their place on the
// disk: each is replaced by a hard link to the first one with the same contents
// and executable bit. progress may be nil; it is called after each object.
func (s *Store) Optimise(ctx context.Context, progress func(done, all int)) (*Optimised, error) {
	paths, err := s.All(ctx)
	if err != nil {
		return nil, err
	}
	links := filepath.Join(s.Physical(s.c.StoreDir), linksDir)
	if err := mkdir(links, 0o755); err != nil {
		return nil, s.explain("optimise", err)
	}
	o := &optimiser{s: s, links: links, done: &Optimised{}}
	for i, p := range paths {
		if err := o.object(ctx, p); err != nil {
			return o.done, s.explain("optimise "+p, err)
		}
		if progress != nil {
			progress(i+1, len(paths))
		}
	}
	return o.done, nil
}

type optimiser struct {
	s     *Store
	links string
	done  *Optimised

	base   string // of the object at hand
	sealed func() // takes back the note that it is being changed; nil when there is none
}

// object shares the files of one object. It is locked meanwhile, so that it is
// not collected, and so that two optimisers do not meet.
func (o *optimiser) object(ctx context.Context, p string) (err error) {
	q, err := o.s.parse(p)
	if err != nil {
		return err
	}
	lock, err := o.s.tryLockOutput(q.Base())
	if err != nil || lock == nil {
		return err
	}
	defer lock.Release()
	root := o.s.Physical(p)
	defer func() {
		if o.sealed != nil {
			if err != nil {
				err = errors.Join(err, tree.SealDirs(root))
			}
			o.sealed()
			o.sealed = nil
		}
	}()
	o.base = q.Base()
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // collected since they were listed
		}
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if !d.Type().IsRegular() {
			return nil
		}
		return o.file(ctx, name)
	})
}

// file replaces one file by a link to its equal, or makes it the one that
// others become links to.
func (o *optimiser) file(ctx context.Context, name string) error {
	var st unix.Stat_t
	if err := unix.Lstat(name, &st); err != nil {
		return &fs.PathError{Op: "lstat", Path: name, Err: err}
	}
	if st.Size == 0 || uint32(st.Mode)&0o222 != 0 {
		return nil // nothing to share; or somebody is at work on it
	}
	h := sha256.New()
	if _, err := tree.Dump(ctx, h, name, tree.Options{}); err != nil {
		return err
	}
	shared := filepath.Join(o.links, nixbase32.EncodeToString(h.Sum(nil)))
	for {
		err := os.Link(name, shared)
		switch {
		case err == nil:
			return nil // the first with this content
		case errors.Is(err, unix.EMLINK), errors.Is(err, unix.EPERM):
			return nil // the file system allows no more, or none
		case !errors.Is(err, fs.ErrExist):
			return err
		}
		var first unix.Stat_t
		if err := unix.Lstat(shared, &first); errors.Is(err, unix.ENOENT) {
			continue // swept by a collector just now
		} else if err != nil {
			return &fs.PathError{Op: "lstat", Path: shared, Err: err}
		}
		if first.Ino == st.Ino {
			return nil
		}
		if first.Size != st.Size || first.Mode != st.Mode {
			// Damaged: what is right takes its place.
			if err := os.Remove(shared); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			continue
		}
		return o.replace(name, shared, st.Size, st.Nlink == 1)
	}
}

// replace makes name a link to shared, in one step.
func (o *optimiser) replace(name, shared string, size int64, last bool) error {
	temp, err := o.s.temp("link")
	if err != nil {
		return err
	}
	defer o.s.Discard(temp)
	if err := os.Link(shared, temp); err != nil {
		if errors.Is(err, unix.EMLINK) || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	dir := filepath.Dir(name)
	inside := dir != o.s.Physical(o.s.c.StoreDir)
	if inside && o.sealed == nil {
		if o.sealed, err = o.s.unseal(o.base); err != nil {
			return err
		}
	}
	if inside && os.Geteuid() != 0 {
		// Directories of objects are read-only, for their owner too.
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	err = os.Rename(temp, name)
	if inside {
		err = errors.Join(err, tree.SealDir(dir))
	}
	if err == nil && last {
		o.done.Files++
		o.done.Bytes += size
	}
	return err
}

// sweepLinks removes the shared names of contents that no object has any more.
func (s *Store) sweepLinks(ctx context.Context) error {
	links := filepath.Join(s.Physical(s.c.StoreDir), linksDir)
	names, err := readNames(links)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, n := range names {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var st unix.Stat_t
		name := filepath.Join(links, n)
		if unix.Lstat(name, &st) == nil && st.Nlink == 1 {
			if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
