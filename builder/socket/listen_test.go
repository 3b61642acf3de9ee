package socket

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestLockOfSocket: no other user can open the lock of a daemon's socket, and so keep
// daemons from starting.
func TestLockOfSocket(t *testing.T) {
	name := filepath.Join(t.TempDir(), "s")
	if err := errors.Join(os.WriteFile(name+".lock", nil, 0o644), os.Chmod(name+".lock", 0o644)); err != nil {
		t.Fatal(err)
	}
	l, err := Listen(name)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if fi, err := os.Lstat(name + ".lock"); err != nil || fi.Mode() != 0o600 {
		t.Errorf("the lock: %v, %v", fi, err)
	}
	var busy *BusyError
	if _, err := Listen(name); !errors.As(err, &busy) || busy.Holder == "" {
		t.Errorf("a second daemon: %v", err)
	}
}

// TestPlantedSocket: whoever may write in the folder of a socket has nothing changed that
// he may not change himself, and the socket is made in no other folder.
func TestPlantedSocket(t *testing.T) {
	dir := t.TempDir()
	secret, name := filepath.Join(dir, "secret"), filepath.Join(dir, "s")
	if err := os.WriteFile(secret, []byte("secret"), 0o640); err != nil {
		t.Fatal(err)
	}
	unchanged := func(what string) {
		t.Helper()
		text, err := os.ReadFile(secret)
		if fi, serr := os.Lstat(secret); err != nil || serr != nil || string(text) != "secret" || fi.Mode() != 0o640 {
			t.Errorf("%s: %q, %v, %v, %v", what, text, fi.Mode(), err, serr)
		}
	}
	for what, plant := range map[string]func(string) error{
		"a link":       func(at string) error { return os.Symlink(secret, at) },
		"another name": func(at string) error { return os.Link(secret, at) },
		"a named pipe": func(at string) error { return syscall.Mkfifo(at, 0o600) },
	} {
		for _, at := range []string{name + ".lock", name} {
			if err := plant(at); err != nil {
				t.Fatal(err)
			}
			if l, err := Listen(name); err == nil {
				l.Close()
				t.Errorf("%s at %s is no error", what, at)
			}
			unchanged(what)
			os.Remove(name + ".lock")
			os.Remove(at)
		}
	}
}

// TestExchangedSocket exchanges all that it sees in the folder of a socket for links, as
// whoever may write there can.
func TestExchangedSocket(t *testing.T) {
	dir := t.TempDir()
	secret, folder := filepath.Join(dir, "secret"), filepath.Join(dir, "folder")
	if err := errors.Join(os.WriteFile(secret, nil, 0o600), os.Mkdir(folder, 0o700)); err != nil {
		t.Fatal(err)
	}
	var over atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		exchange := func(at string) {
			if os.Rename(at, filepath.Join(dir, "taken")) == nil {
				_ = os.Symlink(secret, at)
				os.RemoveAll(filepath.Join(dir, "taken"))
			}
		}
		for !over.Load() {
			entries, _ := os.ReadDir(folder)
			for _, e := range entries {
				if e.Name() != "s.lock" {
					exchange(filepath.Join(folder, e.Name()))
				}
			}
			for range 100 {
				exchange(filepath.Join(folder, "s"))
			}
		}
	}()
	for range 100 {
		if l, err := Listen(filepath.Join(folder, "s")); err == nil {
			l.Close()
		}
		os.Remove(filepath.Join(folder, "s"))
	}
	over.Store(true)
	<-done
	if fi, err := os.Lstat(secret); err != nil || fi.Mode() != 0o600 {
		t.Errorf("a file elsewhere: %v, %v", fi.Mode(), err)
	}
}

// TestPrivate: nobody else can connect, and what somebody listens on is not taken over.
func TestPrivate(t *testing.T) {
	name := filepath.Join(t.TempDir(), "s")
	l, err := ListenPrivate(name)
	if err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Lstat(name); err != nil || fi.Mode() != os.ModeSocket|0o600 {
		t.Errorf("the socket: %v, %v", fi, err)
	}
	if _, err := ListenPrivate(name); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second one: %v", err)
	}
	if err := l.(*unixListener).UnixListener.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := ListenPrivate(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(filepath.Dir(name)); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestSocketMode: everybody can connect, and nothing but the socket and its lock is left.
func TestSocketMode(t *testing.T) {
	name := filepath.Join(t.TempDir(), "s")
	for range 2 { // the second takes the place of a socket that was left
		l, err := Listen(name)
		if err != nil {
			t.Fatal(err)
		}
		if fi, err := os.Lstat(name); err != nil || fi.Mode() != os.ModeSocket|0o666 {
			t.Errorf("the socket: %v, %v", fi, err)
		}
		c, err := net.Dial("unix", name)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if entries, err := os.ReadDir(filepath.Dir(name)); err != nil || len(entries) != 2 {
			t.Errorf("beside the socket: %v, %v", entries, err)
		}
		u := l.(*unixListener)
		if err := errors.Join(u.UnixListener.Close(), u.lock.Close(), u.place.folder.Close()); err != nil {
			t.Fatal(err)
		}
	}
}
