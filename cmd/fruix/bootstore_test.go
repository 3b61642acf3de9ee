package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fruix/cmd/internal/qemu"
)

// TestBootStore boots the Linux example with the program in it: on the machine its
// store is one like any other.
func TestBootStore(t *testing.T) {
	if testing.Short() {
		t.Skip("boots a machine; not with -short")
	}
	tools, err := qemu.Find()
	if err != nil {
		t.Skipf("needs QEMU with UEFI firmware: %v", err)
	}
	l := linuxImage(t)
	text, err := os.ReadFile(linuxExample)
	if err != nil {
		t.Fatal(err)
	}
	const place = "(append (list (simple-service 'network-driver"
	text = []byte(strings.Replace(string(text), place,
		fmt.Sprintf("(append (list (simple-service 'fruix special-files-service-type\n"+
			"  `((\"/bin/fruix\" ,(local-file %q \"fruix\" #:recursive? #t))))\n (simple-service 'network-driver", binary(t)), 1))
	if !strings.Contains(string(text), "/bin/fruix") {
		t.Fatalf("%s has no place for another service", linuxExample)
	}
	text = append([]byte("(use-modules (guix gexp))\n"), text...)
	dir := newDir(t)
	file := filepath.Join(dir, "os.scm")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	r := run{dir: dir, env: []string{"FRUIX_ROOT=" + l.root, "HOME=" + scratch}}
	got := r.must(t, "system", "image", "--no-sync", file)
	image := filepath.Join(dir, "disk.img")
	if err := qemu.CopyImage(image, got["disk_image"]); err != nil {
		t.Fatal(err)
	}
	m, err := tools.Start(context.Background(), qemu.Config{Image: image})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("qemu: %s\nconsole:\n%s", m.Messages(), m.Tail(80))
		}
		_ = m.Close()
	})
	g := guest{t, m}
	g.ready(got["closure_path"])
	// The program is large, and the machine may be slow.
	sh := func(command string) string {
		t.Helper()
		out, status, err := m.Run(command, 5*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if status != 0 {
			t.Errorf("%s: exit status %d: %s", command, status, out)
		}
		return out
	}
	before := sh("ls /frx/store | wc -l")
	if before != got["store_item_count"] {
		t.Errorf("%s items on the machine, %s in the closure", before, got["store_item_count"])
	}
	if out := sh("/bin/fruix gc 2>&1"); !strings.Contains(out, "made the database of the store, which came with an image: "+before+" objects") {
		t.Errorf("the first collection says %q", out)
	}
	if out := sh("/bin/fruix store path-info /run/current-system"); !strings.Contains(out, "path: "+got["closure_path"]) {
		t.Errorf("path-info says %q", out)
	}
	dead := sh("/bin/fruix store add -q /etc/passwd")
	if out := sh("/bin/fruix gc -q"); out != dead {
		t.Errorf("a collection deletes %q, not %q", out, dead)
	}
	sh("/bin/fruix store verify --check-contents -q")
	if after := sh("ls /frx/store | wc -l"); after != before {
		t.Errorf("%s items, before there were %s", after, before)
	}
}
