package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUsersFolder bounds what a user's folder of profiles costs everybody.
func TestUsersFolder(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, Config{Root: t.TempDir(), Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p, err := s.AddText(ctx, "kept", []byte("x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	home := s.StatePath(profilesDir, perUser, "mallory")
	link := func(elem ...string) string {
		t.Helper()
		name := filepath.Join(append([]string{home}, elem...)...)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.Symlink(s.Physical(p), name)); err != nil {
			t.Fatal(err)
		}
		return name
	}
	want := []string{link("a", "b", "mine-1-link"), link("mine-1-link")}
	// Deeper than a path can be named, and nobody looks there.
	deep := home
	for strings.Count(deep, "/") < 40 {
		deep = filepath.Join(deep, strings.Repeat("d", 90))
	}
	link(strings.TrimPrefix(deep, home), "x-1-link")
	// A link to a folder is not gone through.
	if err := os.Symlink("/", filepath.Join(home, "everything")); err != nil {
		t.Fatal(err)
	}
	roots, err := s.Roots(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range roots {
		got = append(got, r.Link)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("roots %q, want %q", got, want)
	}
	w := linkWalk{ctx: ctx, found: func(string) bool { return false }}
	in := &userFolder{path: home, links: maxUserLinks - 2}
	var many *TooManyRootsError
	if err := w.folder(home, in); !errors.As(err, &many) || many.Folder != home {
		t.Errorf("too many: %v", err)
	}
}
