package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// listing describes a tree, a line for each member; sameness says which files
// are one.
func listing(t *testing.T, dir string, sameness bool) string {
	t.Helper()
	var b strings.Builder
	inodes := map[uint64]string{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || file == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, file)
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%q %v", rel, info.Mode())
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			target, _ := os.Readlink(file)
			fmt.Fprintf(&b, " -> %q", target)
		case d.Type().IsRegular():
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %d %x %d", len(text), sha256.Sum256(text), info.ModTime().Unix())
			if st := info.Sys().(*syscall.Stat_t); sameness && st.Nlink > 1 {
				if inodes[st.Ino] == "" {
					inodes[st.Ino] = rel
				}
				fmt.Fprintf(&b, " = %q", inodes[st.Ino])
			}
		default:
			fmt.Fprintf(&b, " %d", info.ModTime().Unix())
		}
		b.WriteByte('\n')
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// sampleTree is a tree with what is hard to archive; with plain, without what
// the oldest forms cannot hold.
func sampleTree(t *testing.T, plain bool) string {
	t.Helper()
	dir := t.TempDir()
	put := func(name, text string, mode fs.FileMode) {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	put("a", "alpha\n", 0o644)
	put("bin/run", "#!/bin/sh\n", 0o755)
	put("empty", "", 0o644)
	put("odd", "123", 0o644)
	put("dir/ü", "umlaut", 0o644)
	put("zeros", strings.Repeat("\x00", 100_000), 0o644)
	put("text", strings.Repeat("some text that repeats\n", 3_000), 0o644)
	links := map[string]string{"link": "a", "dir/up": "../a", "dangling": "/nowhere"}
	if !plain {
		put("new\nline", "x", 0o644)
		put("bad\xff\xfeutf8", "x", 0o644)
		long := strings.Repeat("long-name-", 20)
		put(long+"/"+long+"/"+long, "deep", 0o644)
		links["long"] = "target/" + long + "/" + long
	}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(filepath.Join(dir, "text"), filepath.Join(dir, "dir/text-again")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "void"), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 30 { // more pieces than fit into one header
		if _, err := f.WriteAt([]byte("data"), int64(i)*30_000); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(1_000_000); err != nil {
		t.Fatal(err)
	}
	f.Close()
	return dir
}

// run runs a shell command in dir; file is its $1.
func run(t *testing.T, dir, command, file string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", "set -e; "+command, "sh", file)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("needs %s", p)
		}
	}
}

// What other programs archive comes out as it went in.
func TestPeers(t *testing.T) {
	full, plain := sampleTree(t, false), sampleTree(t, true)
	const deb = `mkdir -p "$1.d"/DEBIAN; cp -a . "$1.d"/; printf 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n' >"$1.d"/DEBIAN/control; dpkg-deb --root-owner-group %s -b "$1.d" "$1" >/dev/null; rm -r "$1.d"`
	for _, tt := range []struct {
		name, command, needs string
		tree                 string
		noLinks              bool // hard links become files
	}{
		{"v7", `tar --format=v7 -cf "$1" .`, "tar", plain, false},
		{"ustar", `tar --format=ustar -cf "$1" .`, "tar", plain, false},
		{"pax", `tar --format=pax -cf "$1" .`, "tar", full, false},
		{"gnu", `tar --format=gnu -cf "$1" .`, "tar", full, false},
		{"oldgnu", `tar --format=oldgnu -cf "$1" .`, "tar", full, false},
		{"gnu volume", `tar --format=gnu -V name -cf "$1" .`, "tar", full, false},
		{"gnu incremental", `tar --format=gnu -g "$1.s" -cf "$1" .; rm "$1.s"`, "tar", full, false},
		{"sparse gnu", `tar --format=gnu --sparse -cf "$1" .`, "tar", full, false},
		{"sparse oldgnu", `tar --format=oldgnu --sparse -cf "$1" .`, "tar", full, false},
		{"sparse 0.0", `tar --format=pax --sparse --sparse-version=0.0 -cf "$1" .`, "tar", full, false},
		{"sparse 0.1", `tar --format=pax --sparse --sparse-version=0.1 -cf "$1" .`, "tar", full, false},
		{"sparse 1.0", `tar --format=pax --sparse --sparse-version=1.0 -cf "$1" .`, "tar", full, false},
		{"gzip", `tar -cf - . | gzip >"$1"`, "gzip", full, false},
		{"gzip members", `tar -cf "$1.t" .; (head -c 1000 "$1.t" | gzip; tail -c +1001 "$1.t" | gzip) >"$1"; rm "$1.t"`, "gzip", full, false},
		{"bzip2", `tar -cf - . | bzip2 >"$1"`, "bzip2", full, false},
		{"xz", `tar -cf - . | xz >"$1"`, "xz", full, false},
		{"lzma", `tar -cf - . | xz --format=lzma >"$1"`, "xz", full, false},
		{"zstd", `tar -cf - . | zstd -q >"$1"`, "zstd", full, false},
		{"zstd long", `tar -cf - . | zstd -q --long=27 >"$1"`, "zstd", full, false},
		{"lzip", `tar -cf - . | lzip >"$1"`, "lzip", full, false},
		{"lzip members", `tar -cf "$1.t" .; (head -c 1000 "$1.t" | lzip; tail -c +1001 "$1.t" | lzip -0; echo trailing) >"$1"; rm "$1.t"`, "lzip", full, false},
		{"cpio newc", `find . -print0 | cpio -0 --quiet -o -H newc >"$1"`, "cpio", full, false},
		{"cpio crc", `find . -print0 | cpio -0 --quiet -o -H crc >"$1"`, "cpio", full, false},
		{"cpio odc", `find . -print0 | cpio -0 --quiet -o -H odc >"$1" 2>/dev/null`, "cpio", full, false},
		{"cpio bin", `find . -print0 | cpio -0 --quiet -o -H bin >"$1" 2>/dev/null`, "cpio", full, false},
		{"cpio ustar", `find . -print0 | cpio -0 --quiet -o -H ustar >"$1" 2>/dev/null`, "cpio", plain, false},
		{"cpio gzip", `find . -print0 | cpio -0 --quiet -o -H newc | gzip >"$1"`, "cpio", full, false},
		{"cpio two", `(find ./a ./bin -print0 | cpio -0 --quiet -o -H newc; head -c 700 /dev/zero; find . -print0 | cpio -0 --quiet -o -H newc | gzip) >"$1"`, "cpio", full, false},
		{"zip", `zip -qry "$1" .`, "zip", plain, true},
		{"zip stored", `zip -q0ry "$1" .`, "zip", plain, true},
		{"zip bzip2", `zip -qry -Z bzip2 "$1" .`, "zip", plain, true},
		{"zip64", `zip -qry -fz "$1" .`, "zip", plain, true},
		{"deb gzip", fmt.Sprintf(deb, "-Zgzip"), "dpkg-deb", plain, false},
		{"deb xz", fmt.Sprintf(deb, "-Zxz"), "dpkg-deb", plain, false},
		{"deb zstd", fmt.Sprintf(deb, "-Zzstd"), "dpkg-deb", plain, false},
		{"deb plain", fmt.Sprintf(deb, "-Znone"), "dpkg-deb", plain, false},
		{"deb bzip2", `mkdir "$1.d"; tar -cjf "$1.d"/data.tar.bz2 .; cd "$1.d"; echo 2.0 >debian-binary; tar -cjf control.tar.bz2 debian-binary; ar rc "$1" debian-binary control.tar.bz2 data.tar.bz2; rm -r "$1.d"`, "ar", plain, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			needs(t, tt.needs)
			file := filepath.Join(t.TempDir(), "archive.zip")
			run(t, tt.tree, tt.command, file)
			if ok, err := Is(file); !ok || err != nil {
				t.Errorf("Is = %v, %v", ok, err)
			}
			dir := t.TempDir()
			if err := Unpack(file, dir, Options{}); err != nil {
				t.Fatal(err)
			}
			want, got := listing(t, tt.tree, !tt.noLinks), listing(t, dir, true)
			if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// Where zeros are, the file has holes.
func TestHoles(t *testing.T) {
	needs(t, "tar")
	tree := t.TempDir()
	if err := os.WriteFile(filepath.Join(tree, "f"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(tree, "f"), 200<<20); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "a.tar")
	run(t, tree, `tar --sparse -cf "$1" f`, file)
	dir := t.TempDir()
	if err := Unpack(file, dir, Options{}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "f"))
	if err != nil || info.Size() != 200<<20 || info.Sys().(*syscall.Stat_t).Blocks*512 > 1<<20 {
		t.Errorf("%+v, %v", info, err)
	}
}

// The binary form of machines with the other byte order.
func TestBigCPIO(t *testing.T) {
	var b bytes.Buffer
	add := func(name, body string, mode uint16) {
		words := []uint16{0o70707, 1, 2, mode, 0, 0, 1, 0, 0, 1000, uint16(len(name) + 1), 0, uint16(len(body))}
		for _, w := range words {
			_ = binary.Write(&b, binary.BigEndian, w)
		}
		b.WriteString(name + "\x00")
		if len(name)%2 == 0 {
			b.WriteByte(0)
		}
		b.WriteString(body)
		if len(body)%2 == 1 {
			b.WriteByte(0)
		}
	}
	add("d", "", 0o040755)
	add("d/file", "abc", 0o100644)
	add("d/ln", "file", 0o120777)
	add("TRAILER!!!", "", 0)
	dir := t.TempDir()
	if err := Unpack(write(t, "a", b.Bytes()), dir, Options{}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "d/ln")); string(got) != "abc" {
		t.Errorf("got %q, %v", got, err)
	}
}
