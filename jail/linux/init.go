//go:build linux

package linux

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

// ReexecMain makes the calling process the first process of a jail if it was
// started as one, and then does not return. Otherwise it returns false at
// once. args are the process's arguments (os.Args). Call it first in main, and
// first in TestMain of tests that run jails.
func ReexecMain(args []string) bool {
	if len(args) == 1 && args[0] == argv0IDMap {
		idMapMain()
	}
	if len(args) != 1 || args[0] != argv0 || os.Getpid() != 1 {
		return false
	}
	// Namespaces aside, credentials belong to a thread: stay on this one.
	runtime.LockOSThread()
	exitNow(initMain())
	return true
}

// exitNow ends the process without what the runtime does at an exit, such as
// the race detector's second of waiting: nothing here needs it.
func exitNow(code int) { syscall.Exit(code) }

// initMain is the life of PID 1; it returns the exit code.
func initMain() int {
	if err := closeOnExec(); err != nil {
		return 1
	}
	statusFile := os.NewFile(statusFD, "status")
	enc := json.NewEncoder(statusFile)
	plan, err := readPlan()
	if err != nil {
		enc.Encode(status{Failure: newFailure(&jail.SetupError{Step: "read the plan", Err: err})})
		return 1
	}
	if err := setUp(plan); err != nil {
		enc.Encode(status{Failure: newFailure(err)})
		return 1
	}
	if plan.Probe {
		enc.Encode(status{Exit: &exit{}})
		return 0
	}
	if err := enc.Encode(status{Ready: true}); err != nil {
		return 1
	}
	pid, err := start(&plan.Spec)
	if err != nil {
		enc.Encode(status{Failure: newFailure(err)})
		return 1
	}
	x, err := reap(pid)
	if err != nil {
		enc.Encode(status{Failure: newFailure(&jail.SetupError{Step: "wait", Err: err})})
		return 1
	}
	if err := enc.Encode(status{Exit: x}); err != nil {
		return 1
	}
	return 0
}

// closeOnExec keeps descriptors, ours and any that the caller was itself
// started with, from reaching the program.
func closeOnExec() error {
	const closeRangeCloexec = 4 // CLOSE_RANGE_CLOEXEC, close_range(2)
	if unix.CloseRange(3, ^uint(0)>>1, closeRangeCloexec) == nil {
		return nil
	}
	if err := unix.CloseRange(3, 1<<31-1, closeRangeCloexec); err == nil {
		return nil
	}
	// Before Linux 5.11.
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// readPlan reads the plan, and from then on watches for the caller's death.
func readPlan() (*plan, error) {
	r := bufio.NewReaderSize(os.NewFile(planFD, "plan"), 64<<10)
	line, err := r.ReadBytes('\n')
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	p := new(plan)
	if err := json.Unmarshal(line, p); err != nil {
		return nil, err
	}
	go func() {
		// The caller never writes again: this ends when it closes its end or
		// dies, and then nobody wants the result any more.
		r.ReadByte()
		exitNow(1)
	}()
	return p, nil
}

// setUp turns the process's namespaces into the jail, and gives up every
// privilege.
func setUp(p *plan) error {
	syscall.Umask(0o022)
	if err := leaveKeyring(); err != nil {
		return err
	}
	if err := buildRoot(p); err != nil {
		return err
	}
	s := &p.Spec
	if err := loopbackUp(); err != nil {
		return &jail.SetupError{Step: "bring up the loopback interface", Err: err}
	}
	if err := unix.Sethostname([]byte(s.Hostname)); err != nil {
		return &jail.SetupError{Step: "set the host name", Err: err}
	}
	if err := unix.Setdomainname([]byte("(none)")); err != nil {
		return &jail.SetupError{Step: "set the domain name", Err: err}
	}
	if err := setLimits(s.Limits); err != nil {
		return err
	}
	return dropPrivileges()
}

// setLimits sets the limits of this process, for the program to inherit.
func setLimits(l jail.Limits) error {
	set := func(name string, what int, v uint64) error {
		var old syscall.Rlimit
		if err := syscall.Getrlimit(what, &old); err != nil {
			return &jail.SetupError{Step: "read the limit of", Path: name, Err: err}
		}
		v = min(v, old.Max)
		if err := syscall.Setrlimit(what, &syscall.Rlimit{Cur: v, Max: v}); err != nil {
			return &jail.SetupError{Step: "set the limit of", Path: name, Err: err}
		}
		return nil
	}
	if err := set("core dumps", unix.RLIMIT_CORE, 0); err != nil {
		return err
	}
	if l.FileSize != 0 {
		if err := set("file size", unix.RLIMIT_FSIZE, l.FileSize); err != nil {
			return err
		}
	}
	if l.OpenFiles != 0 {
		if err := set("open files", unix.RLIMIT_NOFILE, l.OpenFiles); err != nil {
			return err
		}
	}
	if l.CPU > 0 {
		if err := set("processor time", unix.RLIMIT_CPU, uint64((l.CPU+time.Second-1)/time.Second)); err != nil {
			return err
		}
	}
	if l.Processes != 0 {
		if err := set("processes", unix.RLIMIT_NPROC, l.Processes); err != nil {
			return err
		}
	}
	// Last: it binds this process as well.
	if l.AddressSpace != 0 {
		return set("address space", unix.RLIMIT_AS, l.AddressSpace)
	}
	return nil
}

// start starts the program, on this thread, whose credentials it inherits.
func start(s *jail.Spec) (int, error) {
	null, err := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return 0, &jail.SetupError{Step: "open", Path: "/dev/null", Err: err}
	}
	defer syscall.Close(null)
	if err := syscall.Chdir(s.Dir); err != nil {
		return 0, &jail.SetupError{Step: "enter", Path: s.Dir, Err: err}
	}
	pid, err := syscall.ForkExec(s.Program, s.Argv, &syscall.ProcAttr{
		Env:   s.Env,
		Files: []uintptr{uintptr(null), 1, 2},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 0, &jail.SetupError{Step: "exec", Path: s.Program, Err: err}
	}
	return pid, nil
}

// reap waits for every child until the program itself has ended. Orphans
// become children of PID 1.
func reap(pid int) (*exit, error) {
	for {
		var ws syscall.WaitStatus
		var ru syscall.Rusage
		got, err := syscall.Wait4(-1, &ws, 0, &ru)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		if got != pid {
			continue
		}
		x := &exit{Code: -1, User: ru.Utime.Nano(), System: ru.Stime.Nano(), MaxRSS: ru.Maxrss << 10}
		switch {
		case ws.Exited():
			x.Code = ws.ExitStatus()
		case ws.Signaled():
			x.Signal = int(ws.Signal())
		default:
			continue
		}
		return x, nil
	}
}
