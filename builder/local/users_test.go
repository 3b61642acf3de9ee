package local

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestUsers has two pools, as two processes would, share three users.
func TestUsers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pool")
	pools := []*Users{NewUsers(dir, 35001, 3, 35000), NewUsers(dir, 35001, 3, 35000)}
	var mu sync.Mutex
	taken, most := map[int]bool{}, 0
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			u, err := pools[i%2].Acquire(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			if taken[u.UID] || u.UID < 35001 || u.UID > 35003 || u.GID != 35000 {
				t.Errorf("user %d:%d", u.UID, u.GID)
			}
			taken[u.UID] = true
			most = max(most, len(taken))
			mu.Unlock()
			time.Sleep(3 * time.Millisecond)
			mu.Lock()
			delete(taken, u.UID)
			mu.Unlock()
			u.Release()
		})
	}
	wg.Wait()
	if most != 3 {
		t.Errorf("at most %d users at a time", most)
	}
	for range 3 {
		if _, err := pools[0].Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := pools[1].Acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}
