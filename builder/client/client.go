// Package client works on a store through its daemon: [Client] is an access.Store
// for those who may not write the store themselves. It speaks Guix's worker
// protocol (store/wire) with builder/daemon.
//
// What the daemon answers is believed, but it cannot make a client take memory
// without end or stop answering the user: every call ends with its context.
package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"fruix/builder"
	"fruix/builder/access"
	"fruix/builder/socket"
	"fruix/builder/trace"
	"fruix/store"
	"fruix/store/drv"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

// Options configure a Client.
type Options struct {
	// Address is where the daemon listens; see socket.Dial.
	Address string
	// Place is where the daemon's store is and what it is called.
	Place store.Place
	// Build are what the daemon is asked for with every connection.
	Build wire.Options
	// Notice is told what the daemon says, line by line; nil means nobody is.
	Notice func(line string)
	// OnWait is told of locks that this process waits for; nil means nobody is.
	OnWait func(store.Wait)
	// Dial connects; nil means socket.Dial.
	Dial func(ctx context.Context, address string) (net.Conn, error)
}

// Client is a store behind a daemon. It may be used by several goroutines, one of
// which speaks with the daemon at a time.
type Client struct {
	store.Place
	o      Options
	hasher *drv.Hasher

	mu      sync.Mutex // held while the daemon is spoken with
	conn    net.Conn   // nil when there is none
	r       *wire.Reader
	w       *wire.Writer
	version wire.Version
	closed  bool

	remembering sync.Mutex
	drvs        map[string]*drv.Derivation
}

var _ access.Store = (*Client)(nil)

// UnreachableError is a daemon that cannot be spoken with.
type UnreachableError struct {
	Address string
	Err     error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("cannot speak with the daemon at %s: %v", e.Address, e.Err)
}

// Unwrap returns the error beneath.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Connect returns a client of the daemon, which has answered.
func Connect(ctx context.Context, o Options) (*Client, error) {
	if o.Dial == nil {
		o.Dial = socket.Dial
	}
	c := &Client{Place: o.Place, o: o, drvs: map[string]*drv.Derivation{}}
	c.hasher = drv.NewHasher(func(p string) (*drv.Derivation, error) { return c.ReadDerivation(context.Background(), p) })
	c.mu.Lock()
	defer c.mu.Unlock()
	return c, c.connect(ctx)
}

// Close ends the connection, and with it the use of everything that was asked
// about.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return c.hangUp()
}

func (c *Client) hangUp() error {
	if c.conn == nil {
		return nil
	}
	err := c.conn.Close()
	c.conn = nil
	return err
}

var errClosed = errors.New("the store is closed")

// limits bound what a daemon can make this process hold.
var limits = wire.Limits{Text: 256 << 20, Message: 1 << 30}

// connect makes a connection unless there is one; c.mu is held.
func (c *Client) connect(ctx context.Context) error {
	if c.closed {
		return errClosed
	}
	if c.conn != nil {
		return nil
	}
	conn, err := c.o.Dial(ctx, c.o.Address)
	if err != nil {
		return &UnreachableError{c.o.Address, err}
	}
	c.conn, c.r, c.w = conn, wire.NewReader(conn, limits), wire.NewWriter(conn)
	err = c.watched(ctx, func() error {
		if c.version, err = wire.Greet(c.r, c.w); err != nil {
			return err
		}
		return c.sendOptions(nil)
	})
	if err != nil {
		c.hangUp()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &UnreachableError{c.o.Address, err}
	}
	return nil
}

// watched calls f; when ctx ends meanwhile, the connection does, too, and so does
// what the daemon is doing for it.
func (c *Client) watched(ctx context.Context, f func() error) error {
	conn := c.conn
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	return f()
}

// sendOptions tells the daemon what is wanted, with more pairs.
func (c *Client) sendOptions(more [][2]string) error {
	o := c.o.Build
	o.Pairs = append(append([][2]string{}, o.Pairs...), more...)
	calls.SetOptions(c.version).Ask(c.w, o)
	if err := c.w.Flush(); err != nil {
		return err
	}
	return c.wait(replies{})
}

// replies are what to do with what comes while an operation goes on.
type replies struct {
	wire.Replies
	progress builder.Progress
	// failure is set to what the daemon has told of builds that failed; may be nil.
	failure **builder.Failure
}

// A call is one operation.
type call struct {
	write func(w *wire.Writer) error // the request
	read  func(r *wire.Reader)       // the results
	replies
}

// asking is a call whose results come to be in results.
func asking[A, R any](k calls.Call[A, R], args A, results *R) call {
	return call{
		write: func(w *wire.Writer) error { k.Ask(w, args); return nil },
		read:  func(r *wire.Reader) { *results = k.Results(r) },
	}
}

// ask carries a call out.
func ask[A, R any](ctx context.Context, c *Client, k calls.Call[A, R], args A) (results R, err error) {
	err = c.do(ctx, asking(k, args, &results))
	return results, err
}

// do carries calls out, one after the other. After an error that is not the
// daemon's, the next call makes a new connection.
func (c *Client) do(ctx context.Context, k call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.locked(ctx, func() error { return c.one(k) })
}

// locked lets f use the connection; c.mu is held.
func (c *Client) locked(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.connect(ctx); err != nil {
		return err
	}
	err := c.watched(ctx, f)
	var remote *wire.RemoteError
	if err == nil || errors.As(err, &remote) && c.r.Err() == nil && c.w.Err() == nil {
		return err
	}
	c.hangUp()
	var own *ownError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &own):
		return own.err
	case remote != nil:
		return err
	}
	return &UnreachableError{c.o.Address, err}
}

// ownError is an error of this side in the midst of a request.
type ownError struct{ err error }

func (e *ownError) Error() string { return e.err.Error() }

// one carries a call out.
func (c *Client) one(k call) error {
	if err := c.send(k); err != nil {
		return err
	}
	if err := c.wait(k.replies); err != nil {
		return err
	}
	c.r.Begin()
	k.read(c.r)
	return c.r.Err()
}

// send sends the request of a call. What the daemon says to a request that it has not
// read to the end is the error.
func (c *Client) send(k call) error {
	err := k.write(c.w)
	var broken *net.OpError
	if err != nil && !errors.As(err, &broken) {
		return &ownError{err}
	}
	if err == nil {
		err = c.w.Flush()
	}
	if err == nil {
		return nil
	}
	var remote *wire.RemoteError
	if said := c.wait(k.replies); errors.As(said, &remote) {
		return said
	}
	return err
}

// wait reads until an operation is done.
func (c *Client) wait(k replies) error {
	k.In, k.Out = c.r, c.w
	said := trace.NewReader(k.progress, c.o.Notice)
	k.Log = func(piece []byte) { said.Write(piece) }
	err := k.Wait()
	said.Close()
	if k.failure != nil {
		*k.failure = said.Failure()
	}
	return err
}
