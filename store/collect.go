package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/store/db"
	"fruix/store/path"
)

// CollectOptions says what garbage is to be kept, and how much is to go.
type CollectOptions struct {
	// MaxFreed ends the collection when so many bytes of the disk are free again;
	// 0 is no limit.
	MaxFreed int64
	// KeepOutputs lets derivations that live keep their outputs.
	KeepOutputs bool
	// DropDerivations lets derivations go that only their living outputs would
	// keep.
	DropDerivations bool
	// Without are the names of roots ([Root.Name]) that do not count, as if they
	// were removed already.
	Without []string
	// DryRun deletes nothing: what is returned is what would go. How much room on the
	// disk that makes is not known before.
	DryRun bool
	// Progress is told, from one goroutine at a time, how many of the trees that go
	// are gone; it may be nil.
	Progress func(done, all int)
}

// Collected is what a collection has done.
type Collected struct {
	Paths []string // objects that are gone, those first that referred to others
	Bytes int64    // of their archives
	Freed int64    // bytes of the disk that are free again; less where files were shared
	Stray int      // trees that were no objects: what crashes had left
}

// AliveError reports an object that cannot be deleted because it is in use.
type AliveError struct {
	Path string
	// Root is the link that keeps it, or a few words about who uses it. Chain
	// leads from what the root names to Path.
	Root  string
	Chain []string
}

func (e *AliveError) Error() string {
	return fmt.Sprintf("cannot delete %s%s%s\n  %s", e.Path, keptBy, e.Root, strings.Join(e.Chain, "\n  -> "))
}

const keptBy = ": it is kept by "

// ParseAliveError reads what [AliveError.Error] has written, of an object of the store
// called dir.
func ParseAliveError(dir, text string) (*AliveError, bool) {
	text, ok := strings.CutPrefix(text, "cannot delete ")
	object, said, found := strings.Cut(text, keptBy)
	by, chain, more := strings.Cut(said, "\n  ")
	if !ok || !found || !more {
		return nil, false
	}
	e := &AliveError{Path: object, Root: by, Chain: strings.Split(chain, "\n  -> ")}
	for _, p := range append(e.Chain, object) {
		if _, err := path.Parse(dir, p); err != nil {
			return nil, false
		}
	}
	return e, true
}

// Collect deletes objects that no root reaches. Roots are the links of
// [Store.Roots], objects that running programs have open or mapped, and what is
// protected by open stores. Others may use the store meanwhile; they wait only
// while it is found out what is garbage.
//
// What is to go becomes invalid in one transaction, and its trees are removed
// after that: a crash leaves trees that the next collection removes.
func (s *Store) Collect(ctx context.Context, o CollectOptions) (*Collected, error) {
	return s.collect(ctx, func(l *liveness, freed int64) ([]int32, error) {
		if o.MaxFreed > 0 && freed >= o.MaxFreed {
			return nil, nil
		}
		return l.chooseDead(max(0, o.MaxFreed-freed)), nil
	}, o)
}

// Delete deletes objects and, if need be, dead objects that refer to them. An
// object that a root reaches is an *AliveError, and nothing is deleted. MaxFreed does
// not count.
func (s *Store) Delete(ctx context.Context, paths []string, o CollectOptions) (*Collected, error) {
	bases, err := s.bases(paths)
	if err != nil {
		return nil, err
	}
	o.MaxFreed = 0
	return s.collect(ctx, func(l *liveness, _ int64) ([]int32, error) { return l.chooseNamed(s, bases) }, o)
}

// collect deletes what choose says, which is told how much room has been freed. On a disk that is full to the last block it
// does so with the room that was kept for this.
func (s *Store) collect(ctx context.Context, choose func(*liveness, int64) ([]int32, error), o CollectOptions) (*Collected, error) {
	if s.foreign != nil {
		return nil, s.foreign
	}
	if o.DryRun {
		return s.foresee(ctx, choose, o)
	}
	c := &Collected{}
	var err error
	for {
		before := len(c.Paths)
		err = s.collectInto(ctx, c, choose, o)
		var full *NoSpaceError
		if errors.As(err, &full) && s.giveReserve() {
			err = s.collectInto(ctx, c, choose, o)
		}
		// What was shared may have freed less than its size.
		if err != nil || c.Freed >= o.MaxFreed || len(c.Paths) == before {
			break
		}
	}
	s.makeReserve()
	if err != nil && len(c.Paths)+c.Stray == 0 {
		c = nil
	}
	return c, err
}

// foresee finds out what collect would delete.
func (s *Store) foresee(ctx context.Context, choose func(*liveness, int64) ([]int32, error), o CollectOptions) (*Collected, error) {
	l, err := s.liveness(ctx, o)
	if err != nil {
		return nil, err
	}
	dead, err := choose(l, 0)
	if err != nil {
		return nil, err
	}
	c := &Collected{}
	c.add(s, l, dead)
	return c, nil
}

// add notes that objects of l are gone.
func (c *Collected) add(s *Store, l *liveness, gone []int32) {
	for _, d := range gone {
		c.Paths = append(c.Paths, s.c.StoreDir+"/"+l.graph.Paths[d])
		c.Bytes += l.graph.Sizes[d]
	}
}

// collectInto collects once, and adds what it has done to c.
func (s *Store) collectInto(ctx context.Context, c *Collected, choose func(*liveness, int64) ([]int32, error), o CollectOptions) error {
	// Before anything goes it must be clear that database and objects belong
	// together.
	d, err := s.database(ctx)
	if err != nil {
		return err
	}
	lock, err := s.lockCollector(ctx, unix.LOCK_EX)
	if err != nil {
		return err
	}
	defer lock.Close()
	s.sweepRoots(s.autoRoots())
	l, err := s.liveness(ctx, o)
	if err != nil {
		return err
	}
	dead, err := choose(l, c.Freed)
	if err != nil {
		return err
	}
	gone, freed, err := s.unregister(ctx, d, l, dead)
	c.Freed += freed
	c.add(s, l, dead[:gone])
	if err != nil {
		return s.explain("collect garbage", err)
	}
	lock.Close() // from now on what is dead can be made again
	stray, freed, err := s.removeInvalid(ctx, gone, o.Progress)
	c.Stray, c.Freed = c.Stray+stray, c.Freed+freed
	if err != nil {
		return s.explain("remove garbage", err)
	}
	s.sweepLocks()
	s.sweepIDs()
	freed, err = s.sweepLinks(ctx)
	c.Freed += freed
	return s.explain("remove garbage", err)
}

// unregister makes dead objects, each before those that it refers to, invalid, and
// says how many of them are: all, unless there is an error. That is one
// transaction; but when there is no room for it, there are many small ones, and
// the trees are removed after each.
func (s *Store) unregister(ctx context.Context, d *db.DB, l *liveness, dead []int32) (gone int, freed int64, err error) {
	bases := make([]string, len(dead))
	for i, d := range dead {
		bases[i] = l.graph.Paths[d]
	}
	err = d.Unregister(ctx, bases)
	var full *db.FullError
	if !errors.As(err, &full) {
		if err != nil {
			return 0, 0, err
		}
		return len(bases), 0, nil
	}
	const few = 32
	for some := range slices.Chunk(bases, few) {
		if err := d.Unregister(ctx, some); err != nil {
			return gone, freed, err
		}
		gone += len(some)
		_, bytes, err := s.removeTrees(ctx, some, nil)
		if freed += bytes; err != nil {
			return gone, freed, err
		}
	}
	return gone, freed, nil
}
