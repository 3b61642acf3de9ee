package builder_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"fruix/builder"
	"fruix/builder/buildtest"
	"fruix/builder/builtin"
	"fruix/builder/local"
	"fruix/store/drv"
	"fruix/store/hash"
)

// apartTable is what the test binary runs in processes apart. What is hostile in it has
// the words of the derivation: the name of a secret, and the process that has started it.
var apartTable = builtin.Table{
	"look": {Pack: func(err error) []byte { return []byte(err.Error()) }, Run: func(_ context.Context, c *builtin.Call) error {
		secret, caller := c.Request.Env["secret"], c.Request.Env["caller"]
		pid, err := strconv.Atoi(caller)
		if err != nil {
			return err
		}
		groups, err := unix.Getgroups()
		if err != nil || len(groups) > 0 || os.Getuid() != os.Geteuid() || os.Getuid() < local.FirstBuildUser {
			return fmt.Errorf("it runs as %d (%d), in %v, %v", os.Getuid(), os.Geteuid(), groups, err)
		}
		if os.Getgid() != os.Getuid() || os.Getegid() != os.Getgid() {
			return fmt.Errorf("its group is %d (%d)", os.Getgid(), os.Getegid())
		}
		if _, err := os.ReadFile(secret); !errors.Is(err, os.ErrPermission) {
			return fmt.Errorf("the secret: %v", err)
		}
		if err := os.WriteFile(filepath.Join(filepath.Dir(secret), "planted"), nil, 0o666); !errors.Is(err, os.ErrPermission) {
			return fmt.Errorf("planting: %v", err)
		}
		if err := unix.Kill(pid, unix.SIGCONT); err == nil {
			return errors.New("it can signal the caller")
		}
		if err := unix.Setreuid(0, 0); err == nil {
			return errors.New("it has become root")
		}
		if v := os.Getenv("HOME"); v != "" {
			return fmt.Errorf("HOME is %s", v)
		}
		// What it leaves behind holds its descriptors, and changes the output.
		if err := leave(c); err != nil {
			return err
		}
		c.Fetched("here", 1, 2)
		fmt.Fprintln(c.Log, "it is", os.Getuid())
		return os.WriteFile(c.Output("out"), []byte(c.Request.Env["text"]), 0o644)
	}},
	"fail": {Pack: func(err error) []byte { return []byte(err.Error()) }, Run: func(context.Context, *builtin.Call) error {
		return errors.New("it must be so")
	}},
	"move": {Pack: func(err error) []byte { return []byte(err.Error()) }, Run: func(_ context.Context, c *builtin.Call) error {
		// A link in the place of the build folder would have root move what is behind it.
		if err := os.Chdir(".."); err != nil {
			return err
		}
		dirs, err := os.ReadDir(".")
		if err != nil || len(dirs) != 1 {
			return fmt.Errorf("beside the build folder are %v, %v", dirs, err)
		}
		base := dirs[0].Name()
		if err := os.Rename(base, base+"-away"); err == nil {
			return os.Symlink(filepath.Dir(c.Request.Env["secret"]), base)
		}
		if err := os.WriteFile("planted", nil, 0o666); !errors.Is(err, os.ErrPermission) {
			return fmt.Errorf("planting beside the build folder: %v", err)
		}
		if err := os.Chmod(".", 0o777); !errors.Is(err, os.ErrPermission) {
			return fmt.Errorf("opening the folder above: %v", err)
		}
		return os.WriteFile(filepath.Join(base, c.Output("out")), []byte(c.Request.Env["text"]), 0o644)
	}},
	"bounds": {Pack: func(err error) []byte { return []byte(err.Error()) }, Run: func(_ context.Context, c *builtin.Call) error {
		for resource, want := range map[int]uint64{unix.RLIMIT_DATA: apartMemory, unix.RLIMIT_NPROC: apartProcesses, unix.RLIMIT_CORE: 1} {
			var l unix.Rlimit
			if err := unix.Getrlimit(resource, &l); err != nil || l.Cur != want || l.Max != want {
				return fmt.Errorf("the limit of resource %d is %v, %v", resource, l, err)
			}
		}
		status, err := os.ReadFile("/proc/thread-self/status")
		if err != nil || !strings.Contains(string(status), "\nNoNewPrivs:\t1\n") {
			return fmt.Errorf("its state: %v\n%s", err, status)
		}
		// What it leaves behind must not make anybody its user.
		name := c.Output("left")
		if err := errors.Join(os.WriteFile(name, nil, 0o755), os.Chmod(name, 0o755)); err != nil {
			return err
		}
		if err := unix.Chmod(name, 0o4755); !errors.Is(err, os.ErrPermission) {
			return fmt.Errorf("a set-user-id program: %v", err)
		}
		if ipc, err := os.Readlink("/proc/self/ns/ipc"); err != nil || ipc == c.Request.Env["ipc"] {
			return fmt.Errorf("its shared memory is the machine's: %s, %v", ipc, err)
		}
		os.Remove(name)
		if _, err := unix.FcntlInt(leakedFD, unix.F_GETFD, 0); !errors.Is(err, unix.EBADF) {
			return fmt.Errorf("it has a descriptor that its caller was started with: %v", err)
		}
		if _, err := unix.FcntlInt(builtin.ApartLock, unix.F_GETFD, 0); err != nil {
			return fmt.Errorf("its user's lock: %w", err)
		}
		return os.WriteFile(c.Output("out"), []byte(c.Request.Env["text"]), 0o644)
	}},
	"crash": {Run: func(context.Context, *builtin.Call) error { panic("oh") }},
	"wait": {Run: func(_ context.Context, c *builtin.Call) error {
		if err := leave(c); err != nil {
			return err
		}
		fmt.Fprintln(c.Log, "it is", os.Getuid())
		time.Sleep(time.Hour)
		return nil
	}},
}

// What processes apart may take in TestApart, and a descriptor that they must not have.
const (
	apartMemory    = 1 << 30
	apartProcesses = 500
	leakedFD       = 77
)

// loop is a program that changes an output without end, whatever becomes of its descriptors.
const loop = "trap '' PIPE; while sleep 0.01; do echo x >> " + builtin.ApartOutput + "; done #"

// leave starts a program that goes on.
func leave(c *builtin.Call) error {
	left := exec.Command("/bin/sh", "-c", loop+c.Request.Env["secret"])
	left.Stdout, left.Stderr = os.Stdout, os.Stderr
	return left.Start()
}

// running lists the processes whose command lines have words.
func running(t *testing.T, words string) (list []int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, _ := os.ReadFile(f) // it may have ended
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f))); err == nil && strings.Contains(string(b), words) {
			list = append(list, pid)
		}
	}
	return list
}

// TestApart lets a builder that needs the network try what it could do with root's
// rights.
func TestApart(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to give rights up")
	}
	w := buildtest.New(t)
	secret := filepath.Join(w.TempDir(), "secret")
	must(t, os.WriteFile(secret, []byte("x"), 0o600))
	builtins := builtin.Table{"here": {InProcess: true, Run: func(ctx context.Context, c *builtin.Call) error {
		if c.Apart == nil {
			return errors.New("it would run with all rights")
		}
		return c.Apart(ctx, c.Request.Env["as"])
	}}}
	user := func(log string) int {
		t.Helper()
		_, rest, _ := strings.Cut(log, "it is ")
		uid, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]))
		if err != nil {
			t.Fatalf("the log is %q", log)
		}
		return uid
	}
	ipc, err := os.Readlink("/proc/self/ns/ipc")
	must(t, err)
	run := func(ctx context.Context, as, text string, progress builder.Progress) (string, error) {
		sum := hash.SHA256.New()
		sum.Write([]byte("words"))
		p := w.Drv("apart-"+as+strings.ReplaceAll(text, " ", "-"), "", nil, func(d *drv.Derivation) {
			d.Builder, d.Args = "builtin:here", nil
			d.Outputs = map[string]drv.Output{"out": {HashAlgo: "sha256", Hash: fmt.Sprintf("%x", sum.Sum(nil))}}
			for name, value := range map[string]string{"as": as, "text": text, "secret": secret, "caller": strconv.Itoa(os.Getpid()), "ipc": ipc} {
				d.Env[name] = value
			}
		})
		b := w.Builder(builder.Options{Builtins: builtins, Progress: progress, Memory: apartMemory, Processes: apartProcesses})
		_, err := b.Build(ctx, builder.Target{Drv: p})
		return p, err
	}
	over := func() {
		t.Helper()
		list := running(t, loop+secret)
		for _, pid := range list {
			t.Errorf("process %d still runs", pid)
			unix.Kill(pid, unix.SIGKILL)
		}
	}
	heard := &fetchings{}
	p, err := run(t.Context(), "look", "words", heard)
	// What is left behind may have come between, and then the hash is wrong.
	if err != nil && !strings.Contains(err.Error(), "hash mismatch") {
		t.Fatal(err)
	}
	log, err := w.Builder(builder.Options{}).ReadLog(p)
	must(t, err)
	said, err := io.ReadAll(log)
	must(t, errors.Join(err, log.Close()))
	if uid := user(string(said)); uid < local.FirstBuildUser {
		t.Errorf("it ran as %d", uid)
	}
	over()
	if heard.n == 0 {
		t.Error("it is not told what is fetched")
	}
	_, err = run(t.Context(), "look", "other words", nil)
	if err == nil || !strings.Contains(err.Error(), "hash mismatch") {
		t.Errorf("another content: %v", err)
	}
	treasure := filepath.Join(filepath.Dir(secret), builtin.ApartOutput)
	must(t, os.WriteFile(treasure, []byte("words"), 0o600))
	if _, err = run(t.Context(), "move", "words", nil); err != nil {
		t.Errorf("with its folder moved: %v", err)
	}
	if _, err := os.Lstat(treasure); err != nil {
		t.Errorf("root has taken a file from elsewhere: %v", err)
	}
	null, err := os.Open(os.DevNull)
	must(t, err)
	defer null.Close()
	must(t, unix.Dup3(int(null.Fd()), leakedFD, 0)) // without close-on-exec
	defer unix.Close(leakedFD)
	if _, err = run(t.Context(), "bounds", "words", nil); err != nil {
		t.Errorf("with bounds: %v", err)
	}
	if _, err = run(t.Context(), "fail", "", nil); err == nil {
		t.Error("a builder that fails has not")
	}
	var packed *builtin.PackedError
	if !errors.As(err, &packed) || string(packed.Packed) != "it must be so" {
		t.Errorf("failed: %v", err)
	}
	if _, err = run(t.Context(), "crash", "", nil); err == nil || !strings.Contains(err.Error(), "the process that fetches has ended with exit status 2") {
		t.Errorf("crashed: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waits := &lines{found: make(chan string, 1)}
	done := make(chan error, 1)
	go func() {
		_, err := run(ctx, "wait", "", waits)
		done <- err
	}()
	user(<-waits.found)
	cancel()
	if err := <-done; !errors.Is(err, builder.ErrInterrupted) {
		t.Errorf("interrupted: %v", err)
	}
	over()
}

// fetchings counts what is told of fetching.
type fetchings struct{ n int }

func (f *fetchings) Event(e builder.Event) {
	if _, ok := e.(builder.Fetching); ok {
		f.n++
	}
}

// lines hands over the first line.
type lines struct{ found chan string }

func (l *lines) Event(e builder.Event) {
	if e, ok := e.(builder.Line); ok {
		select {
		case l.found <- e.Text:
		default:
		}
	}
}
