package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"fruix/store/db"
	"fruix/store/journal"
)

// A store that is written as a part of an image has objects, a journal, and a mark
// (journal.MarkFile) instead of a database: the bytes of a database would depend on
// the version of SQLite, and it would have the same identity on every machine. The
// first process that needs the database makes it from the journal, and then takes
// the mark away. So a store without a database is new when it has the mark, and has
// lost its database when it has none, which is a case for [Store.Rebuild].
//
// The database comes first and remembers the mark that it was made for; the mark
// goes when the database has reached the disk, and before anything else is done with
// it. A crash in between leaves a mark that is that of the database.

// metaMark is the key, in the database's table Meta, of the mark that it was made for.
const metaMark = "madeForMark"

// FreshError reports a store that came with an image and cannot be taken into use.
// Nothing was changed.
type FreshError struct {
	Store   string // physical path of the store directory
	Problem string // what is wrong
	Hint    string // what to do
}

func (e *FreshError) Error() string {
	return fmt.Sprintf("the store %s, which came with an image, cannot be taken into use: %s; nothing was changed", e.Store, e.Problem)
}

// Portable is what can be said of an object to a store that is made for another
// machine. Its derivation is not there, which one it was and by whom its content
// address was noted differs from store to store, and it is registered at a time that
// is the same for all.
func (i *Info) Portable() journal.Record {
	r := journal.Record{Path: filepath.Base(i.Path), NarHash: i.NarHash, NarSize: i.NarSize, Registered: journal.Time}
	for _, ref := range i.References {
		r.References = append(r.References, filepath.Base(ref))
	}
	return r
}

// FreshJournal returns the journal of a store that holds nothing but objects, a whole
// closure, and is made for another machine; see [Info.Portable]. from is a store that
// has them.
func FreshJournal(ctx context.Context, from interface {
	Info(ctx context.Context, p string) (*Info, error)
}, objects []string) ([]byte, error) {
	records := make([]journal.Record, len(objects))
	for i, p := range objects {
		known, err := from.Info(ctx, p)
		if err != nil {
			return nil, err
		}
		records[i] = known.Portable()
	}
	return journal.Fresh(records)
}

func (s *Store) markFile() string { return filepath.Join(s.Physical(s.c.StoreDir), journal.MarkFile) }

// mark returns what the mark holds, "" when there is none. One that somebody else
// has put there, who may add to the directory, is none.
func (s *Store) mark() (string, error) {
	f, err := os.OpenFile(s.markFile(), os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ELOOP) || errors.Is(err, unix.EMLINK) {
		return "", nil // FreeBSD says EMLINK of a link
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	var dir, st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return "", err
	}
	if err := unix.Stat(s.Physical(s.c.StoreDir), &dir); err != nil {
		return "", err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Uid != dir.Uid {
		return "", nil
	}
	text, err := io.ReadAll(io.LimitReader(f, 200))
	if err == nil && len(text) == 0 {
		return "", s.unfit("the file %s is empty", journal.MarkFile)
	}
	return string(text), err
}

// dropMark takes the mark away.
func (s *Store) dropMark() error {
	err := os.Remove(s.markFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || s.c.Relaxed {
		return err
	}
	return syncDir(s.Physical(s.c.StoreDir))
}

// unfit makes a FreshError for a store that is not as it was written.
func (s *Store) unfit(format string, args ...any) *FreshError {
	return &FreshError{
		Store: s.Physical(s.c.StoreDir), Problem: fmt.Sprintf(format, args...),
		Hint: "write the image again; or let \"fruix store rebuild\" make a database from what lies there",
	}
}

// takeIntoUse makes the database of a store that came with an image and that nobody
// has used. s.mu is held, and this process has not locked the database.
func (s *Store) takeIntoUse(ctx context.Context) error {
	mark, err := s.mark()
	if mark == "" || err != nil {
		return err
	}
	if s.foreign != nil {
		return &FreshError{
			Store: s.Physical(s.c.StoreDir), Problem: "its owner has not used it yet",
			Hint: "its owner's first command, such as \"fruix gc --dry-run\" or \"fruix daemon\", makes its database",
		}
	}
	lock, err := s.lockDatabase(ctx, unix.LOCK_EX)
	if err != nil {
		return err
	}
	defer lock.Close()
	sign(lock)
	if mark, err = s.mark(); mark == "" || err != nil {
		return err // another process was here
	}
	made, err := s.madeFor(ctx, mark)
	if err != nil {
		return err
	}
	objects := 0
	if !made {
		if objects, err = s.makeFor(ctx, mark); err != nil {
			return err
		}
	}
	if err := s.dropMark(); err != nil {
		return err
	}
	if !made && s.c.OnFirstUse != nil {
		s.c.OnFirstUse(objects)
	}
	return nil
}

// madeFor says whether there is a database that was made for mark. Another one, but
// for one that holds nothing, is a *ForeignError.
func (s *Store) madeFor(ctx context.Context, mark string) (bool, error) {
	if _, err := os.Lstat(s.databaseFile()); err != nil {
		return false, ignoreMissing(err)
	}
	d, err := db.Open(ctx, s.databaseOptions())
	if err != nil {
		return false, err
	}
	defer d.Close()
	has, err := d.Meta(ctx, metaMark)
	if err != nil || has == mark {
		return has == mark, err
	}
	id, err := d.Meta(ctx, metaID)
	if err != nil {
		return false, err
	}
	empty, err := d.Empty(ctx)
	if err == nil && (id != "" || !empty) {
		err = &ForeignError{
			s.databaseFile(), s.Physical(s.c.StoreDir), "the objects came with an image that was unpacked over this store",
			"\"fruix store rebuild\" makes the database anew from what lies there",
		}
	}
	return false, err
}

// makeFor makes the database for mark, and says of how many objects.
func (s *Store) makeFor(ctx context.Context, mark string) (int, error) {
	id, err := readID(filepath.Join(s.Physical(s.c.StoreDir), idFile))
	if err != nil {
		return 0, err
	}
	if id != "" {
		return 0, s.unfit("it has been used before, and has lost its database")
	}
	objects, err := s.freshObjects(mark)
	if err != nil {
		return 0, err
	}
	file, err := s.createDatabase(ctx, objects, map[string]string{metaMark: mark})
	if err != nil {
		return 0, err
	}
	// What is there holds nothing. Its log must not meet the new database.
	if err := removeDatabase(s.databaseFile()); err != nil {
		return 0, err
	}
	return len(objects), s.placeDatabase(file)
}

// freshObjects returns the objects that the journal of a store with this mark has.
func (s *Store) freshObjects(mark string) ([]db.Object, error) {
	text, err := os.ReadFile(s.journalFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if journal.Mark(text) != mark {
		return nil, s.unfit("its journal %s is not the one that was written with it", journal.File)
	}
	var objects []db.Object
	err = journal.Lines(bytes.NewReader(text), func(line []byte) error {
		r, err := journal.Parse(line)
		if err != nil {
			return s.unfit("its journal cannot be read: %v", err)
		}
		if _, err := os.Lstat(s.final(r.Path)); errors.Is(err, fs.ErrNotExist) {
			return s.unfit("%s/%s is missing", s.c.StoreDir, r.Path)
		} else if err != nil {
			return err
		}
		o := objectOf(r)
		bad, err := s.addOutputs(&o)
		if err == nil && bad != "" {
			err = s.unfit("%s/%s %s", s.c.StoreDir, r.Path, bad)
		}
		objects = append(objects, o)
		return err
	})
	return objects, err
}
