package sockets

import (
	"encoding/binary"
	"math/big"
	"net/netip"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// addressing lists the natives for addresses. A socket address is a vector of
// the family and of what the family says: a path; an address and a port; for
// IPv6 a flow and a scope behind them. Addresses are numbers.
func addressing() []*datum.Primitive {
	return []*datum.Primitive{
		arg.FN("make-socket-address", 2, -1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			a, _, err := address(c, "make-socket-address", args, 0)
			if err != nil {
				return datum.Unset, err
			}
			if u, ok := a.(*unix.SockaddrUnix); ok {
				u.Name = args[1].Str().Go() // as it was given
			}
			v := addressValue(a)
			if _, ok := a.(*unix.SockaddrInet6); ok && len(args) > 3 {
				v.Vector().Items[3] = args[3]
			}
			return v, nil
		}),
		arg.F2("inet-pton", func(_ datum.Caller, f, v datum.Value) (datum.Value, error) {
			const who = "inet-pton"
			family, err := inet(who, f)
			if err != nil {
				return datum.Unset, err
			}
			text, err := arg.Text(who, 2, v)
			if err != nil {
				return datum.Unset, err
			}
			a, err := netip.ParseAddr(text)
			if err != nil || a.Zone() != "" || a.Is4() != (family == unix.AF_INET) {
				return datum.Unset, datum.Misc(who, "Bad address")
			}
			return number(a.AsSlice()), nil
		}),
		arg.F2("inet-ntop", func(_ datum.Caller, f, v datum.Value) (datum.Value, error) {
			const who = "inet-ntop"
			family, err := inet(who, f)
			if err != nil {
				return datum.Unset, err
			}
			b, ok := bytesOf(v, width(family))
			if !ok {
				return datum.Unset, datum.OutOfRange(who, 2, v)
			}
			a, _ := netip.AddrFromSlice(b)
			return datum.NewString(a.String()), nil
		}),
		arg.F1("inet-netof", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			n, err := host("inet-netof", v)
			return datum.Fix(int64(n >> hostBits(n))), err
		}),
		arg.F1("inet-lnaof", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			n, err := host("inet-lnaof", v)
			return datum.Fix(int64(n & (1<<hostBits(n) - 1))), err
		}),
		arg.F2("inet-makeaddr", func(_ datum.Caller, net, local datum.Value) (datum.Value, error) {
			n, err := host("inet-makeaddr", net)
			if err != nil {
				return datum.Unset, err
			}
			l, err := host("inet-makeaddr", local)
			shift := 24
			switch {
			case n >= 1<<16:
				shift = 8
			case n >= 1<<8:
				shift = 16
			}
			return datum.Fix(int64(uint32(n)<<shift | uint32(l))), err
		}),
		order("htons", 16), order("ntohs", 16), order("htonl", 32), order("ntohl", 32),
	}
}

// order makes a native that changes between the host's order of bytes and that
// of the network.
func order(who string, bits int) *datum.Primitive {
	return arg.F1(who, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		n, err := arg.Index(who, 1, v, 1<<bits)
		if err != nil {
			return datum.Unset, err
		}
		if bits == 16 {
			return datum.Fix(int64(binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, uint16(n))))), nil
		}
		return datum.Fix(int64(binary.BigEndian.Uint32(binary.NativeEndian.AppendUint32(nil, uint32(n))))), nil
	})
}

func host(who string, v datum.Value) (int, error) { return arg.Index(who, 1, v, 1<<32) }

// hostBits is the size of the local part of an address by its class.
func hostBits(n int) int {
	switch {
	case n>>31 == 0:
		return 24
	case n>>30 == 2:
		return 16
	}
	return 8
}

func inet(who string, v datum.Value) (int, error) {
	n, err := arg.Int(who, 1, v)
	if err == nil && n != unix.AF_INET && n != unix.AF_INET6 {
		err = datum.OutOfRange(who, 1, v)
	}
	return n, err
}

func width(family int) int {
	if family == unix.AF_INET6 {
		return 16
	}
	return 4
}

// number is what bytes in the order of the network mean.
func number(b []byte) datum.Value { return datum.Big(new(big.Int).SetBytes(b)) }

// bytesOf writes a number in that many bytes in the order of the network.
func bytesOf(v datum.Value, size int) ([]byte, bool) {
	n, ok := num.BigInt(v)
	if !ok || n.Sign() < 0 || n.BitLen() > 8*size {
		return nil, false
	}
	return n.FillBytes(make([]byte, size)), true
}

// address reads a socket address at args[at]: one vector, or a family and what
// belongs to it. used is how many arguments that is.
func address(c datum.Caller, who string, args []datum.Value, at int) (a unix.Sockaddr, used int, err error) {
	items, base := args[at:], at
	if items[0].Is(datum.KVector) {
		items, base, used = items[0].Vector().Items, at, 1
		if len(items) < 2 {
			return nil, 0, datum.WrongTypeExpecting(who, at+1, args[at], "socket address")
		}
	}
	whole := used
	family, err := arg.Int(who, base+1, items[0])
	if err != nil {
		return nil, 0, err
	}
	if len(items) < 2 {
		return nil, 0, wrongCount(who)
	}
	switch family {
	case unix.AF_UNIX:
		a, err = unixAddress(c, who, base, items[1])
		used = 2
	case unix.AF_INET, unix.AF_INET6:
		a, used, err = inetAddress(who, base, family, items)
	default:
		return nil, 0, datum.OutOfRange(who, base+1, items[0])
	}
	if whole > 0 {
		used = whole
	}
	return a, used, err
}

func wrongCount(who string) error {
	return &datum.Error{Key: "wrong-number-of-args", Message: "Wrong number of arguments to ~A",
		Irritants: []datum.Value{datum.Sym(who)}, Rest: datum.False, Payload: datum.Unset}
}

// unixAddress is that of a file, found from the engine's working directory. A
// name that begins with a null character is one of Linux's abstract names.
func unixAddress(c datum.Caller, who string, base int, v datum.Value) (unix.Sockaddr, error) {
	path, err := arg.Text(who, base+2, v)
	if err != nil {
		return nil, err
	}
	if path != "" && path[0] == 0 {
		return &unix.SockaddrUnix{Name: "@" + path[1:]}, nil
	}
	full := state.Of(c).Path(path)
	if len(full) >= len(unix.RawSockaddrUnix{}.Path) {
		return nil, datum.OutOfRange(who, base+2, v)
	}
	return &unix.SockaddrUnix{Name: full}, nil
}

func inetAddress(who string, base, family int, items []datum.Value) (unix.Sockaddr, int, error) {
	b, ok := bytesOf(items[1], width(family))
	if !ok {
		return nil, 0, datum.OutOfRange(who, base+2, items[1])
	}
	if len(items) < 3 {
		return nil, 0, wrongCount(who)
	}
	port, err := arg.Index(who, base+3, items[2], 1<<16)
	if err != nil {
		return nil, 0, err
	}
	if family == unix.AF_INET {
		return &unix.SockaddrInet4{Port: port, Addr: [4]byte(b)}, 3, nil
	}
	a := &unix.SockaddrInet6{Port: port, Addr: [16]byte(b)}
	used := 3
	if len(items) > 3 && items[3].IsFix() {
		used++
		if len(items) > 4 && items[4].IsFix() {
			a.ZoneId = uint32(items[4].Fix())
			used++
		}
	}
	return a, used, nil
}

// addressValue is a socket address as a value, #f for none.
func addressValue(a unix.Sockaddr) datum.Value {
	n := func(i int) datum.Value { return datum.Fix(int64(i)) }
	switch a := a.(type) {
	case *unix.SockaddrUnix:
		name := a.Name
		if name != "" && name[0] == '@' {
			name = "\x00" + name[1:]
		}
		return datum.NewVector([]datum.Value{n(unix.AF_UNIX), datum.NewString(name)})
	case *unix.SockaddrInet4:
		return datum.NewVector([]datum.Value{n(unix.AF_INET), number(a.Addr[:]), n(a.Port)})
	case *unix.SockaddrInet6:
		return datum.NewVector([]datum.Value{n(unix.AF_INET6), number(a.Addr[:]), n(a.Port), n(0), n(int(a.ZoneId))})
	}
	return datum.False
}
