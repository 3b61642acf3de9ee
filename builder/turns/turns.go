// Package turns says whose build is the next to begin where only so many may go on at
// a time. It knows neither builds nor places: what enters are users and what they
// want, what leaves are turns.
//
//	turns  who has turns and who waits, in one process
//	files  what of a place other processes have, by locks that end with them
//	book   the turns of several places
package turns

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Turns lets so many builds go on at a time, whoever asks for them. Of the users who
// wait, the next turn is that of whom has the fewest, and among these of whose last one
// was given longest ago: however many builds a user asks for, another one's first is
// the next to begin.
type Turns struct {
	files *files // nil when this process alone counts

	mu    sync.Mutex
	taken int
	clock int // users that came, and turns that were given
	users map[int]*queuer
	again *time.Timer // while files are to be asked again
	woken []func()    // to be called when mu is free
}

// queuer is a user who has turns, or waits for some.
type queuer struct {
	taken   int
	came    int     // by the clock
	last    int     // when the last turn was given; 0 before the first
	waiting []*Line // in order
}

// New returns turns that only this process counts.
func New() *Turns { return &Turns{users: map[int]*queuer{}} }

// Client is one who takes turns for a user. Each says how many turns there are, as each
// may know otherwise: who says fewer waits until so many are free.
type Client struct {
	t    *Turns
	user int

	// Guarded by t.mu.
	size, ahead    int
	taken, waiting int
}

// Client returns a new one, for whom there are size turns.
func (t *Turns) Client(user, size int) *Client {
	return &Client{t: t, user: user, size: max(size, 1)}
}

// Bound says how many turns there are, and how many more may be taken by a client
// while nobody else has any or waits.
func (c *Client) Bound(size, ahead int) {
	c.t.mu.Lock()
	defer c.t.unlock()
	c.size, c.ahead = max(size, 1), max(ahead, 0)
	c.t.give()
}

// Load says how much there is to do for the size, with one build more.
func (c *Client) Load() float64 {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	return float64(c.t.taken+c.t.waiting()+1) / float64(c.size)
}

// Waiting is how many wait for a turn.
func (t *Turns) Waiting() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waiting()
}

func (t *Turns) waiting() (n int) {
	for _, u := range t.users {
		n += len(u.waiting)
	}
	return n
}

// Line is a place in the line, where one turn at a time is waited for.
type Line struct {
	c    *Client
	wake func()

	// Guarded by the mutex of the turns.
	waits  bool
	given  bool // a turn, which is not taken yet
	asking bool // needs no waking
}

// Line returns a place in the line for a client. When a turn that was refused has come,
// wake is called, from any goroutine; it must not wait for anything. The turn is then
// kept until it is taken or forgone.
func (c *Client) Line(wake func()) *Line { return &Line{c: c, wake: wake} }

// Take takes a turn, which release gives back, once. When there is none now, release is
// nil, and the line is waited in until a turn comes or Forgo is called.
func (l *Line) Take() (release func()) {
	t := l.c.t
	t.mu.Lock()
	defer t.unlock()
	if !l.waits && !l.given {
		t.join(l)
		l.asking = true
		t.give()
		l.asking = false
	}
	if !l.given {
		return nil
	}
	l.given = false
	return sync.OnceFunc(func() { t.free(l.c) })
}

// Forgo says that no turn is wanted now. One that was kept goes to the next.
func (l *Line) Forgo() {
	t := l.c.t
	t.mu.Lock()
	defer t.unlock()
	switch {
	case l.given:
		l.given = false
		t.back(l.c)
	case l.waits:
		t.quit(l)
	default:
		return
	}
	t.forget(l.c.user)
	t.give()
}

// Wait waits for a turn. When that is not at once it calls queued first, with how many
// turns there are. The result gives it back, once.
func (c *Client) Wait(ctx context.Context, queued func(taken int)) (release func(), err error) {
	come := make(chan struct{}, 1)
	l := c.Line(func() { come <- struct{}{} })
	if release = l.Take(); release != nil {
		return release, nil
	}
	queued(c.size)
	select {
	case <-come:
		return l.Take(), nil
	case <-ctx.Done():
		l.Forgo()
		return nil, ctx.Err()
	}
}

// unlock ends what was done with the turns, and wakes those whose turns have come.
func (t *Turns) unlock() {
	woken := t.woken
	t.woken = nil
	t.mu.Unlock()
	for _, wake := range woken {
		wake()
	}
}

// join puts l in the line.
func (t *Turns) join(l *Line) {
	u := t.users[l.c.user]
	if u == nil {
		t.clock++
		u = &queuer{came: t.clock}
		t.users[l.c.user] = u
	}
	u.waiting = append(u.waiting, l)
	l.waits = true
	l.c.waiting++
}

// quit takes l out of the line.
func (t *Turns) quit(l *Line) {
	u := t.users[l.c.user]
	i := slices.Index(u.waiting, l)
	u.waiting = slices.Delete(u.waiting, i, i+1)
	l.waits = false
	l.c.waiting--
}

// free takes a turn back.
func (t *Turns) free(c *Client) {
	t.mu.Lock()
	defer t.unlock()
	t.back(c)
	t.forget(c.user)
	t.give()
}

func (t *Turns) back(c *Client) {
	t.users[c.user].taken--
	c.taken--
	t.taken--
	if t.files != nil {
		t.files.keep(t.taken)
	}
}

// forget forgets a user who has and wants nothing.
func (t *Turns) forget(user int) {
	if u := t.users[user]; u.taken == 0 && len(u.waiting) == 0 {
		delete(t.users, user)
	}
}

// give gives the turns that are free.
func (t *Turns) give() {
	for {
		l := t.next()
		if l == nil {
			t.rest()
			return
		}
		if !t.room(l.c) {
			return
		}
		t.quit(l)
		u := t.users[l.c.user]
		t.clock++
		u.taken, u.last = u.taken+1, t.clock
		l.c.taken++
		t.taken++
		l.given = true
		if !l.asking {
			t.woken = append(t.woken, l.wake)
		}
	}
}

// room says whether a client may be given a turn. Nobody else is given one before that.
func (t *Turns) room(c *Client) bool {
	switch {
	case t.taken < c.size:
		return t.files == nil || t.files.take(t.taken+1, c.size) || t.later()
	case t.taken >= c.size+c.ahead || t.taken > c.taken || t.waiting() > c.waiting:
		return false
	}
	return t.files == nil || t.files.alone(c.size) || t.later()
}

// later has the files asked again, as nobody tells what other processes do.
func (t *Turns) later() bool {
	if t.again == nil {
		t.again = time.AfterFunc(t.files.pause, func() {
			t.mu.Lock()
			defer t.unlock()
			t.again = nil
			t.give()
		})
	}
	return false
}

// rest notes that nobody waits.
func (t *Turns) rest() {
	if t.again != nil && t.again.Stop() {
		t.again = nil
	}
	if t.files != nil {
		t.files.quit()
	}
}

// next is the first of the user whose turn it is; nil when nobody waits.
func (t *Turns) next() *Line {
	var next *queuer
	for _, u := range t.users {
		if len(u.waiting) > 0 && (next == nil || u.before(next)) {
			next = u
		}
	}
	if next == nil {
		return nil
	}
	return next.waiting[0]
}

func (u *queuer) before(v *queuer) bool {
	return cmp.Or(cmp.Compare(u.taken, v.taken), cmp.Compare(u.last, v.last), cmp.Compare(u.came, v.came)) < 0
}
