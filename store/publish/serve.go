package publish

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// Bounds bound what clients can take of a server. 0 stands for the default.
type Bounds struct {
	// Connections is how many there are at a time. As many more wait until one ends, and
	// take turns that are fair among addresses. One over which nothing goes on is ended
	// for them, and else one of an address that has more than two beyond theirs. Default
	// 500.
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
	g := newGate(l, b.Connections)
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
	go g.pump() // ends with the listener
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
