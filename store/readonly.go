package store

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"fruix/store/db"
)

// ReadOnlyError says why a store can only be looked at: the file system that its
// state lies on cannot be written, as that of an optical disc or of a machine that
// has booted to be mended. It is unix.EROFS.
type ReadOnlyError struct{ Path string } // physical

func (e *ReadOnlyError) Error() string {
	return fmt.Sprintf("the file system of %s can only be read; nothing was changed", e.Path)
}

// Unwrap makes it unix.EROFS.
func (e *ReadOnlyError) Unwrap() error { return unix.EROFS }

// checkWritable returns a *ReadOnlyError when the database could not be written
// whoever wanted to.
func (s *Store) checkWritable() error {
	// Not even root gets around this, access(2).
	if p := s.StatePath(); unix.Access(p, unix.W_OK) == unix.EROFS {
		return &ReadOnlyError{p}
	}
	return nil
}

func (s *Store) readOnly() bool { return errors.As(s.foreign, new(*ReadOnlyError)) }

// openToLook opens the database where it cannot be written; s.mu is held. No lock is
// taken: nobody else can write there either. That of a store which came with an image
// and has not been used is made in memory, for this process.
func (s *Store) openToLook(ctx context.Context) error {
	d, err := s.lookedAt(ctx)
	if err == nil {
		if err = s.checkIdentity(ctx, d); err != nil {
			d.Close()
		}
	}
	if err != nil {
		return s.explain("open the database", err)
	}
	s.db = d
	return nil
}

func (s *Store) lookedAt(ctx context.Context) (*db.DB, error) {
	mark, err := s.mark()
	made := true
	if err == nil && mark != "" {
		made, err = s.madeFor(ctx, mark)
	}
	if err != nil {
		return nil, err
	}
	if made {
		return db.Open(ctx, s.databaseOptions())
	}
	objects, err := s.freshObjects(mark)
	if err != nil {
		return nil, err
	}
	return db.OpenInMemory(ctx, s.databaseOptions(), objects, map[string]string{metaMark: mark})
}
