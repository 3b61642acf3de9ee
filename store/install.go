package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"fruix/store/db"
	"fruix/store/tree"
)

// item is an object that has been made in a temporary place and is to become
// valid. Its path is locked.
type item struct {
	temp   string // physical path of the finished tree
	nodes  int    // about how many nodes the tree has
	share  *sharing
	object db.Object
}

// final returns the physical path of the object called base.
func (s *Store) final(base string) string {
	return filepath.Join(s.Physical(s.c.StoreDir), base)
}

// install makes items valid: their data reaches the disk, and so does a line about
// each in the journal; they are renamed to their final paths, and one transaction
// registers them all. When it fails,
// none of them is valid, and what had been renamed is removed again.
func (s *Store) install(ctx context.Context, items []item) error {
	for i := range items {
		if err := s.checkItem(&items[i]); err != nil {
			return err
		}
	}
	objects := make([]db.Object, len(items))
	for i, it := range items {
		objects[i] = it.object
	}
	entry, err := s.record(ctx, objects)
	if err != nil {
		return s.explain("note the object in the journal", err)
	}
	defer entry.close()
	if err := s.shareAmong(items); err != nil {
		return s.explain("share files", err)
	}
	noted := make(chan error, 1)
	go func() { noted <- entry.sync() }()
	if err := errors.Join(s.syncItems(items), <-noted); err != nil {
		return s.explain("write the object to the disk", err)
	}
	for i, it := range items {
		if err := s.place(it.temp, s.final(it.object.Path)); err != nil {
			s.withdraw(ctx, items[:i])
			return s.explain("put "+it.object.Path+" into the store", err)
		}
	}
	err = s.register(ctx, objects)
	if err != nil {
		s.withdraw(ctx, items)
		return s.explain("register", err)
	}
	for _, it := range items {
		it.share.publish(it.object.Path)
	}
	return nil
}

func (s *Store) syncItems(items []item) error {
	if s.c.Relaxed || len(items) == 0 {
		return nil
	}
	nodes := 0
	for _, it := range items {
		nodes += it.nodes
	}
	if len(items) > 1 {
		// One sync of the file system serves all items, where there is such a
		// thing; elsewhere each is synced by itself.
		synced, err := tree.SyncAll(items[0].temp, nodes)
		if synced || err != nil {
			return err
		}
	}
	for _, it := range items {
		if err := tree.Sync(it.temp, it.nodes); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) register(ctx context.Context, objects []db.Object) error {
	if !s.c.Relaxed {
		if err := syncDir(s.Physical(s.c.StoreDir)); err != nil {
			return err
		}
	}
	d, err := s.database(ctx)
	if err != nil {
		return err
	}
	return d.Register(ctx, objects)
}

// place renames a finished tree to its final path. What lies there is not
// valid, since the path is locked and was looked up before: it is what a crash
// left, and gives way.
func (s *Store) place(temp, final string) error {
	if _, err := os.Lstat(final); err == nil {
		trash, err := s.temp("replaced")
		if err != nil {
			return err
		}
		_, err = tree.Move(final, trash)
		if immovable(err) {
			err = tree.Remove(final)
		}
		if err != nil {
			return err
		}
		if err := s.Discard(trash); err != nil {
			return err
		}
	}
	changed, err := tree.Move(temp, final)
	if err == nil && changed && !s.c.Relaxed {
		err = syncDir(final)
	}
	return err
}

// immovable says that a directory can be removed where it lies, but not moved: it comes
// from a lower layer of an overlay, as what the image of a container holds does (Linux,
// "Overlay Filesystem", renaming directories).
func immovable(err error) bool { return errors.Is(err, unix.EXDEV) }

// replace puts a finished tree in the place of the valid object base, which is
// locked, in one step where the system can; otherwise there is a moment in which
// nothing lies there. What lay there is then at temp, or gone.
func (s *Store) replace(temp, base string) error {
	final := s.final(base)
	if _, err := os.Lstat(final); err != nil {
		return s.place(temp, final)
	}
	sealed, err := s.unseal(base)
	if err != nil {
		return err
	}
	defer sealed()
	done, err := tree.Exchange(temp, final)
	if err != nil {
		return errors.Join(err, tree.SealDirs(final))
	}
	if !done {
		return s.place(temp, final)
	}
	return nil
}

// withdraw removes items from their final paths unless they are valid after
// all, because the transaction went through and only its report was lost.
func (s *Store) withdraw(ctx context.Context, items []item) {
	ctx = context.WithoutCancel(ctx)
	d, err := s.database(ctx)
	if err != nil {
		return
	}
	if d.Settle(ctx) != nil {
		return // what stays is replaced by the next attempt
	}
	for _, it := range items {
		if valid, err := d.Valid(ctx, it.object.Path); err == nil && !valid {
			// What cannot be removed now is replaced by the next attempt.
			_ = tree.Remove(s.final(it.object.Path))
		}
	}
}
