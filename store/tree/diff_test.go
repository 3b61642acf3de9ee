package tree

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestDiff(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	link := func(name, to string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	long := strings.Repeat("x", 100_000)
	write("a/same", long, 0o644)
	write("b/same", long, 0o600)
	write("a/only-a", "", 0o644)
	write("b/z/only-b", "", 0o644)
	write("a/content", long+"1", 0o644)
	write("b/content", long+"2", 0o644)
	write("a/size", "1", 0o644)
	write("b/size", "12", 0o644)
	write("a/mode", "m", 0o755)
	write("b/mode", "m", 0o644)
	write("a/kind", "k", 0o644)
	write("b/kind/x", "k", 0o644)
	link("a/link", "x")
	link("b/link", "y")
	link("a/equal", "x")
	link("b/equal", "x")
	want := []string{
		`content: contents differ from byte 100000 on: "1" and "2"`,
		"kind: a file and a directory",
		"link: links to x and y",
		"mode: executable and not executable",
		"only-a: only in the first",
		"size: sizes 1 and 2",
		"z: only in the second",
	}
	var got []string
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if err := Diff(a, b, func(d Difference) bool { got = append(got, d.String()); return true }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	n := 0
	if err := Diff(a, b, func(Difference) bool { n++; return false }); err != nil || n != 1 {
		t.Errorf("told to stop: %d differences, %v", n, err)
	}
	if err := Diff(a, a, func(d Difference) bool { t.Error(d); return true }); err != nil {
		t.Error(err)
	}
	if err := Diff(a, filepath.Join(dir, "none"), func(Difference) bool { return true }); err == nil {
		t.Error("nothing was compared without complaint")
	}
}
