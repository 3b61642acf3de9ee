package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// Objects calls each with every registered object, in the order in which they
// were registered, as they are at one moment.
func (d *DB) Objects(ctx context.Context, each func(*Object) error) error {
	err := d.retry(ctx, func() error {
		tx, err := d.sql.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return err
		}
		defer tx.Rollback()
		objects, err := loadObjects(ctx, tx)
		if err != nil {
			return err
		}
		for _, o := range objects {
			if err := each(o); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errDangling) {
		return &DamagedError{d.file, err}
	}
	return explain(err, d.file)
}

var errDangling = errors.New("a row refers to one that does not exist")

func loadObjects(ctx context.Context, tx *sql.Tx) ([]*Object, error) {
	var all []*Object
	byID := map[int64]*Object{}
	err := scan(ctx, tx, func(r *sql.Rows) error {
		o := &Object{}
		var id, registered int64
		err := r.Scan(&id, &o.Path, &o.NarHash, &o.NarSize, &registered, &o.Deriver, &o.CA)
		o.Registered = time.Unix(registered, 0).UTC()
		all, byID[id] = append(all, o), o
		return err
	}, "SELECT id, path, narHash, narSize, registrationTime, deriver, ca FROM ValidPaths ORDER BY id")
	if err != nil {
		return nil, err
	}
	err = scan(ctx, tx, func(r *sql.Rows) error {
		var from int64
		var to string
		if err := r.Scan(&from, &to); err != nil {
			return err
		}
		if byID[from] == nil {
			return errDangling
		}
		byID[from].References = append(byID[from].References, to)
		return nil
	}, "SELECT referrer, t.path FROM Refs JOIN ValidPaths t ON t.id = reference ORDER BY t.path")
	if err != nil {
		return nil, err
	}
	err = scan(ctx, tx, func(r *sql.Rows) error {
		var drv int64
		var name, path string
		if err := r.Scan(&drv, &name, &path); err != nil {
			return err
		}
		o := byID[drv]
		if o == nil {
			return errDangling
		}
		if o.Outputs == nil {
			o.Outputs = map[string]string{}
		}
		o.Outputs[name] = path
		return nil
	}, "SELECT drv, name, path FROM DerivationOutputs")
	return all, err
}

// Check lets SQLite look at every page and every row. What is wrong is a
// *DamagedError.
func (d *DB) Check(ctx context.Context) error {
	var problems []string
	note := func(r *sql.Rows) error {
		var text string
		err := r.Scan(&text)
		if text != "ok" {
			problems = append(problems, text)
		}
		return err
	}
	if err := d.rows(ctx, note, "PRAGMA integrity_check(5)"); err != nil {
		return err
	}
	dangling := func(*sql.Rows) error { problems = append(problems, errDangling.Error()); return nil }
	if err := d.rows(ctx, dangling, "PRAGMA foreign_key_check"); err != nil {
		return err
	}
	if len(problems) > 0 {
		return &DamagedError{d.file, errors.New(strings.Join(problems[:min(len(problems), 5)], "; "))}
	}
	return nil
}

// Create makes a new database that holds objects, which refer to nothing but each
// other, and meta, the values of [DB.Meta]. No file of this name may be there. The
// file is complete in itself.
func Create(ctx context.Context, o Options, objects []Object, meta map[string]string) error {
	d, err := Open(ctx, o)
	if err != nil {
		return err
	}
	err = d.Register(ctx, objects)
	for k, v := range meta {
		if err == nil {
			_, err = d.SetMeta(ctx, k, v)
		}
	}
	if cerr := d.Close(); err == nil {
		err = explain(cerr, o.File)
	}
	if err != nil {
		return err
	}
	// The last one who closes a database writes its log into it.
	if _, err := os.Lstat(o.File + "-wal"); err == nil {
		return fmt.Errorf("the new database %s still has a log beside it", o.File)
	}
	return nil
}
