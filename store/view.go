package store

import (
	"context"

	"golang.org/x/sys/unix"

	"fruix/store/drv"
)

// View returns another Store of the same place, for somebody else whom this
// process works for: what it has said is valid, and its locks, are its own and
// end with its Close, while the database and what is known of the hashes of
// derivations are those of s, which must be closed last. change, if given,
// changes its configuration; not the places.
func (s *Store) View(change func(*Config)) *Store {
	c := s.c
	if change != nil {
		change(&c)
	}
	c.Root, c.StoreDir, c.StateDir = s.c.Root, s.c.StoreDir, s.c.StateDir
	origin := s
	if s.origin != nil {
		origin = s.origin
	}
	return &Store{
		Place: s.Place, c: c, owner: s.owner, foreign: s.foreign, origin: origin, hasher: origin.viewHasher(),
		held: map[string]int{}, protected: map[string]bool{}, drvs: map[string]*drv.Derivation{},
	}
}

// viewHasher is the hasher of all views of s. It reads derivations without
// keeping them or what they are at from being collected: it lives for long.
func (s *Store) viewHasher() *drv.Hasher {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.views == nil {
		s.views = drv.NewHasher(func(p string) (*drv.Derivation, error) {
			if _, err := s.Peek(context.Background(), p); err != nil {
				return nil, err
			}
			return s.parseDerivation(p)
		})
	}
	return s.views
}

// SyncWithCollector returns when no collection is finding out what is garbage: a
// root that was made before is seen by all later ones.
func (s *Store) SyncWithCollector(ctx context.Context) error {
	lock, err := s.lockCollector(ctx, unix.LOCK_SH)
	if err != nil {
		return err
	}
	return lock.Close()
}
