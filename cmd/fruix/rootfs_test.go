package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"fruix/store/journal"
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

	t.Run("on that machine", func(t *testing.T) { useInside(t, l, example) })
	t.Run("store", func(t *testing.T) {
		useStore(t, run{dir: dir, env: []string{"FRUIX_ROOT=" + tree, "HOME=" + dir}}, tree, l.root, got["closure_path"])
	})
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
		r.env = append(r.env, "FRUIX_ROOT="+filepath.Join(home, "tree"))
		useStore(t, r, filepath.Join(home, "tree"), l.root, got["closure_path"])
	})
}

// useStore works with the store in a tree that holds a system, which the store below
// from has composed. r uses it.
func useStore(t *testing.T, r run, tree, from, system string) {
	t.Helper()
	composer := run{env: []string{"FRUIX_ROOT=" + from, "HOME=" + scratch}}
	items := strings.Fields(composer.ok(t, "store", "requisites", system))
	known := composer.ok(t, append([]string{"store", "path-info", "--json"}, items...)...)
	const first = "made the database of the store, which came with an image: "
	got, messages, code := r.fruix(t, append([]string{"store", "path-info", "--json"}, items...)...)
	if code != 0 || !strings.Contains(messages, fmt.Sprintf("%s%d objects", first, len(items))) {
		t.Fatalf("exit %d: %s", code, messages)
	}
	compareKnown(t, got, known)
	before := storeNames(t, tree)
	if len(before) != len(items) {
		t.Errorf("%d items, of which %d are known", len(before), len(items))
	}
	dead := strings.TrimSpace(r.ok(t, "store", "add", filepath.Join(tree, "etc/passwd")))
	out, messages, code := r.fruix(t, "gc")
	if code != 0 || strings.TrimSpace(out) != dead || strings.Contains(messages, first) {
		t.Errorf("gc: exit %d, deleted %q, want %q\n%s", code, out, dead, messages)
	}
	if after := storeNames(t, tree); !slices.Equal(after, before) {
		t.Errorf("after a collection there is %q, before there was %q", after, before)
	}
	r.ok(t, "store", "verify", "--check-contents")
	// A store that has been used is not taken for a new one.
	if err := os.RemoveAll(filepath.Join(tree, "frx/var/fruix/db")); err != nil {
		t.Fatal(err)
	}
	_, messages, code = r.fruix(t, "gc")
	if code != 1 || !strings.Contains(messages, "fruix store rebuild") {
		t.Errorf("without a database: exit %d: %s", code, messages)
	}
	r.ok(t, "store", "rebuild")
	if out := r.ok(t, "gc"); out != "" {
		t.Errorf("after a rebuild a collection deletes %q", out)
	}
	if after := storeNames(t, tree); !slices.Equal(after, before) {
		t.Errorf("after a rebuild there is %q, before there was %q", after, before)
	}
}

// compareKnown holds what the store of a tree knows to what that knew which made it.
func compareKnown(t *testing.T, got, want string) {
	t.Helper()
	var known, wanted []pathInfo
	if err := errors.Join(json.Unmarshal([]byte(got), &known), json.Unmarshal([]byte(want), &wanted)); err != nil {
		t.Fatal(err)
	}
	for i := range wanted {
		wanted[i].Deriver, wanted[i].ContentAddress, wanted[i].Registered = "", "", "1970-01-01T00:00:01Z"
	}
	if !reflect.DeepEqual(known, wanted) {
		t.Errorf("known is\n%+v\nand should be\n%+v", known, wanted)
	}
}

// storeNames are the names of what lies in the store of a tree, which need not be there
// yet.
func storeNames(t *testing.T, tree string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(tree, "frx/store"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

// useInside runs the program within the tree, as it would run on the machine.
func useInside(t *testing.T, l *linuxSystem, example string) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to enter the tree")
	}
	dir := newDir(t)
	run{dir: dir, env: []string{"FRUIX_ROOT=" + l.root, "HOME=" + dir}}.must(t, "system", "rootfs", "-q", "--no-sync", example, "tree")
	tree := filepath.Join(dir, "tree")
	program, err := os.ReadFile(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tree, "root/fruix"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	before := storeNames(t, tree)
	inside := func(args ...string) (out, messages string) {
		t.Helper()
		c := exec.Command("/root/fruix", args...)
		c.Dir, c.Env = "/root", []string{"HOME=/root"}
		c.SysProcAttr = &syscall.SysProcAttr{Chroot: tree}
		var stdout, stderr bytes.Buffer
		c.Stdout, c.Stderr = &stdout, &stderr
		if err := c.Run(); err != nil {
			t.Fatalf("fruix %q: %v\n%s", args, err, stderr.String())
		}
		return stdout.String(), stderr.String()
	}
	if out, messages := inside("gc"); out != "" || !strings.Contains(messages, "made the database of the store") {
		t.Errorf("the first collection deleted %q and said: %s", out, messages)
	}
	// Each of the two roots alone keeps the system.
	roots, _ := inside("gc", "--list-roots")
	for _, root := range []string{"/frx/var/fruix/gcroots/current-system", "/frx/var/fruix/profiles/system-1-link"} {
		if !strings.Contains(roots, root) {
			t.Errorf("%s is not among the roots:\n%s", root, roots)
		}
		if err := os.Rename(filepath.Join(tree, root), filepath.Join(tree, "root/link")); err != nil {
			t.Fatal(err)
		}
		if out, _ := inside("gc"); out != "" {
			t.Errorf("without %s a collection deletes %q", root, out)
		}
		if err := os.Rename(filepath.Join(tree, "root/link"), filepath.Join(tree, root)); err != nil {
			t.Fatal(err)
		}
	}
	if out, _ := inside("package", "-p", "/frx/var/fruix/profiles/system", "--list-generations"); !strings.Contains(out, "1") {
		t.Errorf("generations of the system: %q", out)
	}
	inside("store", "verify")
	if after := storeNames(t, tree); !slices.Equal(after, before) {
		t.Errorf("there is %q, before there was %q", after, before)
	}
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
// left, and the next run works. Where it is killed, no store may be left that is taken
// for whole.
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
	r := run{dir: dir, env: []string{"FRUIX_ROOT=" + l.root, "HOME=" + dir}}
	r.must(t, "system", "rootfs", "--no-sync", example, "next")
	all := len(storeNames(t, filepath.Join(dir, "next")))
	for _, objects := range []int{1, all / 2, all} {
		t.Run(fmt.Sprintf("killed at object %d", objects), func(t *testing.T) { r.killed(t, example, objects) })
	}
}

// killed kills "fruix system rootfs" when there are so many objects, and looks at what
// is left.
func (r run) killed(t *testing.T, example string, objects int) {
	t.Helper()
	r.dir = newDir(t)
	b := r.begin(t, "system", "rootfs", "-q", "--no-sync", example, "tree")
	go func() {
		for range b.lines {
		}
	}()
	tree := filepath.Join(r.dir, "tree")
	for late := time.Now().Add(3 * time.Minute); len(storeNames(t, tree)) < objects; {
		if time.Now().After(late) {
			t.Fatal("there is no tree")
		}
		time.Sleep(time.Millisecond)
	}
	_ = b.Process.Kill() // it may have ended
	_ = b.Wait()
	_, err := os.Lstat(filepath.Join(tree, "frx/store", journal.MarkFile))
	if marked := err == nil; !marked {
		// What is there is nothing that a command could use.
		run{dir: r.dir, env: []string{"FRUIX_ROOT=" + tree, "HOME=" + r.dir}}.refused(t, "fruix store rebuild", "gc")
		return
	}
	run{dir: r.dir, env: []string{"FRUIX_ROOT=" + tree, "HOME=" + r.dir}}.ok(t, "store", "verify", "--check-contents")
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
