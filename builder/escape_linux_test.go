package builder_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"fruix/builder"
	"fruix/builder/buildtest"
	"fruix/builder/local"
	"fruix/builder/plan"
	"fruix/jail/jailtest"
	"fruix/store"
	"fruix/store/drv"
)

// asserted gives a derivation the promise that its output is text.
func asserted(text string) func(*drv.Derivation) {
	return func(d *drv.Derivation) {
		d.Outputs = map[string]drv.Output{"out": {HashAlgo: "sha256", Hash: fmt.Sprintf("%x", sha256.Sum256([]byte(text)))}}
	}
}

// unchanged fails unless an object is, and stays, what was registered.
func unchanged(t *testing.T, w *buildtest.World, logical string) {
	t.Helper()
	for range 10 {
		problem, err := w.Store.VerifyPath(w.Ctx, logical)
		must(t, err)
		if problem != nil {
			t.Fatalf("what is registered is not what is there: %+v", problem)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// helperProgram returns the path of a program that runs as the helper, for use
// outside of jails by any user.
func helperProgram(t *testing.T) string {
	t.Helper()
	exe := jailtest.Helper()
	if exe == "" {
		var err error
		exe, err = os.Executable()
		must(t, err)
	}
	dir, err := os.MkdirTemp("/tmp", "escape")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	return copyProgram(t, exe, filepath.Join(dir, buildtest.HelperName))
}

// outside starts the helper outside of jails as a user and group, and returns what
// it has printed when it is stopped.
func outside(t *testing.T, exe string, uid, gid int, args ...string) (stop func() string) {
	t.Helper()
	cmd := exec.Command(exe, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if uid != os.Geteuid() {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	must(t, cmd.Start())
	return sync.OnceValue(func() string {
		cmd.Process.Kill()
		cmd.Wait()
		return out.String()
	})
}

// TestDescriptorsStay is CVE-2024-27297: two builders of fixed outputs and helpers
// outside work together to carry a descriptor of an output out of its build, and
// to change the output after it has been hashed.
func TestDescriptorsStay(t *testing.T) {
	w := buildtest.New(t)
	victim := w.Drv("victim", "smuggle out", nil, asserted("good"))
	accomplice := w.Drv("accomplice", "receive ; write out b", nil, asserted("b"))
	var got sync.Map
	l, err := net.Listen("unix", "@"+buildtest.ChannelName)
	must(t, err)
	defer l.Close()
	go buildtest.Receive(l, func() { got.Store("outside", true) })
	if os.Geteuid() == 0 {
		// One who may look at all processes that are not root's or a builder's.
		stop := outside(t, helperProgram(t), 65534, 65534, "spy", "10")
		defer func() {
			if out := stop(); out != "" {
				t.Errorf("the spy: %s", out)
			}
		}()
	}
	var lines sync.Map
	build(w, builder.Options{MaxJobs: 2, Progress: progressFunc(func(e builder.Event) {
		if l, ok := e.(builder.Line); ok {
			lines.Store(l.Text, true)
		}
	})}, victim, accomplice)
	lines.Range(func(l, _ any) bool { t.Errorf("a builder said: %v", l); return true })
	got.Range(func(who, _ any) bool { t.Errorf("a descriptor came %v", who); return true })
	if s := w.Read(w.Out(victim)); s != "good" {
		t.Errorf("the output is %q", s)
	}
	unchanged(t, w, w.Out(victim))
}

// TestStrangersUser is a part of CVE-2025-46416: what runs as a build user outside is
// the builder's own by the kernel's lights, and may be what a builder left behind. Such
// a user is not taken. Defence: Users.taken.
func TestStrangersUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root's builds have users of their own")
	}
	w := buildtest.New(t)
	exe := helperProgram(t)
	stop := outside(t, exe, local.FirstBuildUser, local.BuildGroup, "sleep", "10000")
	defer stop()
	uid := 0
	d := w.Drv("d", "echo start ; sleep 50 ; smuggle out", nil, asserted("good"))
	build(w, builder.Options{Progress: progressFunc(func(e builder.Event) {
		if l, ok := e.(builder.Line); ok && l.Text == "start" {
			uid = smuggler(t)
		}
	})}, d)
	if uid == local.FirstBuildUser {
		t.Error("the builder ran as a stranger's user")
	}
}

// smuggler finds the user whom the builder that smuggles runs as.
func smuggler(t *testing.T) int {
	t.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*")
	must(t, err)
	for _, p := range procs {
		if b, err := os.ReadFile(p + "/cmdline"); err != nil || !strings.Contains(string(b), "\x00smuggle\x00") {
			continue
		}
		if fi, err := os.Stat(p); err == nil && fi.Sys().(*syscall.Stat_t).Uid != 0 { // not PID 1
			return int(fi.Sys().(*syscall.Stat_t).Uid)
		}
	}
	t.Error("the builder is not found")
	return 65534
}

// TestTakenDescriptor has a process outside, which runs as the builder's own user,
// take a descriptor of the output from the builder. Of root's it gets none: the
// builder's user namespace is root's. An ordinary user may do with his builds what he
// likes, but what can still be changed is not registered (store/tree, checkUnwritten).
func TestTakenDescriptor(t *testing.T) {
	w := buildtest.New(t)
	exe := helperProgram(t)
	root := os.Geteuid() == 0
	var stop func() string
	d := w.Drv("d", "echo start ; sleep 100 ; smuggle out", nil, asserted("good"))
	_, err := w.Builder(builder.Options{Progress: progressFunc(func(e builder.Event) {
		if l, ok := e.(builder.Line); ok && l.Text == "start" {
			uid, gid := smuggler(t), local.BuildGroup
			if !root {
				gid = os.Getegid()
			}
			stop = outside(t, exe, uid, gid, "spy", "10")
		}
	})}).Build(w.Ctx, builder.Target{Drv: d})
	out := stop()
	if root {
		must(t, err)
		if out != "" {
			t.Errorf("the spy: %s", out)
		}
		unchanged(t, w, w.Out(d))
		return
	}
	if !strings.HasPrefix(out, "took /") {
		t.Skip("the kernel did not let the descriptor be taken: ", out)
	}
	if err == nil || !strings.Contains(err.Error(), "is still open for writing in some process") {
		t.Errorf("error %v", err)
	}
	if ok, err := w.Store.IsValid(w.Ctx, w.Out(d)); ok || err != nil {
		t.Errorf("valid: %v %v", ok, err)
	}
	if l := w.Litter(); len(l) > 0 {
		t.Errorf("litter: %v", l)
	}
}

// TestRacesRegistration builds with programs that end well and leave processes
// behind which change the output: through descriptors, mappings, and by putting
// other files in its place.
func TestRacesRegistration(t *testing.T) {
	w := buildtest.New(t)
	d := w.Drv("race", "linger out "+strings.Repeat("text", 1000), nil)
	build(w, builder.Options{}, d)
	unchanged(t, w, w.Out(d))
	if l := w.Litter(); len(l) > 0 {
		t.Errorf("litter: %v", l)
	}
}

// TestPlanted is CVE-2026-39860 and its like: links, and files with names elsewhere,
// where root will work.
func TestPlanted(t *testing.T) {
	w := buildtest.New(t)
	canary := filepath.Join(t.TempDir(), "canary")
	must(t, os.WriteFile(canary, []byte("canary"), 0o640))
	before, err := os.Lstat(canary)
	must(t, err)
	d := w.Drv("d", "mkdir out ; add out f content ; link $out/f $out/g ; link $out/f $NIX_STORE/h"+
		" ; symlink "+canary+" $out/f.fruix-unlink-0 ; symlink "+canary+" $out/g.fruix-unlink-0"+
		" ; symlink "+canary+" $NIX_STORE/canary ; symlink "+filepath.Dir(canary)+" /tmp/dir ; symlink "+filepath.Dir(canary)+" dir"+
		" ; write file x", nil, func(d *drv.Derivation) { d.Env["file"] = "own" })
	for _, keep := range []bool{false, true} {
		o := builder.Options{Rounds: 2}
		script := d
		if keep {
			o.KeepFailed = t.TempDir()
			script = w.Drv("failing", "symlink "+canary+" link ; symlink "+filepath.Dir(canary)+" dir ; exit 1", nil)
		}
		_, err := w.Builder(o).Build(w.Ctx, builder.Target{Drv: script})
		if (err != nil) != keep {
			t.Errorf("error %v", err)
		}
		after, err := os.Lstat(canary)
		must(t, err)
		if b, _ := os.ReadFile(canary); string(b) != "canary" || after.Mode() != before.Mode() ||
			after.Sys().(*syscall.Stat_t).Ctim != before.Sys().(*syscall.Stat_t).Ctim {
			t.Fatalf("something was done outside: %v %q", after, b)
		}
	}
	unchanged(t, w, w.Out(d))
}

// TestForbiddenOutputs makes outputs of what no store object may be.
func TestForbiddenOutputs(t *testing.T) {
	w := buildtest.New(t)
	for name, script := range map[string]string{
		"a named pipe":  "mkdir out ; fifo $out/f",
		"a pipe alone":  "fifo $out",
		"nested deeply": "mkdir out ; enter $out ; deep 1500",
		"a set-id file": "write out x ; chmod 4755 $out",
	} {
		d := w.Drv("d", script, nil, func(d *drv.Derivation) { d.Env["x"] = name })
		if _, err := w.Builder(builder.Options{}).Build(w.Ctx, builder.Target{Drv: d}); err == nil {
			t.Errorf("%s: it was registered", name)
		} else {
			t.Log(err)
		}
	}
	if l := w.Litter(); len(l) > 0 {
		t.Errorf("litter: %v", l)
	}
}

// failures are the ways in which a build can fail, but for the death of Fruix itself.
var failures = []struct {
	name, script string
	options      builder.Options
	want         string
}{
	{"status", "mkdir out ; add out f x ; chmod 777 $out ; exit 1", builder.Options{}, "exit code 1"},
	{"signal", "write out x ; die 9", builder.Options{}, "killed by signal 9"},
	{"timeout", "write out x ; sleep 60000", builder.Options{Timeout: 200 * time.Millisecond}, "longer than the time limit"},
	{"silence", "write out x ; sleep 60000", builder.Options{MaxSilent: 200 * time.Millisecond}, "silent for longer"},
	{"flood", "write out x ; flood", builder.Options{MaxLog: 100 << 10}, "printed more than the limit of 102400 bytes"},
	// Without a control group the builder itself finds that there is no more.
	{"memory", "write out x ; eat 600", builder.Options{Memory: 256 << 20}, "out of memory|exit code 2"},
	{"no output", "echo nothing", builder.Options{}, "did not make the output"},
	{"forbidden", "mkdir out ; fifo $out/f", builder.Options{}, "a named pipe"},
	{"background", "write out x ; linger other text ; exit 2", builder.Options{}, "exit code 2"},
}

// TestNothingOpenAfterFailure is CVE-2025-52992: whichever way a build fails, what
// remains belongs to nobody but the caller, can be written by nobody else, and has
// no set-id bits; with -K as well.
func TestNothingOpenAfterFailure(t *testing.T) {
	w := buildtest.New(t)
	for _, tt := range failures {
		for _, keep := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s keep=%v", tt.name, keep), func(t *testing.T) {
				kept := t.TempDir()
				o := tt.options
				if keep {
					o.KeepFailed = kept
				}
				// Something for the kept folder, with the widest modes.
				prologue := "write file x ; chmod 666 own ; link own again ; symlink own link ; fifo pipe ; chmod 777 . ; "
				d := w.Drv("d", prologue+tt.script, nil, func(d *drv.Derivation) {
					d.Env["file"], d.Env["other"], d.Env["keep"] = "own", "other", fmt.Sprint(keep)
				})
				ctx, cancel := context.WithTimeout(w.Ctx, 20*time.Second)
				defer cancel()
				_, err := w.Builder(o).Build(ctx, builder.Target{Drv: d})
				var be *builder.BuildError
				if !errors.As(err, &be) || !regexp.MustCompile(tt.want).MatchString(be.Status+" "+err.Error()) {
					t.Errorf("error %v", err)
				}
				nobodyElses(t, w.Store.Root())
				if l := w.Litter(); len(l) > 0 {
					t.Errorf("litter: %v", l)
				}
				if !keep || be == nil || tt.name == "no output" || tt.name == "forbidden" {
					return // what failed is not the build
				}
				nobodyElses(t, kept)
				fi, err := os.Lstat(be.KeptDir)
				if err != nil || fi.Mode() != fs.ModeDir|0o700 {
					t.Errorf("the kept folder: %v %v", fi, err)
				}
				if o.Timeout+o.MaxSilent > 0 {
					return // on a slow machine nothing may be there yet
				}
				if b, err := os.ReadFile(filepath.Join(be.KeptDir, "again")); err != nil || string(b) != "x" {
					t.Errorf("in the kept folder: %q %v", b, err)
				}
			})
		}
	}
}

// nobodyElses fails if anything below dir belongs to somebody else, can be written
// by somebody else, or is set-id. The store's own folder is for the build group.
func nobodyElses(t *testing.T, dir string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		st := fi.Sys().(*syscall.Stat_t)
		if int(st.Uid) != os.Geteuid() {
			t.Errorf("%s belongs to the user %d", p, st.Uid)
		}
		if d.Type()&fs.ModeSymlink == 0 && st.Mode&0o022 != 0 && !strings.HasSuffix(p, "/frx/store") {
			t.Errorf("%s has mode %o", p, st.Mode)
		}
		if st.Mode&(unix.S_ISUID|unix.S_ISGID) != 0 {
			t.Errorf("%s has mode %o", p, st.Mode)
		}
		return nil
	}))
}

// TestClosedAfterDeath kills Fruix during a build: until the next command removes
// what is left, nobody but its owner reaches it.
func TestClosedAfterDeath(t *testing.T) {
	w := buildtest.New(t)
	d := w.Drv("d", "write out half ; chmod 777 $out ; echo here ; sleep 60000", nil)
	cmd, out := child(t, w, d)
	temp := w.Store.Physical(w.Store.Dir() + "/.tmp/*/*/store/*-d")
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		if m, _ := filepath.Glob(temp); len(m) > 0 {
			break
		}
		if time.Since(start) > 10*time.Second {
			t.Fatalf("nothing happens:\n%s", out)
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	fi, err := os.Lstat(w.Store.Physical(w.Store.Dir() + "/.tmp"))
	if err != nil || fi.Mode().Perm() != 0o700 || int(fi.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
		t.Errorf("the temporary folder: %v %v", fi, err)
	}
	s, err := store.Open(w.Ctx, store.Config{Root: w.Store.Root(), Relaxed: true})
	must(t, err)
	must(t, s.Close())
	nobodyElses(t, w.Store.Root())
	if l := w.Litter(); len(l) > 0 {
		t.Errorf("litter: %v", l)
	}
}

// TestForkBomb builds with one; the machine goes on.
func TestForkBomb(t *testing.T) {
	w := buildtest.New(t)
	d := w.Drv("d", "bomb", nil)
	start := time.Now()
	_, err := w.Builder(builder.Options{Processes: 60, Timeout: 2 * time.Second}).Build(w.Ctx, builder.Target{Drv: d})
	if err == nil || time.Since(start) > 15*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	if l := w.Litter(); len(l) > 0 {
		t.Errorf("litter: %v", l)
	}
}

// TestLimitsInRequest checks that what bounds a build is part of what is sent to
// whoever carries it out.
func TestLimitsInRequest(t *testing.T) {
	w := buildtest.New(t)
	d := w.Drv("d", "write out x", nil)
	var got plan.Constraints
	o := builder.Options{Memory: 1 << 30, Processes: 77, Executor: executorFunc(func(r *plan.Request) error {
		got = r.Constraints
		return errors.New("enough")
	})}
	_, err := w.Builder(o).Build(w.Ctx, builder.Target{Drv: d})
	if err == nil || got.Memory != 1<<30 || got.Processes != 77 || got.MaxLog != builder.DefaultMaxLog {
		t.Errorf("%v %+v", err, got)
	}
}

type executorFunc func(*plan.Request) error

func (f executorFunc) Execute(_ context.Context, r *plan.Request, _ plan.IO) (*plan.Result, error) {
	return nil, f(r)
}
