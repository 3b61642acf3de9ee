package initrd

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// elfModule makes an ELF object that has nothing but a section .modinfo with
// the given words (System V ABI, chapter 4).
func elfModule(words ...string) []byte {
	names := "\x00.modinfo\x00.shstrtab\x00"
	info := strings.Join(words, "\x00") + "\x00"
	const head, section = 64, 64
	le := binary.LittleEndian
	b := make([]byte, head)
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint16(b[16:], 1)  // relocatable
	le.PutUint16(b[18:], 62) // x86-64
	le.PutUint32(b[20:], 1)
	le.PutUint64(b[40:], uint64(head+len(info)+len(names)))
	le.PutUint16(b[52:], head)
	le.PutUint16(b[58:], section)
	le.PutUint16(b[60:], 3) // sections
	le.PutUint16(b[62:], 2) // the one with the names
	b = append(append(b, info...), names...)
	header := func(name, kind uint32, off, size int) {
		s := make([]byte, section)
		le.PutUint32(s, name)
		le.PutUint32(s[4:], kind)
		le.PutUint64(s[24:], uint64(off))
		le.PutUint64(s[32:], uint64(size))
		b = append(b, s...)
	}
	header(0, 0, 0, 0)
	header(1, 1, head, len(info))
	header(10, 3, head+len(info), len(names))
	return b
}

// testModules makes a folder of modules.
func testModules(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "6.1.0-test")
	put := func(name string, data []byte) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("kernel/drivers/virtio/virtio.ko", elfModule("depends="))
	put("kernel/drivers/virtio/virtio_ring.ko.gz", compressed(t, "gz", elfModule("depends=virtio")))
	put("kernel/drivers/block/virtio_blk.ko.xz", compressed(t, "xz", elfModule("alias=virtio:d00000002v*", "depends=virtio,virtio_ring", "license=GPL")))
	put("kernel/lib/libcrc32c.ko.zst", compressed(t, "zst", elfModule("softdep=pre: crc32c", "depends=")))
	put("kernel/arch/x86/crypto/crc32c-intel.ko", elfModule("alias=crypto-crc32c", "alias=crc32c", "depends="))
	put("kernel/fs/xfs/xfs.ko", elfModule("depends=libcrc32c,crc16"))
	put("kernel/fs/lonely.ko", elfModule("depends=missing"))
	put("kernel/a/ring-a.ko", elfModule("softdep=pre: ring-b post: late nothing", "depends="))
	put("kernel/a/ring_b.ko", elfModule("softdep=pre: ring_a", "depends="))
	put("kernel/a/late.ko", elfModule("depends="))
	put("modules.builtin", []byte("kernel/fs/ext4/ext4.ko\nkernel/lib/crc16.ko\nkernel/crypto/crc32c_generic.ko\n"))
	put("modules.builtin.modinfo", []byte("crc32c_generic.alias=crc32c-generic\x00ext4.alias=fs-ext4\x00ext4.license=GPL\x00"))
	return dir
}

func compressed(t *testing.T, kind string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch kind {
	case "gz":
		w = gzip.NewWriter(&b)
	case "xz":
		w, err = xz.NewWriter(&b)
	case "zst":
		w, err = zstd.NewWriter(&b)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestResolve(t *testing.T) {
	dir := testModules(t)
	for _, c := range []struct {
		names string
		want  string
		err   string
	}{
		{"virtio-blk", "virtio virtio_ring virtio_blk", ""},
		{"virtio_ring virtio_blk", "virtio virtio_ring virtio_blk", ""},
		{"ext4", "", ""},
		{"ext4 crc16", "", ""},
		{"late ring_b", "late ring-a ring_b", ""},
		{"ring_b", "ring-a late ring_b", ""},
		{"lonely", "", `the kernel module "lonely" needs "missing", which is not in @DIR@`},
		{"xfs", "crc32c-intel libcrc32c xfs", ""},
		{"crypto-crc32c", "crc32c-intel", ""},
		{"fs-ext4", "", ""},
		{"virto_blk", "", `there is no kernel module "virto_blk" in @DIR@; did you mean virtio_blk?`},
		{"zzzzzz", "", `there is no kernel module "zzzzzz" in @DIR@`},
	} {
		m, err := openModules(dir)
		if err != nil {
			t.Fatal(err)
		}
		files, err := m.resolve(strings.Fields(c.names))
		for i, f := range files {
			files[i] = strings.TrimSuffix(uncompressedName(filepath.Base(f)), ".ko")
		}
		message := ""
		if err != nil {
			message = err.Error()
		}
		if got := strings.Join(files, " "); got != c.want || message != strings.ReplaceAll(c.err, "@DIR@", dir) {
			t.Errorf("%s: got %q and error %q", c.names, got, message)
		}
	}
}

func TestBrokenModule(t *testing.T) {
	dir := testModules(t)
	file := filepath.Join(dir, "kernel/a/broken.ko")
	for _, c := range []struct {
		data []byte
		want string
	}{
		{[]byte("no module"), "is no kernel module: EOF"},
		{bytes.Replace(elfModule("depends="), []byte(".modinfo"), []byte(".without"), 1), "is no kernel module: it has no section .modinfo"},
	} {
		if err := os.WriteFile(file, c.data, 0o644); err != nil {
			t.Fatal(err)
		}
		m, err := openModules(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.resolve([]string{"broken"}); err == nil || err.Error() != file+": "+c.want {
			t.Error(err)
		}
	}
}

// build runs the builder on a plan and returns the archive.
func build(t *testing.T, plan string) ([]byte, error) {
	t.Helper()
	dir := t.TempDir()
	file, out := filepath.Join(dir, "plan"), filepath.Join(dir, "out")
	if err := os.WriteFile(file, []byte(plan), 0o644); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"plan": file, "out": out}
	if err := Main(t.Context(), func(k string) string { return env[k] }, dir, io.Discard); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(out, FileName))
	if err != nil {
		t.Fatal(err)
	}
	return data, nil
}

func testPlan(dir, compression string) string {
	return strings.NewReplacer("@DIR@", dir, "@C@", compression).Replace(`{"version":1,"compression":"@C@","tree":[
 {"path":"/init","kind":"file","text":"#!/bin/sh\n","mode":"0755"},
 {"path":"/dev/console","kind":"char-device","major":5,"minor":1},
 {"kind":"kernel-modules","source":"@DIR@","modules":["virtio_blk"]},
 {"kind":"kernel-modules","source":"@DIR@","modules":["virtio_ring","late"]}]}`)
}

func TestArchive(t *testing.T) {
	if _, err := exec.LookPath("cpio"); err != nil {
		t.Skip("needs cpio")
	}
	dir := testModules(t)
	for _, c := range []string{"zstd", "gzip", "none"} {
		data, err := build(t, testPlan(dir, c))
		if err != nil {
			t.Fatal(err)
		}
		again, err := build(t, testPlan(dir, c))
		if err != nil || !bytes.Equal(data, again) {
			t.Errorf("%s: two archives of one plan differ (%v)", c, err)
		}
		into := t.TempDir()
		cmd := exec.Command("cpio", "-i", "-d", "--no-preserve-owner", "-D", into, "[!d]*", "lib/*")
		switch c {
		case "zstd":
			z, err := zstd.NewReader(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			cmd.Stdin = z
		case "gzip":
			if cmd.Stdin, err = gzip.NewReader(bytes.NewReader(data)); err != nil {
				t.Fatal(err)
			}
		default:
			cmd.Stdin = bytes.NewReader(data)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: cpio: %v\n%s", c, err, out)
		}
		list, err := os.ReadFile(filepath.Join(into, ListName))
		if err != nil {
			t.Fatal(err)
		}
		const base = "/lib/modules/6.1.0-test/kernel/"
		want := base + "drivers/virtio/virtio.ko\n" + base + "drivers/virtio/virtio_ring.ko\n" + base + "drivers/block/virtio_blk.ko\n" + base + "a/late.ko\n"
		if string(list) != want {
			t.Errorf("%s: the list of modules is\n%s", c, list)
		}
		got, err := os.ReadFile(filepath.Join(into, base, "drivers/block/virtio_blk.ko"))
		if err != nil || !bytes.Equal(got, elfModule("alias=virtio:d00000002v*", "depends=virtio,virtio_ring", "license=GPL")) {
			t.Errorf("%s: virtio_blk.ko is not as it was before compression (%v)", c, err)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ plan, want string }{
		{`{"version":1,"compression":"zst"}`, `plan: compression: "zst" is unknown; did you mean "zstd"?`},
		{`{"version":1,"tree":[{"kind":"kernel-modules","source":"/absent","modules":[]}]}`, `initrd: "/lib/modules": lstat /absent: no such file or directory`},
	} {
		if _, err := build(t, c.plan); err == nil || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

// TestDebian resolves modules of Debian's kernel package, against what its own
// dependency tool says.
func TestDebian(t *testing.T) {
	if testing.Short() {
		t.Skip("short: fetches a kernel package")
	}
	dir := debianModules(t)
	m, err := openModules(dir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := m.resolve([]string{"virtio_blk", "virtio_pci", "virtio_net", "ext4", "btrfs"})
	if err != nil {
		t.Fatal(err)
	}
	place := make(map[string]int)
	for i, f := range files {
		name, _ := moduleName(filepath.Base(f))
		place[name] = i
	}
	for name, i := range place {
		info, err := m.info(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range info.depends {
			if j, ok := place[canonical(d)]; !m.builtin[canonical(d)] && (!ok || j > i) {
				t.Errorf("%s needs %s, which does not come before it", name, d)
			}
		}
	}
	for _, name := range []string{"virtio", "virtio_ring", "virtio_blk", "virtio_pci", "btrfs"} {
		if _, ok := place[name]; !ok {
			t.Errorf("%s is not among %v", name, files)
		}
	}
}

// debianModules unpacks a kernel package with apt and dpkg.
func debianModules(t *testing.T) string {
	t.Helper()
	for _, p := range []string{"apt-get", "apt-cache", "dpkg-deb"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("needs %s", p)
		}
	}
	dir := t.TempDir()
	const meta = "linux-image-cloud-amd64"
	out, err := exec.Command("apt-cache", "depends", "--important", meta).Output()
	i := bytes.Index(out, []byte("linux-image-"))
	if err != nil || i < 0 {
		t.Skipf("apt knows no package %s", meta)
	}
	name := ""
	for _, word := range strings.Fields(string(out)) {
		if strings.HasPrefix(word, "linux-image-") && word != meta && !strings.Contains(word, "unsigned") {
			name = word
		}
	}
	if name == "" {
		t.Skipf("apt does not say which kernel %s stands for", meta)
	}
	cmd := exec.CommandContext(t.Context(), "apt-get", "download", "-q", name)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("apt-get cannot download %s: %s", name, bytes.TrimSpace(out))
	}
	debs, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(debs) != 1 {
		t.Fatalf("apt-get left %v (%v)", debs, err)
	}
	if out, err := exec.Command("dpkg-deb", "-x", debs[0], filepath.Join(dir, "root")).CombinedOutput(); err != nil {
		t.Fatalf("dpkg-deb: %v\n%s", err, out)
	}
	found, err := filepath.Glob(filepath.Join(dir, "root", "lib", "modules", "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the package has the folders of modules %v (%v)", found, err)
	}
	return found[0]
}

func FuzzParseModule(f *testing.F) {
	f.Add(elfModule("depends=a,b", "alias=c", "softdep=pre: d post: e"))
	f.Add([]byte("\x7fELF"))
	f.Fuzz(func(t *testing.T, data []byte) {
		i, err := parseModule(bytes.NewReader(data))
		if err == nil && slices.Contains(i.depends, "") {
			t.Error("a dependency has no name")
		}
	})
}
