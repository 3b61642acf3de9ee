package freebsd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

// childMark is how the process that becomes a program knows what it is.
const childMark = "__jail"

// childArgs are the arguments of that process. first is the first of two descriptors: it
// reads a start, as JSON, and the next one takes a failure, as JSON, and ends without one
// when the program runs. Go gives a process its path in the place of the first argument
// when that is longer (package syscall, on FreeBSD), so that the first says nothing.
func childArgs(first int) []string { return []string{"fruix", childMark, strconv.Itoa(first)} }

// failure says which call failed. Index counts those of the start; what comes after
// them is the program's start itself.
type failure struct {
	Index int
	Errno syscall.Errno
	Text  string // when there is no number
}

func (f failure) err(s start) error {
	err := error(f.Errno)
	if f.Text != "" {
		err = errors.New(f.Text)
	}
	switch {
	case f.Index < 0 || f.Index > len(s.Calls):
		return &jail.SetupError{Step: "start the program", Err: err}
	case f.Index == len(s.Calls):
		return &jail.SetupError{Step: "exec", Path: s.Program, Err: err}
	}
	c := s.Calls[f.Index]
	if c.Op == opChdir {
		return &jail.SetupError{Step: "enter", Path: c.Args[0], Err: err}
	}
	return &jail.SetupError{Step: c.String(), Err: err}
}

// ChildMain makes the calling process a jail's program, and does not return, if it was
// started for that; otherwise it returns at once. args are os.Args. Every program that
// runs jails calls it first in main.
func ChildMain(args []string) {
	if len(args) != 3 || args[1] != childMark {
		return
	}
	first, err := strconv.Atoi(args[2])
	if err != nil {
		return
	}
	f := childMain(first)
	out := os.NewFile(uintptr(first+1), "status")
	_ = json.NewEncoder(out).Encode(f) // the caller sees that there is none
	os.Exit(127)
}

func childMain(first int) failure {
	fail := func(i int, err error) failure {
		f := failure{Index: i}
		if !errors.As(err, &f.Errno) {
			f.Text = err.Error()
		}
		return f
	}
	syscall.CloseOnExec(first + 1)
	in := os.NewFile(uintptr(first), "start")
	data, err := io.ReadAll(in)
	in.Close()
	var s start
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		return fail(-1, err)
	}
	for i, c := range s.Calls {
		if err := become(c); err != nil {
			return fail(i, err)
		}
	}
	return fail(len(s.Calls), syscall.Exec(s.Program, s.Argv, s.Env))
}

// resources are the numbers of limits, sys/resource.h.
func resources() map[string]int {
	const rlimitSwap = 12
	return map[string]int{
		"core": unix.RLIMIT_CORE, "fsize": unix.RLIMIT_FSIZE, "nofile": unix.RLIMIT_NOFILE, "cpu": unix.RLIMIT_CPU,
		"nproc": unix.RLIMIT_NPROC, "as": unix.RLIMIT_AS, "swap": rlimitSwap,
	}
}

// become carries out the calls of the process that becomes a program.
func become(c call) error {
	number := func(i int, base int) int {
		n, err := strconv.ParseInt(c.Args[i], base, 64)
		if err != nil {
			panic(err) // plans hold numbers there
		}
		return int(n)
	}
	switch c.Op {
	case opMask:
		syscall.Umask(number(0, 8))
		return nil
	case opSession:
		_, err := syscall.Setsid()
		return err
	case opLimit:
		return setLimit(c.Args[0], int64(number(1, 10)))
	case opAttach:
		jid := findJail(c.Args[0])
		if jid == 0 {
			return syscall.ESRCH
		}
		_, _, errno := unix.Syscall(unix.SYS_JAIL_ATTACH, uintptr(jid), 0, 0)
		if errno != 0 {
			return errno
		}
		return nil
	case opChdir:
		return syscall.Chdir(c.Args[0])
	case opOpen:
		return openAs(c.Args[0], number(1, 10))
	case opGroups:
		return syscall.Setgroups([]int{number(0, 10)})
	case opGroup:
		return syscall.Setgid(number(0, 10))
	case opUser:
		return syscall.Setuid(number(0, 10))
	case opDie:
		return dieWithParent()
	case opCloseFrom:
		_, _, errno := unix.RawSyscall(unix.SYS_CLOSEFROM, uintptr(number(0, 10)), 0, 0)
		if errno != 0 {
			return errno
		}
		return nil
	}
	return fmt.Errorf("an unknown call %q", c.Op)
}

// openAs opens a folder as a descriptor that the program has as well.
func openAs(dir string, as int) error {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Dup2(fd, as)
}

// setLimit sets a limit, unless a lower one binds already.
func setLimit(name string, value int64) error {
	which, ok := resources()[name]
	if !ok {
		return fmt.Errorf("an unknown limit %q", name)
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(which, &old); err != nil {
		return err
	}
	value = min(value, old.Max)
	return syscall.Setrlimit(which, &syscall.Rlimit{Cur: value, Max: value})
}

// dieWithParent has the kernel kill this process when its parent dies: procctl(2).
func dieWithParent() error {
	const (
		byPID    = 0  // P_PID
		deathSig = 11 // PROC_PDEATHSIG_CTL
	)
	sig := int32(syscall.SIGKILL)
	_, _, errno := unix.Syscall6(unix.SYS_PROCCTL, byPID, 0, deathSig, uintptr(unsafe.Pointer(&sig)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
