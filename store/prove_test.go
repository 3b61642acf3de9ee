package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fruix/store"
	"fruix/store/hash"
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
