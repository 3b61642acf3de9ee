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
	write("a/text", "one\ntwo\nthree\tα\nfour\n", 0o644)
	write("b/text", "one\ntwo\nthree\tβ\r\nfour\n", 0o644)
	write("a/empty", "x\n\ny", 0o644)
	write("b/empty", "x\nz", 0o644)
	write("a/wide", strings.Repeat("ä", 50)+"1"+strings.Repeat("ä", 50), 0o644)
	write("b/wide", strings.Repeat("ä", 50)+"2", 0o644)
	write("a/bytes", "ab\x00\x01\n", 0o644)
	write("b/bytes", "ab\x00", 0o644)
	write("a/utf8", "a\xff", 0o644)
	write("b/utf8", "a\xfe", 0o644)
	x := "…" + strings.Repeat("x", 24)
	want := []string{
		"bytes: contents differ from byte 3 on (5 and 3 bytes)\n  - 01 0a  \"\\x01\\n\"\n  + (ends here)",
		"content: contents differ from line 1 on\n  - " + x + "1\n  + " + x + "2",
		"empty: contents differ from line 2 on (4 and 3 bytes)\n  - (an empty line)\n  + z",
		"kind: a file and a directory",
		"link: links to x and y",
		"mode: executable and not executable",
		"only-a: only in the first",
		"size: contents differ from line 1 on (1 and 2 bytes)\n  - (ends here)\n  + 12",
		"text: contents differ from line 3 on (22 and 23 bytes)\n  - three    α\n  + three    β",
		"utf8: contents differ from byte 1 on\n  - ff  \"\\xff\"\n  + fe  \"\\xfe\"",
		"wide: contents differ from line 1 on (201 and 101 bytes)\n  - …" + strings.Repeat("ä", 12) + "1" + strings.Repeat("ä", 35) + "…\n  + …" + strings.Repeat("ä", 12) + "2",
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

func TestDifferenceIsVisible(t *testing.T) {
	d := Difference{Path: "a\x1b[31m\nb", What: "only in the\rfirst"}
	if got := d.String(); got != "a?[31m?b: only in the?first" {
		t.Errorf("%q", got)
	}
}
