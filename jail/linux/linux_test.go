//go:build linux

package linux_test

import (
	"context"
	"errors"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"fruix/jail"
	"fruix/jail/jailtest"
	"fruix/jail/linux"
)

func TestMain(m *testing.M) {
	jailtest.ProbeMain(os.Args)
	done, err := jailtest.Prepare("fruix/jail/jailtest/probe")
	if err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	done()
	os.Exit(code)
}

func buildUser(n int) *jail.HostUser { return &jail.HostUser{UID: 35001 + n, GID: 35000} }

func config(t testing.TB) jailtest.Config {
	c := jailtest.Config{Jail: linux.New(os.Geteuid()), FixedUser: true, Linux: true}
	if os.Geteuid() == 0 {
		c.BuildUser = buildUser
	}
	if err := c.Jail.Available(); err != nil {
		t.Skip(err)
	}
	return c
}

func TestConformance(t *testing.T) { jailtest.Run(t, config(t)) }

// TestOrdinaryUser runs the suite again as a user without privileges.
func TestOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("the suite already runs as an ordinary user")
	}
	// The test binary and its temporary files must be in reach of that user.
	dir, err := os.MkdirTemp("/tmp", "jail")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chown(dir, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "linux.test")
	if err := os.WriteFile(bin, data, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "-test.v", "-test.run", "^TestConformance$")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir, "HOME="+dir)
	if h := jailtest.Helper(); h != "" {
		own := filepath.Join(dir, "helper")
		data, err := os.ReadFile(h)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(own, data, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, jailtest.HelperEnv+"="+own)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 12345, Gid: 12345}}
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "--- SKIP: TestConformance") {
		t.Skipf("user namespaces are closed to ordinary users here:\n%s", out)
	}
	if err != nil {
		t.Errorf("as an ordinary user: %v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// TestCallerKilled checks that nothing survives the calling process.
func TestCallerKilled(t *testing.T) {
	if dir := os.Getenv("JAIL_TEST_CALLER"); dir != "" {
		sp := jail.Spec{Program: "/self", Self: "/self", Argv: []string{jailtest.ProbeName, "beat", "/scratch/beat"},
			Mounts: []jail.Mount{{Source: dir, Target: "/scratch"}}, BuildUser: buildUser(0)}
		if h := os.Getenv("JAIL_TEST_HELPER"); h != "" {
			sp.Self = ""
			sp.Mounts = append(sp.Mounts, jail.Mount{Source: h, Target: "/self", ReadOnly: true})
		}
		res, err := linux.New(os.Geteuid()).Run(context.Background(), sp)
		t.Fatal(res, err)
	}
	c := config(t)
	dir := t.TempDir()
	if c.BuildUser != nil {
		if err := os.Chown(dir, c.BuildUser(0).UID, c.BuildUser(0).GID); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("/proc/self/exe", "-test.run", "^TestCallerKilled$")
	cmd.Env = append(os.Environ(), "JAIL_TEST_CALLER="+dir, "JAIL_TEST_HELPER="+jailtest.Helper())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	beat := filepath.Join(dir, "beat")
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if fi, err := os.Stat(beat); err == nil && fi.Size() > 2 {
			break
		}
		if time.Since(start) > 20*time.Second {
			t.Fatal("the program does not start")
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	size := func() int64 {
		fi, err := os.Stat(beat)
		if err != nil {
			t.Fatal(err)
		}
		return fi.Size()
	}
	time.Sleep(300 * time.Millisecond)
	before := size()
	time.Sleep(100 * time.Millisecond)
	if size() != before {
		t.Error("the program outlived its caller")
	}
}

// TestLeakedDescriptor checks that a descriptor which the caller was started
// with, and never heard of, does not reach the program.
func TestLeakedDescriptor(t *testing.T) {
	c := config(t)
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const fd = 77
	if err := syscall.Dup3(int(f.Fd()), fd, 0); err != nil { // without close-on-exec
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	jailtest.Run(t, jailtest.Config{Jail: c.Jail, BuildUser: c.BuildUser, FixedUser: true, Linux: true, Only: "surroundings"})
}

func TestLimits(t *testing.T) {
	c := config(t)
	dir := t.TempDir()
	sp := jail.Spec{Program: "/self", Self: "/self", Argv: []string{jailtest.ProbeName, "write", "/scratch/f", strings.Repeat("x", 5000)},
		Mounts: []jail.Mount{{Source: dir, Target: "/scratch"}}, Limits: jail.Limits{FileSize: 4096}}
	if h := jailtest.Helper(); h != "" {
		sp.Self = ""
		sp.Mounts = append(sp.Mounts, jail.Mount{Source: h, Target: "/self", ReadOnly: true})
	}
	if c.BuildUser != nil {
		sp.BuildUser = c.BuildUser(0)
		if err := os.Chown(dir, sp.BuildUser.UID, sp.BuildUser.GID); err != nil {
			t.Fatal(err)
		}
	}
	res, err := c.Jail.Run(t.Context(), sp)
	if err != nil || res.OK() {
		t.Errorf("%v %v", res, err)
	}
	if fi, err := os.Stat(filepath.Join(dir, "f")); err != nil || fi.Size() != 4096 {
		t.Errorf("%v %v", fi, err)
	}
}

func TestBuildUserNeeded(t *testing.T) {
	_, err := linux.New(0).Run(t.Context(), jail.Spec{Argv: []string{"/x"}})
	var se *jail.SpecError
	if !errors.As(err, &se) {
		t.Error(err)
	}
}

// BenchmarkRun compares a program in a jail with the same program started
// alone.
func BenchmarkRun(b *testing.B) {
	c := config(b)
	for _, inputs := range []int{0, 100, 1000} {
		b.Run(strconv.Itoa(inputs), func(b *testing.B) {
			host := b.TempDir()
			sp := jail.Spec{Program: "/self", Self: "/self", Argv: []string{jailtest.ProbeName, "exit", "0"}}
			exe, err := os.Executable()
			if err != nil {
				b.Fatal(err)
			}
			if h := jailtest.Helper(); h != "" {
				exe, sp.Self = h, ""
				sp.Mounts = append(sp.Mounts, jail.Mount{Source: h, Target: "/self", ReadOnly: true})
			}
			for i := range inputs {
				p := filepath.Join(host, strconv.Itoa(i))
				if err := os.Mkdir(p, 0o755); err != nil {
					b.Fatal(err)
				}
				sp.Mounts = append(sp.Mounts, jail.Mount{Source: p, Target: "/store/" + strconv.Itoa(i), ReadOnly: true})
			}
			if c.BuildUser != nil {
				sp.BuildUser = c.BuildUser(0)
			}
			var bare time.Duration
			for b.Loop() {
				if res, err := c.Jail.Run(b.Context(), sp); err != nil || !res.OK() {
					b.Fatal(res, err)
				}
				b.StopTimer()
				start := time.Now()
				cmd := exec.Command(exe)
				cmd.Args = sp.Argv
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
				bare += time.Since(start)
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed())/float64(bare), "x-vs-fork+exec")
		})
	}
}
