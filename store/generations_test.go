package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fruix/store"
)

// Generations are roots, wherever their profile lies; those that are deleted are
// not any more.
func TestProfilesAreRoots(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	elsewhere := filepath.Join(root, "mine", "profile")
	const system = "/frx/var/fruix/profiles/system"
	var a, b, c string
	closed(t, root, func(s *store.Store) {
		a = must(s.AddText(ctx, "a", []byte("a"), nil))(t)
		b = must(s.AddText(ctx, "b", []byte("b"), []string{a}))(t)
		c = must(s.AddText(ctx, "c", []byte("c"), nil))(t)
		for _, path := range []string{elsewhere, system} {
			for _, object := range []string{b, c, c} {
				must(s.SetProfile(ctx, path, object))(t)
			}
		}
		var invalid *store.NotValidError
		if _, err := s.SetProfile(ctx, system, b[:len(b)-1]+"x"); !errors.As(err, &invalid) {
			t.Errorf("error %v", err)
		}
	})
	live := func(without ...string) []string {
		s := open(t, root)
		return must(s.Liveness(ctx, store.CollectOptions{Without: without}))(t).Live
	}
	all := slices.Sorted(slices.Values([]string{a, b, c}))
	if got := live(); !slices.Equal(got, all) {
		t.Errorf("live %v", got)
	}
	inside := filepath.Join(root, system)
	old := []string{elsewhere + "-1-link", inside + "-1-link"}
	if got := live(old...); !slices.Equal(got, []string{c}) {
		t.Errorf("live without the old generations: %v", got)
	}
	if got := live(old[0]); !slices.Equal(got, all) {
		t.Errorf("live without one of them: %v", got)
	}
	s := open(t, root)
	want := slices.Sorted(slices.Values([]string{elsewhere, inside}))
	if got := must(s.Profiles(ctx))(t); !slices.Equal(got, want) {
		t.Errorf("profiles %v", got)
	}
	// The link leads to what the current generation holds.
	for _, path := range want {
		if got := must(os.ReadFile(path))(t); string(got) != "c" {
			t.Errorf("%s holds %q", path, got)
		}
	}
	for _, link := range old {
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
	}
	done := must(s.Collect(ctx, store.CollectOptions{}))(t)
	if !slices.Equal(done.Paths, []string{b, a}) {
		t.Errorf("collected %v", done.Paths)
	}
}
