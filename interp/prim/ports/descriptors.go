package ports

import (
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// descriptors lists the natives that deal with the numbers of open files.
// Every descriptor that the engine opens is closed in programs that it runs,
// but for the standard ones: a number that a program shall have is given to it
// when it is started.
func descriptors() []*datum.Primitive {
	return []*datum.Primitive{
		onPort("fileno", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			if p.File == nil || p.Closed() {
				return datum.Unset, datum.WrongTypeExpecting("fileno", 1, p.Value(), "open file port")
			}
			return datum.Fix(int64(p.File.Fd())), nil
		}),
		arg.F2("fdopen", fdopen),
		arg.F1("fdes->ports", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			fd, err := arg.Int("fdes->ports", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			var out []datum.Value
			for _, p := range state.Of(c).Ports() {
				if p.File != nil && p.File.Fd() == fd {
					out = append(out, p.Value())
				}
			}
			return datum.List(out...), nil
		}),
		arg.FN("dup->fdes", 1, 2, dupToFdes),
		arg.F2("dup2", func(c datum.Caller, from, to datum.Value) (datum.Value, error) {
			a, err := descriptor(c, "dup2", 1, from)
			if err != nil {
				return datum.Unset, err
			}
			b, err := descriptor(c, "dup2", 2, to)
			if err == nil && a != b {
				err = fault("dup2", Dup2(a, b))
			}
			return datum.Unspecified, err
		}),
		arg.F2("primitive-move->fdes", moveToFdes),
		arg.F2("redirect-port", redirect),
		onFile("port-revealed", func(p *port.Port, _ int) int { return p.File.Revealed }),
		revealer("set-port-revealed!", func(p *port.Port, n int) { p.File.Revealed = n }),
		revealer("adjust-port-revealed!", func(p *port.Port, n int) { p.File.Revealed += n }),
		arg.F1("close-fdes", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			fd, err := descriptor(c, "close-fdes", 1, v)
			if err == nil {
				err = fault("close-fdes", unix.Close(fd))
			}
			return datum.Unspecified, err
		}),
		arg.F3("%poll", poll),
	}
}

// descriptor is the number of a port's descriptor, or the number itself.
func descriptor(c datum.Caller, who string, pos int, v datum.Value) (int, error) {
	if err := state.Of(c).CheckFiles(who); err != nil {
		return 0, err
	}
	if v.Is(datum.KPort) && port.Of(v).File != nil && !port.Of(v).Closed() {
		return port.Of(v).File.Fd(), nil
	}
	if v.Is(datum.KPort) {
		return 0, datum.WrongTypeExpecting(who, pos, v, "open file port")
	}
	return arg.Int(who, pos, v)
}

func onFile(who string, f func(p *port.Port, n int) int) *datum.Primitive {
	return onPort(who, func(_ datum.Caller, p *port.Port) (datum.Value, error) {
		if p.File == nil || p.Closed() {
			return datum.Unset, datum.WrongTypeExpecting(who, 1, p.Value(), "open file port")
		}
		return datum.Fix(int64(f(p, 0))), nil
	})
}

func revealer(who string, set func(*port.Port, int)) *datum.Primitive {
	return arg.F2(who, func(_ datum.Caller, v, n datum.Value) (datum.Value, error) {
		p, err := anyPort(who, 1, v)
		if err != nil {
			return datum.Unset, err
		}
		if p.File == nil || p.Closed() {
			return datum.Unset, datum.WrongTypeExpecting(who, 1, v, "open file port")
		}
		i, err := arg.Int(who, 2, n)
		if err == nil {
			set(p, i)
		}
		return datum.Unspecified, err
	})
}

// fdopen is (fdopen fdes modes).
func fdopen(c datum.Caller, v, m datum.Value) (datum.Value, error) {
	if err := state.Of(c).CheckFiles("fdopen"); err != nil {
		return datum.Unset, err
	}
	fd, err := arg.Int("fdopen", 1, v)
	if err != nil {
		return datum.Unset, err
	}
	modes, err := arg.Text("fdopen", 2, m)
	if err != nil {
		return datum.Unset, err
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return datum.Unset, state.SystemError("scm_fdes_to_port", err, "")
	}
	in, out := directions(modes)
	if access := flags & unix.O_ACCMODE; in && access == unix.O_WRONLY || out && access == unix.O_RDONLY {
		return datum.Unset, datum.Misc("fdopen", "requested file mode not available on fdes", v)
	}
	p := state.Of(c).OpenPort(c, port.NewFD(fd), "", in, out)
	ApplyMode(p, modes)
	return p.Value(), nil
}

// directions tells what a mode of open-file allows.
func directions(modes string) (in, out bool) {
	return strings.ContainsAny(modes, "r+"), strings.ContainsAny(modes, "wa+")
}

// ApplyMode does what the letters of a mode say about buffers and encoding:
// "b" for bytes, "0" for no buffer, "l" for lines.
func ApplyMode(p *port.Port, modes string) {
	if strings.Contains(modes, "b") {
		p.Binary = true
		p.SetEncoding("ISO-8859-1")
	}
	if strings.Contains(modes, "0") {
		p.Buffering = port.None
		p.SetReadSize(1)
	}
	if strings.Contains(modes, "l") {
		p.Buffering = port.Line
	}
	p.Append = strings.HasPrefix(modes, "a")
}

// dupToFdes is (dup->fdes port/fdes [number]): another descriptor of the same
// file.
func dupToFdes(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "dup->fdes"
	from, err := descriptor(c, who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	v, ok := arg.Given(args, 1)
	if !ok {
		n, err := unix.FcntlInt(uintptr(from), unix.F_DUPFD_CLOEXEC, 0)
		return datum.Fix(int64(n)), fault(who, err)
	}
	to, err := arg.Int(who, 2, v)
	if err != nil {
		return datum.Unset, err
	}
	if from != to {
		evict(state.Of(c), to)
		if err := Dup2(from, to); err != nil {
			return datum.Unset, fault(who, err)
		}
	}
	return v, nil
}

// Dup2 makes to a descriptor of the same file as from, which programs that are
// started inherit only when it is a standard one.
func Dup2(from, to int) error {
	if from == to {
		return nil
	}
	if to <= 2 {
		return unix.Dup2(from, to)
	}
	return unix.Dup3(from, to, unix.O_CLOEXEC)
}

// evict gives ports that use a number another one.
func evict(s *state.State, fd int) {
	for _, p := range s.Ports() {
		if p.File == nil || p.File.Fd() != fd {
			continue
		}
		if n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3); err == nil {
			p.File.Renumber(n)
		}
	}
}

// moveToFdes is (primitive-move->fdes port fdes): it gives the port that
// number; #f when it has it already.
func moveToFdes(c datum.Caller, v, n datum.Value) (datum.Value, error) {
	const who = "primitive-move->fdes"
	old, err := descriptor(c, who, 1, v)
	if err != nil {
		return datum.Unset, err
	}
	to, err := arg.Int(who, 2, n)
	if err != nil || !v.Is(datum.KPort) {
		if err == nil {
			err = datum.WrongTypeExpecting(who, 1, v, "open file port")
		}
		return datum.Unset, err
	}
	if old == to {
		return datum.False, nil
	}
	evict(state.Of(c), to)
	if err := Dup2(old, to); err != nil {
		return datum.Unset, fault(who, err)
	}
	f := port.Of(v).File
	f.Renumber(to)
	f.Revealed = 0
	return datum.True, fault(who, unix.Close(old))
}

// redirect is (redirect-port from to): to gets the descriptor of from's file
// under its own number.
func redirect(c datum.Caller, from, to datum.Value) (datum.Value, error) {
	const who = "redirect-port"
	a, err := descriptor(c, who, 1, from)
	if err != nil {
		return datum.Unset, err
	}
	b, err := descriptor(c, who, 2, to)
	if err != nil || a == b {
		return datum.Unspecified, err
	}
	p := port.Of(to)
	if p.Output() {
		if err := p.Flush(); err != nil {
			return datum.Unset, fault(who, err)
		}
	}
	if p.Input() {
		p.Buffered()
	}
	if err := Dup2(a, b); err != nil {
		return datum.Unset, fault(who, err)
	}
	p.File.Renumber(b)
	return datum.Unspecified, nil
}

// poll is (%poll descriptors events milliseconds): waits until one of the
// descriptors is ready, the time is over or the program has something else to
// do, and lists what happened to each. Negative times have no end.
func poll(c datum.Caller, fds, events, ms datum.Value) (datum.Value, error) {
	const who = "poll"
	if err := state.Of(c).CheckFiles(who); err != nil {
		return datum.Unset, err
	}
	ns, err := arg.List(who, 1, fds)
	if err != nil {
		return datum.Unset, err
	}
	es, err := arg.List(who, 2, events)
	if err != nil || len(es) != len(ns) {
		return datum.Unset, datum.WrongType(who, 2, events)
	}
	set := make([]unix.PollFd, len(ns))
	for i := range ns {
		n, err := descriptor(c, who, 1, ns[i])
		if err != nil {
			return datum.Unset, err
		}
		e, err := arg.Int(who, 2, es[i])
		if err != nil {
			return datum.Unset, err
		}
		set[i] = unix.PollFd{Fd: int32(n), Events: int16(e)}
	}
	timeout, err := arg.Int(who, 3, ms)
	if err != nil {
		return datum.Unset, err
	}
	if err := datum.Interrupted(c); err != nil {
		return datum.Unset, err
	}
	end := time.Now().Add(time.Duration(timeout) * time.Millisecond)
	err = nil
	if n, perr := unix.Poll(set, 0); n == 0 && perr == nil && timeout != 0 {
		state.Wait(c, func(slice time.Duration) bool {
			if timeout > 0 {
				slice = min(slice, time.Until(end))
			}
			var n int
			n, err = unix.Poll(set, max(int(slice.Milliseconds()), 0))
			return n > 0 || err != nil && err != unix.EINTR || timeout > 0 && !time.Now().Before(end)
		})
	} else {
		err = perr
	}
	if err != nil && err != unix.EINTR {
		return datum.Unset, fault(who, err)
	}
	out := make([]datum.Value, len(set))
	for i, s := range set {
		out[i] = datum.Fix(int64(s.Revents))
	}
	return datum.List(out...), nil
}
