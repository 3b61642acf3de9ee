// Package db is the store's database: which objects are valid, what their
// contents hash to, what they refer to and which derivation made them.
//
// It is one SQLite file in WAL mode that any number of processes share.
// Readers never wait for a writer; writers wait for each other, and nobody is
// told "database is locked": every operation that SQLite turns away as busy is
// tried again until its context ends.
//
// Objects are named by the base name of their path ("<hash>-<name>"); the store
// directory is kept once, and a database of another store directory is refused.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"modernc.org/sqlite" // registers the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Options says how to open a database.
type Options struct {
	File     string // path of the SQLite file; made when missing
	StoreDir string // logical store directory that its objects belong to
	Durable  bool   // what has been registered survives a loss of power
	ReadOnly bool   // nobody can write the file system: neither the file nor a lock is made
	// OnWait is told, once for each operation, that others have held the database's
	// lock for a second; may be nil.
	OnWait func(ctx context.Context)
}

// DB is an open database. It may be used by several goroutines.
type DB struct {
	sql   *sql.DB
	file  string
	wait  func(context.Context) // Options.OnWait
	write sync.Mutex            // one writing transaction of this process at a time

	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

// FullError reports that there was no room for what was to be written.
type FullError struct{ File string }

func (e *FullError) Error() string {
	return fmt.Sprintf("no space is left for the database %s; nothing was changed", e.File)
}

// OtherStoreError reports a database that belongs to another store directory.
type OtherStoreError struct{ File, Has, Want string }

func (e *OtherStoreError) Error() string {
	return fmt.Sprintf("the database %s belongs to the store %s, not to %s", e.File, e.Has, e.Want)
}

// busyTimeout is how long SQLite itself waits for a lock before it reports it
// as busy; then retry goes on.
const busyTimeout = time.Second

// connections is how many connections, and so parallel readers, a process has.
const connections = 4

// Open opens the database and brings its schema up to date.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.ReadOnly {
		return openReadOnly(ctx, o)
	}
	if err := os.MkdirAll(filepath.Dir(o.File), 0o755); err != nil {
		return nil, err
	}
	sync := "NORMAL"
	if o.Durable {
		sync = "FULL"
	}
	d, err := connect(o.File, o, url.Values{"_txlock": {"immediate"}}, "journal_mode(WAL)", "synchronous("+sync+")")
	if err != nil {
		return nil, err
	}
	return d.migrated(ctx, o)
}

// connect makes a database of name, which is SQLite's for it, with parameters and
// pragmas that go beside those that all have. Nothing is opened yet.
func connect(name string, o Options, parameters url.Values, pragmas ...string) (*DB, error) {
	parameters["_pragma"] = append(pragmas,
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"foreign_keys(1)",
		"cache_size(-16384)",
	)
	address := url.URL{Scheme: "file", Opaque: (&url.URL{Path: name}).EscapedPath(), RawQuery: parameters.Encode()}
	pool, err := sql.Open("sqlite", address.String())
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return &DB{sql: pool, file: o.File, wait: o.OnWait, stmts: map[string]*sql.Stmt{}}, nil
}

// migrated is d with its schema brought up to date; it is closed on an error.
func (d *DB) migrated(ctx context.Context, o Options) (*DB, error) {
	if err := d.migrate(ctx, o); err != nil {
		d.sql.Close()
		return nil, explain(err, o.File)
	}
	return d, nil
}

// Close closes the database.
func (d *DB) Close() error {
	d.mu.Lock()
	for _, s := range d.stmts {
		s.Close()
	}
	clear(d.stmts)
	d.mu.Unlock()
	return d.sql.Close()
}

// IOError reports a database that could not be read or written.
type IOError struct {
	File string
	Err  error
}

func (e *IOError) Error() string {
	return fmt.Sprintf("the database %s cannot be read or written: %v", e.File, e.Err)
}

// Unwrap returns the error beneath.
func (e *IOError) Unwrap() error { return e.Err }

// DamagedError reports a database whose file is not, or no longer, what this
// package writes.
type DamagedError struct {
	File string
	Err  error // what SQLite says
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the database %s is damaged: %v", e.File, e.Err)
}

// Unwrap returns the error beneath.
func (e *DamagedError) Unwrap() error { return e.Err }

// explain turns SQLite's errors about files into those of this package.
func explain(err error, file string) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		if err != nil && strings.HasPrefix(err.Error(), "sql: Scan error") {
			return &DamagedError{file, err} // a value of a type that is never written
		}
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return &FullError{file}
	case sqlite3.SQLITE_IOERR:
		// The index of the log, in shared memory, cannot grow: SQLite does not
		// say why.
		if e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE && full(file) {
			return &FullError{file}
		}
		return &IOError{file, err}
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		return &IOError{file, err}
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT:
		// The statements of this package are right, so what they do not fit is
		// the file.
		return &DamagedError{file, err}
	}
	return err
}

// full says whether less than what the index of the log may need is free beside
// file.
func full(file string) bool {
	const need = 64 << 10
	var st unix.Statfs_t
	return unix.Statfs(filepath.Dir(file), &st) == nil && int64(st.Bavail)*int64(st.Bsize) < need
}

// busy says whether SQLite turned an operation away only because another
// process was at work.
func busy(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return true
	}
	// A process that dies while it sets up the shared-memory index leaves the
	// protocol's locks to others after a moment.
	return e.Code()&0xff == sqlite3.SQLITE_PROTOCOL
}

// retry runs f until SQLite no longer calls it busy or ctx ends.
func (d *DB) retry(ctx context.Context, f func() error) error {
	begun, told := time.Now(), false
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		err := f()
		if !busy(err) {
			return err
		}
		if d.wait != nil && !told && time.Since(begun) >= busyTimeout {
			told = true
			d.wait(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("while waiting for another process to release the store's database: %w", ctx.Err())
		case <-time.After(wait):
		}
	}
}

// stmt returns the prepared form of query.
func (d *DB) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.stmts[query]; s != nil {
		return s, nil
	}
	var s *sql.Stmt
	err := d.retry(ctx, func() (err error) {
		s, err = d.sql.PrepareContext(context.WithoutCancel(ctx), query)
		return err
	})
	if err == nil {
		d.stmts[query] = s
	}
	return s, err
}

// rows runs a query and calls scan for each row. Even a question may find the
// disk full: the index of the log that readers share may have to grow.
func (d *DB) rows(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	return explain(d.scan(ctx, scan, query, args...), d.file)
}

func (d *DB) scan(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	s, err := d.stmt(ctx, query)
	if err != nil {
		return err
	}
	var rows *sql.Rows
	if err := d.retry(ctx, func() (err error) {
		rows, err = s.QueryContext(ctx, args...)
		return err
	}); err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// update runs f in one writing transaction: all of it happens or nothing. f
// may run several times.
func (d *DB) update(ctx context.Context, f func(*sql.Tx) error) error {
	d.write.Lock()
	defer d.write.Unlock()
	return explain(d.retry(ctx, func() error {
		tx, err := d.sql.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() // after a commit this does nothing
		if err := f(tx); err != nil {
			return err
		}
		return tx.Commit()
	}), d.file)
}
