package builder_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"fruix/builder"
	"fruix/builder/buildtest"
	"fruix/jail/jailtest"
	"fruix/jail/native"
	"fruix/store"
	"fruix/store/drv"
)

// Tests with several processes start the test binary again; these variables
// tell it what to do.
const (
	envRoot = "FRUIX_TEST_ROOT" // of a store
	envDrv  = "FRUIX_TEST_DRV"  // to build there
)

// TestChild is not a test: it is the other process.
func TestChild(t *testing.T) {
	root := os.Getenv(envRoot)
	if root == "" {
		t.Skip("for other tests")
	}
	s, err := store.Open(t.Context(), store.Config{Root: root, Relaxed: true})
	must(t, err)
	defer s.Close()
	b := builder.New(s, builder.Options{
		Jail: native.New(native.Options{EUID: os.Geteuid(), WorkDir: t.TempDir()}), EUID: os.Geteuid(),
		Progress: progressFunc(func(e builder.Event) {
			switch e := e.(type) {
			case builder.Started:
				os.Stdout.WriteString("started\n")
			case builder.Line:
				os.Stdout.WriteString("line " + e.Text + "\n")
			}
		}),
	})
	_, err = b.Build(t.Context(), builder.Target{Drv: os.Getenv(envDrv)})
	must(t, err)
}

// child starts another process that builds.
func child(t *testing.T, w *buildtest.World, drv string) (*exec.Cmd, *strings.Builder) {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.Command(exe, "-test.run", "^TestChild$")
	cmd.Env = append(os.Environ(), envRoot+"="+w.Store.Root(), envDrv+"="+drv)
	out := new(strings.Builder)
	cmd.Stdout, cmd.Stderr = out, out
	must(t, cmd.Start())
	return cmd, out
}

func TestTwoProcesses(t *testing.T) {
	w := buildtest.New(t)
	d := w.Drv("d", "sleep 300 ; write out x", nil)
	a, aOut := child(t, w, d)
	b, bOut := child(t, w, d)
	if err := errors.Join(a.Wait(), b.Wait()); err != nil {
		t.Fatalf("%v\n%s%s", err, aOut, bOut)
	}
	if n := strings.Count(aOut.String()+bOut.String(), "started"); n != 1 {
		t.Errorf("%d builds:\n%s%s", n, aOut, bOut)
	}
	if got := w.Read(w.Out(d)); got != "x" {
		t.Errorf("got %q", got)
	}
}

// TestKilled kills a process in the middle of a build, as a crash would, and
// builds again.
func TestKilled(t *testing.T) {
	w := buildtest.New(t)
	d := w.Drv("d", "write out half ; echo here ; sleep 400 ; write out all", nil)
	cmd, out := child(t, w, d)
	temp := w.Store.Physical(w.Store.Dir() + "/.tmp/*/*/store/*-d")
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		if m, _ := filepath.Glob(temp); len(m) > 0 {
			break
		}
		if time.Since(start) > 10*time.Second {
			cmd.Process.Kill()
			cmd.Wait()
			t.Fatalf("nothing happens:\n%s", out)
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	if m, _ := filepath.Glob(temp); len(m) == 0 {
		t.Error("the build was over too early for this test")
	}
	s, err := store.Open(w.Ctx, store.Config{Root: w.Store.Root(), Relaxed: true})
	must(t, err)
	defer s.Close()
	if l := w.Litter(); len(l) > 0 {
		t.Errorf("litter: %v", l)
	}
	b := builder.New(s, builder.Options{Jail: w.Jail, EUID: os.Geteuid()})
	start := time.Now()
	_, err = b.Build(w.Ctx, builder.Target{Drv: d})
	must(t, err)
	if got := w.Read(w.Out(d)); got != "all" {
		t.Errorf("got %q", got)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

// TestOrdinaryUser runs the tests again as a user without privileges.
func TestOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("these tests already run as an ordinary user")
	}
	dir, err := os.MkdirTemp("/tmp", "builder")
	must(t, err)
	defer os.RemoveAll(dir)
	must(t, os.Chown(dir, 12345, 12345))
	exe, err := os.Executable()
	must(t, err)
	env := append(os.Environ(), "TMPDIR="+dir, "HOME="+dir)
	bin := copyProgram(t, exe, filepath.Join(dir, "builder.test"))
	if h := jailtest.Helper(); h != "" {
		env = append(env, jailtest.HelperEnv+"="+copyProgram(t, h, filepath.Join(dir, "helper")))
	}
	cmd := exec.Command(bin, "-test.v", "-test.run", "SameForEverybody|Chain|Environment|Isolation|Apart|Builtins|Failures|KeepFailed|Interrupt|Killed|DescriptorsStay|TakenDescriptor|RacesRegistration|Planted|NothingOpen|ClosedAfterDeath|ForkBomb")
	cmd.Env = env
	cmd.SysProcAttr = asUser(12345)
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "no jails here") {
		t.Skipf("user namespaces are closed to ordinary users here:\n%s", out)
	}
	if err != nil {
		t.Errorf("as an ordinary user: %v\n%s", err, out)
	}
	if theirs, ours := resultLine.FindString(string(out)), resultLine.FindString(surroundings(t)); theirs != ours {
		t.Errorf("a user's build gave %q, root's %q", theirs, ours)
	}
}

var resultLine = regexp.MustCompile(`result: \S+`)

// TestSameForEverybody prints what TestOrdinaryUser compares.
func TestSameForEverybody(t *testing.T) { t.Log(surroundings(t)) }

// surroundings builds something that holds all that a builder can see, and
// returns its path and hash.
func surroundings(t *testing.T) string {
	w := buildtest.New(t)
	in := w.Drv("in", "mkdir out ; add out f x", nil)
	d := w.Drv("surroundings", "mkdir out ; look out", map[string]string{"in": in}, func(d *drv.Derivation) {
		d.Env["in"] = w.Out(in)
	})
	build(w, builder.Options{Cores: 1}, d)
	info, err := w.Store.Info(w.Ctx, w.Out(d))
	must(t, err)
	return fmt.Sprintf("%s\nresult: %s:%x\n", w.Read(w.Out(d)+"/files"), w.Out(d), info.NarHash)
}

func copyProgram(t *testing.T, from, to string) string {
	t.Helper()
	data, err := os.ReadFile(from)
	must(t, err)
	must(t, os.WriteFile(to, data, 0o755))
	return to
}
