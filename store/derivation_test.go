package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fruix/store"
	"fruix/store/drv"
	"fruix/store/hash"
	"fruix/store/nar"
)

// stranger is a derivation of which the texts below are made. What it is called
// decides where its output is.
func stranger(t testing.TB, s *store.Store, name string) *drv.Derivation {
	t.Helper()
	d := derivation("out")
	must(s.AddDerivation(t.Context(), name, d))(t)
	return d
}

// TestDerivationsKeepToTheRules adds derivations in every way in which a text can
// come into the store.
func TestDerivationsKeepToTheRules(t *testing.T) {
	ctx := t.Context()
	s := open(t, scratch(t))
	victim := stranger(t, s, "victim").Outputs["out"].Path
	good := derivation("out")
	good.Args = []string{"good"}
	if err := s.Hasher().FillOutputs(s.Dir(), "x", good); err != nil {
		t.Fatal(err)
	}
	thief := good.Clone()
	thief.Outputs["out"] = drv.Output{Path: victim}
	uses := good.Clone()
	uses.InputSrcs = []string{must(s.AddText(ctx, "source", nil, nil))(t)}

	flat := func(text []byte) (string, error) {
		return s.AddFlat(ctx, "x.drv", bytes.NewReader(text), int64(len(text)), hash.SHA256)
	}
	ways := map[string]func(text []byte) (string, error){
		"text": func(text []byte) (string, error) { return s.AddText(ctx, "x.drv", text, nil) },
		"flat": flat,
		"archive": func(text []byte) (string, error) {
			var b bytes.Buffer
			w := nar.NewWriter(&b)
			if err := errors.Join(w.WriteHeader(nar.Header{Type: nar.Regular, Size: int64(len(text))}), second(w.Write(text)), w.Close()); err != nil {
				return "", err
			}
			return s.AddNAR(ctx, "x.drv", &b, hash.SHA256, nil)
		},
		"path": func(text []byte) (string, error) {
			file := filepath.Join(scratch(t), "x.drv")
			if err := os.WriteFile(file, text, 0o644); err != nil {
				return "", err
			}
			return s.AddPath(ctx, "x.drv", file, store.AddOptions{Recursive: true})
		},
	}
	var refused *store.DerivationError
	var path *drv.OutputPathError
	for name, add := range ways {
		if _, err := add(thief.Marshal()); !errors.As(err, &refused) || !errors.As(err, &path) || path.Has != victim {
			t.Errorf("%s: a derivation with the output of another: %v", name, err)
		}
		for what, text := range map[string][]byte{"junk": []byte("junk"), "nothing": nil, "a half": good.Marshal()[:50], "what it does not refer to": uses.Marshal()} {
			if p, err := add(text); !errors.As(err, &refused) {
				t.Errorf("%s: %s was added as %s: %v", name, what, p, err)
			}
		}
		p, err := add(good.Marshal())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if derivers := must(s.Derivers(ctx, good.Outputs["out"].Path))(t); !strings.Contains(strings.Join(derivers, " "), p) {
			t.Errorf("%s: the derivers of its output are %v", name, derivers)
		}
	}
	// A batch, where paths are given rather than computed.
	if _, err := s.AddDerivation(ctx, "y", thief); !errors.As(err, &path) {
		t.Errorf("a derivation with the output of another, as such: %v", err)
	}
}

func second(_ int, err error) error { return err }

// TestNoDerivationAmongOutputs builds an object that is called as a derivation.
func TestNoDerivationAmongOutputs(t *testing.T) {
	ctx := t.Context()
	s := open(t, scratch(t))
	d := derivation("out")
	drvPath := must(s.AddDerivation(ctx, "x.drv", d))(t)
	out := d.Outputs["out"].Path
	for what, fill := range map[string]func(place string) error{
		"junk":        func(place string) error { return os.WriteFile(place, []byte("junk"), 0o644) },
		"a directory": func(place string) error { return os.Mkdir(place, 0o755) },
		"a link":      func(place string) error { return os.Symlink("/etc/passwd", place) },
	} {
		place := must(s.TempOutput(out))(t)
		if err := fill(place); err != nil {
			t.Fatal(err)
		}
		var refused *store.DerivationError
		if _, err := s.Finish(ctx, []store.Built{{Path: out, Physical: place, Deriver: drvPath}}); !errors.As(err, &refused) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestView(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	s := open(t, root)
	a, b := s.View(nil), s.View(func(c *store.Config) {
		c.MaxDerivations = 1
		left := int64(200)
		c.MayProtect = func(n int64) bool { left -= n; return left >= 0 }
	})
	text := must(a.AddText(ctx, "text", nil, nil))(t)
	drvPath := must(a.AddDerivation(ctx, "x", derivation("out")))(t)
	if valid := must(b.IsValid(ctx, text))(t); !valid {
		t.Error("one does not see what the other has added")
	}
	must(b.ReadDerivation(ctx, drvPath))(t)
	var many *store.TooManyError
	p := "/frx/store/" + strings.Repeat("0", 32) + "-" + strings.Repeat("x", 100)
	if _, err := b.IsValid(ctx, p); !errors.As(err, &many) {
		t.Errorf("a question too many: %v", err)
	}
	// What each uses is kept until it is closed.
	for _, x := range []*store.Store{a, b} {
		if c := must(s.Collect(ctx, store.CollectOptions{}))(t); len(c.Paths) != 0 {
			t.Errorf("collected %v", c.Paths)
		}
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	}
	if c := must(s.Collect(ctx, store.CollectOptions{}))(t); len(c.Paths) != 2 {
		t.Errorf("collected %v", c.Paths)
	}
	if _, err := a.IsValid(ctx, text); err == nil {
		t.Error("a closed store answers")
	}
	checkStore(t, root)
}

func TestIndirectRoots(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	s := open(t, root)
	dir := scratch(t)
	p := must(s.AddText(ctx, "text", nil, nil))(t)
	link := filepath.Join(dir, "result")
	if err := errors.Join(s.AddIndirectRoot(ctx, link), store.MakeLink(s.Physical(p), link)); err != nil {
		t.Fatal(err)
	}
	roots := must(s.Roots(ctx))(t)
	if len(roots) != 1 || roots[0].Name != link || roots[0].Target != p {
		t.Errorf("roots %v", roots)
	}
	for _, bad := range []string{"", "relative", dir + "/../x", dir + "/x\ny", dir + "/x\x00", p, s.Physical(p), "/" + strings.Repeat("x/", 3000) + "x"} {
		if err := s.AddIndirectRoot(ctx, bad); err == nil {
			t.Errorf("the root %.40q was made", bad)
		}
	}
}

func TestImportChecked(t *testing.T) {
	ctx := t.Context()
	root := scratch(t)
	from := open(t, root)
	texts := chain(t, from, 2)
	_, out := finishOne(t, from, derivation("out"))
	source := must(from.AddFlat(ctx, "flat", strings.NewReader("x"), 1, hash.SHA512))(t)
	folder := scratch(t)
	grow(t, folder, map[string]string{"f": "x"})
	tree := must(from.AddPath(ctx, "tree", folder, store.AddOptions{Recursive: true}))(t)
	var b bytes.Buffer
	if err := from.Export(ctx, &b, []string{texts[1], texts[0], tree, source, out}, true, nil); err != nil {
		t.Fatal(err)
	}
	proven := map[string]bool{}
	to := open(t, scratch(t))
	got := must(to.ImportChecked(ctx, bytes.NewReader(b.Bytes()), func(c *store.Claim) error {
		proven[c.Path] = c.Proven
		if c.Signature != "" {
			t.Errorf("%s is signed: %q", c.Path, c.Signature)
		}
		return nil
	}))(t)
	for _, p := range got {
		// The hash of a flat file is not what an export tells of.
		want := strings.HasSuffix(p, ".drv") || p == texts[0] || p == texts[1] || p == tree
		if proven[p] != want {
			t.Errorf("%s: proven %v, want %v", p, proven[p], want)
		}
		if want {
			if a, b := must(from.Info(ctx, p))(t), must(to.Info(ctx, p))(t); a.ContentAddress != b.ContentAddress {
				t.Errorf("%s: content address %q, want %q", p, b.ContentAddress, a.ContentAddress)
			}
		}
	}
	// Who is not believed adds nothing.
	no := errors.New("no")
	empty := open(t, scratch(t))
	if _, err := empty.ImportChecked(ctx, bytes.NewReader(b.Bytes()), func(*store.Claim) error { return no }); !errors.Is(err, no) {
		t.Errorf("not believed: %v", err)
	}
	if all := must(empty.All(ctx))(t); len(all) != 0 {
		t.Errorf("added: %v", all)
	}
	// A signature is about the whole of what is told.
	var signed, read []byte
	var one bytes.Buffer
	one.Write([]byte{1, 0, 0, 0, 0, 0, 0, 0})
	if err := from.ExportObject(ctx, &one, texts[0], func(digest []byte) string { signed = digest; return "signature" }); err != nil {
		t.Fatal(err)
	}
	one.Write(make([]byte, 8))
	must(empty.ImportChecked(ctx, &one, func(c *store.Claim) error {
		if read = c.Digest; c.Signature != "signature" {
			t.Errorf("signature %q", c.Signature)
		}
		return nil
	}))(t)
	if len(signed) != 32 || !bytes.Equal(signed, read) {
		t.Errorf("signed %x, read %x", signed, read)
	}
}
