// Package process holds the natives for processes, users and the environment
// (Guile manual, "Processes", "Runtime Environment", "User Information").
package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// Table lists the natives.
func Table() []*datum.Primitive {
	t := append(environment(), running()...)
	return append(t, users()...)
}

// Constants are signals and flags.
func Constants() map[string]datum.Value {
	out := map[string]datum.Value{"WNOHANG": datum.Fix(unix.WNOHANG), "WUNTRACED": datum.Fix(unix.WUNTRACED),
		"OPEN_READ": datum.NewString("r"), "OPEN_WRITE": datum.NewString("w"), "OPEN_BOTH": datum.NewString("r+"),
		"PF_UNIX": datum.Fix(unix.AF_UNIX), "AF_UNIX": datum.Fix(unix.AF_UNIX), "AF_INET": datum.Fix(unix.AF_INET), "SOCK_STREAM": datum.Fix(unix.SOCK_STREAM)}
	for name, s := range map[string]syscall.Signal{
		"SIGHUP": unix.SIGHUP, "SIGINT": unix.SIGINT, "SIGQUIT": unix.SIGQUIT, "SIGKILL": unix.SIGKILL, "SIGTERM": unix.SIGTERM,
		"SIGCHLD": unix.SIGCHLD, "SIGPIPE": unix.SIGPIPE, "SIGALRM": unix.SIGALRM, "SIGUSR1": unix.SIGUSR1, "SIGUSR2": unix.SIGUSR2,
		"SIGSTOP": unix.SIGSTOP, "SIGCONT": unix.SIGCONT, "SIGABRT": unix.SIGABRT, "SIGSEGV": unix.SIGSEGV, "SIGWINCH": unix.SIGWINCH,
	} {
		out[name] = datum.Fix(int64(s))
	}
	return out
}

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

// command prepares a program with the engine's environment and directory.
func command(c datum.Caller, who string, argv []string) (*exec.Cmd, error) {
	s := state.Of(c)
	if err := s.CheckProcesses(who); err != nil {
		return nil, err
	}
	if len(argv) == 0 || argv[0] == "" {
		return nil, datum.Misc(who, "no program given")
	}
	cmd := &exec.Cmd{Args: argv, Env: s.Environ()}
	dir, err := s.Getwd()
	if err != nil {
		return nil, state.SystemError(who, err, "")
	}
	cmd.Dir = dir
	if cmd.Path, err = lookPath(s, argv[0]); err != nil {
		return nil, state.SystemError(who, err, argv[0])
	}
	return cmd, nil
}

// lookPath searches the engine's own PATH.
func lookPath(s *state.State, name string) (string, error) {
	if strings.Contains(name, "/") {
		return s.Path(name), nil
	}
	path, _ := s.Getenv("PATH")
	for _, dir := range strings.Split(path, ":") {
		if dir == "" {
			dir = "."
		}
		p := s.Path(dir + "/" + name)
		if st, err := os.Stat(p); err == nil && !st.IsDir() && unix.Access(p, unix.X_OK) == nil {
			return p, nil
		}
	}
	return "", unix.ENOENT
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

// standard is the stream that a child gets for one of the engine's current
// ports: the file itself where there is one.
func standard(c datum.Caller, f *datum.Fluid) any {
	v := c.FluidRef(f)
	if !v.Is(datum.KPort) {
		return nil
	}
	p := port.Of(v)
	if p.Output() {
		if err := p.Flush(); err != nil {
			return nil
		}
	}
	if file, ok := p.File.(*os.File); ok {
		return file
	}
	return p
}

func connect(c datum.Caller, cmd *exec.Cmd) {
	s := state.Of(c)
	if r, ok := standard(c, s.In).(io.Reader); ok {
		if _, file := r.(*os.File); file {
			cmd.Stdin = r
		}
	}
	if w, ok := standard(c, s.Out).(io.Writer); ok {
		cmd.Stdout = w
	}
	if w, ok := standard(c, s.Err).(io.Writer); ok {
		cmd.Stderr = w
	}
}

// waitStatus encodes how a process ended as wait(2) does.
func waitStatus(cmd *exec.Cmd, err error) (int64, error) {
	if cmd.ProcessState != nil {
		if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok {
			return int64(ws), nil
		}
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) || err == nil {
		return 0, nil
	}
	return 127 << 8, err
}

func runProgram(c datum.Caller, who string, argv []string) (datum.Value, error) {
	cmd, err := command(c, who, argv)
	if err != nil {
		var de *datum.Error
		if errors.As(err, &de) && de.Cause != nil {
			return datum.Fix(127 << 8), nil // as the shell: not found
		}
		return datum.Unset, err
	}
	connect(c, cmd)
	if err := cmd.Start(); err != nil {
		return datum.Fix(127 << 8), nil
	}
	// An evaluation that is cancelled takes the program with it.
	finished, ctx := make(chan struct{}), c.Context()
	go func() {
		select {
		case <-ctx.Done():
			// The process may have ended in the meantime.
			_ = cmd.Process.Kill()
		case <-finished:
		}
	}()
	err = cmd.Wait()
	close(finished)
	st, err := waitStatus(cmd, err)
	if err != nil {
		return datum.Unset, state.SystemError(who, err, argv[0])
	}
	return datum.Fix(st), nil
}

func running() []*datum.Primitive {
	return []*datum.Primitive{
		arg.FN("system*", 1, -1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			argv, err := texts("system*", args, 1)
			if err != nil {
				return datum.Unset, err
			}
			return runProgram(c, "system*", argv)
		}),
		arg.FN("system", 0, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			if len(args) == 0 {
				return datum.True, nil
			}
			line, err := arg.Text("system", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			return runProgram(c, "system", []string{"/bin/sh", "-c", line})
		}),
		arg.FN("%open-pipe*", 2, -1, openPipe),
		arg.F1("%close-pipe", closePipe),
		arg.F1("%pipe-port?", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			return datum.Bool(v.Is(datum.KPort) && port.Of(v).Process != nil), nil
		}),
		arg.FN("spawn", 2, -1, spawn),
		arg.FN("waitpid", 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			if err := state.Of(c).CheckProcesses("waitpid"); err != nil {
				return datum.Unset, err
			}
			pid, err := arg.Int("waitpid", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			flags := 0
			if v, ok := arg.Given(args, 1); ok {
				if flags, err = arg.Int("waitpid", 2, v); err != nil {
					return datum.Unset, err
				}
			}
			var ws unix.WaitStatus
			for {
				var n int
				datum.Block(c, func(<-chan struct{}) { n, err = unix.Wait4(pid, &ws, flags, nil) })
				if err == unix.EINTR {
					if err := datum.Interrupted(c); err != nil {
						return datum.Unset, err
					}
					continue
				}
				if err != nil {
					return datum.Unset, state.SystemError("waitpid", err, "")
				}
				return datum.Cons(datum.Fix(int64(n)), datum.Fix(int64(ws))), nil
			}
		}),
		arg.F2("kill", func(c datum.Caller, p, s datum.Value) (datum.Value, error) {
			if err := state.Of(c).CheckProcesses("kill"); err != nil {
				return datum.Unset, err
			}
			pid, err := arg.Int("kill", 1, p)
			if err != nil {
				return datum.Unset, err
			}
			sig, err := arg.Index("kill", 2, s, 128)
			if err != nil {
				return datum.Unset, err
			}
			if err := unix.Kill(pid, syscall.Signal(sig)); err != nil {
				return datum.Unset, state.SystemError("kill", err, "")
			}
			return datum.Unspecified, nil
		}),
		statusPart("status:exit-val", func(w syscall.WaitStatus) (int, bool) { return w.ExitStatus(), w.Exited() }),
		statusPart("status:term-sig", func(w syscall.WaitStatus) (int, bool) { return int(w.Signal()), w.Signaled() }),
		statusPart("status:stop-sig", func(w syscall.WaitStatus) (int, bool) { return int(w.StopSignal()), w.Stopped() }),
		arg.F0("pipe", func(c datum.Caller) (datum.Value, error) {
			if err := state.Of(c).CheckProcesses("pipe"); err != nil {
				return datum.Unset, err
			}
			r, w, err := os.Pipe()
			if err != nil {
				return datum.Unset, state.SystemError("pipe", err, "")
			}
			in, out := port.NewReader(r, "", r.Close), port.NewWriter(w, "", w.Close)
			in.File, out.File = r, w
			return datum.Cons(in.Value(), out.Value()), nil
		}),
		arg.FN("primitive-exit", 0, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) { return exit(c, args) }),
		arg.FN("primitive-_exit", 0, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) { return exit(c, args) }),
		execute("execl", false), execute("execlp", true), executeWith(),
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
	if err := s.Flush(); err != nil && code == 0 {
		code = 1
	}
	if s.Exit != nil {
		s.Exit(code)
	}
	return datum.Unset, &datum.Error{Key: "quit", Who: "", Message: "exit", Rest: datum.List(datum.Fix(int64(code))), Payload: datum.Unset}
}

func statusPart(who string, f func(syscall.WaitStatus) (int, bool)) *datum.Primitive {
	return arg.F1(who, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		n, err := arg.Int(who, 1, v)
		if err != nil {
			return datum.Unset, err
		}
		if x, ok := f(syscall.WaitStatus(n)); ok {
			return datum.Fix(int64(x)), nil
		}
		return datum.False, nil
	})
}

// pipe is the process behind a pipe port.
type pipe struct {
	cmd  *exec.Cmd
	done bool
	st   int64
}

// openPipe is (%open-pipe* mode program argument…).
func openPipe(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "open-pipe*"
	mode, err := arg.Text(who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	argv, err := texts(who, args[1:], 2)
	if err != nil {
		return datum.Unset, err
	}
	cmd, err := command(c, who, argv)
	if err != nil {
		return datum.Unset, err
	}
	connect(c, cmd)
	var in *os.File
	var out *os.File
	var ends []*os.File
	closeAll := func() {
		for _, f := range ends {
			f.Close()
		}
	}
	if strings.ContainsAny(mode, "r+") {
		r, w, err := os.Pipe()
		if err != nil {
			return datum.Unset, state.SystemError(who, err, "")
		}
		in, cmd.Stdout = r, w
		ends = append(ends, w)
	}
	if strings.ContainsAny(mode, "w+") {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll()
			return datum.Unset, state.SystemError(who, err, "")
		}
		out, cmd.Stdin = w, r
		ends = append(ends, r)
	}
	err = cmd.Start()
	closeAll()
	if err != nil {
		return datum.Unset, state.SystemError(who, err, argv[0])
	}
	var p *port.Port
	switch {
	case in != nil && out != nil:
		p = port.NewReadWriter(in, pipeWriter{out}, "", func() error { out.Close(); return in.Close() })
		p.Buffering = port.None
	case in != nil:
		p = port.NewReader(in, "", in.Close)
		p.File = in
	default:
		p = port.NewWriter(out, "", out.Close)
		p.File = out
	}
	p.Process = &pipe{cmd: cmd}
	return p.Value(), nil
}

// pipeWriter lets close-output-port close the writing end alone.
type pipeWriter struct{ *os.File }

func (w pipeWriter) CloseWrite() error { return w.Close() }

func closePipe(c datum.Caller, v datum.Value) (datum.Value, error) {
	if !v.Is(datum.KPort) || port.Of(v).Process == nil {
		return datum.Unset, datum.WrongTypeExpecting("close-pipe", 1, v, "pipe port")
	}
	p := port.Of(v)
	if err := p.Close(); err != nil && !errors.Is(err, unix.EPIPE) {
		return datum.Unset, state.SystemError("close-pipe", err, "")
	}
	proc, ok := p.Process.(*pipe)
	if !ok {
		return datum.Unset, datum.WrongType("close-pipe", 1, v)
	}
	if !proc.done {
		st, err := waitStatus(proc.cmd, proc.cmd.Wait())
		if err != nil {
			return datum.Unset, state.SystemError("close-pipe", err, "")
		}
		proc.st, proc.done = st, true
	}
	return datum.Fix(proc.st), nil
}

// spawn is (spawn program arguments #:environment #:input #:output #:error
// #:search-path?); it returns the process id.
func spawn(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "spawn"
	prog, err := arg.Text(who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	items, err := arg.List(who, 2, args[1])
	if err != nil {
		return datum.Unset, err
	}
	argv, err := texts(who, items, 2)
	if err != nil {
		return datum.Unset, err
	}
	cmd, err := command(c, who, []string{prog})
	if err != nil {
		return datum.Unset, err
	}
	cmd.Args = argv
	connect(c, cmd)
	for rest := args[2:]; len(rest) >= 2 && rest[0].Is(datum.KKeyword); rest = rest[2:] {
		var file *os.File
		if rest[1].Is(datum.KPort) {
			file, _ = port.Of(rest[1]).File.(*os.File)
		}
		switch rest[0].Keyword().Name.Name {
		case "environment":
			l, err := arg.List(who, 3, rest[1])
			if err != nil {
				return datum.Unset, err
			}
			if cmd.Env, err = texts(who, l, 3); err != nil {
				return datum.Unset, err
			}
		case "input":
			if file != nil {
				cmd.Stdin = file
			}
		case "output":
			if file != nil {
				cmd.Stdout = file
			}
		case "error":
			if file != nil {
				cmd.Stderr = file
			}
		}
	}
	if err := cmd.Start(); err != nil {
		return datum.Unset, state.SystemError(who, err, prog)
	}
	return datum.Fix(int64(cmd.Process.Pid)), nil
}

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

// users lists getpw and getgr, which read the system's text databases.
func users() []*datum.Primitive {
	lookup := func(who, file string, fields int, pack func(f []string) datum.Value) *datum.Primitive {
		return arg.F1(who, func(c datum.Caller, key datum.Value) (datum.Value, error) {
			if err := state.Of(c).CheckFiles(who); err != nil {
				return datum.Unset, err
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return datum.Unset, state.SystemError(who, err, file)
			}
			want := ""
			col := 2
			switch {
			case key.IsString():
				want, col = key.Str().Go(), 0
			case key.IsFix():
				want = strconv.FormatInt(key.Fix(), 10)
			default:
				return datum.Unset, datum.WrongType(who, 1, key)
			}
			for _, line := range strings.Split(string(text), "\n") {
				f := strings.Split(line, ":")
				if len(f) >= fields && f[col] == want {
					return pack(f), nil
				}
			}
			return datum.Unset, datum.Misc(who, "entry not found: ~S", key)
		})
	}
	n := func(s string) datum.Value {
		i, err := strconv.ParseInt(s, 10, 61)
		if err != nil {
			return datum.False
		}
		return datum.Fix(i)
	}
	s := datum.NewString
	pw := func(f []string) datum.Value {
		return datum.NewVector([]datum.Value{s(f[0]), s(f[1]), n(f[2]), n(f[3]), s(f[4]), s(f[5]), s(f[6])})
	}
	gr := func(f []string) datum.Value {
		var members []datum.Value
		for _, m := range strings.Split(f[3], ",") {
			if m != "" {
				members = append(members, s(m))
			}
		}
		return datum.NewVector([]datum.Value{s(f[0]), s(f[1]), n(f[2]), datum.List(members...)})
	}
	t := []*datum.Primitive{
		lookup("getpw", "/etc/passwd", 7, pw), lookup("getpwnam", "/etc/passwd", 7, pw), lookup("getpwuid", "/etc/passwd", 7, pw),
		lookup("getgr", "/etc/group", 4, gr), lookup("getgrnam", "/etc/group", 4, gr), lookup("getgrgid", "/etc/group", 4, gr),
	}
	part := func(who string, i, size int) *datum.Primitive {
		return arg.F1(who, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.Is(datum.KVector) || len(v.Vector().Items) != size {
				return datum.Unset, datum.WrongType(who, 1, v)
			}
			return v.Vector().Items[i], nil
		})
	}
	for i, f := range []string{"name", "passwd", "uid", "gid", "gecos", "dir", "shell"} {
		t = append(t, part(fmt.Sprintf("passwd:%s", f), i, 7))
	}
	for i, f := range []string{"name", "passwd", "gid", "mem"} {
		t = append(t, part("group:"+f, i, 4))
	}
	return t
}
