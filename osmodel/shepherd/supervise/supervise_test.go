package supervise

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The test binary is its own trampoline.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "__exec" {
		Trampoline(os.Args[2])
	}
	os.Exit(m.Run())
}

func TestLimiter(t *testing.T) {
	at := func(s float64) time.Time { return time.Unix(0, int64(s*1e9)) }
	for _, c := range []struct {
		name   string
		l      Limiter
		times  []float64
		expect string
	}{
		{"five in seven seconds", Limiter{Count: 5, Window: 7 * time.Second}, []float64{0, 1, 2, 3, 4, 5, 6.9, 7, 7.5, 8}, "yyyyynnyny"},
		{"slow", Limiter{Count: 1, Window: time.Second}, []float64{0, 1, 2, 3}, "yyyy"},
		{"never", Limiter{}, []float64{0, 100}, "nn"},
		{"always", Limiter{Count: 1}, []float64{0, 0, 0}, "yyy"},
	} {
		got := ""
		for _, s := range c.times {
			got += map[bool]string{true: "y", false: "n"}[c.l.Allow(at(s))]
		}
		if got != c.expect {
			t.Errorf("%s: got %s, want %s", c.name, got, c.expect)
		}
	}
	l := Limiter{Count: 1, Window: time.Hour}
	l.Allow(at(0))
	l.Reset()
	if !l.Allow(at(1)) {
		t.Error("not allowed after Reset")
	}
}

func start(t *testing.T) *Supervisor {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{Trampoline: []string{exe, "__exec"}})
	stop := make(chan struct{})
	go s.Watch(stop, nil)
	t.Cleanup(func() { close(stop) })
	return s
}

func finish(t *testing.T, p *Process) Status {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(20 * time.Second):
		t.Fatalf("process %d does not end", p.PID)
	}
	return p.Status()
}

func sh(script string) Command {
	return Command{Args: []string{"sh", "-c", script}, Env: []string{"PATH=/usr/bin:/bin"}, Umask: -1, NewSession: true}
}

func TestStatus(t *testing.T) {
	s := start(t)
	for _, c := range []struct{ script, want string }{
		{"exit 0", "exited with status 0"},
		{"exit 7", "exited with status 7"},
		{"kill -9 $$", "was killed by signal 9 (killed)"},
	} {
		p, err := s.Start(sh(c.script))
		if err != nil {
			t.Fatal(err)
		}
		if got := finish(t, p).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.script, got, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		c    Command
		want string
	}{
		{Command{Umask: -1}, "a command is empty"},
		{Command{Args: []string{"no-such-program"}, Env: []string{"PATH=/bin"}, Umask: -1}, `there is no program "no-such-program" in PATH (/bin)`},
		{Command{Args: []string{"/no/such"}, Umask: -1}, "cannot run /no/such: no such file or directory"},
		{Command{Args: []string{"/no/such"}, Umask: 0o22}, "cannot run /no/such: no such file or directory"},
		{Command{Args: []string{"/bin/sh"}, Dir: "/no/dir", Umask: -1}, "the directory /no/dir cannot be used"},
	} {
		_, err := s.Start(c.c)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// TestSetup checks what a process sees: session, mask, limits, directory.
func TestSetup(t *testing.T) {
	s := start(t)
	dir := t.TempDir()
	c := sh(`umask; ulimit -n; pwd; ps -o pid=,sid= $$ | awk '{print $1 == $2}'; trap "" PIPE; grep SigIgn /proc/self/status`)
	c.Umask, c.Limits, c.Dir = 0o27, []Limit{{unix.RLIMIT_NOFILE, 99, 100}}, dir
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	c.Stdout, c.Stderr = out, out
	p, err := s.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	finish(t, p)
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 4 || strings.TrimLeft(lines[0], "0") != "27" || lines[1] != "99" || lines[2] != dir {
		t.Errorf("the process saw\n%s", text)
	}
}

func TestCredential(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to become another user")
	}
	s := start(t)
	for _, mask := range []int{-1, 0o77} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		c := sh("id -u; id -g; id -G")
		c.Credential, c.UID, c.GID, c.Groups, c.Umask = true, 1234, 1235, []uint32{1235, 1236}, mask
		c.Stdout = w
		p, err := s.Start(c)
		w.Close()
		if err != nil {
			t.Fatal(err)
		}
		var u, g, a, b int
		if _, err := fmt.Fscan(r, &u, &g, &a, &b); err != nil || u != 1234 || g != 1235 || a != 1235 || b != 1236 {
			t.Errorf("mask %o: got %d %d %d %d, %v", mask, u, g, a, b, err)
		}
		finish(t, p)
		r.Close()
	}
}

// TestTerminate needs the whole process group to end, and SIGKILL for a
// process that ignores SIGTERM.
func TestTerminate(t *testing.T) {
	s := start(t)
	p, err := s.Start(sh(`trap "" TERM; sleep 100 & while :; do wait; done`))
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	begin := time.Now()
	if err := p.Terminate(syscall.SIGTERM, 300*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if !p.Terminating() {
		t.Error("not terminating")
	}
	if st := finish(t, p); st.Signal != syscall.SIGKILL {
		t.Errorf("it %s", st)
	}
	if d := time.Since(begin); d < 250*time.Millisecond {
		t.Errorf("killed after %v", d)
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("a signal to an ended process: %v", err)
	}
}

// TestAdopt supervises a process that is no child of this one.
func TestAdopt(t *testing.T) {
	s := start(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := sh("sleep 0.3 >/dev/null & echo $!")
	c.Stdout = w
	p, err := s.Start(c)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(r, &pid); err != nil {
		t.Fatal(err)
	}
	q, err := s.Adopt(pid)
	if err != nil {
		t.Fatal(err)
	}
	finish(t, p)
	finish(t, q)
	if _, err := s.Adopt(1 << 30); err == nil {
		t.Error("a process that is not there was adopted")
	}
}
