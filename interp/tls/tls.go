// Package tls gives programs TLS on their sockets: the module (fruix native
// tls), which (web client) uses for https. It is apart from the other natives so
// that programs without need of it do not carry it; whoever embeds an engine
// registers it:
//
//	engine.Register(tls.Module, tls.Natives()...)
package tls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// Module is the name of the module of the natives.
const Module = "(fruix native tls)"

// Natives lists the natives.
func Natives() []*datum.Primitive {
	return []*datum.Primitive{arg.FN("%tls-wrap-port", 4, 4, wrap)}
}

// wrap is (%tls-wrap-port port host verify? directory): a port that speaks TLS
// over the socket of port, which is closed, with the server named host. Its
// certificate must be signed by one in directory, by one of the system's where
// that has none. The value is a list of a symbol and a message when the
// certificate is refused.
func wrap(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "tls-wrap-port"
	if err := state.Of(c).CheckNetwork(who); err != nil {
		return datum.Unset, err
	}
	if !args[0].Is(datum.KPort) || port.Of(args[0]).File == nil || port.Of(args[0]).Closed() {
		return datum.Unset, datum.WrongTypeExpecting(who, 1, args[0], "open file port")
	}
	host, err := arg.Text(who, 2, args[1])
	if err != nil {
		return datum.Unset, err
	}
	directory, err := arg.Text(who, 4, args[3])
	if err != nil {
		return datum.Unset, err
	}
	config := &tls.Config{ServerName: host, InsecureSkipVerify: !args[2].Truthy()}
	if !config.InsecureSkipVerify {
		if config.RootCAs, err = authorities(directory); err != nil {
			return datum.Unset, state.SystemError(who, err, directory)
		}
	}
	raw, err := take(port.Of(args[0]))
	if err != nil {
		return datum.Unset, state.SystemError(who, err, "")
	}
	conn := tls.Client(raw, config)
	if err := handshake(c, conn); err != nil {
		raw.Close()
		return refused(c, who, err)
	}
	s := newStream(conn)
	p := port.NewStream(s, s, host, s.Close)
	state.Of(c).Track(p)
	return p.Value(), nil
}

// take moves the socket of a port to Go's network, and closes the port.
func take(p *port.Port) (net.Conn, error) {
	fd, err := unix.FcntlInt(uintptr(p.File.Fd()), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "socket")
	defer f.Close()
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	return conn, p.Close()
}

func handshake(c datum.Caller, conn *tls.Conn) error {
	ctx, cancel := context.WithCancel(c.Context())
	defer cancel()
	var err error
	datum.Block(c, func(<-chan struct{}) { err = conn.HandshakeContext(ctx) })
	return err
}

// refused tells what was wrong with a handshake.
func refused(c datum.Caller, who string, err error) (datum.Value, error) {
	if cerr := c.Context().Err(); cerr != nil {
		return datum.Unset, cerr
	}
	reason := "invalid-certificate"
	var host x509.HostnameError
	var verify *tls.CertificateVerificationError
	switch {
	case errors.As(err, &host):
		reason = "host-mismatch"
	case errors.As(err, &verify):
	default:
		return datum.Unset, datum.Misc(who, "TLS: ~A", datum.NewString(err.Error()))
	}
	return datum.List(datum.Sym(reason), datum.NewString(err.Error())), nil
}

// authorities are the certificates in a directory, those of the system when
// there are none.
func authorities(directory string) (*x509.CertPool, error) {
	entries, err := os.ReadDir(directory)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	pool, found := x509.NewCertPool(), false
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext != ".pem" && ext != ".crt" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(directory, e.Name()))
		if err == nil && pool.AppendCertsFromPEM(text) {
			found = true
		}
	}
	if !found {
		return x509.SystemCertPool()
	}
	return pool, nil
}

// stream reads a connection ahead, so that a port over it knows whether there
// is anything.
type stream struct {
	conn *tls.Conn

	mu   sync.Mutex
	cond *sync.Cond
	buf  []byte
	err  error
	news chan struct{} // can be read when there may be something
}

// ahead is how much is read ahead.
const ahead = 1 << 16

func newStream(conn *tls.Conn) *stream {
	s := &stream{conn: conn, news: make(chan struct{}, 1)}
	s.cond = sync.NewCond(&s.mu)
	go s.fill()
	return s
}

func (s *stream) fill() {
	b := make([]byte, 16*1024)
	for {
		n, err := s.conn.Read(b)
		s.mu.Lock()
		s.buf = append(s.buf, b[:n]...)
		s.err = err
		select {
		case s.news <- struct{}{}:
		default:
		}
		for len(s.buf) >= ahead && s.err == nil {
			s.cond.Wait()
		}
		err = s.err
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Read implements io.Reader without waiting.
func (s *stream) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.buf) > 0 {
		n := copy(b, s.buf)
		s.buf = s.buf[n:]
		s.cond.Signal()
		return n, nil
	}
	if s.err == nil {
		return 0, port.ErrBlocked
	}
	if errors.Is(s.err, io.ErrUnexpectedEOF) {
		// Many servers end without saying so.
		return 0, io.EOF
	}
	return 0, s.err
}

// Write implements io.Writer.
func (s *stream) Write(b []byte) (int, error) { return s.conn.Write(b) }

// Poll implements port.Poller.
func (s *stream) Poll(write bool, timeout time.Duration) bool {
	s.mu.Lock()
	ready := write || len(s.buf) > 0 || s.err != nil
	s.mu.Unlock()
	if ready || timeout == 0 {
		return ready
	}
	t := time.NewTimer(timeout)
	defer t.Stop()
	select {
	case <-s.news:
		return true
	case <-t.C:
		return false
	}
}

// Close ends the connection.
func (s *stream) Close() error {
	err := s.conn.Close()
	s.mu.Lock()
	if s.err == nil {
		s.err = os.ErrClosed
	}
	s.cond.Signal()
	s.mu.Unlock()
	if errors.Is(err, net.ErrClosed) || errors.Is(err, unix.EPIPE) {
		return nil // the other side was quicker
	}
	return err
}
