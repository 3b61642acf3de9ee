package initrd

import (
	"strings"
	"testing"
	"time"
)

func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		line string
		want Plan
	}{
		{"root=PARTUUID=ab-cd fruix.system=/frx/store/x-system console=ttyS0,115200 rw\n",
			Plan{Root: "PARTUUID=ab-cd", System: "/frx/store/x-system", Timeout: DefaultTimeout}},
		{`root=/dev/vda2 ro rootfstype=ext4 rootflags="data=journal,x y" rootdelay=2 rootwait=5 init=/bin/sh fruix.repl`,
			Plan{Root: "/dev/vda2", ReadOnly: true, Type: "ext4", Flags: "data=journal,x y", Delay: 2 * time.Second, Timeout: 5 * time.Second, Init: "/bin/sh", REPL: true}},
		{`ro rw "root=LABEL=a b" rootwait`, Plan{Root: "LABEL=a b", Timeout: DefaultTimeout}},
		{"", Plan{Timeout: DefaultTimeout}},
	} {
		got, err := ParseCommandLine(c.line)
		if err != nil || got != c.want {
			t.Errorf("%q:\ngot  %+v %v\nwant %+v", c.line, got, err, c.want)
		}
	}
	if _, err := ParseCommandLine("rootdelay=soon"); err == nil {
		t.Error("rootdelay=soon was accepted")
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"", "has no root="},
		{"root=/dev/vda", "neither fruix.system= nor init="},
		{"root=/dev/vda fruix.system=x", "not an absolute file name"},
		{"root=/dev/vda fruix.system=/s", ""},
	} {
		p, err := ParseCommandLine(c.line)
		if err != nil {
			t.Fatal(err)
		}
		err = p.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v", c.line, err)
		}
	}
	if got := (Plan{System: "/s"}).Program(); got != "/s/boot" {
		t.Error(got)
	}
	if got := (Plan{System: "/s", Init: "/i"}).Program(); got != "/i" {
		t.Error(got)
	}
}

func FuzzCommandLine(f *testing.F) {
	f.Add(`root="a b" ro x=y`)
	f.Fuzz(func(t *testing.T, line string) {
		if p, err := ParseCommandLine(line); err == nil {
			_ = p.Check()
		}
	})
}
