package publish

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Bounds bound what clients can take of a server. 0 stands for the default.
type Bounds struct {
	// Connections is how many there are at a time. More wait until one ends; one over
	// which nothing goes on is ended for them. Default 500.
	Connections int
	// Stall is how long a client may take for the head of a request, and for its body,
	// and how long it may take nothing of an answer. Default 30 seconds.
	Stall time.Duration
	// Idle is how long a connection is kept over which nothing goes on. Default 2
	// minutes.
	Idle time.Duration
}

// Serve answers what comes to l with h until ctx ends; what is under way then has a
// second to end.
func Serve(ctx context.Context, l net.Listener, h http.Handler, b Bounds) error {
	if b.Connections <= 0 {
		b.Connections = 500
	}
	if b.Stall <= 0 {
		b.Stall = 30 * time.Second
	}
	if b.Idle <= 0 {
		b.Idle = 2 * time.Minute
	}
	g := &gate{Listener: l, most: b.Connections}
	g.changed = sync.NewCond(&g.mu)
	server := &http.Server{
		Handler: patient(h, b.Stall), ReadHeaderTimeout: b.Stall, IdleTimeout: b.Idle, MaxHeaderBytes: 64 << 10,
		ConnState: g.noteState,
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		stopped <- server.Shutdown(end)
	})
	defer stop()
	err := server.Serve(g)
	if errors.Is(err, http.ErrServerClosed) {
		<-stopped
		return nil
	}
	return err
}

// patient lets clients stand still for no longer than stall.
func patient(h http.Handler, stall time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// That a writer, such as a test's, knows no deadlines is nothing to act on.
		p := &patientWriter{ResponseWriter: w, c: http.NewResponseController(w), stall: stall}
		_ = p.c.SetWriteDeadline(time.Now().Add(stall))
		if r.ContentLength != 0 {
			_ = p.c.SetReadDeadline(time.Now().Add(stall))
		}
		h.ServeHTTP(p, r)
	})
}

// patientWriter moves the deadline with each piece of an answer.
type patientWriter struct {
	http.ResponseWriter
	c     *http.ResponseController
	stall time.Duration
}

// Write implements io.Writer. Pieces are small, so that a client that takes a little is
// not one that stands still.
func (p *patientWriter) Write(b []byte) (int, error) {
	const piece = 64 << 10
	n := 0
	for {
		_ = p.c.SetWriteDeadline(time.Now().Add(p.stall))
		m, err := p.ResponseWriter.Write(b[n:min(len(b), n+piece)])
		if n += m; err != nil || n == len(b) {
			return n, err
		}
	}
}

// Unwrap is for http.ResponseController.
func (p *patientWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// gate lets in a number of connections at a time.
type gate struct {
	net.Listener
	most int

	mu      sync.Mutex
	changed *sync.Cond
	open    int
	shut    bool
	idle    []net.Conn // over which nothing goes on, in the order in which that began
}

// Accept implements net.Listener. What waits beyond one connection waits in the kernel,
// which keeps the order.
func (g *gate) Accept() (net.Conn, error) {
	c, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	for g.open >= g.most && !g.shut {
		if len(g.idle) == 0 {
			g.changed.Wait()
			continue
		}
		left := g.idle[0]
		g.idle = g.idle[1:]
		g.mu.Unlock()
		left.Close()
		g.mu.Lock()
	}
	defer g.mu.Unlock()
	if g.shut {
		c.Close()
		return nil, net.ErrClosed
	}
	g.open++
	return &guest{Conn: c, left: sync.OnceFunc(g.leave)}, nil
}

// Close implements net.Listener.
func (g *gate) Close() error {
	g.mu.Lock()
	g.shut = true
	g.changed.Broadcast()
	g.mu.Unlock()
	return g.Listener.Close()
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open--
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

// guest is a connection that was let in.
type guest struct {
	net.Conn
	left func()
}

// Close implements net.Conn.
func (g *guest) Close() error {
	defer g.left()
	return g.Conn.Close()
}
