package files

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// control lists the natives for what is open already.
func control() []*datum.Primitive {
	return []*datum.Primitive{
		arg.FN("%truncate-file", 2, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			const who = "truncate-file"
			n, err := arg.Count(who, 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			if args[0].IsFix() {
				if err := state.Of(c).CheckFiles(who); err != nil {
					return datum.Unset, err
				}
				return datum.Unspecified, fault(who, unix.Ftruncate(int(args[0].Fix()), int64(n)), "")
			}
			full, name, err := path(c, who, args, 0)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, fault(who, os.Truncate(full, int64(n)), name)
		}),
		arg.FN("fcntl", 2, 3, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			fd, err := descriptor(c, "fcntl", args[0])
			if err != nil {
				return datum.Unset, err
			}
			cmd, err := arg.Int("fcntl", 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			x := 0
			if v, ok := arg.Given(args, 2); ok {
				if x, err = arg.Int("fcntl", 3, v); err != nil {
					return datum.Unset, err
				}
			}
			n, err := unix.FcntlInt(uintptr(fd), cmd, x)
			return datum.Fix(int64(n)), fault("fcntl", err, "")
		}),
		arg.F2("flock", flock),
		arg.F1("fsync", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			fd, err := descriptor(c, "fsync", v)
			if err != nil {
				return datum.Unset, err
			}
			if v.Is(datum.KPort) && port.Of(v).Output() {
				if err := port.Of(v).Flush(); err != nil {
					if detour, ok := state.Paused(err, true, datum.Unset); ok {
						return datum.Unset, detour
					}
					return datum.Unset, fault("fsync", err, "")
				}
			}
			return datum.Unspecified, fault("fsync", unix.Fsync(fd), "")
		}),
		arg.F0("sync", func(c datum.Caller) (datum.Value, error) {
			if err := state.Of(c).CheckFiles("sync"); err != nil {
				return datum.Unset, err
			}
			unix.Sync()
			return datum.Unspecified, nil
		}),
		arg.Is("isatty?", func(v datum.Value) bool {
			switch {
			case v.IsFix():
				return isTerminal(int(v.Fix()))
			case v.Is(datum.KPort) && port.Of(v).File != nil && !port.Of(v).Closed():
				return isTerminal(port.Of(v).File.Fd())
			}
			return false
		}),
		arg.F1("ttyname", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			fd, err := descriptor(c, "ttyname", v)
			if err != nil {
				return datum.Unset, err
			}
			if !isTerminal(fd) {
				return datum.Unset, fault("ttyname", unix.ENOTTY, "")
			}
			name, err := terminalName(fd)
			return datum.NewString(name), fault("ttyname", err, "")
		}),
		arg.F0("ctermid", func(datum.Caller) (datum.Value, error) { return datum.NewString("/dev/tty"), nil }),
		arg.FN("sendfile", 3, 4, sendfile),
	}
}

// descriptor is the file descriptor of a port or number.
func descriptor(c datum.Caller, who string, v datum.Value) (int, error) {
	if err := state.Of(c).CheckFiles(who); err != nil {
		return 0, err
	}
	if v.Is(datum.KPort) && port.Of(v).File != nil && !port.Of(v).Closed() {
		return port.Of(v).File.Fd(), nil
	}
	if v.IsFix() {
		return int(v.Fix()), nil
	}
	return 0, datum.WrongTypeExpecting(who, 1, v, "file port")
}

// flock is (flock file operation). The wait for a lock looks from time to time
// whether the evaluation shall stop.
func flock(c datum.Caller, f, op datum.Value) (datum.Value, error) {
	fd, err := descriptor(c, "flock", f)
	if err != nil {
		return datum.Unset, err
	}
	n, err := arg.Int("flock", 2, op)
	if err != nil {
		return datum.Unset, err
	}
	err = unix.Flock(fd, n|unix.LOCK_NB)
	if err == unix.EWOULDBLOCK && n&unix.LOCK_NB == 0 {
		return datum.Unset, state.Nap(10)
	}
	return datum.Unspecified, fault("flock", err, "")
}

// sendfile is (sendfile out in count [offset]): copies bytes from one file to
// another, from where in stands or from an offset, and gives their number.
func sendfile(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "sendfile"
	out, err := descriptor(c, who, args[0])
	if err != nil {
		return datum.Unset, err
	}
	in, err := descriptor(c, who, args[1])
	if err != nil {
		return datum.Unset, err
	}
	count, err := arg.Count(who, 3, args[2])
	if err != nil {
		return datum.Unset, err
	}
	offset := -1
	if v, ok := arg.Given(args, 3); ok {
		if offset, err = arg.Count(who, 4, v); err != nil {
			return datum.Unset, err
		}
	}
	for i, v := range args[:2] {
		if v.Is(datum.KPort) && i == 0 && port.Of(v).Output() {
			if err := port.Of(v).Flush(); err != nil {
				if detour, ok := state.Paused(err, true, datum.Unset); ok {
					return datum.Unset, detour
				}
				return datum.Unset, fault(who, err, "")
			}
		}
	}
	n, err := copyBytes(c, out, in, count, int64(offset))
	return datum.Fix(n), fault(who, err, "")
}

func copyBytes(c datum.Caller, out, in, count int, offset int64) (int64, error) {
	to := port.NewFD(out)
	buf := make([]byte, min(count, 1<<16))
	total := int64(0)
	for total < int64(count) {
		part := buf[:min(len(buf), count-int(total))]
		var n int
		var err error
		if offset >= 0 {
			n, err = unix.Pread(in, part, offset+total)
		} else {
			n, err = unix.Read(in, part)
		}
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return total, err
		}
		for done := 0; done < n; {
			k, err := to.Write(part[done:n])
			done += k
			if port.Blocked(err) {
				if cerr := c.Context().Err(); cerr != nil {
					return total, cerr
				}
				state.Wait(c, func(slice time.Duration) bool { return to.Poll(true, slice) })
			} else if err != nil {
				return total + int64(done), err
			}
		}
		total += int64(n)
	}
	return total, nil
}
