package tree

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every occurrence changes, wherever it lies in blocks, and nothing else does.
func TestRewrite(t *testing.T) {
	const from, to = "0123456789abcdfghijklmnpqrsvwxyz", "zyxwvsrqpnmlkjihgfdcba9876543210"
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	block := 256 << 10
	files := map[string]string{
		"plain":            "nothing of the kind",
		"once":             "x" + from + "y",
		"twice":            from + from,
		"part":             from[:31] + from[1:],
		"across":           strings.Repeat("-", block-7) + from + strings.Repeat("-", block) + from,
		"end":              strings.Repeat("+", 2*block-32) + from,
		"sub/" + from:      "a name",
		from + "/in":       from,
		"sub/.rewriting-0": from,
	}
	want := map[string]string{}
	for name, text := range files {
		write(t, filepath.Join(root, name), text)
		want[strings.ReplaceAll(name, from, to)] = strings.ReplaceAll(text, from, to)
	}
	for link, target := range map[string]string{"l": "/a/" + from + "/b", "other": "once"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	outside := filepath.Join(dir, "outside")
	if err := os.Link(filepath.Join(root, "once"), outside); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"twice": 0o555, "plain": 0, "sub": 0o555} {
		if err := os.Chmod(filepath.Join(root, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	changed, err := Rewrite(root, from, to)
	if err != nil {
		t.Fatal(err)
	}
	if changed != 9 {
		t.Errorf("%d nodes have changed", changed)
	}
	n := 0
	for name, text := range want {
		n++
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || string(got) != text {
			t.Errorf("%s: %v, %d bytes", name, err, len(got))
		}
	}
	if to, err := os.Readlink(filepath.Join(root, "l")); err != nil || to != "/a/"+strings.ReplaceAll(from, from, "zyxwvsrqpnmlkjihgfdcba9876543210")+"/b" {
		t.Errorf("link %q, %v", to, err)
	}
	if fi, err := os.Lstat(filepath.Join(root, "twice")); err != nil || fi.Mode() != 0o555 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
	if got, err := os.ReadFile(outside); err != nil || string(got) != files["once"] {
		t.Errorf("the other name's content is %q, %v", got, err)
	}
	// What was rewritten back is what was there.
	if again, err := Rewrite(root, to, from); err != nil || again != changed {
		t.Errorf("back: %d, %v", again, err)
	}
	if _, err := Rewrite(root, from, to[1:]); err == nil {
		t.Error("other lengths are taken")
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
