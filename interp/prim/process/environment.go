package process

import (
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

func environment() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F1("getenv", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			name, err := arg.Text("getenv", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			if s, ok := state.Of(c).Getenv(name); ok {
				return datum.NewString(s), nil
			}
			return datum.False, nil
		}),
		arg.FN("setenv", 2, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			name, err := arg.Text("setenv", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			if args[1] == datum.False {
				state.Of(c).Unsetenv(name)
				return datum.Unspecified, nil
			}
			value, err := arg.Text("setenv", 2, args[1])
			if err == nil {
				state.Of(c).Setenv(name, value)
			}
			return datum.Unspecified, err
		}),
		arg.F1("unsetenv", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			name, err := arg.Text("unsetenv", 1, v)
			if err == nil {
				state.Of(c).Unsetenv(name)
			}
			return datum.Unspecified, err
		}),
		arg.F1("putenv", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := arg.Text("putenv", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			if name, value, ok := strings.Cut(s, "="); ok {
				state.Of(c).Setenv(name, value)
			} else {
				state.Of(c).Unsetenv(s)
			}
			return datum.Unspecified, nil
		}),
		arg.FN("environ", 0, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			s := state.Of(c)
			if v, ok := arg.Given(args, 0); ok {
				items, err := arg.List("environ", 1, v)
				if err != nil {
					return datum.Unset, err
				}
				s.ClearEnv()
				for _, x := range items {
					kv, err := arg.Text("environ", 1, x)
					if err != nil {
						return datum.Unset, err
					}
					k, v, _ := strings.Cut(kv, "=")
					s.Setenv(k, v)
				}
				return datum.Unspecified, nil
			}
			var out []datum.Value
			for _, kv := range s.Environ() {
				out = append(out, datum.NewString(kv))
			}
			return datum.List(out...), nil
		}),
		arg.F0("command-line", commandLine), arg.F0("program-arguments", commandLine),
		arg.F1("set-program-arguments", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			items, err := arg.List("set-program-arguments", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			var out []string
			for _, x := range items {
				s, err := arg.Text("set-program-arguments", 1, x)
				if err != nil {
					return datum.Unset, err
				}
				out = append(out, s)
			}
			state.Of(c).Args = out
			return datum.Unspecified, nil
		}),
		arg.F0("uname", func(datum.Caller) (datum.Value, error) {
			var u unix.Utsname
			if err := unix.Uname(&u); err != nil {
				return datum.Unset, state.SystemError("uname", err, "")
			}
			s := func(b []byte) datum.Value { return datum.NewString(unix.ByteSliceToString(b)) }
			return datum.NewVector([]datum.Value{s(u.Sysname[:]), s(u.Nodename[:]), s(u.Release[:]), s(u.Version[:]), s(u.Machine[:])}), nil
		}),
		utsname("utsname:sysname", 0), utsname("utsname:nodename", 1), utsname("utsname:release", 2), utsname("utsname:version", 3), utsname("utsname:machine", 4),
		arg.F0("gethostname", func(datum.Caller) (datum.Value, error) {
			n, err := os.Hostname()
			return datum.NewString(n), err
		}),
		number("getpid", os.Getpid), number("getppid", os.Getppid), number("getuid", os.Getuid), number("geteuid", os.Geteuid),
		number("getgid", os.Getgid), number("getegid", os.Getegid),
		arg.FN("strerror", 1, 1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			n, err := arg.Count("strerror", 1, args[0])
			return datum.NewString(state.Strerror(syscall.Errno(n))), err
		}),
	}
}

func commandLine(c datum.Caller) (datum.Value, error) {
	var out []datum.Value
	for _, a := range state.Of(c).Args {
		out = append(out, datum.NewString(a))
	}
	return datum.List(out...), nil
}

func utsname(who string, i int) *datum.Primitive {
	return arg.F1(who, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		if !v.Is(datum.KVector) || len(v.Vector().Items) != 5 {
			return datum.Unset, datum.WrongType(who, 1, v)
		}
		return v.Vector().Items[i], nil
	})
}

func number(name string, f func() int) *datum.Primitive {
	return arg.F0(name, func(datum.Caller) (datum.Value, error) { return datum.Fix(int64(f())), nil })
}
