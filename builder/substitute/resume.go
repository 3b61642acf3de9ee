package substitute

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// maxResumes is how often in a row a download may break off without that leastBytes come.
const maxResumes = 5

// leastBytes are to come within [Options.Stall]: a server that sends a byte now and then
// must not hold anybody for ever.
const leastBytes = 1024

// download is the body of an answer. When the connection breaks off, or next to nothing
// comes for long, it asks for the rest (RFC 9110, sections 13.1.5 and 14). That what comes
// then belongs to the same file, the server's entity tag is to say; whether it is
// right, the archive's hash says in the end.
type download struct {
	ctx   context.Context
	c     *Client
	from  *cache
	url   *url.URL
	total int64  // bytes, -1 when unknown
	tag   string // for If-Range; "" when there is none

	body   io.ReadCloser
	cancel context.CancelFunc
	stall  *time.Timer   // cancels the request, while something is awaited
	waited time.Duration // for the next leastBytes
	came   int           // of them
	done   int64         // bytes that have come
	fails  int           // in a row
	stalls atomic.Int64  // of them, how often too little came
}

// download opens a file of an HTTP server. size is what is known of its length, 0 when
// nothing is.
func (c *Client) download(ctx context.Context, from *cache, u *url.URL, size int64) (io.ReadCloser, error) {
	d := &download{ctx: ctx, c: c, from: from, url: u, total: -1}
	res, err := d.request()
	if err != nil {
		if ctx.Err() == nil {
			err = from.noteLate(err)
		}
		return nil, err
	}
	switch {
	case res.ContentLength >= 0:
		d.total = res.ContentLength
	case size > 0:
		d.total = size
	}
	if tag := res.Header.Get("ETag"); !strings.HasPrefix(tag, "W/") {
		d.tag = tag
	}
	return d, nil
}

// request asks for what has not come yet, and takes the answer's body.
func (d *download) request() (*http.Response, error) {
	ctx, cancel := context.WithCancel(d.ctx)
	header := http.Header{}
	if d.done > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", d.done))
		if d.tag != "" {
			header.Set("If-Range", d.tag)
		}
	}
	res, err := d.c.request(ctx, http.MethodGet, d.url, nil, header)
	if err != nil {
		cancel()
		return nil, err
	}
	d.body, d.cancel = res.Body, cancel
	d.stall = time.AfterFunc(d.c.o.Stall, func() {
		d.stalls.Add(1)
		cancel()
	})
	d.stall.Stop() // until something is read
	d.came, d.waited = 0, 0
	return res, nil
}

// release gives up the answer that is being read.
func (d *download) release() error {
	if d.body == nil {
		return nil
	}
	d.stall.Stop()
	d.cancel()
	err := d.body.Close()
	d.body = nil
	return err
}

func (d *download) Close() error { return d.release() }

// Read implements io.Reader.
func (d *download) Read(b []byte) (int, error) {
	for {
		n, err := 0, error(io.ErrUnexpectedEOF)
		if d.body != nil {
			n, err = d.read(b)
		}
		d.done += int64(n)
		switch {
		case err == nil || n > 0 && err != io.EOF:
			return n, nil // an error comes again
		case d.ctx.Err() != nil:
			return n, d.ctx.Err()
		case err == io.EOF && (d.total < 0 || d.done >= d.total):
			return n, io.EOF
		case n > 0:
			return n, nil
		}
		if err := d.resume(err); err != nil {
			return 0, err
		}
	}
}

// read reads from the answer. What counts is the time that the server takes, not that of
// who reads.
func (d *download) read(b []byte) (int, error) {
	begin := time.Now()
	d.stall.Reset(d.c.o.Stall - d.waited)
	n, err := d.body.Read(b)
	d.stall.Stop()
	d.waited += time.Since(begin)
	if d.came += n; d.came >= leastBytes {
		d.came, d.waited, d.fails = 0, 0, 0
		d.stalls.Store(0)
	}
	return n, err
}

// resume goes on with a download that cause has broken off.
func (d *download) resume(cause error) error {
	if cause == io.EOF {
		cause = io.ErrUnexpectedEOF
	}
	_ = d.release()
	if d.fails++; d.fails > maxResumes {
		if d.stalls.Load() > maxResumes {
			d.from.lost.Store(true) // the next archive would take as long
		}
		return fmt.Errorf("%s: broken off after %d bytes: %w", d.url, d.done, cause)
	}
	select {
	case <-d.ctx.Done():
		return d.ctx.Err()
	case <-time.After(d.c.o.Pause << (d.fails - 1)):
	}
	res, err := d.request()
	if err != nil {
		var final *statusError
		if errors.Is(err, errAbsent) || errors.As(err, &final) && final.code < 500 {
			return fmt.Errorf("%s: broken off after %d bytes, and cannot go on: %w", d.url, d.done, err)
		}
		return nil // the next time, perhaps
	}
	return d.goOn(res)
}

// goOn brings the answer to a request for the rest to the place where the download has
// broken off.
func (d *download) goOn(res *http.Response) error {
	tag := res.Header.Get("ETag")
	switch {
	case res.StatusCode == http.StatusPartialContent:
		text, _ := strings.CutPrefix(res.Header.Get("Content-Range"), "bytes ")
		first, _, _ := strings.Cut(text, "-")
		if n, err := strconv.ParseInt(first, 10, 64); err != nil || n != d.done {
			return fmt.Errorf("%s: another part came than that from byte %d on: %q", d.url, d.done, text)
		}
	case d.done > 0 && d.tag != "" && tag != d.tag:
		return fmt.Errorf("%s: the file has changed after %d bytes had come", d.url, d.done)
	default: // all of it once more
		fails := d.fails // what comes is nothing new
		_, err := io.CopyN(io.Discard, reading{d}, d.done)
		if d.fails, d.came = fails, 0; err != nil {
			_ = d.release() // to be tried again
		}
	}
	return nil
}

// reading reads the answer of a download.
type reading struct{ d *download }

func (r reading) Read(b []byte) (int, error) { return r.d.read(b) }
