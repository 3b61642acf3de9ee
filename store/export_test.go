package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fruix/store"
	"fruix/store/journal"
)

// exported makes objects that refer to each other, and returns them with their
// export.
func exported(t testing.TB, root string) (paths []string, export []byte) {
	t.Helper()
	s := open(t, root)
	paths = chain(t, s, 3)
	_, out := finishOne(t, s, derivation("out"))
	var b bytes.Buffer
	if err := s.Export(t.Context(), &b, []string{paths[2], out}, true, nil); err != nil {
		t.Fatal(err)
	}
	return append(paths, out), b.Bytes()
}

func TestExportImport(t *testing.T) {
	ctx := t.Context()
	paths, export := exported(t, scratch(t))
	root := scratch(t)
	s := open(t, root)
	got := must(s.Import(ctx, bytes.NewReader(export)))(t)
	if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(paths))) {
		t.Errorf("imported %v, want %v", got, paths)
	}
	if refs := must(s.References(ctx, paths[2]))(t); !slices.Equal(refs, paths[1:2]) {
		t.Errorf("references %v, want %v", refs, paths[1:2])
	}
	if info := must(s.Info(ctx, paths[3]))(t); !strings.HasSuffix(info.Deriver, "-pkg.drv") {
		t.Errorf("deriver %q", info.Deriver)
	}
	checkStore(t, root)
	// A second time nothing changes.
	must(s.Import(ctx, bytes.NewReader(export)))(t)
	checkStore(t, root)
}

// TestImportRefuses cuts an export anywhere and flips bits in it: what is
// imported is whole, and nothing else is left.
func TestImportRefuses(t *testing.T) {
	ctx := t.Context()
	_, export := exported(t, scratch(t))
	root := scratch(t)
	s := open(t, root)
	for n := 0; n < len(export); n += 37 {
		if _, err := s.Import(ctx, bytes.NewReader(export[:n])); err == nil {
			t.Errorf("an export of %d bytes was imported up to byte %d without complaint", len(export), n)
		}
	}
	checkStore(t, root)
	other := bytes.ReplaceAll(export, []byte("/frx/store"), []byte("/gnu/store"))
	var ie *store.ImportError
	if _, err := s.Import(ctx, bytes.NewReader(other)); !errors.As(err, &ie) {
		t.Errorf("an export of another store: %v", err)
	}
	// A reference to what is not there.
	alone := scratch(t)
	var b bytes.Buffer
	paths, _ := exported(t, alone)
	if err := open(t, alone).Export(ctx, &b, paths[1:2], false, nil); err != nil {
		t.Fatal(err)
	}
	var invalid *store.NotValidError
	if _, err := open(t, scratch(t)).Import(ctx, &b); !errors.As(err, &invalid) {
		t.Errorf("a reference to what is not there: %v", err)
	}
}

// registrations counts how often something was registered: each time begins with an
// empty line of the journal.
func registrations(t *testing.T, root string) int {
	t.Helper()
	text := must(os.ReadFile(filepath.Join(root, "frx/store", journal.File)))(t)
	return strings.Count("\n"+string(text), "\n\n")
}

// TestImportTogether: objects become valid many at a time, whatever they are and however
// they use each other, and those before one that is wrong do.
func TestImportTogether(t *testing.T) {
	ctx := t.Context()
	quick := func(root string) *store.Store {
		c := config(root)
		c.Relaxed = true
		s := must(store.Open(ctx, c))(t)
		t.Cleanup(func() { s.Close() })
		return s
	}
	from := quick(scratch(t))
	batch := from.NewBatch()
	var texts, drvs []string
	for i := range 265 {
		texts = append(texts, must(batch.AddText(fmt.Sprint("t", i), []byte(fmt.Sprint(i)), texts[max(i-1, 0):]))(t))
	}
	for i := range 20 {
		d := derivation("out")
		d.Env["n"] = fmt.Sprint(i)
		if i > 0 {
			d.InputDrvs[drvs[i-1]] = []string{"out"}
		}
		drvs = append(drvs, must(batch.AddDerivation(ctx, "d", d))(t))
	}
	if err := batch.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	all := append(slices.Clone(texts), drvs...)
	var b bytes.Buffer
	if err := from.Export(ctx, &b, all, false, nil); err != nil {
		t.Fatal(err)
	}
	// Some come a second time.
	var more bytes.Buffer
	if err := from.Export(ctx, &more, texts[:5], false, nil); err != nil {
		t.Fatal(err)
	}
	twice := append(bytes.Clone(b.Bytes()[:b.Len()-8]), more.Bytes()...)
	to := scratch(t)
	s := quick(to)
	got := must(s.Import(ctx, bytes.NewReader(twice)))(t)
	if want := append(slices.Clone(all), texts[:5]...); !slices.Equal(got, want) {
		t.Errorf("%d objects imported, want %d", len(got), len(want))
	}
	if n := registrations(t, to); n != 2 {
		t.Errorf("registered %d times, not 2", n)
	}
	if got := must(s.All(ctx))(t); len(got) != len(all) {
		t.Errorf("%d objects are valid, want %d", len(got), len(all))
	}
	checkStore(t, to)
	// One in the midst is not believed.
	no := errors.New("no")
	to = scratch(t)
	s = quick(to)
	n := 0
	got, err := s.ImportChecked(ctx, bytes.NewReader(b.Bytes()), func(*store.Claim) error {
		if n++; n > 260 {
			return no
		}
		return nil
	})
	if !errors.Is(err, no) || !slices.Equal(got, texts[:260]) {
		t.Errorf("%d objects imported up to one that is not believed: %v", len(got), err)
	}
	if got := must(s.All(ctx))(t); len(got) != 260 {
		t.Errorf("%d objects are valid up to one that is not believed", len(got))
	}
	checkStore(t, to)
	// One lacks what it refers to.
	var gap bytes.Buffer
	if err := from.Export(ctx, &gap, append(slices.Clone(texts[:10]), texts[11]), false, nil); err != nil {
		t.Fatal(err)
	}
	to = scratch(t)
	s = quick(to)
	var invalid *store.NotValidError
	got, err = s.Import(ctx, &gap)
	if !errors.As(err, &invalid) || invalid.Path != texts[10] || !slices.Equal(got, texts[:10]) {
		t.Errorf("%d objects imported up to a gap: %v", len(got), err)
	}
	checkStore(t, to)
}

// TestExportAsNix lets real Nix import what is exported here, and imports what
// it exports.
func TestExportAsNix(t *testing.T) {
	n := newNix(t)
	root := scratch(t)
	paths, export := exported(t, root)
	cmd := n.command("nix-store", "--import")
	cmd.Stdin = bytes.NewReader(export)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("Nix cannot import: %v\n%s", err, out)
	}
	for _, p := range paths {
		if !strings.Contains(string(out), p) {
			t.Errorf("Nix did not import %s:\n%s", p, out)
		}
	}
	back, err := n.command(append([]string{"nix-store", "--export"}, paths...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	other := scratch(t)
	s := open(t, other)
	must(s.Import(t.Context(), bytes.NewReader(export)))(t) // the derivation, which Nix was not asked for
	must(s.Import(t.Context(), bytes.NewReader(back)))(t)
	checkStore(t, other)
}

// FuzzImport: whatever is imported, the store stays whole.
func FuzzImport(f *testing.F) {
	_, export := exported(f, scratch(f))
	f.Add(export)
	f.Add(export[:100])
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0})
	root := scratch(f)
	c := config(root)
	c.Relaxed = true
	s := must(store.Open(f.Context(), c))(f)
	f.Cleanup(func() { s.Close() })
	f.Fuzz(func(t *testing.T, b []byte) {
		paths, _ := s.Import(t.Context(), bytes.NewReader(b))
		for _, p := range paths {
			if problem, err := s.VerifyPath(t.Context(), p); err != nil || problem != nil {
				t.Errorf("%s: %v, %v", p, problem, err)
			}
		}
	})
}

func TestOptimise(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	s := open(t, root)
	var paths []string
	for _, name := range []string{"a", "b"} {
		dir := filepath.Join(root, "tree", name)
		grow(t, dir, map[string]string{"f": "same", "x": "#!same", "deep/f": "same", "own": name, "empty": "", "l": "->f"})
		paths = append(paths, must(s.AddPath(ctx, name, dir, store.AddOptions{Recursive: true}))(t))
	}
	got := must(s.Optimise(ctx, nil))(t)
	if got.Files != 4 || got.Bytes != 3*4+6 {
		t.Errorf("%+v, want 4 files and 18 bytes", got)
	}
	checkStore(t, root)
	if again := must(s.Optimise(ctx, nil))(t); again.Files != 0 {
		t.Errorf("a second time %+v", again)
	}
	// Shared names go with the last object that has them.
	s.Close()
	s = open(t, root)
	must(s.Delete(ctx, paths[:1], store.CollectOptions{}))(t)
	links := filepath.Join(root, "frx/store/.links")
	if n := len(must(os.ReadDir(links))(t)); n != 3 {
		t.Errorf("%d shared contents are left, not 3", n)
	}
	s.Close()
	s = open(t, root)
	must(s.Delete(ctx, paths[1:], store.CollectOptions{}))(t)
	if n := len(must(os.ReadDir(links))(t)); n != 0 {
		t.Errorf("%d shared contents are left", n)
	}
}

func TestVerifyAndRepair(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	s := open(t, root)
	texts := chain(t, s, 4)
	damage := func(p, text string) {
		if err := os.Chmod(s.Physical(p), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.Physical(p), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	damage(texts[1], "x")
	if err := os.Remove(s.Physical(texts[2])); err != nil {
		t.Fatal(err)
	}
	found := func(contents bool) map[string]store.ProblemKind {
		out := map[string]store.ProblemKind{}
		if err := s.Verify(ctx, contents, func(p store.Problem) { out[p.Path] = p.Kind }, nil); err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := found(false); len(got) != 1 || got[texts[2]] != store.Disappeared {
		t.Errorf("presence: %v", got)
	}
	if got := found(true); len(got) != 2 || got[texts[2]] != store.Disappeared || got[texts[1]] != store.Modified {
		t.Errorf("contents: %v", got)
	}
	remake := func(p, text string) error {
		place := must(s.TempOutput(p))(t)
		if err := os.WriteFile(place, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return s.Repair(ctx, p, place)
	}
	var differs *store.NotReproducedError
	if err := remake(texts[1], "y"); !errors.As(err, &differs) {
		t.Errorf("repaired with something else: %v", err)
	}
	for i, text := range []string{1: "1", 2: "2"} {
		if text != "" {
			if err := remake(texts[i], text); err != nil {
				t.Error(err)
			}
		}
	}
	if got := found(true); len(got) != 0 {
		t.Errorf("after the repair: %v", got)
	}
	checkStore(t, root)
}
