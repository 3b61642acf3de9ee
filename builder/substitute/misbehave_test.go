package substitute

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fruix/store/hash"
	"fruix/store/narinfo"
)

// asking is a client of one server that answers with h, and that server, which counts as
// one that has said what it is.
func asking(t *testing.T, o Options, h http.HandlerFunc) (*Client, *cache) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	o.StoreDir, o.URLs, o.Parallel, o.Pause = "/frx/store", []string{server.URL}, 1, time.Millisecond
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	c.caches[0].once.Do(func() {})
	return c, c.caches[0]
}

func nameOf(n int) string { return fmt.Sprintf("/frx/store/%032d-x", n) }

// drip writes a byte now and then, without end.
func drip(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		io.WriteString(w, "x")
		_ = http.NewResponseController(w).Flush()
		time.Sleep(5 * time.Millisecond)
	}
}

// TestDrip: a server that answers without end is asked no more, and neither a question
// nor a download takes for ever.
func TestDrip(t *testing.T) {
	for name, closures := range map[string]bool{"one by one": false, "closures": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it waits more than it works
			var asked atomic.Int64
			var said []string
			c, from := asking(t, Options{Stall: 10 * time.Millisecond, Warn: func(text string) { said = append(said, text) }},
				func(w http.ResponseWriter, r *http.Request) {
					asked.Add(1)
					drip(w, r)
				})
			from.closures = closures
			var paths []string
			for n := range 100 {
				paths = append(paths, nameOf(n))
			}
			if got := c.askOne(t.Context(), from, paths); len(got) > 0 {
				t.Errorf("%d answers", len(got))
			}
			if n := asked.Load(); n > 3 {
				t.Errorf("%d questions", n)
			}
			if len(said) != 1 || !strings.Contains(said[0], "does not answer in time") {
				t.Errorf("said: %q", said)
			}
			if c.ready(t.Context(), from) {
				t.Error("it is of use")
			}
			if answers, err := c.Survey(t.Context(), paths); err != nil || answers[0].Err == nil {
				t.Errorf("a survey: %v, %v", answers, err)
			}
		})
	}
	t.Run("download", func(t *testing.T) {
		t.Parallel()
		c, from := asking(t, Options{Stall: 50 * time.Millisecond}, drip)
		u, err := from.at("nar/x")
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.download(t.Context(), from, u, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if n, err := io.Copy(io.Discard, r); err == nil || !strings.Contains(err.Error(), "broken off") {
			t.Errorf("%d bytes, %v", n, err)
		}
		// Others of its archives would take as long.
		_, err = c.Open(t.Context(), &Offer{narinfo.Info{URL: "nar/y", Compression: "none", NarSize: 1}, from}, nil)
		if err == nil || !strings.Contains(err.Error(), "does not answer in time") {
			t.Error(err)
		}
	})
}

// TestLargeAnswers: what many answers hold does not fill the memory.
func TestLargeAnswers(t *testing.T) {
	var asked atomic.Int64
	padding := "X: " + strings.Repeat("x", 1<<16) + "\n"
	sum := hash.Sum(hash.SHA256, []byte("x"))
	c, from := asking(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		i := &narinfo.Info{Path: nameOf(int(asked.Add(1) - 1)), URL: "x", Compression: "none", NarHash: sum, NarSize: 1}
		io.WriteString(w, i.String()+padding)
	})
	c.most = 1 << 20
	var paths []string
	for n := range 40 {
		paths = append(paths, nameOf(n))
	}
	got := c.askOne(t.Context(), from, paths)
	if n := asked.Load(); n > 20 || len(got) < 10 {
		t.Errorf("%d questions, %d answers", n, len(got))
	}
}

// TestPadding: what stands for no byte of an archive does not come without end.
func TestPadding(t *testing.T) {
	frame := append([]byte{0x50, 0x2a, 0x4d, 0x18, 0, 0, 1, 0}, make([]byte, 1<<16)...) // RFC 8878, 3.1.2
	var sent atomic.Int64
	c, from := asking(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil && sent.Load() < 256<<20 {
			n, err := w.Write(frame)
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	})
	o := &Offer{narinfo.Info{URL: "nar/x", Compression: "zstd", NarSize: 1000}, from}
	r, err := c.Open(t.Context(), o, nil)
	if err == nil {
		_, err = io.Copy(io.Discard, r)
		r.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "more bytes come") {
		t.Error(err)
	}
	if n := sent.Load(); n > 64<<20 {
		t.Errorf("%d bytes were sent", n)
	}
}

// TestElsewhere: a server does not lead to others by what it calls its files, nor from
// what is encrypted to what is not.
func TestElsewhere(t *testing.T) {
	c, err := New(Options{StoreDir: "/frx/store", URLs: []string{"https://here.example", "https://here.example/cache/"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range c.caches {
		for _, name := range []string{"nar/x", "/nar/x", "/there.example/x", "//there.example/x", "http://there.example/x"} {
			if u, err := from.at(name); err == nil && (u.Host != "here.example" || u.Scheme != "https") {
				t.Errorf("%s of %s: %s", name, from.url, u)
			}
		}
	}
	request := func(text string) *http.Request {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return &http.Request{URL: u}
	}
	for _, x := range []struct {
		from, to string
		good     bool
	}{
		{"https://a.example/x", "https://b.example/x", true},
		{"http://a.example/x", "https://b.example/x", true},
		{"https://a.example/x", "http://a.example/x", false},
	} {
		if err := c.http.CheckRedirect(request(x.to), []*http.Request{request(x.from)}); (err == nil) != x.good {
			t.Errorf("%s to %s: %v", x.from, x.to, err)
		}
	}
}

// TestOneReason: that a server cannot answer is told once, not for each object.
func TestOneReason(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"status": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"cut":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		var said []string
		c, from := asking(t, Options{Warn: func(text string) { said = append(said, text) }}, h)
		c.askOne(t.Context(), from, []string{nameOf(1), nameOf(2), nameOf(3)})
		if len(said) != 1 || !strings.HasPrefix(said[0], from.url.String()+" cannot answer: ") {
			t.Errorf("%s: %q", name, said)
		}
	}
}
