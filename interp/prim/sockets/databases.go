package sockets

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// lookupConstants are those of getaddrinfo. The numbers are glibc's on every
// system, as the search is Go's own.
var lookupConstants = map[string]int{
	"AI_PASSIVE": 1, "AI_CANONNAME": 2, "AI_NUMERICHOST": 4, "AI_V4MAPPED": 8, "AI_ALL": 16, "AI_ADDRCONFIG": 32, "AI_NUMERICSERV": 1024,
	"EAI_BADFLAGS": eaiBadFlags, "EAI_NONAME": eaiNoName, "EAI_AGAIN": eaiAgain, "EAI_FAIL": eaiFail, "EAI_FAMILY": eaiFamily,
	"EAI_SOCKTYPE": eaiSockType, "EAI_SERVICE": eaiService, "EAI_MEMORY": eaiMemory, "EAI_SYSTEM": eaiSystem, "EAI_OVERFLOW": eaiOverflow,
	"EAI_NODATA": eaiNoData, "EAI_ADDRFAMILY": eaiAddrFamily, "EAI_INPROGRESS": -100, "EAI_CANCELED": -101,
}

const (
	eaiBadFlags   = -1
	eaiNoName     = -2
	eaiAgain      = -3
	eaiFail       = -4
	eaiNoData     = -5
	eaiFamily     = -6
	eaiSockType   = -7
	eaiService    = -8
	eaiAddrFamily = -9
	eaiMemory     = -10
	eaiSystem     = -11
	eaiOverflow   = -12

	aiPassive     = 1
	aiCanonName   = 2
	aiNumericHost = 4
	aiNumericServ = 1024
)

// gaiTexts say what an error of getaddrinfo means.
var gaiTexts = map[int]string{
	eaiBadFlags: "Bad value for ai_flags", eaiNoName: "Name or service not known", eaiAgain: "Temporary failure in name resolution",
	eaiFail: "Non-recoverable failure in name resolution", eaiNoData: "No address associated with hostname",
	eaiFamily: "ai_family not supported", eaiSockType: "ai_socktype not supported", eaiService: "Servname not supported for ai_socktype",
	eaiAddrFamily: "Address family for hostname not supported", eaiMemory: "Memory allocation failure", eaiSystem: "System error",
	eaiOverflow: "Argument buffer overflow",
}

// databases lists the natives that find names, addresses and numbers. The
// natives of hosts, networks, protocols and services are below procedures of the
// boot library.
func databases() []*datum.Primitive {
	hosts := &table{file: "/etc/hosts"}
	return append([]*datum.Primitive{
		arg.FN("%getaddrinfo", 6, 6, getAddrInfo),
		arg.F1("gai-strerror", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			n, err := arg.Int("gai-strerror", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			if s, ok := gaiTexts[n]; ok {
				return datum.NewString(s), nil
			}
			return datum.NewString("Unknown error"), nil
		}),
		arg.F1("%gethost", getHost),
		arg.F0("%next-host", hosts.step(func(f []string) datum.Value {
			a, err := netip.ParseAddr(f[0])
			if err != nil {
				return datum.False
			}
			return hostValue(f[1], f[2:], []netip.Addr{a})
		})),
		hosts.rewinder("sethost"),
	}, tables()...)
}

// table is one of the system's text files; next counts the entries that were
// given one after the other.
type table struct {
	file string
	next int
}

func (t *table) rewinder(who string) *datum.Primitive {
	return arg.FN(who, 0, 1, func(datum.Caller, []datum.Value) (datum.Value, error) {
		t.next = 0
		return datum.Unspecified, nil
	})
}

// entries are the lines of the file, in words.
func (t *table) entries(c datum.Caller) ([][]string, error) {
	if err := state.Of(c).CheckNetwork(t.file); err != nil {
		return nil, err
	}
	f, err := os.Open(t.file)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
		return nil, state.SystemError("open-file", err, t.file)
	}
	defer f.Close()
	var out [][]string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if words := strings.Fields(text); len(words) >= 2 {
			out = append(out, words)
		}
	}
	return out, nil
}

// step makes a native that gives the next entry, #f after the last.
func (t *table) step(pack func([]string) datum.Value) func(datum.Caller) (datum.Value, error) {
	return func(c datum.Caller) (datum.Value, error) {
		all, err := t.entries(c)
		if err != nil {
			return datum.Unset, err
		}
		for t.next < len(all) {
			t.next++
			if v := pack(all[t.next-1]); v != datum.False {
				return v, nil
			}
		}
		return datum.False, nil
	}
}

// find makes a native that looks for the entry with a key.
func (t *table) find(pack func([]string) datum.Value, fits func(f []string, key, more datum.Value) bool) func(c datum.Caller, key, more datum.Value) (datum.Value, error) {
	return func(c datum.Caller, key, more datum.Value) (datum.Value, error) {
		all, err := t.entries(c)
		if err != nil {
			return datum.Unset, err
		}
		for _, f := range all {
			if fits(f, key, more) {
				if v := pack(f); v != datum.False {
					return v, nil
				}
			}
		}
		return datum.False, nil
	}
}

func names(words []string) datum.Value {
	out := make([]datum.Value, len(words))
	for i, w := range words {
		out[i] = datum.NewString(w)
	}
	return datum.List(out...)
}

// tables lists the natives of networks, protocols and services: (%getnet key _),
// (%next-net), (setnet [stay-open]) and so on.
func tables() []*datum.Primitive {
	named := func(f []string, key datum.Value) bool {
		text := key.Str().Go()
		for i, w := range f {
			if i != 1 && w == text {
				return true
			}
		}
		return false
	}
	protocol := func(f []string) datum.Value {
		n, err := strconv.Atoi(f[1])
		if err != nil {
			return datum.False
		}
		return datum.NewVector([]datum.Value{datum.NewString(f[0]), names(f[2:]), datum.Fix(int64(n))})
	}
	service := func(f []string) datum.Value {
		number, proto, ok := strings.Cut(f[1], "/")
		n, err := strconv.Atoi(number)
		if !ok || err != nil {
			return datum.False
		}
		return datum.NewVector([]datum.Value{datum.NewString(f[0]), names(f[2:]), datum.Fix(int64(n)), datum.NewString(proto)})
	}
	network := func(f []string) datum.Value {
		n, ok := networkNumber(f[1])
		if !ok {
			return datum.False
		}
		return datum.NewVector([]datum.Value{datum.NewString(f[0]), names(f[2:]), datum.Fix(unix.AF_INET), datum.Fix(n)})
	}
	var t []*datum.Primitive
	for _, x := range []struct {
		name, file string
		pack       func([]string) datum.Value
		fits       func(f []string, key, more datum.Value) bool
	}{
		{"proto", "/etc/protocols", protocol, func(f []string, key, _ datum.Value) bool {
			if key.IsString() {
				return named(f, key)
			}
			return f[1] == strconv.FormatInt(key.Fix(), 10)
		}},
		{"serv", "/etc/services", service, func(f []string, key, proto datum.Value) bool {
			number, p, _ := strings.Cut(f[1], "/")
			if proto.IsString() && p != proto.Str().Go() {
				return false
			}
			if key.IsString() {
				return named(f, key)
			}
			return number == strconv.FormatInt(key.Fix(), 10)
		}},
		{"net", "/etc/networks", network, func(f []string, key, _ datum.Value) bool {
			if key.IsString() {
				return named(f, key)
			}
			n, ok := networkNumber(f[1])
			return ok && n == key.Fix()
		}},
	} {
		tab := &table{file: x.file}
		look := tab.find(x.pack, x.fits)
		t = append(t,
			arg.F2("%get"+x.name, func(c datum.Caller, key, more datum.Value) (datum.Value, error) {
				if !key.IsString() && !key.IsFix() {
					return datum.Unset, datum.WrongType("get"+x.name, 1, key)
				}
				return look(c, key, more)
			}),
			arg.F0("%next-"+x.name, tab.step(x.pack)),
			tab.rewinder("set"+x.name))
	}
	return t
}

// networkNumber reads a network's number, whose last parts may be missing.
func networkNumber(text string) (int64, bool) {
	n := int64(0)
	for _, part := range strings.Split(text, ".") {
		x, err := strconv.ParseUint(part, 10, 8)
		if err != nil {
			return 0, false
		}
		n = n<<8 | int64(x)
	}
	return n, true
}

func hostValue(name string, aliases []string, addresses []netip.Addr) datum.Value {
	family, size := unix.AF_INET, 4
	if len(addresses) > 0 && addresses[0].Is6() {
		family, size = unix.AF_INET6, 16
	}
	var list []datum.Value
	for _, a := range addresses {
		list = append(list, number(a.AsSlice()))
	}
	return datum.NewVector([]datum.Value{datum.NewString(name), names(aliases), datum.Fix(int64(family)), datum.Fix(int64(size)), datum.List(list...)})
}

// resolve asks Go's resolver while other threads run.
func resolve[T any](c datum.Caller, ask func(context.Context, *net.Resolver) (T, error)) (T, error) {
	var out T
	var err error
	ctx := c.Context()
	datum.Block(c, func(<-chan struct{}) {
		out, err = ask(ctx, &net.Resolver{PreferGo: true})
	})
	if cerr := ctx.Err(); cerr != nil {
		return out, cerr
	}
	return out, err
}

// getHost is (%gethost name-or-address), #f for an unknown one, the symbol
// try-again when that may be only for now.
func getHost(c datum.Caller, v datum.Value) (datum.Value, error) {
	const who = "gethost"
	if err := state.Of(c).CheckNetwork(who); err != nil {
		return datum.Unset, err
	}
	if !v.IsString() {
		b, ok := bytesOf(v, 4)
		if !ok {
			return datum.Unset, datum.WrongType(who, 1, v)
		}
		a := netip.AddrFrom4([4]byte(b))
		found, err := resolve(c, func(ctx context.Context, r *net.Resolver) ([]string, error) { return r.LookupAddr(ctx, a.String()) })
		if err != nil || len(found) == 0 {
			return unknown(c, err)
		}
		for i, n := range found {
			found[i] = strings.TrimSuffix(n, ".")
		}
		return hostValue(found[0], found[1:], []netip.Addr{a}), nil
	}
	name := v.Str().Go()
	found, err := resolve(c, func(ctx context.Context, r *net.Resolver) ([]netip.Addr, error) {
		return r.LookupNetIP(ctx, "ip4", name)
	})
	if err != nil || len(found) == 0 {
		return unknown(c, err)
	}
	for i, a := range found {
		found[i] = a.Unmap()
	}
	return hostValue(name, nil, found), nil
}

func unknown(c datum.Caller, err error) (datum.Value, error) {
	if cerr := c.Context().Err(); cerr != nil {
		return datum.Unset, cerr
	}
	var d *net.DNSError
	if errors.As(err, &d) && d.IsTemporary && !d.IsNotFound {
		return datum.Sym("try-again"), nil
	}
	return datum.False, nil
}

// getAddrInfo is (%getaddrinfo name service flags family type protocol): a list
// of vectors #(flags family type protocol address name), or the number of an
// error.
func getAddrInfo(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "getaddrinfo"
	if err := state.Of(c).CheckNetwork(who); err != nil {
		return datum.Unset, err
	}
	var n [4]int
	for i := range n {
		var err error
		if n[i], err = arg.Int(who, i+3, args[i+2]); err != nil {
			return datum.Unset, err
		}
	}
	q := query{flags: n[0], family: n[1], style: n[2], proto: n[3]}
	for i, to := range []*string{&q.name, &q.service} {
		if args[i] != datum.False {
			s, err := arg.Text(who, i+1, args[i])
			if err != nil {
				return datum.Unset, err
			}
			*to = s
		}
	}
	if q.name == "" && q.service == "" {
		return datum.Fix(eaiNoName), nil
	}
	out, code, err := q.run(c)
	if err != nil {
		return datum.Unset, err
	}
	if code != 0 {
		return datum.Fix(int64(code)), nil
	}
	return datum.List(out...), nil
}

type query struct {
	name, service               string
	flags, family, style, proto int
}

// styles are the kinds of sockets that a query asks for.
func (q query) styles() [][2]int {
	var out [][2]int
	for _, s := range [][2]int{{unix.SOCK_STREAM, unix.IPPROTO_TCP}, {unix.SOCK_DGRAM, unix.IPPROTO_UDP}, {unix.SOCK_RAW, 0}} {
		if q.style != 0 && q.style != s[0] || q.proto != 0 && s[1] != 0 && q.proto != s[1] {
			continue
		}
		if s[0] == unix.SOCK_RAW {
			s[1] = q.proto
		}
		out = append(out, s)
	}
	return out
}

func (q query) run(c datum.Caller) (out []datum.Value, code int, err error) {
	if q.family != unix.AF_UNSPEC && q.family != unix.AF_INET && q.family != unix.AF_INET6 {
		return nil, eaiFamily, nil
	}
	styles := q.styles()
	if len(styles) == 0 {
		return nil, eaiSockType, nil
	}
	addresses, code, err := q.addresses(c)
	if err != nil || code != 0 {
		return nil, code, err
	}
	canon := datum.False
	if q.flags&aiCanonName != 0 {
		canon = datum.NewString(q.name)
	}
	for _, a := range addresses {
		for _, s := range styles {
			port, ok := q.port(c, s[0])
			if !ok {
				continue
			}
			family, at := unix.AF_INET, datum.NewVector([]datum.Value{datum.Fix(unix.AF_INET), number(a.AsSlice()), datum.Fix(int64(port))})
			if a.Is6() {
				zone, _ := strconv.Atoi(a.Zone())
				family, at = unix.AF_INET6, datum.NewVector([]datum.Value{datum.Fix(unix.AF_INET6), number(a.AsSlice()), datum.Fix(int64(port)), datum.Fix(0), datum.Fix(int64(zone))})
			}
			out = append(out, datum.NewVector([]datum.Value{datum.Fix(int64(q.flags)), datum.Fix(int64(family)), datum.Fix(int64(s[0])), datum.Fix(int64(s[1])), at, canon}))
			canon = datum.False
		}
	}
	if len(out) == 0 {
		return nil, eaiService, nil
	}
	return out, 0, nil
}

// addresses finds those of the query's name.
func (q query) addresses(c datum.Caller) ([]netip.Addr, int, error) {
	fits := func(a netip.Addr) bool {
		return q.family == unix.AF_UNSPEC || a.Is4() == (q.family == unix.AF_INET)
	}
	var all []netip.Addr
	switch {
	case q.name == "" && q.flags&aiPassive != 0:
		all = []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	case q.name == "":
		all = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	default:
		if a, err := netip.ParseAddr(q.name); err == nil {
			all = []netip.Addr{a}
			break
		}
		if q.flags&aiNumericHost != 0 {
			return nil, eaiNoName, nil
		}
		found, err := resolve(c, func(ctx context.Context, r *net.Resolver) ([]netip.Addr, error) {
			return r.LookupNetIP(ctx, "ip", q.name)
		})
		if cerr := c.Context().Err(); cerr != nil {
			return nil, 0, cerr
		}
		if err != nil {
			var d *net.DNSError
			if errors.As(err, &d) && d.IsTemporary && !d.IsNotFound {
				return nil, eaiAgain, nil
			}
			return nil, eaiNoName, nil
		}
		all = found
	}
	var out []netip.Addr
	for _, a := range all {
		if a = a.Unmap(); fits(a) {
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		return nil, eaiAddrFamily, nil
	}
	return out, 0, nil
}

// port is the number of the query's service for a kind of socket.
func (q query) port(c datum.Caller, style int) (int, bool) {
	if q.service == "" {
		return 0, true
	}
	if n, err := strconv.ParseUint(q.service, 10, 16); err == nil {
		return int(n), true
	}
	if q.flags&aiNumericServ != 0 || style == unix.SOCK_RAW {
		return 0, false
	}
	network := "tcp"
	if style == unix.SOCK_DGRAM {
		network = "udp"
	}
	n, err := resolve(c, func(ctx context.Context, r *net.Resolver) (int, error) { return r.LookupPort(ctx, network, q.service) })
	return n, err == nil
}
