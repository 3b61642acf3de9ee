package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/store/db"
	"fruix/store/nixbase32"
	"fruix/store/path"
)

// A store is two things that belong together: a directory of objects, and a
// database that says which of them are valid. Whoever deletes what the database
// does not know deletes everything when it is another store's. So both carry the
// same random identity: the database as a value of its table Meta, the directory
// as a file. It is made once, database first, and compared whenever the database
// is opened, before anything is changed.
//
// Neither is used when somebody else owns it: root would give files to root that
// their owner could then not remove, and would believe what another user wrote
// into the database.

// idFile is the file of the store directory that holds its identity.
const idFile = ".fruix-id"

// Keys of the database's table Meta.
const (
	metaID     = "storeId"
	metaPlaced = "storeIdPlaced" // set when idFile has been written
)

// ForeignError reports a database and a store directory that do not belong
// together. Nothing was changed.
type ForeignError struct {
	Database, Store string // physical paths
	Problem         string // what does not fit
	Hint            string // what to do
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("the database %s does not belong to the store %s: %s; nothing was changed", e.Database, e.Store, e.Problem)
}

// OwnerError reports a part of a store that belongs to somebody else. It is an
// fs.ErrPermission.
type OwnerError struct {
	Path        string // physical
	Owner, Want int    // user ids
}

func (e *OwnerError) Error() string {
	return fmt.Sprintf("%s belongs to the user %d, not to the user %d; nothing was changed", e.Path, e.Owner, e.Want)
}

// Unwrap makes it an fs.ErrPermission.
func (e *OwnerError) Unwrap() error { return fs.ErrPermission }

// checkOwners compares the owners of what is there of the store with who runs
// this program. Root is refused what is not root's; others may look at
// somebody's store, and foreign says why they may not change it. What is there
// must have one owner in any case.
func (s *Store) checkOwners() (foreign error, err error) {
	want := os.Geteuid()
	if s.c.Ownership == OwnRoot {
		want = 0
	}
	parts := []string{s.Physical(s.c.StoreDir), s.StatePath(), s.StatePath("db")}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		parts = append(parts, s.databaseFile()+suffix)
	}
	owner := -1
	for i, p := range parts {
		var st unix.Stat_t
		switch err := unix.Stat(p, &st); err {
		case nil:
		case unix.ENOENT:
			continue
		case unix.EACCES: // the database's folder is its owner's, as is what is in it
			if foreign != nil {
				continue
			}
			return nil, &os.PathError{Op: "stat", Path: p, Err: err}
		default:
			return nil, &os.PathError{Op: "stat", Path: p, Err: err}
		}
		if os.Geteuid() == 0 && int(st.Uid) != want {
			return nil, &OwnerError{p, int(st.Uid), want}
		}
		if owner < 0 {
			owner = int(st.Uid)
			if owner != want {
				foreign = &OwnerError{p, owner, want}
			}
		}
		if int(st.Uid) != owner {
			return nil, &OwnerError{p, int(st.Uid), owner}
		}
		if i > 0 && uint32(st.Mode)&0o002 != 0 {
			return nil, fmt.Errorf("everybody may write %s, so it says nothing about what is valid; nothing was changed (chmod o-w takes that back)", p)
		}
	}
	return foreign, nil
}

func (s *Store) databaseFile() string { return s.StatePath("db", "db.sqlite") }

// checkIdentity makes sure that d and the store directory belong together, and
// gives both an identity if they are new.
func (s *Store) checkIdentity(ctx context.Context, d *db.DB) error {
	var err error
	// What looks wrong is looked at again: another process may just be making
	// this store.
	for range 3 {
		if err = s.identify(ctx, d); !errors.As(err, new(*ForeignError)) {
			break
		}
	}
	return err
}

func (s *Store) identify(ctx context.Context, d *db.DB) error {
	dir := s.Physical(s.c.StoreDir)
	// The file is read first: it is written last.
	placed, err := readID(filepath.Join(dir, idFile))
	if err != nil {
		return err
	}
	id, err := d.Meta(ctx, metaID)
	if err != nil {
		return err
	}
	foreign := func(problem, hint string) error {
		return &ForeignError{s.databaseFile(), dir, problem, hint}
	}
	switch {
	case id != "" && placed == id:
		return nil
	case id != "" && placed != "":
		return foreign("each has the identity of another store",
			"put back the database that was there, or name the store's own folders with --root and --store")
	case placed != "":
		return foreign("it is new or lost its content, and knows none of the objects that are there",
			"\"fruix store rebuild\" makes it anew from what lies there; or put back the database from a copy; if the objects are of no use any more, remove "+dir)
	case id != "":
		said, err := d.Meta(ctx, metaPlaced)
		if err != nil {
			return err
		}
		if said != "" {
			return foreign("the directory has lost its identity, or is another one",
				"if the store was emptied on purpose, remove "+filepath.Dir(s.databaseFile())+" as well")
		}
	default:
		stray, err := hasObjects(dir)
		if err != nil {
			return err
		}
		empty, err := d.Empty(ctx)
		if err != nil {
			return err
		}
		if stray && empty {
			return foreign("it knows none of the objects that are there",
				"\"fruix store rebuild\" makes it anew from what lies there; or put back the database from a copy; if the objects are of no use any more, remove "+dir)
		}
	}
	if s.foreign != nil || unix.Access(dir, unix.W_OK) != nil {
		return nil // who can only look makes nothing
	}
	if id == "" {
		var b [20]byte
		rand.Read(b[:]) // it appears in no result
		if id, err = d.SetMeta(ctx, metaID, nixbase32.EncodeToString(b[:])); err != nil {
			return err
		}
	}
	if err := s.placeID(dir, id); err != nil {
		return err
	}
	_, err = d.SetMeta(ctx, metaPlaced, "yes")
	return err
}

// readID returns the identity in a file, "" when there is none.
func readID(name string) (string, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 200))
	if err != nil {
		return "", err
	}
	id := strings.TrimSpace(string(b))
	if id == "" {
		return "", fmt.Errorf("%s is empty; it held the identity of the store", name)
	}
	return id, nil
}

// placeID writes the identity into the store directory. Several processes may do
// so at a time: all write the same.
func (s *Store) placeID(dir, id string) error {
	f, err := os.CreateTemp(dir, idFile+".*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(id + "\n")
	if err == nil {
		err = f.Chmod(0o444)
	}
	if err == nil && !s.c.Relaxed {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, idFile))
	}
	if errors.Is(err, fs.ErrNotExist) {
		// A collector has taken it for what a crash had left: then another
		// process has written the same.
		if placed, rerr := readID(filepath.Join(dir, idFile)); rerr == nil && placed == id {
			return nil
		}
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	if s.c.Relaxed {
		return nil
	}
	return syncDir(dir)
}

// sweepIDs removes identities that were being written by processes which were
// killed. The store has its own. It is a courtesy.
func (s *Store) sweepIDs() {
	dir := s.Physical(s.c.StoreDir)
	names, _ := readNames(dir)
	for _, n := range names {
		if strings.HasPrefix(n, idFile+".") {
			_ = os.Remove(filepath.Join(dir, n))
		}
	}
}

// hasObjects says whether anything in dir has the name of a store object.
func hasObjects(dir string) (bool, error) {
	f, err := os.Open(dir)
	if err != nil {
		return false, err
	}
	defer f.Close()
	for {
		names, err := f.Readdirnames(1000)
		for _, n := range names {
			if _, err := path.ParseBase(n); err == nil {
				return true, nil
			}
		}
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
}
