package fetch

import (
	"compress/gzip"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// raw answers with bytes as they are, and ends the connection.
func raw(w http.ResponseWriter, answer string) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	fmt.Fprint(conn, answer)
	conn.Close()
}

// TestMisbehaving has servers that do what they should not. A file comes whole
// and right or not at all, in bounded time.
func TestMisbehaving(t *testing.T) {
	part := len(content) / 2
	const etag = "ETag: \"v1\"\r\n"
	for _, tt := range []struct {
		name string
		// serve answers the n-th request, from 1.
		serve func(n int, w http.ResponseWriter, r *http.Request)
		err   string // in the message; "" when the file comes
		most  int    // requests
	}{
		{"reset before the head", func(n int, w http.ResponseWriter, r *http.Request) {
			if n < 3 {
				raw(w, "")
				return
			}
			good(w, r)
		}, "", 5}, // the transport itself tries once more
		{"cut, and continued", func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				raw(w, fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", etag, len(content), content[:part]))
				return
			}
			if r.Header.Get("If-Range") != `"v1"` || r.Header.Get("Range") != fmt.Sprintf("bytes=%d-", part) {
				t.Errorf("continued with %v", r.Header)
			}
			raw(w, fmt.Sprintf("HTTP/1.1 206 Partial\r\n%sContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n%s",
				etag, part, len(content)-1, len(content), len(content)-part, content[part:]))
		}, "", 2},
		{"cut, and another part", func(n int, w http.ResponseWriter, r *http.Request) {
			switch {
			case n == 1:
				raw(w, fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", etag, len(content), content[:part]))
			case r.Header.Get("Range") != "":
				raw(w, "HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-9/10\r\nContent-Length: 10\r\n\r\n0123456789")
			default:
				good(w, r)
			}
		}, "", 3},
		{"cut, without a name of the version", func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				raw(w, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(content), content[:part]))
				return
			}
			if r.Header.Get("Range") != "" {
				t.Error("asked for a part of what may be another file")
			}
			good(w, r)
		}, "", 2},
		{"range refused", func(n int, w http.ResponseWriter, r *http.Request) {
			switch {
			case n == 1:
				raw(w, fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", etag, len(content), content[:part]))
			case r.Header.Get("Range") != "":
				w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			default:
				good(w, r)
			}
		}, "", 3},
		{"always cut", func(n int, w http.ResponseWriter, r *http.Request) {
			raw(w, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(content), content[:part]))
		}, fmt.Sprintf("unexpected EOF (tried 3 times), after %d bytes had come", part), 3},
		{"cut often, and continued", func(n int, w http.ResponseWriter, r *http.Request) {
			var from int
			if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err != nil {
				raw(w, fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", etag, len(content), content[:part/10]))
				return
			}
			raw(w, fmt.Sprintf("HTTP/1.1 206 Partial\r\n%sContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n%s",
				etag, from, len(content)-1, len(content), len(content)-from, content[from:min(from+part/10, len(content))]))
		}, "", 21},
		{"cut often, and hardly continued", func(n int, w http.ResponseWriter, r *http.Request) {
			var from int
			if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err != nil {
				raw(w, fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", etag, len(content), content[:100]))
				return
			}
			raw(w, fmt.Sprintf("HTTP/1.1 206 Partial\r\n%sContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n%s",
				etag, from, len(content)-1, len(content), len(content)-from, content[from:from+1]))
		}, "(tried 3 times), after 102 bytes had come", 3},
		{"shorter than it says", func(n int, w http.ResponseWriter, r *http.Request) {
			raw(w, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", part, content))
		}, "hash mismatch", 1},
		{"a byte now and then", func(n int, w http.ResponseWriter, r *http.Request) {
			for range 100 {
				if _, err := w.Write([]byte("x")); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				time.Sleep(20 * time.Millisecond)
			}
		}, "next to nothing, has come for 100ms (tried 3 times)", 3},
		{"without end", func(n int, w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := w.Write(content); err != nil {
					return
				}
			}
		}, "more than 4194304 bytes", 1},
		{"head without end", func(n int, w http.ResponseWriter, r *http.Request) {
			raw(w, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 11<<20))
		}, "exceeded", 3},
		{"no HTTP", func(n int, w http.ResponseWriter, r *http.Request) { raw(w, "SSH-2.0-x\r\n\r\n") }, "malformed HTTP", 1},
		{"compressed unasked", func(n int, w http.ResponseWriter, r *http.Request) {
			if e := r.Header.Get("Accept-Encoding"); e != "identity" {
				t.Errorf("asked for %q", e)
			}
			w.Header().Set("Content-Encoding", "gzip") // of a file that is what it is
			good(w, r)
		}, "", 1},
		{"really compressed", func(n int, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write(content)
			z.Close()
		}, "hash mismatch", 1},
		{"to itself", func(n int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}, "more than 10 redirections", 11},
		{"to a file", func(n int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}, `unsupported protocol scheme "file"`, 3},
		{"nowhere", func(n int, w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusFound) }, "302", 3},
		{"busy", func(n int, w http.ResponseWriter, r *http.Request) {
			if n < 3 {
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			good(w, r)
		}, "", 3},
		{"always broken", func(n int, w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) }, "502 Bad Gateway (tried 3 times)", 3},
		{"gone", func(n int, w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusGone) }, "410 Gone", 1},
		{"a page in place of the file", func(n int, w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>log in</html>") }, "hash mismatch", 1},
		{"empty", func(n int, w http.ResponseWriter, r *http.Request) {}, "hash mismatch", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var n atomic.Int32
			s := server(t, map[string]http.HandlerFunc{"/f": func(w http.ResponseWriter, r *http.Request) { tt.serve(int(n.Add(1)), w, r) }})
			c := client()
			c.Fetchers["http"] = &HTTP{Backoff: time.Millisecond, Stall: 2 * time.Second, Tries: 3, MaxSize: 4 << 20}
			if tt.name == "a byte now and then" {
				c.Fetchers["http"] = &HTTP{Backoff: time.Millisecond, Stall: 100 * time.Millisecond, Tries: 3}
			}
			_, err := get(t, c, want(s.URL+"/f"))
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("got %v, want %q", err, tt.err)
			}
			if int(n.Load()) > tt.most {
				t.Errorf("%d requests, at most %d are in order", n.Load(), tt.most)
			}
		})
	}
}

// TestTLS: certificates are verified, and https does not lead to http.
func TestTLS(t *testing.T) {
	plain := server(t, map[string]http.HandlerFunc{"/f": good})
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down" {
			http.Redirect(w, r, plain.URL+"/f", http.StatusFound)
			return
		}
		good(w, r)
	}))
	defer s.Close()
	s.Config.ErrorLog = nil
	if _, err := get(t, client(), want(s.URL+"/f")); err == nil || !strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), "tried") {
		t.Errorf("an unknown certificate: %v", err)
	}
	c := client()
	c.Fetchers["https"] = &HTTP{Transport: s.Client().Transport, Backoff: time.Millisecond}
	if _, err := get(t, c, want(s.URL+"/f")); err != nil {
		t.Errorf("a known certificate: %v", err)
	}
	if _, err := get(t, c, want(s.URL+"/down")); err == nil || !strings.Contains(err.Error(), "redirects from https to http://") || strings.Contains(err.Error(), "tried") {
		t.Errorf("from https to http: %v", err)
	}
}

// TestArchives: archives by hash come last.
func TestArchives(t *testing.T) {
	var asked []string
	s := server(t, map[string]http.HandlerFunc{
		"/": func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Path)
			http.NotFound(w, r)
		},
		"/a/": func(w http.ResponseWriter, r *http.Request) { asked = append(asked, "a"); good(w, r) },
	})
	c := client()
	c.Archives = []string{s.URL + "/none/{algo}:{hex}", s.URL + "/a/{name}/{algo}/{base32}"}
	c.ArchiveFetcher = &HTTP{Tries: 1}
	w := want(s.URL + "/gone")
	from, err := get(t, c, w)
	if err != nil || !strings.HasSuffix(from, "/a/file.tar/sha256/"+w.Digest.Base32()) {
		t.Errorf("from %s: %v", from, err)
	}
	if got := strings.Join(asked, " "); got != "/gone /none/sha256:"+w.Digest.Hex()+" a" {
		t.Errorf("asked for %s", got)
	}
}

// TestProxied: requests go through the proxy that the environment names.
func TestProxied(t *testing.T) {
	var through atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		through.Store(r.URL.String())
		w.Write(content)
	}))
	defer proxy.Close()
	c := Standard(func(name string) string {
		return map[string]string{"http_proxy": proxy.URL, "FRUIX_ARCHIVES": "none"}[name]
	})
	if _, err := get(t, c, want("http://source.example/f.tar")); err != nil || through.Load() != "http://source.example/f.tar" {
		t.Errorf("%v, through the proxy came %v", err, through.Load())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	c = Standard(func(name string) string {
		return map[string]string{"http_proxy": "http://" + l.Addr().String(), "FRUIX_ARCHIVES": "none"}[name]
	})
	c.Fetchers["http"].(*HTTP).Tries = 1
	if _, err := get(t, c, want("http://source.example/f.tar")); err == nil || !strings.Contains(err.Error(), "proxy") {
		t.Errorf("a dead proxy: %v", err)
	}
}
