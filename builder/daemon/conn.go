package daemon

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"fruix/builder"
	"fruix/builder/plan"
	"fruix/builder/socket"
	"fruix/builder/trace"
	"fruix/store"
	"fruix/store/wire"
)

// conn is one connection. It is used by one goroutine.
type conn struct {
	s       *Server
	peer    socket.Peer
	trusted bool
	acct    *account
	in      source
	meter   meter // what is read goes through it
	out     sink
	r       *wire.Reader
	version wire.Version
	charged int64 // bytes of the account's memory that this connection has

	options Options
	trace   trace.Options
	// unsigned lets the client, who is trusted, import what nobody has signed.
	unsigned bool
	// toldUnsigned is that the client knows that what it gets is not signed.
	toldUnsigned bool

	st      *store.Store // opened when first needed
	closeSt func() error
	texts   texts
	held    []func()       // to be called when the answer has been taken
	tails   sync.WaitGroup // builds that go on after the client has left them
	// operations counts those that were asked for.
	operations int
}

// run serves the connection until its end. refuse, if not nil, is why it is not
// served at all. It says whether the last answer was that something is refused.
func (c *conn) run(ctx context.Context, refuse error) (refused bool) {
	c.meter.from = c.in
	c.r = wire.NewReader(bufio.NewReaderSize(&c.meter, 64<<10), wire.Limits{Text: c.s.c.Limits.Text, Message: c.s.c.Limits.Memory, Charge: c.charge})
	c.options = c.s.c.Defaults
	c.options.Substitutes = true
	defer c.close()
	if err := c.greet(refuse); err != nil {
		var fatal *fatalError
		return errors.As(err, &fatal)
	}
	for {
		c.in.expect(false)
		_, err := c.r.Raw().Peek(1)
		c.in.expect(true)
		if err != nil {
			return false
		}
		if err := c.one(ctx); err != nil {
			if ctx.Err() == nil {
				c.s.c.Log(true, fmt.Sprintf("%v: %v", c.peer, err))
			}
			return true
		}
	}
}

// greet exchanges the greeting. A *fatalError has been sent to the client.
func (c *conn) greet(refuse error) error {
	c.in.expect(true)
	c.r.Begin()
	g, err := wire.Accept(c.r, wire.NewWriter(sending{c.out}))
	if err != nil {
		return err
	}
	if refuse == nil {
		refuse = g.Check()
	}
	if refuse != nil {
		c.refuse(refuse)
		return &fatalError{refuse}
	}
	c.version = g.Version
	if c.s.c.Connected != nil {
		c.s.c.Connected(c.peer)
	}
	return c.out.send(frame(func(w *wire.Writer) { w.Done() }))
}

// sending makes an io.Writer of a sink.
type sending struct{ to sink }

func (s sending) Write(b []byte) (int, error) {
	return len(b), s.to.send(bytes.Clone(b))
}

// charge counts bytes of strings that are about to be taken in.
func (c *conn) charge(n int64) error {
	if c.acct == nil { // not even served
		return errMemory
	}
	err := c.acct.charge(n)
	if err == nil {
		c.charged += n
	}
	return err
}

// begin begins another message.
func (c *conn) begin() {
	c.r.Begin()
	if len(c.texts.waiting) == 0 && c.charged > 0 {
		c.acct.discharge(c.charged)
		c.charged = 0
	}
}

// close ends the use of everything, at once or when builds that others wait for
// are over.
func (c *conn) close() {
	if c.charged > 0 {
		c.acct.discharge(c.charged)
	}
	if c.st == nil {
		return
	}
	c.s.wg.Go(func() {
		c.tails.Wait()
		if err := c.closeSt(); err != nil {
			c.s.c.Log(false, fmt.Sprintf("closing the store: %v", err))
		}
	})
}

// store is the store that the connection works on.
func (c *conn) store(ctx context.Context) (*store.Store, error) {
	if c.st == nil {
		// What is counted is given back with the connection: a store that is closed
		// protects nothing.
		var protected atomic.Int64
		st, closed, err := c.s.c.Open(ctx, func(o *store.Config) {
			o.MayProtect = func(n int64) bool {
				ok := c.acct.protect(n)
				if ok {
					protected.Add(n)
				}
				return ok
			}
		})
		if err != nil {
			return nil, err
		}
		c.st, c.closeSt = st, func() error {
			defer func() { c.acct.unprotect(protected.Load()) }()
			return closed()
		}
	}
	return c.st, nil
}

// one serves one operation. An error ends the connection; the client has been
// told.
func (c *conn) one(ctx context.Context) error {
	c.begin()
	op, err := c.r.Op()
	if err != nil {
		return c.fail(err)
	}
	c.operations++
	if op == wire.AddTextToStore {
		return c.addText(ctx)
	}
	if err := c.texts.flush(ctx, c); err != nil {
		return err
	}
	c.s.c.Log(true, fmt.Sprintf("%v: %v", c.peer, op))
	var results bytes.Buffer
	defer c.letGo()
	err = c.do(ctx, op, &results)
	if err != nil && ctx.Err() != nil {
		err = errEnding // or the client has gone, and hears nothing
	}
	var fatal *fatalError
	switch {
	case err == nil:
		return c.out.send(results.Bytes())
	case errors.As(err, &fatal) || c.r.Err() != nil:
		return c.fail(err)
	}
	return c.refuse(err)
}

// letGo ends what lasts until the client has taken an answer.
func (c *conn) letGo() {
	if len(c.held) > 0 {
		c.out.taken()
	}
	for _, f := range c.held {
		f()
	}
	c.held = nil
}

var errEnding = errors.New("the daemon was ended, and with it what it did for you; try again when it runs again")

// do reads the arguments of an operation and does it.
func (c *conn) do(ctx context.Context, op wire.Op, results *bytes.Buffer) (err error) {
	defer c.s.guard(op.String(), &err)
	parse := c.s.operations[op]
	if parse == nil {
		return &fatalError{fmt.Errorf("%v is not known here", op)}
	}
	f := parse(c)
	if err := c.r.Err(); err != nil {
		return err
	}
	w := wire.NewWriter(results)
	w.Done()
	if t := c.s.c.Texts; t != nil {
		if err := t.Flush(ctx); err != nil {
			return err
		}
	}
	if err := f(ctx, w); err != nil {
		return err
	}
	return w.Flush()
}

// fail tells the client why the connection ends, and returns err.
func (c *conn) fail(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return err // there is nobody to be told
	}
	if serr := c.refuse(err); serr != nil {
		return serr
	}
	return err
}

// refuse tells the client that an operation has failed.
func (c *conn) refuse(err error) error {
	text := err.Error()
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "..."
	}
	return c.out.send(frame(func(w *wire.Writer) { w.Refuse(text, status(err)) }))
}

// maxMessage bounds what is said of an error, which may quote what a client sent.
const maxMessage = 16 << 10

// status is what a client exits with.
func status(err error) uint64 {
	var failure *builder.Failure
	switch {
	case errors.Is(err, plan.ErrTimeout) || errors.Is(err, plan.ErrSilent):
		return wire.StatusTimeout
	case errors.As(err, &failure):
		return wire.StatusBuild
	}
	return wire.StatusFailed
}

// log sends text for people.
func (c *conn) log(text string) {
	c.out.spare(frame(func(w *wire.Writer) { w.Log(text) }))
}

// traced is the progress of builds for the client.
func (c *conn) traced() *trace.Writer {
	return trace.NewWriter(c.trace, func(text string, spare bool) {
		b := frame(func(w *wire.Writer) { w.Log(text) })
		if spare {
			c.out.spare(b)
		} else {
			_ = c.out.send(b) // the connection's end is noticed elsewhere
		}
	})
}
