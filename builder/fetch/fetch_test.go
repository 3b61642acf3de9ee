package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fruix/store/hash"
)

var content = bytes.Repeat([]byte("0123456789abcdef"), 64<<10) // 1 MiB

func want(locations ...string) Want {
	return Want{Name: "file.tar", Locations: locations, Digest: hash.Sum(hash.SHA256, content)}
}

func client() *Client {
	h := &HTTP{Backoff: time.Millisecond, Stall: time.Second}
	return &Client{Fetchers: map[string]Fetcher{"http": h, "https": h, "file": File{}}}
}

func get(t *testing.T, c *Client, w Want) (string, error) {
	t.Helper()
	dst := filepath.Join(t.TempDir(), "dst")
	from, err := c.Get(t.Context(), w, dst)
	got, rerr := os.ReadFile(dst)
	if err == nil && !bytes.Equal(got, content) {
		t.Errorf("wrong content of %d bytes", len(got))
	}
	if err != nil && rerr == nil {
		t.Error("a file is left behind")
	}
	return from, err
}

// server answers with whatever is in routes.
func server(t *testing.T, routes map[string]http.HandlerFunc) *httptest.Server {
	mux := http.NewServeMux()
	for p, h := range routes {
		mux.HandleFunc(p, h)
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func good(w http.ResponseWriter, r *http.Request) {
	http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(content))
}

func TestGet(t *testing.T) {
	var flaky, cut atomic.Int32
	var ranges atomic.Value
	s := server(t, map[string]http.HandlerFunc{
		"/good":     good,
		"/other":    func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "something else") },
		"/redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/good", http.StatusFound) },
		"/loop":     func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) },
		"/flaky": func(w http.ResponseWriter, r *http.Request) {
			if flaky.Add(1) < 3 {
				http.Error(w, "later", http.StatusServiceUnavailable)
				return
			}
			good(w, r)
		},
		"/cut": func(w http.ResponseWriter, r *http.Request) {
			if cut.Add(1) == 1 {
				w.Header().Set("Last-Modified", time.Unix(1e9, 0).UTC().Format(http.TimeFormat))
				w.Header().Set("Content-Length", fmt.Sprint(len(content)))
				w.Write(content[:len(content)/3])
				w.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			}
			ranges.Store(r.Header.Get("Range"))
			good(w, r)
		},
		"/gone":  func(w http.ResponseWriter, r *http.Request) { http.Error(w, "gone", http.StatusGone) },
		"/stall": func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush(); <-r.Context().Done() },
	})
	dir := t.TempDir()
	file := filepath.Join(dir, "x")
	if err := os.WriteFile(file, content, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name      string
		locations []string
		from      string   // of the locations
		errs      []string // in the message, when it fails
	}{
		{name: "good", locations: []string{"/good"}, from: "/good"},
		{name: "second", locations: []string{"/gone", "/other", "/good"}, from: "/good"},
		{name: "redirect", locations: []string{"/redirect"}, from: "/redirect"},
		{name: "flaky", locations: []string{"/flaky"}, from: "/flaky"},
		{name: "cut", locations: []string{"/cut"}, from: "/cut"},
		{name: "file", locations: []string{"file:///nowhere/x", "file://" + file}, from: "file://" + file},
		{name: "mirror", locations: []string{"mirror://here/good"}, from: "/good"},
		{name: "all bad", locations: []string{"/gone", "/other", "/loop", "gopher://x/y", "mirror://there/z", "file://host/x", "file://" + dir, "http://%zz"}, errs: []string{
			"cannot get file.tar from any of 8 places:", "/gone: the server says 410 Gone",
			"/other: hash mismatch: expected sha256:", "/loop: more than 10 redirections",
			`gopher://x/y: no way to fetch from "gopher://" is known (known: file://, http://, https://)`,
			`mirror://there/z: no mirrors are known under "there" (known: here)`,
			"a file on another machine (host) cannot be read", "not a regular file", "not a URL",
		}},
		{name: "stall", locations: []string{"/stall"}, errs: []string{"nothing, or next to nothing, has come for 50ms (tried 2 times)"}},
		{name: "none", errs: []string{"cannot get file.tar: no place to look for it is known"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := client()
			if tt.name == "stall" {
				c.Fetchers["http"] = &HTTP{Backoff: time.Millisecond, Stall: 50 * time.Millisecond, Tries: 2}
			}
			c.Mirrors = map[string][]string{"here": {s.URL + "/gone/", s.URL}}
			full := func(l string) string {
				if strings.HasPrefix(l, "/") {
					return s.URL + l
				}
				return l
			}
			var locations []string
			for _, l := range tt.locations {
				locations = append(locations, full(l))
			}
			from, err := get(t, c, want(locations...))
			if tt.errs == nil {
				if err != nil || from != full(tt.from) {
					t.Errorf("from %q: %v", from, err)
				}
				return
			}
			for _, e := range tt.errs {
				if err == nil || !strings.Contains(err.Error(), e) {
					t.Errorf("%v\nlacks %q", err, e)
				}
			}
		})
	}
	if r := ranges.Load(); r != fmt.Sprintf("bytes=%d-", len(content)/3) {
		t.Errorf("continued with %q", r)
	}
}

// TestChangedMeanwhile has a server whose file changes between two parts.
func TestChangedMeanwhile(t *testing.T) {
	var n atomic.Int32
	s := server(t, map[string]http.HandlerFunc{"/f": func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 1 {
			w.Header().Set("ETag", `"old"`)
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, strings.Repeat("x", 500))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("ETag", `"new"`)
		good(w, r)
	}})
	if _, err := get(t, client(), want(s.URL+"/f")); err != nil {
		t.Error(err)
	}
}

func TestCancel(t *testing.T) {
	s := server(t, map[string]http.HandlerFunc{"/f": func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	dst := filepath.Join(t.TempDir(), "dst")
	start := time.Now()
	_, err := client().Get(ctx, want(s.URL+"/f", s.URL+"/g"), dst)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 20*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	if _, err := os.Stat(dst); err == nil {
		t.Error("a file is left behind")
	}
}

func TestTooBig(t *testing.T) {
	s := server(t, map[string]http.HandlerFunc{"/f": good, "/chunked": func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		w.Write(content)
	}})
	c := client()
	c.Fetchers["http"] = &HTTP{MaxSize: 1000}
	_, err := get(t, c, want(s.URL+"/f", s.URL+"/chunked"))
	if err == nil || !strings.Contains(err.Error(), "at most 1000 are accepted") || !strings.Contains(err.Error(), "more than 1000 bytes") {
		t.Error(err)
	}
}

func TestFolders(t *testing.T) {
	d := hash.Sum(hash.SHA256, content)
	for _, name := range []string{"file.tar", "upstream-1.0.tar", "src.orig.tar.xz", d.Hex(), "sha256-" + d.Base32(), "sha256/" + d.Hex(),
		"pkg_1%3a2.0-1+b1_amd64.deb", "pkg_2.0-1+b1_all.deb"} {
		dir := t.TempDir()
		f := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(f), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, content, 0o644); err != nil {
			t.Fatal(err)
		}
		c := client()
		c.Folders = []string{filepath.Join(dir, "missing"), dir}
		from, err := get(t, c, want("https://example.invalid/upstream-1.0.tar", "debian-source://p?version=1&file=src.orig.tar.xz",
			"debian://bookworm/main/pkg?version=1:2.0-1+b1&arch=amd64"))
		if err != nil || from != f {
			t.Errorf("%s: from %q: %v", name, from, err)
		}
	}
	// A file with the right name and the wrong content does not end the search.
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "file.tar"), []byte("old"), 0o644)
	os.WriteFile(filepath.Join(dir, d.Hex()[:10]), content, 0o644)
	s := server(t, map[string]http.HandlerFunc{"/f": good})
	c := client()
	c.Folders = []string{dir}
	if from, err := get(t, c, want(s.URL+"/f")); err != nil || from != s.URL+"/f" {
		t.Errorf("from %q: %v", from, err)
	}
}

func TestByHash(t *testing.T) {
	d := hash.Sum(hash.SHA256, content)
	s := server(t, map[string]http.HandlerFunc{"/by/sha256/" + d.Base32(): good})
	c := client()
	c.ByHash = []string{s.URL + "/none/{hex}", s.URL + "/by/{algo}/{base32}"}
	if from, err := get(t, c, want("https://example.invalid/x")); err != nil || from != s.URL+"/by/sha256/"+d.Base32() {
		t.Errorf("from %q: %v", from, err)
	}
}

func TestProxies(t *testing.T) {
	env := map[string]string{"http_proxy": "proxy:3128", "HTTPS_PROXY": "http://secure:1", "no_proxy": "example.org, .internal,10.0.0.0/8,other:8080"}
	p := Proxies(func(k string) string { return env[k] })
	for u, want := range map[string]string{
		"http://example.com/": "http://proxy:3128", "https://example.com/": "http://secure:1",
		"http://example.org/": "", "http://www.example.org/": "", "http://notexample.org/": "http://proxy:3128",
		"https://a.internal/": "", "http://10.1.2.3/": "", "http://11.1.2.3/": "http://proxy:3128",
		"http://localhost/": "", "http://127.0.0.1:80/": "", "http://other:8080/": "", "http://other/": "http://proxy:3128",
	} {
		req, err := http.NewRequest("GET", u, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p(req)
		s := ""
		if got != nil {
			s = got.String()
		}
		if err != nil || s != want {
			t.Errorf("%s: %q %v, want %q", u, s, err, want)
		}
	}
}

func TestSources(t *testing.T) {
	etc := t.TempDir()
	if err := os.Mkdir(filepath.Join(etc, "sources.list.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"sources.list": "# comment\ndeb [arch=amd64 signed-by=/k.gpg] http://m/debian bookworm main contrib # x\ndeb-src http://m/debian/ bookworm main\ndeb broken\n" +
			"deb https://elsewhere/apt stable main\n",
		"sources.list.d/debian.sources": "Types: deb\n# c\nURIs: http://n/debian\nSuites: trixie\n trixie-updates\nComponents: main\nSigned-By: /d.gpg\n\n" +
			"Types: deb\nURIs: http://n/debian-security\nSuites: trixie-security\nComponents: main\n\nTypes: deb\nEnabled: no\nURIs: http://off/debian\nSuites: x\n",
		"sources.list.d/ignored.save": "deb http://o/debian sid main\n",
	} {
		if err := os.WriteFile(filepath.Join(etc, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sources, err := readSources(etc)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ suite, want string }{
		{"", "deb-src [signed-by=/k.gpg] http://m/debian bookworm main\ndeb-src http://m/debian/ bookworm main\n" +
			"deb-src [signed-by=/d.gpg] http://n/debian trixie main\ndeb-src [signed-by=/d.gpg] http://n/debian trixie-updates main\n" +
			"deb-src http://n/debian-security trixie-security main\n"},
		{"trixie", "deb-src [signed-by=/k.gpg] http://m/debian trixie main\ndeb-src http://m/debian/ trixie main\n" +
			"deb-src [signed-by=/d.gpg] http://n/debian trixie main\ndeb-src [signed-by=/d.gpg] http://n/debian trixie-updates main\n" +
			"deb-src http://n/debian-security trixie-security main\n"},
	} {
		if got := sourceList(sources, tt.suite, "main", "deb-src"); got != tt.want {
			t.Errorf("%q: got\n%swant\n%s", tt.suite, got, tt.want)
		}
	}
}

func TestDebianWords(t *testing.T) {
	a := &Apt{Command: "true"}
	for _, l := range []string{
		"debian://-o/main/p?version=1&arch=amd64", "debian://s/main/-o?version=1&arch=amd64", "debian://s/main/p?version=-1&arch=amd64",
		"debian://s/main/p?version=1&arch=--x", "debian-source://p?version=1&file=../x", "debian-source://p?version=1;rm&file=x",
		"debian-source://p?version=1&file=x&suite=a%20b", "debian://s/main/p?version=1",
	} {
		u, err := url.Parse(l)
		if err != nil {
			continue
		}
		f, err := os.Create(filepath.Join(t.TempDir(), "f"))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Fetch(t.Context(), u, f, nil); err == nil || !strings.Contains(err.Error(), " is no ") {
			t.Errorf("%s: %v", l, err)
		}
		f.Close()
	}
}
