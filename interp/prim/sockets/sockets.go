// Package sockets holds the natives for sockets and for the databases of the
// network (Guile manual, "Networking"). An engine may forbid all of it.
//
// No native waits in the system: where a socket is not ready it detours over
// the port's waiter and is called again.
package sockets

import (
	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// Table lists the natives.
func Table() []*datum.Primitive {
	t := append(making(), addressing()...)
	t = append(t, transferring()...)
	t = append(t, options()...)
	return append(t, databases()...)
}

func fault(who string, err error) error {
	if err == nil {
		return nil
	}
	return state.SystemError(who, err, "")
}

// descriptor is that of a port on a socket.
func descriptor(c datum.Caller, who string, v datum.Value) (*port.FD, error) {
	if err := state.Of(c).CheckNetwork(who); err != nil {
		return nil, err
	}
	if !v.Is(datum.KPort) || port.Of(v).File == nil || port.Of(v).Closed() {
		return nil, datum.WrongTypeExpecting(who, 1, v, "open file port")
	}
	return port.Of(v).File, nil
}

// patient reports whether operations on the socket shall wait.
func patient(f *port.FD) bool {
	flags, err := unix.FcntlInt(uintptr(f.Fd()), unix.F_GETFL, 0)
	return err != nil || flags&unix.O_NONBLOCK == 0
}

// wait is the detour until a socket is ready.
func wait(v datum.Value, write bool) error {
	return &datum.Detour{Proc: state.WaitReady.Value(), Args: []datum.Value{v, datum.Bool(write)}, Again: true}
}

// socketPort makes the port of a socket: without buffers, as what is sent and
// received past the port must not be lost in them.
func socketPort(c datum.Caller, fd int) datum.Value {
	p := state.Of(c).OpenPort(c, port.NewFD(fd), "", true, true)
	p.Label, p.Buffering = "socket", port.None
	p.SetReadSize(1)
	return p.Value()
}

// making lists the natives that make sockets and connect them.
func making() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F3("socket", func(c datum.Caller, family, style, proto datum.Value) (datum.Value, error) {
			n, err := numbers(c, "socket", family, style, proto)
			if err != nil {
				return datum.Unset, err
			}
			fd, err := unix.Socket(n[0], n[1]|unix.SOCK_CLOEXEC, n[2])
			if err != nil {
				return datum.Unset, fault("socket", err)
			}
			return socketPort(c, fd), nil
		}),
		arg.F3("socketpair", func(c datum.Caller, family, style, proto datum.Value) (datum.Value, error) {
			n, err := numbers(c, "socketpair", family, style, proto)
			if err != nil {
				return datum.Unset, err
			}
			fds, err := unix.Socketpair(n[0], n[1]|unix.SOCK_CLOEXEC, n[2])
			if err != nil {
				return datum.Unset, fault("socketpair", err)
			}
			return datum.Cons(socketPort(c, fds[0]), socketPort(c, fds[1])), nil
		}),
		arg.FN("bind", 2, -1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			f, err := descriptor(c, "bind", args[0])
			if err != nil {
				return datum.Unset, err
			}
			to, _, err := address(c, "bind", args, 1)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, fault("bind", unix.Bind(f.Fd(), to))
		}),
		arg.F2("listen", func(c datum.Caller, v, n datum.Value) (datum.Value, error) {
			f, err := descriptor(c, "listen", v)
			if err != nil {
				return datum.Unset, err
			}
			backlog, err := arg.Int("listen", 2, n)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, fault("listen", unix.Listen(f.Fd(), backlog))
		}),
		arg.FN("accept", 1, 2, accept),
		arg.FN("connect", 2, -1, connect),
		arg.F2("shutdown", func(c datum.Caller, v, n datum.Value) (datum.Value, error) {
			f, err := descriptor(c, "shutdown", v)
			if err != nil {
				return datum.Unset, err
			}
			how, err := arg.Index("shutdown", 2, n, 3)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, fault("shutdown", unix.Shutdown(f.Fd(), how))
		}),
		naming("getsockname", unix.Getsockname), naming("getpeername", unix.Getpeername),
	}
}

func numbers(c datum.Caller, who string, args ...datum.Value) ([]int, error) {
	if err := state.Of(c).CheckNetwork(who); err != nil {
		return nil, err
	}
	out := make([]int, len(args))
	for i, v := range args {
		var err error
		if out[i], err = arg.Int(who, i+1, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// accept is (accept socket [flags]): a pair of the new socket and its peer's
// address; #f when the socket must not wait and there is none.
func accept(c datum.Caller, args []datum.Value) (datum.Value, error) {
	f, err := descriptor(c, "accept", args[0])
	if err != nil {
		return datum.Unset, err
	}
	flags := 0
	if v, ok := arg.Given(args, 1); ok {
		if flags, err = arg.Int("accept", 2, v); err != nil {
			return datum.Unset, err
		}
	}
	for {
		if !f.Poll(false, 0) {
			if patient(f) {
				return datum.Unset, wait(args[0], false)
			}
			return datum.False, nil
		}
		fd, from, err := unix.Accept4(f.Fd(), flags|unix.SOCK_CLOEXEC)
		switch err {
		case nil:
			return datum.Cons(socketPort(c, fd), addressValue(from)), nil
		case unix.EINTR, unix.ECONNABORTED:
		case unix.EAGAIN:
			// Somebody else was quicker.
			if !patient(f) {
				return datum.False, nil
			}
		default:
			return datum.Unset, fault("accept", err)
		}
	}
}

// connect is (connect socket address) or (connect socket family address …): #t,
// or #f when the socket must not wait and is not connected yet.
func connect(c datum.Caller, args []datum.Value) (datum.Value, error) {
	f, err := descriptor(c, "connect", args[0])
	if err != nil {
		return datum.Unset, err
	}
	to, _, err := address(c, "connect", args, 1)
	if err != nil {
		return datum.Unset, err
	}
	waits := f.Connecting || patient(f)
	if waits && !f.Connecting {
		if err := unix.SetNonblock(f.Fd(), true); err != nil {
			return datum.Unset, fault("connect", err)
		}
	}
	err = unix.Connect(f.Fd(), to)
	pending := err == unix.EINPROGRESS || err == unix.EALREADY || err == unix.EINTR
	switch {
	case pending && waits:
		f.Connecting = true
		return datum.Unset, wait(args[0], true)
	case pending:
		return datum.False, nil
	}
	if waits {
		if f.Connecting && err == unix.EISCONN {
			err = nil
		}
		f.Connecting = false
		if e := unix.SetNonblock(f.Fd(), false); err == nil {
			err = e
		}
	}
	return datum.True, fault("connect", err)
}

func naming(who string, ask func(int) (unix.Sockaddr, error)) *datum.Primitive {
	return arg.F1(who, func(c datum.Caller, v datum.Value) (datum.Value, error) {
		f, err := descriptor(c, who, v)
		if err != nil {
			return datum.Unset, err
		}
		a, err := ask(f.Fd())
		if err != nil {
			return datum.Unset, fault(who, err)
		}
		return addressValue(a), nil
	})
}

// transferring lists the natives that send and receive past the port.
func transferring() []*datum.Primitive {
	return []*datum.Primitive{
		arg.FN("send", 2, 3, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			f, b, flags, err := message(c, "send", args, 2)
			if err != nil {
				return datum.Unset, err
			}
			n, err := unix.SendmsgN(f.Fd(), b.B, nil, nil, flags|unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
			if err == unix.EAGAIN && flags&unix.MSG_DONTWAIT == 0 && patient(f) {
				return datum.Unset, wait(args[0], true)
			}
			return datum.Fix(int64(n)), fault("send", err)
		}),
		arg.FN("sendto", 3, -1, sendTo),
		arg.FN("recv!", 2, 3, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			f, b, flags, err := message(c, "recv!", args, 2)
			if err != nil {
				return datum.Unset, err
			}
			n, _, err := unix.Recvfrom(f.Fd(), b.B, flags|unix.MSG_DONTWAIT)
			if err == unix.EAGAIN && flags&unix.MSG_DONTWAIT == 0 && patient(f) {
				return datum.Unset, wait(args[0], false)
			}
			return datum.Fix(int64(max(n, 0))), fault("recv!", err)
		}),
		arg.FN("recvfrom!", 2, 5, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			const who = "recvfrom!"
			f, b, flags, err := message(c, who, args, 2)
			if err != nil {
				return datum.Unset, err
			}
			start, end, err := arg.Range(who, args, 3, len(b.B))
			if err != nil {
				return datum.Unset, err
			}
			n, from, err := unix.Recvfrom(f.Fd(), b.B[start:end], flags|unix.MSG_DONTWAIT)
			if err == unix.EAGAIN && flags&unix.MSG_DONTWAIT == 0 && patient(f) {
				return datum.Unset, wait(args[0], false)
			}
			if err != nil {
				return datum.Unset, fault(who, err)
			}
			return datum.Cons(datum.Fix(int64(n)), addressValue(from)), nil
		}),
	}
}

// message checks a socket, a bytevector and flags at args[at].
func message(c datum.Caller, who string, args []datum.Value, at int) (*port.FD, *datum.Bytevector, int, error) {
	f, err := descriptor(c, who, args[0])
	if err != nil {
		return nil, nil, 0, err
	}
	b, err := arg.Bytes(who, 2, args[1])
	if err != nil {
		return nil, nil, 0, err
	}
	flags := 0
	if v, ok := arg.Given(args, at); ok {
		flags, err = arg.Int(who, at+1, v)
	}
	return f, b, flags, err
}

// sendTo is (sendto socket message address [flags]) or (sendto socket message
// family address … [flags]).
func sendTo(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "sendto"
	f, b, _, err := message(c, who, args[:2], 2)
	if err != nil {
		return datum.Unset, err
	}
	to, used, err := address(c, who, args, 2)
	if err != nil {
		return datum.Unset, err
	}
	flags := 0
	if v, ok := arg.Given(args, 2+used); ok {
		if flags, err = arg.Int(who, 3+used, v); err != nil {
			return datum.Unset, err
		}
	}
	n, err := unix.SendmsgN(f.Fd(), b.B, nil, to, flags|unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	if err == unix.EAGAIN && flags&unix.MSG_DONTWAIT == 0 && patient(f) {
		return datum.Unset, wait(args[0], true)
	}
	return datum.Fix(int64(n)), fault(who, err)
}
