package daemon

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// turns lets so many builds go on at a time, whoever asks for them. Of the users who
// wait, the next turn is that of whom has the fewest, and among these of whose last one
// was given longest ago: however many builds a user asks for, another one's first is
// the next to begin.
type turns struct {
	size int

	mu    sync.Mutex
	taken int
	clock int // users that came, and turns that were given
	users map[int]*queuer
}

// queuer is a user who has turns, or waits for some.
type queuer struct {
	taken   int
	came    int             // by the clock
	last    int             // when the last turn was given; 0 before the first
	waiting []chan struct{} // closed when it is their turn; in order
}

// newTurns returns turns for so many builds at a time.
func newTurns(size int) *turns { return &turns{size: size, users: map[int]*queuer{}} }

// take waits for a turn of a user. When that is not at once it calls queued first, with
// how many turns are taken. The result gives it back, once.
func (t *turns) take(ctx context.Context, user int, queued func(taken int)) (release func(), err error) {
	mine := t.line(user)
	select {
	case <-mine:
		return sync.OnceFunc(func() { t.free(user) }), nil
	default:
		queued(t.size)
	}
	select {
	case <-mine:
	case <-ctx.Done():
		if !t.leave(user, mine) {
			t.free(user) // it has just come
		}
		return nil, ctx.Err()
	}
	return sync.OnceFunc(func() { t.free(user) }), nil
}

// line puts a user in the line.
func (t *turns) line(user int) (mine chan struct{}) {
	mine = make(chan struct{})
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.users[user]
	if u == nil {
		t.clock++
		u = &queuer{came: t.clock}
		t.users[user] = u
	}
	u.waiting = append(u.waiting, mine)
	t.give()
	return mine
}

// leave takes a user out of the line; false says that the turn has been given.
func (t *turns) leave(user int, mine chan struct{}) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.users[user]
	i := slices.Index(u.waiting, mine)
	if i < 0 {
		return false
	}
	u.waiting = slices.Delete(u.waiting, i, i+1)
	t.forget(user)
	return true
}

// free takes a turn back.
func (t *turns) free(user int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.users[user].taken--
	t.taken--
	t.forget(user)
	t.give()
}

// forget forgets a user who has and wants nothing.
func (t *turns) forget(user int) {
	if u := t.users[user]; u.taken == 0 && len(u.waiting) == 0 {
		delete(t.users, user)
	}
}

// give gives the turns that are free.
func (t *turns) give() {
	for t.taken < t.size {
		u := t.next()
		if u == nil {
			return
		}
		close(u.waiting[0])
		u.waiting = slices.Delete(u.waiting, 0, 1)
		t.clock++
		u.taken, u.last = u.taken+1, t.clock
		t.taken++
	}
}

// next is the user whose turn it is; nil when nobody waits.
func (t *turns) next() *queuer {
	var next *queuer
	for _, u := range t.users {
		if len(u.waiting) > 0 && (next == nil || u.before(next)) {
			next = u
		}
	}
	return next
}

func (u *queuer) before(v *queuer) bool {
	return cmp.Or(cmp.Compare(u.taken, v.taken), cmp.Compare(u.last, v.last), cmp.Compare(u.came, v.came)) < 0
}

// load says how much there is to do for the size, with one build more.
func (t *turns) load() float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.taken + 1
	for _, u := range t.users {
		n += len(u.waiting)
	}
	return float64(n) / float64(t.size)
}
