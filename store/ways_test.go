package store_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"fruix/store"
)

// TestRootsByOtherNames: a link keeps what it leads to, whatever names the directories
// on its way have there, and is found to be gone only when it is.
func TestRootsByOtherNames(t *testing.T) {
	ctx, top := t.Context(), scratch(t)
	real, other := filepath.Join(top, "real"), filepath.Join(top, "other")
	var text string
	closed(t, real, func(s *store.Store) { text = must(s.AddText(ctx, "kept", nil, nil))(t) })
	base := filepath.Base(text)
	auto := filepath.Join(real, "frx/var/fruix/gcroots/auto/x")
	for name, to := range map[string]string{
		other:                               "real",
		filepath.Join(top, "objects"):       "other/frx/store",
		filepath.Join(top, "through"):       filepath.Join(top, "objects", base),
		filepath.Join(real, "home"):         "/usr/home", // as on the machine whose root directory it is
		filepath.Join(top, "loop"):          "loop",
		filepath.Join(real, "usr/home/abs"): text,
		filepath.Join(real, "usr/home/rel"): "../../frx/store/" + base,
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.Symlink(to, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		link string // in auto
		to   string // what it says; "" when link leads to the object itself
		kept bool
	}{
		{"/frx//store/" + base, "", true},
		{"/frx/var/../store/" + base, "", true},
		{real + "/./frx/store/" + base, "", true},
		{other + "/frx/store/" + base + "/bin/x", "", true},
		{other + "/frx/var/../store/" + base, "", true},
		{top + "/objects/" + base, "", true},
		{top + "/objects/./" + base, "", true},
		{"../../../../../../objects/" + base, "", true},
		{top + "/through/bin/x", "", true},
		{top + "/link", other + "/frx/store/" + base, true},
		{top + "/link", "objects/" + base, true},
		{top + "/link", "through", true},
		{other + "/link", "../objects/" + base, true},
		{"/home/abs", "", true},
		{"/home/rel", "", true},
		{top + "/loop", "", false},
		{top + "/loop/" + base, "", false},
		{top + "/" + base, "", false},
		{top + "/nowhere/../objects/" + base, "", false},
		{top + "/objects", "", false},
		{top + "/objects/.links/" + base, "", false},
		{top + "/link", "nowhere", false},
		{"/home/nothing", "", false},
	} {
		for _, root := range []string{real, other} {
			name := fmt.Sprintf("%s -> %s, root %s", test.link, test.to, root)
			if err := os.Symlink(test.link, auto); err != nil {
				t.Fatal(err)
			}
			if test.to != "" {
				if err := os.Symlink(test.to, test.link); err != nil {
					t.Fatal(err)
				}
			}
			s := open(t, root)
			roots := must(s.Roots(ctx))(t)
			if kept := len(roots) == 1 && roots[0].Target == text; kept != test.kept || len(roots) > 1 {
				t.Errorf("%s: roots %+v", name, roots)
			}
			if test.kept {
				if got := must(s.Collect(ctx, store.CollectOptions{}))(t); len(got.Paths) != 0 {
					t.Fatalf("%s: collected %v", name, got.Paths)
				}
				if _, err := os.Lstat(auto); err != nil && test.to != "" {
					t.Errorf("%s: the indirect root is gone: %v", name, err)
				}
			}
			s.Close()
			if err := os.Remove(auto); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			if test.to != "" {
				if err := os.Remove(test.link); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	// What a person names leads to the object as well.
	s := open(t, real)
	for name, inside := range map[string]string{"other/frx/store/" + base + "/a/../b": "/b", "through": "", "objects/" + base: ""} {
		if o, in, err := s.Find(filepath.Join(top, name)); o != text || in != inside || err != nil {
			t.Errorf("%s is %q in %s, %v", name, in, o, err)
		}
	}
}

// TestGenerationsByAnotherName: who has made a profile by one name of the store's
// directory does not lose it to a collection that goes by another.
func TestGenerationsByAnotherName(t *testing.T) {
	ctx, top := t.Context(), scratch(t)
	real, other := filepath.Join(top, "real"), filepath.Join(top, "other")
	if err := errors.Join(os.Mkdir(real, 0o755), os.Symlink("real", other)); err != nil {
		t.Fatal(err)
	}
	var want []string
	closed(t, other, func(s *store.Store) {
		for i, p := range []string{"/frx/var/fruix/profiles/system", filepath.Join(top, "mine"), filepath.Join(other, "frx/var/fruix/profiles/mine")} {
			text := must(s.AddText(ctx, fmt.Sprint(i), nil, nil))(t)
			must(s.SetProfile(ctx, p, text))(t)
			want = append(want, text)
		}
	})
	slices.Sort(want)
	s := open(t, real)
	must(s.Collect(ctx, store.CollectOptions{}))(t)
	if got := must(s.All(ctx))(t); !slices.Equal(got, want) {
		t.Errorf("%v are left of %v", got, want)
	}
}

// TestRunningByAnotherName: the kernel tells what programs use by the names that the
// directories have without links.
func TestRunningByAnotherName(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere the list of processes may be empty in a jail")
	}
	ctx, root := t.Context(), scratch(t)
	objects := filepath.Join(root, "objects")
	err := errors.Join(os.Mkdir(objects, 0o755), os.Mkdir(filepath.Join(root, "frx"), 0o755), os.Symlink("../objects", filepath.Join(root, "frx/store")))
	if err != nil {
		t.Fatal(err)
	}
	var dir string
	closed(t, root, func(s *store.Store) {
		tree := filepath.Join(root, "tree")
		grow(t, tree, map[string]string{"f": "of " + t.Name()})
		dir = must(s.AddPath(ctx, "dir", tree, store.AddOptions{Recursive: true}))(t)
	})
	cmd := exec.Command("sleep", "60")
	cmd.Dir = filepath.Join(objects, filepath.Base(dir))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	var alive *store.AliveError
	if _, err := open(t, root).Delete(ctx, []string{dir}, store.CollectOptions{}); !errors.As(err, &alive) || !strings.Contains(alive.Root, fmt.Sprint("process ", cmd.Process.Pid)) {
		t.Errorf("deleted what a program uses: %v", err)
	}
}

// TestRootsMovedAway: the administrator may keep the folders of roots and profiles on
// another disk, and put links where they were.
func TestRootsMovedAway(t *testing.T) {
	ctx := t.Context()
	for _, moved := range []string{"gcroots", "gcroots/auto", "profiles", "profiles/per-user", "profiles/per-user/me", "profiles/per-user/one"} {
		top := scratch(t)
		root := filepath.Join(top, "root")
		grow(t, filepath.Join(top, "folder"), map[string]string{"f": "1"})
		closed(t, root, func(s *store.Store) {
			folder := must(s.AddPath(ctx, "folder", filepath.Join(top, "folder"), store.AddOptions{Recursive: true}))(t)
			if err := os.Symlink(folder, s.StatePath("profiles/per-user/one")); err != nil {
				t.Fatal(err)
			}
			for i, p := range []string{"profiles/system", "profiles/per-user/me/p", "gcroots/one"} {
				text := must(s.AddText(ctx, fmt.Sprint(i), nil, nil))(t)
				if strings.HasPrefix(p, "profiles") {
					must(s.SetProfile(ctx, s.StatePath(p), text))(t)
				} else if err := os.Symlink(text, s.StatePath(p)); err != nil {
					t.Fatal(err)
				}
			}
			indirect := must(s.AddText(ctx, "indirect", nil, nil))(t)
			if err := s.AddRoot(ctx, filepath.Join(top, "link"), indirect); err != nil {
				t.Fatal(err)
			}
			must(s.AddText(ctx, "dead", nil, nil))(t)
		})
		was, disk := filepath.Join(root, "frx/var/fruix", moved), filepath.Join(top, "disk")
		if err := errors.Join(os.Rename(was, disk), os.Symlink(disk, was)); err != nil {
			t.Fatal(err)
		}
		if got := must(open(t, root).Collect(ctx, store.CollectOptions{}))(t); len(got.Paths) != 1 {
			t.Errorf("%s is a link: collected %v", moved, got.Paths)
		}
	}
}
