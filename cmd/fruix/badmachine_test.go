//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// badImage is a command that makes an image of a base system that lies on this
// machine.
func badImage(t *testing.T, root string) *exec.Cmd {
	t.Helper()
	if !badHasRuntimes() {
		t.Skip("needs the programs for target systems; run \"make\" first")
	}
	base := freebsdDir(t)
	freebsdBase(t, base)
	return badImageOf(t, root, base)
}

func badImageOf(t *testing.T, root, base string) *exec.Cmd {
	t.Helper()
	c := exec.Command(badFruix(t), "system", "image", "--no-sync", "--root", root, freebsdAbsolute(t, freebsdExample))
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + root, "FRUIX_FREEBSD_BASE=" + base}
	c.Dir = base
	return c
}

// badTmpfs mounts an empty file system of so many MiB.
func badTmpfs(t *testing.T, size int) (dir string, grow func(size int)) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount a small file system")
	}
	dir = freebsdDir(t)
	options := func(size int) string { return fmt.Sprintf("size=%dm,mode=755", size) }
	if err := syscall.Mount("none", dir, "tmpfs", 0, options(size)); err != nil {
		t.Skipf("needs to mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir, func(size int) {
		t.Helper()
		if err := syscall.Mount("none", dir, "tmpfs", syscall.MS_REMOUNT, options(size)); err != nil {
			t.Fatal(err)
		}
	}
}

// badEnd runs c and returns its exit code and its messages.
func badEnd(t *testing.T, c *exec.Cmd) (code int, stdout, stderr string) {
	t.Helper()
	var out, messages bytes.Buffer
	c.Stdout, c.Stderr = &out, &messages
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), out.String(), messages.String()
}

// TestBadFullDisk lets the disk fill up while a package and an image are
// built, then makes room.
func TestBadFullDisk(t *testing.T) {
	small := filepath.Join(freebsdDir(t), "big.scm")
	if err := os.WriteFile(small, []byte(`
(use-modules (guix gexp))
(computed-file "big"
  #~(call-with-output-file #$output
      (lambda (port)
        (let ((block (make-string 65536 #\x)))
          (let loop ((n 0))
            (when (< n 512)
              (display block port)
              (loop (+ n 1))))))))
`), 0o644); err != nil {
		t.Fatal(err)
	}
	check := func(t *testing.T, code int, stdout, stderr string) {
		t.Helper()
		if code != 1 || stdout != "" || !strings.Contains(strings.ToLower(stderr), "no space") {
			t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
		}
		if strings.Contains(stderr, "goroutine ") {
			t.Errorf("a trace:\n%s", stderr)
		}
	}
	t.Run("build", func(t *testing.T) {
		root, grow := badTmpfs(t, 12)
		run := func() (int, string, string) {
			c := exec.Command(badFruix(t), "build", "--no-sync", "--root", root, "-f", small)
			c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + root, "TMPDIR=" + root}
			return badEnd(t, c)
		}
		code, stdout, stderr := run()
		check(t, code, stdout, stderr)
		badNoRemains(t, root)
		grow(200)
		if code, stdout, stderr := run(); code != 0 || !strings.HasSuffix(stdout, "-big\n") {
			t.Errorf("with more room: exit code %d\n%s%s", code, stdout, stderr)
		}
	})
	t.Run("image", func(t *testing.T) {
		root, grow := badTmpfs(t, 4)
		first := badImage(t, root)
		base := first.Dir
		code, stdout, stderr := badEnd(t, first)
		check(t, code, stdout, stderr)
		for _, size := range []int{10, 20, 30, 40, 50} {
			grow(size)
			code, stdout, stderr := badEnd(t, badImageOf(t, root, base))
			if code == 0 {
				break
			}
			check(t, code, stdout, stderr)
			badNoRemains(t, root)
		}
		grow(2000)
		if code, stdout, stderr := badEnd(t, badImageOf(t, root, base)); code != 0 || !strings.Contains(stdout, "raw_sha256=") {
			t.Errorf("with more room: exit code %d\n%s%s", code, stdout, stderr)
		}
	})
}

var badItem = regexp.MustCompile(`^[0-9a-z]{32}-`)

// badNoRemains finds what a failed command left in the store half-written:
// whatever has no store name.
func badNoRemains(t *testing.T, root string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, "frx/store"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() == ".tmp" { // where items are written before they get their names
			inside, err := os.ReadDir(filepath.Join(root, "frx/store/.tmp"))
			if err != nil || len(inside) > 0 {
				t.Errorf("left in the store: %v %v", inside, err)
			}
			continue
		}
		if !badItem.MatchString(e.Name()) && e.Name() != ".links" && e.Name() != ".fruix-id" && e.Name() != ".fruix-journal" {
			t.Errorf("left in the store: %s", e.Name())
		}
		if strings.HasSuffix(e.Name(), ".lock") {
			t.Errorf("left in the store: %s", e.Name())
		}
	}
}

// badProcesses lists the processes whose command line or environment names
// dir.
func badProcesses(dir string) []string {
	var found []string
	names, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range names {
		line, _ := os.ReadFile(p + "/cmdline")
		environ, _ := os.ReadFile(p + "/environ")
		if bytes.Contains(line, []byte(dir)) || bytes.Contains(environ, []byte(dir)) {
			found = append(found, p+" "+strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// TestBadInterrupt ends a command that makes an image in the middle, by
// Control-C and by force, at several moments.
func TestBadInterrupt(t *testing.T) {
	root := freebsdDir(t)
	first := badImage(t, root)
	base := first.Dir
	// The first instant is as early as a program listens here: it takes this long to say
	// its version.
	begun := time.Now()
	if err := exec.Command(binary(t), "--version").Run(); err != nil {
		t.Fatal(err)
	}
	soonest := 50 + 2*time.Duration(time.Since(begun).Milliseconds())
	for _, delay := range []time.Duration{soonest, soonest + 250, soonest + 750} {
		for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
			c := badImageOf(t, root, base)
			var messages bytes.Buffer
			c.Stderr = &messages
			c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(delay * time.Millisecond)
			if err := c.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			sent := time.Now()
			err := c.Wait()
			if err == nil {
				continue // it was done before
			}
			if strings.Contains(messages.String(), "user namespace") {
				t.Skipf("needs root or user namespaces: %s", &messages)
			}
			if took := time.Since(sent); took > 20*time.Second {
				t.Errorf("%v after %v ms: it took %v to end", signal, int(delay), took)
			}
			if signal == syscall.SIGINT {
				if code := c.ProcessState.ExitCode(); code != 130 {
					t.Errorf("interrupted after %d ms: exit code %d\n%s", int(delay), code, &messages)
				}
				if !strings.HasSuffix(messages.String(), "interrupted\n") {
					t.Errorf("interrupted after %d ms: %s", int(delay), &messages)
				}
			}
			left := badProcesses(root)
			for end := time.Now().Add(2 * time.Second); len(left) > 0 && time.Now().Before(end); left = badProcesses(root) {
				time.Sleep(20 * time.Millisecond)
			}
			if len(left) > 0 {
				t.Errorf("%v after %d ms left processes: %q", signal, int(delay), left)
			}
		}
	}
	if code, stdout, stderr := badEnd(t, badImageOf(t, root, base)); code != 0 || !strings.Contains(stdout, "raw_sha256=") {
		t.Errorf("afterwards: exit code %d\n%s%s", code, stdout, stderr)
	}
	badNoRemains(t, root)
}

// badSpy is a builder that tries to see and change what is not its own, and
// writes down what it got.
const badSpy = `
(use-modules (guix gexp))
(define input (plain-file "input" "text"))
(computed-file "spy"
  #~(begin
      (define (try name thunk)
        (format #t "SPY ~a ~a~%" name
                (catch #t
                  (lambda () (if (thunk) "yes" "no"))
                  (lambda (key . _)
                    (if (eq? key 'unbound-variable) "cannot-try" "no")))))
      (try "host-file" (lambda () (file-exists? "HOSTFILE")))
      (try "home" (lambda () (file-exists? "HOSTHOME")))
      (try "passwd" (lambda () (string-contains
                                (call-with-input-file "/etc/passwd" get-string-all)
                                "daemon:")))
      (try "shadow" (lambda () (file-exists? "/etc/shadow")))
      (try "undeclared-item" (lambda () (file-exists? "UNDECLARED")))
      (try "input-write" (lambda ()
                           (close-port (open-file #$input "a"))
                           #t))
      (try "input-chmod" (lambda () (chmod #$input #o666) #t))
      (try "input-delete" (lambda () (delete-file #$input) #t))
      (try "store-write" (lambda ()
                           (call-with-output-file "/frx/store/00000000000000000000000000000000-x"
                             (lambda (port) (display "x" port)))
                           (file-exists? "HOSTSTORE/00000000000000000000000000000000-x")))
      (try "other-process" (lambda () (file-exists? "/proc/HOSTPID")))
      (try "signal-host" (lambda () (kill HOSTPID 0) #t))
      (try "root" (lambda () (zero? (getuid))))
      (try "devices" (lambda () (or (file-exists? "/dev/mem") (file-exists? "/dev/sda")
                                    (file-exists? "/dev/kmsg"))))
      (try "network" (lambda ()
                       (string-contains
                        (call-with-input-file "/proc/net/dev" get-string-all)
                        "eth")))
      (try "environment" (lambda () (getenv "BAD_SECRET")))
      (try "output" (lambda () (mkdir #$output) #t))))
`

// TestBadBuilder runs a builder that looks around, as root and as an ordinary
// user: it finds nothing but what it was given.
func TestBadBuilder(t *testing.T) {
	for _, user := range []string{"root", "ordinary"} {
		t.Run(user, func(t *testing.T) {
			if os.Geteuid() != 0 && user == "root" {
				t.Skip("needs root")
			}
			dir := freebsdDir(t)
			root := filepath.Join(dir, "root")
			if err := os.Mkdir(root, 0o755); err != nil {
				t.Fatal(err)
			}
			secret := filepath.Join(dir, "secret")
			undeclared := filepath.Join(root, "frx/store")
			text := strings.NewReplacer("HOSTFILE", secret, "HOSTHOME", dir, "HOSTSTORE", undeclared,
				"UNDECLARED", undeclared, "HOSTPID", fmt.Sprint(os.Getpid())).Replace(badSpy)
			file := filepath.Join(dir, "spy.scm")
			for name, body := range map[string]string{secret: "secret", file: text} {
				if err := os.WriteFile(name, []byte(body), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			c := exec.Command(badFruix(t), "build", "-v", "3", "--no-sync", "--root", root, "-f", file)
			c.Dir = dir
			c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "BAD_SECRET=1"}
			if user == "ordinary" && os.Geteuid() == 0 {
				if err := os.Chown(root, 23456, 23456); err != nil {
					t.Fatal(err)
				}
				c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 23456, Gid: 23456}}
			}
			code, stdout, stderr := badEnd(t, c)
			if strings.Contains(stderr, "user namespace") {
				t.Skipf("needs user namespaces: %s", stderr)
			}
			if code != 0 || !strings.HasSuffix(stdout, "-spy\n") {
				t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
			}
			seen := 0
			for _, m := range regexp.MustCompile(`SPY (\S+) (yes|no|cannot-try)`).FindAllStringSubmatch(stderr, -1) {
				seen++
				if want := map[bool]string{true: "yes", false: "no"}[m[1] == "output"]; m[2] != want {
					t.Errorf("%s: %s", m[1], m[2])
				}
			}
			if want := strings.Count(badSpy, "(try \""); seen != want {
				t.Errorf("%d of %d attempts were made\n%s", seen, want, stderr)
			}
			if text, err := os.ReadFile(secret); err != nil || string(text) != "secret" {
				t.Error("the host's file was changed", err)
			}
		})
	}
}
