package sockets

import (
	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// Constants are the numbers that go with the natives.
func Constants() map[string]datum.Value {
	out := map[string]datum.Value{}
	for _, m := range []map[string]int{{
		"AF_UNSPEC": unix.AF_UNSPEC, "AF_UNIX": unix.AF_UNIX, "AF_INET": unix.AF_INET, "AF_INET6": unix.AF_INET6,
		"PF_UNSPEC": unix.AF_UNSPEC, "PF_UNIX": unix.AF_UNIX, "PF_INET": unix.AF_INET, "PF_INET6": unix.AF_INET6,
		"SOCK_STREAM": unix.SOCK_STREAM, "SOCK_DGRAM": unix.SOCK_DGRAM, "SOCK_RAW": unix.SOCK_RAW,
		"SOCK_SEQPACKET": unix.SOCK_SEQPACKET, "SOCK_RDM": unix.SOCK_RDM, "SOCK_CLOEXEC": unix.SOCK_CLOEXEC, "SOCK_NONBLOCK": unix.SOCK_NONBLOCK,
		"IPPROTO_IP": unix.IPPROTO_IP, "IPPROTO_TCP": unix.IPPROTO_TCP, "IPPROTO_UDP": unix.IPPROTO_UDP, "IPPROTO_IPV6": unix.IPPROTO_IPV6,
		"SOL_SOCKET": unix.SOL_SOCKET, "SOL_IP": unix.IPPROTO_IP, "SOL_TCP": unix.IPPROTO_TCP, "SOL_UDP": unix.IPPROTO_UDP,
		"SO_DEBUG": unix.SO_DEBUG, "SO_REUSEADDR": unix.SO_REUSEADDR, "SO_TYPE": unix.SO_TYPE, "SO_ERROR": unix.SO_ERROR,
		"SO_DONTROUTE": unix.SO_DONTROUTE, "SO_BROADCAST": unix.SO_BROADCAST, "SO_SNDBUF": unix.SO_SNDBUF, "SO_RCVBUF": unix.SO_RCVBUF,
		"SO_KEEPALIVE": unix.SO_KEEPALIVE, "SO_OOBINLINE": unix.SO_OOBINLINE, "SO_LINGER": unix.SO_LINGER, "SO_REUSEPORT": unix.SO_REUSEPORT,
		"SO_RCVTIMEO": unix.SO_RCVTIMEO, "SO_SNDTIMEO": unix.SO_SNDTIMEO, "SOMAXCONN": unix.SOMAXCONN,
		"TCP_NODELAY": unix.TCP_NODELAY, "IPV6_V6ONLY": unix.IPV6_V6ONLY,
		"MSG_PEEK": unix.MSG_PEEK, "MSG_OOB": unix.MSG_OOB, "MSG_DONTROUTE": unix.MSG_DONTROUTE, "MSG_DONTWAIT": unix.MSG_DONTWAIT,
		"IP_MULTICAST_IF": unix.IP_MULTICAST_IF, "IP_MULTICAST_TTL": unix.IP_MULTICAST_TTL, "IP_TTL": unix.IP_TTL,
		"IP_ADD_MEMBERSHIP": unix.IP_ADD_MEMBERSHIP, "IP_DROP_MEMBERSHIP": unix.IP_DROP_MEMBERSHIP,
		"INADDR_ANY": 0, "INADDR_BROADCAST": 0xFFFFFFFF, "INADDR_NONE": 0xFFFFFFFF, "INADDR_LOOPBACK": 0x7F000001,
	}, lookupConstants, systemConstants()} {
		for name, n := range m {
			out[name] = datum.Fix(int64(n))
		}
	}
	return out
}

// options lists getsockopt and setsockopt. The value of an option is a number;
// of SO_LINGER a pair of whether and how long.
func options() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F3("getsockopt", func(c datum.Caller, v, l, o datum.Value) (datum.Value, error) {
			const who = "getsockopt"
			f, err := descriptor(c, who, v)
			if err != nil {
				return datum.Unset, err
			}
			level, option, err := which(who, l, o)
			if err != nil {
				return datum.Unset, err
			}
			if level == unix.SOL_SOCKET && option == unix.SO_LINGER {
				x, err := unix.GetsockoptLinger(f.Fd(), level, option)
				if err != nil {
					return datum.Unset, fault(who, err)
				}
				return datum.Cons(datum.Fix(int64(x.Onoff)), datum.Fix(int64(x.Linger))), nil
			}
			n, err := unix.GetsockoptInt(f.Fd(), level, option)
			return datum.Fix(int64(n)), fault(who, err)
		}),
		arg.FN("setsockopt", 4, 4, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			const who = "setsockopt"
			f, err := descriptor(c, who, args[0])
			if err != nil {
				return datum.Unset, err
			}
			level, option, err := which(who, args[1], args[2])
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, set(f.Fd(), level, option, args[3])
		}),
	}
}

func which(who string, l, o datum.Value) (level, option int, err error) {
	if level, err = arg.Int(who, 2, l); err == nil {
		option, err = arg.Int(who, 3, o)
	}
	return level, option, err
}

func set(fd, level, option int, v datum.Value) error {
	const who = "setsockopt"
	if !v.IsPair() {
		n, err := arg.Int(who, 4, v)
		if err != nil {
			return err
		}
		return fault(who, unix.SetsockoptInt(fd, level, option, n))
	}
	p := v.Pair()
	if level == unix.IPPROTO_IP && (option == unix.IP_ADD_MEMBERSHIP || option == unix.IP_DROP_MEMBERSHIP) {
		group, ok := bytesOf(p.Car, 4)
		iface, ok2 := bytesOf(p.Cdr, 4)
		if !ok || !ok2 {
			return datum.OutOfRange(who, 4, v)
		}
		return fault(who, unix.SetsockoptIPMreq(fd, level, option, &unix.IPMreq{Multiaddr: [4]byte(group), Interface: [4]byte(iface)}))
	}
	a, err := arg.Int(who, 4, p.Car)
	if err != nil {
		return err
	}
	b, err := arg.Int(who, 4, p.Cdr)
	if err != nil {
		return err
	}
	switch {
	case level == unix.SOL_SOCKET && option == unix.SO_LINGER:
		return fault(who, unix.SetsockoptLinger(fd, level, option, &unix.Linger{Onoff: int32(a), Linger: int32(b)}))
	case level == unix.SOL_SOCKET && (option == unix.SO_RCVTIMEO || option == unix.SO_SNDTIMEO):
		tv := unix.NsecToTimeval(int64(a)*1e9 + int64(b)*1000)
		return fault(who, unix.SetsockoptTimeval(fd, level, option, &tv))
	}
	return datum.WrongType(who, 4, v)
}
