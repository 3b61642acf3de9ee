package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestLockOfConfig: what any user can lock keeps nobody from changing the configuration.
func TestLockOfConfig(t *testing.T) {
	root := t.TempDir()
	name := filepath.Join(root, configDir)
	if err := os.MkdirAll(name, 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close() // lets who waits go on
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		lock, err := lockConfig(root)
		if err == nil {
			var fi os.FileInfo
			if fi, err = lock.Stat(); err == nil && fi.Mode() != 0o600 {
				t.Errorf("the mode of the lock is %v", fi.Mode())
			}
			lock.Close()
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("a lock on the folder is waited for")
	}
}
