package store

import (
	"context"
	"errors"
	"time"
)

// roomInterval is how often at most it is looked whether there is room.
const roomInterval = time.Second

// makeRoom collects garbage when less than Config.MinFree is free, until
// Config.MaxFree is. It is called before something is added. That nothing could
// be collected is no error: what does not fit says so itself.
func (s *Store) makeRoom(ctx context.Context) error {
	if s.c.MinFree <= 0 {
		return nil
	}
	s.mu.Lock()
	due := time.Since(s.looked) >= roomInterval && !s.makingRoom
	if due {
		s.looked, s.makingRoom = time.Now(), true
	}
	s.mu.Unlock()
	if !due {
		return nil
	}
	defer func() {
		s.mu.Lock()
		s.makingRoom = false
		s.mu.Unlock()
	}()
	free, err := s.Free()
	if err != nil || free >= s.c.MinFree {
		return err
	}
	done, err := s.Collect(ctx, CollectOptions{MaxFreed: max(s.c.MaxFree, s.c.MinFree) - free})
	if done != nil && s.c.OnCollect != nil && len(done.Paths)+done.Stray > 0 {
		s.c.OnCollect(*done)
	}
	if errors.As(err, new(*UnreadableRootError)) || errors.As(err, new(*TooManyRootsError)) {
		return nil // a user's links must not keep all from adding
	}
	return err
}
