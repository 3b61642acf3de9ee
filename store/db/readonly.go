package db

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// openReadOnly opens a database where nothing can be written. SQLite's readers share an
// index of the log, which they make as they come, so on such a file system it has to
// be told that nobody writes ("immutable"), and then does not look at a log. One that
// was left by processes which were killed is read where its index was left, too
// ("Write-Ahead Logging", section 5 "Read-Only Databases").
func openReadOnly(ctx context.Context, o Options) (*DB, error) {
	st, err := os.Stat(o.File + "-wal")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	logged := err == nil && st.Size() > 0
	parameters := url.Values{"mode": {"ro"}}
	if !logged {
		parameters.Set("immutable", "1")
	}
	d, err := connect(o.File, o, parameters)
	if err != nil {
		return nil, err
	}
	d, err = d.migrated(ctx, o)
	var e *sqlite.Error
	if logged && errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_CANTOPEN {
		err = &IOError{o.File, fmt.Errorf("what was written last lies in %s-wal, and is taken in by whoever opens it where it can be written", o.File)}
	}
	return d, err
}

// OpenInMemory makes a database of objects, which refer to nothing but each other, and
// meta, as [Create] does, in memory, and opens it. o.File is what errors name.
func OpenInMemory(ctx context.Context, o Options, objects []Object, meta map[string]string) (*DB, error) {
	// A name with a slash in front is shared by the connections of this process
	// (memdb.c); nobody else may have it.
	d, err := connect("/"+rand.Text(), o, url.Values{"vfs": {"memdb"}, "_txlock": {"immediate"}})
	if err != nil {
		return nil, err
	}
	o.ReadOnly = false
	if d, err = d.migrated(ctx, o); err != nil {
		return nil, err
	}
	err = d.Register(ctx, objects)
	for k, v := range meta {
		if err == nil {
			_, err = d.SetMeta(ctx, k, v)
		}
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}
