package remote_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fruix/builder/buildtest"
	"fruix/builder/remote"
	"fruix/builder/remote/protocol"
)

// TestCloseWhileDialing closes a machine to which a connection is being made: nothing
// is left of the program that makes it, nor of what that has started.
func TestCloseWhileDialing(t *testing.T) {
	w := buildtest.New(t)
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	begun := filepath.Join(dir, "begun")
	script := filepath.Join(dir, "ssh")
	text := "#!/bin/sh\nsleep 1000 &\necho $$ $! > " + begun + ".new\nmv " + begun + ".new " + begun + "\nwait\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	s := &remote.SSH{Program: []string{"/bin/sh", script}, Host: "far", Batch: true, HostKey: "ssh-ed25519 AAAA"}
	m := remote.NewMachine(remote.MachineOptions{LinkOptions: remote.LinkOptions{Name: "far", Store: w.Store}, Dial: s.Dial})
	v := m.Visit(func() {})
	if turn, err := v.Take(); turn != nil || err != nil {
		t.Fatal(turn, err)
	}
	var pids [2]int
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		said, err := os.ReadFile(begun)
		if err == nil {
			if _, err := fmt.Sscan(string(said), &pids[0], &pids[1]); err != nil {
				t.Fatal(err)
			}
			break
		}
		if time.Now().After(end) {
			t.Fatal("the program does not begin")
		}
	}
	v.Leave()
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	for i, pid := range pids {
		for end := time.Now().Add(10 * time.Second); alive(pid); time.Sleep(time.Millisecond) {
			if i == 0 || time.Now().After(end) {
				t.Errorf("the process %d is left", pid)
				break
			}
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "fruix-*")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// TestUnfit asks why builds cannot go to a machine, before and after it has greeted.
func TestUnfit(t *testing.T) {
	w := buildtest.New(t)
	changed := make(chan struct{}, 1)
	m := remote.NewMachine(remote.MachineOptions{
		LinkOptions: remote.LinkOptions{Name: "far", Store: w.Store}, Builders: "3", Features: []string{"kvm"}, Mandatory: []string{"gold"},
		Dial: pretend(func(in *bufio.Reader, c net.Conn) {
			(&protocol.Hello{Versions: protocol.Versions(), StoreDir: "/frx/store", Systems: []string{"a-linux"}, Builders: "2"}).Write(c)
			io.Copy(io.Discard, in)
		}),
	})
	defer m.Close()
	ask := func(want string, platform string, builtin bool, features ...string) {
		t.Helper()
		if err := m.Unfit(platform, builtin, features); want == "" && err != nil || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	ask("it does not offer silver", "a-linux", false, "gold", "silver")
	ask("builds that ask for gold", "a-linux", false, "kvm")
	ask("", "b-linux", false, "gold")
	ask("", "b-linux", true, "gold")
	v := m.Visit(func() { changed <- struct{}{} })
	defer v.Leave()
	v.Take()
	<-changed
	ask("", "a-linux", false, "gold")
	ask("it is a-linux", "b-linux", false, "gold")
	ask(`it has version "2" of the built-in builders, not "3"`, "a-linux", true, "gold")
}

// alive says whether there is a process that still runs.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}
