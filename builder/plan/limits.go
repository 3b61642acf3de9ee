package plan

import (
	"context"
	"io"
	"sync/atomic"
	"time"
)

// Limit returns a context that ends when the constraints are broken, with
// ErrTimeout or ErrSilent as its cause, and a writer that must take the place
// of log, so that silence is noticed. stop frees what belongs to them.
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
