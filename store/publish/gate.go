package publish

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// origin is for whom turns are fair: the address that a connection comes from, and of IPv6
// the network, as one client has all of its addresses.
func origin(remote string) string {
	a, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	ip := a.Addr().Unmap().WithZone("")
	if ip.Is6() {
		p, err := ip.Prefix(64)
		if err == nil {
			return p.String()
		}
	}
	return ip.String()
}

// gate lets in a number of connections at a time. When more are wanted, the next is of
// the origin of which the fewest are in, and among several of those who has waited
// longest.
type gate struct {
	net.Listener
	most int // that are in; as many may wait

	mu      sync.Mutex
	changed *sync.Cond
	in      map[string]int // by origin
	guests  []*guest       // that are in, in the order in which they came
	idle    []net.Conn     // of those over which nothing goes on, in the order in which that began
	waiting []*guest
	shut    error
}

func newGate(l net.Listener, most int) *gate {
	g := &gate{Listener: l, most: most, in: map[string]int{}}
	g.changed = sync.NewCond(&g.mu)
	return g
}

// pump lets connections wait, until the listener is closed.
func (g *gate) pump() {
	for wait := time.Duration(0); ; {
		c, err := g.Listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			g.end(err)
			return
		case err != nil: // out of descriptors, or a client that has gone: both pass
			wait = min(max(2*wait, 5*time.Millisecond), time.Second)
			time.Sleep(wait)
			continue
		}
		wait = 0
		if out := g.queue(&guest{Conn: c, origin: origin(c.RemoteAddr().String()), gate: g}); out != nil {
			out.Conn.Close()
		}
	}
}

// queue lets a connection wait. The result, if any, is one for which there is no room: the
// last of those of which most wait.
func (g *gate) queue(c *guest) (out *guest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		return c
	}
	g.waiting = append(g.waiting, c)
	g.changed.Broadcast()
	if len(g.waiting) <= g.most {
		return nil
	}
	wait := map[string]int{}
	for _, w := range g.waiting {
		wait[w.origin]++
	}
	last := len(g.waiting) - 1
	for i := last; i >= 0; i-- {
		if wait[g.waiting[i].origin] > wait[g.waiting[last].origin] {
			last = i
		}
	}
	out = g.waiting[last]
	g.waiting = slices.Delete(g.waiting, last, last+1)
	return out
}

// Accept implements net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for {
		switch {
		case g.shut != nil:
			return nil, g.shut
		case len(g.waiting) == 0:
			g.changed.Wait()
			continue
		}
		next := 0
		for i, w := range g.waiting {
			if g.in[w.origin] < g.in[g.waiting[next].origin] {
				next = i
			}
		}
		c := g.waiting[next]
		if len(g.guests) < g.most {
			g.waiting = slices.Delete(g.waiting, next, next+1)
			g.guests = append(g.guests, c)
			g.in[c.origin]++
			return c, nil
		}
		out := g.leaver(c)
		if out == nil {
			g.changed.Wait()
			continue
		}
		g.mu.Unlock()
		out.Close()
		g.mu.Lock()
	}
}

// leaver is a connection that is to end for c; nil when there is none. g.mu is held.
func (g *gate) leaver(c *guest) net.Conn {
	if len(g.idle) > 0 {
		out := g.idle[0]
		g.idle = g.idle[1:]
		return out
	}
	var out *guest
	for _, x := range g.guests {
		if out == nil || g.in[x.origin] > g.in[out.origin] {
			out = x
		}
	}
	if out == nil || g.in[out.origin] < g.in[c.origin]+2 {
		return nil // nothing would be fairer
	}
	return out
}

// end lets nobody in any more.
func (g *gate) end(why error) {
	g.mu.Lock()
	left := g.waiting
	g.waiting = nil
	if g.shut == nil {
		g.shut = why
	}
	g.changed.Broadcast()
	g.mu.Unlock()
	for _, c := range left {
		c.Conn.Close()
	}
}

// Close implements net.Listener.
func (g *gate) Close() error {
	g.end(net.ErrClosed)
	return g.Listener.Close()
}

// leave notes that a connection has ended.
func (g *gate) leave(c *guest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.guests, c)
	if i < 0 {
		return // it has left already
	}
	g.guests = slices.Delete(g.guests, i, i+1)
	if g.in[c.origin]--; g.in[c.origin] == 0 {
		delete(g.in, c.origin)
	}
	g.changed.Broadcast()
}

// noteState notes over which connections nothing goes on.
func (g *gate) noteState(c net.Conn, state http.ConnState) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.idle, c); i >= 0 {
		g.idle = slices.Delete(g.idle, i, i+1)
	}
	if state == http.StateIdle {
		g.idle = append(g.idle, c)
		g.changed.Broadcast()
	}
}

// guest is a connection.
type guest struct {
	net.Conn
	origin string
	gate   *gate
}

// Close implements net.Conn.
func (g *guest) Close() error {
	defer g.gate.leave(g)
	return g.Conn.Close()
}
