package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Object is what is known of a valid store object. Paths are base names.
type Object struct {
	Path       string
	NarHash    []byte // SHA-256 of the archive
	NarSize    int64  // bytes of the archive
	References []string
	Deriver    string // "" when none
	Registered time.Time
	CA         string            // content address, "" when the path does not follow from the content
	Outputs    map[string]string // of a derivation: output name -> path
}

// ErrInvalid is reported for an object that is not registered.
var ErrInvalid = errors.New("not a valid store object")

// InvalidError says which object is not registered. errors.Is(err, ErrInvalid) holds.
type InvalidError struct{ Path string }

func (e *InvalidError) Error() string { return e.Path + " is not a valid store object" }

// Is makes every InvalidError an ErrInvalid.
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// Register makes objects valid, all in one transaction. References may be to
// each other and to objects that are valid already; anything else is an
// *InvalidError, and nothing is registered. An object that is valid already
// stays as it is.
func (d *DB) Register(ctx context.Context, objects []Object) error {
	return d.update(ctx, func(tx *sql.Tx) error {
		r := registration{ctx: ctx, tx: tx, ids: map[string]int64{}}
		return r.run(objects)
	})
}

// registration is one run of Register.
type registration struct {
	ctx context.Context
	tx  *sql.Tx
	ids map[string]int64
}

func (r *registration) run(objects []Object) error {
	insert, err := r.tx.PrepareContext(r.ctx, `INSERT OR IGNORE INTO ValidPaths
	  (path, narHash, narSize, registrationTime, deriver, ca) VALUES (?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	fresh := make([]bool, len(objects))
	for i, o := range objects {
		res, err := insert.ExecContext(r.ctx, o.Path, o.NarHash, o.NarSize, o.Registered.Unix(), o.Deriver, o.CA)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		if fresh[i] = n > 0; fresh[i] {
			if r.ids[o.Path], err = res.LastInsertId(); err != nil {
				return err
			}
		}
	}
	for i, o := range objects {
		if !fresh[i] {
			continue
		}
		if err := r.relate(o); err != nil {
			return err
		}
	}
	return nil
}

// relate records references and outputs of a new object.
func (r *registration) relate(o Object) error {
	id := r.ids[o.Path]
	for _, ref := range o.References {
		to, err := r.id(ref)
		if err != nil {
			return err
		}
		if _, err := r.tx.ExecContext(r.ctx, "INSERT OR IGNORE INTO Refs VALUES (?, ?)", id, to); err != nil {
			return err
		}
	}
	for name, path := range o.Outputs {
		if _, err := r.tx.ExecContext(r.ctx, "INSERT OR REPLACE INTO DerivationOutputs VALUES (?, ?, ?)", id, name, path); err != nil {
			return err
		}
	}
	return nil
}

func (r *registration) id(path string) (int64, error) {
	if id, ok := r.ids[path]; ok {
		return id, nil
	}
	var id int64
	err := r.tx.QueryRowContext(r.ctx, "SELECT id FROM ValidPaths WHERE path = ?", path).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, &InvalidError{path}
	}
	r.ids[path] = id
	return id, err
}

// Valid says whether path is registered.
func (d *DB) Valid(ctx context.Context, path string) (bool, error) {
	found := false
	err := d.rows(ctx, func(*sql.Rows) error { found = true; return nil },
		"SELECT 1 FROM ValidPaths WHERE path = ?", path)
	return found, err
}

// HasName says whether an object with this name, after the hash, is registered.
func (d *DB) HasName(ctx context.Context, name string) (bool, error) {
	found := false
	err := d.rows(ctx, func(*sql.Rows) error { found = true; return nil },
		"SELECT 1 FROM ValidPaths WHERE substr(path, 34) = ? LIMIT 1", name)
	return found, err
}

// ByHash returns the registered object whose name begins with the hash part; ""
// when there is none.
func (d *DB) ByHash(ctx context.Context, hashPart string) (string, error) {
	// "." is the character behind "-": a range that the index serves.
	found, err := d.list(ctx, "SELECT path FROM ValidPaths WHERE path >= ? AND path < ? LIMIT 1", hashPart+"-", hashPart+".")
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}

// set makes a list of paths into one argument, to be unpacked by json_each.
func set(paths []string) string {
	b, _ := json.Marshal(paths) // strings always marshal
	return string(b)
}

// list collects a query's single text column.
func (d *DB) list(ctx context.Context, query string, args ...any) ([]string, error) {
	out := []string{}
	err := d.rows(ctx, func(r *sql.Rows) error {
		var s string
		if err := r.Scan(&s); err != nil {
			return err
		}
		out = append(out, s)
		return nil
	}, query, args...)
	return out, err
}

// ValidOf returns those of paths that are registered, in no particular order.
func (d *DB) ValidOf(ctx context.Context, paths []string) ([]string, error) {
	return d.list(ctx, "SELECT path FROM ValidPaths WHERE path IN (SELECT value FROM json_each(?))", set(paths))
}

// All returns every registered path in order.
func (d *DB) All(ctx context.Context) ([]string, error) {
	return d.list(ctx, "SELECT path FROM ValidPaths ORDER BY path")
}

// Object returns what is known of path; an *InvalidError when it is not registered.
func (d *DB) Object(ctx context.Context, path string) (*Object, error) {
	var o *Object
	// The references come in the same statement, so that both are of one moment.
	err := d.rows(ctx, func(r *sql.Rows) error {
		o = &Object{Path: path}
		var registered int64
		var refs sql.NullString
		if err := r.Scan(&o.NarHash, &o.NarSize, &registered, &o.Deriver, &o.CA, &refs); err != nil {
			return err
		}
		o.Registered = time.Unix(registered, 0).UTC()
		if refs.String != "" {
			o.References = strings.Split(refs.String, "\n")
		}
		return nil
	}, `SELECT narHash, narSize, registrationTime, deriver, ca,
	      (SELECT group_concat(path, char(10)) FROM
	         (SELECT t.path FROM Refs JOIN ValidPaths t ON t.id = reference WHERE referrer = v.id ORDER BY t.path))
	    FROM ValidPaths v WHERE path = ?`, path)
	if err == nil && o == nil {
		err = &InvalidError{path}
	}
	return o, err
}

// Referrers returns the objects that refer to path, in order; path itself
// when it does.
func (d *DB) Referrers(ctx context.Context, path string) ([]string, error) {
	return d.list(ctx, `SELECT f.path FROM Refs JOIN ValidPaths f ON f.id = referrer
	  WHERE reference = (SELECT id FROM ValidPaths WHERE path = ?) ORDER BY f.path`, path)
}

// Closure returns paths and everything that they refer to, directly or not, in
// order. All of paths must be registered.
func (d *DB) Closure(ctx context.Context, paths []string) ([]string, error) {
	if err := d.mustBeValid(ctx, paths); err != nil {
		return nil, err
	}
	return d.list(ctx, `WITH RECURSIVE c(id) AS (
	    SELECT id FROM ValidPaths WHERE path IN (SELECT value FROM json_each(?))
	    UNION SELECT reference FROM c JOIN Refs ON referrer = c.id)
	  SELECT path FROM ValidPaths WHERE id IN (SELECT id FROM c) ORDER BY path`, set(paths))
}

// ReferrersClosure returns paths and everything that refers to them, directly
// or not, in order.
func (d *DB) ReferrersClosure(ctx context.Context, paths []string) ([]string, error) {
	if err := d.mustBeValid(ctx, paths); err != nil {
		return nil, err
	}
	return d.list(ctx, `WITH RECURSIVE c(id) AS (
	    SELECT id FROM ValidPaths WHERE path IN (SELECT value FROM json_each(?))
	    UNION SELECT referrer FROM c JOIN Refs ON reference = c.id)
	  SELECT path FROM ValidPaths WHERE id IN (SELECT id FROM c) ORDER BY path`, set(paths))
}

func (d *DB) mustBeValid(ctx context.Context, paths []string) error {
	valid, err := d.ValidOf(ctx, paths)
	if err != nil {
		return err
	}
	if len(valid) == len(paths) {
		return nil
	}
	is := make(map[string]bool, len(valid))
	for _, p := range valid {
		is[p] = true
	}
	for _, p := range paths {
		if !is[p] {
			return &InvalidError{p}
		}
	}
	return nil
}

// OutputsOf returns the outputs of those of drvs that are registered derivations:
// for each its outputs' paths by their names.
func (d *DB) OutputsOf(ctx context.Context, drvs []string) (map[string]map[string]string, error) {
	var out map[string]map[string]string
	err := d.rows(ctx, func(r *sql.Rows) error {
		var of, name, path string
		if err := r.Scan(&of, &name, &path); err != nil {
			return err
		}
		if out == nil {
			out = make(map[string]map[string]string, len(drvs))
		}
		if out[of] == nil {
			out[of] = map[string]string{}
		}
		out[of][name] = path
		return nil
	}, `SELECT v.path, o.name, o.path FROM ValidPaths v JOIN DerivationOutputs o ON o.drv = v.id
	  WHERE v.path IN (SELECT value FROM json_each(?))`, set(drvs))
	return out, err
}

// Derivers returns the registered derivations that have path as an output.
func (d *DB) Derivers(ctx context.Context, path string) ([]string, error) {
	return d.list(ctx, `SELECT v.path FROM DerivationOutputs o JOIN ValidPaths v ON v.id = o.drv
	  WHERE o.path = ? ORDER BY v.path`, path)
}

// Unregister makes objects invalid, all in one transaction. An object that
// others still refer to cannot go; then nothing goes.
func (d *DB) Unregister(ctx context.Context, paths []string) error {
	return d.update(ctx, func(tx *sql.Tx) error {
		// References among the objects must not hold them back, whatever the
		// order of removal: they go first.
		for _, q := range []string{
			"DELETE FROM Refs WHERE referrer IN (SELECT id FROM ValidPaths WHERE path IN (SELECT value FROM json_each(?)))",
			"DELETE FROM ValidPaths WHERE path IN (SELECT value FROM json_each(?))",
		} {
			if _, err := tx.ExecContext(ctx, q, set(paths)); err != nil {
				return fmt.Errorf("removing %d objects from the database: %w", len(paths), err)
			}
		}
		return nil
	})
}
