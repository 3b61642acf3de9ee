package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/store/path"
)

// Protect keeps paths, and all that they refer to, from being collected until
// this Store is closed, whether they are valid yet or not. Whatever a Store has
// said is valid, and whatever it has locked, is protected without being asked:
// callers need this for what they know from elsewhere.
//
// It is Nix's and Guix's protocol of temporary roots: names are written to a
// file of this process under the shared lock of the collector, and only then is
// looked up what is valid; a collector holds the lock alone from when it reads
// these files until what is dead is no longer valid.
func (s *Store) Protect(ctx context.Context, paths ...string) error {
	bases, err := s.bases(paths)
	if err != nil {
		return err
	}
	return s.protect(ctx, bases)
}

func (s *Store) protect(ctx context.Context, bases []string) error {
	s.protecting.Lock()
	defer s.protecting.Unlock()
	var names strings.Builder
	for _, b := range bases {
		if !s.protected[b] {
			names.WriteString(b)
			names.WriteByte('\n')
		}
	}
	if names.Len() == 0 {
		return nil
	}
	if s.c.MayProtect != nil && !s.c.MayProtect(int64(names.Len())) {
		return &TooManyError{Names: len(s.protected)}
	}
	roots, err := s.rootsFile()
	if err != nil {
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EROFS) {
			return nil // who may not write the store can only look at it
		}
		return err
	}
	lock, err := s.lockCollector(ctx, unix.LOCK_SH)
	if err != nil {
		return err
	}
	defer lock.Close()
	// It begins a line, so that it does not continue what was written of names for which
	// the disk had no room: the two would be read as the name of something else.
	if _, err := roots.WriteString("\n" + names.String()); err != nil {
		return s.explain("note what is in use", err)
	}
	for _, b := range bases {
		s.protected[b] = true
	}
	return nil
}

// rootsFile is the file with the names that this process protects: the lock
// file of its session.
func (s *Store) rootsFile() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.makeSession(); err != nil {
		return nil, err
	}
	return s.session.lock, nil
}

// lockCollector takes the lock between collectors (LOCK_EX) and those who begin
// to use objects (LOCK_SH). It ends when the file is closed.
func (s *Store) lockCollector(ctx context.Context, how int) (*os.File, error) {
	f, err := openLock(s.StatePath("collector.lock"))
	if err != nil {
		return nil, s.explain("lock the store", err)
	}
	// Nobody holds it shared for longer than it takes to write a line, so a wait
	// that a person could notice is for a collector.
	err = s.waitFlock(ctx, f, how, noticeable, func() Wait { return Wait{Holder: lockedBy(f), Collector: true} })
	if err != nil {
		return nil, err
	}
	if how == unix.LOCK_EX {
		sign(f)
	}
	return f, nil
}

// inUse returns the base names that processes, this one included, have
// protected.
func (s *Store) inUse() (out []string, err error) {
	err = s.eachUser(func(_ *os.File, bases []string) { out = append(out, bases...) })
	return out, err
}

// eachUser calls f with the lock file of each process that has protected objects, this
// one included, and their base names.
func (s *Store) eachUser(f func(lock *os.File, bases []string)) error {
	dir := filepath.Join(s.Physical(s.c.StoreDir), tempDir)
	names, err := readNames(dir)
	if err != nil {
		if s.foreign != nil && errors.Is(err, fs.ErrPermission) {
			return nil // it is closed to who can only look
		}
		return ignoreMissing(err)
	}
	for _, n := range names {
		if !strings.HasSuffix(n, lockSuffix) {
			continue
		}
		if err := oneUser(filepath.Join(dir, n), f); err != nil && !errors.Is(err, fs.ErrNotExist) { // or its process has just ended
			return err
		}
	}
	return nil
}

func oneUser(name string, f func(lock *os.File, bases []string)) error {
	lock, err := os.Open(name)
	if err != nil {
		return err
	}
	defer lock.Close()
	text, err := io.ReadAll(lock)
	if err != nil {
		return err
	}
	if unix.Flock(int(lock.Fd()), unix.LOCK_SH|unix.LOCK_NB) == nil {
		return nil // its process has died
	}
	var bases []string
	for _, line := range strings.Fields(string(text)) {
		if _, err := path.ParseBase(line); err == nil {
			bases = append(bases, line)
		}
	}
	f(lock, bases)
	return nil
}
