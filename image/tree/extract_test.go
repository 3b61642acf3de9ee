package tree

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample holds one of everything that an ordinary user may make, owned by
// that user.
func sample() *Node {
	uid, gid := uint32(os.Geteuid()), uint32(os.Getegid())
	own := func(n *Node, mode uint32, mtime int64) *Node {
		n.UID, n.GID, n.Mode, n.MTime = uid, gid, mode, mtime
		return n
	}
	twice := own(&Node{Kind: File, Content: Text("two names\n")}, 0o4755, 12345)
	link := own(&Node{Kind: Symlink, Target: "../no where"}, 0o777, 77)
	sparse := make([]byte, 300000)
	copy(sparse[200000:], "data")
	return own(dir(
		Entry{"closed", own(dir(Entry{"in", own(file("x"), 0, 0)}), 0o555, 1)},
		Entry{"empty", own(&Node{Kind: File}, 0o400, -100)},
		Entry{"emptydir", own(dir(), 0o1777, 4000000000)},
		Entry{"fifo", own(&Node{Kind: Fifo}, 0o622, 5)},
		Entry{"link", link},
		Entry{"odd \\#*?[name]\n\xff=", own(file("odd"), 0o666, 6)},
		Entry{"sparse", own(&Node{Kind: File, Content: stretch{sparse, []Extent{{200000, 4}}}}, 0o640, 7)},
		Entry{"sub", own(dir(Entry{"second", twice}), 0o750, 8)},
		Entry{"twice", twice},
	), 0o755, 9)
}

func mustManifest(t testing.TB, root *Node) string {
	t.Helper()
	b, err := Manifest(root)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestManifestGolden(t *testing.T) {
	root := sample()
	Walk(root, func(_ string, n *Node, _ bool) error { n.UID, n.GID = 3, 4; return nil })
	root.Entries = append(root.Entries, Entry{"null", &Node{Kind: CharDevice, Mode: 0o666, Major: 1, Minor: 3}})
	got := mustManifest(t, root)
	golden := filepath.Join("testdata", "manifest.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for i, j := 0, len(root.Entries)-1; i < j; i, j = i+1, j-1 {
		root.Entries[i], root.Entries[j] = root.Entries[j], root.Entries[i]
	}
	// So do the first names of hard links.
	if mustManifest(t, root) != got {
		t.Error("the order of entries shows in the manifest")
	}
}

func TestManifestShortContent(t *testing.T) {
	if _, err := Manifest(dir(Entry{"f", &Node{Content: short{Bytes("x")}, Kind: File}})); err == nil || !strings.Contains(err.Error(), `"f"`) {
		t.Error(err)
	}
}

func TestExtractRoundTrip(t *testing.T) {
	old := unix.Umask(0o077)
	defer unix.Umask(old)
	root := sample()
	target := filepath.Join(t.TempDir(), "rootfs")
	res, err := Extract(root, target, ExtractOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { clearTarget(target, true, 0) })
	if !res.Complete() {
		t.Errorf("not applied: %+v", res)
	}
	if os.Geteuid() != 0 {
		// Files without the read bit cannot be looked into.
		os.Chmod(filepath.Join(target, "closed", "in"), 0o400)
		root.Entries[0].Node.Entries[0].Node.Mode = 0o400
	}
	back, err := FromHost(target, HostOptions{Holes: HolesFromHost})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := mustManifest(t, back), mustManifest(t, root); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if path, err := exec.LookPath("mtree"); err != nil {
		t.Log("no mtree here (Debian package mtree-netbsd): not compared with it")
	} else {
		cmd := exec.Command(path, "-p", target)
		cmd.Stdin = strings.NewReader(mustManifest(t, root))
		if out, err := cmd.CombinedOutput(); err != nil || len(out) != 0 {
			t.Errorf("mtree finds differences: %v\n%s", err, out)
		}
	}
}

// Another's files, and devices, as root and as someone else.
func TestExtractOwners(t *testing.T) {
	root := dir(
		Entry{"a", &Node{Kind: File, Mode: 0o6755, UID: 12345, GID: 54321}},
		Entry{"d", &Node{Kind: Dir, Mode: 0o755, UID: 12345, GID: 54321, Entries: []Entry{
			{"null", &Node{Kind: CharDevice, Mode: 0o666, Major: 1, Minor: 3}},
		}}},
	)
	target := filepath.Join(t.TempDir(), "rootfs")
	res, err := Extract(root, target, ExtractOptions{DropSetID: true})
	if err != nil {
		t.Fatal(err)
	}
	want := Extracted{}
	if os.Geteuid() != 0 {
		want = Extracted{Owners: []string{".", "a", "d"}, SetID: []string{"a"}, Missing: []string{"d/null"}}
	} else if reflect.DeepEqual(res.Missing, []string{"d/null"}) {
		t.Skip("root may not make devices here (in a container)")
	}
	if !reflect.DeepEqual(res, want) {
		t.Errorf("not applied: %+v, want %+v", res, want)
	}
	if os.Geteuid() != 0 {
		return
	}
	back, err := FromHost(target, HostOptions{})
	if err != nil {
		t.Fatal(err)
	}
	back.MTime, root.MTime = 0, 0
	if got, want := mustManifest(t, back), mustManifest(t, root); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestExtractLast: what says that the tree is whole comes when it is, and on the disk.
func TestExtractLast(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tree")
	root := sample()
	closed := root.Entries[0].Node // its mode forbids writing
	mark := file("whole")
	mark.UID, mark.GID, mark.Mode, mark.MTime = closed.UID, closed.GID, 0o444, 3
	closed.Entries = append([]Entry{{".mark.part", closed.Entries[0].Node}, {"mark", mark}}, closed.Entries...)
	want := mustManifest(t, root)
	name := filepath.Join(dir, "closed/mark")
	var steps []string
	step := func(what string) {
		_, err := os.Lstat(name)
		if there := err == nil; there {
			what += ", mark"
		}
		if steps == nil || steps[len(steps)-1] != what {
			steps = append(steps, what)
		}
	}
	o := ExtractOptions{
		Last:     func(path string) bool { return path == "closed/mark" },
		Progress: func(int64) { step("file") },
		Sync: func(synced string) error {
			if synced != dir {
				t.Errorf("%s is synced", synced)
			}
			step("sync")
			return nil
		},
	}
	if _, err := Extract(root, dir, o); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(steps, "; "); got != "file; sync; sync, mark" {
		t.Errorf("steps: %s", got)
	}
	back, err := FromHost(dir, HostOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := mustManifest(t, back); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := clearTarget(dir, true, 0); err != nil {
		t.Fatal(err)
	}
	// What cannot be synced is not there.
	broken := errors.New("broken")
	o.Sync = func(string) error { return broken }
	if _, err := Extract(root, dir, o); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if _, err := os.Lstat(dir); err == nil {
		t.Error("it is left")
	}
}

func TestExtractFailures(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "precious"), []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Extract(dir(), full, ExtractOptions{}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("full folder: %v", err)
	}
	if _, err := Extract(dir(), filepath.Join(full, "precious"), ExtractOptions{}); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("file: %v", err)
	}
	if _, err := Extract(dir(), filepath.Join(full, "no", "parent"), ExtractOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no parent: %v", err)
	}
	if b, _ := os.ReadFile(filepath.Join(full, "precious")); string(b) != "x" {
		t.Error("a file that was there is gone")
	}

	bad := dir(
		Entry{"a", &Node{Kind: Dir, Mode: 0, Entries: []Entry{{"f", file("x")}}}},
		Entry{"b", &Node{Kind: File, Content: short{Bytes("x")}}},
	)
	fresh := filepath.Join(t.TempDir(), "new")
	if _, err := Extract(bad, fresh, ExtractOptions{}); err == nil {
		t.Error("a short content was extracted")
	}
	if _, err := os.Lstat(fresh); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left behind after a failure: %v", err)
	}
	empty := t.TempDir()
	os.Chmod(empty, 0o711)
	if _, err := Extract(bad, empty, ExtractOptions{}); err == nil {
		t.Error("a short content was extracted")
	}
	left, _ := os.ReadDir(empty)
	if info, err := os.Stat(empty); err != nil || info.Mode().Perm() != 0o711 || len(left) != 0 {
		t.Errorf("folder after a failure: %v, %v, %v", info, left, err)
	}
	stop, n := errors.New("stop"), 0
	_, err := Extract(sample(), fresh, ExtractOptions{Stop: func() error {
		if n++; n > 5 {
			return stop
		}
		return nil
	}})
	if !errors.Is(err, stop) {
		t.Errorf("stopped: %v", err)
	}
	if _, err := os.Lstat(fresh); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left behind after a stop: %v", err)
	}
}

func TestFromHostOptions(t *testing.T) {
	host := t.TempDir()
	for _, name := range []string{"keep", "drop"} {
		if err := os.WriteFile(filepath.Join(host, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	root, err := FromHost(host, HostOptions{Owner: FixedOwner(1, 2), MTime: FixedTime(1),
		Leave: func(path string, kind Kind) bool { return path == "drop" && kind == File }})
	if err != nil {
		t.Fatal(err)
	}
	got := mustManifest(t, root)
	if strings.Contains(got, "drop") || strings.Count(got, "uid=1 gid=2") != 2 || strings.Count(got, "time=1.0") != 2 {
		t.Error(got)
	}
	if _, err := FromHost(filepath.Join(host, "keep"), HostOptions{}); err == nil {
		t.Error("a file was taken for a folder")
	}
	if _, err := FromHost(filepath.Join(host, "none"), HostOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
}

// A name that mtree would take for something else comes back as it was.
func TestMtreeEscape(t *testing.T) {
	if got := mtreeEscape("a b#*\\\xff\n="); got != `a\040b\043\052\134\377\012=` {
		t.Error(got)
	}
	if !bytes.Equal([]byte(mtreeEscape("plain-1.0_~+,")), []byte("plain-1.0_~+,")) {
		t.Error("a plain name was changed")
	}
}
