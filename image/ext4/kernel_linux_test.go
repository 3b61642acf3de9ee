package ext4

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"fruix/image/tree"
)

// mountImage mounts an image with the kernel's driver, through a loop device,
// or skips the test where that is not possible.
func mountImage(t *testing.T, image, options string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting takes root")
	}
	dir := t.TempDir()
	out, err := exec.Command(peer(t, "mount"), "-t", "ext4", "-o", options, image, dir).CombinedOutput()
	if err != nil {
		if strings.Contains(string(out), "loop device") || strings.Contains(string(out), "unknown filesystem") || strings.Contains(string(out), "permission") {
			t.Skipf("no loop device or no ext4 driver: %s", bytes.TrimSpace(out))
		}
		t.Fatalf("mount: %v\n%s", err, out)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) }) // where the test ended early
	return dir
}

func unmount(t *testing.T, dir string) {
	t.Helper()
	// Something on the host may be looking at new mounts for a moment.
	var err error
	for range 50 {
		if err = unix.Unmount(dir, 0); !errors.Is(err, unix.EBUSY) {
			break
		}
		exec.Command("sync").Run()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestKernelReads compares all that the kernel sees with the declared tree.
func TestKernelReads(t *testing.T) {
	random := randomTree(rand.New(rand.NewPCG(77, 1)), 800)
	for name, root := range map[string]*tree.Node{
		"one of each": oneOfEach(), "files": manyFiles(30000, 300), "directory": manyFiles(20000, 20000), "random": random,
	} {
		t.Run(name, func(t *testing.T) {
			_, image := build(t, root, Options{Label: "kernel"})
			dir := mountImage(t, image, "loop,ro")
			got, err := tree.FromHost(dir, tree.HostOptions{Holes: tree.HolesNone,
				Leave: func(path string, _ tree.Kind) bool { return path == "lost+found" }})
			if err != nil {
				t.Fatal(err)
			}
			tree.Sort(root)
			tree.Sort(got)
			if err := same(".", root, got, map[*tree.Node]*tree.Node{}); err != nil {
				t.Error(err)
			}
			unmount(t, dir)
		})
	}
}

// same compares two sorted trees, with their hard links.
func same(path string, want, got *tree.Node, links map[*tree.Node]*tree.Node) error {
	if other, ok := links[want]; ok && want.Kind != tree.Dir {
		if other != got {
			return fmt.Errorf("%q is not a hard link to the right file", path)
		}
		return nil
	}
	links[want] = got
	fields := func(n *tree.Node) string {
		return fmt.Sprint(n.Kind, n.Mode, n.UID, n.GID, n.MTime, n.Size(), n.Target, n.Major, n.Minor, len(n.Entries))
	}
	if a, b := fields(got), fields(want); a != b {
		return fmt.Errorf("%q is %s, declared %s", path, a, b)
	}
	if want.Kind == tree.File && want.Size() > 0 && want.Size() < 64<<20 {
		a, err := content(want.Content)
		if err != nil {
			return err
		}
		b, err := content(got.Content)
		if err != nil {
			return err
		}
		if !bytes.Equal(a, b) {
			return fmt.Errorf("%q has other bytes", path)
		}
	}
	for i, e := range want.Entries {
		sub := join(path, e.Name)
		if got.Entries[i].Name != e.Name {
			return fmt.Errorf("%q is missing, or %q is too much", sub, got.Entries[i].Name)
		}
		// Looking it up by name goes through the index of the directory.
		if err := same(sub, e.Node, got.Entries[i].Node, links); err != nil {
			return err
		}
	}
	return nil
}

func content(c tree.Content) ([]byte, error) {
	r, err := c.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// TestKernelWrites works in a file system as a running system would and has
// e2fsck look at the result.
func TestKernelWrites(t *testing.T) {
	d := dir()
	for i := range 5000 {
		d.Entries = append(d.Entries, entry(fmt.Sprintf("old-%d", i), text("old")))
	}
	root := dir(entry("d", d), entry("small", dir(entry("x", text("x")))))
	_, image := build(t, root, Options{Slack: 60 << 20})
	mnt := mountImage(t, image, "loop,rw")
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2500 {
		do(os.WriteFile(filepath.Join(mnt, "d", fmt.Sprintf("new-%d-%s", i, strings.Repeat("y", i%100))), []byte("new"), 0o600))
		do(os.Remove(filepath.Join(mnt, "d", fmt.Sprintf("old-%d", i))))
	}
	for i := range 500 {
		do(os.Mkdir(filepath.Join(mnt, "small", fmt.Sprintf("dir-%0100d", i)), 0o755))
	}
	do(os.WriteFile(filepath.Join(mnt, "big"), noise(4, 20<<20), 0o600))
	do(os.Rename(filepath.Join(mnt, "d", "old-4000"), filepath.Join(mnt, "small", "moved")))
	for i := 2500; i < 5000; i++ {
		if i != 4000 {
			_, err := os.Lstat(filepath.Join(mnt, "d", fmt.Sprintf("old-%d", i)))
			do(err)
		}
	}
	unmount(t, mnt)
	fsck(t, image)
}

// TestKernelGrows grows a mounted file system to the size of a larger disk.
func TestKernelGrows(t *testing.T) {
	root := manyFiles(100, 10)
	_, image := build(t, root, Options{Slack: 10 << 20})
	if err := os.Truncate(image, 9<<30); err != nil {
		t.Fatal(err)
	}
	mnt := mountImage(t, image, "loop,rw")
	source, err := exec.Command(peer(t, "findmnt"), "-n", "-o", "SOURCE", mnt).Output()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(peer(t, "resize2fs"), strings.TrimSpace(string(source))).CombinedOutput()
	if strings.Contains(string(out), "Permission denied") {
		t.Skip("resizing a mounted file system takes CAP_SYS_RESOURCE")
	}
	if err != nil {
		t.Fatalf("resize2fs: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(mnt, "bigger"), noise(5, 90<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	unmount(t, mnt)
	fsck(t, image)
}
