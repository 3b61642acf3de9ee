package store

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"fruix/store/db"
	"fruix/store/path"
	"fruix/store/tree"
)

// removeInvalid removes trees in the store that are not valid objects and that
// nobody is making: expected ones have just become invalid, and the others are
// what crashes left. It returns how many others there were.
func (s *Store) removeInvalid(ctx context.Context, expected int, progress func(done, all int)) (stray int, freed int64, err error) {
	names, valid, err := s.invalidTrees(ctx)
	if err != nil {
		return 0, 0, err
	}
	s.compactJournal(ctx, valid)
	removed, freed, err := s.removeTrees(ctx, names, progress)
	return max(0, removed-expected), freed, err
}

// removeTrees removes trees in the store that are not valid and that nobody is
// making, and says how many it has removed, and how much room they took. progress
// may be nil.
func (s *Store) removeTrees(ctx context.Context, names []string, progress func(done, all int)) (removed int, freed int64, err error) {
	if len(names) == 0 {
		return 0, 0, nil
	}
	trash, err := s.temp("garbage") // its parent takes all of them
	if err != nil {
		return 0, 0, err
	}
	defer s.Discard(trash)
	dir := filepath.Dir(trash)
	settled, err := s.settle(ctx, names)
	if err != nil {
		return 0, 0, err
	}
	const workers = 4
	var wg sync.WaitGroup
	var mu sync.Mutex // guards the results, and keeps calls of progress apart
	errs := make([]error, workers)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(names) && ctx.Err() == nil; i += workers {
				gone, bytes, err := s.removeTree(ctx, names[i], filepath.Join(dir, names[i]), settled[names[i]])
				// One that cannot be removed does not keep the others from going.
				if errs[w] == nil {
					errs[w] = err
				}
				mu.Lock()
				freed += bytes
				if gone {
					if removed++; progress != nil {
						progress(removed, len(names))
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return removed, freed, errors.Join(append(errs, ctx.Err())...)
}

// invalidTrees lists what lies in the store directory, looks like an object,
// and is not valid; and all that is valid.
func (s *Store) invalidTrees(ctx context.Context) (invalid []string, valid map[string]bool, err error) {
	names, err := readNames(s.Physical(s.c.StoreDir))
	if err != nil {
		return nil, nil, err
	}
	d, err := s.database(ctx)
	if err != nil {
		return nil, nil, err
	}
	all, err := d.All(ctx)
	if err != nil {
		return nil, nil, err
	}
	valid = make(map[string]bool, len(all))
	for _, p := range all {
		valid[p] = true
	}
	return slices.DeleteFunc(names, func(n string) bool {
		_, err := path.ParseBase(n)
		return err != nil || valid[n]
	}), valid, nil
}

// removeTree removes a tree that is not valid, by way of the temporary place
// trash, unless somebody is making it, or it is not the node of the given number: then
// it is left to the next collection.
func (s *Store) removeTree(ctx context.Context, base, trash string, number uint64) (removed bool, freed int64, err error) {
	lock, err := s.tryLockOutput(base)
	if err != nil || lock == nil {
		return false, 0, err
	}
	defer lock.Release()
	d, err := s.database(ctx)
	if err != nil {
		return false, 0, err
	}
	if valid, err := d.Valid(ctx, base); err != nil || valid {
		return false, 0, err
	}
	if _, now, err := tree.Changed(s.final(base)); err != nil || now != number {
		return false, 0, ignoreMissing(err)
	}
	switch _, err := tree.Move(s.final(base), trash); {
	case errors.Is(err, fs.ErrNotExist):
		return false, 0, nil
	case immovable(err):
		freed, err = tree.RemoveCounting(s.final(base))
		return err == nil, freed, err
	case err != nil:
		return false, 0, err
	}
	if err := lock.Release(); err != nil {
		return false, 0, err
	}
	freed, err = tree.RemoveCounting(trash)
	return true, freed, err
}

// settle sees to it that what is not valid now stays so (see [db.DB.Settle]), as far
// as trees that were at their places before. It returns the numbers of those among
// names. Their times are compared with themselves only: a clock may be set back, and what
// was made before would be from the future.
func (s *Store) settle(ctx context.Context, names []string) (map[string]uint64, error) {
	type sight struct {
		changed time.Time
		number  uint64
	}
	before := make(map[string]sight, len(names))
	for _, n := range names {
		if changed, number, err := tree.Changed(s.final(n)); err == nil {
			before[n] = sight{changed, number}
		}
	}
	d, err := s.database(ctx)
	if err != nil {
		return nil, err
	}
	err = d.Settle(ctx)
	var full *db.FullError
	if err != nil && !errors.As(err, &full) { // a collection is what makes room
		return nil, err
	}
	out := make(map[string]uint64, len(before))
	for n, seen := range before {
		if changed, number, err := tree.Changed(s.final(n)); err == nil && (sight{changed, number}) == seen {
			out[n] = number
		}
	}
	return out, nil
}
