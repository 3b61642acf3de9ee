package plan

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Limits are constraints that are being kept.
type Limits struct {
	timeout *time.Timer // nil when there is none
	left    time.Duration
	since   time.Time // when timeout was set to left
	paused  atomic.Bool
	stops   []func()
}

// Limit keeps the constraints from now on. It returns a context that ends when they are
// broken, with ErrTimeout, ErrSilent or an error that wraps ErrLog as its cause, and
// what must take the place of to, so that silence and floods are noticed: bytes that
// come from the network are no silence. The Limits must be stopped at last.
func (c Constraints) Limit(ctx context.Context, to IO) (context.Context, IO, *Limits) {
	ctx, cancel := context.WithCancelCause(ctx)
	l := &Limits{stops: []func(){func() { cancel(nil) }}}
	if c.Timeout > 0 {
		l.left, l.since = c.Timeout, time.Now()
		l.timeout = time.AfterFunc(c.Timeout, func() { cancel(ErrTimeout) })
	}
	if c.MaxSilent > 0 {
		n := new(noise)
		to.Log, to.Fetched = &noisy{to.Log, n}, n.fetched(to.Fetched)
		done := make(chan struct{})
		l.stops = append(l.stops, func() { close(done) })
		go l.listen(n, c.MaxSilent, done, func() { cancel(ErrSilent) })
	}
	if c.MaxLog > 0 {
		to.Log = &bounded{w: to.Log, left: c.MaxLog, full: func() {
			cancel(fmt.Errorf("%w of %d bytes", ErrLog, c.MaxLog))
		}}
	}
	return ctx, to, l
}

// listen calls silent when nothing is heard for so long, unless done is closed before.
// Looking now and then is cheaper than moving a timer at each write, and precise enough.
func (l *Limits) listen(n *noise, most time.Duration, done <-chan struct{}, silent func()) {
	t := time.NewTicker(max(most/10, time.Millisecond))
	defer t.Stop()
	start, seen := time.Now(), int64(0)
	for {
		select {
		case <-done:
			return
		case <-t.C:
		}
		if now := n.n.Load(); now != seen || l.paused.Load() {
			seen, start = now, time.Now()
		} else if time.Since(start) >= most {
			silent()
			return
		}
	}
}

// Pause lets no time pass for the limits until resume is called: what is waited for in
// between is not the builder's doing. There is at most one pause at a time.
func (l *Limits) Pause() (resume func()) {
	l.paused.Store(true)
	if l.timeout != nil && l.timeout.Stop() {
		l.left -= time.Since(l.since)
		return func() {
			l.since = time.Now()
			l.timeout.Reset(l.left)
			l.paused.Store(false)
		}
	}
	return func() { l.paused.Store(false) }
}

// Stop frees what belongs to the limits, which are kept no more.
func (l *Limits) Stop() {
	if l.timeout != nil {
		l.timeout.Stop()
	}
	for _, f := range l.stops {
		f()
	}
}

// noise counts what is heard of a build.
type noise struct {
	n    atomic.Int64
	mu   sync.Mutex
	from string // where bytes came from last, and how many
	done int64
}

// fetched is to be told of what comes instead of next, which may be nil. Another try
// that has brought nothing is no noise.
func (n *noise) fetched(next func(string, int64, int64)) func(string, int64, int64) {
	return func(from string, done, total int64) {
		n.mu.Lock()
		if done > n.done || from != n.from && done > 0 {
			n.n.Add(1)
		}
		n.from, n.done = from, done
		n.mu.Unlock()
		if next != nil {
			next(from, done, total)
		}
	}
}

// noisy counts writes.
type noisy struct {
	w io.Writer
	*noise
}

func (n *noisy) Write(b []byte) (int, error) {
	n.n.Add(1)
	return n.w.Write(b)
}

// bounded passes so many bytes on and loses the rest.
type bounded struct {
	w    io.Writer
	mu   sync.Mutex
	left int64
	full func() // called when there are more
}

func (b *bounded) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := int64(len(p))
	if n > b.left {
		p = p[:b.left]
		b.full()
	}
	b.left -= int64(len(p))
	if len(p) > 0 {
		if _, err := b.w.Write(p); err != nil {
			return 0, err
		}
	}
	return int(n), nil // a writer that takes less than it is given is an error
}
