package store_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fruix/store"
	"fruix/store/hash"
	"fruix/store/narinfo"
)

// TestAddProven: objects whose path follows from their content need nobody's
// word; every lie about one is found.
func TestAddProven(t *testing.T) {
	ctx := t.Context()
	from := open(t, scratch(t))
	refs := chain(t, from, 2)
	file := filepath.Join(scratch(t), "file")
	if err := os.WriteFile(file, []byte("bytes"), 0o644); err != nil {
		t.Fatal(err)
	}
	text := must(from.AddText(ctx, "text", []byte("see "+refs[1]), refs[1:]))(t)
	source := must(from.AddPath(ctx, "source", file, store.AddOptions{Recursive: true}))(t)
	other := must(from.AddPath(ctx, "other", file, store.AddOptions{Recursive: true, Algo: hash.SHA512}))(t)
	flat := must(from.AddPath(ctx, "flat", file, store.AddOptions{Algo: hash.SHA1}))(t)
	drvPath, out := finishOne(t, from, derivation("out"))
	nar := func(p string) *bytes.Reader {
		var b bytes.Buffer
		if err := from.DumpNAR(ctx, p, &b); err != nil {
			t.Fatal(err)
		}
		return bytes.NewReader(b.Bytes())
	}
	to := open(t, scratch(t))
	for _, p := range append(refs, text, source, other, flat, drvPath) {
		info := must(from.Info(ctx, p))(t)
		if err := to.AddProven(ctx, *info, nar(p)); err != nil {
			t.Errorf("%s: %v", p, err)
		}
		if got := must(to.Info(ctx, p))(t); got.ContentAddress != info.ContentAddress {
			t.Errorf("%s: content address %q", p, got.ContentAddress)
		}
	}
	lies := open(t, scratch(t))
	must(lies.AddText(ctx, "t0", []byte("0"), nil))(t)
	for name, lie := range map[string]func() (string, func(*store.Info)){
		"an output": func() (string, func(*store.Info)) { return out, func(*store.Info) {} },
		"an output as source": func() (string, func(*store.Info)) {
			return out, func(i *store.Info) { i.ContentAddress = "fixed:r:sha256:" }
		},
		"an output as text": func() (string, func(*store.Info)) {
			return out, func(i *store.Info) { i.ContentAddress = "text:sha256:" }
		},
		"other references": func() (string, func(*store.Info)) { return refs[0], func(i *store.Info) { i.References = refs[1:] } },
		"text of sha1": func() (string, func(*store.Info)) {
			return refs[0], func(i *store.Info) { i.ContentAddress = "text:sha1:" }
		},
		"another way": func() (string, func(*store.Info)) {
			return flat, func(i *store.Info) { i.ContentAddress = "fixed:r:sha1:" }
		},
		"another name": func() (string, func(*store.Info)) {
			return source, func(i *store.Info) { i.Path = strings.Replace(i.Path, "-source", "-sauce", 1) }
		},
		"no hash": func() (string, func(*store.Info)) {
			return flat, func(i *store.Info) { i.ContentAddress = "fixed:md77:" }
		},
	} {
		p, change := lie()
		info := *must(from.Info(ctx, p))(t)
		change(&info)
		var unproven *store.UnprovenError
		if err := lies.AddProven(ctx, info, nar(p)); !errors.As(err, &unproven) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestForeignContentAddress: what is said of how a path follows from content is noted
// when it does.
func TestForeignContentAddress(t *testing.T) {
	ctx := t.Context()
	from := open(t, scratch(t))
	text := must(from.AddText(ctx, "text", []byte("text"), nil))(t)
	flat := must(from.AddFlat(ctx, "flat", strings.NewReader("x"), 1, hash.SHA1))(t)
	_, out := finishOne(t, from, derivation("out"))
	for _, c := range []struct {
		what, path, says string
		kept             bool
	}{
		{"a text", text, "", true},
		{"a file", flat, "", true},
		{"a file, with another hash", flat, "fixed:sha1:" + strings.Repeat("0", 32), true}, // the right one is noted
		{"a text as a source", text, "fixed:r:sha256:" + strings.Repeat("0", 52), false},
		{"an output as a text", out, "text:sha256:" + strings.Repeat("0", 52), false},
		{"an output as a source", out, "fixed:r:sha256:" + strings.Repeat("0", 52), false},
		{"in a way that nobody knows", out, "magic:md77:x", false},
	} {
		var b bytes.Buffer
		if err := from.DumpNAR(ctx, c.path, &b); err != nil {
			t.Fatal(err)
		}
		info := *must(from.Info(ctx, c.path))(t)
		want := ""
		if c.kept {
			want = info.ContentAddress
		}
		if c.says != "" {
			info.ContentAddress = c.says
		}
		to := open(t, scratch(t))
		if err := to.AddForeign(ctx, info, &b); err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if got := must(to.Info(ctx, c.path))(t).ContentAddress; got != want {
			t.Errorf("%s: noted as %q, want %q", c.what, got, want)
		}
	}
}

// TestImportForgetsDeriver: of what proves itself, a deriver is noted when it is signed.
func TestImportForgetsDeriver(t *testing.T) {
	ctx := t.Context()
	from := open(t, scratch(t))
	key := must(narinfo.GenerateKey("test-1", rand.Reader))(t)
	text := must(from.AddText(ctx, "text", []byte("text"), nil))(t)
	var b bytes.Buffer
	if err := from.DumpNAR(ctx, text, &b); err != nil {
		t.Fatal(err)
	}
	info := *must(from.Info(ctx, text))(t)
	info.Deriver = "/frx/store/0vrfckp768hl9j13gwj39l479299qra0-some.drv"
	source := open(t, scratch(t))
	if err := source.AddForeign(ctx, info, &b); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		sign store.Sign
		want string
	}{{nil, ""}, {store.SignWith([]narinfo.SecretKey{key}), info.Deriver}} {
		b.Reset()
		if err := source.Export(ctx, &b, []string{text}, false, c.sign); err != nil {
			t.Fatal(err)
		}
		to := open(t, scratch(t))
		must(to.ImportChecked(ctx, &b, store.SignedBy([]narinfo.PublicKey{key.Public()})))(t)
		if got := must(to.Info(ctx, text))(t).Deriver; got != c.want {
			t.Errorf("the deriver is %q, want %q", got, c.want)
		}
	}
}
