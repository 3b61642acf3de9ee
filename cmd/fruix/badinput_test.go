package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

var badUpdate = flag.Bool("update-bad", false, "write what the commands of testdata/bad say to these files")

// badProgram builds the program once for all tests of bad input.
var badProgram = sync.OnceValues(func() (string, error) {
	if name := os.Getenv("FRUIX_BINARY"); name != "" {
		return filepath.Abs(name)
	}
	dir, err := os.MkdirTemp("", "fruix-bad")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	name := filepath.Join(dir, "fruix")
	c := exec.Command("go", "build", "-o", name, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return name, nil
})

func badFruix(t *testing.T) string {
	t.Helper()
	name, err := badProgram()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// badHasRuntimes reports whether the program holds the programs for target
// systems, without which no operating system can be declared.
func badHasRuntimes() bool {
	_, err := os.Stat("../internal/runtimes/blobs/manifest.json")
	return err == nil || os.Getenv("FRUIX_BINARY") != ""
}

// badRun runs a shell command line in dir with a store of its own below root.
// It returns the exit code and what was written to standard error.
func badRun(t *testing.T, dir, root, command string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	c.Dir = dir
	c.Env = []string{
		"PATH=" + filepath.Dir(badFruix(t)) + ":" + os.Getenv("PATH"), "HOME=" + root, "FRUIX_ROOT=" + root, "FRUIX_ARCHIVES=none", "LANG=C.UTF-8",
		// Whatever is not found at once fails, instead of being fetched.
		"http_proxy=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9",
	}
	var out, messages bytes.Buffer
	c.Stdout, c.Stderr = &out, &messages
	c.WaitDelay = 5 * time.Second
	err := c.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		t.Fatalf("%s: it takes too long\n%s", command, &messages)
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	return code, out.String(), messages.String()
}

var (
	badStoreName = regexp.MustCompile(`/frx/store/[0-9a-z]{32}-`)
	badDuration  = regexp.MustCompile(`(?m) in [0-9.]+m?s$`)
	badBacktrace = regexp.MustCompile(`(?ms)^backtrace \(innermost first\):\n(?:  .*?\n)*`)
)

// badNormal takes out of a message what differs between machines.
func badNormal(dir, s string) string {
	s = strings.ReplaceAll(s, dir, "$DIR")
	s = badStoreName.ReplaceAllString(s, "/frx/store/$$HASH-")
	s = badDuration.ReplaceAllString(s, " in $$TIME")
	return badBacktrace.ReplaceAllString(s, "")
}

// TestBadInput makes every mistake of testdata/bad and compares what is said
// about it. The comment of an archive is the command line.
func TestBadInput(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program some hundred times")
	}
	names, err := filepath.Glob("testdata/bad/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no cases", err)
	}
	badFruix(t)
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			if strings.Contains(name, "/os-") && !badHasRuntimes() {
				t.Skip("needs the programs for target systems; run \"make\" first")
			}
			t.Parallel()
			badCase(t, name)
		})
	}
}

func badCase(t *testing.T, name string) {
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := freebsdDir(t)
	root := freebsdDir(t)
	want := ""
	var files []txtar.File
	for _, f := range a.Files {
		if f.Name == "stderr" {
			want = string(f.Data)
			continue
		}
		files = append(files, f)
		to := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	code, stdout, stderr := badRun(t, dir, root, string(a.Comment))
	got := fmt.Sprintf("%sexit %d\n", badNormal(dir, stderr), code)
	if strings.Contains(stderr, "user namespace") {
		t.Skipf("needs root or user namespaces: %s", stderr)
	}
	if code != 1 && code != 2 {
		t.Errorf("exit code %d", code)
	}
	if stdout != "" {
		t.Errorf("a failed command printed a result: %s", stdout)
	}
	for _, raw := range []string{"goroutine ", "exit status", "internal error", "runtime error", "panic", ".go:"} {
		if strings.Contains(stderr, raw) {
			t.Errorf("the message speaks of %q:\n%s", raw, stderr)
		}
	}
	if n := strings.Count(got, "\n"); n > 40 {
		t.Errorf("%d lines do not fit on a screen", n)
	}
	if *badUpdate {
		a.Files = append(files, txtar.File{Name: "stderr", Data: []byte(got)})
		if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("%s\ngot:\n%s\nwant:\n%s", a.Comment, got, want)
	}
}
