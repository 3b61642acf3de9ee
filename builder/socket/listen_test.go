package socket

import (
	"errors"
	"os"
	"path/filepath"
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
