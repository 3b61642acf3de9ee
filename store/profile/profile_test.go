package profile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func at(t *testing.T, path string) *Profile {
	t.Helper()
	p, err := At(path, Options{})
	must(t, err)
	return p
}

// state writes a profile as "1:a 2:b*", the current generation with a star.
func state(t *testing.T, p *Profile) string {
	t.Helper()
	list, err := p.Generations()
	must(t, err)
	var words []string
	for _, g := range list {
		w := fmt.Sprintf("%d:%s", g.Number, g.Target)
		if g.Current {
			w += "*"
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

func TestGenerations(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	p := at(t, filepath.Join(dir, "per-user", "me", "pro-file"))
	add := func(target string) { t.Helper(); _, err := p.Add(ctx, target); must(t, err) }
	expect := func(want string) {
		t.Helper()
		if got := state(t, p); got != want {
			t.Errorf("state %q, want %q", got, want)
		}
	}
	expect("")
	if _, err := p.RollBack(ctx); err == nil || !strings.Contains(err.Error(), "no such generation before") {
		t.Error(err)
	}
	add("a")
	add("a")
	add("b")
	add("c")
	expect("1:a 2:b 3:c*")
	if to, err := os.Readlink(p.Path()); err != nil || to != "pro-file-3-link" {
		t.Errorf("link %q %v", to, err)
	}
	// Names that look alike belong to others.
	for _, name := range []string{"other-9-link", "pro-file-x-link", "pro-file-0-link", "pro-file-04-link", "pro-file-9-link.new", "y-pro-file-8-link"} {
		must(t, os.Symlink("x", filepath.Join(filepath.Dir(p.Path()), name)))
	}
	must(t, os.WriteFile(p.Path()+"-77-link", nil, 0o644))
	_, err := p.RollBack(ctx)
	must(t, err)
	expect("1:a 2:b* 3:c")
	_, err = p.Switch(ctx, 3)
	must(t, err)
	var none *NoGenerationError
	if _, err := p.Switch(ctx, 7); !errors.As(err, &none) || none.Number != 7 {
		t.Error(err)
	}
	_, err = p.Switch(ctx, 1)
	must(t, err)
	expect("1:a* 2:b 3:c")
	if _, err := p.RollBack(ctx); !errors.As(err, &none) {
		t.Error(err)
	}
	// The history is linear.
	add("d")
	expect("1:a 2:d*")
	add("e")
	gone, err := p.Delete(ctx, func(list []Generation) []Generation { return list })
	must(t, err)
	if len(gone) != 2 || gone[0].Number != 1 {
		t.Errorf("deleted %v", gone)
	}
	expect("3:e*")
	add("f")
	expect("3:e 4:f*")
}

func TestNoProfile(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	must(t, os.WriteFile(file, nil, 0o644))
	must(t, os.Symlink("/elsewhere-3-link", link))
	for _, path := range []string{file, link} {
		if _, err := at(t, path).Add(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "is no profile") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := At("x-1-link", Options{}); err == nil {
		t.Error("a generation is taken for a profile")
	}
	if p, ok := Of("/a/b-c-12-link"); p != "/a/b-c" || !ok {
		t.Errorf("%q %v", p, ok)
	}
	for _, name := range []string{"/a/-1-link", "/a/b-1-link/c", "/a/b-1", "/a/b-99999999999-link"} {
		if p, ok := Of(name); ok {
			t.Errorf("%s is a generation of %s", name, p)
		}
	}
}

// Many add at once: each generation is one that somebody added, none is lost, and
// the link leads to a generation all the time.
func TestTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "profile")
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	_, err := at(t, path).Add(ctx, "first")
	must(t, err)
	wg.Go(func() {
		for ctx.Err() == nil {
			to, err := os.Readlink(path)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := os.Lstat(filepath.Join(filepath.Dir(path), to)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	var adders sync.WaitGroup
	for i := range 4 {
		adders.Go(func() {
			p, err := At(path, Options{})
			for j := range 10 {
				if err == nil {
					_, err = p.Add(ctx, fmt.Sprint(i, "-", j))
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	adders.Wait()
	cancel()
	wg.Wait()
	list, err := at(t, path).Generations()
	must(t, err)
	if len(list) != 41 || !list[40].Current {
		t.Errorf("%d generations", len(list))
	}
}

func TestLocked(t *testing.T) {
	p := at(t, filepath.Join(t.TempDir(), "profile"))
	unlock, err := p.lock(t.Context())
	must(t, err)
	defer unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := p.Add(ctx, "x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestPatterns(t *testing.T) {
	now := time.Unix(1e9, 0)
	const day = 24 * time.Hour
	var list []Generation
	for i, age := range []time.Duration{100 * day, 40 * day, 20 * day, 8 * day, 2 * day, 5 * time.Hour, 0} {
		list = append(list, Generation{Number: i + 1, Time: now.Add(-age)})
	}
	for _, tt := range []struct {
		text string
		old  bool
		want string // numbers, or a part of the error
	}{
		{"3", false, "3"},
		{"1,7,2", false, "1 2 7"},
		{"9", false, ""},
		{"2..4", false, "2 3 4"},
		{"5..", false, "5 6 7"},
		{"..2", false, "1 2"},
		{"0..1", false, "1"},
		{"1m", true, "1 2"},
		{"1m", false, "3 4 5 6 7"},
		{"2w", true, "1 2 3"},
		{"8d", true, "1 2 3"},
		{"7d", true, "1 2 3 4"},
		{"12h", true, "1 2 3 4 5"},
		{"30s", true, "1 2 3 4 5 6"},
		{"0d", true, "1 2 3 4 5 6"},
		{"999999m", true, "error: names no generations"},
		{"", false, "error: names no generations"},
		{"..", false, "error: names no generations"},
		{"4..2", false, "error: names no generations"},
		{"1,,2", false, "error: names no generations"},
		{"-1", false, "error: names no generations"},
		{"1d2", false, "error: names no generations"},
		{"1y", false, "error: names no generations"},
		{"99999999999999999999", false, "error: names no generations"},
	} {
		p, err := ParsePattern(tt.text, tt.old)
		got := ""
		if err != nil {
			got = "error: " + err.Error()
			if want, isError := strings.CutPrefix(tt.want, "error: "); !isError || !strings.Contains(got, want) {
				t.Errorf("%s: %s", tt.text, got)
			}
			continue
		}
		for _, g := range p(list, now) {
			got = strings.TrimSpace(fmt.Sprint(got, " ", g.Number))
		}
		if got != tt.want {
			t.Errorf("%q %v: %q, want %q", tt.text, tt.old, got, tt.want)
		}
	}
}

// The time of a generation is that of its link.
func TestTime(t *testing.T) {
	p := at(t, filepath.Join(t.TempDir(), "profile"))
	g, err := p.Add(t.Context(), "x")
	must(t, err)
	old := time.Unix(1000, 0)
	ts := []unix.Timespec{{Sec: old.Unix()}, {Sec: old.Unix()}}
	must(t, unix.UtimesNanoAt(unix.AT_FDCWD, g.Link, ts, unix.AT_SYMLINK_NOFOLLOW))
	list, err := p.Generations()
	must(t, err)
	if !list[0].Time.Equal(old) {
		t.Errorf("time %v", list[0].Time)
	}
	if n := len(OlderThan(time.Hour)(list, old.Add(2*time.Hour))); n != 1 {
		t.Errorf("%d chosen", n)
	}
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{"1,2", "2..9", "10d", "..", "1m"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, old bool) {
		if p, err := ParsePattern(text, old); err == nil {
			p([]Generation{{Number: 1, Time: time.Unix(5, 0)}, {Number: 2}}, time.Unix(7, 0))
		}
	})
}
