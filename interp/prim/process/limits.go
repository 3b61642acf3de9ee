package process

import (
	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// resources are the names of the limits that all systems have; see also
// systemResources.
var resources = map[string]int{
	"as": unix.RLIMIT_AS, "core": unix.RLIMIT_CORE, "cpu": unix.RLIMIT_CPU, "data": unix.RLIMIT_DATA, "fsize": unix.RLIMIT_FSIZE,
	"nofile": unix.RLIMIT_NOFILE, "stack": unix.RLIMIT_STACK,
}

// limits lists the natives for limits, priorities and terminals.
func limits() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F1("getrlimit", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			which, err := resource("getrlimit", v)
			if err != nil {
				return datum.Unset, err
			}
			var l unix.Rlimit
			if err := unix.Getrlimit(which, &l); err != nil {
				return datum.Unset, fault("getrlimit", err)
			}
			return datum.MultipleValues([]datum.Value{limitValue(uint64(l.Cur)), limitValue(uint64(l.Max))}), nil
		}),
		arg.F3("setrlimit", func(c datum.Caller, v, soft, hard datum.Value) (datum.Value, error) {
			which, err := resource("setrlimit", v)
			if err != nil {
				return datum.Unset, err
			}
			if err := state.Of(c).CheckOwner("setrlimit"); err != nil {
				return datum.Unset, err
			}
			cur, err := limitOf("setrlimit", 2, soft)
			if err != nil {
				return datum.Unset, err
			}
			most, err := limitOf("setrlimit", 3, hard)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, fault("setrlimit", setLimit(which, cur, most))
		}),
		arg.F2("getpriority", func(_ datum.Caller, w, p datum.Value) (datum.Value, error) {
			which, who, err := priorityOf("getpriority", w, p)
			if err != nil {
				return datum.Unset, err
			}
			n, err := getPriority(which, who)
			return datum.Fix(int64(n)), fault("getpriority", err)
		}),
		arg.F3("setpriority", func(c datum.Caller, w, p, n datum.Value) (datum.Value, error) {
			which, who, err := priorityOf("setpriority", w, p)
			if err != nil {
				return datum.Unset, err
			}
			prio, err := arg.Int("setpriority", 3, n)
			if err != nil {
				return datum.Unset, err
			}
			if err := state.Of(c).CheckOwner("setpriority"); err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, fault("setpriority", setPriority(which, who, prio))
		}),
		arg.F1("nice", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			n, err := arg.Int("nice", 1, v)
			if err != nil || n == 0 {
				return datum.Unspecified, err
			}
			if err := state.Of(c).CheckOwner("nice"); err != nil {
				return datum.Unset, err
			}
			now, err := getPriority(unix.PRIO_PROCESS, 0)
			if err == nil {
				err = setPriority(unix.PRIO_PROCESS, 0, now+n)
			}
			return datum.Unspecified, fault("nice", err)
		}),
		arg.F1("getaffinity", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			pid, err := arg.Int("getaffinity", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			bits, err := affinity(pid)
			return datum.NewBitvector(bits), fault("getaffinity", err)
		}),
		arg.F2("setaffinity", func(c datum.Caller, v, b datum.Value) (datum.Value, error) {
			pid, err := arg.Int("setaffinity", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			if !b.Is(datum.KBitvector) {
				return datum.Unset, datum.WrongTypeExpecting("setaffinity", 2, b, "bitvector")
			}
			if err := state.Of(c).CheckOwner("setaffinity"); err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, fault("setaffinity", setAffinity(pid, b.Bitvector().Bits))
		}),
		arg.F1("tcgetpgrp", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			fd, err := terminal(c, "tcgetpgrp", v)
			if err != nil {
				return datum.Unset, err
			}
			n, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
			return datum.Fix(int64(n)), fault("tcgetpgrp", err)
		}),
		arg.F2("tcsetpgrp", func(c datum.Caller, v, g datum.Value) (datum.Value, error) {
			fd, err := terminal(c, "tcsetpgrp", v)
			if err != nil {
				return datum.Unset, err
			}
			n, err := arg.Int("tcsetpgrp", 2, g)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, fault("tcsetpgrp", unix.IoctlSetPointerInt(fd, unix.TIOCSPGRP, n))
		}),
		arg.F1("getpass", getPass),
		arg.F1("sethostname", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			name, err := arg.Text("sethostname", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			if err := state.Of(c).CheckOwner("sethostname"); err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, fault("sethostname", setHostname(name))
		}),
	}
}

func resource(who string, v datum.Value) (int, error) {
	if v.IsFix() {
		return int(v.Fix()), nil
	}
	if v.IsSymbol() {
		if n, ok := resources[v.Symbol().Name]; ok {
			return n, nil
		}
		if n, ok := systemResources[v.Symbol().Name]; ok {
			return n, nil
		}
	}
	return 0, datum.Misc(who, "invalid rlimit resource ~A", v)
}

// limitValue is #f for no limit.
func limitValue(n uint64) datum.Value {
	if n >= noLimit {
		return datum.False
	}
	return num.Uint(n)
}

func limitOf(who string, pos int, v datum.Value) (uint64, error) {
	if v == datum.False {
		return noLimit, nil
	}
	n, err := arg.Count(who, pos, v)
	return uint64(n), err
}

func priorityOf(name string, w, p datum.Value) (which, who int, err error) {
	if which, err = arg.Int(name, 1, w); err == nil {
		who, err = arg.Int(name, 2, p)
	}
	return which, who, err
}

func terminal(c datum.Caller, who string, v datum.Value) (int, error) {
	if err := state.Of(c).CheckProcesses(who); err != nil {
		return 0, err
	}
	fd, _, ok := streamOf(v)
	if !ok {
		return 0, datum.WrongTypeExpecting(who, 1, v, "open file port")
	}
	return fd, nil
}

// getPass is (getpass prompt): a line from the terminal, which does not show
// it.
func getPass(c datum.Caller, v datum.Value) (datum.Value, error) {
	const who = "getpass"
	prompt, err := arg.Text(who, 1, v)
	if err != nil {
		return datum.Unset, err
	}
	if err := state.Of(c).CheckProcesses(who); err != nil {
		return datum.Unset, err
	}
	fd, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return datum.Unset, fault(who, err)
	}
	tty := port.NewFD(fd)
	defer tty.Close()
	old, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return datum.Unset, fault(who, err)
	}
	quiet := *old
	quiet.Lflag &^= unix.ECHO
	quiet.Lflag |= unix.ICANON | unix.ISIG
	if err := unix.IoctlSetTermios(fd, setTermios, &quiet); err != nil {
		return datum.Unset, fault(who, err)
	}
	defer func() {
		// There is nobody to tell when the terminal is gone.
		_ = unix.IoctlSetTermios(fd, setTermios, old)
	}()
	if _, err := tty.Write([]byte(prompt)); err != nil {
		return datum.Unset, fault(who, err)
	}
	var line []byte
	b := make([]byte, 256)
	for len(line) == 0 || line[len(line)-1] != '\n' {
		n, err := tty.Read(b)
		if port.Blocked(err) {
			if cerr := c.Context().Err(); cerr != nil {
				return datum.Unset, cerr
			}
			tty.Poll(false, state.WaitSlice)
			continue
		}
		if err != nil {
			break
		}
		line = append(line, b[:n]...)
	}
	_, err = tty.Write([]byte("\n"))
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	return datum.NewString(string(line)), fault(who, err)
}
