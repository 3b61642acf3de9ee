package daemon

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"fruix/builder/socket"
)

// account is what one user takes, over all connections.
type account struct {
	mu          sync.Mutex
	connections int
	memory      int64
	protected   int64 // bytes of names of objects that are kept from being collected
	limits      Limits

	adds, heavy slots
}

// slots is a number of things that may go on at a time.
type slots chan struct{}

// take waits for a slot. The result gives it back, once.
func (s slots) take(ctx context.Context) (release func(), err error) {
	select {
	case s <- struct{}{}:
		return sync.OnceFunc(func() { <-s }), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

var errMemory = errors.New("you send too much at a time; send it bit by bit, or over fewer connections")

// charge counts n bytes, unless there would be too many.
func (a *account) charge(n int64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.memory+n > a.limits.Memory {
		return errMemory
	}
	a.memory += n
	return nil
}

func (a *account) discharge(n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.memory -= n
}

// protect counts n bytes of names of objects that are kept from being collected, and
// says whether they may be.
func (a *account) protect(n int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.protected+n > a.limits.Protected {
		return false
	}
	a.protected += n
	return true
}

func (a *account) unprotect(n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.protected -= n
}

// accounts are those of the users who are connected.
type accounts struct {
	mu     sync.Mutex
	limits Limits
	byUser map[int]*account
	all    int // connections
	// refusing is how many connections are being told that they are too many.
	refusing int
}

// maxRefusing is how many are told so at a time. Those beyond are ended without a word:
// telling costs a descriptor, and somebody could make connections without end.
const maxRefusing = 32

// errFull is a server that takes no more connections.
var errFull = errors.New("the daemon has too many connections; try again later")

// errCrowd is a server that does not even say so.
var errCrowd = errors.New("too many connections are being refused")

// open counts a connection of a user. An error means that it must not be served, but told
// why; unless it is errCrowd, refused must be called then.
func (a *accounts) open(user int, trusted bool) (_ *account, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	defer func() {
		switch {
		case err == nil:
		case a.refusing >= maxRefusing:
			err = errCrowd
		default:
			a.refusing++
		}
	}()
	u := a.byUser[user]
	if u == nil {
		u = &account{
			limits: a.limits, adds: make(slots, a.limits.Adds), heavy: make(slots, a.limits.Heavy),
		}
	}
	switch {
	case trusted: // can do worse
	case a.all >= a.limits.Connections:
		return nil, errFull
	case u.connections >= a.limits.PerUser:
		return nil, fmt.Errorf("you have %d connections already, and no user may have more", u.connections)
	}
	a.byUser[user] = u
	u.connections++
	a.all++
	return u, nil
}

// refused is the end of a connection that was told that it is one too many.
func (a *accounts) refused() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refusing--
}

func (a *accounts) close(user int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all--
	if u := a.byUser[user]; u.connections > 1 {
		u.connections--
	} else {
		// What still goes on for the user holds the old account's slots.
		delete(a.byUser, user)
	}
}

// userOf is the key under which what a peer takes is counted: all that come from
// other machines are one.
func userOf(p socket.Peer) int {
	if p.Local {
		return p.UID
	}
	return -1
}
