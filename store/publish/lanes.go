package publish

import (
	"context"
	"slices"
	"sync"
)

// lanes let a number of things go on at a time. When more are wanted, the next is for
// whom the fewest go on, and among several of those who has waited longest.
type lanes struct {
	mu      sync.Mutex
	free    int
	going   map[string]int // by for whom
	waiting []*waiter      // in the order in which they came
}

type waiter struct {
	whom string
	turn chan struct{} // closed when it is its turn
}

func newLanes(n int) *lanes { return &lanes{free: n, going: map[string]int{}} }

// take waits for a lane. The result gives it back, once.
func (l *lanes) take(ctx context.Context, whom string) (release func(), err error) {
	w := &waiter{whom, make(chan struct{})}
	l.mu.Lock()
	l.waiting = append(l.waiting, w)
	l.next()
	l.mu.Unlock()
	select {
	case <-w.turn:
	case <-ctx.Done():
		l.mu.Lock()
		defer l.mu.Unlock()
		if i := slices.Index(l.waiting, w); i >= 0 {
			l.waiting = slices.Delete(l.waiting, i, i+1)
		} else { // its turn has just come
			l.leave(whom)
		}
		return nil, ctx.Err()
	}
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.leave(whom)
	}), nil
}

// leave gives a lane back; l.mu is held.
func (l *lanes) leave(whom string) {
	l.free++
	if l.going[whom]--; l.going[whom] == 0 {
		delete(l.going, whom)
	}
	l.next()
}

// next lets go on who is next; l.mu is held.
func (l *lanes) next() {
	for l.free > 0 && len(l.waiting) > 0 {
		best := 0
		for i, w := range l.waiting {
			if l.going[w.whom] < l.going[l.waiting[best].whom] {
				best = i
			}
		}
		w := l.waiting[best]
		l.waiting = slices.Delete(l.waiting, best, best+1)
		l.free--
		l.going[w.whom]++
		close(w.turn)
	}
}
