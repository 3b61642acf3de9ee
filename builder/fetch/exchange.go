package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"time"
)

// Permanent marks a failure that another try does not cure.
func Permanent(err error) error { return permanent{err} }

// Retry calls once until it succeeds, at most h.Tries times, with pauses that
// grow. A failure marked by [Permanent] ends it at once; the mark is taken off.
func (h *HTTP) Retry(ctx context.Context, once func() error) error {
	return h.retry(ctx, func() (bool, error) { return false, once() })
}

// retry is Retry for what may come in parts: on says that a try which failed has brought
// what is there to stay, so that the count and the pauses begin anew.
func (h *HTTP) retry(ctx context.Context, once func() (on bool, err error)) error {
	tries, backoff := h.Tries, h.Backoff
	if tries <= 0 {
		tries = 5
	}
	if backoff <= 0 {
		backoff = 500 * time.Millisecond
	}
	first := backoff
	for try := 1; ; try++ {
		on, err := once()
		if on {
			try, backoff = 1, first
		}
		var p permanent
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(err, &p):
			return p.error
		case try >= tries:
			if tries > 1 {
				return fmt.Errorf("%w (tried %d times)", err, tries)
			}
			return err
		}
		// A little at random, so that many clients do not come back at once;
		// it changes when a file comes, not what comes.
		pause := backoff + rand.N(backoff/2+1)
		var se *StatusError
		if errors.As(err, &se) && se.after > 0 {
			pause = min(se.after, time.Minute)
		}
		backoff = min(2*backoff, 30*time.Second)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// A Session makes requests of one server, with the care of h: see [HTTP.Session].
type Session struct {
	h      *HTTP
	client *http.Client
}

// Session returns what makes requests other than for files. Close it at the
// end.
func (h *HTTP) Session() *Session { return &Session{h, h.client()} }

// Close ends idle connections.
func (s *Session) Close() {
	if s.h.Transport == nil {
		s.client.CloseIdleConnections()
	}
}

// Fetch gets one file of several, as [HTTP.Fetch] does.
func (s *Session) Fetch(ctx context.Context, u *url.URL, dst *os.File, progress func(done, total int64)) error {
	d := &download{HTTP: s.h, client: s.client, u: u, dst: dst, progress: progress}
	err := s.h.retry(ctx, func() (bool, error) {
		before := d.most
		err := d.once(ctx)
		d.most = max(d.most, d.have)
		return d.continued && d.most >= before+leastBytes, err
	})
	if err != nil && d.most > 0 && ctx.Err() == nil {
		return fmt.Errorf("%w, after %d bytes had come", err, d.most)
	}
	return err
}

// Exchange makes a request, which newRequest builds anew for each try, and
// hands the answer to read when its status is 200. Failures of the network are
// tried again, whatever read makes of them; other errors of read are not.
func (s *Session) Exchange(ctx context.Context, newRequest func(context.Context) (*http.Request, error), read func(*http.Response) error) error {
	return s.h.Retry(ctx, func() error {
		ctx, w := s.h.watch(ctx)
		defer w.stop()
		req, err := newRequest(ctx)
		if err != nil {
			return permanent{err}
		}
		req.Header.Set("User-Agent", s.h.userAgent())
		resp, err := s.client.Do(req)
		if err != nil {
			return explain(ctx, failure(err))
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return statusError(resp)
		}
		body := &watchedBody{ReadCloser: resp.Body, w: w}
		resp.Body = body
		err = read(resp)
		switch {
		case err == nil:
			return nil
		case body.failed != nil:
			return explain(ctx, body.failed)
		case errors.Is(err, io.ErrUnexpectedEOF):
			return err
		}
		return permanent{err}
	})
}

// watchedBody tells the watch of bytes that come, and remembers how the
// network failed.
type watchedBody struct {
	io.ReadCloser
	w      *watch
	failed error
}

func (b *watchedBody) Read(to []byte) (int, error) {
	n, err := b.ReadCloser.Read(to)
	b.w.alive(n)
	if err != nil && err != io.EOF {
		b.failed = err
	}
	return n, err
}

// watch ends a try when next to nothing comes for too long: a server that sends
// a byte now and then must not hold a build for ever.
type watch struct {
	timer  *time.Timer
	stall  time.Duration
	cancel context.CancelCauseFunc
	came   int // bytes since the timer was set
}

// leastBytes must come within the time of a watch.
const leastBytes = 1024

// watch returns a context for one try.
func (h *HTTP) watch(ctx context.Context) (context.Context, *watch) {
	stall := h.Stall
	if stall <= 0 {
		stall = time.Minute
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(stall, func() { cancel(fmt.Errorf("nothing, or next to nothing, has come for %v", stall)) })
	return ctx, &watch{timer: timer, stall: stall, cancel: cancel}
}

// Watch returns a context that ends when less comes than h wants. alive is to be told of
// bytes that have come; done ends the watch.
func (h *HTTP) Watch(ctx context.Context) (watched context.Context, alive func(n int), done func()) {
	ctx, w := h.watch(ctx)
	return ctx, w.alive, w.stop
}

// alive tells of n bytes that came.
func (w *watch) alive(n int) {
	if w.came += n; w.came >= leastBytes {
		w.came = 0
		w.timer.Reset(w.stall)
	}
}

func (w *watch) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// explain gives the reason for which a try was ended, if it was.
func explain(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil {
		return c
	}
	return err
}
