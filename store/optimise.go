package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"fruix/store/tree"
)

// Optimised is what sharing has saved.
type Optimised struct {
	Files int   // that have become links to others
	Bytes int64 // that they took
}

// Optimise lets equal regular files of all objects share their place on the
// disk: each is replaced by a hard link to the first one with the same contents
// and executable bit. What has arrived here since is shared already but for small
// files. progress may be nil; it is called after each object.
func (s *Store) Optimise(ctx context.Context, progress func(done, all int)) (*Optimised, error) {
	paths, err := s.All(ctx)
	if err != nil {
		return nil, err
	}
	if err := mkdir(s.linksDir(), 0o755); err != nil {
		return nil, s.explain("optimise", err)
	}
	run := &optimisation{s: s, done: &Optimised{}, sound: map[string]bool{}}
	if run.shared, err = s.sharedInodes(); err != nil {
		return nil, s.explain("optimise", err)
	}
	next := make(chan string)
	var wg sync.WaitGroup
	finished := 0
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for p := range next {
				err := (&optimiser{optimisation: run}).object(ctx, p)
				run.mu.Lock()
				if err != nil && run.err == nil {
					run.err = s.explain("optimise "+p, err)
				}
				finished++
				if progress != nil {
					progress(finished, len(paths))
				}
				run.mu.Unlock()
			}
		})
	}
	for _, p := range paths {
		run.mu.Lock()
		failed := run.err != nil
		run.mu.Unlock()
		if failed {
			break
		}
		next <- p
	}
	close(next)
	wg.Wait()
	return run.done, run.err
}

// optimisation is one run of Optimise.
type optimisation struct {
	s      *Store
	shared map[uint64]bool // inodes that have shared names

	mu    sync.Mutex // guards what follows
	done  *Optimised
	err   error
	sound map[string]bool // shared names that have been read and found right
}

// sharedInodes returns the inodes that have shared names.
func (s *Store) sharedInodes() (map[uint64]bool, error) {
	names, err := readNames(s.linksDir())
	if err != nil {
		return nil, err
	}
	out := make(map[uint64]bool, len(names))
	for _, n := range names {
		var st unix.Stat_t
		if unix.Lstat(filepath.Join(s.linksDir(), n), &st) == nil {
			out[st.Ino] = true
		}
	}
	return out, nil
}

// optimiser shares the files of one object.
type optimiser struct {
	*optimisation
	base   string // of the object
	sealed func() // takes back the note that it is being changed; nil when there is none
}

// object shares the files of the object p. It is locked meanwhile, so that it is
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
		return o.file(name)
	})
}

// file replaces one file by a link to its equal, or makes it the one that
// others become links to.
func (o *optimiser) file(name string) error {
	var st unix.Stat_t
	if err := unix.Lstat(name, &st); err != nil {
		return &fs.PathError{Op: "lstat", Path: name, Err: err}
	}
	if st.Size == 0 || uint32(st.Mode)&0o222 != 0 || o.shared[st.Ino] {
		return nil // nothing to share; or somebody is at work on it; or it is done
	}
	open, f, err := tree.OpenFile(name)
	if err != nil {
		return err
	}
	defer open.Close()
	for _, shared := range o.s.sharedNames(f) {
		if done, err := o.link(name, shared, st, f); done || err != nil {
			return err
		}
	}
	return nil
}

// link makes the file name, which st and f describe, a link to shared, or shared a
// name of it if there is no such, and says whether the file is done: not so if shared
// is another file.
func (o *optimiser) link(name, shared string, st unix.Stat_t, f tree.File) (done bool, err error) {
	for {
		err := os.Link(name, shared)
		switch {
		case err == nil:
			o.found(shared, f)
			return true, nil // the first with this content
		case errors.Is(err, unix.EMLINK), errors.Is(err, unix.EPERM):
			return true, nil // the file system allows no more, or none
		case !errors.Is(err, fs.ErrExist):
			return true, err
		}
		var first unix.Stat_t
		if err := unix.Lstat(shared, &first); errors.Is(err, unix.ENOENT) {
			continue // swept by a collector just now
		} else if err != nil {
			return true, &fs.PathError{Op: "lstat", Path: shared, Err: err}
		}
		if first.Ino == st.Ino {
			return true, nil
		}
		same, other := o.isSound(shared, f)
		switch {
		case same != nil:
			return true, o.replace(name, same, st.Size, st.Nlink == 1)
		case other && f.Sampled():
			return false, nil
		case !other:
			return true, nil
		}
		// What is right takes the place of what is damaged.
		if err := os.Remove(shared); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return true, err
		}
	}
}

// found notes that the file at shared is f, whose key no other file has.
func (o *optimiser) found(shared string, f tree.File) {
	if f.Sampled() {
		return
	}
	o.mu.Lock()
	o.sound[shared] = true
	o.mu.Unlock()
}

// isSound is sound, which reads the file, once for each name whose key is enough.
func (o *optimiser) isSound(shared string, f tree.File) (same *tree.Twin, other bool) {
	o.mu.Lock()
	known := o.sound[shared]
	o.mu.Unlock()
	if known {
		if open, err := os.Open(shared); err == nil {
			return tree.NewTwin(shared, open), false
		}
	}
	same, other = sound(shared, f)
	if same != nil {
		o.found(shared, f)
	}
	return same, other
}

// replace makes name a link to same, which it closes, in one step.
func (o *optimiser) replace(name string, same *tree.Twin, size int64, last bool) (err error) {
	defer same.Close()
	temp, err := o.s.temp("link")
	if err != nil {
		return err
	}
	defer o.s.Discard(temp)
	if !tree.Link(same, temp) {
		return nil
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
		o.mu.Lock()
		o.done.Files++
		o.done.Bytes += size
		o.mu.Unlock()
	}
	return err
}

// sweepLinks removes the shared names of contents that no object has any more, and
// says how much room those took.
func (s *Store) sweepLinks(ctx context.Context) (freed int64, err error) {
	names, err := readNames(s.linksDir())
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, n := range names {
		if ctx.Err() != nil {
			return freed, ctx.Err()
		}
		var st unix.Stat_t
		name := filepath.Join(s.linksDir(), n)
		if unix.Lstat(name, &st) == nil && st.Nlink == 1 {
			if err := os.Remove(name); err == nil {
				freed += st.Blocks * 512
			} else if !errors.Is(err, fs.ErrNotExist) {
				return freed, err
			}
		}
	}
	return freed, nil
}
