package download

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fruix/builder/builtin"
	"fruix/builder/fetch"
	"fruix/builder/plan"
	"fruix/store/hash"
	"fruix/store/tree"
)

func TestLocations(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
		err  string
	}{
		{in: "https://a/b  https://c/d\n", want: []string{"https://a/b", "https://c/d"}},
		{in: `"https://a/b"`, want: []string{"https://a/b"}},
		{in: `("https://a/b" "mirror://gnu/x\"y")`, want: []string{"https://a/b", `mirror://gnu/x"y`}},
		{in: "https://a/b_(c)", want: []string{"https://a/b_(c)"}},
		{in: "  ", err: "no location is given"},
		{in: `("https://a`, err: "end within a string"},
	} {
		got, err := Locations(tt.in)
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %q %v", tt.in, got, err)
		}
	}
}

func FuzzLocations(f *testing.F) {
	f.Add(`("a" "b\"") c`)
	f.Fuzz(func(t *testing.T, s string) {
		list, err := Locations(s)
		if err == nil && len(list) == 0 {
			t.Error("nothing and no error")
		}
	})
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	var tarball bytes.Buffer
	z := gzip.NewWriter(&tarball)
	tw := tar.NewWriter(z)
	tw.WriteHeader(&tar.Header{Name: "top/file", Mode: 0o644, Size: 2})
	io.WriteString(tw, "hi")
	tw.Close()
	z.Close()
	for name, b := range map[string][]byte{"plain": []byte("text"), "x.tar.gz": tarball.Bytes(), "bad": []byte("nothing")} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// What the outputs ought to be, made by hand.
	nar := func(make func(p string)) string {
		p := filepath.Join(t.TempDir(), "p")
		make(p)
		h := hash.SHA256.New()
		if _, err := tree.Dump(context.Background(), h, p, tree.Options{}); err != nil {
			t.Fatal(err)
		}
		return hex.EncodeToString(h.Sum(nil))
	}
	exec := nar(func(p string) { os.WriteFile(p, []byte("text"), 0o755) })
	unpacked := nar(func(p string) {
		os.MkdirAll(p+"/top", 0o755)
		os.WriteFile(p+"/top/file", []byte("hi"), 0o644)
	})
	at := func(names ...string) string {
		s := ""
		for _, n := range names {
			s += " file://" + dir + "/" + n
		}
		return s
	}
	for _, tt := range []struct {
		name  string
		env   map[string]string
		fixed plan.Fixed
		err   string
	}{
		{"flat", map[string]string{"url": at("bad", "plain")}, plan.Fixed{Algo: "sha256", Hash: hash.Sum(hash.SHA256, []byte("text")).Hex()}, ""},
		{"sha1", map[string]string{"urls": at("plain")}, plan.Fixed{Algo: "sha1", Hash: hash.Sum(hash.SHA1, []byte("text")).Hex()}, ""},
		{"executable", map[string]string{"url": at("bad", "plain"), "executable": "1"}, plan.Fixed{Recursive: true, Algo: "sha256", Hash: exec}, ""},
		{"unpack", map[string]string{"url": at("bad", "x.tar.gz"), "unpack": "1"}, plan.Fixed{Recursive: true, Algo: "sha256", Hash: unpacked}, ""},
		{"wrong", map[string]string{"url": at("bad", "plain"), "executable": "1"}, plan.Fixed{Recursive: true, Algo: "sha256", Hash: unpacked}, "from any of 2 places"},
		{"flat executable", map[string]string{"url": at("plain"), "executable": "1"}, plan.Fixed{Algo: "sha256", Hash: exec}, "needs a recursive hash"},
		{"nowhere", nil, plan.Fixed{Algo: "sha256", Hash: exec}, "no location is given"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			work := t.TempDir()
			out := filepath.Join(work, "out")
			var log bytes.Buffer
			call := &builtin.Call{
				Request:  &plan.Request{Drv: "/frx/store/x.drv", Name: "x", Env: tt.env, Outputs: []plan.Output{{Name: "out", Fixed: &tt.fixed}}},
				Output:   func(string) string { return out },
				BuildDir: t.TempDir(), Log: &log, Fetched: func(string, int64, int64) {},
			}
			b := Builtin(&fetch.Client{Fetchers: map[string]fetch.Fetcher{"file": fetch.File{}}}, false)
			err := b.Run(t.Context(), call)
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("%v", err)
			}
			if _, serr := os.Lstat(out); (serr == nil) != (err == nil) {
				t.Errorf("output: %v", serr)
			}
			if err == nil && !strings.HasPrefix(log.String(), "x: from file://") {
				t.Errorf("log %q", log.String())
			}
		})
	}
}
