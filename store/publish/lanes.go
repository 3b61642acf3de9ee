package publish

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// patience is how long somebody waits for a lane before another, who has several, has to
// leave one: a client that takes little of an answer would keep it for days.
const patience = 30 * time.Second

// lanes let a number of things go on at a time. When more are wanted, the next is for
// whom the fewest go on, and among several of those who has waited longest.
type lanes struct {
	patience time.Duration

	mu      sync.Mutex
	free    int
	going   map[string]int // by for whom
	leaving int            // of those that go on, how many have to end
	holders []*holder      // in the order in which they came
	waiting []*waiter      // in the order in which they came
}

type waiter struct {
	whom string
	turn chan struct{} // closed when it is its turn
}

type holder struct {
	whom    string
	end     context.CancelCauseFunc
	leaving bool // it has to
}

func newLanes(n int) *lanes { return &lanes{patience: patience, free: n, going: map[string]int{}} }

// errEvicted is the end of what others have waited for long enough.
var errEvicted = errors.New("others have waited for long")

// take waits for a lane. It is held until release is called; when it is wanted back
// before, held ends.
func (l *lanes) take(ctx context.Context, whom string) (held context.Context, release func(), err error) {
	w := &waiter{whom, make(chan struct{})}
	l.mu.Lock()
	l.waiting = append(l.waiting, w)
	l.next()
	l.mu.Unlock()
	impatient := time.NewTicker(l.patience)
	defer impatient.Stop()
	for {
		select {
		case <-w.turn:
			held, cancel := context.WithCancelCause(ctx)
			h := &holder{whom: whom, end: cancel}
			l.mu.Lock()
			l.holders = append(l.holders, h)
			l.mu.Unlock()
			return held, sync.OnceFunc(func() {
				cancel(nil)
				l.mu.Lock()
				defer l.mu.Unlock()
				l.holders = slices.DeleteFunc(l.holders, func(x *holder) bool { return x == h })
				if h.leaving {
					l.leaving--
				}
				l.leave(whom)
			}), nil
		case <-impatient.C:
			l.evict(whom)
		case <-ctx.Done():
			l.mu.Lock()
			defer l.mu.Unlock()
			if i := slices.Index(l.waiting, w); i >= 0 {
				l.waiting = slices.Delete(l.waiting, i, i+1)
			} else { // its turn has just come
				l.leave(whom)
			}
			return nil, nil, ctx.Err()
		}
	}
}

// evict wants back the oldest lane of who has most, if that has at least two more than
// whom, who waits.
func (l *lanes) evict(whom string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.leaving >= len(l.waiting) {
		return // there will be one for each
	}
	keeps := map[string]int{}
	for _, h := range l.holders {
		if !h.leaving {
			keeps[h.whom]++
		}
	}
	var out *holder
	for _, h := range l.holders {
		if !h.leaving && (out == nil || keeps[h.whom] > keeps[out.whom]) {
			out = h
		}
	}
	if out == nil || keeps[out.whom] < keeps[whom]+2 {
		return // nothing would be fairer
	}
	out.leaving = true
	l.leaving++
	out.end(errEvicted)
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
