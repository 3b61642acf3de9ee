package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// cpioOf makes an archive of the new form.
func cpioOf(members ...member) []byte {
	var b bytes.Buffer
	add := func(m member, mode int64) {
		body := m.body + m.link
		fmt.Fprintf(&b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
			1, mode, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(m.name)+1, 0, m.name)
		b.Write(make([]byte, -b.Len()&3))
		b.WriteString(body)
		b.Write(make([]byte, -b.Len()&3))
	}
	for _, m := range members {
		add(m, map[byte]int64{tar.TypeReg: 0o100000, tar.TypeSymlink: 0o120000, tar.TypeDir: 0o040000, tar.TypeChar: 0o020000, tar.TypeFifo: 0o010000}[m.typ]|m.mode)
	}
	add(member{name: cpioEnd}, 0)
	return b.Bytes()
}

func zipOf(t *testing.T, members ...member) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
		h.SetMode(map[byte]fs.FileMode{tar.TypeSymlink: fs.ModeSymlink, tar.TypeDir: fs.ModeDir, tar.TypeChar: fs.ModeDevice | fs.ModeCharDevice, tar.TypeFifo: fs.ModeNamedPipe}[m.typ] | fs.FileMode(m.mode))
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, m.body+m.link)
	}
	w.Close()
	return b.Bytes()
}

// debOf is a Debian package whose data member is data.
func debOf(data []byte) []byte {
	var b bytes.Buffer
	b.WriteString("!<arch>\n")
	for _, m := range []struct {
		name string
		data []byte
	}{{"debian-binary", []byte("2.0\n")}, {"data.tar", data}} {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8o%-10d`\n", m.name, 0, 0, 0, 0o100644, len(m.data))
		b.Write(m.data)
		if len(m.data)%2 == 1 {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

// What an archive holds changes nothing outside of the folder, and what cannot
// be had is refused in words that name it.
func TestHostile(t *testing.T) {
	const outside = "OUTSIDE" // stands for the folder that must stay as it is
	reg, sym, dir := func(name string) member { return member{name: name, body: "evil", typ: tar.TypeReg, mode: 0o644} },
		func(name, target string) member { return member{name: name, link: target, typ: tar.TypeSymlink} },
		func(name string) member { return member{name: name, typ: tar.TypeDir, mode: 0o755} }
	hard := func(name, target string) member { return member{name: name, link: target, typ: tar.TypeLink} }
	long := strings.Repeat("d/", 3000)
	for _, tt := range []struct {
		name    string
		members []member
		err     string // in the message; "" when it is made harmless
		tarOnly bool
	}{
		{"dots", []member{reg("../../victim")}, "leads out of the archive", false},
		{"dots within", []member{reg("a/../../victim")}, "leads out of the archive", false},
		{"dots at the end", []member{dir("a/..")}, "leads out of the archive", false},
		{"absolute", []member{reg(outside + "/new")}, "", false},
		{"through a link", []member{sym("d", outside), reg("d/new")}, "escapes", false},
		{"through a relative link", []member{sym("d", ".."), reg("d/new")}, "escapes", false},
		{"through two links", []member{sym("a", "b"), sym("b", outside), reg("a/new")}, "escapes", false},
		{"folder through a link", []member{sym("d", outside), dir("d/new")}, "escapes", false},
		{"folder over a link", []member{sym("d", outside), dir("d")}, "escapes", false},
		{"link through a link", []member{sym("d", outside), sym("d/new", "x")}, "escapes", false},
		{"file over a link", []member{sym("d", outside+"/victim"), reg("d")}, "", false},
		{"link to itself", []member{sym("d", "d"), reg("d/x")}, "too many", false},
		{"hard link out", []member{hard("h", "../victim")}, "leads out of the archive", true},
		{"hard link to an absolute name", []member{hard("h", outside+"/victim"), reg("h")}, "not there", true},
		{"hard link through a link", []member{sym("d", outside), hard("h", "d/victim"), reg("h")}, "not there", true},
		{"hard link to a link", []member{sym("d", outside+"/victim"), hard("h", "d"), reg("h")}, "", true},
		{"hard link to a folder", []member{dir("d"), hard("h", "d")}, "hard link to the folder", true},
		{"hard link to itself", []member{reg("h"), hard("h", "./h")}, "", true},
		{"hard link to nothing", []member{hard("h", "x")}, "not there", true},
		{"device", []member{{name: "x", typ: tar.TypeChar}}, `"x" is a device`, false},
		{"fifo", []member{{name: "x", typ: tar.TypeFifo}}, `"x" is a device`, false},
		{"set-id", []member{{name: "x", body: "evil", typ: tar.TypeReg, mode: 0o6777}, {name: "y", typ: tar.TypeDir, mode: 0o3777}}, "", true},
		{"file then folder", []member{reg("x"), dir("x"), reg("x/y")}, "", false},
		{"file as folder", []member{reg("x"), reg("x/y")}, "file exists", false},
		{"folder then file", []member{dir("x"), reg("x/y"), reg("x")}, "as a folder with files", false},
		{"empty folder then file", []member{dir("x"), reg("x")}, "", false},
		{"twice", []member{reg("x"), reg("x")}, "", false},
		{"long", []member{reg(long + "f")}, "name has 600", false},
		{"deep", []member{reg(strings.Repeat("d/", 1000) + "f")}, "", false},
		{"long part", []member{reg(strings.Repeat("x", 300))}, "name too long", false},
		{"newline", []member{reg("a\nb")}, "", false},
		{"not UTF-8", []member{reg("a\xff")}, "", false},
		{"case", []member{reg("File"), reg("file")}, "", false},
		{"link without target", []member{sym("x", "")}, "no proper target", false},
		{"long link", []member{sym("x", strings.Repeat("y", 5000))}, "", false},
		{"git", []member{reg(".git/config")}, "", false},
		{"root", []member{dir("/"), dir("./"), reg("x")}, "", false},
	} {
		for form, make := range map[string]func([]member) []byte{
			"tar":  func(m []member) []byte { return tarOf(t, m) },
			"deb":  func(m []member) []byte { return debOf(tarOf(t, m)) },
			"cpio": func(m []member) []byte { return cpioOf(m...) },
			"zip":  func(m []member) []byte { return zipOf(t, m...) },
		} {
			if tt.tarOnly && form != "tar" && form != "deb" {
				continue
			}
			t.Run(tt.name+" "+form, func(t *testing.T) {
				t.Parallel()
				top := t.TempDir()
				place := filepath.Join(top, "place")
				if err := os.MkdirAll(place, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(place, "victim"), []byte("good"), 0o644); err != nil {
					t.Fatal(err)
				}
				into := filepath.Join(place, "into")
				if err := os.Mkdir(into, 0o755); err != nil {
					t.Fatal(err)
				}
				var members []member
				for _, m := range tt.members {
					m.name, m.link = strings.ReplaceAll(m.name, outside, place), strings.ReplaceAll(m.link, outside, place)
					members = append(members, m)
				}
				err := Unpack(write(t, "a", make(members)), into, Options{})
				switch {
				case tt.err == "" && err != nil && tt.name != "long link":
					t.Error(err)
				case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
					t.Errorf("got %v, want %q", err, tt.err)
				}
				entries, _ := os.ReadDir(place)
				if len(entries) != 2 {
					t.Errorf("outside there is %v", entries)
				}
				if got, _ := os.ReadFile(filepath.Join(place, "victim")); string(got) != "good" {
					t.Errorf("outside was changed: %q", got)
				}
				_ = filepath.WalkDir(into, func(file string, d fs.DirEntry, err error) error {
					if info, ierr := os.Lstat(file); ierr == nil && info.Mode()&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky|fs.ModeDevice|fs.ModeNamedPipe) != 0 {
						t.Errorf("%s: %v", file, info.Mode())
					}
					return err
				})
			})
		}
	}
}

// bombs are archives that are small and hold much.
func TestBombs(t *testing.T) {
	limits := Limits{Bytes: 8 << 20, Ratio: 1 << 40, Members: 1000}
	zeros := strings.Repeat("\x00", 16<<20)
	gz := func(b []byte) []byte {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		w.Write(b)
		w.Close()
		return z.Bytes()
	}
	var zs bytes.Buffer
	w, _ := zstd.NewWriter(&zs)
	w.Write(tarOf(t, []member{{name: "x", body: zeros, typ: tar.TypeReg}}))
	w.Close()
	var many, half []member
	for i := range 2000 {
		many = append(many, member{name: fmt.Sprint(i), typ: tar.TypeDir, mode: 0o755})
	}
	for i := range 20 { // each is allowed, all are not
		half = append(half, member{name: fmt.Sprint(i), body: zeros[:1<<20], typ: tar.TypeReg})
	}
	names := []member{{name: "x", body: zeros[:1<<20], typ: tar.TypeReg}}
	for i := range 20 { // whoever reads what comes out reads the file as often
		names = append(names, member{name: fmt.Sprint(i), link: "x", typ: tar.TypeLink})
	}
	// A header that claims 8 PiB, with nothing behind it.
	claim := tarOf(t, []member{{name: "x", typ: tar.TypeReg}})
	copy(claim[124:136], "\x80\x00\x00\x00\x00\x20\x00\x00\x00\x00\x00\x00")
	resum(claim)
	// A sparse file of GNU's old form with a hole of 8 GiB less one byte.
	sparse := make([]byte, 512*3)
	copy(sparse, "x")
	copy(sparse[100:], "0000644\x000000000\x000000000\x0000000000000\x0000000000000\x00")
	sparse[156] = 'S'
	copy(sparse[257:], "ustar  \x00")
	copy(sparse[483:], "77777777777\x00")
	resum(sparse)
	for _, tt := range []struct {
		name, err string
		file      []byte
	}{
		{"gzip", "larger than", gz(tarOf(t, []member{{name: "x", body: zeros, typ: tar.TypeReg}}))},
		{"zstd", "larger than", zs.Bytes()},
		{"zip", "larger than", zipOf(t, member{name: "x", body: zeros, typ: tar.TypeReg})},
		{"many files", "larger than", gz(tarOf(t, half))},
		{"many names", "larger than", gz(tarOf(t, names))},
		{"many members tar", "more than 1000 members", gz(tarOf(t, many))},
		{"many members zip", "more than 1000 members", zipOf(t, many...)},
		{"many members cpio", "more than 1000 members", cpioOf(many...)},
		{"claim", "larger than", claim},
		{"sparse", "larger than", sparse},
		{"cpio claim", "larger than", []byte(strings.Replace(string(cpioOf(member{name: "x", typ: tar.TypeReg})), "00000000", "7fffffff", 8))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			start := time.Now()
			err := Unpack(write(t, "a", tt.file), dir, Options{Limits: limits})
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %v, want %q", err, tt.err)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	t.Run("ratio", func(t *testing.T) {
		l := DefaultLimits()
		for size, want := range map[int64]int64{0: always, 1000: always, 10 << 20: 10 << 20 * 1000, 1 << 40: 64 << 30, 1 << 62: 64 << 30} {
			if got := l.budget(size).Bytes; got != want {
				t.Errorf("for %d bytes: %d, want %d", size, got, want)
			}
		}
	})
}

// TestUnwanted: what is in an archive is neither unpacked nor passed over once nobody
// wants it.
func TestUnwanted(t *testing.T) {
	gone := errors.New("nobody wants it")
	big := member{name: "x", body: strings.Repeat("\x00", 1<<20), typ: tar.TypeReg}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(tarOf(t, []member{big}))
	w.Close()
	for _, tt := range []struct {
		name  string
		file  []byte
		strip int // with 1 there is nothing to unpack
	}{{"gzip", z.Bytes(), 0}, {"gzip", z.Bytes(), 1}, {"zip", zipOf(t, big), 0}} {
		asked := 0
		over := func() error {
			if asked++; asked > 3 {
				return gone
			}
			return nil
		}
		if err := Unpack(write(t, "a", tt.file), t.TempDir(), Options{Strip: tt.strip, Over: over}); !errors.Is(err, gone) {
			t.Errorf("%s, %d: %v after %d questions", tt.name, tt.strip, err, asked)
		}
	}
}

// resum writes the sum of a tar's header.
func resum(b []byte) {
	copy(b[148:156], "        ")
	sum := 0
	for _, x := range b[:512] {
		sum += int(x)
	}
	copy(b[148:156], fmt.Sprintf("%06o\x00 ", sum))
}

func TestDamaged(t *testing.T) {
	lz := []byte("LZIP\x01\x0c")
	for name, b := range map[string][]byte{
		"lzip header": lz, "lzip empty": append(lz, 0), "lzip dictionary": []byte("LZIP\x01\x00xxxxxxxxxxxxx"),
		"lzip version": []byte("LZIP\x02\x0cxxxxxxxxxxxxx"), "lzip large dictionary": []byte("LZIP\x01\x1dxxxxxxxxxxxxxxxxxxxxx"),
		"cpio cut":       cpioOf(member{name: "x", body: "body", typ: tar.TypeReg})[:115],
		"cpio number":    []byte("070701zzzzzzzz" + strings.Repeat("0", 110)),
		"cpio name":      []byte("070701" + strings.Repeat("0", 104) + "x\x00"),
		"cpio next":      append(cpioOf(member{name: "x", body: "body", typ: tar.TypeReg})[:120], "garbage"...),
		"cpio sum":       []byte(strings.Replace(string(cpioOf(member{name: "x", body: "body", typ: tar.TypeReg})), "070701", "070702", 1)),
		"zip":            []byte("PK\x03\x04" + strings.Repeat("x", 100)),
		"deb negative":   []byte(strings.Replace(string(debOf([]byte("x"))), "4         `", "-4        `", 1)),
		"deb no data":    debOf(nil)[:8+60+4],
		"zip in a gzip":  {0x1f, 0x8b, 8},
		"old tar sum":    append([]byte("name"), make([]byte, 600)...),
		"zip encrypted":  encrypted(zipOf(t, member{name: "x", body: "y", typ: tar.TypeReg})),
		"zip wrong size": bytes.ReplaceAll(zipOf(t, member{name: "x", body: strings.Repeat("y", 1000), typ: tar.TypeReg}), []byte{0xe8, 3, 0, 0}, []byte{0xe0, 3, 0, 0}),
	} {
		t.Run(name, func(t *testing.T) {
			err := Unpack(write(t, "a", b), t.TempDir(), Options{})
			if err == nil {
				t.Fatal("no error")
			}
			if s := err.Error(); strings.Contains(s, ": EOF") || strings.Contains(s, "runtime error") {
				t.Error(s)
			}
		})
	}
}

// encrypted sets the mark of encryption in the directory of a zip.
func encrypted(b []byte) []byte {
	at := bytes.Index(b, []byte("PK\x01\x02"))
	b[at+8] |= 1
	return b
}

func fuzzUnpack(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		file := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
		top := t.TempDir()
		into := filepath.Join(top, "into")
		if err := os.Mkdir(into, 0o755); err != nil {
			t.Fatal(err)
		}
		_, _ = Is(file)
		err := Unpack(file, into, Options{Limits: Limits{Bytes: 1 << 20, Ratio: 1 << 30, Members: 100}})
		if err != nil && strings.Contains(err.Error(), "runtime error") {
			t.Fatal(err)
		}
		if entries, _ := os.ReadDir(top); len(entries) != 1 {
			t.Errorf("outside there is %v", entries)
		}
	})
}

func FuzzTar(f *testing.F) {
	members := []member{{name: "d/", typ: tar.TypeDir, mode: 0o755}, {name: "d/x", body: "body", typ: tar.TypeReg, mode: 0o644}, {name: "l", link: "d", typ: tar.TypeSymlink}}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		_ = w.WriteHeader(&tar.Header{Name: m.name, Typeflag: m.typ, Linkname: m.link, Mode: m.mode, Size: int64(len(m.body))})
		_, _ = io.WriteString(w, m.body)
	}
	w.Close()
	f.Add(b.Bytes())
	fuzzUnpack(f)
}

func FuzzCPIO(f *testing.F) {
	f.Add(cpioOf(member{name: "d", typ: tar.TypeDir, mode: 0o755}, member{name: "d/x", body: "body", typ: tar.TypeReg, mode: 0o644}, member{name: "l", link: "d", typ: tar.TypeSymlink}))
	f.Add([]byte("070707000001000002100644000000000000000001000000000000000000000000200000000004x\x00body"))
	f.Add([]byte("\xc7\x71\x01\x00\x02\x00\xa4\x81\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x04\x00x\x00body"))
	fuzzUnpack(f)
}

func FuzzDeb(f *testing.F) {
	f.Add(debOf([]byte("x")))
	fuzzUnpack(f)
}

func FuzzZip(f *testing.F) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	x, _ := w.Create("d/x")
	_, _ = io.WriteString(x, "body")
	w.Close()
	f.Add(b.Bytes())
	fuzzUnpack(f)
}

func FuzzLzip(f *testing.F) {
	f.Add([]byte("LZIP\x01\x0c\x00\x3b\xff\xfb\xff\xff\xc0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x24\x00\x00\x00\x00\x00\x00\x00"))
	fuzzUnpack(f)
}
