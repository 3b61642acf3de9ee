package target

import (
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
