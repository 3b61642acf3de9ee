//go:build linux && (amd64 || arm64)

package stub_test

import (
	"bytes"
	"debug/elf"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"fruix/jail/linux/stub"
)

// run writes the program to a file, runs it, and returns what it wrote to its
// standard output and what it reported.
func run(t *testing.T, p *stub.Program) (string, []stub.Report) {
	t.Helper()
	image, err := p.Image()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, image, 0o755); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out bytes.Buffer
	cmd := exec.Command(file)
	cmd.Stdout = &out
	cmd.Env = []string{}
	cmd.ExtraFiles = []*os.File{nil, w} // StatusFD
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err = cmd.Run()
	w.Close()
	var ee *exec.ExitError
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	} else if err != nil && cmd.ProcessState.ExitCode() < 0 {
		t.Fatalf("%v %T", err, ee)
	}
	var reports []stub.Report
	for {
		rep, err := stub.ReadReport(r)
		if err == io.EOF {
			return out.String(), reports
		}
		if err != nil {
			t.Fatal(err)
		}
		reports = append(reports, rep)
	}
}

// say adds a write of s to the standard output.
func say(p *stub.Program, s string) {
	p.Add(stub.Record{Number: unix.SYS_WRITE}, stub.Number(1), p.String(s), stub.Number(len(s)))
}

func TestCalls(t *testing.T) {
	p := new(stub.Program)
	say(p, "a")
	mkdir := func(r stub.Record, dir string) {
		r.Number = unix.SYS_MKDIRAT
		p.Add(r, stub.Number(1<<64-100), p.String(dir), stub.Number(0o755)) // AT_FDCWD
	}
	mkdir(stub.Record{Tolerate: int(unix.EEXIST), SkipAfter: 1}, "/")
	say(p, "never")
	mkdir(stub.Record{Tolerate: stub.AnyError}, "/no-such-directory/x")
	// A descriptor that is saved, and used.
	p.Add(stub.Record{Number: unix.SYS_OPENAT, Save: true, Skip: 1}, stub.Number(1<<64-100), p.String("/dev/null"), stub.Number(unix.O_WRONLY))
	say(p, "never")
	p.Add(stub.Record{Number: unix.SYS_WRITE, OnSaved: true, Expect: true, Want: 3}, stub.Number(1), p.String("xyz"), stub.Number(3))
	p.Add(stub.Record{Number: unix.SYS_CLOSE, OnSaved: true}, stub.Number(1))
	say(p, "b\n")
	p.Exit(0)
	if out, reports := run(t, p); out != "ab\n" || len(reports) != 0 {
		t.Errorf("%q %+v", out, reports)
	}
}

func TestFailures(t *testing.T) {
	p := new(stub.Program)
	say(p, "a")
	p.Add(stub.Record{Number: unix.SYS_CHDIR, Tolerate: int(unix.EACCES)}, p.String("/no-such-directory"))
	say(p, "never")
	p.Exit(0)
	out, reports := run(t, p)
	if out != "a" || len(reports) != 1 || reports[0].Kind != stub.ReportedFailure || reports[0].Record != 1 || reports[0].Errno != unix.ENOENT {
		t.Errorf("%q %+v", out, reports)
	}

	p = new(stub.Program)
	p.Add(stub.Record{Number: unix.SYS_GETPID, Expect: true, Want: 0})
	p.Exit(0)
	if _, reports = run(t, p); len(reports) != 1 || reports[0].Kind != stub.ReportedFailure || reports[0].Record != 0 || reports[0].Errno != 0 {
		t.Errorf("%+v", reports)
	}
}

// TestChild runs a program in a child, with other children that end meanwhile.
func TestChild(t *testing.T) {
	p := new(stub.Program)
	p.ReportReady()
	other := p.Fork() // forgotten
	fork := p.Fork()
	p.Add(stub.Record{Number: unix.SYS_KILL, OnChild: true}, stub.Number(1), stub.Number(0))
	p.Reap()
	say(p, "c\n")
	p.ReportExit()
	p.Exit(0)
	p.Child(other)
	p.Exit(7)
	p.Child(fork)
	say(p, "b")
	p.Add(stub.Record{Number: unix.SYS_EXECVE}, p.String("/bin/sh"),
		p.Strings([]string{"sh", "-c", "printf $0$A; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; kill -9 $$", "arg"}), p.Strings([]string{"A=env"}))
	out, reports := run(t, p)
	if out != "bargenvc\n" || len(reports) != 2 || reports[0].Kind != stub.ReportedReady {
		t.Fatalf("%q %+v", out, reports)
	}
	r := reports[1]
	if r.Kind != stub.ReportedExit || !r.Status.Signaled() || r.Status.Signal() != syscall.SIGKILL || r.MaxRSS < 100<<10 || r.User+r.System <= 0 {
		t.Errorf("%+v", r)
	}
	// A child's failure is reported as well.
	p = new(stub.Program)
	fork = p.Fork()
	p.Reap()
	p.ReportExit()
	p.Exit(0)
	p.Child(fork)
	p.Add(stub.Record{Number: unix.SYS_EXECVE}, p.String("/no-such-program"), p.Strings(nil), p.Strings(nil))
	_, reports = run(t, p)
	if len(reports) != 2 || reports[0].Kind != stub.ReportedFailure || reports[0].Errno != unix.ENOENT || reports[0].Record != 4 ||
		reports[1].Kind != stub.ReportedExit || reports[1].Status.ExitStatus() != 1 {
		t.Errorf("%+v", reports)
	}
}

// TestImage lets Go's own reader look at an executable.
func TestImage(t *testing.T) {
	p := new(stub.Program)
	p.Exit(0)
	image, err := p.Image()
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	if f.Type != elf.ET_EXEC || len(f.Progs) != 3 {
		t.Errorf("%v %d", f.Type, len(f.Progs))
	}
	for _, s := range f.Progs {
		if s.Flags&elf.PF_W != 0 && s.Flags&elf.PF_X != 0 {
			t.Errorf("a segment can be written and executed: %+v", s.ProgHeader)
		}
	}
	if len(image) > 8<<10 || strings.Contains(string(image[:4096]), "end") {
		t.Errorf("%d bytes", len(image))
	}
}

func TestReadReport(t *testing.T) {
	for _, b := range []string{"", "x", strings.Repeat("\x00", 16), strings.Repeat("\xff", 200), "\x02\x00\x00\x00" + strings.Repeat("\x00", 20)} {
		if r, err := stub.ReadReport(strings.NewReader(b)); err == nil {
			t.Errorf("%q is read as %+v", b, r)
		}
	}
}
