package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

// Defaults of Users. The numbers are those of the accounts that an
// installation of Fruix makes; they need not exist in the host's passwd file.
const (
	FirstBuildUser = 35001
	BuildUsers     = 128
	BuildGroup     = 35000
)

// Users hands out the users of the host that root's builds run as, each to one
// build at a time, whichever process runs it: a user is taken by locking a
// file named after it. The jail holds the lock as well, so that it lasts until
// everything that runs as the user is dead, whatever becomes of this process.
//
// A user as whom anything else of the host runs is passed over. It could reach into
// the jail, whose processes are its own by the kernel's lights.
type Users struct {
	dir   string
	first int
	count int
	gid   int
	// taken says whether somebody else runs as a user; with fresh, at this moment.
	taken func(uid int, fresh bool) bool
	mu    sync.Mutex // guards the making of dir, and keeps the search for a free one orderly
}

// NewUsers returns the pool whose locks lie in dir, a folder of the store's
// state, which is made when needed.
func NewUsers(dir string, first, count, gid int) *Users {
	return &Users{dir: dir, first: first, count: count, gid: gid, taken: new(processes).have}
}

// User is a user taken from the pool.
type User struct {
	jail.HostUser
	lock *os.File
}

// Release gives the user back.
func (u *User) Release() { u.lock.Close() }

// Acquire takes a free user, waiting for one if need be: then it calls waiting once.
func (p *Users) Acquire(ctx context.Context, waiting func()) (*User, error) {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 200*time.Millisecond) {
		u, err := p.try()
		if u != nil || err != nil {
			return u, err
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("while waiting for one of the %d build users: %w", p.count, context.Cause(ctx))
		case <-time.After(wait):
		}
	}
}

// try returns nil when all users are taken.
func (p *Users) try() (*User, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return nil, err
	}
	u, err := p.search(false)
	if u == nil && err == nil {
		u, err = p.search(true)
	}
	return u, err
}

func (p *Users) search(fresh bool) (*User, error) {
	for i := range p.count {
		uid := p.first + i
		f, err := os.OpenFile(filepath.Join(p.dir, strconv.Itoa(uid)), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil && !p.taken(uid, fresh) {
			return &User{jail.HostUser{UID: uid, GID: p.gid}, f}, nil
		}
		f.Close()
		if err == nil {
			continue
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, &os.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
	}
	return nil, nil
}
