package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// An ordinary user and group of no particular account.
const ordinaryID = 12345

// ordinary makes a home for an ordinary user. Tests that start programs as
// another user need root.
func ordinary(t *testing.T) (home string, r run) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to run the program as another user")
	}
	home = filepath.Join(newDir(t), "home of a user")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, ordinaryID, ordinaryID); err != nil {
		t.Fatal(err)
	}
	r = run{
		dir: home, umask: "077",
		user: &syscall.Credential{Uid: ordinaryID, Gid: ordinaryID},
		env:  []string{"HOME=" + home, "XDG_DATA_HOME=" + home + "/data", "TMPDIR=/tmp", "TZ=Asia/Tokyo", "LC_ALL=tr_TR.UTF-8", "LANG=C"},
	}
	return home, r
}

// TestSameForAll builds one declaration in two ways that differ in all that
// must not matter: who builds, where, from which file, with which sources'
// folder, in what order, in which time zone and language.
func TestSameForAll(t *testing.T) {
	l := linuxImage(t)
	home, r := ordinary(t)
	text, err := os.ReadFile(linuxExample)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(home, "other name.scm")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	r.env = append(r.env, "FRUIX_SOURCES="+l.sources)
	got := r.must(t, "system", "image", "--no-sync", "-M", "1", "other name.scm")
	for _, key := range []string{"closure_path", "image_store_path", "raw_sha256", "image_size_bytes", "store_item_count"} {
		if got[key] != l.results[key] || got[key] == "" {
			t.Errorf("%s is %q, and for root %q", key, got[key], l.results[key])
		}
	}
	if !strings.HasPrefix(got["disk_image"], home+"/data/") {
		t.Errorf("the user's image is %s, not in the user's data folder", got["disk_image"])
	}
}
