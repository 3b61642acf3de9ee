package db

import (
	"context"
	"database/sql"
	"errors"
)

// Meta returns what is noted under key about the store as a whole, "" when
// nothing is.
func (d *DB) Meta(ctx context.Context, key string) (string, error) {
	var value string
	err := d.rows(ctx, func(r *sql.Rows) error { return r.Scan(&value) }, "SELECT value FROM Meta WHERE key = ?", key)
	return value, err
}

// SetMeta notes value under key unless something is noted there, and returns what
// is noted then.
func (d *DB) SetMeta(ctx context.Context, key, value string) (noted string, err error) {
	err = d.update(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO Meta VALUES (?, ?)", key, value); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "SELECT value FROM Meta WHERE key = ?", key).Scan(&noted)
	})
	return noted, err
}

// Settle makes what is seen not to be registered stay so. A process that is killed
// between writing a transaction to the log and telling the other processes of it, in
// the index of the log that they share, leaves a transaction that nobody sees; but
// when all have ended and the index is made anew from the log, it is there ("WAL-mode
// File Format", section 2.1 "The WAL-Index File Format"). Whatever is written
// afterwards takes its place in the log. So who is about to destroy what is not
// registered writes something first.
func (d *DB) Settle(ctx context.Context) error {
	return d.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO Meta VALUES ('settled', '1') ON CONFLICT (key) DO UPDATE SET value = value + 1")
		return err
	})
}

// Empty says whether no object is valid.
func (d *DB) Empty(ctx context.Context) (bool, error) {
	errSome := errors.New("not empty")
	err := d.rows(ctx, func(*sql.Rows) error { return errSome }, "SELECT id FROM ValidPaths LIMIT 1")
	if err == errSome {
		return false, nil
	}
	return err == nil, err
}
