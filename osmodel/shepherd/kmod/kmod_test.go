package kmod

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// module makes an ELF file that holds nothing but a section .modinfo.
func module(info ...string) []byte {
	text := []byte(strings.Join(info, "\x00") + "\x00")
	names := []byte("\x00.modinfo\x00.shstrtab\x00")
	const head, section = 64, 64
	le := binary.LittleEndian
	b := make([]byte, head)
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint16(b[16:], 1) // relocatable
	le.PutUint16(b[18:], 62)
	le.PutUint32(b[20:], 1)
	le.PutUint64(b[40:], uint64(head+len(text)+len(names)))
	le.PutUint16(b[52:], head)
	le.PutUint16(b[58:], section)
	le.PutUint16(b[60:], 3)
	le.PutUint16(b[62:], 2)
	b = append(append(b, text...), names...)
	b = append(b, make([]byte, section)...)
	for _, s := range [][4]int{{1, 1, head, len(text)}, {10, 3, head + len(text), len(names)}} {
		h := make([]byte, section)
		le.PutUint32(h, uint32(s[0]))
		le.PutUint32(h[4:], uint32(s[1]))
		le.PutUint64(h[24:], uint64(s[2]))
		le.PutUint64(h[32:], uint64(s[3]))
		b = append(b, h...)
	}
	return b
}

func gz(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"kernel/fs/ext4.ko":            module("license=GPL", "depends=mbcache,jbd2", "softdep=pre: crc32c post: other"),
		"kernel/fs/mbcache.ko.gz":      gz(t, module("depends=")),
		"kernel/fs/jbd2.ko.zst":        enc.EncodeAll(module("depends=crc-base"), nil),
		"kernel/crypto/crc-base.ko":    module("depends="),
		"kernel/crypto/crc32c.ko":      module("depends=crc-base"),
		"kernel/a.ko":                  module("depends=b"),
		"kernel/b.ko":                  module("depends=a"),
		"kernel/lone.ko":               module("depends=nothing"),
		"kernel/text.ko":               []byte("this is no module"),
		"modules.dep":                  nil,
		"build/not-a-module.ko-really": nil,
	} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, content, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	index, err := NewIndex(dir)
	if err != nil {
		t.Fatal(err)
	}
	var loaded []string
	l := &Loader{
		Index:  index,
		Loaded: func(name string) bool { return name == "mbcache" },
		Insert: func(m []byte, file, params string) error {
			loaded = append(loaded, Canonical(file)+params)
			if strings.HasSuffix(file, "crc32c.ko") {
				return fs.ErrExist
			}
			return nil
		},
	}
	if err := l.Load("ext4", " x=1"); err != nil {
		t.Fatal(err)
	}
	if err := l.Load("crc-base", ""); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(loaded, ","); got != "crc_base,crc32c,jbd2,ext4 x=1" {
		t.Errorf("loaded %s", got)
	}
	for name, want := range map[string]string{
		"absent": "there is no kernel module absent",
		"lone":   "kernel module nothing, needed by lone, is not there",
		"a":      "kernel modules depend on one another in a circle: a -> b -> a",
		"text":   "not a kernel module",
	} {
		if err := l.Load(name, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

func FuzzReadInfo(f *testing.F) {
	f.Add(module("depends=a,b", "softdep=pre: c"))
	f.Add([]byte("\x7fELF"))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = ReadInfo(b) })
}
