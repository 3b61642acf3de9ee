package substitute_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fruix/builder/substitute"
	"fruix/store"
	"fruix/store/narinfo"
	"fruix/store/publish"

	"net/http/httptest"
)

// noise adds a file that cannot be compressed.
func noise(t testing.TB, s *store.Store, size int) string {
	t.Helper()
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(b)
	file := filepath.Join(t.TempDir(), "noise")
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return must(s.AddPath(t.Context(), "noise", file, store.AddOptions{}))(t)
}

// cut is an answer that ends after so many bytes.
type cut struct {
	http.ResponseWriter
	left int
	sent *atomic.Int64
	end  func()
}

func (c *cut) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b[:min(len(b), c.left)])
	c.sent.Add(int64(n))
	if c.left -= n; c.left == 0 {
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		c.end()
	}
	return n, err
}

func abort() { panic(http.ErrAbortHandler) }

// TestResume lets a server break off in different ways. What has come does not come
// again, and nothing wrong becomes visible.
func TestResume(t *testing.T) {
	const size, piece = 400_000, 90_000
	for _, compression := range []string{"none", "zstd", "gzip"} {
		for _, x := range []struct {
			name string
			// change does something to the request, or says how the answer ends.
			change func(r *http.Request, n int64) (left int, end func())
			good   bool
			again  bool // what has come comes again
		}{
			{"whole", func(*http.Request, int64) (int, func()) { return 1 << 30, abort }, true, false},
			{"cut", func(*http.Request, int64) (int, func()) { return piece, abort }, true, false},
			{"stalled", func(r *http.Request, n int64) (int, func()) {
				if n > 1 {
					return 1 << 30, abort
				}
				return piece, func() { <-r.Context().Done() }
			}, true, false},
			{"no ranges", func(r *http.Request, n int64) (int, func()) {
				if r.Header.Del("Range"); n > 2 {
					return 1 << 30, abort
				}
				return piece, abort
			}, true, true},
			{"another file", func(r *http.Request, n int64) (int, func()) {
				if n > 1 {
					r.Header.Del("Range")
					r.URL.Path = strings.Replace(r.URL.Path, compression, map[string]string{"none": "zstd", "zstd": "gzip", "gzip": "none"}[compression], 1)
				}
				return piece, abort
			}, false, true},
			{"another part", func(r *http.Request, n int64) (int, func()) {
				if n > 1 {
					r.Header.Set("Range", "bytes=7-")
				}
				return piece, abort
			}, false, true},
			{"for ever", func(r *http.Request, n int64) (int, func()) {
				if n > 1 {
					abort()
				}
				return piece, abort
			}, false, false},
			{"gone", func(r *http.Request, n int64) (int, func()) {
				if n > 1 {
					r.URL.Path += "x"
				}
				return piece, abort
			}, false, false},
		} {
			if compression != "zstd" && x.name != "cut" {
				continue // it is all one to what does not look into the bytes
			}
			t.Run(compression+" "+x.name, func(t *testing.T) {
				s, k := newStore(t), key(t)
				p := noise(t, s, size)
				h := publish.Handler(s, publish.Options{Keys: []narinfo.SecretKey{k}, Compression: compression})
				var sent, requests atomic.Int64
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if strings.HasPrefix(r.URL.Path, "/nar/") {
						left, end := x.change(r, requests.Add(1))
						w = &cut{w, left, &sent, end}
					}
					h.ServeHTTP(w, r)
				}))
				defer server.Close()
				c := &client{t: t, s: newStore(t)}
				c.Client = must(substitute.New(substitute.Options{
					StoreDir: "/frx/store", URLs: []string{server.URL}, Keys: []narinfo.PublicKey{k.Public()},
					Stall: time.Second, Pause: time.Millisecond,
				}))(t)
				err := c.fetch(c.find(p)[p])
				valid := must(c.s.IsValid(t.Context(), p))(t)
				if (err == nil) != x.good || valid != x.good {
					t.Errorf("valid: %v, error: %v", valid, err)
				}
				if x.good && !x.again && sent.Load() > size+2*piece {
					t.Errorf("%d bytes were sent for %d", sent.Load(), size)
				}
				if x.name == "cut" && requests.Load() < size/piece {
					t.Errorf("%d requests", requests.Load())
				}
				if _, serr := os.Lstat(c.s.Physical(p)); !x.good && !errors.Is(serr, os.ErrNotExist) {
					t.Error("something lies at the path")
				}
			})
		}
	}
}

// TestNextCache: what one cache has offered in vain, the next one is asked for.
func TestNextCache(t *testing.T) {
	s, k := newStore(t), key(t)
	p := chain(t, s, 3)[2]
	bad, _ := serve(t, s, k, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasPrefix(r.URL.Path, "/nar/") {
			w.Write([]byte("nonsense"))
			return
		}
		next.ServeHTTP(w, r)
	})
	good, _ := serve(t, s, k, nil)
	c := newClient(t, []narinfo.PublicKey{k.Public()}, bad, good)
	o := c.find(p)[p]
	if o.From() != bad || c.fetch(o) == nil {
		t.Fatal("the first cache is not the bad one")
	}
	if !c.Reject(o) {
		t.Error("nobody else is left")
	}
	o = c.find(p)[p]
	if o == nil || o.From() != good {
		t.Fatalf("offered: %v", o)
	}
	if c.Reject(o) {
		t.Error("somebody else is left")
	}
	if o = c.find(p)[p]; o != nil {
		t.Error("it is offered again")
	}
}
