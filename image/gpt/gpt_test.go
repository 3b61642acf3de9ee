package gpt

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const mib = 1 << 20

func sample() Table {
	return Table{
		Disk: Derive("disk"),
		Size: 64 * mib,
		Partitions: []Partition{
			{Type: EFISystem, ID: Derive("esp"), Name: "EFI system", Start: mib, Size: 8 * mib, Attributes: Required},
			{Type: LinuxRootAMD64, ID: Derive("root"), Name: "wurzel-ä𝄞", Start: 9 * mib, Size: 16 * mib},
			{Type: FreeBSDUFS, ID: Derive("ufs"), Name: "rootfs", Start: 32 * mib, Size: 16 * mib},
			{Type: FreeBSDSwap, ID: Derive("swap"), Name: strings.Repeat("x", 36), Start: 25 * mib, Size: mib},
			{Type: LinuxSwap, ID: Derive("lswap"), Start: 63*mib + mib/2, Size: mib/2 - Tail},
		},
	}
}

func image(t testing.TB, tab Table) (path string, data []byte) {
	t.Helper()
	l, err := New(tab)
	if err != nil {
		t.Fatal(err)
	}
	if l.Size() != tab.Size {
		t.Errorf("size %d, want %d", l.Size(), tab.Size)
	}
	path = filepath.Join(t.TempDir(), "disk.img")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(tab.Size); err != nil {
		t.Fatal(err)
	}
	if err := l.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	if tab.Size <= 64*mib {
		if data, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return path, data
}

func TestGUIDText(t *testing.T) {
	g, err := Parse("C12A7328-F81F-11D2-BA4B-00A0C93EC93B")
	if err != nil || g != EFISystem || g.String() != "c12a7328-f81f-11d2-ba4b-00a0c93ec93b" {
		t.Errorf("%v, %v", g, err)
	}
	disk := g.onDisk()
	if want := []byte{0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b}; !bytes.Equal(disk[:], want) {
		t.Errorf("on disk %x, want %x", disk, want)
	}
	for _, bad := range []string{"", "x", "c12a7328-f81f-11d2-ba4b-00a0c93ec93", "c12a7328-f81f-11d2-ba4b-00a0c93ec93g",
		"c12a7328+f81f-11d2-ba4b-00a0c93ec93b", "{12a7328-f81f-11d2-ba4b-00a0c93ec93b}"} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("%q was taken for a GUID", bad)
		}
	}
}

func FuzzParseGUID(f *testing.F) {
	f.Add("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
	f.Fuzz(func(t *testing.T, s string) {
		if g, err := Parse(s); err == nil && g.String() != strings.ToLower(s) {
			t.Errorf("%q became %v", s, g)
		}
	})
}

func TestDerive(t *testing.T) {
	a := Derive("a", "bc")
	if a != Derive("a", "bc") || a == Derive("ab", "c") || a == Derive("a", "bc", "") {
		t.Error("Derive does not tell its parts apart")
	}
	if s := a.String(); s[14] != '8' || !strings.ContainsRune("89ab", rune(s[19])) {
		t.Errorf("%s is not a UUID of version 8", s)
	}
}

// TestHeaders checks both copies against the specification's rules, field by
// field.
func TestHeaders(t *testing.T) {
	tab := sample()
	_, b := image(t, tab)
	le := binary.LittleEndian
	if b[510] != 0x55 || b[511] != 0xaa || b[450] != 0xee || le.Uint32(b[454:]) != 1 || le.Uint32(b[458:]) != 64*mib/512-1 {
		t.Errorf("protective MBR: % x", b[446:512])
	}
	last := uint64(64*mib/512 - 1)
	for _, h := range []struct{ self, other, array uint64 }{{1, last, 2}, {last, 1, last - 32}} {
		head := bytes.Clone(b[h.self*512:][:92])
		if string(head[:8]) != "EFI PART" || le.Uint64(head[24:]) != h.self || le.Uint64(head[32:]) != h.other || le.Uint64(head[72:]) != h.array {
			t.Errorf("header at %d: % x", h.self, head)
		}
		crc := le.Uint32(head[16:])
		clear(head[16:20])
		if crc != crc32.ChecksumIEEE(head) || le.Uint32(head[88:]) != crc32.ChecksumIEEE(b[h.array*512:][:128*128]) {
			t.Errorf("checksums of the header at %d", h.self)
		}
		if le.Uint64(head[40:]) != 34 || le.Uint64(head[48:]) != last-33 {
			t.Errorf("usable sectors of the header at %d", h.self)
		}
	}
}

func TestTwiceTheSame(t *testing.T) {
	_, a := image(t, sample())
	_, b := image(t, sample())
	if !bytes.Equal(a, b) {
		t.Error("two images of one table differ")
	}
}

func TestRefusals(t *testing.T) {
	cases := []struct {
		change func(*Table)
		want   string
	}{
		{func(t *Table) { t.Size++ }, "not a multiple"},
		{func(t *Table) { t.Size = 30000 - 30000%512 }, "too small"},
		{func(t *Table) { t.Disk = GUID{} }, "no GUID"},
		{func(t *Table) { t.BootCode = make([]byte, 441) }, "boot code"},
		{func(t *Table) { t.Partitions = make([]Partition, 129) }, "129 partitions"},
		{func(t *Table) { t.Partitions[1].ID = t.Partitions[0].ID }, "partitions 1 and 2 have the same GUID"},
		{func(t *Table) { t.Partitions[1].ID = t.Disk }, "has the GUID of the disk"},
		{func(t *Table) { t.Partitions[1].Type = GUID{} }, "has no type"},
		{func(t *Table) { t.Partitions[1].ID = GUID{} }, "has no GUID"},
		{func(t *Table) { t.Partitions[1].Start -= 512 }, `partitions 1 ("EFI system") and 2`},
		{func(t *Table) { t.Partitions[1].Start++ }, "not a multiple"},
		{func(t *Table) { t.Partitions[1].Size = 0 }, "size 0"},
		{func(t *Table) { t.Partitions[1].Size = -512 }, "size -512"},
		{func(t *Table) { t.Partitions[4].Size += 512 }, "outside"},
		{func(t *Table) { t.Partitions[4].Size = 1<<63 - 512 }, "outside"},
		{func(t *Table) { t.Partitions[0].Start = Head - 512 }, "outside"},
		{func(t *Table) { t.Partitions[0].Name = strings.Repeat("𝄞", 19) }, "longer than 36"},
		{func(t *Table) { t.Partitions[0].Name = "\xff" }, "not UTF-8"},
	}
	for _, c := range cases {
		tab := sample()
		c.change(&tab)
		if _, err := New(tab); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got error %v, want one with %q", err, c.want)
		}
	}
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/" + name); err != nil {
			if path, err = exec.LookPath("/sbin/" + name); err != nil {
				t.Skipf("%s is not installed (Debian packages gdisk and fdisk)", name)
			}
		}
	}
	cmd := exec.Command(path, args...)
	cmd.Env = []string{"LC_ALL=C"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func TestAgainstSgdisk(t *testing.T) {
	tab := sample()
	path, _ := image(t, tab)
	if out := run(t, "sgdisk", "--verify", path); !strings.Contains(out, "No problems found") {
		t.Error(out)
	}
	for i, p := range tab.Partitions {
		out := run(t, "sgdisk", "-i", string(rune('1'+i)), path)
		for _, want := range []string{strings.ToUpper(p.Type.String()), strings.ToUpper(p.ID.String()), "'" + strings.TrimSuffix(p.Name, "𝄞")} { // it splits surrogates
			if !strings.Contains(out, want) {
				t.Errorf("partition %d: no %q in\n%s", i+1, want, out)
			}
		}
	}
}

func TestAgainstSfdisk(t *testing.T) {
	tab := sample()
	path, _ := image(t, tab)
	out := run(t, "sfdisk", "--dump", path)
	for _, want := range []string{
		"label: gpt", "label-id: " + strings.ToUpper(tab.Disk.String()), "first-lba: 34", "last-lba: 131038",
		"start=        2048, size=       16384, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
		`name="wurzel-\xc3\xa4\xf0\x9d\x84\x9e"`, `name="EFI system", attrs="RequiredPartition"`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if out := run(t, "sfdisk", "--verify", path); !strings.Contains(out, "No errors detected") {
		t.Error(out)
	}
}

// A disk beyond what the protective MBR can express.
func TestHugeDisk(t *testing.T) {
	tab := sample()
	tab.Size = 3 << 40
	path, _ := image(t, tab)
	if out := run(t, "sgdisk", "--verify", path); !strings.Contains(out, "No problems found") {
		t.Error(out)
	}
}
