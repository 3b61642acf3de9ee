package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func open(t testing.TB, file string) *DB {
	t.Helper()
	d, err := Open(t.Context(), Options{File: file, StoreDir: "/frx/store", Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// object returns an object whose name does not look like one: the database
// does not care.
func object(path string, refs ...string) Object {
	return Object{Path: path, NarHash: []byte("hash"), NarSize: 1, References: refs, Registered: time.Unix(5, 0).UTC()}
}

func TestObjects(t *testing.T) {
	ctx := t.Context()
	d := open(t, filepath.Join(t.TempDir(), "a?b#c %41.sqlite")) // a file name is not an URL
	full := object("b", "a", "b")
	full.Deriver, full.CA, full.Outputs = "x.drv", "text:1", map[string]string{"out": "o"}
	// A forward reference, and an object that comes twice.
	if err := d.Register(ctx, []Object{full, object("a"), object("a", "b")}); err != nil {
		t.Fatal(err)
	}
	got, err := d.Object(ctx, "b")
	if err != nil {
		t.Fatal(err)
	}
	want := full
	want.Outputs = nil
	if fmt.Sprint(*got) != fmt.Sprint(want) {
		t.Errorf("%+v, want %+v", *got, want)
	}
	if a, err := d.Object(ctx, "a"); err != nil || len(a.References) != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	err = d.Register(ctx, []Object{object("c"), object("d", "c", "missing")})
	var invalid *InvalidError
	if !errors.As(err, &invalid) || invalid.Path != "missing" || !errors.Is(err, ErrInvalid) {
		t.Errorf("a dangling reference: %v", err)
	}
	if ok, err := d.Valid(ctx, "c"); ok || err != nil {
		t.Errorf("half of a registration happened: %v, %v", ok, err)
	}
	if got, err := d.Derivers(ctx, "o"); err != nil || !slices.Equal(got, []string{"b"}) {
		t.Errorf("derivers %v, %v", got, err)
	}
	if got, err := d.Referrers(ctx, "b"); err != nil || !slices.Equal(got, []string{"b"}) {
		t.Errorf("referrers %v, %v", got, err)
	}
	if got, err := d.Closure(ctx, []string{"b"}); err != nil || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("closure %v, %v", got, err)
	}
	if got, err := d.ReferrersClosure(ctx, []string{"a"}); err != nil || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("closure of referrers %v, %v", got, err)
	}
	if _, err := d.Closure(ctx, []string{"a", "zz"}); !errors.Is(err, ErrInvalid) {
		t.Errorf("closure of something missing: %v", err)
	}
	if err := d.Unregister(ctx, []string{"a"}); err == nil {
		t.Error("an object with a referrer was removed")
	}
	if err := d.Unregister(ctx, []string{"a", "b"}); err != nil {
		t.Error(err)
	}
	if got, err := d.All(ctx); err != nil || len(got) != 0 {
		t.Errorf("left: %v, %v", got, err)
	}
}

func TestWhoseDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	open(t, file)
	var other *OtherStoreError
	if _, err := Open(t.Context(), Options{File: file, StoreDir: "/gnu/store"}); !errors.As(err, &other) {
		t.Errorf("a database of another store: %v", err)
	}
	raw, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{File: file, StoreDir: "/frx/store"}); err == nil || !strings.Contains(err.Error(), "use a newer one") {
		t.Errorf("a newer schema: %v", err)
	}
}

// TestNobodySeesBusy opens one database many times at once, from the moment it
// does not exist, and lets all write and read.
func TestNobodySeesBusy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			d, err := Open(t.Context(), Options{File: file, StoreDir: "/frx/store"})
			if err != nil {
				t.Error(err)
				return
			}
			defer d.Close()
			for j := range 20 {
				p := fmt.Sprint(i, "-", j)
				if err := d.Register(t.Context(), []Object{object(p)}); err != nil {
					t.Error(err)
				}
				if ok, err := d.Valid(t.Context(), p); !ok || err != nil {
					t.Errorf("%s: %v, %v", p, ok, err)
				}
			}
		})
	}
	wg.Wait()
	if all, err := open(t, file).All(t.Context()); err != nil || len(all) != 160 {
		t.Errorf("%d objects, %v", len(all), err)
	}
}

func TestWaitEnds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	d, other := open(t, file), open(t, file)
	tx, err := other.sql.Begin() // immediate: it has the write lock
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := d.Register(ctx, []Object{object("a")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a write beside a writer: %v", err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("the wait ended only after %v", took)
	}
}

// BenchmarkOpen measures what a command pays that asks one question.
func BenchmarkOpen(b *testing.B) {
	file := filepath.Join(b.TempDir(), "db")
	d := open(b, file)
	var objects []Object
	for i := range 5000 {
		objects = append(objects, object(fmt.Sprintf("%032d-x", i)))
	}
	if err := d.Register(b.Context(), objects); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		d, err := Open(b.Context(), Options{File: file, StoreDir: "/frx/store", Durable: true})
		if err != nil {
			b.Fatal(err)
		}
		if ok, err := d.Valid(b.Context(), objects[7].Path); !ok || err != nil {
			b.Fatal(ok, err)
		}
		d.Close()
	}
}

// BenchmarkClosure asks for the requisites of one of 20,000 objects.
func BenchmarkClosure(b *testing.B) {
	d := open(b, filepath.Join(b.TempDir(), "db"))
	const n = 20000
	var objects []Object
	for i := range n {
		o := object(fmt.Sprintf("%032d-x", i))
		for j := 1; j <= 10 && i > 0; j++ {
			o.References = append(o.References, fmt.Sprintf("%032d-x", i*j/11))
		}
		if i > 0 {
			o.References = append(o.References, fmt.Sprintf("%032d-x", i-1))
		}
		objects = append(objects, o)
	}
	if err := d.Register(b.Context(), objects); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		got, err := d.Closure(b.Context(), []string{objects[n-1].Path})
		if err != nil || len(got) != n {
			b.Fatal(len(got), err)
		}
	}
}

func BenchmarkValid(b *testing.B) {
	d := open(b, filepath.Join(b.TempDir(), "db"))
	if err := d.Register(b.Context(), []Object{object("a")}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if ok, err := d.Valid(b.Context(), "a"); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// TestGraphOfDamage: a graph from which something is missing is not given out, for a
// collector would take it for whole.
func TestGraphOfDamage(t *testing.T) {
	for _, lost := range []string{"a", "b"} {
		file := filepath.Join(t.TempDir(), "db")
		d := open(t, file)
		referrer := object("b", "a")
		referrer.Outputs = map[string]string{"out": "a"}
		if err := d.Register(t.Context(), []Object{object("a"), referrer}); err != nil {
			t.Fatal(err)
		}
		raw, err := sql.Open("sqlite", file)
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		// Without foreign_keys, as a damaged page would have it.
		if _, err := raw.Exec("DELETE FROM ValidPaths WHERE path = ?", lost); err != nil {
			t.Fatal(err)
		}
		var damaged *DamagedError
		if _, err := d.Graph(t.Context()); !errors.As(err, &damaged) {
			t.Errorf("without %s: %v", lost, err)
		}
	}
}
