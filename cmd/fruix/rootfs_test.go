package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestRootfs makes the tree of the example as root and as an ordinary user.
func TestRootfs(t *testing.T) {
	l := linuxImage(t)
	dir := newDir(t)
	env := []string{"FRUIX_ROOT=" + l.root, "HOME=" + dir}
	example, err := filepath.Abs(linuxExample)
	if err != nil {
		t.Fatal(err)
	}
	tree := filepath.Join(dir, "tree")
	r := run{dir: dir, env: env}
	got := r.must(t, "system", "rootfs", "--no-sync", example, "tree")
	if got["rootfs"] != tree || got["closure_path"] != l.results["closure_path"] {
		t.Errorf("results: %v", got)
	}
	checkRootfs(t, tree, got["closure_path"], os.Geteuid() == 0)
	manifest, err := os.ReadFile(got["manifest"])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"current-system", "shadow", "alice"} {
		if !bytes.Contains(manifest, []byte(name)) {
			t.Errorf("%q is not in the manifest", name)
		}
	}

	t.Run("not into a folder with files", func(t *testing.T) {
		before, _ := os.ReadDir(tree)
		_, messages, code := r.fruix(t, "system", "rootfs", "--no-sync", example, "tree")
		if code != 1 || !strings.Contains(messages, "empty") {
			t.Errorf("exit %d: %s", code, messages)
		}
		if after, _ := os.ReadDir(tree); len(after) != len(before) {
			t.Error("the folder has changed")
		}
	})
	t.Run("as an ordinary user", func(t *testing.T) {
		home, r := ordinary(t)
		r.env = append(r.env, "FRUIX_SOURCES="+l.sources)
		got := r.must(t, "system", "rootfs", "--no-sync", example, "tree")
		checkRootfs(t, filepath.Join(home, "tree"), l.results["closure_path"], false)
		same, err := os.ReadFile(got["manifest"])
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(same, manifest) {
			t.Error("the manifest differs from root's")
		}
	})
}

// checkRootfs looks at a tree that was made for system.
func checkRootfs(t *testing.T, dir, system string, owners bool) {
	t.Helper()
	for _, want := range []struct {
		name     string
		mode     fs.FileMode
		target   string // of a link
		text     string // in a file
		uid, gid uint32
	}{
		{name: "run/current-system", mode: fs.ModeSymlink | 0o777, target: system},
		{name: "etc/hosts", mode: fs.ModeSymlink | 0o777, target: "/run/current-system/etc/hosts"},
		{name: "etc/passwd", mode: 0o644, text: "alice:x:1000:100:Alice:/home/alice:/bin/sh\n"},
		{name: "etc/shadow", mode: 0o600, text: "alice:$6$"},
		{name: "tmp", mode: fs.ModeDir | fs.ModeSticky | 0o777},
		{name: "root", mode: fs.ModeDir | 0o700},
		{name: "home/alice", mode: fs.ModeDir | 0o700, uid: 1000, gid: 100},
		{name: "frx/store", mode: fs.ModeDir | fs.ModeSticky | 0o775, gid: 35000},
		{name: strings.TrimPrefix(system, "/"), mode: fs.ModeDir | 0o555},
	} {
		name := filepath.Join(dir, want.name)
		info, err := os.Lstat(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if info.Mode() != want.mode {
			t.Errorf("%s: mode %v, want %v", want.name, info.Mode(), want.mode)
		}
		if target, _ := os.Readlink(name); target != want.target {
			t.Errorf("%s: link to %q, want %q", want.name, target, want.target)
		}
		if want.text != "" {
			body, err := os.ReadFile(name)
			if err != nil || !strings.Contains(string(body), want.text) {
				t.Errorf("%s holds %q, %v", want.name, body, err)
			}
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && owners && (st.Uid != want.uid || st.Gid != want.gid) {
			t.Errorf("%s belongs to %d:%d, want %d:%d", want.name, st.Uid, st.Gid, want.uid, want.gid)
		}
	}
}

// TestRootfsInterrupted stops the program at several instants; no tree may be
// left, and the next run works.
func TestRootfsInterrupted(t *testing.T) {
	l := linuxImage(t)
	example, err := filepath.Abs(linuxExample)
	if err != nil {
		t.Fatal(err)
	}
	dir := newDir(t)
	for _, after := range []time.Duration{20, 60, 120, 200, 300} {
		complete := interrupted(t, dir, l.root, example, after*time.Millisecond)
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if complete {
			break // later instants are after the end, too
		}
		for _, e := range entries {
			t.Errorf("after %v ms there is %s", int(after), e.Name())
		}
	}
	run{dir: dir, env: []string{"FRUIX_ROOT=" + l.root, "HOME=" + dir}}.
		must(t, "system", "rootfs", "--no-sync", example, "next")
}

// interrupted runs "fruix system rootfs" and sends it SIGINT after a while. It
// reports whether the run was through before.
func interrupted(t *testing.T, dir, root, example string, after time.Duration) (complete bool) {
	t.Helper()
	c := exec.Command(binary(t), "system", "rootfs", "-q", "--no-sync", example, "tree")
	c.Dir = dir
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "FRUIX_ROOT=" + root, "HOME=" + t.TempDir()}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = c.Process.Signal(os.Interrupt) })
	defer timer.Stop()
	return c.Wait() == nil
}
