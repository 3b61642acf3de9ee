// Package process holds the natives for processes, users and the environment
// (Guile manual, "Processes", "Runtime Environment", "User Information").
package process

import (
	"syscall"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// Table lists the natives.
func Table() []*datum.Primitive {
	ps := newChildren()
	t := append(environment(), ps.running()...)
	t = append(t, ending()...)
	t = append(t, identity()...)
	t = append(t, limits()...)
	t = append(append(t, locales()...), crypting())
	return append(t, users()...)
}

// What both systems have: one more than the greatest number of a signal, and how
// much is written to a pipe in one piece at least (<signal.h>, <limits.h>).
const (
	numSignals = 65
	pipeBuffer = 4096
)

// Constants are signals and flags.
func Constants() map[string]datum.Value {
	out := map[string]datum.Value{"OPEN_READ": datum.NewString("r"), "OPEN_WRITE": datum.NewString("w"), "OPEN_BOTH": datum.NewString("r+")}
	for name, s := range map[string]syscall.Signal{
		"SIGHUP": unix.SIGHUP, "SIGINT": unix.SIGINT, "SIGQUIT": unix.SIGQUIT, "SIGKILL": unix.SIGKILL, "SIGTERM": unix.SIGTERM,
		"SIGCHLD": unix.SIGCHLD, "SIGPIPE": unix.SIGPIPE, "SIGALRM": unix.SIGALRM, "SIGUSR1": unix.SIGUSR1, "SIGUSR2": unix.SIGUSR2,
		"SIGSTOP": unix.SIGSTOP, "SIGCONT": unix.SIGCONT, "SIGABRT": unix.SIGABRT, "SIGSEGV": unix.SIGSEGV, "SIGWINCH": unix.SIGWINCH,
		"SIGILL": unix.SIGILL, "SIGTRAP": unix.SIGTRAP, "SIGIOT": unix.SIGIOT, "SIGBUS": unix.SIGBUS, "SIGFPE": unix.SIGFPE,
		"SIGTSTP": unix.SIGTSTP, "SIGTTIN": unix.SIGTTIN, "SIGTTOU": unix.SIGTTOU, "SIGIO": unix.SIGIO, "SIGURG": unix.SIGURG,
		"SIGXCPU": unix.SIGXCPU, "SIGXFSZ": unix.SIGXFSZ, "SIGVTALRM": unix.SIGVTALRM, "SIGPROF": unix.SIGPROF, "SIGSYS": unix.SIGSYS,
		"SIGCLD": unix.SIGCHLD, "SIGPOLL": unix.SIGIO,
	} {
		out[name] = datum.Fix(int64(s))
	}
	for i, name := range localeCategories {
		out[name] = datum.Fix(int64(i))
	}
	for name, n := range map[string]int{
		"WNOHANG": unix.WNOHANG, "WUNTRACED": unix.WUNTRACED, "WAIT_ANY": -1, "WAIT_MYPGRP": 0,
		"EXIT_SUCCESS": 0, "EXIT_FAILURE": 1, "NSIG": numSignals, "PIPE_BUF": pipeBuffer,
		"PRIO_PROCESS": unix.PRIO_PROCESS, "PRIO_PGRP": unix.PRIO_PGRP, "PRIO_USER": unix.PRIO_USER,
	} {
		out[name] = datum.Fix(int64(n))
	}
	return out
}

func texts(who string, args []datum.Value, at int) ([]string, error) {
	out := make([]string, len(args))
	for i, v := range args {
		var err error
		if out[i], err = arg.Text(who, at+i, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func fault(who string, err error) error {
	if err == nil {
		return nil
	}
	return state.SystemError(who, err, "")
}

// ending lists the natives that end the program or become another one.
func ending() []*datum.Primitive {
	return []*datum.Primitive{
		arg.FN("primitive-exit", 0, 1, exit), arg.FN("primitive-_exit", 0, 1, exit),
		execute("execl", false), execute("execlp", true), executeWith(),
		arg.F1("%check-owner", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			who, err := arg.Text("%check-owner", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, state.Of(c).CheckOwner(who)
		}),
		arg.F0("primitive-fork", func(datum.Caller) (datum.Value, error) {
			return datum.Unset, &datum.Error{Key: "system-error", Who: "primitive-fork", Message: "~A",
				Irritants: []datum.Value{datum.NewString("a program with several threads of the system, as this one, cannot be split in two; start programs with spawn, pipes with (ice-9 popen)")},
				Rest:      datum.List(datum.Fix(int64(unix.ENOSYS))), Payload: datum.Unset}
		}),
	}
}

// exit ends the engine's program through Options.Exit.
func exit(c datum.Caller, args []datum.Value) (datum.Value, error) {
	code := 0
	if v, ok := arg.Given(args, 0); ok {
		switch {
		case v.IsFix():
			code = int(v.Fix() & 0xff)
		case v == datum.False:
			code = 1
		}
	}
	s := state.Of(c)
	if err := s.FlushAll(); err != nil && code == 0 {
		code = 1
	}
	if s.Exit != nil {
		s.Exit(code)
	}
	return datum.Unset, &datum.Error{Key: "quit", Who: "", Message: "exit", Rest: datum.List(datum.Fix(int64(code))), Payload: datum.Unset}
}
