package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/store/nixbase32"
	"fruix/store/path"
	"fruix/store/tree"
)

// session is the temporary place of one open store. It is two things in the
// temporary directory: a lock file "<id>.lock", whose lock is held for as long
// as the process lives, and a directory "<id>". Whoever can take the lock
// knows that the owner is dead and may remove both. The lock file holds the
// names of the objects that the process uses; see [Store.Protect].
type session struct {
	lock *os.File
	dir  string // physical
	next int
}

const lockSuffix = ".lock"

// newSession makes a session in dir.
func newSession(dir string) (*session, error) {
	for range 16 {
		var b [15]byte
		rand.Read(b[:]) // a name that nobody else has; it appears in no result
		id := nixbase32.EncodeToString(b[:])
		lock, err := lockNew(filepath.Join(dir, id+lockSuffix))
		if err != nil {
			return nil, err
		}
		if lock == nil {
			continue // swept away between creation and lock
		}
		s := &session{lock: lock, dir: filepath.Join(dir, id)}
		if err := os.Mkdir(s.dir, 0o755); err != nil {
			lock.Close()
			return nil, err
		}
		return s, nil
	}
	return nil, fmt.Errorf("could not make a temporary place in %s", dir)
}

// lockNew makes and locks a lock file. It returns nil when a sweep of another
// process came in between.
func lockNew(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	ok, err := tryLock(f)
	if ok && linked(f) {
		return f, nil
	}
	f.Close()
	return nil, err
}

// tryLock takes the exclusive lock of f unless somebody has it.
func tryLock(f *os.File) (bool, error) {
	err := flock(f, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// linked says whether f still has a name: a lock file without one has been
// given up by its last holder.
func linked(f *os.File) bool {
	var st unix.Stat_t
	return unix.Fstat(int(f.Fd()), &st) == nil && st.Nlink > 0
}

// place returns a fresh physical path that ends in base; its parent exists.
func (s *session) place(base string) (string, error) {
	s.next++
	dir := filepath.Join(s.dir, fmt.Sprint(s.next))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	return filepath.Join(dir, base), nil
}

// owns says whether place gave the path physical.
func (s *session) owns(physical string) bool {
	return filepath.Dir(filepath.Dir(physical)) == s.dir
}

func (s *session) close() error {
	err := tree.Remove(s.dir)
	if err == nil {
		err = os.Remove(s.lock.Name())
	}
	return errors.Join(err, s.lock.Close())
}

// sweep removes the sessions of dead processes. It is a courtesy: what cannot
// be removed, because it is another user's or because the disk fails, waits
// for somebody else. Nor is anything removed beside a database of another store.
func (s *Store) sweep(ctx context.Context) {
	dir := filepath.Join(s.Physical(s.c.StoreDir), tempDir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), lockSuffix); ok {
			s.sweepOne(ctx, filepath.Join(dir, e.Name()), filepath.Join(dir, id))
		}
	}
}

func (s *Store) sweepOne(ctx context.Context, lock, dir string) {
	f, err := os.OpenFile(lock, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if ok, _ := tryLock(f); !ok || !linked(f) {
		return
	}
	if _, err := s.database(ctx); err != nil {
		return // whoever needs it is told why
	}
	// The directory goes first: as long as it exists its lock file does.
	if s.sealAll(filepath.Join(dir, unsealed)) && tree.Remove(dir) == nil {
		os.Remove(lock)
	}
}

// unsealed is the directory of a session that names the objects in which the
// process is changing directories: their time, and for an ordinary user's
// process their mode, may be wrong if it dies.
const unsealed = "unsealed"

// unseal notes that directories of the object base are going to be changed. Its
// path is locked. The note is taken back by sealed.
func (s *Store) unseal(base string) (sealed func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.makeSession(); err != nil {
		return nil, err
	}
	dir := filepath.Join(s.session.dir, unsealed)
	if err := mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	note := filepath.Join(dir, base)
	return func() { _ = os.Remove(note) }, os.WriteFile(note, nil, 0o600)
}

// sealAll gives the directories of objects that a dead process has named in dir
// their canonical form. It says whether all of them have it.
func (s *Store) sealAll(dir string) bool {
	names, err := readNames(dir)
	if errors.Is(err, os.ErrNotExist) {
		return true
	}
	for _, base := range names {
		if _, perr := path.ParseBase(base); perr != nil || err != nil {
			continue
		}
		lock, lerr := s.tryLockOutput(base)
		if lock == nil {
			return false // somebody else is changing it
		}
		err = errors.Join(lerr, tree.SealDirs(s.final(base)))
		lock.Release()
	}
	return err == nil
}

// roomy is temp, after garbage has been collected if there is too little room.
func (s *Store) roomy(ctx context.Context, base string) (string, error) {
	if err := s.makeRoom(ctx); err != nil {
		return "", err
	}
	return s.temp(base)
}

// temp returns a fresh place in this store's session, making it if need be.
func (s *Store) temp(base string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.makeSession(); err != nil {
		return "", err
	}
	p, err := s.session.place(base)
	return p, s.explain("make a temporary place", err)
}

// makeSession makes this store's session unless there is one; s.mu is held.
func (s *Store) makeSession() error {
	if s.closed {
		return errClosed
	}
	if s.foreign != nil {
		return s.foreign
	}
	if s.session != nil {
		return nil
	}
	n, err := newSession(filepath.Join(s.Physical(s.c.StoreDir), tempDir))
	if err == nil {
		s.session = n
	}
	return s.explain("make a temporary place", err)
}

// TempOutput returns a physical path, in the file system of the store, where
// the output that will be p can be made. Nothing lies there yet; its parent is
// an empty directory that only this path uses. What lies there when the store
// is closed, or opened by anybody after this process has died, is removed.
func (s *Store) TempOutput(p string) (string, error) {
	q, err := s.parse(p)
	if err != nil {
		return "", err
	}
	return s.roomy(context.Background(), q.Base())
}

// Discard removes what lies at a path that [Store.TempOutput] gave, and its
// parent.
func (s *Store) Discard(physical string) error {
	return tree.Remove(filepath.Dir(physical))
}
