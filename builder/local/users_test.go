package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestUsers has two pools, as two processes would, share three users.
func TestUsers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pool")
	pools := []*Users{NewUsers(dir, 35001, 3, 35000), NewUsers(dir, 35001, 3, 35000)}
	for _, p := range pools {
		p.taken = func(int, bool) bool { return false } // another store may build with these
	}
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

// TestTakenUsers passes over users as whom others run.
func TestTakenUsers(t *testing.T) {
	p := NewUsers(filepath.Join(t.TempDir(), "pool"), 35001, 3, 35000)
	strangers := map[int]bool{35001: true}
	p.taken = func(uid int, _ bool) bool { return strangers[uid] }
	var got []int
	for range 2 {
		u, err := p.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer u.Release()
		got = append(got, u.UID)
	}
	if !slices.Equal(got, []int{35002, 35003}) {
		t.Errorf("users %v", got)
	}
	delete(strangers, 35001)
	u, err := p.Acquire(t.Context())
	if err != nil || u.UID != 35001 {
		t.Errorf("%v %v", u, err)
	}
	if !new(processes).have(os.Geteuid(), false) {
		t.Error("this process is not seen")
	}
	if new(processes).have(35999, true) {
		t.Error("a user whom nobody has is in use")
	}
}
