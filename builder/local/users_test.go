package local

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fruix/builder/plan"
	"fruix/jail"
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
			u, err := pools[i%2].Acquire(t.Context(), nil)
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
		if _, err := pools[0].Acquire(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	why := errors.New("for this reason")
	ctx, cancel := context.WithCancelCause(t.Context())
	told := 0
	if _, err := pools[1].Acquire(ctx, func() { told++; cancel(why) }); !errors.Is(err, why) || told != 1 {
		t.Errorf("error %v, told %d times", err, told)
	}
}

// TestWaitIsNoBuild lets a build wait for a user for longer than it may take.
func TestWaitIsNoBuild(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root has build users")
	}
	pool := NewUsers(filepath.Join(t.TempDir(), "pool"), 36001, 1, 36000)
	pool.taken = func(int, bool) bool { return false }
	scratch, log := t.TempDir(), new(bytes.Buffer)
	synctest.Test(t, func(t *testing.T) {
		u, err := pool.Acquire(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Hour, u.Release)
		r := request()
		r.Constraints = plan.Constraints{Timeout: time.Minute, MaxSilent: time.Minute}
		_, err = New(Options{Users: pool, Jail: fakeJail{func(jail.Spec) (jail.Result, error) {
			time.Sleep(time.Second)
			return jail.Result{}, nil
		}}}).Execute(t.Context(), r, plan.IO{Scratch: scratch, Log: log, Physical: func(p string) string { return p }})
		if err != nil || log.String() != "waiting for one of the 1 build users, which others have\n" {
			t.Errorf("%v, log %q", err, log)
		}
	})
}

// TestTakenUsers passes over users as whom others run.
func TestTakenUsers(t *testing.T) {
	p := NewUsers(filepath.Join(t.TempDir(), "pool"), 35001, 3, 35000)
	strangers := map[int]bool{35001: true}
	p.taken = func(uid int, _ bool) bool { return strangers[uid] }
	var got []int
	for range 2 {
		u, err := p.Acquire(t.Context(), nil)
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
	u, err := p.Acquire(t.Context(), nil)
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
