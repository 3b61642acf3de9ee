// Package supervise runs processes and notices their end.
//
// Process 1 inherits every process whose parent has ended and must wait for
// it. A Supervisor therefore tells two kinds of children apart: those it
// started (or adopted), which it waits for one by one, and orphans, which
// ReapOrphans waits for. A program that also starts processes by other means,
// and waits for them itself, calls ReapOrphans only while none of these runs.
package supervise

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Command describes a process to be started.
type Command struct {
	// Args are the program and its arguments; a program without a slash is
	// searched in the PATH of Env.
	Args []string
	Env  []string // "NAME=value"
	Dir  string   // "" is /
	// UID, GID and Groups are those of the process when Credential is set.
	Credential  bool
	UID, GID    uint32
	Groups      []uint32
	Umask       int // -1 keeps the supervisor's
	NewSession  bool
	Limits      []Limit
	Stdin       *os.File // nil is /dev/null
	Stdout      *os.File // nil is /dev/null
	Stderr      *os.File // nil is /dev/null
	ControlTerm bool     // make Stdin the controlling terminal of the new session
}

// Limit is a resource limit, setrlimit(2).
type Limit struct {
	Resource   int
	Soft, Hard uint64
}

// Status is how a process ended.
type Status struct {
	Code   int            // exit code, when Signal is 0
	Signal syscall.Signal // what killed it
	// Unknown is set when the process ended unseen: it was no child.
	Unknown bool
}

// String says it in words.
func (s Status) String() string {
	switch {
	case s.Unknown:
		return "ended"
	case s.Signal != 0:
		return fmt.Sprintf("was killed by signal %d (%s)", int(s.Signal), s.Signal)
	}
	return fmt.Sprintf("exited with status %d", s.Code)
}

// Process is a supervised process.
type Process struct {
	PID    int
	sup    *Supervisor
	done   chan struct{}
	status Status // valid when done is closed

	terminating bool // under sup.mu
}

// Done is closed when the process has ended and has been waited for.
func (p *Process) Done() <-chan struct{} { return p.done }

// Status is how the process ended; it is meaningful once Done is closed.
func (p *Process) Status() Status { return p.status }

// Alive reports whether the process has not been seen to end.
func (p *Process) Alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Options configure a Supervisor.
type Options struct {
	// Trampoline is the command that runs Trampoline of this package: it
	// prepares what fork and exec alone cannot. nil makes commands that need
	// it fail.
	Trampoline []string
}

// Supervisor starts processes and waits for them.
type Supervisor struct {
	opts  Options
	mu    sync.Mutex
	procs map[int]*Process
}

// New makes a supervisor.
func New(opts Options) *Supervisor {
	return &Supervisor{opts: opts, procs: map[int]*Process{}}
}

// Start starts a process. An error means that nothing runs.
func (s *Supervisor) Start(c Command) (*Process, error) {
	if len(c.Args) == 0 || c.Args[0] == "" {
		return nil, errors.New("a command is empty")
	}
	program, err := lookPath(c.Args[0], c.Env)
	if err != nil {
		return nil, err
	}
	if c.Dir == "" {
		c.Dir = "/"
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	files := []uintptr{null.Fd(), null.Fd(), null.Fd()}
	for i, f := range []*os.File{c.Stdin, c.Stdout, c.Stderr} {
		if f != nil {
			files[i] = f.Fd()
		}
	}
	attr := &syscall.ProcAttr{Dir: c.Dir, Env: c.Env, Files: files, Sys: &syscall.SysProcAttr{}}
	attr.Sys.Setsid = c.NewSession
	attr.Sys.Setctty = c.ControlTerm && c.NewSession
	if c.Umask >= 0 || len(c.Limits) > 0 {
		return s.trampoline(program, c, attr)
	}
	if c.Credential {
		attr.Sys.Credential = &syscall.Credential{Uid: c.UID, Gid: c.GID, Groups: c.Groups}
	}
	return s.fork(program, c.Args, attr)
}

// fork starts the program and registers it before its end can be noticed.
func (s *Supervisor) fork(program string, args []string, attr *syscall.ProcAttr) (*Process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pid, err := syscall.ForkExec(program, args, attr)
	if err != nil {
		return nil, fmt.Errorf("cannot run %s: %w", program, explainExec(err, attr.Dir))
	}
	return s.register(pid), nil
}

// explainExec makes clear that "no such file" may mean the directory.
func explainExec(err error, dir string) error {
	if errors.Is(err, syscall.ENOENT) && dir != "" {
		if _, e := os.Stat(dir); e != nil {
			return fmt.Errorf("the directory %s cannot be used: %w", dir, err)
		}
	}
	return err
}

func (s *Supervisor) register(pid int) *Process {
	p := &Process{PID: pid, sup: s, done: make(chan struct{})}
	s.procs[pid] = p
	return p
}

// Adopt supervises a process that something else started, such as a daemon
// that wrote its PID to a file. Its status is known when it is a child of this
// process by now, which it is if its parent ended and this process is process
// 1 or a subreaper; otherwise its end is noticed by Reap.
func (s *Supervisor) Adopt(pid int) (*Process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.procs[pid]; p != nil {
		return p, nil
	}
	if err := syscall.Kill(pid, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return nil, fmt.Errorf("there is no process %d", pid)
	}
	return s.register(pid), nil
}

// Find gives the living supervised process of that number, or nil.
func (s *Supervisor) Find(pid int) *Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.procs[pid]
}

// Living lists the supervised processes that have not ended.
func (s *Supervisor) Living() []*Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*Process
	for _, p := range s.procs {
		out = append(out, p)
	}
	return out
}

// Reap waits, without blocking, for supervised processes that have ended.
func (s *Supervisor) Reap() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for pid, p := range s.procs {
		var ws syscall.WaitStatus
		got, err := wait4(pid, &ws)
		switch {
		case err == nil && got == pid:
			s.ended(p, ws)
		case errors.Is(err, syscall.ECHILD) && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH):
			p.status = Status{Unknown: true}
			delete(s.procs, pid)
			close(p.done)
		}
	}
}

// ReapOrphans waits, without blocking, for any child that has ended, and
// returns how many of these were not supervised.
func (s *Supervisor) ReapOrphans() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for {
		var ws syscall.WaitStatus
		pid, err := wait4(-1, &ws)
		if err != nil || pid <= 0 {
			return n
		}
		if p := s.procs[pid]; p != nil {
			s.ended(p, ws)
		} else {
			n++
		}
	}
}

func wait4(pid int, ws *syscall.WaitStatus) (int, error) {
	for {
		got, err := syscall.Wait4(pid, ws, syscall.WNOHANG, nil)
		if !errors.Is(err, syscall.EINTR) {
			return got, err
		}
	}
}

func (s *Supervisor) ended(p *Process, ws syscall.WaitStatus) {
	switch {
	case ws.Exited():
		p.status = Status{Code: ws.ExitStatus()}
	case ws.Signaled():
		p.status = Status{Signal: ws.Signal()}
	default:
		return // stopped or continued
	}
	delete(s.procs, p.PID)
	close(p.done)
}

// Watch calls Reap, and orphans, each time a child ends, until stop is closed.
// orphans is meant to call ReapOrphans when that is safe; it may be nil.
// Adopted processes that are no children are looked at every second.
func (s *Supervisor) Watch(stop <-chan struct{}, orphans func()) {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGCHLD)
	defer signal.Stop(ch)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		s.Reap()
		if orphans != nil {
			orphans()
		}
		select {
		case <-ch:
		case <-tick.C:
		case <-stop:
			return
		}
	}
}

// Signal sends a signal to the process, and to its whole group when it leads
// one. A process that has ended gets none.
func (p *Process) Signal(sig syscall.Signal) error {
	p.sup.mu.Lock()
	defer p.sup.mu.Unlock()
	return p.signal(sig)
}

func (p *Process) signal(sig syscall.Signal) error {
	if p.sup.procs[p.PID] != p {
		return nil
	}
	target := p.PID
	if pg, err := syscall.Getpgid(p.PID); err == nil && pg == p.PID {
		target = -p.PID
	}
	err := syscall.Kill(target, sig)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// Terminate sends sig and, if the process lives on after grace, SIGKILL. It
// returns at once; Done tells the end.
func (p *Process) Terminate(sig syscall.Signal, grace time.Duration) error {
	p.sup.mu.Lock()
	p.terminating = true
	err := p.signal(sig)
	p.sup.mu.Unlock()
	if err != nil {
		return err
	}
	go func() {
		t := time.NewTimer(grace)
		defer t.Stop()
		select {
		case <-p.done:
		case <-t.C:
			_ = p.Signal(syscall.SIGKILL)
		}
	}()
	return nil
}

// Terminating reports whether Terminate was called.
func (p *Process) Terminating() bool {
	p.sup.mu.Lock()
	defer p.sup.mu.Unlock()
	return p.terminating
}

// lookPath finds a program in the PATH of env.
func lookPath(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	path := ""
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, "PATH="); ok {
			path = v
		}
	}
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			continue
		}
		file := filepath.Join(dir, name)
		if st, err := os.Stat(file); err == nil && !st.IsDir() && st.Mode()&0o111 != 0 {
			return file, nil
		}
	}
	return "", fmt.Errorf("there is no program %q in PATH (%s)", name, path)
}
