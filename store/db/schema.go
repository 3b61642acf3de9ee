package db

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations holds one step for each version of the schema; SQLite's
// user_version counts the steps that have been taken. A step that has been
// released is never changed.
func migrations() []string {
	return []string{
		`CREATE TABLE Meta (
		   key   TEXT PRIMARY KEY,
		   value TEXT NOT NULL
		 ) WITHOUT ROWID;
		 CREATE TABLE ValidPaths (
		   id               INTEGER PRIMARY KEY AUTOINCREMENT,
		   path             TEXT UNIQUE NOT NULL,  -- base name
		   narHash          BLOB NOT NULL,         -- SHA-256
		   narSize          INTEGER NOT NULL,
		   registrationTime INTEGER NOT NULL,      -- seconds since 1970
		   deriver          TEXT NOT NULL,         -- base name or ''
		   ca               TEXT NOT NULL,         -- content address or ''
		   sigs             TEXT NOT NULL DEFAULT '',
		   ultimate         INTEGER NOT NULL DEFAULT 1 -- built or added here
		 );
		 CREATE INDEX ByName ON ValidPaths (substr(path, 34)); -- what follows "<hash>-"
		 CREATE TABLE Refs (
		   referrer  INTEGER NOT NULL REFERENCES ValidPaths (id) ON DELETE CASCADE,
		   reference INTEGER NOT NULL REFERENCES ValidPaths (id) ON DELETE RESTRICT,
		   PRIMARY KEY (referrer, reference)
		 ) WITHOUT ROWID;
		 CREATE INDEX ReferrersOf ON Refs (reference, referrer);
		 -- An object may be removed although it refers to itself.
		 CREATE TRIGGER DropSelfReference BEFORE DELETE ON ValidPaths
		 BEGIN DELETE FROM Refs WHERE referrer = old.id AND reference = old.id; END;
		 CREATE TABLE DerivationOutputs (
		   drv  INTEGER NOT NULL REFERENCES ValidPaths (id) ON DELETE CASCADE,
		   name TEXT NOT NULL,
		   path TEXT NOT NULL,                      -- base name, valid or not
		   PRIMARY KEY (drv, name)
		 ) WITHOUT ROWID;
		 CREATE INDEX DeriversOf ON DerivationOutputs (path);`,
	}
}

// migrate takes the steps that the file lacks, and checks whose store it is.
func (d *DB) migrate(ctx context.Context, o Options) error {
	steps := migrations()
	version, err := d.version(ctx)
	if err != nil {
		return err
	}
	if version > len(steps) {
		return fmt.Errorf("the database %s has the schema %d; this program knows it up to %d: use a newer one", o.File, version, len(steps))
	}
	if o.ReadOnly && version < len(steps) {
		return fmt.Errorf("the database %s has the schema %d; this program knows %d, and cannot bring it up to date where nothing can be written", o.File, version, len(steps))
	}
	if version < len(steps) {
		err := d.update(ctx, func(tx *sql.Tx) error {
			// Another process may have been here since.
			var version int
			if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
				return err
			}
			for i := version; i < len(steps); i++ {
				if _, err := tx.ExecContext(ctx, steps[i]); err != nil {
					return fmt.Errorf("schema step %d: %w", i+1, err)
				}
			}
			if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", max(version, len(steps)))); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO Meta VALUES ('storeDir', ?)", o.StoreDir)
			return err
		})
		if err != nil {
			return err
		}
	}
	var has string
	err = d.retry(ctx, func() error {
		return d.sql.QueryRowContext(ctx, "SELECT value FROM Meta WHERE key = 'storeDir'").Scan(&has)
	})
	if err == nil && has != o.StoreDir {
		err = &OtherStoreError{o.File, has, o.StoreDir}
	}
	return err
}

func (d *DB) version(ctx context.Context) (v int, err error) {
	err = d.retry(ctx, func() error { return d.sql.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v) })
	return v, err
}
