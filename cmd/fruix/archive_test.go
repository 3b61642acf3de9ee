package main

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"fruix/store/narinfo"
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

// TestModesOfConfig: files that everybody may write, and a key that everybody may read,
// are of no use.
func TestModesOfConfig(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, configDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	key, err := narinfo.GenerateKey("here-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(file, []byte(text+"\n"), 0o600), os.Chmod(file, mode)); err != nil {
			t.Fatal(err)
		}
	}
	read := func() error {
		_, err := trustedKeys(root)
		_, urls := configLines(root, urlsFile)
		return errors.Join(err, urls)
	}
	good := func() {
		write(trustedKeysFile, key.Public().String(), 0o644)
		write(aclFile, "(acl)", 0o664)
		write(urlsFile, "http://127.0.0.1:9", 0o600)
	}
	if good(); read() != nil {
		t.Error(read())
	}
	for _, name := range []string{trustedKeysFile, aclFile, urlsFile} {
		good()
		if err := os.Chmod(filepath.Join(dir, name), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := read(); err == nil || !strings.Contains(err.Error(), name+" can be written by everybody") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for mode, says := range map[os.FileMode]string{0o400: "", 0o640: "", 0o644: "can be read by everybody"} {
		write(secretKeyFile, key.String(), mode)
		if keys, err := secretKeys(root, ""); (err == nil) != (says == "") || err == nil && len(keys) != 1 || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("mode %o: %v", mode, err)
		}
		// Who names a key knows what it is.
		if _, err := secretKeys(root, filepath.Join(dir, secretKeyFile)); err != nil {
			t.Errorf("named, mode %o: %v", mode, err)
		}
	}
}
