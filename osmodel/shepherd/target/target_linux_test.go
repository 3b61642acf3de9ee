package target

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMountBits(t *testing.T) {
	for _, c := range []struct {
		m     Mount
		flags uintptr
		data  string
		bad   string
	}{
		{Mount{Options: "gid=5,mode=620"}, 0, "gid=5,mode=620", ""},
		{Mount{Flags: []string{"no-suid", "no-dev"}, Options: "mode=1777"}, unix.MS_NOSUID | unix.MS_NODEV, "mode=1777", ""},
		{Mount{Options: "defaults,rw,noatime,x-initrd.mount,nofail"}, unix.MS_NOATIME, "", ""},
		{Mount{Flags: []string{"bind-mount", "read-only"}}, unix.MS_BIND | unix.MS_RDONLY, "", ""},
		{Mount{Point: "/x", Flags: []string{"fast"}}, 0, "", "cannot mount /x: unknown flag fast; known are bind-mount, "},
	} {
		flags, data, err := c.m.bits()
		if c.bad != "" {
			if err == nil || !strings.Contains(err.Error(), c.bad) {
				t.Errorf("%+v: %v", c.m, err)
			}
			continue
		}
		if err != nil || flags != c.flags || data != c.data {
			t.Errorf("%+v: %x %q %v", c.m, flags, data, err)
		}
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{`/a\040b`: "/a b", `/x\134`: `/x\`, `\9`: `\9`, `\04`: `\04`} {
		if got := unescape(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{InterfaceUp("no-such-if0"), "cannot bring up the network interface no-such-if0"},
		{InterfaceAddress("lo", "300.1.1.1/8"), "is not an IPv4 address"},
		{SetKernelSetting("../../etc/passwd", "x"), "is no name of a kernel setting"},
		{SetKernelSetting("fruix.nothing", "1"), "cannot set the kernel setting fruix.nothing"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("got %v, want %s", c.err, c.want)
		}
	}
	if points, err := Mounts(); err != nil || len(points) == 0 {
		t.Errorf("%v %v", points, err)
	}
}

// TestMountPoints mounts within a folder that somebody else may change.
func TestMountPoints(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root mounts")
	}
	runtime.LockOSThread() // it stays in a mount namespace of its own
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		t.Skip("no mount namespace can be made: ", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	theirs, secret := filepath.Join(dir, "theirs"), filepath.Join(dir, "secret")
	if err := errors.Join(os.MkdirAll(filepath.Join(theirs, "in/point"), 0o755), os.Mkdir(secret, 0o755),
		os.WriteFile(filepath.Join(secret, "file"), nil, 0o600), os.Mkdir(filepath.Join(dir, "ours"), 0o755),
		os.Symlink(secret, filepath.Join(theirs, "link")), os.Symlink(dir, filepath.Join(theirs, "way")),
		os.Symlink("ours", filepath.Join(dir, "alias")), os.Chown(theirs, 1000, 1000)); err != nil {
		t.Fatal(err)
	}
	for point, want := range map[string]bool{
		filepath.Join(theirs, "in/point"):   true,
		filepath.Join(theirs, "link"):       false,
		filepath.Join(theirs, "way/secret"): false,
		filepath.Join(dir, "alias"):         true, // root's own link
	} {
		err := Mount{Source: "tmpfs", Point: point, Type: "tmpfs", Flags: []string{"shared"}, Options: "mode=711"}.Do()
		if (err == nil) != want {
			t.Errorf("%s: %v", point, err)
		}
		if fi, serr := os.Stat(point); want && (serr != nil || fi.Mode().Perm() != 0o711) {
			t.Errorf("%s is not mounted: %v %v", point, fi, serr)
		}
		if err == nil {
			if err := unix.Unmount(point, unix.MNT_DETACH); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(secret, "file")); err != nil {
		t.Error("it was mounted elsewhere: ", err)
	}
	bound := Mount{Source: secret, Point: filepath.Join(theirs, "in/point"), Flags: []string{"bind-mount", "read-only"}}
	if err := bound.Do(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bound.Point, "new"), nil, 0o600); !errors.Is(err, unix.EROFS) {
		t.Errorf("what is mounted to be read only: %v", err)
	}
	if err := unix.Unmount(bound.Point, unix.MNT_DETACH); err != nil {
		t.Error(err)
	}
}
