package plan

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Limit returns a context that ends when the constraints are broken, with
// ErrTimeout, ErrSilent or an error that wraps ErrLog as its cause, and a writer that
// must take the place of log, so that silence and floods are noticed. stop frees what
// belongs to them.
func (c Constraints) Limit(ctx context.Context, log io.Writer) (_ context.Context, _ io.Writer, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stops := []func(){func() { cancel(nil) }}
	if c.Timeout > 0 {
		t := time.AfterFunc(c.Timeout, func() { cancel(ErrTimeout) })
		stops = append(stops, func() { t.Stop() })
	}
	if c.MaxSilent > 0 {
		w := &noisy{w: log}
		log = w
		// Looking now and then is cheaper than moving a timer at each write,
		// and precise enough.
		t := time.NewTicker(max(c.MaxSilent/10, time.Millisecond))
		done := make(chan struct{})
		go func() {
			start, seen := time.Now(), int64(0)
			for {
				select {
				case <-done:
					return
				case <-t.C:
				}
				if n := w.n.Load(); n != seen {
					seen, start = n, time.Now()
				} else if time.Since(start) >= c.MaxSilent {
					cancel(ErrSilent)
					return
				}
			}
		}()
		stops = append(stops, t.Stop, func() { close(done) })
	}
	if c.MaxLog > 0 {
		log = &bounded{w: log, left: c.MaxLog, full: func() {
			cancel(fmt.Errorf("%w of %d bytes", ErrLog, c.MaxLog))
		}}
	}
	return ctx, log, func() {
		for _, f := range stops {
			f()
		}
	}
}

// noisy counts writes.
type noisy struct {
	w io.Writer
	n atomic.Int64
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
