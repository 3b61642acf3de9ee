package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"fruix/builder/fetch"
)

// stream is a server at the other end of a connection: gitprotocol-pack(5), "Git
// Transport" and "SSH Transport". In version 2 of the protocol one connection takes all
// questions, in version 0 each needs its own.
type stream struct {
	http   *fetch.HTTP // whose patience it has
	limits Limits
	dial   func(ctx context.Context) (io.ReadWriteCloser, error)
	line   *line // that has been greeted; nil when there is none
}

// line is one connection.
type line struct {
	conn   io.ReadWriteCloser
	alive  func(n int) // see fetch.HTTP.Watch
	failed error       // how the connection failed
	*packets
}

// Read implements io.Reader for packets.
func (l *line) Read(b []byte) (int, error) {
	n, err := l.conn.Read(b)
	l.alive(n)
	if err != nil && err != io.EOF {
		l.failed = err
	}
	return n, err
}

func (s *stream) close() {
	if s.line != nil {
		s.line.conn.Close()
		s.line = nil
	}
}

func (s *stream) greet(ctx context.Context, read func(*packets) error) error {
	return s.http.Retry(ctx, func() error { return s.connect(ctx, read) })
}

// connect makes a new connection, and hands what the server says first to read.
func (s *stream) connect(ctx context.Context, read func(*packets) error) error {
	s.close()
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	s.line = &line{conn: conn}
	s.line.packets = newPackets(s.line)
	return s.talk(ctx, nil, read)
}

func (s *stream) ask(ctx context.Context, question []byte, version2 bool, read func(*packets) error) error {
	return s.http.Retry(ctx, func() error {
		if s.line == nil {
			if err := s.connect(ctx, s.skipGreeting); err != nil {
				return err
			}
		}
		err := s.talk(ctx, question, read)
		if !version2 {
			s.close()
		}
		return err
	})
}

// skipGreeting reads what is known already.
func (s *stream) skipGreeting(p *packets) error {
	p.allow(s.limits.Text)
	for {
		if _, special, err := p.text(); err != nil || special == flushPacket {
			return err
		}
	}
}

// talk sends a question, and hands the answer to read. After an error the connection
// is of no use.
func (s *stream) talk(ctx context.Context, question []byte, read func(*packets) error) error {
	l := s.line
	ctx, alive, done := s.http.Watch(ctx)
	defer done()
	l.alive = alive
	stop := context.AfterFunc(ctx, func() { l.conn.Close() })
	defer stop()
	_, werr := l.conn.Write(question)
	// A server that hangs up may have said why before.
	err := read(l.packets)
	if err == nil {
		return nil
	}
	cause := context.Cause(ctx)
	lost := errors.Is(err, io.ErrUnexpectedEOF) || l.failed != nil || cause != nil
	if lost && cause == nil {
		err = errors.Join(explained(l.conn, err), werr)
	}
	if cause != nil {
		err = cause
	}
	s.close()
	if lost {
		return err
	}
	return fetch.Permanent(err)
}

// explained adds what a program that makes connections has said.
func explained(conn io.Closer, err error) error {
	if x, ok := conn.(interface{ Explain() string }); ok {
		if text := x.Explain(); text != "" {
			return fetch.Permanent(errors.New(text))
		}
	}
	return err
}

// daemonPort is that of git-daemon(1).
const daemonPort = "9418"

// dialDaemon connects to a git daemon.
func dialDaemon(u *url.URL) func(ctx context.Context) (io.ReadWriteCloser, error) {
	return func(ctx context.Context) (io.ReadWriteCloser, error) {
		port := u.Port()
		if port == "" {
			port = daemonPort
		}
		d := net.Dialer{Timeout: 20 * time.Second}
		conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
		if err != nil {
			return nil, err
		}
		// As long as it has not answered it is to take this, and no more.
		if err := conn.SetWriteDeadline(time.Now().Add(20 * time.Second)); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		text := fmt.Sprintf("git-upload-pack %s\x00host=%s\x00\x00version=2\x00", remotePath(u), u.Host)
		if _, err := fmt.Fprintf(conn, "%04x%s", len(text)+packetHeadSize, text); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return conn, conn.SetWriteDeadline(time.Time{})
	}
}

// dialSSH lets a program on a machine that is reached by ssh answer.
func (f *Fetcher) dialSSH(u *url.URL) (func(ctx context.Context) (io.ReadWriteCloser, error), error) {
	port := 0
	if p := u.Port(); p != "" {
		var err error
		if port, err = strconv.Atoi(p); err != nil || port < 1 || port > 65535 {
			return nil, fmt.Errorf("%q is no port", p)
		}
	}
	return func(ctx context.Context) (io.ReadWriteCloser, error) {
		conn, err := f.SSH(ctx, u.User.Username(), u.Hostname(), port, []string{"git-upload-pack", remotePath(u)})
		if err != nil {
			err = fetch.Permanent(err)
		}
		return conn, err
	}, nil
}

// remotePath is how the other side calls the repository: below somebody's home, "~" is
// what the name begins with.
func remotePath(u *url.URL) string {
	if strings.HasPrefix(u.Path, "/~") {
		return u.Path[1:]
	}
	return u.Path
}

// checkRemote refuses addresses that could be taken for something else over there.
func checkRemote(u *url.URL) error {
	if u.Hostname() == "" || u.Path == "" || u.Path == "/" {
		return errors.New("it names no repository on another machine")
	}
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	for _, part := range []string{u.User.Username(), u.Host, u.Path} {
		if strings.HasPrefix(part, "-") || strings.ContainsFunc(part, control) {
			return fmt.Errorf("%q can be no part of an address", part)
		}
	}
	return nil
}
