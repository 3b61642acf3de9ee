package shepherd_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"fruix/osmodel/shepherd"
	"fruix/osmodel/shepherd/herd"
	"fruix/osmodel/shepherd/script"
	"fruix/osmodel/shepherd/supervise"
	"fruix/osmodel/shepherd/target"
	"fruix/stdlib"
)

// The test binary is the program: "test DIR" runs the Shepherd that the
// folder DIR configures, and stops nothing but itself.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "__exec" {
		supervise.Trampoline(os.Args[2])
	}
	if len(os.Args) == 3 && os.Args[1] == "__shepherd" {
		os.Exit(serve(os.Args[2]))
	}
	os.Exit(m.Run())
}

func serve(dir string) int {
	exe, err := os.Executable()
	if err != nil {
		return 1
	}
	s, err := shepherd.New(shepherd.Options{
		Config: filepath.Join(dir, "init.scm"), Socket: filepath.Join(dir, "socket"), LogFile: filepath.Join(dir, "log"),
		Console: os.Stdout, Init: os.Getpid() == 1, Trampoline: []string{exe, "__exec"},
		Engine: script.Engine(script.Standard(stdlib.FS), []string{"shepherd"}, nil),
		Finish: func(p target.Power) error {
			return os.WriteFile(filepath.Join(dir, "finish"), []byte(p.String()), 0o644)
		},
	})
	if err == nil {
		err = s.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// machine is a Shepherd under test.
type machine struct {
	t   *testing.T
	dir string
	cmd *exec.Cmd
	out *bytes.Buffer
}

// launch starts a Shepherd with the configuration; @DIR@ in it is the folder
// of the test. wrap, when given, is the command that runs it.
func launch(t *testing.T, config string, wrap ...string) *machine {
	t.Helper()
	dir := t.TempDir()
	m := &machine{t: t, dir: dir, out: &bytes.Buffer{}}
	m.write("init.scm", "(use-modules (shepherd service) (shepherd system))\n"+config)
	m.write("console", "")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append(wrap, exe, "__shepherd", dir)
	m.cmd = exec.Command(args[0], args[1:]...)
	m.cmd.Stdout, m.cmd.Stderr = m.out, m.out
	m.cmd.WaitDelay = time.Second
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = m.cmd.Process.Kill()
		_ = m.cmd.Wait()
		if t.Failed() {
			t.Logf("shepherd said:\n%s", m.out)
		}
	})
	return m
}

func (m *machine) write(name, text string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(strings.ReplaceAll(text, "@DIR@", m.dir)), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) read(name string) string {
	text, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil {
		return ""
	}
	return string(text)
}

// await waits until the file holds the text.
func (m *machine) await(name, text string) {
	m.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if strings.Contains(m.read(name), text) {
			return
		}
	}
	m.t.Fatalf("%s does not come to hold %q but:\n%s", name, text, m.read(name))
}

// herd runs herd and returns what it wrote.
func (m *machine) herd(want int, args ...string) string {
	m.t.Helper()
	var out bytes.Buffer
	args = append([]string{"--socket", filepath.Join(m.dir, "socket")}, args...)
	if got := herd.Main(args, herd.Environment{Stdout: &out, Stderr: &out, Now: time.Now}); got != want {
		m.t.Errorf("herd %v: exit status %d, want %d:\n%s", args, got, want, out.String())
	}
	return out.String()
}

// ended waits for the end of Shepherd.
func (m *machine) ended() {
	m.t.Helper()
	done := make(chan error, 1)
	go func() { done <- m.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			m.t.Errorf("shepherd ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		m.t.Fatal("shepherd does not end")
	}
}

const services = `
(define (note text)
  (let ((port (open-file "@DIR@/trace" "a")))
    (display text port) (newline port) (close-port port)))
(define (noting name requirement)
  (service (list name) #:requirement requirement
           #:start (lambda args (note (format #f "start ~a~a" name args)) #t)
           #:stop (lambda (value) (note (format #f "stop ~a" name)) #f)
           #:actions (actions (hello "Greet." (lambda (value who) (string-append "hello " who))))))
(register-services
 (list (noting 'top '(middle alias))
       (noting 'middle '(base))
       (noting 'base '())
       (service '(other alias) #:requirement '(base)
                #:documentation "A process."
                #:start (make-forkexec-constructor '("sh" "-c" "echo started $0 $X; umask; exec sleep 1000" "zero")
                          #:environment-variables (cons "X=y" (environ))
                          #:file-creation-mask #o27
                          #:log-file "@DIR@/other.log")
                #:stop (make-kill-destructor)
                #:respawn? #t)
       (service '(daemon)
                #:start (make-forkexec-constructor
                          '("sh" "-c" "(sleep 1000 >/dev/null 2>&1 & echo $! > @DIR@/daemon.new; mv @DIR@/daemon.new @DIR@/daemon.pid) & sleep 0.1")
                          #:pid-file "@DIR@/daemon.pid")
                #:stop (make-kill-destructor))
       (service '(once) #:one-shot? #t
                #:start (lambda () (note "once") (zero? (system* "true"))))))
(define %all '(top daemon once))
(start-in-the-background %all)
(announce-when-ready %all #:host-name "h1" #:file "@DIR@/ready" #:console "@DIR@/console")
`

func TestServices(t *testing.T) {
	m := launch(t, services)
	m.await("console", "fruix-ready host=h1 system=")
	if text := m.read("ready"); !strings.Contains(text, "status=ready\nhost=h1\n") {
		t.Errorf("ready: %s", text)
	}
	overview := m.herd(0, "status")
	for _, want := range []string{"Started:\n + base\n + daemon\n + middle\n + other\n + top\n", "One-shot, done:\n * once\n"} {
		if !strings.Contains(overview, want) {
			t.Errorf("status:\n%s", overview)
		}
	}
	m.await("other.log", "started zero y")
	m.await("other.log", "0027")
	if got := m.herd(0, "status", "alias"); !strings.Contains(got, "Status of other:\n  It is running since") {
		t.Error(got)
	}
	if got := m.herd(0, "doc", "other"); got != "A process.\n" {
		t.Error(got)
	}
	if got := m.herd(0, "hello", "top", "you"); got != "\"hello you\"\n" {
		t.Error(got)
	}
	if got := m.herd(2, "frob", "top"); !strings.Contains(got, "service top has no action frob; it has (hello)") {
		t.Error(got)
	}
	if got := m.herd(2, "start", "topp"); !strings.Contains(got, "did you mean top?") {
		t.Error(got)
	}
	if got := m.herd(0, "eval", "root", "(service-running? 'daemon)"); got != "#t\n" {
		t.Error(got)
	}
	if got := m.herd(1, "eval", "root", "(car 1)"); !strings.Contains(got, "Wrong type argument") {
		t.Error(got)
	}
	m.herd(0, "restart", "base")
	m.herd(0, "start", "once")
	m.write("more.scm", `(register-services (list (noting 'more '(top)))) (start-service (lookup-service 'more))`)
	m.herd(0, "load", "root", filepath.Join(m.dir, "more.scm"))
	m.herd(0, "stop", "root")
	m.ended()
	trace := m.read("trace")
	for _, c := range [][2]string{{"start base", "start middle"}, {"start middle", "start top"}, {"stop top", "stop middle"}, {"stop middle", "stop base"}, {"stop more", "stop top"}} {
		if i, j := strings.Index(trace, c[0]), strings.LastIndex(trace, c[1]); i < 0 || j < i {
			t.Errorf("%s is not before %s:\n%s", c[0], c[1], trace)
		}
	}
	if strings.Count(trace, "once") != 2 || strings.Count(trace, "start base") != 2 {
		t.Errorf("trace:\n%s", trace)
	}
	if m.read("finish") != "power-off" {
		t.Errorf("finish: %q", m.read("finish"))
	}
}

func TestFailures(t *testing.T) {
	m := launch(t, `
(register-services
 (list (service '(refuses) #:start (const #f))
       (service '(raises) #:start (lambda () (error "no" 'luck)))
       (service '(needs) #:requirement '(raises))
       (service '(missing) #:start (make-forkexec-constructor '("/no/such/program")))
       (service '(dies) #:respawn? #t #:respawn-limit '(2 . 60) #:respawn-delay 0.01
                #:start (make-forkexec-constructor '("sh" "-c" "exit 4")))
       (service '(no-pid) #:start (make-forkexec-constructor '("sleep" "100") #:pid-file "@DIR@/none" #:pid-file-timeout 0.2)
                #:stop (make-kill-destructor))
       (service '(fine))))
(start-in-the-background '(refuses needs missing dies no-pid fine))
(announce-when-ready '(refuses needs missing dies no-pid fine) #:host-name "h2" #:file "@DIR@/ready" #:console "@DIR@/console")`)
	m.await("console", "fruix-degraded host=h2")
	if got := m.read("console"); !strings.Contains(got, "failed=refuses,needs,missing,dies,no-pid\n") {
		t.Error(got)
	}
	for name, want := range map[string]string{
		"refuses": "its start procedure returned false",
		"raises":  "no luck",
		"needs":   "it requires raises, which does not run",
		"missing": "cannot run /no/such/program: no such file or directory",
		"dies":    "its process ended too often: 3 times within 1m0s",
		"no-pid":  "none was not written within 200ms",
	} {
		if got := m.herd(0, "status", name); !strings.Contains(got, want) {
			t.Errorf("%s: want %s in\n%s", name, want, got)
		}
	}
	if got := m.herd(1, "start", "refuses"); !strings.Contains(got, "service refuses could not be started") {
		t.Error(got)
	}
	if got := m.herd(0, "log", "dies"); !strings.Contains(got, "exited with status 4") {
		t.Error(got)
	}
	if err := m.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	m.ended()
}

func TestBadConfiguration(t *testing.T) {
	m := launch(t, "(register-services (list (service '(a) #:requirement 3)))")
	if err := m.cmd.Wait(); err == nil {
		t.Error("it runs")
	}
	if got := m.out.String(); !strings.Contains(got, "init.scm:2:") || !strings.Contains(got, "#:requirement must be a list of symbols, not 3") {
		t.Error(got)
	}
}

// TestProcess1 runs Shepherd as process 1 of a PID namespace.
func TestProcess1(t *testing.T) {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("needs root on Linux, for a PID namespace")
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		t.Skip("needs unshare(1)")
	}
	m := launch(t, `
(register-services
 (list (service '(root-file-system) #:stop (lambda (v) (call-with-output-file "@DIR@/last" (lambda (p) (display "root" p))) #f))
       (service '(user-processes) #:requirement '(root-file-system)
                #:stop (lambda (v) (terminate-user-processes #:grace-period 1) #f))
       (service '(orphans) #:requirement '(user-processes) #:one-shot? #t
                #:start (lambda ()
                  (zero? (system "for i in 1 2 3 4 5; do (sleep 0.1 &) ; done; (setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' >/dev/null 2>&1 &)"))))
       (service '(stubborn) #:requirement '(user-processes)
                #:start (make-forkexec-constructor '("sh" "-c" "trap '' TERM; while :; do sleep 1; done"))
                #:stop (make-kill-destructor #:grace-period 0.3))))
(start-in-the-background '(orphans stubborn))
(announce-when-ready '(orphans stubborn) #:host-name "h3" #:file "@DIR@/ready" #:console "@DIR@/console")`,
		unshare, "--pid", "--fork", "--mount-proc", "--kill-child")
	m.await("console", "fruix-ready host=h3")
	time.Sleep(300 * time.Millisecond)
	m.write("count.scm", `(system "ps -eo stat= | grep -c ^Z > @DIR@/zombies")`)
	m.herd(0, "load", "root", filepath.Join(m.dir, "count.scm"))
	if got := strings.TrimSpace(m.read("zombies")); got != "0" {
		t.Errorf("%s orphans were not waited for", got)
	}
	m.herd(0, "reboot", "root")
	m.ended()
	if m.read("finish") != "reboot" || m.read("last") != "root" {
		t.Errorf("finish %q, last %q", m.read("finish"), m.read("last"))
	}
	if log := m.read("log"); strings.Index(log, "service stubborn: has been stopped") > strings.Index(log, "service user-processes: has been stopped") {
		t.Errorf("order:\n%s", log)
	}
}
