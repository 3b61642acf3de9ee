//go:build linux

package linux_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"fruix/jail"
	"fruix/jail/jailtest"
	"fruix/jail/linux"
)

// selfJob names what a copy of this test shall do with its own file before it runs
// itself in a jail.
const selfJob = "JAIL_TEST_SELF"

// TestSelf runs a program whose own executable lies where only its owner comes to, has
// been removed, or has been replaced since it was started.
func TestSelf(t *testing.T) {
	if job := os.Getenv(selfJob); job != "" {
		inJail(t, job)
		return
	}
	config(t)
	if jailtest.Helper() != "" {
		t.Skip("this test's executable needs libraries (CGO_ENABLED=0 makes one that does not)")
	}
	data, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, job := range []string{"closed", "removed", "replaced"} {
		for _, uid := range []int{os.Geteuid(), 12345} {
			if uid != os.Geteuid() && os.Geteuid() != 0 {
				continue
			}
			dir, err := os.MkdirTemp("/tmp", "self")
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			exe := filepath.Join(dir, "exe")
			if err := os.WriteFile(exe, data, 0o700); err != nil {
				t.Fatal(err)
			}
			for _, f := range []string{dir, exe} {
				if err := os.Chown(f, uid, uid); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command(exe, "-test.run", "^TestSelf$")
			cmd.Env = append(os.Environ(), selfJob+"="+job, "TMPDIR="+dir)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s, as user %d: %v\n%s", job, uid, err, out)
			}
		}
	}
}

func inJail(t *testing.T, job string) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	switch job {
	case "removed", "replaced":
		if err := os.Remove(exe); err != nil {
			t.Fatal(err)
		}
	}
	if job == "replaced" {
		if err := os.WriteFile(exe, []byte("#!/bin/false\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	sp := jail.Spec{Program: "/self", Self: "/self", Argv: []string{jailtest.ProbeName, "exit", "3"}}
	if os.Geteuid() == 0 {
		sp.BuildUser = buildUser(0)
	}
	res, err := linux.New(os.Geteuid()).Run(t.Context(), sp)
	if err != nil || res.ExitCode != 3 {
		t.Errorf("%v %v", res, err)
	}
}
