package daemon

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"fruix/builder/trace"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

// untrustedRounds is how often a client that is not trusted may have something
// built: others may wait for it.
const untrustedRounds = 8

// setOptions sets the options of the connection. A client that is not trusted gets
// no more than the administrator has allowed; what it may not have is told, and is
// no error.
func (c *conn) setOptions(_ context.Context, o wire.Options) (none calls.None, err error) {
	d := c.s.c.Defaults
	p := &optionReader{c: c, o: d}
	p.o.KeepGoing = o.KeepGoing
	p.o.KeepFailed = o.KeepFailed && c.peer.Local
	p.o.KeepHere = !o.UseHook
	p.o.Substitutes = o.UseSubstitutes
	p.trace = trace.Options{Trace: o.PrintTrace, Quiet: o.BuildVerbosity > o.Verbosity, Now: c.s.c.Now}
	for _, pair := range o.Pairs {
		if err := p.read(pair[0], pair[1]); err != nil {
			return none, err
		}
	}
	if !c.trusted {
		p.bound(d)
	}
	if d.MaxJobs < 0 {
		p.o.MaxJobs = d.MaxJobs // nothing is built on this machine, for nobody
	}
	c.options, c.trace = p.o, p.trace
	c.unsigned = p.unsigned && c.trusted // else it is said of what is not signed
	return none, nil
}

// maxURLs bounds the bytes of the names of servers.
const maxURLs = 64 << 10

// optionReader reads options that come by name.
type optionReader struct {
	c     *conn
	o     Options
	trace trace.Options

	unsigned bool // what is imported need not be signed
}

// read reads one option. Those that are not known are for others.
func (p *optionReader) read(name, value string) error {
	var err error
	number := func(to *int, most int) {
		var n int
		if n, err = strconv.Atoi(value); err == nil && (n < 0 || n > most) {
			err = strconv.ErrRange
		}
		*to = n
	}
	seconds := func(to *time.Duration) {
		var n int
		number(&n, 1<<31)
		*to = time.Duration(n) * time.Second
	}
	switch name {
	case wire.OptionMaxJobs:
		if number(&p.o.MaxJobs, 1<<16); p.o.MaxJobs == 0 {
			p.o.MaxJobs = -1
		}
	case wire.OptionCores:
		number(&p.o.Cores, 1<<16)
	case wire.OptionTimeout:
		seconds(&p.o.Timeout)
	case wire.OptionMaxSilent:
		seconds(&p.o.MaxSilent)
	case wire.OptionRepeat:
		number(&p.o.Rounds, 1<<16)
		p.o.Rounds++
	case wire.OptionMultiplexed:
		p.trace.Multiplexed = value == "true"
	case wire.OptionExtended:
		p.trace.Extended = value == "1" || value == "true"
	case wire.OptionFruix:
		p.trace.Own = value == "1"
	case wire.OptionUnsigned:
		p.unsigned = value == "1"
	case wire.OptionURLs:
		if len(value) > maxURLs {
			return fmt.Errorf("the option %s has %d bytes, and %d are possible", name, len(value), maxURLs)
		}
		p.urls(strings.Fields(value))
	case wire.OptionKeepOutputs:
		p.trustedOnly(name, func() { p.o.KeepOutputs = value == "true" })
	case wire.OptionKeepDrvs:
		p.trustedOnly(name, func() { p.o.DropDrvs = value == "false" })
	}
	if err != nil {
		return fmt.Errorf("the option %s cannot be %.100q", name, value)
	}
	return nil
}

func (p *optionReader) trustedOnly(name string, set func()) {
	if p.c.trusted {
		set()
		return
	}
	p.c.log(fmt.Sprintf("warning: the option %s is only for users whom the daemon trusts; it is left as it was\n", name))
}

// urls takes the servers that a client names: those that the administrator has
// named, unless the client is trusted.
func (p *optionReader) urls(urls []string) {
	known, err := p.c.s.c.URLs()
	if err != nil {
		p.c.s.c.Log(false, fmt.Sprintf("cannot tell which servers objects are fetched from: %v", err))
	}
	allowed := []string{}
	for _, u := range urls {
		if p.c.trusted || slices.ContainsFunc(known, func(k string) bool {
			return strings.TrimSuffix(k, "/") == strings.TrimSuffix(u, "/")
		}) {
			allowed = append(allowed, u)
			continue
		}
		p.c.log(fmt.Sprintf("warning: nothing is fetched from %.200s: only users whom the daemon trusts may name other servers than the administrator\n", u))
	}
	p.o.URLs = allowed
}

// bound holds the options of a client that is not trusted to the administrator's.
func (p *optionReader) bound(d Options) {
	least := func(n *time.Duration, most time.Duration) {
		if most > 0 && (*n == 0 || *n > most) {
			*n = most
		}
	}
	p.o.MaxJobs = min(p.o.MaxJobs, d.MaxJobs)
	p.o.Rounds = min(p.o.Rounds, max(d.Rounds, untrustedRounds))
	if d.Cores > 0 && (p.o.Cores == 0 || p.o.Cores > d.Cores) {
		p.o.Cores = d.Cores
	}
	least(&p.o.Timeout, d.Timeout)
	least(&p.o.MaxSilent, d.MaxSilent)
}
