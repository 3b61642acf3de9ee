package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fruix/store"
)

// TestURLsAnew: a daemon fetches from the servers that are named when it is asked.
func TestURLsAnew(t *testing.T) {
	f := newFlags("daemon", "", "")
	f.addWorkFlags()
	root := t.TempDir()
	if err := f.parse([]string{"--root=" + root}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeTree(root) })
	s := &session{env: &environment{stderr: os.Stderr, getenv: func(string) string { return "" }, uid: os.Geteuid()}, flags: f}
	d, err := s.newDaemon(t.Context(), daemonOptions{}, false)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, configDir, urlsFile)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]string{nil, {"http://one"}, {"http://two", "http://three"}} {
		text := ""
		for _, u := range want {
			text += u + "\n"
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := d.config.URLs(); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
}

func TestWaitText(t *testing.T) {
	for want, w := range map[string]store.Wait{
		"waiting for /frx/store/x, which process 7 is adding":          {Path: "/frx/store/x", Holder: "process 7"},
		"waiting for /frx/store/x, which somebody else is adding":      {Path: "/frx/store/x"},
		"waiting until process 7 has changed the profile /p":           {Profile: "/p", Holder: "process 7"},
		"waiting until process 7 has written to the store's database":  {Database: true, Holder: "process 7"},
		"waiting until somebody else is done with the store's journal": {Journal: true},
		// This wait may have no end, and it is said what to do.
		"waiting until the store's database is no longer used by process 7; what does not end by itself must be ended; a \"fruix daemon\" uses it as long as a client does": {Users: true, Holder: "process 7"},
	} {
		if got := waitText(w); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
