package disk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"fruix/image/tree"
)

// A file system that becomes full while an image is written.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("cannot mount a small tmpfs (needs root): %v", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	source := filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(source, make([]byte, 8*mib), 0o666); err != nil {
		t.Fatal(err)
	}
	host, err := tree.NewHostFile(source, tree.HolesNone)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]tree.Content{"from memory": tree.Bytes(make([]byte, 8*mib)), "from a file": host} {
		w := block{size: 16 * mib, at: mib, data: c}
		_, err := CreateFile(context.Background(), filepath.Join(dir, "image"), w, CreateOptions{Hash: true})
		if !errors.Is(err, unix.ENOSPC) {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%s: left behind %v", name, left)
		}
	}
	// The next image, small enough, goes through.
	if _, err := CreateFile(context.Background(), filepath.Join(dir, "image"), block{size: mib}, CreateOptions{}); err != nil {
		t.Error(err)
	}
}
