package db_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"fruix/store/db"
)

// TestSettle makes a transaction that is in the log, but that nobody was told of, as
// of a process that was killed in between; looks at the store as it is found after
// all others have been killed, too; and then does the same with Settle before.
func TestSettle(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "db.sqlite")
	open := func(file string) *db.DB {
		d, err := db.Open(t.Context(), db.Options{File: file, StoreDir: "/frx/store"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		return d
	}
	d := open(file)
	register := func(path string) {
		o := db.Object{Path: path, NarHash: make([]byte, 32), NarSize: 1, Registered: time.Unix(1, 0)}
		if err := d.Register(t.Context(), []db.Object{o}); err != nil {
			t.Fatal(err)
		}
	}
	valid := func(d *db.DB, path string) bool {
		ok, err := d.Valid(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	const told, untold = "00000000000000000000000000000000-a", "00000000000000000000000000000000-b"
	register(told)
	index, err := os.OpenFile(file+"-shm", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	header := make([]byte, 96) // both copies of it
	if _, err := index.ReadAt(header, 0); err != nil {
		t.Fatal(err)
	}
	register(untold)
	if _, err := index.WriteAt(header, 0); err != nil {
		t.Fatal(err)
	}
	if !valid(d, told) || valid(d, untold) {
		t.Fatal("the transaction is not one that nobody was told of")
	}
	// later is the database as it is found when all have been killed.
	later := func(name string) *db.DB {
		copied := filepath.Join(dir, name)
		for _, suffix := range []string{"", "-wal"} {
			data, err := os.ReadFile(file + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(copied+suffix, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return open(copied)
	}
	if !valid(later("unsettled"), untold) {
		t.Fatal("without Settle the transaction does not come back: this test shows nothing")
	}
	if err := d.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if l := later("settled"); !valid(l, told) || valid(l, untold) {
		t.Error("the transaction came back")
	}
}
