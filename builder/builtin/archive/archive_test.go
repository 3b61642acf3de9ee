package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type member struct {
	name, body, link string
	typ              byte
	mode             int64
}

func tarOf(t *testing.T, members []member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Typeflag: m.typ, Linkname: m.link, Mode: m.mode, Size: int64(len(m.body)), Format: tar.FormatPAX}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(m.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func write(t *testing.T, name string, b []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

var sample = []member{
	{name: "./top/", typ: tar.TypeDir, mode: 0o755},
	{name: "./top/run", body: "#!/bin/sh\n", typ: tar.TypeReg, mode: 0o755},
	{name: "./top/doc/readme", body: "hello\n", typ: tar.TypeReg, mode: 0o644},
	{name: "./top/again", link: "./top/doc/readme", typ: tar.TypeLink},
	{name: "./top/ln", link: "doc/readme", typ: tar.TypeSymlink},
}

func TestUnpack(t *testing.T) {
	plain := tarOf(t, sample)
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	z.Write(plain)
	z.Close()
	for name, b := range map[string][]byte{"plain.tar": plain, "misnamed.zip": gz.Bytes()} {
		t.Run(name, func(t *testing.T) {
			file, dir := write(t, name, b), t.TempDir()
			if ok, err := Is(file); !ok || err != nil {
				t.Fatalf("Is = %v, %v", ok, err)
			}
			if err := Unpack(file, dir, Options{Strip: 1}); err != nil {
				t.Fatal(err)
			}
			for _, f := range []string{"doc/readme", "again", "ln"} {
				if got, _ := os.ReadFile(filepath.Join(dir, f)); string(got) != "hello\n" {
					t.Errorf("%s holds %q", f, got)
				}
			}
			if info, err := os.Stat(filepath.Join(dir, "run")); err != nil || info.Mode().Perm() != 0o755 {
				t.Errorf("run: %v, %v", info, err)
			}
		})
	}
}

func TestSelect(t *testing.T) {
	file := write(t, "a.tar", tarOf(t, sample))
	dir := t.TempDir()
	if err := Unpack(file, dir, Options{Select: []string{"top/doc"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "top/run")); err == nil {
		t.Error("a member that was not selected is there")
	}
	err := Unpack(file, t.TempDir(), Options{Select: []string{"absent"}})
	if err == nil || !strings.Contains(err.Error(), `no member "absent"`) {
		t.Errorf("got %v", err)
	}
}

func TestBadArchives(t *testing.T) {
	good := tarOf(t, sample)
	for name, b := range map[string][]byte{
		"empty": {}, "text": []byte("just text"), "cut": good[:700],
		"gzip of nothing": []byte("\x1f\x8b\x08\x00"), "deb": []byte("!<arch>\ndebian-binary   "),
		"device": tarOf(t, []member{{name: "dev", typ: tar.TypeChar}}),
	} {
		t.Run(name, func(t *testing.T) {
			if err := Unpack(write(t, "x", b), t.TempDir(), Options{}); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestApplyPatch(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "f"), []byte("one\ntwo\nthree\n"), 0o755)
	good := "--- old/f\n+++ new/f\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"
	if err := ApplyPatch(write(t, "p", []byte(good)), dir, 1); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "f")); string(got) != "one\n2\nthree\n" {
		t.Errorf("got %q", got)
	}
	if info, _ := os.Stat(filepath.Join(dir, "f")); info.Mode().Perm() != 0o755 {
		t.Errorf("mode %v", info.Mode())
	}
	err := ApplyPatch(write(t, "p", []byte(good)), dir, 1)
	if err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("a second time: %v", err)
	}
}
