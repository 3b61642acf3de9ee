package freebsd

import (
	"log"
	"os"
	"testing"
	"unsafe"

	"fruix/jail"
	"fruix/jail/jailtest"
)

func TestMain(m *testing.M) {
	ChildMain(os.Args)
	jailtest.ProbeMain(os.Args)
	done, err := jailtest.Prepare("fruix/jail/jailtest/probe")
	if err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	done()
	os.Exit(code)
}

func TestConformance(t *testing.T) {
	j := New(Options{EUID: os.Geteuid(), WorkDir: t.TempDir()})
	if err := j.Available(); err != nil {
		t.Skip(err)
	}
	jailtest.Run(t, jailtest.Config{Jail: j, BuildUser: func(n int) *jail.HostUser {
		return &jail.HostUser{UID: 35001 + n, GID: 35000}
	}})
}

// TestRuleSize checks the layout of struct devfs_rule, whose size is part of
// the ioctl number.
func TestRuleSize(t *testing.T) {
	if n := unsafe.Sizeof(devfsRule{}); n != 236 {
		t.Errorf("struct devfs_rule: %d bytes, want 236", n)
	}
}
