package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// HTTP fetches http:// and https:// locations. Zero fields take defaults.
type HTTP struct {
	// Proxy says which proxy to use for a request; nil means none. See Proxies.
	Proxy func(*http.Request) (*url.URL, error)
	// Tries is how often a location is tried when the failure may pass. A
	// file that came in part is continued, and tries by which more of it came
	// do not count. Default 5.
	Tries int
	// Stall is for how long next to nothing, less than 1 KiB, may come before
	// a try is given up, from the connection on. Default 60 s.
	Stall time.Duration
	// Backoff is the pause before the second try; it doubles from then on.
	// Default 500 ms.
	Backoff time.Duration
	// MaxSize is the largest file that is accepted, in bytes; 0 means 64 GiB.
	MaxSize int64
	// UserAgent is the name given to servers; default "fruix".
	UserAgent string
	// Transport, when not nil, replaces the one made from Proxy.
	Transport http.RoundTripper
}

const maxRedirects = 10

// client makes the HTTP client of one fetch.
func (h *HTTP) client() *http.Client {
	rt := h.Transport
	if rt == nil {
		rt = &http.Transport{
			Proxy:               h.Proxy,
			DialContext:         (&net.Dialer{Timeout: 20 * time.Second}).DialContext,
			TLSHandshakeTimeout: 20 * time.Second,
			ForceAttemptHTTP2:   true,
			// The bytes that a server keeps are what has the hash, not what a
			// compressing transport makes of them.
			DisableCompression: true,
		}
	}
	return &http.Client{Transport: rt, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) >= maxRedirects {
			return permanent{fmt.Errorf("more than %d redirections", maxRedirects)}
		}
		if last := via[len(via)-1].URL; last.Scheme == "https" && req.URL.Scheme != "https" {
			return permanent{fmt.Errorf("%s redirects from https to %s, which is refused", last.Host, req.URL.Redacted())}
		}
		return nil
	}}
}

// permanent marks a failure that another try does not cure.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// StatusError is an answer that is not the file.
type StatusError struct {
	Code   int
	Status string
	after  time.Duration // asked for by the server
}

func (e *StatusError) Error() string { return "the server says " + e.Status }

// SizeError is a file that is larger than [HTTP.MaxSize].
type SizeError struct{ Size, Most int64 } // Size is -1 when the server has not told it

func (e *SizeError) Error() string {
	if e.Size < 0 {
		return fmt.Sprintf("the file has more than %d bytes", e.Most)
	}
	return fmt.Sprintf("the file has %d bytes; at most %d are accepted", e.Size, e.Most)
}

// Fetch implements Fetcher.
func (h *HTTP) Fetch(ctx context.Context, u *url.URL, dst *os.File, progress func(done, total int64)) error {
	s := h.Session()
	defer s.Close()
	return s.Fetch(ctx, u, dst, progress)
}

// download is a file on its way, over several tries.
type download struct {
	*HTTP
	client   *http.Client
	u        *url.URL
	dst      *os.File
	progress func(done, total int64)
	have     int64  // bytes in dst
	version  string // strong validator of what is in dst: an entity tag or a date
	most     int64  // that were ever in dst
	// continued says that the last try added to what was in dst before.
	continued bool
}

// once makes one try.
func (d *download) once(ctx context.Context) error {
	d.continued = false
	ctx, watch := d.watch(ctx)
	defer watch.stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.u.String(), nil)
	if err != nil {
		return permanent{err}
	}
	req.Header.Set("User-Agent", d.userAgent())
	req.Header.Set("Accept-Encoding", "identity") // see client
	if d.have > 0 && d.version != "" {
		// RFC 9110, sections 13.1.5 and 14.2.
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.have))
		req.Header.Set("If-Range", d.version)
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return explain(ctx, failure(err))
	}
	defer resp.Body.Close()
	if err := d.accept(resp); err != nil {
		return err
	}
	total := int64(-1)
	if resp.ContentLength >= 0 {
		total = d.have + resp.ContentLength
	}
	limit := d.MaxSize
	if limit <= 0 {
		limit = 64 << 30
	}
	if total > limit {
		return permanent{&SizeError{total, limit}}
	}
	buf := make([]byte, 128<<10)
	for {
		n, err := resp.Body.Read(buf)
		if n > 0 {
			watch.alive(n)
			if d.have+int64(n) > limit {
				return permanent{&SizeError{-1, limit}}
			}
			if _, werr := d.dst.WriteAt(buf[:n], d.have); werr != nil {
				return permanent{werr}
			}
			d.have += int64(n)
			d.progress(d.have, total)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return explain(ctx, err)
		}
	}
	if total >= 0 && d.have != total {
		return fmt.Errorf("%d of %d bytes came", d.have, total)
	}
	return nil
}

// accept looks at the head of an answer, and makes dst ready for its body.
func (d *download) accept(resp *http.Response) error {
	switch {
	case resp.StatusCode == http.StatusPartialContent && d.have > 0:
		var from int64
		if _, err := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-", &from); err != nil || from != d.have {
			d.version = "" // do not ask for a part again
			return fmt.Errorf("the server sent another part than was asked for: %q", resp.Header.Get("Content-Range"))
		}
		d.continued = true
		return nil
	case resp.StatusCode == http.StatusOK:
		d.have, d.version = 0, resp.Header.Get("ETag")
		if d.version == "" || d.version[0] == 'W' { // weak ones cannot join parts
			d.version = resp.Header.Get("Last-Modified")
		}
		if err := d.dst.Truncate(0); err != nil {
			return permanent{err}
		}
		return nil
	}
	if resp.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		d.have, d.version = 0, ""
		return &StatusError{Code: resp.StatusCode, Status: resp.Status}
	}
	return statusError(resp)
}

// userAgent is the name given to servers.
func (h *HTTP) userAgent() string {
	if h.UserAgent == "" {
		return "fruix"
	}
	return h.UserAgent
}

// statusError makes an error of an answer that is not what was asked for.
func statusError(resp *http.Response) error {
	e := &StatusError{Code: resp.StatusCode, Status: resp.Status}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s >= 0 {
		e.after = time.Duration(s) * time.Second
	}
	switch c := resp.StatusCode; {
	case c == http.StatusRequestTimeout, c == http.StatusTooManyRequests, c == http.StatusTooEarly, c >= 500:
		return e
	}
	return permanent{e}
}

// failure tells lasting failures of a request from passing ones.
func failure(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err // the URL is in the message of whoever reports it
	}
	var p permanent
	if errors.As(err, &p) {
		return p
	}
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound, errors.As(err, &certificate), errors.As(err, &record),
		strings.Contains(err.Error(), "malformed HTTP"):
		return permanent{err}
	}
	return err
}
