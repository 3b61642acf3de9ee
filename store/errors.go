package store

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/store/db"
	"fruix/store/hash"
	"fruix/store/nixbase32"
)

// NotValidError reports a path that is not a valid object of the store.
type NotValidError struct{ Path string }

func (e *NotValidError) Error() string { return e.Path + " is not a valid store object" }

// NotInStoreError reports a path that does not lead into the store.
type NotInStoreError struct{ Path, StoreDir string }

func (e *NotInStoreError) Error() string {
	return fmt.Sprintf("%s is not in the store %s, nor a link to something there", e.Path, e.StoreDir)
}

// TooManyError reports that somebody has asked about more objects than is allowed,
// all of which would have to be kept from being collected.
type TooManyError struct{ Names int }

func (e *TooManyError) Error() string {
	return fmt.Sprintf("more than %d objects have been asked about; begin anew, so that those can be collected", e.Names)
}

// HashMismatchError reports content that is not what its hash promised.
type HashMismatchError struct {
	Path      string // logical path that the content was meant for
	Want, Got hash.Digest
}

func (e *HashMismatchError) Error() string {
	return fmt.Sprintf("hash mismatch for %s:\n  expected: %s (%s)\n  actual:   %s (%s)",
		e.Path, e.Want, e.Want.SRI(), e.Got, e.Got.SRI())
}

// NoSpaceError reports that the disk, or the user's share of it, is full.
type NoSpaceError struct {
	Op   string // what could not be done
	Root string // of the store
	Err  error
}

func (e *NoSpaceError) Error() string {
	return fmt.Sprintf("cannot %s: no space is left for the store under %s (%v); nothing was registered", e.Op, e.Root, e.Err)
}

// Unwrap returns the error beneath.
func (e *NoSpaceError) Unwrap() error { return e.Err }

// MissingOutputError reports a build that did not make one of its outputs.
type MissingOutputError struct {
	Path     string // logical
	Physical string // where it should have been
}

func (e *MissingOutputError) Error() string {
	return fmt.Sprintf("the builder did not make the output %s", e.Path)
}

// CycleError reports outputs that refer to each other in a circle, so that none
// could ever be removed.
type CycleError struct{ Paths []string }

func (e *CycleError) Error() string {
	return "outputs refer to each other in a circle: " + strings.Join(e.Paths, " -> ")
}

// NotAFileError reports an output that should be one plain file, because its
// hash is that of a file's bytes, but is not.
type NotAFileError struct{ Path string }

func (e *NotAFileError) Error() string {
	return fmt.Sprintf("%s must be a regular file that is not executable, since its hash is that of a file's bytes", e.Path)
}

// NotReproducedError reports an object that was made again, and came out
// different from what is registered.
type NotReproducedError struct {
	Path      string
	Want, Got []byte // SHA-256 of the archives
}

func (e *NotReproducedError) Error() string {
	return fmt.Sprintf("%s was made again and is not the same:\n  registered: sha256:%s\n  made again: sha256:%s",
		e.Path, nixbase32.EncodeToString(e.Want), nixbase32.EncodeToString(e.Got))
}

// explain gives errors from below their public types.
func (s *Store) explain(op string, err error) error {
	var full *db.FullError
	var invalid *db.InvalidError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid):
		return &NotValidError{s.c.StoreDir + "/" + invalid.Path}
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT), errors.As(err, &full):
		var already *NoSpaceError
		if errors.As(err, &already) {
			return err
		}
		return &NoSpaceError{Op: op, Root: s.c.Root, Err: err}
	}
	return err
}

// ignoreMissing returns err unless it says that a file is not there.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
