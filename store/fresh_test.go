package store_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fruix/store"
	"fruix/store/journal"
)

const (
	markFile    = "frx/store/" + journal.MarkFile
	journalFile = "frx/store/" + journal.File
)

// freshStore is variedStore as it would lie in an image: objects, a journal and a
// mark. The link /run/current-system of that machine leads to the output. known is
// what the other store knows.
func freshStore(t testing.TB) (root string, paths map[string]string, known map[string]*store.Info) {
	t.Helper()
	root, paths = variedStore(t)
	known = map[string]*store.Info{}
	var text []byte
	closed(t, root, func(s *store.Store) {
		all := must(s.All(t.Context()))(t)
		for _, p := range all {
			known[p] = must(s.Info(t.Context(), p))(t)
		}
		text = must(store.FreshJournal(t.Context(), s, all))(t)
	})
	gcroots := filepath.Join(root, "frx/var/fruix/gcroots")
	err := errors.Join(
		os.RemoveAll(filepath.Join(root, "frx/var")), os.Remove(filepath.Join(root, "frx/store/.fruix-id")),
		os.RemoveAll(filepath.Join(root, "frx/store/.links")), os.Remove(filepath.Join(root, "frx/store/.tmp")),
		os.WriteFile(filepath.Join(root, journalFile), text, 0o644),
		os.WriteFile(filepath.Join(root, markFile), []byte(journal.Mark(text)), 0o444),
		os.MkdirAll(gcroots, 0o755), os.Mkdir(filepath.Join(root, "run"), 0o755),
		os.Symlink(paths["out"], filepath.Join(root, "run/current-system")),
		os.Symlink("/run/current-system", filepath.Join(gcroots, "current-system")),
	)
	if err != nil {
		t.Fatal(err)
	}
	return root, paths, known
}

// firstUse opens the store under root, and says how often and of how many objects its
// database was made.
func firstUse(t testing.TB, root string, use func(s *store.Store) error) (made []int, err error) {
	t.Helper()
	c := config(root)
	c.OnFirstUse = func(objects int) { made = append(made, objects) }
	s := must(store.Open(t.Context(), c))(t)
	defer s.Close()
	return made, use(s)
}

// all needs the database.
func all(t testing.TB) func(s *store.Store) error {
	return func(s *store.Store) error { _, err := s.All(t.Context()); return err }
}

func exists(t testing.TB, name string) bool {
	t.Helper()
	_, err := os.Lstat(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

// TestFirstUse: a store that came with an image knows what the store knew that it was
// made from, and keeps what its roots need.
func TestFirstUse(t *testing.T) {
	ctx := t.Context()
	root, paths, known := freshStore(t)
	made := must(firstUse(t, root, func(s *store.Store) error {
		for p, want := range known {
			got, err := s.Info(ctx, p)
			if err != nil {
				return err
			}
			if !bytes.Equal(got.NarHash, want.NarHash) || got.NarSize != want.NarSize || !slices.Equal(got.References, want.References) {
				t.Errorf("%s: %+v, want %+v", p, got, want)
			}
			if got.Deriver != "" || got.ContentAddress != "" || !got.RegisteredAt.Equal(time.Unix(1, 0)) {
				t.Errorf("%s: %+v tells where it was made", p, got)
			}
		}
		if got := must(s.Derivers(ctx, paths["out"]))(t); !slices.Equal(got, []string{paths["drv"]}) {
			t.Errorf("derivations of the output: %v", got)
		}
		return s.Verify(ctx, true, func(p store.Problem) { t.Error(p) }, nil)
	}))(t)
	if !slices.Equal(made, []int{len(paths)}) {
		t.Errorf("made databases of %v objects", made)
	}
	if exists(t, filepath.Join(root, markFile)) {
		t.Error("the mark is still there")
	}
	if n := checkStore(t, root); n != len(paths) {
		t.Errorf("%d objects", n)
	}
	made = must(firstUse(t, root, func(s *store.Store) error {
		c, err := s.Collect(ctx, store.CollectOptions{})
		if err != nil {
			return err
		}
		// The derivation of what lives does, with what it needs.
		want := []string{paths["more"], paths["flat"]}
		slices.Sort(want)
		slices.Sort(c.Paths)
		if !slices.Equal(c.Paths, want) || c.Stray != 0 {
			t.Errorf("collected %+v, want %v", c, want)
		}
		return nil
	}))(t)
	if len(made) != 0 {
		t.Errorf("made the database again: %v", made)
	}
	checkStore(t, root)
}

// TestFirstUseByAdding: whatever is done first with such a store, what came with it is
// there. The journal is not added to before the database has been made from it.
func TestFirstUseByAdding(t *testing.T) {
	for name, use := range map[string]func(s *store.Store) error{
		"text":    func(s *store.Store) error { _, err := s.AddText(t.Context(), "new", []byte("new"), nil); return err },
		"collect": func(s *store.Store) error { _, err := s.Collect(t.Context(), store.CollectOptions{}); return err },
		"rebuild": func(s *store.Store) error { _, err := s.Rebuild(t.Context(), store.RebuildOptions{}); return err },
		"tree": func(s *store.Store) error {
			_, err := s.AddPath(t.Context(), "src2", filepath.Join(s.Root(), "source"), store.AddOptions{Recursive: true})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			root, paths, _ := freshStore(t)
			must(firstUse(t, root, use))(t)
			closed(t, root, func(s *store.Store) {
				for _, n := range []string{"out", "lib", "text", "drv", "src"} {
					if !must(s.IsValid(t.Context(), paths[n]))(t) {
						t.Errorf("%s is not valid", n)
					}
				}
			})
			if exists(t, filepath.Join(root, markFile)) {
				t.Error("the mark is still there")
			}
			checkStore(t, root)
		})
	}
}

// TestFirstUseInterrupted goes through what a crash may leave of a first use.
func TestFirstUseInterrupted(t *testing.T) {
	execute := func(root string, statements ...string) error {
		d, err := sql.Open("sqlite", "file:"+filepath.Join(root, database, "db.sqlite"))
		if err != nil {
			return err
		}
		defer d.Close()
		for _, x := range statements {
			if _, err := d.Exec(x); err != nil {
				return err
			}
		}
		return nil
	}
	for name, c := range map[string]struct {
		leave func(root, mark string) error
		made  int // how many databases the next use makes
	}{
		"half a database": {func(root, _ string) error {
			return errors.Join(os.Mkdir(filepath.Join(root, database), 0o755), os.WriteFile(filepath.Join(root, database, "db.sqlite.new"), []byte("rubbish"), 0o644),
				os.WriteFile(filepath.Join(root, database, "db.sqlite.new-wal"), []byte("rubbish"), 0o644))
		}, 1},
		"an empty file": {func(root, _ string) error {
			return errors.Join(os.Mkdir(filepath.Join(root, database), 0o755), os.WriteFile(filepath.Join(root, database, "db.sqlite"), nil, 0o644))
		}, 1},
		"database and mark": {func(root, mark string) error {
			_, err := firstUse(t, root, all(t))
			return errors.Join(err, execute(root, "DELETE FROM Meta WHERE key IN ('storeId', 'storeIdPlaced')"),
				os.Remove(filepath.Join(root, "frx/store/.fruix-id")), os.WriteFile(filepath.Join(root, markFile), []byte(mark), 0o444))
		}, 0},
		"database without identity": {func(root, _ string) error {
			_, err := firstUse(t, root, all(t))
			return errors.Join(err, execute(root, "DELETE FROM Meta WHERE key IN ('storeId', 'storeIdPlaced')"), os.Remove(filepath.Join(root, "frx/store/.fruix-id")))
		}, 0},
		"mark that came back": {func(root, mark string) error { // a file system may lose what was not synced
			_, err := firstUse(t, root, func(s *store.Store) error { _, err := s.AddText(t.Context(), "new", nil, nil); return err })
			return errors.Join(err, os.WriteFile(filepath.Join(root, markFile), []byte(mark), 0o444))
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			root, paths, _ := freshStore(t)
			mark := string(must(os.ReadFile(filepath.Join(root, markFile)))(t))
			if err := c.leave(root, mark); err != nil {
				t.Fatal(err)
			}
			made := must(firstUse(t, root, all(t)))(t)
			if len(made) != c.made {
				t.Errorf("made %d databases, not %d", len(made), c.made)
			}
			if exists(t, filepath.Join(root, markFile)) {
				t.Error("the mark is still there")
			}
			if n := checkStore(t, root); n < len(paths) {
				t.Errorf("%d objects", n)
			}
		})
	}
}

// TestLostAfterFirstUse: a store that has been used and has lost its database is not
// taken for a new one, and nothing of it is deleted, not even if the mark comes back.
func TestLostAfterFirstUse(t *testing.T) {
	root, paths, _ := freshStore(t)
	mark := must(os.ReadFile(filepath.Join(root, markFile)))(t)
	must(firstUse(t, root, all(t)))(t)
	if err := os.RemoveAll(filepath.Join(root, database)); err != nil {
		t.Fatal(err)
	}
	refuses := func(want any) {
		t.Helper()
		before := listing(t, root)
		s := open(t, root)
		defer s.Close()
		_, err := s.Collect(t.Context(), store.CollectOptions{})
		if !errors.As(err, want) || !strings.Contains(fmt.Sprintf("%+v", err), "nothing was changed") {
			t.Errorf("collecting: %v", err)
		}
		if after := listing(t, root); strings.Count(after, "\n") != strings.Count(before, "\n") {
			t.Errorf("was\n%s\nand is\n%s", before, after)
		}
	}
	var foreign *store.ForeignError
	refuses(&foreign)
	if foreign == nil || !strings.Contains(foreign.Hint, "fruix store rebuild") {
		t.Errorf("the hint of %v", foreign)
	}
	// A mark that somebody puts there does not help: the store has an identity. A
	// link is no mark at all.
	if err := os.Symlink(filepath.Join(root, journalFile), filepath.Join(root, markFile)); err != nil {
		t.Fatal(err)
	}
	refuses(&foreign)
	if err := errors.Join(os.Remove(filepath.Join(root, markFile)), os.RemoveAll(filepath.Join(root, database)), os.WriteFile(filepath.Join(root, markFile), mark, 0o444)); err != nil {
		t.Fatal(err)
	}
	var fresh *store.FreshError
	refuses(&fresh)
	if r := rebuild(t, root, store.RebuildOptions{}); r.Objects != len(paths) || r.Proven != 0 {
		t.Errorf("%+v", r)
	}
	if exists(t, filepath.Join(root, markFile)) {
		t.Error("the mark is still there")
	}
	checkStore(t, root)
}

// TestUnfitForFirstUse: a store that is not as it was written is refused and stays as
// it is; Rebuild makes of it what can be made.
func TestUnfitForFirstUse(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(root string, paths map[string]string) error
		want  string
	}{
		"journal gone": {func(root string, _ map[string]string) error { return os.Remove(filepath.Join(root, journalFile)) }, "its journal .fruix-journal is not"},
		"journal cut": {func(root string, _ map[string]string) error {
			return os.Truncate(filepath.Join(root, journalFile), 300)
		}, "its journal .fruix-journal is not"},
		"mark empty": {func(root string, _ map[string]string) error {
			return os.WriteFile(filepath.Join(root, markFile), nil, 0o444)
		}, "is empty"},
		"object gone": {func(root string, paths map[string]string) error {
			return os.Rename(filepath.Join(root, paths["text"]), filepath.Join(root, "text"))
		}, "-text is missing"},
		"mark of another": {func(root string, _ map[string]string) error {
			return errors.Join(os.Remove(filepath.Join(root, markFile)), os.WriteFile(filepath.Join(root, markFile), []byte(journal.Mark(nil)), 0o444))
		}, "its journal .fruix-journal is not"},
	} {
		t.Run(name, func(t *testing.T) {
			root, paths, _ := freshStore(t)
			if err := os.Chmod(filepath.Join(root, markFile), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := c.spoil(root, paths); err != nil {
				t.Fatal(err)
			}
			must(firstUse(t, root, func(*store.Store) error { return nil }))(t) // makes folders
			before := listing(t, root)
			_, err := firstUse(t, root, func(s *store.Store) error { _, err := s.Collect(t.Context(), store.CollectOptions{}); return err })
			var fresh *store.FreshError
			if !errors.As(err, &fresh) || !strings.Contains(err.Error(), c.want) || !strings.Contains(fresh.Hint, "fruix store rebuild") {
				t.Errorf("error %v", err)
			}
			if after := listing(t, root); after != before {
				t.Errorf("was\n%s\nand is\n%s", before, after)
			}
			for _, p := range rebuild(t, root, store.RebuildOptions{}).Bad {
				// The system needs it: it stays registered, and is put back here.
				if p.Kind != store.Disappeared || p.Path != paths["text"] {
					t.Errorf("%v", p)
				}
				if err := os.Rename(filepath.Join(root, "text"), filepath.Join(root, p.Path)); err != nil {
					t.Fatal(err)
				}
			}
			must(firstUse(t, root, all(t)))(t)
			checkStore(t, root)
		})
	}
}

// TestUnpackedOver: an image that was unpacked over a store that is in use does not
// cost that its objects.
func TestUnpackedOver(t *testing.T) {
	root, _, _ := freshStore(t)
	own := must(os.ReadFile(filepath.Join(root, markFile)))(t)
	unpacked := must(os.ReadFile(filepath.Join(root, journalFile)))(t)
	added := "" // whose content does not prove what it is
	must(firstUse(t, root, func(s *store.Store) error {
		d := derivation("own")
		must(s.AddDerivation(t.Context(), "own", d))(t)
		added = d.Outputs["own"].Path
		phys := must(s.TempOutput(added))(t)
		if err := os.WriteFile(phys, []byte("built here"), 0o644); err != nil {
			return err
		}
		_, err := s.Finish(t.Context(), []store.Built{{Path: added, Physical: phys}})
		return err
	}))(t)
	for _, c := range []struct {
		mark    string
		refused bool
	}{{string(own), false}, {journal.Mark(nil), true}} {
		err := errors.Join(
			os.WriteFile(filepath.Join(root, markFile), []byte(c.mark), 0o444),
			os.WriteFile(filepath.Join(root, journalFile), unpacked, 0o644),
		)
		if err != nil {
			t.Fatal(err)
		}
		_, err = firstUse(t, root, func(s *store.Store) error {
			valid, err := s.IsValid(t.Context(), added)
			if err == nil && !valid {
				t.Error("an object was lost")
			}
			return err
		})
		var foreign *store.ForeignError
		if errors.As(err, &foreign) != c.refused || err != nil && !c.refused {
			t.Errorf("mark %q: %v", c.mark, err)
		}
	}
	if r := rebuild(t, root, store.RebuildOptions{}); len(r.Left) != 0 || r.Damaged != 0 {
		t.Errorf("the rebuilt store lacks %v", r.Left)
	}
	if valid, err := open(t, root).IsValid(t.Context(), added); err != nil || !valid {
		t.Errorf("what was built here is lost: %v, %v", valid, err)
	}
	if must(firstUse(t, root, all(t)))(t) != nil || exists(t, filepath.Join(root, markFile)) {
		t.Error("the store is still marked")
	}
	checkStore(t, root)
}

// TestFirstUseTogether: many begin to use a store at once; one makes the database.
func TestFirstUseTogether(t *testing.T) {
	root, paths, _ := freshStore(t)
	const users = 8
	var made atomic.Int32
	var wg sync.WaitGroup
	for i := range users {
		wg.Go(func() {
			c := config(root)
			c.OnFirstUse = func(int) { made.Add(1) }
			s, err := store.Open(t.Context(), c)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if _, err := s.AddText(t.Context(), "own", fmt.Append(nil, i), nil); err != nil {
				t.Error(err)
			}
			for n, p := range paths {
				if valid, err := s.IsValid(t.Context(), p); err != nil || !valid {
					t.Errorf("%s: %v, %v", n, valid, err)
				}
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d databases", made.Load())
	}
	if n := checkStore(t, root); n != len(paths)+users {
		t.Errorf("%d objects", n)
	}
}

// TestFirstUseByAStranger: who may only look at a store is told who has to begin.
func TestFirstUseByAStranger(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to give files away")
	}
	root, _, _ := freshStore(t)
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"frx/store", "frx/var/fruix", markFile} {
		if err := os.Chown(filepath.Join(root, name), 12345, 12345); err != nil {
			t.Fatal(err)
		}
	}
	c := config(root)
	c.Ownership = store.OwnUser
	// Root is refused another's store; the mark that another puts into root's is none.
	var owner *store.OwnerError
	if _, err := store.Open(t.Context(), c); !errors.As(err, &owner) {
		t.Errorf("as root: %v", err)
	}
	for _, name := range []string{"frx/store", "frx/var/fruix"} {
		if err := os.Chown(filepath.Join(root, name), 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	_, err := firstUse(t, root, all(t))
	var foreign *store.ForeignError
	if !errors.As(err, &foreign) {
		t.Errorf("with another's mark: %v", err)
	}
}
