package freebsd

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
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

// TestFence runs a program behind a fence that leaves another one behind, and that looks
// for processes outside.
func TestFence(t *testing.T) {
	j := New(Options{EUID: os.Geteuid(), WorkDir: t.TempDir()})
	if err := j.Available(); err != nil {
		t.Skip(err)
	}
	const uid = 35001
	dir := t.TempDir()
	if err := errors.Join(os.Chown(dir, uid, 35000), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(exe)
	self := filepath.Join(dir, "probe") // where the user can run it
	if err := errors.Join(err, os.WriteFile(self, text, 0o755)); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		cmd := exec.Command(self)
		cmd.Args = append([]string{jailtest.ProbeName}, args...)
		cmd.Dir = dir
		folder, err := os.Open(dir) // nobody enters a jail with one
		if err != nil {
			t.Fatal(err)
		}
		defer folder.Close()
		cmd.ExtraFiles = []*os.File{folder}
		var out, errs strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &errs
		cmd.WaitDelay = 100 * time.Millisecond // what is left behind has them open
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: 35000}, Setsid: true}
		end, err := j.StartFenced(cmd)
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
			t.Fatalf("%v: %v %s", args, err, errs.String())
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	beat := filepath.Join(dir, "beat")
	run("orphan", beat)
	before, err := os.Stat(beat)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	if after, err := os.Stat(beat); err != nil || after.Size() != before.Size() {
		t.Errorf("something still runs: %v", err)
	}
	sleep := exec.Command("sleep", "60")
	sleep.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: 35000}}
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { sleep.Process.Kill(); sleep.Wait() }()
	out := run("try", fmt.Sprint("kill ", sleep.Process.Pid), fmt.Sprint("ptrace ", sleep.Process.Pid), "read /etc/passwd", "set-time", "mount-tmpfs /tmp")
	var got map[string]string
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	for what, r := range got {
		if ok := r == "ok"; ok != (what == "read /etc/passwd") {
			t.Errorf("%s: %s", what, r)
		}
	}
}
