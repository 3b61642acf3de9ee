package device

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fruix/image/gpt"
)

func TestWanted(t *testing.T) {
	info := Info{Path: "/dev/vda2", UUID: "0a-b", Label: "Root", PartUUID: "ab12", PartLabel: "root"}
	for _, c := range []struct {
		in      string
		matches bool
	}{
		{"/dev/vda2", true}, {"/dev/vda", false}, {"UUID=0A-B", true}, {"LABEL=Root", true}, {"LABEL=root", false},
		{"partuuid=AB12", true}, {`PARTLABEL="root"`, true}, {"PARTLABEL=Root", false},
	} {
		w, err := ParseWanted(c.in)
		if err != nil || w.Matches(info) != c.matches {
			t.Errorf("%s: %v %v", c.in, w.Matches(info), err)
		}
	}
	for _, bad := range []string{"", "vda2", "UUID=", "NAME=x"} {
		if _, err := ParseWanted(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

// image makes a file of the given size and runs a formatting program on it.
func image(t *testing.T, size int64, program string, args ...string) *os.File {
	t.Helper()
	for _, dir := range []string{"", "/sbin/", "/usr/sbin/"} {
		if _, err := exec.LookPath(dir + program); err == nil {
			program = dir + program
			break
		}
	}
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("needs %s", program)
	}
	name := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(name, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, size); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program, append(args, name)...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestProbe(t *testing.T) {
	const uuid = "01234567-89ab-cdef-0123-456789abcdef"
	for _, c := range []struct {
		name    string
		size    int64
		command []string
		want    [3]string
	}{
		{"ext4", 8 << 20, []string{"mkfs.ext4", "-q", "-U", uuid, "-L", "fruix-root"}, [3]string{"ext4", uuid, "fruix-root"}},
		{"ext2", 4 << 20, []string{"mkfs.ext2", "-q", "-U", uuid}, [3]string{"ext2", uuid, ""}},
		{"fat12", 1 << 20, []string{"mkfs.vfat", "-i", "12ab34cd", "-n", "EFI"}, [3]string{"vfat", "12AB-34CD", "EFI"}},
		{"fat16", 16 << 20, []string{"mkfs.vfat", "-F", "16", "-i", "12ab34cd"}, [3]string{"vfat", "12AB-34CD", ""}},
		{"fat32", 64 << 20, []string{"mkfs.vfat", "-F", "32", "-i", "12ab34cd", "-n", "BOOT DISK"}, [3]string{"vfat", "12AB-34CD", "BOOT DISK"}},
		{"swap", 1 << 20, []string{"mkswap", "-q", "-U", uuid, "-L", "page"}, [3]string{"swap", uuid, "page"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := image(t, c.size, c.command[0], c.command[1:]...)
			var got [3]string
			got[0], got[1], got[2] = Probe(f)
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestProbeUFS makes the fields of a superblock that count.
func TestProbeUFS(t *testing.T) {
	b := make([]byte, 128<<10)
	s := b[65536:]
	binary.LittleEndian.PutUint32(s[1372:], 0x19540119)
	binary.LittleEndian.PutUint32(s[144:], 0x5f000001)
	binary.LittleEndian.PutUint32(s[148:], 0xabcd)
	copy(s[680:], "fruix")
	if typ, id, label := Probe(bytes.NewReader(b)); typ != "ufs2" || id != "5f0000010000abcd" || label != "fruix" {
		t.Errorf("got %s %s %s", typ, id, label)
	}
}

// table writes a partition table with our own writer.
func table(t *testing.T) *os.File {
	t.Helper()
	l, err := gpt.New(gpt.Table{
		Size: 4 << 20, Disk: gpt.MustParse("11111111-2222-3333-4444-555555555555"),
		Partitions: []gpt.Partition{
			{Type: gpt.MustParse("c12a7328-f81f-11d2-ba4b-00a0c93ec93b"), ID: gpt.MustParse("00000000-0000-0000-0000-00000000000a"), Name: "ESP", Start: 1 << 20, Size: 1 << 20},
			{Type: gpt.MustParse("0fc63daf-8483-4772-8e79-3d69d8477de4"), ID: gpt.MustParse("0badcafe-0001-0002-0003-000000000004"), Name: "wurzel-ü", Start: 2 << 20, Size: 1 << 20},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "disk"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := l.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(l.Size()); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestGPT(t *testing.T) {
	f := table(t)
	for _, damage := range []string{"none", "first copy"} {
		parts, err := ReadGPT(f, 512)
		if err != nil || len(parts) != 2 || parts[1].Number != 2 || parts[1].UUID != "0badcafe-0001-0002-0003-000000000004" || parts[1].Name != "wurzel-ü" {
			t.Errorf("damage %s: %+v %v", damage, parts, err)
		}
		if _, err := f.WriteAt(make([]byte, 2048), 512); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ReadGPT(bytes.NewReader(make([]byte, 4096)), 512); err == nil {
		t.Error("a table was read from zeros")
	}
}

// TestFind looks for devices in a made-up /sys and /dev.
func TestFind(t *testing.T) {
	disk := table(t)
	root := t.TempDir()
	s := System{Sys: filepath.Join(root, "sys"), Dev: filepath.Join(root, "dev")}
	put := func(name, text string) {
		t.Helper()
		name = filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	put("sys/devices/vda/size", "8192\n")
	put("sys/devices/vda/queue/logical_block_size", "512\n")
	put("sys/devices/vda/vda2/size", "2048\n")
	put("sys/devices/vda/vda2/partition", "2\n")
	put("sys/class/block/loop0/size", "0\n")
	put("dev/vda2", "")
	for _, l := range [][2]string{{"../../devices/vda", "sys/class/block/vda"}, {"../../devices/vda/vda2", "sys/class/block/vda2"}, {disk.Name(), "dev/vda"}} {
		if err := os.Symlink(l[0], filepath.Join(root, l[1])); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"PARTUUID=0BADCAFE-0001-0002-0003-000000000004", "PARTLABEL=wurzel-ü", filepath.Join(root, "dev/vda2")} {
		w, err := ParseWanted(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Wait(w, 0, nil)
		if err != nil || got != filepath.Join(root, "dev/vda2") {
			t.Errorf("%s: %s %v", want, got, err)
		}
	}
	waited := false
	_, err := s.Wait(Wanted{"LABEL", "none"}, 100*time.Millisecond, func() { waited = true })
	var missing *MissingError
	if !errors.As(err, &missing) || !waited || len(missing.Seen) != 2 || !strings.Contains(err.Error(), "vda2 1 MiB PARTUUID=0badcafe") {
		t.Errorf("got %v", err)
	}
}

func FuzzProbe(f *testing.F) {
	b := make([]byte, 8192)
	b[510], b[511], b[0], b[12], b[13], b[14], b[16], b[38] = 0x55, 0xAA, 0xEB, 2, 1, 1, 1, 0x29
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		Probe(bytes.NewReader(b))
		if _, err := ReadGPT(bytes.NewReader(b), 512); err == nil && len(b) < 1024 {
			t.Error("a table without room")
		}
	})
}
