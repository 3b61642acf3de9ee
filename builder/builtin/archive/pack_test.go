package archive

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What is packed, other programs unpack, and so do we; and it is the same
// whenever it is packed.
func TestPack(t *testing.T) {
	tree := t.TempDir()
	long := strings.Repeat("long-", 30)
	for name, body := range map[string]string{
		"a": "alpha\n", "bin/run": "#!/bin/sh\n", "empty": "", "dir/ü": "x", "dir/" + long + "/" + long: "deep",
		"text": strings.Repeat("some text that repeats\n", 3000), "DEBIAN/control": "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n",
	} {
		file := filepath.Join(tree, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(tree, "bin/run"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../a", filepath.Join(tree, "dir/up")); err != nil {
		t.Fatal(err)
	}
	plain := func(dir string) string { // without times
		lines := strings.Split(listing(t, dir, false), "\n")
		for i, l := range lines {
			if j := strings.LastIndexByte(l, ' '); j > 0 && !strings.Contains(l, " -> ") {
				lines[i] = l[:j]
			}
		}
		return strings.Join(lines, "\n")
	}
	commands := map[string]string{"zip": `unzip -q "$1"`, "deb": `dpkg-deb -R "$1" .`}
	for ending, decompress := range map[string]string{"": "cat", ".gz": "gzip -dc", ".bz2": "bzip2 -dc", ".xz": "xz -dc", ".zst": "zstd -qdc", ".lz": "lzip -dc"} {
		commands["tar"+ending] = decompress + ` <"$1" | tar -xf -`
		commands["cpio"+ending] = decompress + ` <"$1" | cpio -id --quiet`
	}
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "archive")
			if err := Pack(tree, file, format); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(filepath.Join(tree, "a"), time.Now(), time.Now()); err != nil {
				t.Fatal(err)
			}
			if err := Pack(tree, file+"2", format); err != nil {
				t.Fatal(err)
			}
			one, _ := os.ReadFile(file)
			two, _ := os.ReadFile(file + "2")
			if len(one) == 0 || !bytes.Equal(one, two) {
				t.Error("packed twice it is not the same")
			}
			want := plain(tree)
			ours := t.TempDir()
			if err := Unpack(file, ours, Options{}); err != nil {
				t.Fatal(err)
			}
			if format == "deb" { // only the data comes out
				want = strings.ReplaceAll(want, "\"DEBIAN\" drwxr-xr-x\n", "")
				if i := strings.Index(want, "\"DEBIAN/"); i >= 0 {
					_, rest, _ := strings.Cut(want[i:], "\n")
					want = want[:i] + rest
				}
			}
			if got := plain(ours); got != want {
				t.Errorf("unpacked by us:\n%s\nwant:\n%s", got, want)
			}
			word := strings.Fields(commands[format])[0]
			needs(t, word, "cpio", "tar")
			theirs := t.TempDir()
			run(t, theirs, commands[format], file)
			if got := plain(theirs); got != plain(tree) {
				t.Errorf("unpacked by %s:\n%s\nwant:\n%s", word, got, plain(tree))
			}
		})
	}
	if err := Pack(tree, filepath.Join(t.TempDir(), "x"), "rar"); err == nil || !strings.Contains(err.Error(), `"rar" is no form of archives; there are cpio, cpio.bz2`) {
		t.Errorf("got %v", err)
	}
	there := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(there, []byte("keep"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Pack(tree, there, "tar"); err == nil {
		t.Error("a file was written over")
	}
	if err := Pack(filepath.Join(tree, "bin"), there+"2", "deb"); err == nil || !strings.Contains(err.Error(), "DEBIAN/control") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(there + "2"); err == nil {
		t.Error("something is left behind")
	}
}
