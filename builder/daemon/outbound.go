package daemon

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"

	"fruix/store/wire"
)

// sink is where a connection writes to.
type sink interface {
	// send sends b, waiting until there is room.
	send(b []byte) error
	// spare sends b unless there is no room.
	spare(b []byte)
	// taken waits until everything has been written, or nothing more can be.
	taken()
}

// maxQueue is how many bytes wait for a client at most.
const maxQueue = 1 << 20

// patience is how long a builder waits for a client to take what it prints, before
// the client counts as slow and gets only what there is room for.
const patience = time.Second

// outbound keeps what a client has not taken yet. Builders that print for it never
// wait for it for long.
type outbound struct {
	to      io.Writer
	stall   func() // moves the deadline of a write; may be nil
	failed  func(error)
	mu      sync.Mutex
	changed *sync.Cond
	queue   [][]byte
	size    int
	slow    bool
	dropped int
	closing bool
	writing bool
	err     error
}

func newOutbound(to io.Writer, stall func(), failed func(error)) *outbound {
	o := &outbound{to: to, stall: stall, failed: failed}
	o.changed = sync.NewCond(&o.mu)
	return o
}

// pump writes until the queue is closed and empty, or the client is gone.
func (o *outbound) pump() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		for len(o.queue) == 0 && !o.closing && o.err == nil {
			o.changed.Wait()
		}
		if len(o.queue) == 0 || o.err != nil {
			return
		}
		batch := joined(o.queue)
		o.queue, o.size, o.writing = nil, 0, true
		o.changed.Broadcast()
		o.mu.Unlock()
		err := o.write(batch)
		o.mu.Lock()
		o.writing = false
		if err != nil && o.err == nil {
			o.err = err
			o.failed(err)
		}
		if len(o.queue) == 0 {
			o.slow = false
		}
		o.changed.Broadcast()
	}
}

// joined joins small pieces.
func joined(queue [][]byte) []byte {
	if len(queue) == 1 {
		return queue[0]
	}
	return bytes.Join(queue, nil)
}

// write writes in pieces, so that a client that takes a little is not one that
// stands still.
func (o *outbound) write(b []byte) error {
	const piece = 64 << 10
	for len(b) > 0 {
		if o.stall != nil {
			o.stall()
		}
		n, err := o.to.Write(b[:min(piece, len(b))])
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// confess tells the client that something is left out here.
func (o *outbound) confess() {
	if o.dropped > 0 {
		o.add(frame(func(w *wire.Writer) {
			w.Log(fmt.Sprintf("[%d pieces of the log are left out here, since they came faster than they were taken]\n", o.dropped))
		}))
		o.dropped = 0
	}
}

func (o *outbound) add(b []byte) {
	o.queue = append(o.queue, b)
	o.size += len(b)
	o.changed.Broadcast()
}

// full says whether there is no room for n bytes; something large is alone.
func (o *outbound) full(n int) bool { return o.size > 0 && o.size+n > maxQueue }

func (o *outbound) send(b []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.full(len(b)) && o.err == nil {
		o.changed.Wait()
	}
	if o.err == nil {
		o.confess()
		o.add(b)
	}
	return o.err
}

func (o *outbound) spare(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.full(len(b)) && !o.slow && o.err == nil {
		until := time.Now().Add(patience)
		wake := time.AfterFunc(patience, o.changed.Broadcast)
		defer wake.Stop()
		for o.full(len(b)) && o.err == nil && !o.slow && time.Now().Before(until) {
			o.changed.Wait()
		}
	}
	switch {
	case o.err != nil:
	case o.full(len(b)) || o.slow && o.dropped > 0: // what is left out is left out in one piece
		o.slow = true
		o.dropped++
	default:
		o.confess()
		o.add(b)
	}
}

func (o *outbound) taken() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for (len(o.queue) > 0 || o.writing) && o.err == nil {
		o.changed.Wait()
	}
}

// close lets the pump end when everything is written.
func (o *outbound) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closing = true
	o.changed.Broadcast()
}

// frame returns what f writes.
func frame(f func(w *wire.Writer)) []byte {
	var b bytes.Buffer
	w := wire.NewWriter(&b)
	f(w)
	w.Flush() // a buffer never fails
	return b.Bytes()
}
