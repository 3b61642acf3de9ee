package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"fruix/builder"
	"fruix/builder/socket"
	"fruix/builder/turns"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

// Server serves a store.
type Server struct {
	c          Config
	operations map[wire.Op]func(*conn) calls.Work
	accounts   accounts
	sharing    builder.Sharing
	turns      *turns.Turns // of builds
	// work lets one at a time read or change the whole store.
	work slots

	wg sync.WaitGroup // connections, and builds that outlive them
}

// New returns a server.
func New(c Config) *Server {
	c.complete()
	return &Server{
		c: c, operations: operations(), accounts: accounts{limits: c.Limits, byUser: map[int]*account{}},
		turns: turns.New(), work: make(slots, 1),
	}
}

// Serve accepts connections until ctx ends, and returns when everything that was
// done for them has ended.
func (s *Server) Serve(ctx context.Context, listeners ...net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// What is left of them is gone when Serve returns, so that the process may end.
	shut := sync.OnceFunc(func() {
		for _, l := range listeners {
			l.Close()
		}
	})
	defer shut()
	defer context.AfterFunc(ctx, shut)()
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- s.accept(ctx, l) }()
	}
	var err error
	for range listeners {
		if e := <-failed; e != nil && err == nil {
			err = e
			cancel()
		}
	}
	s.wg.Wait()
	return err
}

// accept serves what comes from one listener.
func (s *Server) accept(ctx context.Context, l net.Listener) error {
	for wait := time.Duration(0); ; {
		c, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				c.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("the socket %s was closed: %w", l.Addr(), err)
		case err != nil:
			// Out of descriptors, or a client that has gone: both pass.
			wait = min(max(2*wait, 5*time.Millisecond), time.Second)
			s.c.Log(false, fmt.Sprintf("cannot accept a connection: %v", err))
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
			continue
		}
		wait = 0
		s.wg.Go(func() {
			peer, err := socket.PeerOf(c)
			if err != nil {
				s.c.Log(false, fmt.Sprintf("cannot tell who connects: %v", err))
				c.Close()
				return
			}
			s.serve(ctx, c, peer, s.trusts(peer))
		})
	}
}

// trusts says whether a peer may do what only those may who could do worse.
func (s *Server) trusts(p socket.Peer) bool {
	return p.Local && (p.UID == 0 || p.UID == s.c.EUID || s.c.Trusted(p))
}

// ServeTrusted serves one client that is this process itself, until its end.
func (s *Server) ServeTrusted(ctx context.Context, c net.Conn) {
	s.serve(ctx, c, socket.Peer{Local: true, UID: s.c.EUID, GID: -1}, true)
	s.wg.Wait()
}

// serve serves one connection until its end, and closes it.
func (s *Server) serve(ctx context.Context, nc net.Conn, peer socket.Peer, trusted bool) {
	var fault error
	defer s.guard("a connection", &fault)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer nc.Close()
	stall := s.c.Limits.Stall
	acct, err := s.accounts.open(userOf(peer), trusted)
	switch {
	case err == nil:
		defer s.accounts.close(userOf(peer))
	case err == errCrowd:
		return
	default:
		defer s.accounts.refused()
		stall = s.c.Limits.Farewell
	}
	unblock := context.AfterFunc(ctx, func() {
		// What was sent last may still go out; nothing more is read.
		nc.SetReadDeadline(time.Unix(1, 0))
		nc.SetWriteDeadline(time.Now().Add(s.c.Limits.Farewell))
	})
	defer unblock()
	in := newInbound(ctx, nc, stall, cancel)
	out := newOutbound(nc, func() {
		if ctx.Err() == nil {
			nc.SetWriteDeadline(time.Now().Add(stall))
		}
	}, cancel)
	var pumps sync.WaitGroup
	go in.pump() // ends with the connection
	pumps.Go(out.pump)
	s.c.Log(true, fmt.Sprintf("%v: connected", peer))
	c := &conn{s: s, peer: peer, trusted: trusted, acct: acct, in: in, out: out}
	refused := c.run(ctx, err)
	s.c.Log(true, fmt.Sprintf("%v: gone after %d operations", peer, c.operations))
	out.close()
	sent := make(chan struct{})
	go func() {
		pumps.Wait()
		close(sent)
	}()
	in.discard(sent, refused, s.c.Limits.Farewell)
}

// guard turns a panic into an error.
func (s *Server) guard(what string, err *error) {
	if r := recover(); r != nil {
		s.c.Log(false, fmt.Sprintf("a fault of Fruix ended %s: %v\n%s", what, r, debug.Stack()))
		*err = &fatalError{fmt.Errorf("a fault of Fruix ended %s: %v", what, r)}
	}
}

// fatalError ends a connection, after the client has been told.
type fatalError struct{ err error }

func (e *fatalError) Error() string { return e.err.Error() }

func (e *fatalError) Unwrap() error { return e.err }
