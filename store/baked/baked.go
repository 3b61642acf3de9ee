// Package baked keeps archives that were compressed before anybody asked for them, in
// a folder of the host: what "guix publish --cache" calls baking.
//
// What enters is the bytes of an archive, once, under a [Key] and with the hash of what
// they are compressed from; what leaves is the same bytes, from any place on, and their
// length and hash. An archive comes into being by a rename, so that who finds one finds
// all of it, and each block of it has a checksum, so that nothing damaged is given out.
// Many processes may use one folder. The caller is "fruix publish", by way of
// store/publish; nothing here knows of stores or of HTTP.
package baked

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Folder is where archives are kept: one folder for each form, one file in it for each
// archive.
type Folder struct {
	dir string
	now func() time.Time
	lag time.Duration // how much the time of the last use may lag behind
}

// Key names an archive. Both parts are parts of file names: letters, digits and "+-._",
// and no "." in front.
type Key struct {
	Form string // how it is compressed, and by what
	Name string // of what
}

// Info is what is known of an archive.
type Info struct {
	Size    int64    // bytes
	Hash    [32]byte // their SHA-256
	Subject [32]byte // hash of what they are compressed from
}

// ErrDamaged is the error of an archive that is not as it was written.
var ErrDamaged = errors.New("the cached archive is damaged")

// ErrTooLarge is the error of an archive that has more bytes than it may have.
var ErrTooLarge = errors.New("the archive is larger than the cache may be")

// Ends of file names.
const (
	bakedSuffix  = ".baked"
	bakingSuffix = ".baking" // of one that is being written, with a "." in front
)

// New returns the folder at dir, which is made if it is not there. now is the clock
// that times of use come from; age is the [Limits.Age] that it will be swept with.
func New(dir string, now func() time.Time, age time.Duration) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return nil, &fs.PathError{Op: "write to", Path: dir, Err: err}
	}
	lag := time.Minute
	if age > 0 {
		lag = min(lag, age/10) // what is in use must not look old
	}
	return &Folder{dir, now, lag}, nil
}

// good says whether text can be part of a file name.
func good(text string) bool {
	const signs = "+-._"
	return text != "" && text[0] != '.' && strings.IndexFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune(signs, r)
	}) < 0
}

// file is where the archive of k lies.
func (f *Folder) file(k Key) string { return filepath.Join(f.dir, k.Form, k.Name+bakedSuffix) }

// Make keeps what fill writes as the archive of k, in place of one that may be there.
// subject is the hash of what it is compressed from. More than limit bytes are
// ErrTooLarge; 0 is no limit. After an error everything is as it was.
func (f *Folder) Make(k Key, subject [32]byte, limit int64, fill func(w io.Writer) error) (i Info, err error) {
	if !good(k.Form) || !good(k.Name) {
		return Info{}, fmt.Errorf("%q: no name for a cached archive", k)
	}
	dir := filepath.Join(f.dir, k.Form)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Info{}, err
	}
	t, err := create(dir, k.Name)
	if err != nil {
		return Info{}, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreAbsent(os.Remove(t.Name())))
		}
	}()
	defer t.Close() // the lock ends after the rename
	w := newWriter(t, limit)
	if err := fill(w); err != nil {
		return Info{}, err
	}
	if i, err = w.finish(subject); err != nil {
		return Info{}, err
	}
	now := f.now()
	if err := os.Chtimes(t.Name(), now, now); err != nil {
		return Info{}, err
	}
	return i, os.Rename(t.Name(), f.file(k))
}

// create makes a file to be written to. As long as it is locked it is nobody's leftover.
func create(dir, name string) (*os.File, error) {
	for {
		t, err := os.CreateTemp(dir, "."+name+".*"+bakingSuffix)
		if err != nil {
			return nil, err
		}
		err = unix.Flock(int(t.Fd()), unix.LOCK_EX)
		if _, gone := os.Lstat(t.Name()); err == nil && gone == nil {
			return t, nil
		}
		t.Close()
		if err != nil {
			return nil, errors.Join(&fs.PathError{Op: "lock", Path: t.Name(), Err: err}, ignoreAbsent(os.Remove(t.Name())))
		}
		// A sweep has taken it before it was locked.
	}
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Open opens the archive of k, and counts that as a use. When there is none, or it is
// of another subject, the error is fs.ErrNotExist; when what is there is of no use,
// ErrDamaged.
func (f *Folder) Open(k Key, subject [32]byte) (*Archive, error) {
	if !good(k.Form) || !good(k.Name) {
		return nil, fs.ErrNotExist
	}
	file, err := os.Open(f.file(k))
	if err != nil {
		return nil, err
	}
	a, modified, err := read(file)
	if err == nil && a.Subject != subject {
		err = fs.ErrNotExist
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	if now := f.now(); now.Sub(modified) > f.lag {
		_ = os.Chtimes(f.file(k), now, now) // a courtesy: somebody else's sweep may have taken it
	}
	return a, nil
}

// Drop removes the archive of k, if there is one.
func (f *Folder) Drop(k Key) error {
	if !good(k.Form) || !good(k.Name) {
		return nil
	}
	return ignoreAbsent(os.Remove(f.file(k)))
}
