package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fruix/store"
	"fruix/store/db"
)

// dump is all that the database of a closed store says.
func dump(t testing.TB, root string) []string {
	t.Helper()
	d := must(db.Open(t.Context(), db.Options{File: filepath.Join(root, "frx/var/fruix/db/db.sqlite"), StoreDir: "/frx/store"}))(t)
	defer d.Close()
	var out []string
	err := d.Objects(t.Context(), func(o *db.Object) error {
		out = append(out, fmt.Sprintf("%+v", *o))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"storeId", "storeIdPlaced", "storeDir"} {
		out = append(out, key+" "+must(d.Meta(t.Context(), key))(t))
	}
	return out
}

// variedStore has objects of each kind: texts, sources, flat files, derivations,
// outputs that refer to themselves and to each other.
func variedStore(t testing.TB) (root string, paths map[string]string) {
	t.Helper()
	ctx := t.Context()
	root = scratch(t)
	growSource(t, root)
	c := config(root)
	now := time.Unix(1e9, 0)
	c.Now = func() time.Time { now = now.Add(time.Second); return now }
	s := must(store.Open(ctx, c))(t)
	defer s.Close()
	text := must(s.AddText(ctx, "text", []byte("1"), nil))(t)
	more := must(s.AddText(ctx, "more", []byte("see "+text), []string{text}))(t)
	src := must(s.AddPath(ctx, "src", filepath.Join(root, "source"), store.AddOptions{Recursive: true}))(t)
	flat := must(s.AddPath(ctx, "flat", filepath.Join(root, "source/big"), store.AddOptions{}))(t)
	d := derivation("out", "lib")
	d.InputSrcs = []string{text, src}
	drvPath := must(s.AddDerivation(ctx, "pkg", d))(t)
	out, lib := d.Outputs["out"].Path, d.Outputs["lib"].Path
	var built []store.Built
	for _, p := range []string{out, lib} {
		phys := must(s.TempOutput(p))(t)
		if err := os.WriteFile(phys, []byte(lib+" "+text), 0o755); err != nil {
			t.Fatal(err)
		}
		built = append(built, store.Built{Path: p, Physical: phys, Deriver: drvPath, Candidates: []string{text, src}})
	}
	must(s.Finish(ctx, built))(t)
	return root, map[string]string{"text": text, "more": more, "src": src, "flat": flat, "drv": drvPath, "out": out, "lib": lib}
}

func rebuild(t testing.TB, root string, o store.RebuildOptions) *store.Rebuilt {
	t.Helper()
	s := open(t, root)
	defer s.Close()
	return must(s.Rebuild(t.Context(), o))(t)
}

// TestRebuild makes the database anew after each way of losing it, and gets what
// was there.
func TestRebuild(t *testing.T) {
	root, paths := variedStore(t)
	want := dump(t, root)
	file := filepath.Join(root, "frx/var/fruix/db/db.sqlite")
	for name, lose := range map[string]func() error{
		"nothing": func() error { return nil },
		"removed": func() error { return os.Remove(file) },
		"empty":   func() error { return os.Truncate(file, 0) },
		"rubbish": func() error { return os.WriteFile(file, []byte(strings.Repeat("rubbish\n", 1000)), 0o644) },
		"state":   func() error { return os.RemoveAll(filepath.Join(root, "frx/var")) },
	} {
		for _, trust := range []bool{false, true} {
			if err := lose(); err != nil {
				t.Fatal(err)
			}
			r := rebuild(t, root, store.RebuildOptions{Trust: trust})
			if r.Objects != len(paths) || r.Proven != 0 || len(r.Left) != 0 || r.Damaged != 0 {
				t.Errorf("%s, trust %v: %+v", name, trust, r)
			}
			if got := dump(t, root); !slices.Equal(got, want) {
				t.Errorf("%s, trust %v: the database says\n%s\nnot\n%s", name, trust, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
	if n := checkStore(t, root); n != len(paths) {
		t.Errorf("%d objects", n)
	}
}

// TestRebuildWithoutJournal: what its content proves comes back, what is built does
// not.
func TestRebuildWithoutJournal(t *testing.T) {
	root, paths := variedStore(t)
	for _, name := range []string{"frx/var/fruix/db/db.sqlite", "frx/store/.fruix-journal"} {
		if err := os.Remove(filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	r := rebuild(t, root, store.RebuildOptions{})
	var left []string
	for _, l := range r.Left {
		left = append(left, l.Path)
	}
	want := []string{paths["out"], paths["lib"]}
	slices.Sort(want)
	if r.Objects != len(paths)-len(want) || r.Proven != r.Objects || !slices.Equal(left, want) {
		t.Errorf("%+v", r)
	}
	s := open(t, root)
	if got := must(s.References(t.Context(), paths["more"]))(t); !slices.Equal(got, []string{paths["text"]}) {
		t.Errorf("references of a text: %v", got)
	}
	if got := must(s.Derivers(t.Context(), paths["out"]))(t); !slices.Equal(got, []string{paths["drv"]}) {
		t.Errorf("derivers: %v", got)
	}
	checkStore(t, root)
	// The journal is whole again with the next object.
	must(s.AddText(t.Context(), "another", nil, nil))(t)
	if text := string(must(os.ReadFile(filepath.Join(root, "frx/store/.fruix-journal")))(t)); strings.Count(text, "narHash") != r.Objects+1 {
		t.Errorf("the journal: %s", text)
	}
}

// TestRebuildOfDamage: what is damaged stays valid and is told of; what nothing is
// known of goes, and with it what refers to it.
func TestRebuildOfDamage(t *testing.T) {
	root, paths := variedStore(t)
	file, journal := filepath.Join(root, "frx/var/fruix/db/db.sqlite"), filepath.Join(root, "frx/store/.fruix-journal")
	victim := filepath.Join(root, paths["text"])
	if err := errors.Join(os.Remove(file), os.Chmod(victim, 0o644), os.WriteFile(victim, []byte("2"), 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, trust := range []bool{false, true} {
		r := rebuild(t, root, store.RebuildOptions{Trust: trust})
		bad := !trust && len(r.Bad) == 1 && r.Bad[0].Path == paths["text"] && r.Bad[0].Kind == store.Modified
		if r.Objects != len(paths) || len(r.Left) != 0 || bad == trust {
			t.Errorf("trust %v: %+v", trust, r)
		}
	}
	var lines []string
	for _, l := range strings.Split(string(must(os.ReadFile(journal))(t)), "\n") {
		if !strings.Contains(l, filepath.Base(paths["text"])+" {") {
			lines = append(lines, l)
		}
	}
	if err := errors.Join(os.Remove(file), os.WriteFile(journal, []byte(strings.Join(lines, "\n")), 0o644)); err != nil {
		t.Fatal(err)
	}
	r := rebuild(t, root, store.RebuildOptions{})
	why := map[string]string{}
	for _, l := range r.Left {
		why[l.Path] = l.Why
	}
	for name, want := range map[string]string{
		"text": "is not in the journal", "more": "refers to " + paths["text"], "drv": "refers to", "out": "refers to", "lib": "refers to",
	} {
		if !strings.Contains(why[paths[name]], want) {
			t.Errorf("%s: %q", name, why[paths[name]])
		}
	}
	if r.Objects != 2 {
		t.Errorf("%+v", r)
	}
	checkStore(t, root)
}

// TestJournalIsCompacted: lines about objects that are gone do not pile up, and
// those that are missing come back.
func TestJournalIsCompacted(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	journal := filepath.Join(root, "frx/store/.fruix-journal")
	kept := ""
	closed(t, root, func(s *store.Store) {
		for i := range 200 {
			kept = must(s.AddText(ctx, "t", fmt.Append(nil, i), nil))(t)
		}
		if err := s.AddRoot(ctx, filepath.Join(root, "link"), kept); err != nil {
			t.Fatal(err)
		}
	})
	collect := func() string {
		closed(t, root, func(s *store.Store) { must(s.Collect(ctx, store.CollectOptions{}))(t) })
		return string(must(os.ReadFile(journal))(t))
	}
	if text := collect(); strings.Count(text, "\n") != 1 || !strings.Contains(text, filepath.Base(kept)) {
		t.Errorf("the journal is %q", text)
	}
	if err := os.WriteFile(journal, []byte("rubbish\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if text := collect(); strings.Count(text, "\n") != 1 || !strings.Contains(text, filepath.Base(kept)) {
		t.Errorf("the journal is %q", text)
	}
}

// TestRebuildWaits until nobody has the database open, and says for whom.
func TestRebuildWaits(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	user := open(t, root)
	must(user.AddText(ctx, "a", nil, nil))(t)
	waits := make(chan store.Wait, 10)
	c := config(root)
	c.OnWait = func(w store.Wait) { waits <- w }
	s := must(store.Open(ctx, c))(t)
	defer s.Close()
	var wg sync.WaitGroup
	wg.Go(func() {
		if r, err := s.Rebuild(ctx, store.RebuildOptions{}); err != nil || r.Objects != 1 {
			t.Errorf("%+v, %v", r, err)
		}
	})
	if w := <-waits; !w.Users {
		t.Errorf("waited for %+v", w)
	}
	user.Close()
	wg.Wait()
	ended, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	must(s.All(ctx))(t)
	if _, err := open(t, root).Rebuild(ended, store.RebuildOptions{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a rebuild that should wait: %v", err)
	}
}

// TestVerifyReadsTheJournal finds a database that is wrong about a sound object.
func TestVerifyReadsTheJournal(t *testing.T) {
	root, paths := variedStore(t)
	d := must(db.Open(t.Context(), db.Options{File: filepath.Join(root, "frx/var/fruix/db/db.sqlite"), StoreDir: "/frx/store"}))(t)
	o := must(d.Object(t.Context(), filepath.Base(paths["more"])))(t)
	if err := d.Unregister(t.Context(), []string{o.Path}); err != nil {
		t.Fatal(err)
	}
	o.References = nil
	if err := d.Register(t.Context(), []db.Object{*o}); err != nil {
		t.Fatal(err)
	}
	d.Close()
	verify := func() (found []store.Problem) {
		s := open(t, root)
		defer s.Close()
		if err := s.Verify(t.Context(), true, func(p store.Problem) { found = append(found, p) }, nil); err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := verify(); len(found) != 1 || found[0].Path != paths["more"] || found[0].Kind != store.Misregistered {
		t.Errorf("found %v", found)
	}
	rebuild(t, root, store.RebuildOptions{})
	if found := verify(); len(found) != 0 {
		t.Errorf("found %v", found)
	}
}

// TestRebuildKeepsRooted: what roots keep is not deleted after a rebuild because
// something of it is gone.
func TestRebuildKeepsRooted(t *testing.T) {
	const database, journal = "frx/var/fruix/db/db.sqlite", "frx/store/.fruix-journal"
	ctx := t.Context()
	for _, c := range []struct {
		name           string
		database, line bool // of the old database, and of the journal about what is gone
		root           bool
		valid          int
	}{
		{"a whole database", true, true, true, 4},
		{"a whole database, no line", true, false, true, 4},
		{"a whole database, no root", true, true, false, 4},
		{"no database", false, true, true, 4},
		{"no database, no line", false, false, true, 1},
		{"no database, no root", false, true, false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := scratch(t)
			var texts []string
			var other string
			closed(t, root, func(s *store.Store) {
				texts = chain(t, s, 3)
				other = must(s.AddText(ctx, "other", nil, nil))(t)
				if !c.root {
					return
				}
				for i, p := range []string{texts[2], other} {
					if err := s.AddRoot(ctx, filepath.Join(root, fmt.Sprint("kept", i)), p); err != nil {
						t.Fatal(err)
					}
				}
			})
			gone := texts[0]
			if err := os.Remove(filepath.Join(root, gone)); err != nil {
				t.Fatal(err)
			}
			if !c.database {
				if err := os.Remove(filepath.Join(root, database)); err != nil {
					t.Fatal(err)
				}
			}
			if !c.line {
				text := string(must(os.ReadFile(filepath.Join(root, journal)))(t))
				lines := slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.Contains(l, filepath.Base(gone)+" {") })
				if err := os.WriteFile(filepath.Join(root, journal), []byte(strings.Join(lines, "\n")), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for _, trust := range []bool{false, true} { // the second one finds what the first has made
				r := rebuild(t, root, store.RebuildOptions{Trust: trust})
				if r.Objects != c.valid {
					t.Errorf("%+v", r)
				}
				if c.valid == 4 && (len(r.Bad) != 1 || r.Bad[0].Path != gone || r.Bad[0].Kind != store.Disappeared || len(r.Left) != 0) {
					t.Errorf("%+v", r)
				}
				named := 0
				for _, l := range r.Left {
					if l.Root != "" {
						named++
					}
				}
				if c.valid != 4 && (len(r.Bad) != 0 || len(r.Left) != 2 || named != map[bool]int{true: 1}[c.root]) {
					t.Errorf("%+v", r)
				}
			}
			s := open(t, root)
			collected := must(s.Collect(ctx, store.CollectOptions{}))(t).Paths
			if want := map[bool]int{false: c.valid}[c.root]; len(collected) != want {
				t.Errorf("collected %v", collected)
			}
			s.Close()
			if c.root && c.valid == 4 {
				// When it is there again, all is well.
				if err := os.WriteFile(filepath.Join(root, gone), nil, 0o644); err != nil {
					t.Fatal(err)
				}
				s := open(t, root)
				if got := must(s.All(ctx))(t); len(got) != 4 {
					t.Errorf("%v are left", got)
				}
			}
		})
	}
}

// TestRebuildForgetsCollected: the journal's lines about what has been collected bring
// nothing back, such as the derivation of a living output.
func TestRebuildForgetsCollected(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	var out string
	closed(t, root, func(s *store.Store) {
		_, out = finishOne(t, s, derivation("out"))
		if err := s.AddRoot(ctx, filepath.Join(root, "kept"), out); err != nil {
			t.Fatal(err)
		}
	})
	journal := filepath.Join(root, "frx/store/.fruix-journal")
	before := must(os.ReadFile(journal))(t)
	closed(t, root, func(s *store.Store) {
		if got := must(s.Collect(ctx, store.CollectOptions{DropDerivations: true}))(t); len(got.Paths) == 0 {
			t.Fatal("nothing was collected")
		}
	})
	if err := errors.Join(os.WriteFile(journal, before, 0o644), os.Remove(filepath.Join(root, "frx/var/fruix/db/db.sqlite"))); err != nil {
		t.Fatal(err)
	}
	if r := rebuild(t, root, store.RebuildOptions{}); r.Objects != 1 || len(r.Bad)+len(r.Left) != 0 {
		t.Errorf("%+v", r)
	}
}

// TestRebuildWithDamagedDerivation: one that is no plain file any more, or cannot be
// read, keeps nobody from the rest of the store, and can be repaired.
func TestRebuildWithDamagedDerivation(t *testing.T) {
	for name, damage := range map[string]func(file string) error{
		"executable": func(file string) error { return os.Chmod(file, 0o555) },
		"link":       func(file string) error { return errors.Join(os.Remove(file), os.Symlink("nowhere", file)) },
		"folder":     func(file string) error { return errors.Join(os.Remove(file), os.Mkdir(file, 0o755)) },
	} {
		for _, trust := range []bool{false, true} {
			for _, lost := range []bool{false, true} { // the database
				root, paths := variedStore(t)
				err := damage(filepath.Join(root, paths["drv"]))
				if lost {
					err = errors.Join(err, os.Remove(filepath.Join(root, "frx/var/fruix/db/db.sqlite")))
				}
				if err != nil {
					t.Fatal(err)
				}
				r := rebuild(t, root, store.RebuildOptions{Trust: trust})
				if r.Objects != len(paths) || len(r.Left) != 0 || len(r.Bad) != 1 || r.Bad[0].Path != paths["drv"] {
					t.Errorf("%s, trust %v, lost %v: %+v", name, trust, lost, r)
				}
				s := open(t, root)
				if got := must(s.Derivers(t.Context(), paths["out"]))(t); (len(got) == 0) != lost {
					t.Errorf("%s, trust %v, lost %v: derivers %v", name, trust, lost, got)
				}
				s.Close()
			}
		}
	}
}
