package fs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fruix/osmodel/account"
	"fruix/osmodel/fs"
)

// Pseudo file systems are never checked, the root first, and others after it.
func TestPass(t *testing.T) {
	for _, c := range []struct {
		fs   fs.FileSystem
		want string
	}{
		{fs.FileSystem{MountPoint: "/", Type: "ext4", Check: true}, "1"},
		{fs.FileSystem{MountPoint: "/", Type: "ext4"}, "0"},
		{fs.FileSystem{MountPoint: "/", Type: "tmpfs", Check: true}, "0"},
		{fs.FileSystem{MountPoint: "/home", Type: "ext4", Check: true}, "2"},
		{fs.FileSystem{MountPoint: "/home", Type: "ext4", Check: true, Pseudo: true}, "0"},
		{fs.FileSystem{MountPoint: "/proc", Type: "procfs", Check: true}, "0"},
		{fs.FileSystem{MountPoint: "/net", Type: "nfs", Check: true}, "0"},
	} {
		for _, target := range []account.Target{account.Linux, account.FreeBSD} {
			c.fs.Device = "/dev/x"
			text, err := fs.Fstab(target, []fs.FileSystem{c.fs}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if f := strings.Fields(text); len(f) != 6 || f[5] != c.want {
				t.Errorf("%+v: %q", c.fs, text)
			}
		}
	}
}

// util-linux reads back what was written.
func TestFindmnt(t *testing.T) {
	if _, err := exec.LookPath("findmnt"); err != nil {
		t.Skip("needs findmnt")
	}
	systems := []fs.FileSystem{
		{Device: "/dev/with blank#\\", MountPoint: "/a b#\\c", Type: "ext4", Mount: true, Options: "x=1"},
		{Device: "LABEL=my root", MountPoint: "/", Type: "ext4", Flags: []string{"read-only"}, Mount: true},
	}
	text, err := fs.Fstab(account.Linux, systems, []fs.Swap{{Device: "/dev/vda3", Priority: 3}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "fstab")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("findmnt", "--tab-file", file, "--noheadings", "--pairs", "-o", "SOURCE,TARGET,FSTYPE,OPTIONS").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{`TARGET="/" FSTYPE="ext4" OPTIONS="ro"`, `FSTYPE="ext4" OPTIONS="x=1"`, `TARGET="none" FSTYPE="swap" OPTIONS="sw,pri=3"`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("there is no %s in\n%s", want, out)
		}
	}
	for _, c := range [][2]string{{"/a b#\\c", "SOURCE"}, {"/", "FSTYPE"}} {
		if err := exec.Command("findmnt", "--tab-file", file, "--target", c[0], "-o", c[1]).Run(); err != nil {
			t.Errorf("findmnt does not find %s: %v", c[0], err)
		}
	}
}

// Nothing that is taken can add a line or a field.
func FuzzFstab(f *testing.F) {
	f.Add("LABEL=a b", "/a b", "ufs", "rw,x", true)
	f.Add("\n", "/\n", "a b", "#", false)
	f.Fuzz(func(t *testing.T, device, at, fsType, options string, bsd bool) {
		target := account.Linux
		if bsd {
			target = account.FreeBSD
		}
		text, err := fs.Fstab(target, []fs.FileSystem{{Device: device, MountPoint: at, Type: fsType, Options: options}}, nil)
		if err != nil {
			return
		}
		if strings.Count(text, "\n") != 1 || len(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' })) != 6 || strings.Contains(text, "#") {
			t.Errorf("%q", text)
		}
	})
}
