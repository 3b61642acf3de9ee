//go:build linux

package linux_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"fruix/jail"
	"fruix/jail/jailtest"
)

// beating returns a spec whose program appends to a file until it is killed, and
// that file.
func beating(t *testing.T, c jailtest.Config) (jail.Spec, string) {
	t.Helper()
	dir := t.TempDir()
	sp := jail.Spec{Program: "/self", Self: "/self", Argv: []string{jailtest.ProbeName, "beat", "/scratch/beat"},
		Mounts: []jail.Mount{{Source: dir, Target: "/scratch"}}}
	if h := jailtest.Helper(); h != "" {
		sp.Self = ""
		sp.Mounts = append(sp.Mounts, jail.Mount{Source: h, Target: "/self", ReadOnly: true})
	}
	if c.BuildUser != nil {
		sp.BuildUser = c.BuildUser(0)
		if err := os.Chown(dir, sp.BuildUser.UID, sp.BuildUser.GID); err != nil {
			t.Fatal(err)
		}
	}
	return sp, filepath.Join(dir, "beat")
}

// size returns how long a file is, 0 when there is none.
func size(name string) int64 {
	fi, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return fi.Size()
}

// keeper finds the keeper of this process's only jail.
func keeper(t *testing.T) int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range stats {
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		// pid (name) state parent …
		_, rest, _ := strings.Cut(string(b), ") ")
		f := strings.Fields(rest)
		if len(f) < 2 || f[1] != strconv.Itoa(os.Getpid()) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if cmd, err := os.ReadFile(filepath.Join(filepath.Dir(name), "cmdline")); err == nil && strings.HasPrefix(string(cmd), "fruix-jail") {
			return pid
		}
	}
	t.Fatal("no keeper is found")
	return 0
}

// TestKeeperKilled checks that nothing in the jail survives its keeper, and that
// such an end is an error.
func TestKeeperKilled(t *testing.T) {
	c := config(t)
	sp, beat := beating(t, c)
	ended := make(chan error, 1)
	go func() {
		_, err := c.Jail.Run(t.Context(), sp)
		ended <- err
	}()
	for start := time.Now(); size(beat) < 3; time.Sleep(time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatal("the program does not start")
		}
	}
	if err := syscall.Kill(keeper(t), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("no error")
		}
	case <-time.After(5 * time.Second):
		t.Error("the program outlives the keeper")
	}
	time.Sleep(50 * time.Millisecond)
	before := size(beat)
	time.Sleep(50 * time.Millisecond)
	if size(beat) != before {
		t.Error("the program outlives the keeper")
	}
}

// TestHold checks that a lock that is handed in is held for as long as anything in
// the jail lives, also when the caller has closed its own descriptor.
func TestHold(t *testing.T) {
	c := config(t)
	sp, beat := beating(t, c)
	name := filepath.Join(t.TempDir(), "lock")
	open := func() *os.File {
		t.Helper()
		f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	lock := func(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }
	held, other := open(), open()
	defer other.Close()
	if err := lock(held); err != nil {
		t.Fatal(err)
	}
	sp.Hold = []*os.File{held}
	sp.Argv = []string{jailtest.ProbeName, "orphan", "/scratch/beat"}
	ended := make(chan error, 1)
	go func() {
		res, err := c.Jail.Run(t.Context(), sp)
		if err == nil && !res.OK() {
			t.Error(res)
		}
		ended <- err
	}()
	seen := false
	for start := time.Now(); time.Since(start) < 20*time.Second; time.Sleep(time.Millisecond) {
		if !seen && size(beat) > 0 {
			seen = true
			held.Close()
		}
		err := lock(other)
		if err == nil {
			break
		}
		if err != unix.EWOULDBLOCK {
			t.Fatal(err)
		}
	}
	// Now that the lock is free, all must be dead.
	before := size(beat)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !seen || size(beat) != before {
		t.Errorf("started: %v; %d bytes when the lock was free, %d now", seen, before, size(beat))
	}
}
