package ext4

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"fruix/image/tree"
)

// TestGrub reads with GRUB's own driver, as a boot loader would.
func TestGrub(t *testing.T) {
	program := peer(t, "grub-fstest")
	many := dir()
	for i := range 3000 {
		many.Entries = append(many.Entries, entry("vmlinuz-"+strings.Repeat("v", i%60)+string(rune('a'+i%26))+strings.Repeat("0", i/26), text("kernel")))
	}
	root := dir(
		entry("boot", dir(
			entry("vmlinuz", &tree.Node{Kind: tree.File, Mode: 0o644, Content: noise(9, 5<<20+123)}),
			entry("initrd", &tree.Node{Kind: tree.File, Mode: 0o644, Content: everySecond(500)}),
			entry("current", symlink("vmlinuz")),
			entry("far", symlink(strings.Repeat("../boot/", 20)+"vmlinuz")),
		)),
		entry("many", many),
	)
	_, image := build(t, root, Options{Label: "grub"})
	grub := func(command ...string) string {
		out, err := exec.Command(program, append([]string{image}, command...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("grub-fstest %v: %v\n%.500s", command, err, out)
		}
		return string(out)
	}
	if got := strings.Fields(grub("ls", "(loop0)/boot/")); !slices.Contains(got, "vmlinuz") || !slices.Contains(got, "far") {
		t.Errorf("ls: %v", got)
	}
	if got := strings.Fields(grub("ls", "(loop0)/many/")); len(got) != len(many.Entries) {
		t.Errorf("%d names in a large directory, not %d", len(got), len(many.Entries))
	}
	want := string(noise(9, 5<<20+123))
	for _, name := range []string{"vmlinuz", "current", "far"} {
		if got := grub("cat", "(loop0)/boot/"+name); got != want {
			t.Errorf("%s differs: %d bytes, want %d", name, len(got), len(want))
		}
	}
	r, _ := everySecond(500).Open()
	var sparse strings.Builder
	buf := make([]byte, 1<<16)
	for {
		n, err := r.Read(buf)
		sparse.Write(buf[:n])
		if err != nil {
			break
		}
	}
	if got := grub("cat", "(loop0)/boot/initrd"); got != sparse.String() {
		t.Errorf("a sparse file differs: %d bytes, want %d", len(got), sparse.Len())
	}
	if got := grub("cat", "(loop0)/many/"+many.Entries[2999].Name); got != "kernel" {
		t.Errorf("a file in a large directory has %q", got)
	}
}
