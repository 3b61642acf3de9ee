package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fruix/store/wire"
)

// TestTurns asks for turns of several users, and looks at whose come when.
func TestTurns(t *testing.T) {
	ts := newTurns(2)
	given := make(chan int, 100)
	var told atomic.Int32 // how many know that they wait
	var releases sync.Map // by user, channels of functions
	want := func(user int) {
		c, _ := releases.LoadOrStore(user, make(chan func(), 100))
		waiting := ts.waiting()
		go func() {
			release, err := ts.take(t.Context(), user, func(taken int) {
				if taken != 2 {
					t.Errorf("who waits is told that %d turns are taken", taken)
				}
				told.Add(1)
			})
			if err != nil {
				return // the test has ended
			}
			c.(chan func()) <- release
			given <- user
		}()
		for len(given) == 0 && ts.waiting() == waiting { // until it is in the line
			time.Sleep(100 * time.Microsecond)
		}
	}
	free := func(user int) {
		c, _ := releases.Load(user)
		select {
		case release := <-c.(chan func()):
			release()
		default:
			t.Fatalf("user %d has no turn", user)
		}
	}
	for range 2 {
		want(1)
		<-given
	}
	for range 5 {
		want(1)
	}
	for _, user := range []int{2, 2, 2, 3} {
		want(user)
	}
	if got := told.Load(); got != 9 {
		t.Errorf("%d know that they wait, not 9", got)
	}
	if got := ts.load(); got != 6 {
		t.Errorf("load %v", got)
	}
	var order []int
	next := func(user int) {
		free(user)
		order = append(order, <-given)
	}
	next(1) // 1 and another run
	next(1)
	next(2)
	next(3)
	next(order[len(order)-1])
	next(order[len(order)-1])
	// Those who have none come first, then whoever's last turn is longest ago.
	if got := fmt.Sprint(order[:2]); got != "[2 3]" {
		t.Errorf("first %s", got)
	}
	for _, user := range []int{1, 2} {
		if n := len(slices.DeleteFunc(slices.Clone(order[2:]), func(u int) bool { return u != user })); n != 2 {
			t.Errorf("%d of the others are of %d: %v", n, user, order[2:])
		}
	}
}

// waiting is how many are in the line.
func (t *turns) waiting() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, u := range t.users {
		n += len(u.waiting)
	}
	return n
}

// TestTurnsLeave ends contexts while turns are given.
func TestTurnsLeave(t *testing.T) {
	ts := newTurns(3)
	var all sync.WaitGroup
	var mu sync.Mutex
	running := 0
	for i := range 200 {
		all.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%3 == 0 {
				go cancel()
			}
			release, err := ts.take(ctx, i%5, func(int) {})
			if err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				return
			}
			mu.Lock()
			if running++; running > 3 {
				t.Errorf("%d at a time", running)
			}
			mu.Unlock()
			mu.Lock()
			running--
			mu.Unlock()
			release()
			release() // once is enough
		})
	}
	all.Wait()
	if ts.taken != 0 || len(ts.users) != 0 {
		t.Errorf("%d turns are taken, by %d users", ts.taken, len(ts.users))
	}
}

// TestBuildsOfAll lets users ask for more builds than may go on, over several
// connections, and lets another's come through.
func TestBuildsOfAll(t *testing.T) {
	t.Parallel() // it waits more than it works
	w := newWorld(t, func(c *Config) { c.Defaults.MaxJobs = 2 })
	running := func(prefix string) (n int) {
		w.toy.mu.Lock()
		defer w.toy.mu.Unlock()
		for name, k := range w.toy.running {
			if strings.HasPrefix(name, prefix) {
				n += k
			}
		}
		return n
	}
	await := func(what string, f func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !f(); time.Sleep(2 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal(what)
			}
		}
	}
	var many []*client
	for i := range 4 {
		c := w.connect(mallory)
		var drvs []string
		for j := range 5 {
			p, _ := c.drv(fmt.Sprintf("many-%d-%d", i, j), "wait")
			drvs = append(drvs, p)
		}
		c.send(wire.BuildPaths, drvs, 0)
		many = append(many, c)
	}
	// Each connection has as many wait as it may have go on.
	await("they do not wait", func() bool { return running("many-") == 2 && w.turns.waiting() == 6 })
	other := w.connect(alice)
	one, _ := other.drv("one", "print 1")
	answered := make(chan error, 1)
	other.send(wire.BuildPaths, []string{one}, 0)
	var log strings.Builder // once it has answered
	go func() {
		answered <- (&wire.Replies{In: other.r, Out: other.w, Log: func(piece []byte) { log.Write(piece) }}).Wait()
	}()
	await("another's build does not wait", func() bool { return w.turns.waiting() == 7 })
	if got := running("many-"); got != 2 {
		t.Errorf("%d builds", got)
	}
	// Builds end with those who wait for them; the next one is the other's.
	for _, c := range many {
		c.conn.Close()
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "one waits for its turn\n") {
		t.Errorf("it is not told that it waits: %q", log.String())
	}
	w.toy.mu.Lock()
	if w.toy.begun[2] != "one" || w.toy.most > 2 {
		t.Errorf("builds began in the order %q, up to %d at a time", w.toy.begun, w.toy.most)
	}
	w.toy.mu.Unlock()
	await("builds go on that nobody waits for", func() bool { return running("") == 0 })
}
