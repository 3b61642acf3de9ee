package git

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"fruix/builder/fetch"
)

// web is a server that speaks gitprotocol-http(5).
type web struct {
	session *fetch.Session
	base    *url.URL
}

const (
	advertisement = "application/x-git-upload-pack-advertisement"
	result        = "application/x-git-upload-pack-result"
	question      = "application/x-git-upload-pack-request"
)

func (w *web) close() { w.session.Close() }

func (w *web) greet(ctx context.Context, read func(*packets) error) error {
	u := *w.base
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/")+"/info/refs", ""
	u.RawQuery = "service=git-upload-pack"
	return w.session.Exchange(ctx, func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err == nil {
			req.Header.Set("Git-Protocol", "version=2")
		}
		return req, err
	}, func(resp *http.Response) error {
		if t, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); t != advertisement {
			if t == "text/html" {
				return fmt.Errorf("there is no git repository (the server sent %s)", t)
			}
			return errDumb // servers disagree about what files without an ending are
		}
		// A server may have redirected to where the repository really is.
		base := *resp.Request.URL
		base.Path, base.RawPath, base.RawQuery = strings.TrimSuffix(base.Path, "/info/refs"), "", ""
		if base.User == nil && base.Host == w.base.Host {
			base.User = w.base.User
		}
		w.base = &base
		return read(newPackets(resp.Body))
	})
}

func (w *web) ask(ctx context.Context, body []byte, version2 bool, read func(*packets) error) error {
	u := *w.base
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/")+"/git-upload-pack", ""
	return w.session.Exchange(ctx, func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
		if err == nil {
			req.Header.Set("Content-Type", question)
			req.Header.Set("Accept", result)
			if version2 {
				req.Header.Set("Git-Protocol", "version=2")
			}
		}
		return req, err
	}, func(resp *http.Response) error {
		if t, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); t != result {
			return fmt.Errorf("the answer is not git's protocol but %s", t)
		}
		return read(newPackets(resp.Body))
	})
}
