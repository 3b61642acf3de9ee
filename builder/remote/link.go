package remote

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"fruix/builder/remote/protocol"
	"fruix/builder/remote/transfer"
	"fruix/store/path"
)

// A Dialer makes a connection to a fruix that serves. If the connection has a
// method Explain() string, that says why it ended, for people. If it has a method
// Abort(), that is called before Close when the time for the greetings is over.
type Dialer func(ctx context.Context) (io.ReadWriteCloser, error)

// LinkOptions are about one connection.
type LinkOptions struct {
	Name    string         // of the machine, for people
	Store   transfer.Store // objects come from there and go there
	Program string         // version of this fruix
	// Sign signs what is sent; nil does not.
	Sign transfer.Sign
	// Parallel is how many builds the machine shall carry out at a time.
	Parallel int
	// Heartbeat is after what silence it is asked whether it lives; 0 means
	// protocol.DefaultHeartbeat.
	Heartbeat time.Duration
}

// Link is a connection to a machine. It may be used by several goroutines.
type Link struct {
	o      LinkOptions
	packer *protocol.Packer
	conn   net.Conn
	http   *http.ClientConn
	hello  *protocol.Hello // theirs
	number atomic.Uint64   // of the last build
	supply supply

	closing atomic.Bool     // this side wants to end it
	alive   context.Context // ends with the connection
	bury    context.CancelFunc
	once    sync.Once
	err     error // why; set before dead is closed
}

// LostError says that a connection could not be made, or has ended.
type LostError struct {
	Err error
	// Said is what the program that carried the connection said last.
	Said string
}

func (e *LostError) Error() string {
	text := "the connection is lost"
	if e.Err != nil {
		text = e.Err.Error()
	}
	if e.Said != "" {
		text += " (" + strings.ReplaceAll(e.Said, "\n", "; ") + ")"
	}
	return text
}

// Unwrap returns why.
func (e *LostError) Unwrap() error { return e.Err }

// Reasons for a link to end.
var (
	errClosed = errors.New("the connection was closed")
	// HTTP closes a connection over which nothing comes, not even an answer to
	// a ping, or what is not HTTP/2.
	errSilent  = errors.New("the machine does not answer any more")
	errNoSense = &protocol.FormatError{Err: errors.New("what it says makes no sense")}
)

// Connect makes a connection. The error is a *LostError, or says why the two sides
// cannot work together: a *protocol.VersionError, for example.
func Connect(ctx context.Context, dial Dialer, o LinkOptions) (*Link, error) {
	packer, err := protocol.NewPacker()
	if err != nil {
		return nil, err
	}
	c, err := dial(ctx)
	if err != nil {
		return nil, &LostError{Err: err}
	}
	l := &Link{o: o, packer: packer}
	l.alive, l.bury = context.WithCancel(context.Background())
	l.supply.link = l
	watched := &watchedConn{ReadWriteCloser: c, l: l}
	watched.heard.Store(time.Now().UnixNano())
	stop := context.AfterFunc(ctx, func() {
		if x, ok := c.(interface{ Abort() }); ok {
			x.Abort()
		}
		watched.Close()
	})
	defer stop()
	if err := l.greet(watched); err != nil {
		watched.Close()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, l.explain(c, err)
	}
	transport := &http.Transport{
		Protocols: protocol.Protocols(), HTTP2: protocol.HTTP2(o.Heartbeat), DisableCompression: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return l.conn, nil },
	}
	l.http, err = transport.NewClientConn(ctx, "http", host)
	if err != nil {
		watched.Close()
		return nil, l.err // there is one now, and it says more
	}
	return l, nil
}

// host is what HTTP calls the other side.
const host = "machine:80"

// greet exchanges greetings.
func (l *Link) greet(c io.ReadWriteCloser) error {
	ours := protocol.Hello{
		Versions: protocol.Versions(), Program: l.o.Program, StoreDir: l.o.Store.Dir(),
		Parallel: l.o.Parallel, Heartbeat: l.o.Heartbeat,
	}
	// A pipe may take nothing before the other side reads.
	sent := make(chan error, 1)
	go func() { sent <- ours.Write(c) }()
	in := bufio.NewReaderSize(c, 64<<10)
	theirs, err := protocol.ReadHello(in)
	if err != nil {
		return err
	}
	if _, err := protocol.Agree(&ours, theirs); err != nil {
		return err
	}
	l.hello, l.conn = theirs, protocol.Conn(in, c)
	return <-sent
}

// explain adds to an error what the program that carries the connection said. That
// two sides cannot work together is not lost on them.
func (l *Link) explain(c io.ReadWriteCloser, err error) error {
	var version *protocol.VersionError
	var refused *protocol.RefusedError
	var dir *protocol.StoreDirError
	if errors.As(err, &version) || errors.As(err, &refused) || errors.As(err, &dir) {
		return err
	}
	lost := &LostError{Err: err}
	if x, ok := c.(interface{ Explain() string }); ok {
		lost.Said = x.Explain()
	}
	return lost
}

// watchedConn notices the end of a connection.
type watchedConn struct {
	io.ReadWriteCloser
	l     *Link
	heard atomic.Int64 // when something came last, in nanoseconds
}

func (w *watchedConn) Read(b []byte) (int, error) {
	n, err := w.ReadWriteCloser.Read(b)
	if err != nil {
		w.l.end(w.ReadWriteCloser, err)
	}
	w.heard.Store(time.Now().UnixNano())
	return n, err
}

func (w *watchedConn) Write(b []byte) (int, error) {
	n, err := w.ReadWriteCloser.Write(b)
	if err != nil {
		w.l.end(w.ReadWriteCloser, err)
	}
	return n, err
}

func (w *watchedConn) Close() error {
	heartbeat := w.l.o.Heartbeat
	if heartbeat <= 0 {
		heartbeat = protocol.DefaultHeartbeat
	}
	var err error
	switch silence := time.Now().UnixNano() - w.heard.Load(); {
	case w.l.closing.Load():
		err = errClosed
	case silence >= int64(heartbeat):
		err = errSilent
	default:
		err = errNoSense
	}
	w.l.end(w.ReadWriteCloser, err)
	return w.ReadWriteCloser.Close()
}

// end notes why the connection has ended, the first time.
func (l *Link) end(c io.ReadWriteCloser, err error) {
	l.once.Do(func() {
		for _, plain := range []error{io.EOF, io.ErrClosedPipe, fs.ErrClosed, syscall.EPIPE, syscall.ECONNRESET} {
			if errors.Is(err, plain) {
				err = nil // there is no more to say than that it has ended
			}
		}
		lost := &LostError{Err: err}
		if x, ok := c.(interface{ Explain() string }); ok && err == nil {
			lost.Said = x.Explain()
		}
		l.err = lost
		l.bury()
	})
}

// Hello is what the machine says of itself.
func (l *Link) Hello() protocol.Hello { return *l.hello }

// Dead is closed when the connection has ended.
func (l *Link) Dead() <-chan struct{} { return l.alive.Done() }

// Err says why the connection has ended; nil while it has not.
func (l *Link) Err() error {
	if l.alive.Err() == nil {
		return nil
	}
	return l.err
}

// Close ends the connection; whatever goes on over it ends with an error.
func (l *Link) Close() error {
	l.closing.Store(true)
	return l.conn.Close()
}

// errorOf makes of an error of HTTP what it means: that the connection is lost, or
// that the other side breaks the protocol, which ends the connection.
func (l *Link) errorOf(ctx context.Context, err error) error {
	if lost := l.Err(); lost != nil {
		return lost
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var f *protocol.Failure
	if errors.As(err, &f) {
		return err
	}
	if l.http.Err() != nil {
		// The reader sees the end in a moment, and knows more.
		l.conn.Close()
		<-l.Dead()
	}
	if lost := l.Err(); lost != nil {
		return lost
	}
	return err
}

// ask sends a request and returns the body of the answer. The error is a
// *protocol.Failure when the other side says that something failed.
func (l *Link) ask(ctx context.Context, method, url string, body io.Reader) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+host+url, body)
	if err != nil {
		return nil, err
	}
	res, err := l.http.RoundTrip(req)
	if err != nil {
		return nil, l.errorOf(ctx, err)
	}
	if res.StatusCode == http.StatusOK {
		return res.Body, nil
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, l.errorOf(ctx, err)
	}
	f := new(protocol.Failure)
	if json.Unmarshal(text, f) != nil || f.Message == "" {
		return nil, &protocol.FormatError{Err: fmt.Errorf("an answer with the status %d", res.StatusCode)}
	}
	return nil, f
}

// question packs names into the body of a question.
func (l *Link) question(paths []string) io.Reader {
	var text bytes.Buffer
	for _, p := range paths {
		text.WriteString(strings.TrimPrefix(p, l.o.Store.Dir()+"/") + "\n")
	}
	var packed bytes.Buffer
	_ = l.packer.WriteText(&packed, text.Bytes()) // a buffer takes everything
	return &packed
}

// Lack asks which of paths are not valid on the other side. Those that are stay so
// for as long as the connection lasts.
func (l *Link) Lack(ctx context.Context, paths []string) ([]string, error) {
	body, err := l.ask(ctx, http.MethodPost, "/lack", l.question(paths))
	if err != nil {
		return nil, err
	}
	defer body.Close()
	text, err := l.packer.ReadText(body, protocol.MaxNames)
	if err != nil {
		return nil, l.errorOf(ctx, err)
	}
	asked := make(map[string]bool, len(paths))
	for _, p := range paths {
		asked[p] = true
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		q, err := path.ParseBase(strings.TrimSuffix(line, "\n"))
		if p := q.In(l.o.Store.Dir()); err == nil && asked[p] {
			out = append(out, p)
			continue
		}
		return nil, &protocol.FormatError{Err: fmt.Errorf("it was not asked for %q", line)}
	}
	return out, nil
}

// Status asks how the machine is.
func (l *Link) Status(ctx context.Context) (*protocol.Status, error) {
	body, err := l.ask(ctx, http.MethodGet, "/status", nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, 1<<20))
	if err != nil {
		return nil, l.errorOf(ctx, err)
	}
	return protocol.Decode[protocol.Status](text)
}

// cancel asks the machine to end a build.
func (l *Link) cancel(ctx context.Context, number uint64) {
	if body, err := l.ask(ctx, http.MethodPost, "/cancel?build="+strconv.FormatUint(number, 10), nil); err == nil {
		body.Close()
	}
}
