package jailtest

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fruix/jail"
)

// Config says how the suite uses a back end.
type Config struct {
	Jail jail.Jail
	// BuildUser returns the host user for the n-th of several concurrent
	// jails; nil when jails run as the caller.
	BuildUser func(n int) *jail.HostUser
	// FixedUser is set when the program sees jail.DefaultUID whoever it is on
	// the host.
	FixedUser bool
	// Linux is set for a Linux back end, of which more can be asked.
	Linux bool
	// Only, when not empty, names the one test to run.
	Only string
}

// suite is one run of the conformance suite.
type suite struct {
	Config
	probe string // host path of a probe that needs mounting; "" for the test binary
}

// Run checks every promise of package jail.
func Run(t *testing.T, c Config) {
	s := &suite{Config: c, probe: Helper()}
	tests := []struct {
		name string
		run  func(*testing.T)
	}{
		{"surroundings", s.surroundings}, {"files", s.files}, {"network", s.network},
		{"privileges", s.privileges}, {"kernel", s.kernel}, {"results", s.results}, {"output", s.output},
		{"orphans", s.orphans}, {"cancel", s.cancel}, {"concurrent", s.concurrent},
		{"errors", s.errors}, {"many mounts", s.manyMounts}, {"escapes", s.escapes},
	}
	for _, tt := range tests {
		if c.Only != "" && c.Only != tt.name {
			continue
		}
		t.Run(tt.name, tt.run)
	}
}

// HelperEnv names the environment variable by which Prepare hands a helper
// program to Helper, and a test to itself when it starts again as another user.
const HelperEnv = "FRUIX_JAILTEST_HELPER"

// Prepare makes sure that there is a program of pkg, the import path of a
// command, that can run in a jail: the test binary itself when it is linked
// statically, and otherwise (race detector builds are not) one that is built
// now. Call it in TestMain; done removes what it made.
func Prepare(pkg string) (done func(), err error) {
	if os.Getenv(HelperEnv) != "" {
		return func() {}, nil
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f, err := elf.Open(exe)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if !slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return func() {}, nil
	}
	dir, err := os.MkdirTemp("", "jailtest")
	if err != nil {
		return nil, err
	}
	out := filepath.Join(dir, "helper")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	msg, err := cmd.CombinedOutput()
	if err == nil {
		err = os.Setenv(HelperEnv, out)
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("building %s: %w\n%s", pkg, err, msg)
	}
	return func() { os.RemoveAll(dir) }, nil
}

// Helper returns "" when the test binary can itself run in a jail, and
// otherwise the path of the program that Prepare built.
func Helper() string { return os.Getenv(HelperEnv) }

const self = "/.self/probe"

// spec returns a Spec that runs the probe.
func (s *suite) spec(args ...string) jail.Spec {
	sp := jail.Spec{Program: self, Argv: append([]string{ProbeName}, args...), Env: []string{"LANG=C"}}
	if s.probe == "" {
		sp.Self = self
	} else {
		sp.Mounts = append(sp.Mounts, jail.Mount{Source: s.probe, Target: self, ReadOnly: true})
	}
	if s.BuildUser != nil {
		sp.BuildUser = s.BuildUser(0)
	}
	return sp
}

// scratch returns a new folder that the program may write.
func (s *suite) scratch(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	if s.BuildUser != nil {
		u := s.BuildUser(n)
		if err := os.Chown(dir, u.UID, u.GID); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run runs a spec that must succeed and decodes what it printed into v.
func (s *suite) run(t *testing.T, sp jail.Spec, v any) {
	t.Helper()
	var out, errs bytes.Buffer
	sp.Stdout, sp.Stderr = &out, &errs
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	res, err := s.Jail.Run(ctx, sp)
	if err != nil {
		t.Fatalf("run: %v\n%s", err, errs.String())
	}
	if !res.OK() {
		t.Fatalf("%v\n%s", res, errs.String())
	}
	if v != nil {
		if err := json.Unmarshal(out.Bytes(), v); err != nil {
			t.Fatalf("output %q: %v", out.String(), err)
		}
	}
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func (s *suite) surroundings(t *testing.T) {
	sp := s.spec("report")
	sp.Env = []string{"A=1", "B=two words", "EMPTY="}
	sp.Dir = "/work/here"
	sp.Dirs = []string{"/work/here"}
	var r Report
	s.run(t, sp, &r)
	equal(t, "environment", r.Env, sp.Env)
	equal(t, "arguments", r.Args, []string{ProbeName, "report"})
	equal(t, "directory", r.Dir, sp.Dir)
	equal(t, "host name", r.Hostname, jail.DefaultHostname)
	equal(t, "umask", r.Umask, 0o022)
	equal(t, "standard input", r.Stdin, 0)
	equal(t, "descriptors", r.FDs, nil)
	if s.FixedUser {
		equal(t, "users", []int{r.UID, r.EUID, r.GID, r.EGID},
			[]int{jail.DefaultUID, jail.DefaultUID, jail.DefaultGID, jail.DefaultGID})
	}
	if s.Linux {
		equal(t, "domain", r.Domain, "(none)")
		if len(r.Processes) != 2 || r.Processes[0] != 1 {
			t.Errorf("processes: %v", r.Processes)
		}
		for _, k := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
			equal(t, k, r.Status[k], "0000000000000000")
		}
		equal(t, "NoNewPrivs", r.Status["NoNewPrivs"], "1")
	}
	sp.Hostname, sp.UID, sp.GID = "builder", 1000, 100
	s.run(t, sp, &r)
	equal(t, "host name", r.Hostname, "builder")
	if s.FixedUser {
		equal(t, "users", []int{r.UID, r.GID}, []int{1000, 100})
	}
}

func (s *suite) files(t *testing.T) {
	host := t.TempDir()
	write := func(name, content string) string {
		p := filepath.Join(host, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return p
	}
	write("in/dir/f", "in a directory")
	write("in/dir/sub/g", "deeper")
	write("in/file", "a file")
	write("in/other", "not declared")
	alone := write("alone/x", "on its own")
	if err := os.Symlink("/frx/dir/f", filepath.Join(host, "in/link")); err != nil {
		t.Fatal(err)
	}
	scratch := s.scratch(t, 0)
	sp := s.spec("report", "/frx/dir", "/scratch", "/tmp")
	sp.Mounts = append(sp.Mounts,
		jail.Mount{Source: filepath.Join(host, "in/dir"), Target: "/frx/dir", ReadOnly: true},
		jail.Mount{Source: filepath.Join(host, "in/file"), Target: "/frx/file", ReadOnly: true},
		jail.Mount{Source: filepath.Join(host, "in/link"), Target: "/frx/link", ReadOnly: true},
		jail.Mount{Source: alone, Target: "/frx/alone", ReadOnly: true},
		jail.Mount{Source: scratch, Target: "/scratch"},
		// A mount inside a writable mount: its mount point is made there.
		jail.Mount{Source: filepath.Join(host, "in/dir"), Target: "/scratch/in", ReadOnly: true},
	)
	sp.Tmpfs = []jail.Tmpfs{{Target: "/tmp", Mode: 0o1777, Size: 1 << 20}}
	sp.Files = []jail.File{{Path: "/etc/passwd", Content: []byte("root\n")}}
	var r Report
	s.run(t, sp, &r)
	want := []string{"/", "/.self", self, "/dev", "/etc", "/etc/passwd", "/frx", "/frx/alone",
		"/frx/dir", "/frx/dir/f", "/frx/dir/sub", "/frx/dir/sub/g", "/frx/file", "/frx/link",
		"/proc", "/scratch", "/scratch/in", "/scratch/in/f", "/scratch/in/sub", "/scratch/in/sub/g", "/tmp"}
	if !s.Linux {
		want = slices.DeleteFunc(want, func(p string) bool { return p == "/proc" })
	}
	equal(t, "files", r.Tree, want)
	if s.FixedUser {
		u := fmt.Sprintf("%d:%d", jail.DefaultUID, jail.DefaultGID)
		equal(t, "owners", []string{r.Owners["/scratch"], r.Owners["/tmp"], r.Owners["/frx/dir"]}, []string{u, u, u})
	}
	if s.Linux {
		equal(t, "devices", r.Devices, []string{"fd", "full", "null", "ptmx", "pts", "random", "shm",
			"stderr", "stdin", "stdout", "tty", "urandom", "zero"})
	}

	sp.Program, sp.Argv = self, []string{ProbeName, "cat", "/frx/dir/f", "/frx/file", "/frx/link", "/frx/alone", "/scratch/in/sub/g"}
	var out bytes.Buffer
	sp.Stdout = &out
	if res, err := s.Jail.Run(t.Context(), sp); err != nil || !res.OK() {
		t.Fatal(res, err)
	}
	equal(t, "contents", out.String(), "in a directorya filein a directoryon its owndeeper")

	s.attempts(t, sp, map[string]bool{
		"read /frx/dir/f": true, "read /frx/other": false, "read " + filepath.Join(host, "in/other"): false,
		"stat " + host: false, "stat /proc/1/root/old": false, "read /etc/shadow": false, "stat /old": false, "stat /stage": false,
		"write /frx/dir/f": false, "append /frx/file": false, "write /frx/dir/new": false, "mkdir /frx/dir/d": false,
		"remove /frx/dir/f": false, "chmod /frx/dir/f": false, "chmod /frx/file": false, "chown /frx/dir/f": false,
		"append " + self: false, "append /etc/passwd": false, "write /new": false, "mkdir /bin": false, "write /dev/new": false,
		"write /scratch/in/new": false, "remove /scratch/in": false,
		"write /scratch/made": true, "mkdir /scratch/made-dir": true, "write /tmp/made": true, "write /dev/null": true,
	})
	if b, err := os.ReadFile(filepath.Join(scratch, "made")); err != nil || string(b) != "x" {
		t.Errorf("what was written: %q %v", b, err)
	}
	for _, f := range []string{"in/dir/f", "in/file"} {
		if fi, err := os.Stat(filepath.Join(host, f)); err != nil || fi.Mode().Perm() != 0o644 {
			t.Errorf("%s changed: %v %v", f, fi, err)
		}
	}
	// /tmp is new each time.
	s.attempts(t, sp, map[string]bool{"read /tmp/made": false})
}

// attempts checks which attempts succeed; some want true or false.
func (s *suite) attempts(t *testing.T, sp jail.Spec, want map[string]bool) {
	t.Helper()
	sp.Argv = []string{ProbeName, "try"}
	for a := range want {
		sp.Argv = append(sp.Argv, a)
	}
	slices.Sort(sp.Argv[2:])
	sp.Program = self
	got := make(map[string]string)
	s.run(t, sp, &got)
	for a, r := range got {
		if ok := r == "ok"; ok != want[a] {
			t.Errorf("%s: %s", a, r)
		}
	}
}

func (s *suite) network(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip("no network on the host: ", err)
	}
	defer l.Close()
	u, err := net.Listen("unix", "@fruix-jailtest")
	if s.Linux && err != nil {
		t.Fatal(err)
	}
	if err == nil {
		defer u.Close()
	}
	sp := s.spec("report")
	var r Report
	s.run(t, sp, &r)
	if s.Linux {
		equal(t, "interfaces", r.Interfaces, []string{"lo up|loopback|running"})
	}
	s.attempts(t, sp, map[string]bool{
		"dial tcp " + l.Addr().String(): false, "dial udp 192.0.2.1:53": false, "dial tcp 192.0.2.1:80": false,
		"dial tcp [2001:db8::1]:80": false, "lookup example.org": false, "abstract-socket fruix-jailtest": false,
	})
}

func (s *suite) privileges(t *testing.T) {
	scratch := s.scratch(t, 0)
	in := t.TempDir()
	sp := s.spec()
	sp.Mounts = append(sp.Mounts, jail.Mount{Source: scratch, Target: "/scratch"},
		jail.Mount{Source: in, Target: "/in", ReadOnly: true})
	s.attempts(t, sp, map[string]bool{
		"setuid 0": false, "setgid 0": false, "chroot /scratch": false, "mknod /scratch/sda": false,
		"chown /scratch": false, "exec-setuid /scratch/suid": false, "umount /in": false,
		"mount-tmpfs /scratch": false, "mount-proc /scratch": false, "remount-rw /in": false, "remount-rw /": false,
		"unshare-user": false, "unshare-mount": false, "sethostname": false, "ptrace 1": false,
		"cap-raise": false, "read /proc/1/environ": false, "stat /proc/1/root/": false, "stat /proc/1/cwd/": false,
		"write /proc/sys/kernel/hostname": false, "write /proc/sys/user/max_user_namespaces": false,
		"write /proc/sysrq-trigger": false,
	})
}

// kernel asks for parts of the kernel that builds are not given, and for more
// processes than allowed.
func (s *suite) kernel(t *testing.T) {
	if !s.Linux {
		t.Skip("system calls are filtered on Linux only")
	}
	scratch := s.scratch(t, 0)
	if err := os.WriteFile(filepath.Join(scratch, "file"), nil, 0o777); err != nil {
		t.Fatal(err)
	}
	if s.BuildUser != nil {
		u := s.BuildUser(0)
		if err := os.Chown(filepath.Join(scratch, "file"), u.UID, u.GID); err != nil {
			t.Fatal(err)
		}
	}
	sp := s.spec()
	sp.Mounts = append(sp.Mounts, jail.Mount{Source: scratch, Target: "/scratch"})
	s.attempts(t, sp, map[string]bool{
		"create /scratch/plain": true, "create-setid /scratch/setid": false,
		"chmod /scratch/file": true, "chmod-setid /scratch/file": false,
		"attribute /scratch/file": false, "flags /scratch/file": false, "file-attribute /scratch/file": false, "keyring": false, "add-key": false, "io-uring": false,
		"socket 1": true, "socket 2": true, "socket 10": true, // AF_UNIX, AF_INET, AF_INET6
		"socket 40": false, "socket 38": false, "socket 17": false, // AF_VSOCK, AF_ALG, AF_PACKET
		"fork 30": true,
	})
	if _, err := os.Lstat(filepath.Join(scratch, "setid")); err == nil {
		t.Error("a set-id file was made")
	}
	sp.Limits.Processes = 60
	s.attempts(t, sp, map[string]bool{"fork 5": true, "fork 100": false})
}

func (s *suite) results(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want jail.Result
	}{
		{[]string{"exit", "0"}, jail.Result{}},
		{[]string{"exit", "3"}, jail.Result{ExitCode: 3}},
		{[]string{"kill", "9"}, jail.Result{ExitCode: -1, Signal: 9}},
		{[]string{"kill", "15"}, jail.Result{ExitCode: -1, Signal: 15}},
		{[]string{"orphans"}, jail.Result{ExitCode: 7}},
	} {
		sp := s.spec(tt.args...)
		var errs bytes.Buffer
		sp.Stderr = &errs
		res, err := s.Jail.Run(t.Context(), sp)
		if err != nil {
			t.Errorf("%v: %v", tt.args, err)
			continue
		}
		if errs.Len() > 0 {
			t.Errorf("%v: %s", tt.args, errs.String())
		}
		if res.MaxRSS <= 0 {
			t.Errorf("%v: resident set %d", tt.args, res.MaxRSS)
		}
		res.User, res.System, res.MaxRSS = 0, 0, 0
		equal(t, strings.Join(tt.args, " "), res, tt.want)
	}
}

func (s *suite) output(t *testing.T) {
	sp := s.spec("print", "out", "err")
	var out, errs bytes.Buffer
	sp.Stdout, sp.Stderr = &out, &errs
	if res, err := s.Jail.Run(t.Context(), sp); err != nil || !res.OK() {
		t.Fatal(res, err)
	}
	equal(t, "output", out.String()+"|"+errs.String(), "out|err")
	out.Reset()
	sp.Stderr = &out
	if res, err := s.Jail.Run(t.Context(), sp); err != nil || !res.OK() {
		t.Fatal(res, err)
	}
	equal(t, "output", out.String(), "outerr")
}

// still fails the test if name grows any more.
func still(t *testing.T, name string) {
	t.Helper()
	before, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	after, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if before.Size() != after.Size() {
		t.Errorf("a process is still alive")
	}
}

func (s *suite) orphans(t *testing.T) {
	scratch := s.scratch(t, 0)
	sp := s.spec("orphan", "/scratch/beat")
	sp.Mounts = append(sp.Mounts, jail.Mount{Source: scratch, Target: "/scratch"})
	var out bytes.Buffer
	sp.Stdout, sp.Stderr = &out, &out // the orphan holds these open
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if res, err := s.Jail.Run(ctx, sp); err != nil || !res.OK() {
		t.Fatal(res, err, out.String())
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
	still(t, filepath.Join(scratch, "beat"))
}

func (s *suite) cancel(t *testing.T) {
	scratch := s.scratch(t, 0)
	sp := s.spec("beat", "/scratch/beat")
	sp.Mounts = append(sp.Mounts, jail.Mount{Source: scratch, Target: "/scratch"})
	ctx, cancel := context.WithCancel(t.Context())
	beat := filepath.Join(scratch, "beat")
	var cancelled time.Time
	go func() {
		for fi, err := os.Stat(beat); err != nil || fi.Size() < 3; fi, err = os.Stat(beat) {
			time.Sleep(time.Millisecond)
		}
		cancelled = time.Now()
		cancel()
	}()
	_, err := s.Jail.Run(ctx, sp)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
	if d := time.Since(cancelled); d > time.Second {
		t.Errorf("took %v to end", d)
	}
	still(t, beat)
	if _, err := s.Jail.Run(ctx, sp); !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
}

func (s *suite) concurrent(t *testing.T) {
	const n = 4
	var wg sync.WaitGroup
	dirs := make([]string, n)
	for i := range n {
		dirs[i] = s.scratch(t, i)
	}
	for i := range n {
		wg.Go(func() {
			sp := s.spec("write", "/scratch/mine", fmt.Sprint(i))
			sp.Mounts = append(sp.Mounts, jail.Mount{Source: dirs[i], Target: "/scratch"})
			if s.BuildUser != nil {
				sp.BuildUser = s.BuildUser(i)
			}
			if res, err := s.Jail.Run(t.Context(), sp); err != nil || !res.OK() {
				t.Error(i, res, err)
			}
		})
	}
	wg.Wait()
	owners := make(map[int]bool)
	for i, d := range dirs {
		name := filepath.Join(d, "mine")
		b, err := os.ReadFile(name)
		if err != nil || string(b) != fmt.Sprint(i) {
			t.Errorf("%d: %q %v", i, b, err)
			continue
		}
		uid := ownerOf(t, name)
		if s.BuildUser != nil {
			equal(t, "owner", uid, s.BuildUser(i).UID)
		}
		owners[uid] = true
	}
	if s.BuildUser != nil && len(owners) != n {
		t.Errorf("owners: %v", owners)
	}
}

func (s *suite) errors(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "script"), []byte("#!/no/interpreter\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "plain"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	base := s.spec("exit", "0")
	base.Mounts = append(base.Mounts, jail.Mount{Source: dir, Target: "/in", ReadOnly: true})
	for _, tt := range []struct {
		name   string
		change func(*jail.Spec)
		want   string // in the message
	}{
		{"no program", func(sp *jail.Spec) { sp.Program = "/bin/none" }, "exec /bin/none: no such file or directory"},
		{"no interpreter", func(sp *jail.Spec) { sp.Program = "/in/script" }, "exec /in/script: no such file or directory"},
		{"not executable", func(sp *jail.Spec) { sp.Program = "/in/plain" }, "exec /in/plain: permission denied"},
		{"no directory", func(sp *jail.Spec) { sp.Dir = "/nowhere" }, "/nowhere: no such file or directory"},
		{"no source", func(sp *jail.Spec) {
			sp.Mounts = append(sp.Mounts, jail.Mount{Source: dir + "/none", Target: "/x", ReadOnly: true})
		}, "/x: lstat " + dir + "/none: no such file or directory"},
		{"mount point in an input", func(sp *jail.Spec) {
			sp.Mounts = append(sp.Mounts, jail.Mount{Source: dir, Target: "/in/none", ReadOnly: true})
		}, "/in/none: "},
		{"empty", func(sp *jail.Spec) { sp.Argv = nil }, "argv: empty"},
		{"relative", func(sp *jail.Spec) { sp.Dir = "x" }, `dir: "x" is not absolute`},
		{"doubled", func(sp *jail.Spec) { sp.Mounts = append(sp.Mounts, sp.Mounts...) }, "two mounts at"},
		{"unclean", func(sp *jail.Spec) {
			sp.Mounts = append(sp.Mounts, jail.Mount{Source: dir, Target: "/../x"})
		}, "is not clean"},
		{"bad variable", func(sp *jail.Spec) { sp.Env = []string{"x"} }, `"x" is not NAME=VALUE`},
	} {
		sp := base
		sp.Mounts = slices.Clone(base.Mounts)
		tt.change(&sp)
		_, err := s.Jail.Run(t.Context(), sp)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func (s *suite) manyMounts(t *testing.T) {
	const n = 1000
	host := t.TempDir()
	sp := s.spec("cat", "/store/item-999/f")
	for i := range n {
		name := fmt.Sprintf("item-%d", i)
		if err := os.Mkdir(filepath.Join(host, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(host, name, "f"), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
		sp.Mounts = append(sp.Mounts, jail.Mount{Source: filepath.Join(host, name), Target: "/store/" + name, ReadOnly: true})
	}
	sp.Mounts = append(sp.Mounts, jail.Mount{Source: s.scratch(t, 0), Target: "/store"})
	var out bytes.Buffer
	sp.Stdout = &out
	start := time.Now()
	if res, err := s.Jail.Run(t.Context(), sp); err != nil || !res.OK() {
		t.Fatal(res, err)
	}
	t.Logf("%d mounts: %v", n, time.Since(start))
	equal(t, "content", out.String(), "item-999")
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}
