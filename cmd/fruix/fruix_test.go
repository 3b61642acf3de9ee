package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const linuxExample = "../../examples/minimal-linux.scm"

// program gives the path of the program under test, and the reason why there
// is none.
var program = sync.OnceValues(func() (path, lack string) {
	if name := os.Getenv("FRUIX_BINARY"); name != "" {
		return name, ""
	}
	if _, err := os.Stat("../internal/runtimes/blobs/manifest.json"); err != nil {
		return "", "needs the programs for target systems; run \"make\" first"
	}
	// The folder is TestMain's to remove.
	name := filepath.Join(scratch, "bin", "fruix")
	build := exec.Command("go", "build", "-o", name, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Sprintf("go build: %v\n%s", err, out)
	}
	return name, ""
})

// scratch is a folder that every user may look into.
var scratch string

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "fruix-test-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	scratch = dir
	defer removeTree(dir)
	return m.Run()
}

// removeTree removes dir and the read-only folders in it.
func removeTree(dir string) {
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(name, 0o700)
		}
		return nil
	})
	_ = os.RemoveAll(dir)
}

// newDir makes a folder of which all users may use what is below.
func newDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(scratch, "")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeTree(dir) })
	return dir
}

// binary is the program under test.
func binary(t *testing.T) string {
	t.Helper()
	path, lack := program()
	if lack != "" {
		t.Skip(lack)
	}
	return path
}

// run is one run of the program.
type run struct {
	dir   string   // working directory
	env   []string // beside PATH
	user  *syscall.Credential
	umask string // such as 077; "" keeps the test's
	limit time.Duration
}

// fruix runs the program and returns its output, its messages and its exit
// code.
func (r run) fruix(t *testing.T, args ...string) (out, messages string, code int) {
	t.Helper()
	limit := r.limit
	if limit == 0 {
		limit = 3 * time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	words := append([]string{binary(t)}, args...)
	if r.umask != "" {
		words = append([]string{"sh", "-c", "umask " + r.umask + "; exec \"$@\"", "sh"}, words...)
	}
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	c.Dir = r.dir
	c.Env = append([]string{"PATH=" + os.Getenv("PATH")}, r.env...)
	if r.user != nil {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: r.user}
	}
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	if ctx.Err() != nil {
		t.Fatalf("fruix %q takes longer than %v\n%s", args, limit, stderr.String())
	}
	if c.ProcessState == nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), c.ProcessState.ExitCode()
}

// must is fruix for a run that is expected to work; it returns the results.
func (r run) must(t *testing.T, args ...string) map[string]string {
	t.Helper()
	out, messages, code := r.fruix(t, args...)
	if code != 0 {
		if r.user != nil && strings.Contains(messages, "user namespace") {
			t.Skipf("needs user namespaces for ordinary users: %s", messages)
		}
		t.Fatalf("fruix %q: exit %d\n%s", args, code, messages)
	}
	results := make(map[string]string)
	for line := range strings.Lines(out) {
		if key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
			results[key] = value
		}
	}
	return results
}

// linuxSystem is the example, built once for all tests: the root of the store
// and the results of "fruix system image".
type linuxSystem struct {
	root    string
	results map[string]string
	// sources is a folder with the files that the example's packages are
	// made from, by name.
	sources string
}

var (
	linuxOnce sync.Once
	linux     *linuxSystem
)

// linuxImage builds the example when no test has done so before.
func linuxImage(t *testing.T) *linuxSystem {
	t.Helper()
	binary(t)
	linuxOnce.Do(func() {
		root := filepath.Join(scratch, "linux")
		env := []string{"FRUIX_ROOT=" + root, "HOME=" + scratch}
		if s := os.Getenv("FRUIX_SOURCES"); s != "" {
			env = append(env, "FRUIX_SOURCES="+s)
		}
		r := run{env: env}.must(t, "system", "image", "--no-sync", "-M", "4", linuxExample)
		linux = &linuxSystem{root: root, results: r, sources: filepath.Join(scratch, "sources")}
		linux.collect(t)
	})
	if linux == nil {
		t.Fatal("the example was not built")
	}
	return linux
}

// collect copies the packages' sources out of the store.
func (l *linuxSystem) collect(t *testing.T) {
	t.Helper()
	if err := os.Mkdir(l.sources, 0o755); err != nil {
		t.Fatal(err)
	}
	items, err := filepath.Glob(filepath.Join(l.root, "frx/store/*.deb"))
	if err != nil || len(items) == 0 {
		t.Fatalf("no sources in the store: %v", err)
	}
	for _, item := range items {
		body, err := os.ReadFile(item)
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(filepath.Base(item), "-")
		if err := os.WriteFile(filepath.Join(l.sources, name), body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
