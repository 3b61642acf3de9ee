package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"
)

// freebsdBaseFile is a file of the base system that the tests make: what the
// packages of (fruix packages freebsd) ask for, and shapes that a file system
// may stumble over.
type freebsdBaseFile struct {
	name   string
	body   []byte
	mode   fs.FileMode
	target string // of a symbolic link
	same   string // another name of that file
}

func freebsdBaseFiles() []freebsdBaseFile {
	noise := func(seed uint64, n int) []byte {
		b := make([]byte, n)
		_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(b)
		return b
	}
	var list []freebsdBaseFile
	add := func(name string, mode fs.FileMode, body []byte) {
		list = append(list, freebsdBaseFile{name: name, mode: mode, body: body})
	}
	program := func(names ...string) {
		for _, name := range names {
			add(name, 0o555, append([]byte("\x7fELF\x02\x01\x01\x09"), noise(uint64(len(list)), 2000+len(list)*37)...))
		}
	}
	link := func(name, target string) {
		list = append(list, freebsdBaseFile{name: name, target: target})
	}
	kernel := noise(1, 5<<20)
	clear(kernel[1<<20 : 3<<20]) // a hole, and beyond what direct blocks reach
	add("boot/kernel/kernel", 0o555, kernel)
	add("boot/kernel/linker.hints", 0o444, noise(2, 3001))
	add("boot/loader.efi", 0o555, append([]byte("MZ"), noise(3, 471000)...))
	add("boot/defaults/loader.conf", 0o444, []byte("exec=\".( Loading ) cr\"\n"))
	add("boot/lua/loader.lua", 0o444, noise(4, 900))
	add("boot/device.hints", 0o444, []byte("hint.atkbdc.0.at=\"isa\"\n"))
	program("bin/sh", "bin/ps", "bin/test", "sbin/init", "sbin/ping", "libexec/ld-elf.so.1", "lib/libc.so.7", "lib/libm.so.5",
		"usr/bin/su", "usr/bin/passwd", "usr/sbin/daemon", "usr/sbin/pwd_mkdb", "usr/sbin/nologin", "usr/libexec/getty")
	list = append(list, freebsdBaseFile{name: "bin/[", same: "bin/test"})
	link("sbin/nologin", "../usr/sbin/nologin")
	link("usr/lib/libm.so", "../../lib/libm.so.5")
	link("etc/termcap", "/usr/share/misc/termcap")
	add("etc/rc", 0o644, []byte("#!/bin/sh\n# rc\n"))
	add("etc/rc.subr", 0o644, []byte("# rc.subr\n"))
	add("etc/gettytab", 0o644, []byte("default:\\\n\t:cb:ce:ck:lc:fd#1000:\n"))
	add("etc/defaults/rc.conf", 0o644, []byte("local_startup=\"/usr/local/etc/rc.d\"\n"))
	for i := range 120 {
		add(fmt.Sprintf("etc/rc.d/script%d", i), 0o555, fmt.Appendf(nil, "#!/bin/sh\n# PROVIDE: script%d\n", i))
	}
	add("usr/share/zoneinfo/Europe/Berlin", 0o444, append([]byte("TZif2"), noise(5, 2300)...))
	add("usr/share/misc/empty", 0o444, nil)
	add("usr/share/misc/"+strings.Repeat("n", 255), 0o444, noise(6, 4096))
	add("usr/share/misc/"+strings.Repeat("ü", 127), 0o444, noise(7, 4097))
	add("usr/share/misc/a b\tc", 0o444, noise(8, 32768))
	for i := range 300 {
		add(fmt.Sprintf("usr/share/misc/many/%s%d", strings.Repeat("x", i%60), i), 0o444, noise(uint64(i), i*53))
	}
	link("usr/share/misc/far", strings.Repeat("./", 300)+"empty")
	// Not in any package.
	add("etc/master.passwd", 0o600, []byte("root::0:0::0:0:Charlie &:/root:/bin/sh\n"))
	add("rescue/sh", 0o555, noise(9, 5000))
	return list
}

// freebsdBase makes a base system in dir.
func freebsdBase(t *testing.T, dir string) {
	t.Helper()
	for _, f := range freebsdBaseFiles() {
		name := filepath.Join(dir, f.name)
		err := os.MkdirAll(filepath.Dir(name), 0o755)
		switch {
		case err != nil:
		case f.same != "":
			err = os.Link(filepath.Join(dir, f.same), name)
		case f.target != "":
			err = os.Symlink(f.target, name)
		default:
			err = os.WriteFile(name, f.body, 0o600)
			if err == nil {
				err = os.Chmod(name, f.mode)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "usr/bin/su"), 0o555|fs.ModeSetuid); err != nil {
		t.Fatal(err)
	}
}

// freebsdSets makes the release sets base.txz and kernel.txz in dir.
func freebsdSets(t *testing.T, dir string) {
	t.Helper()
	pack := func(set string, has func(name string) bool) {
		var packed bytes.Buffer
		x, err := xz.NewWriter(&packed)
		if err != nil {
			t.Fatal(err)
		}
		w := tar.NewWriter(x)
		for _, f := range freebsdBaseFiles() {
			if !has(f.name) {
				continue
			}
			h := &tar.Header{Typeflag: tar.TypeReg, Name: "./" + f.name, Mode: int64(f.mode), Size: int64(len(f.body)), Uname: "root", Gname: "wheel"}
			switch {
			case f.same != "":
				h.Typeflag, h.Linkname = tar.TypeLink, "./"+f.same
			case f.target != "":
				h.Typeflag, h.Linkname = tar.TypeSymlink, f.target
			}
			if err := w.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(f.body); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, set), packed.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kernel := func(name string) bool { return strings.HasPrefix(name, "boot/kernel/") }
	pack("kernel.txz", kernel)
	pack("base.txz", func(name string) bool { return !kernel(name) })
}
