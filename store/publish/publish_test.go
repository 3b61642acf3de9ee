package publish_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fruix/store"
	"fruix/store/narinfo"
	"fruix/store/publish"
)

// silent is a store that cannot be asked, such as one whose daemon starts anew.
type silent struct {
	publish.Source
	hashes bool // questions for hashes fail as well
}

var errSilent = errors.New("nobody answers at /secret/socket")

func (s silent) ByHash(ctx context.Context, part string) (string, error) {
	if s.hashes {
		return "", errSilent
	}
	return s.Source.ByHash(ctx, part)
}

func (silent) Peek(context.Context, string) (*store.Info, error) { return nil, errSilent }

// TestCannotAsk: that the store cannot be asked does not mean that it has nothing, and
// nobody may remember it.
func TestCannotAsk(t *testing.T) {
	s := newStore(t)
	p := object(t, s, "object")
	base := p[len("/frx/store/"):]
	ask := func(from publish.Source, method, route, body string) *http.Response {
		t.Helper()
		server := httptest.NewServer(publish.Handler(from, publish.Options{Compression: "none"}))
		defer server.Close()
		res := must(http.DefaultClient.Do(must(http.NewRequest(method, server.URL+route, strings.NewReader(body)))(t)))(t)
		defer res.Body.Close()
		if text := string(must(io.ReadAll(res.Body))(t)); strings.Contains(text, "secret") {
			t.Errorf("%s says %q", route, text)
		}
		return res
	}
	const sha256 = "/sha256/0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73"
	for _, x := range []struct {
		method, route, body string
		there               int // the answer when the store can be asked
	}{
		{"GET", "/" + hashPart(p) + ".narinfo", "", 200},
		{"GET", "/nar/none/" + base, "", 200},
		{"GET", "/file/object" + sha256, "", 404},
		{"POST", "/closure", base + "\n", 200},
	} {
		if res := ask(s, x.method, x.route, x.body); res.StatusCode != x.there {
			t.Errorf("%s: %s", x.route, res.Status)
		}
		for _, from := range []publish.Source{silent{s, false}, silent{s, true}} {
			res := ask(from, x.method, x.route, x.body)
			if res.StatusCode != 503 || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %s, to be kept %q", x.route, res.Status, res.Header.Get("Cache-Control"))
			}
		}
	}
	for _, route := range []string{"/" + strings.Repeat("0", 32) + ".narinfo", "/" + strings.Repeat("e", 32) + ".narinfo", "/nar/none/" + strings.Repeat("0", 32) + "-x", "/nar/none/x"} {
		if res := ask(s, "GET", route, ""); res.StatusCode != 404 || res.Header.Get("Cache-Control") != "max-age=60" {
			t.Errorf("%s: %s, to be kept %q", route, res.Status, res.Header.Get("Cache-Control"))
		}
	}
}

// TestPages are what people, and administrators, look at.
func TestPages(t *testing.T) {
	key := must(narinfo.GenerateKey("here-1", rand.Reader))(t)
	for _, keys := range [][]narinfo.SecretKey{nil, {key}} {
		h := publish.Handler(newStore(t), publish.Options{Compression: "none", Keys: keys})
		get := func(route string) (int, string) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", "http://here:8080"+route, nil))
			return w.Code, w.Body.String()
		}
		if code, text := get("/"); code != 200 || strings.Contains(text, "http://here:8080/signing-key.pub") != (keys != nil) {
			t.Errorf("with %d keys: %d %s", len(keys), code, text)
		}
		code, text := get("/signing-key.pub")
		if keys == nil && code != 404 || keys != nil && text != key.Public().String()+"\n" {
			t.Errorf("with %d keys: %d %s", len(keys), code, text)
		}
	}
}

// TestNoneMatch asks for what the client has, among other things.
func TestNoneMatch(t *testing.T) {
	s := newStore(t)
	base := object(t, s, "object")[len("/frx/store/"):]
	h := publish.Handler(s, publish.Options{Compression: "none"})
	ask := func(match ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/nar/none/"+base, nil)
		r.Header["If-None-Match"] = match
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	tag := ask().Header().Get("ETag")
	for _, x := range []struct {
		match []string
		code  int
	}{
		{nil, 200}, {[]string{tag}, 304}, {[]string{"W/" + tag}, 304}, {[]string{`"x", ` + tag + ` , "y"`}, 304},
		{[]string{`"x"`, tag}, 304}, {[]string{"*"}, 304}, {[]string{`"x", W/"y"`}, 200},
	} {
		if w := ask(x.match...); w.Code != x.code {
			t.Errorf("%q: %d, want %d", x.match, w.Code, x.code)
		}
	}
}

// TestLargeQuestion asks for more at a time than there is an answer to.
func TestLargeQuestion(t *testing.T) {
	h := publish.Handler(newStore(t), publish.Options{Compression: "none"})
	w := httptest.NewRecorder()
	names := strings.Repeat(strings.Repeat("0", 32)+"-x\n", 50_001)
	h.ServeHTTP(w, httptest.NewRequest("POST", "/closure", strings.NewReader(names)))
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %.100s", w.Code, w.Body)
	}
}
