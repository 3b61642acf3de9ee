package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"fruix/image/tree"
	"fruix/image/ufs/ufscheck"
)

var freebsdUpdate = flag.Bool("update-freebsd", false, "write what the FreeBSD image holds to testdata/freebsd-root.golden")

const freebsdExample = "../../examples/minimal-freebsd.scm"

// freebsdFruix returns the program, with the programs for target systems in
// it: the one that FRUIX_BINARY names, or one that is built here.
func freebsdFruix(t *testing.T) string {
	t.Helper()
	if name := os.Getenv("FRUIX_BINARY"); name != "" {
		return name
	}
	if _, err := os.Stat("../internal/runtimes/blobs/manifest.json"); err != nil {
		t.Skip("needs the programs for target systems; run \"make\" first")
	}
	name := filepath.Join(freebsdDir(t), "fruix")
	out, err := exec.Command("go", "build", "-o", name, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return name
}

// freebsdDir makes a folder that other users can look into and that is removed
// with all its read-only folders.
func freebsdDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fruix-freebsd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				_ = os.Chmod(name, 0o700)
			}
			return nil
		})
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// freebsdRun is one run of the program.
type freebsdRun struct {
	program string
	root    string // where the store is
	base    string // FRUIX_FREEBSD_BASE
	dir     string // the working directory
	env     []string
	user    *syscall.Credential
}

// image makes the image that file declares and returns the results.
func (r *freebsdRun) image(t *testing.T, file string) (map[string]string, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, r.program, "system", "image", "--quiet", "--no-sync", "--root", r.root, file)
	c.Dir = r.dir
	c.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.root, "FRUIX_FREEBSD_BASE=" + r.base}, r.env...)
	if r.user != nil {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: r.user}
	}
	var out, messages bytes.Buffer
	c.Stdout, c.Stderr = &out, &messages
	err := c.Run()
	results := make(map[string]string)
	for line := range strings.Lines(out.String()) {
		if key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
			results[key] = value
		}
	}
	return results, messages.String(), err
}

// must is image for a run that is expected to work.
func (r *freebsdRun) must(t *testing.T, file string) map[string]string {
	t.Helper()
	results, messages, err := r.image(t, file)
	if err != nil {
		if strings.Contains(messages, "user namespace") {
			t.Skipf("needs root or user namespaces: %s", messages)
		}
		t.Fatalf("%v\n%s", err, messages)
	}
	return results
}

// freebsdAbsolute returns the absolute name of a file.
func freebsdAbsolute(t *testing.T, name string) string {
	t.Helper()
	abs, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// freebsdPartition is a partition as image.json describes it.
type freebsdPartition struct {
	Name        string
	Start, Size int64
}

func freebsdPartitions(t *testing.T, image string) map[string]freebsdPartition {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(image), "image.json"))
	if err != nil {
		t.Fatal(err)
	}
	var description struct{ Partitions []freebsdPartition }
	if err := json.Unmarshal(text, &description); err != nil {
		t.Fatal(err)
	}
	list := make(map[string]freebsdPartition)
	for _, p := range description.Partitions {
		list[p.Name] = p
	}
	return list
}

// TestFreeBSDImage makes the image of the example from a small base system and
// reads it back with programs and code that are not the writers'.
func TestFreeBSDImage(t *testing.T) {
	dir := freebsdDir(t)
	base := filepath.Join(dir, "base")
	freebsdBase(t, base)
	run := &freebsdRun{program: freebsdFruix(t), root: filepath.Join(dir, "root"), base: base}
	results := run.must(t, freebsdAbsolute(t, freebsdExample))
	image := results["disk_image"]

	t.Run("hash", func(t *testing.T) {
		f, err := os.Open(image)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != results["raw_sha256"] {
			t.Errorf("the image has SHA-256 %s, not %s", got, results["raw_sha256"])
		}
	})
	t.Run("table", func(t *testing.T) { freebsdCheckTable(t, image) })
	t.Run("esp", func(t *testing.T) { freebsdCheckESP(t, image, base) })
	t.Run("grub", func(t *testing.T) { freebsdCheckGRUB(t, image, base) })
	t.Run("root", func(t *testing.T) { freebsdCheckRoot(t, image, base, results["closure_path"], run.root) })
}

func freebsdPeer(t *testing.T, program, debianPackage string) string {
	t.Helper()
	for _, name := range []string{program, "/sbin/" + program, "/usr/sbin/" + program} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	t.Skipf("needs %s (Debian package %s)", program, debianPackage)
	return ""
}

func freebsdCheckTable(t *testing.T, image string) {
	sgdisk := freebsdPeer(t, "sgdisk", "gdisk")
	out, err := exec.Command(sgdisk, "--verify", image).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "No problems found") {
		t.Errorf("sgdisk --verify: %v\n%s", err, out)
	}
	for i, kind := range []string{"C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "516E7CB6-6ECF-11D6-8FF8-00022D09712B"} {
		out, err := exec.Command(sgdisk, fmt.Sprintf("--info=%d", i+1), image).CombinedOutput()
		if err != nil || !strings.Contains(string(out), kind) {
			t.Errorf("partition %d is not of type %s: %v\n%s", i+1, kind, err, out)
		}
	}
}

func freebsdCheckESP(t *testing.T, image, base string) {
	mcopy := freebsdPeer(t, "mcopy", "mtools")
	at := fmt.Sprintf("%s@@%d", image, freebsdPartitions(t, image)["ESP"].Start)
	got, err := exec.Command(mcopy, "-n", "-i", at, "::/EFI/BOOT/BOOTX64.EFI", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(base, "boot/loader.efi"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("BOOTX64.EFI has %d bytes that are not the %d of loader.efi", len(got), len(want))
	}
}

func freebsdCheckGRUB(t *testing.T, image, base string) {
	grub := freebsdPeer(t, "grub-fstest", "grub-common")
	for _, name := range []string{"boot/kernel/kernel", "boot/kernel/linker.hints", "boot/defaults/loader.conf"} {
		out, err := exec.Command(grub, image, "cmp", "(loop0,gpt2)/"+name, filepath.Join(base, name)).CombinedOutput()
		if err != nil || len(bytes.TrimSpace(out)) > 0 {
			t.Errorf("%s: %v %s", name, err, out)
		}
	}
	out, err := exec.Command(grub, image, "cat", "(loop0,gpt2)/boot/loader.conf").Output()
	if err != nil || !strings.Contains(string(out), "vfs.root.mountfrom=\"ufs:/dev/ufs/fruix-root\"\n") {
		t.Errorf("loader.conf: %v\n%s", err, out)
	}
}

// freebsdCheckRoot compares the root file system, as ufscheck reads it, which
// refuses one that fsck_ffs would find fault with, with the store on the host
// and with the golden description of the rest.
func freebsdCheckRoot(t *testing.T, image, base, system, store string) {
	f, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	part := freebsdPartitions(t, image)["root"]
	root, err := ufscheck.Read(io.NewSectionReader(f, part.Start, part.Size), part.Size)
	if err != nil {
		t.Fatal(err)
	}
	var rest strings.Builder
	items := make(map[string]*tree.Node)
	err = tree.Walk(root, func(name string, n *tree.Node, _ bool) error {
		inStore, ok := strings.CutPrefix(strings.TrimPrefix(name, "/"), "frx/store/")
		switch {
		case !ok:
			fmt.Fprintln(&rest, freebsdDescribe(t, name, n, base))
		case strings.HasPrefix(inStore, "."): // the store's own: see freebsdUseStore
		case !strings.Contains(inStore, "/"):
			items[inStore] = n
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	freebsdCheckStore(t, items, filepath.Base(system), filepath.Join(store, "frx/store"))
	freebsdUseStore(t, root, system, store)
	text := regexp.MustCompile(`/frx/store/[0-9a-z]{32}-`).ReplaceAllString(rest.String(), "/frx/store/HASH-")
	const golden = "testdata/freebsd-root.golden"
	if *freebsdUpdate {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, wanted := strings.Split(text, "\n"), strings.Split(string(want), "\n")
	for _, line := range got {
		if !slices.Contains(wanted, line) {
			t.Errorf("unexpected: %s", line)
		}
	}
	for _, line := range wanted {
		if !slices.Contains(got, line) {
			t.Errorf("missing:    %s", line)
		}
	}
}

// freebsdDescribe says in a line all there is to know of a file: what is a copy
// from the base system must have its bytes, and other contents are given.
func freebsdDescribe(t *testing.T, name string, n *tree.Node, base string) string {
	t.Helper()
	name = path.Join("/", name)
	line := fmt.Sprintf("%s %v %04o %d:%d %d", name, n.Kind, n.Mode, n.UID, n.GID, n.MTime)
	switch n.Kind {
	case tree.Symlink:
		return line + " -> " + n.Target
	case tree.File:
		body := freebsdRead(t, n)
		if same, err := os.ReadFile(base + name); err == nil && bytes.Equal(body, same) && strings.HasPrefix(name, "/boot/") {
			return line + " as in the base system"
		}
		return line + fmt.Sprintf(" %q", body)
	}
	return line
}

func freebsdRead(t *testing.T, n *tree.Node) []byte {
	t.Helper()
	if n.Content == nil {
		return nil
	}
	r, err := n.Content.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// freebsdCheckStore compares the items in an image with those of the host's
// store that can be reached from system by following the names in their bytes.
func freebsdCheckStore(t *testing.T, items map[string]*tree.Node, system, store string) {
	t.Helper()
	reached := freebsdReach(t, system, store)
	for name := range items {
		if !slices.Contains(reached, name) {
			t.Errorf("%s is in the image, though nothing refers to it", name)
		}
	}
	for _, name := range reached {
		n, ok := items[name]
		if !ok {
			t.Errorf("%s is not in the image", name)
			continue
		}
		// The two sides hang below a directory, since an item can be a file.
		host, err := tree.FromHost(store, tree.HostOptions{
			Owner: tree.FixedOwner(0, 0), MTime: tree.FixedTime(1),
			Leave: func(file string, _ tree.Kind) bool {
				top, _, _ := strings.Cut(strings.TrimPrefix(file, "/"), "/")
				return top != name
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		want, err := tree.Manifest(&tree.Node{Kind: tree.Dir, Mode: 0o755, Entries: host.Entries})
		if err != nil {
			t.Fatal(err)
		}
		got, err := tree.Manifest(&tree.Node{Kind: tree.Dir, Mode: 0o755, Entries: []tree.Entry{{Name: name, Node: n}}})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs:\n--- host\n%.2000s\n--- image\n%.2000s", name, want, got)
		}
	}
}

// freebsdUseStore works with the store of an image, as it would lie in a machine.
func freebsdUseStore(t *testing.T, root *tree.Node, system, from string) {
	t.Helper()
	dir := filepath.Join(newDir(t), "root")
	if _, err := tree.Extract(root, dir, tree.ExtractOptions{DropSetID: true}); err != nil {
		t.Fatal(err)
	}
	useStore(t, run{dir: dir, env: []string{"FRUIX_ROOT=" + dir, "HOME=" + scratch}}, dir, from, system)
}

// freebsdReach lists the items whose hashes occur in the item system and in
// what it refers to.
func freebsdReach(t *testing.T, system, store string) []string {
	t.Helper()
	entries, err := os.ReadDir(store)
	if err != nil {
		t.Fatal(err)
	}
	byHash := make(map[string]string)
	for _, e := range entries {
		if len(e.Name()) > 33 {
			byHash[e.Name()[:32]] = e.Name()
		}
	}
	pattern := regexp.MustCompile(`[0-9a-z]{32}`)
	reached := []string{system}
	for i := 0; i < len(reached); i++ {
		err := filepath.WalkDir(filepath.Join(store, reached[i]), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			var body []byte
			if d.Type() == fs.ModeSymlink {
				target, err := os.Readlink(name)
				if err != nil {
					return err
				}
				body = []byte(target)
			} else if body, err = os.ReadFile(name); err != nil {
				return err
			}
			for _, hash := range pattern.FindAll(body, -1) {
				if item, ok := byHash[string(hash)]; ok && !slices.Contains(reached, item) {
					reached = append(reached, item)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return reached
}

// TestFreeBSDReproducible makes the image twice under circumstances that must
// not matter.
func TestFreeBSDReproducible(t *testing.T) {
	dir := freebsdDir(t)
	program := freebsdFruix(t)
	first := &freebsdRun{program: program, root: filepath.Join(dir, "one"), base: filepath.Join(dir, "base"), env: []string{"TZ=UTC", "LANG=C", "LC_ALL=C"}}
	freebsdBase(t, first.base)
	want := first.must(t, freebsdAbsolute(t, freebsdExample))

	// The same again from another folder, of another user where that can be.
	second := &freebsdRun{program: program, root: filepath.Join(dir, "of somebody", "two"), base: filepath.Join(dir, "other", "base"), dir: filepath.Join(dir, "other"),
		env: []string{"TZ=Asia/Kathmandu", "LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8"}}
	old := syscall.Umask(0o077)
	freebsdBase(t, second.base)
	syscall.Umask(old)
	text, err := os.ReadFile(freebsdExample)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(second.dir, "os.scm")
	if err := os.WriteFile(copied, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(second.root, 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 && freebsdMayUnshare() {
		second.user = &syscall.Credential{Uid: 65534, Gid: 65534}
		for _, top := range []string{second.root, filepath.Dir(second.root), second.dir} {
			err := filepath.WalkDir(top, func(name string, _ fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				return os.Lchown(name, 65534, 65534)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	} else {
		t.Log("made twice by one user: needs root, and user namespaces for others")
	}
	old = syscall.Umask(0o027)
	defer syscall.Umask(old)
	got := second.must(t, "os.scm")
	for _, key := range []string{"closure_path", "image_store_path", "raw_sha256", "image_size_bytes"} {
		if got[key] != want[key] || got[key] == "" {
			t.Errorf("%s is %q the first time, %q the second", key, want[key], got[key])
		}
	}
}

// freebsdMayUnshare tells whether users other than root can make user
// namespaces here.
func freebsdMayUnshare() bool {
	c := exec.Command("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc", "true")
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	return c.Run() == nil
}

// TestFreeBSDSets makes the image from release sets.
func TestFreeBSDSets(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	dir := freebsdDir(t)
	sets := filepath.Join(dir, "sets")
	if err := os.Mkdir(sets, 0o755); err != nil {
		t.Fatal(err)
	}
	freebsdSets(t, sets)
	base := filepath.Join(dir, "base")
	freebsdBase(t, base)
	run := &freebsdRun{program: freebsdFruix(t), root: filepath.Join(dir, "root"), base: sets}
	results := run.must(t, freebsdAbsolute(t, freebsdExample))
	image := results["disk_image"]
	t.Run("esp", func(t *testing.T) { freebsdCheckESP(t, image, base) })
	t.Run("root", func(t *testing.T) { freebsdCheckRoot(t, image, base, results["closure_path"], run.root) })
}

// TestFreeBSDBaseErrors gives no base system, or one that is not whole.
func TestFreeBSDBaseErrors(t *testing.T) {
	dir := freebsdDir(t)
	program := freebsdFruix(t)
	for _, test := range []struct {
		name    string
		base    func(t *testing.T, dir string) string
		message string
	}{
		{"none", func(*testing.T, string) string { return "" }, "set FRUIX_FREEBSD_BASE to a directory"},
		{"absent", func(_ *testing.T, dir string) string { return dir + "/nowhere" }, "is no FreeBSD base system"},
		{"empty", func(_ *testing.T, dir string) string { return dir }, "has no bin/sh"},
		{"no loader", func(t *testing.T, dir string) string {
			freebsdBase(t, dir)
			if err := os.Remove(filepath.Join(dir, "boot/loader.efi")); err != nil {
				t.Fatal(err)
			}
			return dir
		}, "lacks boot/loader.efi, which freebsd-bootloader needs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			baseDir := filepath.Join(dir, strings.ReplaceAll(test.name, " ", "-"))
			if err := os.Mkdir(baseDir, 0o755); err != nil {
				t.Fatal(err)
			}
			run := &freebsdRun{program: program, root: filepath.Join(dir, "root"), base: test.base(t, baseDir)}
			_, messages, err := run.image(t, freebsdAbsolute(t, freebsdExample))
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("ended with %v, not with status 1", err)
			}
			if !strings.Contains(messages, test.message) {
				t.Errorf("%q is not in:\n%s", test.message, messages)
			}
		})
	}
}
