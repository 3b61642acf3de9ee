package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"fruix/store/db"
	"fruix/store/drv"
	"fruix/store/path"
	"fruix/store/tree"
)

// Defaults of [Config].
const (
	DefaultStoreDir   = "/frx/store"
	DefaultStateDir   = "/frx/var/fruix"
	DefaultBuildGroup = 35000 // fruixbuild
)

// Ownership says whom the files of a store belong to.
type Ownership uint8

// The kinds of ownership.
const (
	OwnAuto Ownership = iota // OwnRoot when the effective user is root, else OwnUser
	OwnRoot                  // root:root, the store directory root:<BuildGroup>
	OwnUser                  // whoever runs the program
)

// Config says which store to open and how.
type Config struct {
	Root       string    // directory that logical paths are looked up under; see [DefaultRoot]
	StoreDir   string    // logical store directory; "" means DefaultStoreDir
	StateDir   string    // logical directory of database, roots, logs and locks; "" means DefaultStateDir
	Ownership  Ownership // whom files are given to
	BuildGroup int       // group that the store directory is given to under OwnRoot; 0 means DefaultBuildGroup
	Relaxed    bool      // do not wait until data has reached the disk: faster, but a loss of power may cost what was added last
	Unshared   bool      // do not let files that are the same share their place on the disk as they arrive
	Now        func() time.Time
	OnWait     func(Wait) // told, from any goroutine, when a lock must be waited for; may be nil

	// MinFree lets garbage be collected before something is added while fewer
	// bytes are free, until MaxFree (at least MinFree) are; 0 is never.
	MinFree, MaxFree int64
	OnCollect        func(Collected) // told when that has deleted something; may be nil

	// OnFirstUse is told when the database of a store that came with an image has
	// been made, and of how many objects; may be nil.
	OnFirstUse func(objects int)

	// MaxDerivations bounds the bytes of derivations that are kept in memory; 0 is no
	// limit. MayProtect, if not nil, is asked before so many more bytes of names of
	// objects are kept from being collected; where it says no, the error is a
	// *TooManyError. They are for those who work for strangers.
	MaxDerivations int64
	MayProtect     func(bytes int64) bool
}

// DefaultRoot returns the root of the store that a user works with when none is
// named: $FRUIX_ROOT, else "/" for root, else a folder in the user's data
// directory. getenv looks up environment variables.
func DefaultRoot(uid int, getenv func(string) string) (string, error) {
	if r := getenv("FRUIX_ROOT"); r != "" {
		return filepath.Abs(r)
	}
	if uid == 0 {
		return "/", nil
	}
	if d := getenv("XDG_DATA_HOME"); filepath.IsAbs(d) { // relative ones are invalid: XDG Base Directory Specification
		return filepath.Join(d, "fruix"), nil
	}
	if h := getenv("HOME"); filepath.IsAbs(h) {
		return filepath.Join(h, ".local", "share", "fruix"), nil
	}
	return "", errors.New("no place for the store is known: set HOME, XDG_DATA_HOME or FRUIX_ROOT, or give --root")
}

func (c *Config) place() Place { return Place{c.Root, c.StoreDir, c.StateDir} }

// Store is an open store. It may be used by several goroutines.
type Store struct {
	Place
	c     Config
	owner *tree.Owner // nil: leave files to whoever makes them
	// foreign says why this store can only be looked at; nil when it is ours.
	foreign error

	mu      sync.Mutex // guards what follows
	db      *db.DB     // opened when first needed
	dbLock  *os.File   // held shared while it is open; see [Store.Rebuild]
	session *session   // made when first needed
	held    map[string]int
	drvs    map[string]*drv.Derivation // by path; never changed once in here
	// drvBytes is about how much memory drvs takes; only with Config.MaxDerivations.
	drvBytes int64
	closed   bool
	looked   time.Time // when it was last looked whether there is room
	// makingRoom says that garbage is being collected for that.
	makingRoom bool

	protecting sync.Mutex      // guards protected; taken before mu
	protected  map[string]bool // base names written to the session's roots

	hasher *drv.Hasher
	// origin is the Store that this one is a view of, and has the database of; nil
	// for one that has its own.
	origin *Store
	views  *drv.Hasher // of the views of this one; see viewHasher
}

// Open opens a store, making what is missing of its directories. It removes
// temporary files that processes which have died left behind. The database is
// opened only when something is asked of it, or something is to be removed.
//
// A store that belongs to somebody else is an [*OwnerError] for root; others can
// look at it, as everybody can at one on a file system that cannot be written. A database that does not belong to the store is a [*ForeignError],
// from whatever needs it first; before that nothing is removed.
func Open(ctx context.Context, c Config) (*Store, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	s := &Store{Place: c.place(), c: c, held: map[string]int{}, protected: map[string]bool{}, drvs: map[string]*drv.Derivation{}}
	s.hasher = drv.NewHasher(func(p string) (*drv.Derivation, error) { return s.ReadDerivation(context.Background(), p) })
	if c.Ownership == OwnRoot {
		s.owner = &tree.Owner{UID: 0, GID: 0}
	}
	var err error
	if s.foreign, err = s.checkOwners(); err != nil {
		return nil, err
	}
	if s.foreign == nil {
		s.foreign = s.checkWritable()
	}
	if s.foreign != nil {
		return s, ctx.Err()
	}
	if err := s.makeDirs(); err != nil {
		return nil, s.explain("open", err)
	}
	s.sweep(ctx)
	s.makeReserve()
	return s, ctx.Err()
}

// complete fills in defaults and checks what was given.
func (c *Config) complete() error {
	p, err := NewPlace(c.Root, c.StoreDir, c.StateDir)
	if err != nil {
		return err
	}
	c.StoreDir, c.StateDir = p.dir, p.state
	if c.Ownership == OwnAuto {
		c.Ownership = OwnUser
		if os.Geteuid() == 0 {
			c.Ownership = OwnRoot
		}
	}
	if c.BuildGroup == 0 {
		c.BuildGroup = DefaultBuildGroup
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}

// tempDir is the directory beside the objects where temporary trees live. The
// dot keeps it apart from objects, whose names cannot begin with one.
const tempDir = ".tmp"

// makeDirs makes the directories of the store with their modes.
func (s *Store) makeDirs() error {
	for _, d := range []string{"", "db", "locks", "gcroots", "gcroots/auto", "log", profilesDir, profilesDir + "/" + perUser} {
		if err := s.mkdirAll(s.StatePath(d)); err != nil {
			return err
		}
	}
	// SQLite locks parts of its files for who may read them.
	if err := closeDir(s.StatePath("db")); err != nil {
		return err
	}
	phys := s.Physical(s.c.StoreDir)
	if err := s.mkdirAll(phys); err != nil {
		return err
	}
	if err := s.storeDirMode(phys); err != nil {
		return err
	}
	return mkdir(filepath.Join(phys, tempDir), 0o700)
}

// mkdirAll makes a directory, and those above it, unless it exists. Those that it
// has made survive a loss of power.
func (s *Store) mkdirAll(dir string) error {
	err := os.Mkdir(dir, 0o755)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	above := filepath.Dir(dir)
	if errors.Is(err, os.ErrNotExist) && above != dir {
		if err := s.mkdirAll(above); err != nil {
			return err
		}
		err = mkdir(dir, 0o755)
	}
	if err == nil && !s.c.Relaxed {
		err = syncDir(above)
	}
	return err
}

// mkdir makes one directory unless it exists.
func mkdir(dir string, mode os.FileMode) error {
	err := os.Mkdir(dir, mode)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	return err
}

// closeDir keeps others out of a directory of ours.
func closeDir(dir string) error {
	fi, err := os.Stat(dir)
	if err == nil && fi.Mode().Perm() != 0o700 {
		err = os.Chmod(dir, 0o700)
	}
	return err
}

// storeDirMode makes the store directory what a real machine has: mode 1775,
// of root and the build group; of an ordinary user, with the same mode.
func (s *Store) storeDirMode(phys string) error {
	var st unix.Stat_t
	if err := unix.Stat(phys, &st); err != nil {
		return &os.PathError{Op: "stat", Path: phys, Err: err}
	}
	if s.c.Ownership == OwnRoot && int(st.Gid) != s.c.BuildGroup {
		if err := os.Chown(phys, 0, s.c.BuildGroup); err != nil {
			return err
		}
	}
	if uint32(st.Mode)&0o7777 != 0o1775 && int(st.Uid) == os.Geteuid() {
		return os.Chmod(phys, 0o775|os.ModeSticky)
	}
	return nil
}

// Close gives up locks and temporary files and closes the database.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	if s.session != nil {
		errs = append(errs, s.session.close())
		s.session = nil
	}
	errs = append(errs, s.closeDatabase())
	return errors.Join(errs...)
}

// closeDatabase closes the database if it is open; s.mu is held.
func (s *Store) closeDatabase() error {
	if s.db == nil {
		return nil
	}
	err := s.db.Close()
	s.db = nil
	if s.dbLock != nil {
		err = errors.Join(err, s.dbLock.Close())
		s.dbLock = nil
	}
	return err
}

var errClosed = errors.New("the store is closed")

// database returns the database, opening it first if need be.
func (s *Store) database(ctx context.Context) (*db.DB, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if s.origin != nil {
		return s.origin.database(ctx)
	}
	if s.db == nil {
		if err := s.openDatabase(ctx); err != nil {
			return nil, err
		}
	}
	return s.db, nil
}

// openDatabase opens the database; s.mu is held.
func (s *Store) openDatabase(ctx context.Context) error {
	if s.readOnly() {
		return s.openToLook(ctx)
	}
	if err := s.takeIntoUse(ctx); err != nil {
		return s.explain("make the database", err)
	}
	lock, err := s.lockDatabase(ctx, unix.LOCK_SH)
	if err != nil {
		return s.explain("open the database", err)
	}
	d, err := db.Open(ctx, s.databaseOptions())
	if err == nil {
		if err = s.checkIdentity(ctx, d); err != nil {
			d.Close()
		}
	}
	if err == nil {
		s.db, s.dbLock = d, lock
		return nil
	}
	if lock != nil {
		lock.Close()
	}
	if s.foreign != nil {
		// Even a reader must be able to write there, and SQLite has no better
		// words for that.
		return s.foreign
	}
	return s.explain("open the database", err)
}

func (s *Store) databaseOptions() db.Options {
	return db.Options{File: s.databaseFile(), StoreDir: s.c.StoreDir, Durable: !s.c.Relaxed, ReadOnly: s.readOnly(), OnWait: s.waitsForDatabase}
}

// waitsForDatabase tells that others write to the database.
func (s *Store) waitsForDatabase(ctx context.Context) {
	// SQLite's locks lie on the index of the log. It must not be opened: closing a file
	// ends all locks of this process on it.
	s.tell(ctx, Wait{Database: true, Holder: inWords(writers(s.databaseFile() + "-shm"))})
}

// lockDatabase takes the lock between those who have the database open (LOCK_SH)
// and those who put another file in its place (LOCK_EX). It ends when the file is
// closed; nil stands for the lock of who cannot write there.
func (s *Store) lockDatabase(ctx context.Context, how int) (*os.File, error) {
	f, err := openLock(s.StatePath("db", "lock"))
	if err != nil {
		if s.foreign != nil && how == unix.LOCK_SH {
			return nil, nil
		}
		return nil, err
	}
	err = s.waitFlock(ctx, f, how, noticeable, func() Wait {
		return Wait{Holder: lockedBy(f), Rebuild: how == unix.LOCK_SH, Users: how == unix.LOCK_EX}
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Foreign says why this process can only look at the store: an *OwnerError when it
// belongs to somebody else, a *ReadOnlyError when nobody can write it, nil when it is
// this user's own.
func (s *Store) Foreign() error { return s.foreign }

// parse reads a full logical path.
func (s *Store) parse(p string) (path.Path, error) { return path.Parse(s.c.StoreDir, p) }

// bases turns full logical paths into base names, checking each.
func (s *Store) bases(paths []string) ([]string, error) {
	out := make([]string, len(paths))
	for i, p := range paths {
		q, err := s.parse(p)
		if err != nil {
			return nil, err
		}
		out[i] = q.Base()
	}
	return out, nil
}

// full turns base names into full logical paths, in place.
func (s *Store) full(bases []string) []string {
	for i, b := range bases {
		bases[i] = s.c.StoreDir + "/" + b
	}
	return bases
}
