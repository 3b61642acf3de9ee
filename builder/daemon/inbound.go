package daemon

import (
	"context"
	"fmt"
	"io"
	"time"
)

// source is what a connection reads from.
type source interface {
	io.Reader
	// ready says whether something can be read without waiting.
	ready() bool
	// expect says whether a client that sends nothing is one that stands still,
	// because it is in the midst of a message.
	expect(more bool)
}

// pieces is how many pieces of what a client has sent are held at most, and piece
// how large one is.
const (
	pieces = 3
	piece  = 32 << 10
)

// inbound moves what a client sends into a few buffers, so that its end is noticed
// while nobody reads.
type inbound struct {
	ctx   context.Context
	from  io.Reader
	gone  func(error) // called at the end
	stall time.Duration

	free, full chan []byte
	err        error // once full is closed
	now        []byte
	whole      []byte // the buffer that now is part of
	midst      bool
}

// newInbound returns an inbound whose pump must be run.
func newInbound(ctx context.Context, from io.Reader, stall time.Duration, gone func(error)) *inbound {
	i := &inbound{ctx: ctx, from: from, gone: gone, stall: stall, free: make(chan []byte, pieces), full: make(chan []byte, pieces)}
	for range pieces {
		i.free <- make([]byte, piece)
	}
	return i
}

// pump runs until the client's end, or that of the context and of a read.
func (i *inbound) pump() {
	defer close(i.full)
	for {
		var b []byte
		select {
		case b = <-i.free:
		case <-i.ctx.Done():
			i.err = i.ctx.Err()
			return
		}
		n, err := i.from.Read(b)
		if n > 0 {
			i.full <- b[:n] // there is room for every buffer
		}
		if err != nil {
			i.err = err
			i.gone(err)
			return
		}
	}
}

func (i *inbound) expect(more bool) { i.midst = more }

func (i *inbound) ready() bool { return len(i.now) > 0 || len(i.full) > 0 }

// StallError is a client that stands still.
type StallError struct{ For time.Duration }

func (e *StallError) Error() string {
	return fmt.Sprintf("the client has been silent for %v in the midst of a message", e.For)
}

// Read implements io.Reader.
func (i *inbound) Read(b []byte) (int, error) {
	for len(i.now) == 0 {
		if i.whole != nil {
			i.free <- i.whole[:piece]
			i.whole = nil
		}
		if err := i.next(); err != nil {
			return 0, err
		}
	}
	n := copy(b, i.now)
	i.now = i.now[n:]
	return n, nil
}

// next waits for the next piece.
func (i *inbound) next() error {
	var late <-chan time.Time
	if i.midst {
		t := time.NewTimer(i.stall)
		defer t.Stop()
		late = t.C
	}
	select {
	case b, ok := <-i.full:
		if !ok {
			return i.err
		}
		i.now, i.whole = b, b
		return nil
	case <-late:
		return &StallError{i.stall}
	case <-i.ctx.Done():
		return i.ctx.Err()
	}
}

// discard throws away what a client goes on sending while the last answer is on
// its way, and, when that says that something was refused, until the client has
// ended too: otherwise the end of the connection could overtake the answer. It
// returns after so long in any case.
func (i *inbound) discard(sent <-chan struct{}, refused bool, most time.Duration) {
	t := time.NewTimer(most)
	defer t.Stop()
	full := i.full
	for {
		select {
		case <-sent:
			if !refused || full == nil {
				return
			}
			sent = nil
		case b, ok := <-full:
			if !ok {
				if sent == nil {
					return
				}
				full = nil
				continue
			}
			i.free <- b[:piece]
		case <-t.C:
			return
		}
	}
}
