package store_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"fruix/store"
	"fruix/store/db"
)

// aStore makes a store with a live object, a dead one, and something that a
// crash left; it returns what its directory looks like.
func aStore(t *testing.T, root, text string) {
	t.Helper()
	closed(t, root, func(s *store.Store) {
		live := must(s.AddText(t.Context(), "live", []byte(text), nil))(t)
		must(s.AddText(t.Context(), "dead", []byte(text), nil))(t)
		if err := s.AddRoot(t.Context(), filepath.Join(root, "link"), live); err != nil {
			t.Fatal(err)
		}
	})
	stray := filepath.Join(root, "frx/store", strings.Repeat("0", 32)+"-stray")
	session := filepath.Join(root, "frx/store/.tmp/ended")
	if err := errors.Join(os.Mkdir(stray, 0o755), os.Mkdir(session, 0o755), os.WriteFile(session+".lock", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// listing names everything below the store directory and the garbage collector's
// roots.
func listing(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	for _, dir := range []string{"frx/store", "frx/var/fruix/gcroots"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			fi, err := d.Info()
			if err == nil {
				b.WriteString(p + " " + fi.Mode().String() + "\n")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

const database = "frx/var/fruix/db"

// TestForeignDatabase pairs stores with databases that are not theirs. Whatever
// is tried, nothing is deleted.
func TestForeignDatabase(t *testing.T) {
	remove := func(t *testing.T, p string) {
		if err := os.RemoveAll(p); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name   string
		spoil  func(t *testing.T, root, other string)
		config store.Config
		want   string
	}{
		{name: "another store's database", spoil: func(t *testing.T, root, other string) {
			remove(t, filepath.Join(root, database))
			if err := os.CopyFS(filepath.Join(root, database), os.DirFS(filepath.Join(other, database))); err != nil {
				t.Fatal(err)
			}
		}, want: "each has the identity of another store"},
		{name: "another store's objects", spoil: func(t *testing.T, root, other string) {
			remove(t, filepath.Join(root, "frx/store"))
			if err := os.Symlink(filepath.Join(other, "frx/store"), filepath.Join(root, "frx/store")); err != nil {
				t.Fatal(err)
			}
		}, want: "each has the identity of another store"},
		{name: "no database any more", spoil: func(t *testing.T, root, _ string) {
			remove(t, filepath.Join(root, database))
		}, want: "it is new or lost its content"},
		{name: "objects that no database knew", spoil: func(t *testing.T, root, _ string) {
			remove(t, filepath.Join(root, database))
			remove(t, filepath.Join(root, "frx/store/.fruix-id"))
		}, want: "it knows none of the objects"},
		{name: "a directory without identity", spoil: func(t *testing.T, root, _ string) {
			remove(t, filepath.Join(root, "frx/store/.fruix-id"))
		}, want: "the directory has lost its identity"},
		{name: "another prefix", spoil: func(t *testing.T, root, _ string) {
			if err := os.Symlink("store", filepath.Join(root, "frx/shop")); err != nil {
				t.Fatal(err)
			}
		}, config: store.Config{StoreDir: "/frx/shop"}, want: "belongs to the store /frx/store, not to /frx/shop"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root, other := scratch(t), scratch(t)
			aStore(t, root, "one")
			aStore(t, other, "two")
			tt.spoil(t, root, other)
			before := listing(t, root) + listing(t, other)
			c := tt.config
			c.Root = root
			s, err := store.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for name, f := range map[string]func() error{
				"collect": func() error { _, err := s.Collect(t.Context(), store.CollectOptions{}); return err },
				"add":     func() error { _, err := s.AddText(t.Context(), "new", nil, nil); return err },
				"ask":     func() error { _, err := s.Liveness(t.Context(), store.CollectOptions{}); return err },
				"delete": func() error {
					_, err := s.Delete(t.Context(), []string{s.Dir() + "/" + strings.Repeat("0", 32) + "-stray"}, store.CollectOptions{})
					return err
				},
			} {
				err := f()
				var foreign *store.ForeignError
				var prefix *db.OtherStoreError
				if !errors.As(err, &foreign) && !errors.As(err, &prefix) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: %v", name, err)
				}
			}
			s.Close()
			if after := listing(t, root) + listing(t, other); after != before {
				t.Errorf("it was\n%s\nand is\n%s", before, after)
			}
		})
	}
}

// TestOwners has parts of a store belong to somebody else.
func TestOwners(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	for _, tt := range []struct{ name, path, want string }{
		{"the store", "frx/store", "belongs to the user 4711, not to the user 0"},
		{"the state", "frx/var/fruix", "belongs to the user 4711, not to the user 0"},
		{"the database", database + "/db.sqlite", "belongs to the user 4711, not to the user 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := scratch(t)
			aStore(t, root, "one")
			if err := os.Chown(filepath.Join(root, tt.path), 4711, 4711); err != nil {
				t.Fatal(err)
			}
			before := listing(t, root)
			_, err := store.Open(t.Context(), config(root))
			var owner *store.OwnerError
			if !errors.As(err, &owner) || owner.Path != filepath.Join(root, tt.path) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v", err)
			}
			if after := listing(t, root); after != before {
				t.Errorf("it was\n%s\nand is\n%s", before, after)
			}
		})
	}
	t.Run("a database for everybody", func(t *testing.T) {
		root := scratch(t)
		aStore(t, root, "one")
		if err := os.Chmod(filepath.Join(root, database, "db.sqlite"), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(t.Context(), config(root)); err == nil || !strings.Contains(err.Error(), "everybody may write") {
			t.Errorf("error %v", err)
		}
	})
}

// TestIdentity checks that a store gets its identity once, also when many open
// it at a time, when it was made before there were identities, and when a crash
// came in between.
func TestIdentity(t *testing.T) {
	root := scratch(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			closed(t, root, func(s *store.Store) { must(s.AddText(t.Context(), "x", []byte("x"), nil))(t) })
		})
	}
	wg.Wait()
	file := filepath.Join(root, "frx/store/.fruix-id")
	id := string(must(os.ReadFile(file))(t))
	use := func() {
		closed(t, root, func(s *store.Store) { must(s.Liveness(t.Context(), store.CollectOptions{}))(t) })
	}

	t.Run("a crash before the file", func(t *testing.T) {
		forget(t, root, "storeIdPlaced")
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		use()
		if got := string(must(os.ReadFile(file))(t)); got != id {
			t.Errorf("the identity was %q and is %q", id, got)
		}
	})
	t.Run("an older store", func(t *testing.T) {
		forget(t, root, "storeIdPlaced")
		forget(t, root, "storeId")
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		use()
		if got := string(must(os.ReadFile(file))(t)); len(got) != len(id) {
			t.Errorf("identity %q", got)
		}
	})
}

// forget removes what is noted in a store's database.
func forget(t *testing.T, root, key string) {
	t.Helper()
	d := must(sql.Open("sqlite", filepath.Join(root, database, "db.sqlite")))(t)
	defer d.Close()
	must(d.Exec("DELETE FROM Meta WHERE key = ?", key))(t)
}
