package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Wait tells of a lock that cannot be had at once.
type Wait struct {
	Path      string // logical path that is locked
	Holder    string // who holds it, such as "process 4711", "" when unknown
	Collector bool   // the wait is for a collector of garbage, not for a path
	Rebuild   bool   // the wait is for somebody who makes the database anew
	Users     bool   // who makes the database anew waits for those who have it open
	Journal   bool   // the wait is for the journal
	Database  bool   // the wait is for somebody who writes to the database
	Profile   string // path of a profile that somebody else changes
}

type waitKey struct{}

// WithWaitNotice returns a context under which f, rather than [Config.OnWait],
// is told when a lock must be waited for.
func WithWaitNotice(ctx context.Context, f func(Wait)) context.Context {
	return context.WithValue(ctx, waitKey{}, f)
}

// Lock is a set of locked paths.
type Lock struct {
	s     *Store
	bases []string
	files []*os.File
	once  sync.Once
}

// LockOutputs locks paths against every other process and goroutine that locks
// them, and waits until it can. Locks are always taken in the order of the
// paths, so those who lock all they need in one call cannot block each other
// for ever. The lock ends with [Lock.Release] or with the process.
func (s *Store) LockOutputs(ctx context.Context, outs []string) (*Lock, error) {
	bases, err := s.bases(outs)
	if err != nil {
		return nil, err
	}
	slices.Sort(bases)
	if err := s.protect(ctx, bases); err != nil {
		return nil, err
	}
	l := &Lock{s: s, bases: slices.Compact(bases)}
	for _, b := range l.bases {
		f, err := s.lockOne(ctx, b)
		if err != nil {
			l.Release()
			return nil, s.explain("lock "+b, err)
		}
		l.files = append(l.files, f)
	}
	s.mu.Lock()
	for _, b := range l.bases {
		s.held[b]++
	}
	s.mu.Unlock()
	return l, nil
}

// atOnce is how many paths should be locked at a time, where most are wanted: each takes
// an open file, and a process may have few of them.
func atOnce(most int) int {
	var may unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &may) != nil || uint64(may.Cur) >= uint64(4*most) {
		return most
	}
	return max(1, int(may.Cur)/4)
}

// holds says whether this Store has locked base.
func (s *Store) holds(base string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[base] > 0
}

// lockOne waits for one lock.
func (s *Store) lockOne(ctx context.Context, base string) (*os.File, error) {
	if s.foreign != nil {
		return nil, s.foreign
	}
	name := s.StatePath("locks", base+lockSuffix)
	for {
		f, err := openLock(name)
		if err != nil {
			return nil, err
		}
		err = s.waitFlock(ctx, f, unix.LOCK_EX, 0, func() Wait { return Wait{Path: s.c.StoreDir + "/" + base, Holder: lockedByOne(f)} })
		if ctx.Err() != nil {
			err = fmt.Errorf("while waiting for another process to finish %s/%s: %w", s.c.StoreDir, base, ctx.Err())
		}
		if err != nil {
			return nil, err
		}
		if linked(f) {
			sign(f)
			return f, nil
		}
		f.Close() // given up and unlinked meanwhile: its successor is free
	}
}

// openLock opens a file that is locked, which is made when it is not there. Only its
// owner may open it: who can read a file can lock it (flock(2)), and keep everybody
// waiting.
func openLock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if unix.Fstat(int(f.Fd()), &st) == nil && st.Mode&0o077 != 0 {
		_ = f.Chmod(0o600) // one of an older Fruix
	}
	return f, nil
}

// noticeable is for how long a wait goes on before a person could notice it.
const noticeable = 50 * time.Millisecond

// mostAsked is how often who waits asks for the holder of a lock: one of another
// machine or namespace has no number here.
const mostAsked = 10

// waitFlock locks f, LOCK_SH or LOCK_EX, when it can. When that takes longer than
// quiet, somebody is told of what notice returns. On an error f is closed.
//
// A wait in the kernel comes to its end as soon as it can, and in turn with
// others; but nothing can end it. So when ctx ends it is left alone, with f.
func (s *Store) waitFlock(ctx context.Context, f *os.File, how int, quiet time.Duration, notice func() Wait) error {
	err := flock(f, how|unix.LOCK_NB)
	if err == nil {
		return nil
	}
	if !errors.Is(err, unix.EWOULDBLOCK) {
		f.Close()
		return err
	}
	done := make(chan error)
	ended := make(chan struct{})
	go func() {
		err := flock(f, how)
		select {
		case done <- err:
		case <-ended:
			f.Close()
		}
	}()
	timer := time.NewTimer(quiet)
	defer timer.Stop()
	for asked := 1; ; asked++ {
		select {
		case err := <-done:
			if err != nil {
				f.Close()
			}
			return err
		case <-ctx.Done():
			close(ended)
			return ctx.Err()
		case <-timer.C:
			// Where nobody holds it, it has just been given up: then either the wait is
			// over, or the next one holds it, who is asked for.
			if w := notice(); w.Holder != "" || asked >= mostAsked {
				s.tell(ctx, w)
			} else {
				timer.Reset(2 * time.Millisecond)
			}
		}
	}
}

// flock is flock(2), begun again after signals.
func flock(f *os.File, how int) error {
	for {
		switch err := unix.Flock(int(f.Fd()), how); err {
		case nil:
			return nil
		case unix.EINTR:
		default:
			return &os.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
	}
}

// tryLockOutput locks one object unless somebody has it; then the lock is nil.
func (s *Store) tryLockOutput(base string) (*Lock, error) {
	f, err := openLock(s.StatePath("locks", base+lockSuffix))
	if err != nil {
		return nil, s.explain("lock "+base, err)
	}
	ok, err := tryLock(f)
	if err != nil || !ok || !linked(f) {
		f.Close()
		return nil, err
	}
	s.mu.Lock()
	s.held[base]++
	s.mu.Unlock()
	return &Lock{s: s, bases: []string{base}, files: []*os.File{f}}, nil
}

func (s *Store) tell(ctx context.Context, w Wait) {
	if f, ok := ctx.Value(waitKey{}).(func(Wait)); ok {
		f(w)
	} else if s.c.OnWait != nil {
		s.c.OnWait(w)
	}
}

// sign writes into a lock file who holds it. It only helps people, so it may fail.
func sign(f *os.File) {
	_ = f.Truncate(0)
	_, _ = f.WriteAt(fmt.Appendf(nil, "process %d\n", os.Getpid()), 0) // who has read it is not at its beginning
}

func holder(f *os.File) string {
	b, _ := io.ReadAll(io.NewSectionReader(f, 0, 100))
	return strings.TrimSpace(string(b))
}

// Release ends the lock. Later calls do nothing.
func (l *Lock) Release() error {
	var errs []error
	l.once.Do(func() {
		if len(l.files) == len(l.bases) {
			l.s.mu.Lock()
			for _, b := range l.bases {
				if l.s.held[b]--; l.s.held[b] == 0 {
					delete(l.s.held, b)
				}
			}
			l.s.mu.Unlock()
		}
		for _, f := range l.files {
			// Unlinked while locked: whoever opened it before sees that it has
			// lost its name and opens the next one.
			if err := os.Remove(f.Name()); err != nil && !errors.Is(err, os.ErrNotExist) {
				errs = append(errs, err)
			}
			errs = append(errs, f.Close())
		}
	})
	return errors.Join(errs...)
}

// sweepLocks removes lock files that processes which were killed have left. It is
// a courtesy, as [Store.sweep] is.
func (s *Store) sweepLocks() {
	dir := s.StatePath("locks")
	names, err := readNames(dir)
	if err != nil {
		return
	}
	for _, n := range names {
		f, err := os.OpenFile(filepath.Join(dir, n), os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if ok, _ := tryLock(f); ok && linked(f) {
			_ = os.Remove(f.Name())
		}
		f.Close()
	}
}

// readNames lists what is in a directory, in no order.
func readNames(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

// syncDir makes what was renamed in a directory durable.
func syncDir(dir string) error {
	f, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
