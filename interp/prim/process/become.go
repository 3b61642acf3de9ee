package process

import (
	"os/signal"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// execute replaces the process by a program.
func execute(name string, search bool) *datum.Primitive {
	return arg.FN(name, 1, -1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		s := state.Of(c)
		if err := s.CheckProcesses(name); err != nil {
			return datum.Unset, err
		}
		argv, err := texts(name, args, 1)
		if err != nil {
			return datum.Unset, err
		}
		file := argv[0]
		if search {
			if file, err = lookPath(s, file); err != nil {
				return datum.Unset, state.SystemError(name, err, argv[0])
			}
		}
		return datum.Unset, become(s, name, file, argv, s.Environ())
	})
}

// executeWith is (execle FILE ENVIRONMENT ARG ...): execl with a list of
// NAME=VALUE strings for the environment.
func executeWith() *datum.Primitive {
	const name = "execle"
	return arg.FN(name, 2, -1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		s := state.Of(c)
		if err := s.CheckProcesses(name); err != nil {
			return datum.Unset, err
		}
		list, err := arg.List(name, 2, args[1])
		if err != nil {
			return datum.Unset, err
		}
		environ, err := texts(name, list, 2)
		if err != nil {
			return datum.Unset, err
		}
		argv, err := texts(name, append([]datum.Value{args[0]}, args[2:]...), 1)
		if err != nil {
			return datum.Unset, err
		}
		return datum.Unset, become(s, name, argv[0], argv, environ)
	})
}

// become replaces the process by the program file. argv holds what the caller
// named and the program's arguments, its own name first; it returns only when
// that fails.
func become(s *state.State, who, file string, argv, environ []string) error {
	if err := s.Flush(); err != nil {
		return state.SystemError(who, err, "")
	}
	rest := argv[1:]
	if len(rest) == 0 {
		rest = argv[:1]
	}
	signal.Reset()
	return state.SystemError(who, unix.Exec(s.Path(file), rest, environ), argv[0])
}
