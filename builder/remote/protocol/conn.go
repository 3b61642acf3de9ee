package protocol

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Conn makes what HTTP wants of two streams: a net.Conn that reads from r and
// writes to, and closes, c. Its deadlines have no effect; pings watch over it.
func Conn(r *bufio.Reader, c io.WriteCloser) net.Conn { return &conn{r: r, c: c} }

type conn struct {
	r    *bufio.Reader
	c    io.WriteCloser
	once sync.Once
	err  error
}

func (c *conn) Read(b []byte) (int, error)  { return c.r.Read(b) }
func (c *conn) Write(b []byte) (int, error) { return c.c.Write(b) }
func (c *conn) Close() error {
	c.once.Do(func() { c.err = c.c.Close() })
	return c.err
}
func (*conn) LocalAddr() net.Addr              { return address{} }
func (*conn) RemoteAddr() net.Addr             { return address{} }
func (*conn) SetDeadline(time.Time) error      { return nil }
func (*conn) SetReadDeadline(time.Time) error  { return nil }
func (*conn) SetWriteDeadline(time.Time) error { return nil }

type address struct{}

func (address) Network() string { return "pipe" }
func (address) String() string  { return "pipe" }

// DefaultHeartbeat is after what silence a side asks whether the other lives; if it
// does not answer for as long again, the connection is lost.
const DefaultHeartbeat = 15 * time.Second

// MaxStreams is how many streams a side that serves takes at a time.
const MaxStreams = 2000

// HTTP2 are the settings of both sides. Windows as large as net/http has them keep
// a fast line with a long way full.
func HTTP2(heartbeat time.Duration) *http.HTTP2Config {
	if heartbeat <= 0 {
		heartbeat = DefaultHeartbeat
	}
	const window = 4<<20 - 1
	return &http.HTTP2Config{
		MaxConcurrentStreams:          MaxStreams,
		MaxReceiveBufferPerConnection: window,
		MaxReceiveBufferPerStream:     window / 2,
		MaxReadFrameSize:              64 << 10,
		SendPingTimeout:               heartbeat,
		PingTimeout:                   heartbeat,
	}
}

// Protocols is HTTP/2 in the clear alone.
func Protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	return p
}

// Listen makes a listener that has the one connection c to give. When that is
// closed, it has ended.
func Listen(c net.Conn) net.Listener {
	l := &listener{next: make(chan net.Conn, 1), closed: make(chan struct{})}
	l.next <- &watched{Conn: c, l: l}
	return l
}

type listener struct {
	next   chan net.Conn
	closed chan struct{}
	once   sync.Once
}

type watched struct {
	net.Conn
	l *listener
}

func (w *watched) Close() error {
	err := w.Conn.Close()
	w.l.Close()
	return err
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.next:
		return c, nil
	default:
	}
	<-l.closed
	return nil, net.ErrClosed
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (*listener) Addr() net.Addr { return address{} }

// Duplex makes one stream of a reader and a writer; closing it closes both.
func Duplex(r io.ReadCloser, w io.WriteCloser) io.ReadWriteCloser { return &duplex{r, w} }

type duplex struct {
	io.ReadCloser
	w io.WriteCloser
}

func (d *duplex) Write(b []byte) (int, error) { return d.w.Write(b) }
func (d *duplex) Close() error                { return errors.Join(d.w.Close(), d.ReadCloser.Close()) }
