package substitute_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fruix/builder/lzip"
	"fruix/builder/substitute"
	"fruix/store"
	"fruix/store/baked"
	"fruix/store/narinfo"
	"fruix/store/publish"
	"fruix/store/tree"
)

func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newStore(t testing.TB) *store.Store {
	t.Helper()
	dir := must(os.MkdirTemp("", "fruix-substitute-"))(t)
	s := must(store.Open(t.Context(), store.Config{Root: dir, Relaxed: true}))(t)
	t.Cleanup(func() {
		s.Close()
		tree.Remove(dir)
	})
	return s
}

// chain adds n texts of which each refers to the one before it, and one tree
// that refers to the last.
func chain(t testing.TB, s *store.Store, n int) []string {
	t.Helper()
	var out []string
	for i := range n {
		var refs []string
		if i > 0 {
			refs = out[i-1:]
		}
		out = append(out, must(s.AddText(t.Context(), fmt.Sprint("t", i), bytes.Repeat([]byte{byte('a' + i%26)}, 1000), refs))(t))
	}
	return out
}

func key(t testing.TB) narinfo.SecretKey {
	return must(narinfo.GenerateKey("test-1", rand.Reader))(t)
}

// serve serves a store and counts questions. change may answer in its place.
func serve(t testing.TB, s *store.Store, k narinfo.SecretKey, change func(w http.ResponseWriter, r *http.Request, next http.Handler)) (url string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	h := publish.Handler(s, publish.Options{Keys: []narinfo.SecretKey{k}, Compression: "zstd"})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if change != nil {
			change(w, r, h)
			return
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

type client struct {
	*substitute.Client
	t     testing.TB
	s     *store.Store
	warns []string
}

func newClient(t testing.TB, keys []narinfo.PublicKey, urls ...string) *client {
	c := &client{t: t, s: newStore(t)}
	c.Client = must(substitute.New(substitute.Options{
		StoreDir: "/frx/store", URLs: urls, Keys: keys, Parallel: 1,
		Warn: func(text string) { c.warns = append(c.warns, text) },
	}))(t)
	return c
}

func (c *client) find(paths ...string) map[string]*substitute.Offer {
	c.t.Helper()
	return must(c.Find(c.t.Context(), paths, func(p []string) (map[string]bool, error) { return c.s.ValidMany(c.t.Context(), p) }))(c.t)
}

// fetch makes an offer valid here.
func (c *client) fetch(o *substitute.Offer) error {
	r, err := c.Open(c.t.Context(), o, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	return c.s.AddForeign(c.t.Context(), store.Info{
		Path: o.Path, NarHash: o.NarHash.Sum, NarSize: o.NarSize, References: o.References,
	}, r)
}

func TestClosureInThreeQuestions(t *testing.T) {
	s, k := newStore(t), key(t)
	paths := chain(t, s, 50)
	url, asked := serve(t, s, k, nil)
	c := newClient(t, []narinfo.PublicKey{k.Public()}, url)
	found := c.find(paths[49])
	if len(found) != 50 {
		t.Fatalf("%d offers, not 50; %v", len(found), c.warns)
	}
	if n := asked.Load(); n > 3 {
		t.Errorf("%d questions for a closure", n)
	}
	for _, p := range paths {
		if err := c.fetch(found[p]); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.s.Verify(t.Context(), true, func(p store.Problem) { t.Error(p) }, nil); err != nil {
		t.Error(err)
	}
	if again := c.find(paths[49]); len(again) != 0 {
		t.Errorf("%d offers of what is there", len(again))
	}
}

// TestPlainCache asks a server that knows nothing of closures.
func TestPlainCache(t *testing.T) {
	s, k := newStore(t), key(t)
	paths := chain(t, s, 5)
	url, _ := serve(t, s, k, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		switch r.URL.Path {
		case "/closure":
			http.Error(w, "no", http.StatusNotFound)
		case "/nix-cache-info":
			fmt.Fprint(w, "StoreDir: /frx/store\n")
		default:
			next.ServeHTTP(w, r)
		}
	})
	if found := newClient(t, []narinfo.PublicKey{k.Public()}, url).find(paths[4]); len(found) != 5 {
		t.Errorf("%d offers, not 5", len(found))
	}
}

func TestWhomToBelieve(t *testing.T) {
	s, k := newStore(t), key(t)
	p := chain(t, s, 1)[0]
	url, _ := serve(t, s, k, nil)
	other := key(t) // of the same name
	c := newClient(t, []narinfo.PublicKey{other.Public()}, url)
	if found := c.find(p); len(found) != 0 {
		t.Error("a stranger is believed")
	}
	if len(c.warns) != 1 || !strings.Contains(c.warns[0], "no trusted key has signed") {
		t.Errorf("warnings %q", c.warns)
	}
	// The next server has it, too; dead ones and those of other stores are passed over.
	good, _ := serve(t, s, other, nil)
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "StoreDir: /gnu/store\n") }))
	defer foreign.Close()
	c = newClient(t, []narinfo.PublicKey{other.Public()}, "http://127.0.0.1:1", foreign.URL, url, good)
	found := c.find(p)
	if len(found) != 1 || found[p].From() != good {
		t.Errorf("found %v", found)
	}
	if len(c.warns) != 3 {
		t.Errorf("warnings %q", c.warns)
	}
	for _, bad := range []string{"ftp://x", "file:relative", "http://", "://"} {
		if _, err := substitute.New(substitute.Options{URLs: []string{bad}}); err == nil {
			t.Errorf("%q is taken for a server", bad)
		}
	}
}

// TestUnsignedDeriver: a deriver counts as far as a signature is about it, which one of
// Guix's kind is; who takes that away cannot put another deriver in.
func TestUnsignedDeriver(t *testing.T) {
	s, k := newStore(t), key(t)
	p := chain(t, s, 1)[0]
	const evil = "0vrfckp768hl9j13gwj39l479299qra0-evil.drv"
	for what, change := range map[string]func(text string) string{
		"below the signature": func(text string) string { return text + "Deriver: " + evil + "\n" },
		"without the signature": func(text string) string {
			return regexp.MustCompile("(?m)^Signature:.*\n").ReplaceAllString(text, "") + "Deriver: " + evil + "\n"
		},
	} {
		url, _ := serve(t, s, k, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			switch {
			case r.URL.Path == "/closure":
				http.NotFound(w, r)
			case strings.HasSuffix(r.URL.Path, ".narinfo"):
				answer := httptest.NewRecorder()
				next.ServeHTTP(answer, r)
				fmt.Fprint(w, change(answer.Body.String()))
			default:
				next.ServeHTTP(w, r)
			}
		})
		found := newClient(t, []narinfo.PublicKey{k.Public()}, url).find(p)
		if o := found[p]; o == nil || o.Deriver != "" {
			t.Errorf("%s: %+v", what, o)
		}
	}
}

// TestWrongBytes: whatever a server sends for an archive, nothing but what was
// signed becomes visible.
func TestWrongBytes(t *testing.T) {
	s, k := newStore(t), key(t)
	p := chain(t, s, 1)[0]
	var nar bytes.Buffer
	if err := s.DumpNAR(t.Context(), p, &nar); err != nil {
		t.Fatal(err)
	}
	right := nar.Bytes()
	flip := func(at int) []byte {
		b := slices.Clone(right)
		b[at] ^= 1
		return b
	}
	for name, body := range map[string][]byte{
		"nothing": nil, "half": right[:len(right)/2], "a bit in the text": flip(len(right) / 2),
		"a bit in a name": flip(10), "no archive": []byte("<html>"), "too much": append(slices.Clone(right), make([]byte, 1<<20)...),
		"other": bytes.ReplaceAll(right, []byte("aaaa"), []byte("bbbb")),
	} {
		url, _ := serve(t, s, k, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.HasPrefix(r.URL.Path, "/nar/") {
				w.Write(body)
				return
			}
			next.ServeHTTP(w, r)
		})
		c := newClient(t, []narinfo.PublicKey{k.Public()}, url)
		o := c.find(p)[p]
		o.Compression = "none"
		err := c.fetch(o)
		valid := must(c.s.IsValid(t.Context(), p))(t)
		if name == "too much" {
			// What stands behind an archive is not looked at.
			if err != nil || !valid {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || valid {
			t.Errorf("%s: error %v, valid %v", name, err, valid)
		}
		if _, serr := os.Lstat(c.s.Physical(p)); !errors.Is(serr, os.ErrNotExist) {
			t.Errorf("%s: something lies at the path", name)
		}
	}
}

// TestEndlessArchive must not fill the disk.
func TestEndlessArchive(t *testing.T) {
	s, k := newStore(t), key(t)
	p := chain(t, s, 1)[0]
	var nar bytes.Buffer
	if err := s.DumpNAR(t.Context(), p, &nar); err != nil {
		t.Fatal(err)
	}
	// A file that claims to be a terabyte.
	head := bytes.Replace(nar.Bytes()[:104], []byte{0xe8, 3, 0, 0, 0, 0, 0, 0}, []byte{0, 0, 0, 0, 0, 1, 0, 0}, 1)
	sent := new(atomic.Int64)
	url, _ := serve(t, s, k, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !strings.HasPrefix(r.URL.Path, "/nar/") {
			next.ServeHTTP(w, r)
			return
		}
		w.Write(head)
		for b := make([]byte, 1<<20); r.Context().Err() == nil; {
			n, err := w.Write(b)
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	})
	c := newClient(t, []narinfo.PublicKey{k.Public()}, url)
	o := c.find(p)[p]
	o.Compression = "none"
	if err := c.fetch(o); err == nil {
		t.Error("a terabyte was taken")
	}
	if n := sent.Load(); n > 64<<20 {
		t.Errorf("%d bytes were read", n)
	}
}

func TestCancelled(t *testing.T) {
	s, k := newStore(t), key(t)
	p := chain(t, s, 1)[0]
	ctx, cancel := context.WithCancel(t.Context())
	url, _ := serve(t, s, k, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		cancel() // the user loses patience with a server that stalls
		<-r.Context().Done()
	})
	c := newClient(t, []narinfo.PublicKey{k.Public()}, url)
	if _, err := c.Find(ctx, []string{p}, func([]string) (map[string]bool, error) { return nil, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestNix exchanges objects with real Nix both ways: it copies from a server
// here, and what it copies to a folder is fetched from there.
func TestNix(t *testing.T) {
	nix, err := exec.LookPath("nix")
	if err != nil {
		t.Skip("nix is not installed (Debian: nix-bin)")
	}
	s, k := newStore(t), key(t)
	paths := chain(t, s, 3)
	url, _ := serve(t, s, k, nil)
	dir := must(os.MkdirTemp("", "fruix-nix-"))(t)
	t.Cleanup(func() { tree.Remove(dir) })
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(nix, append([]string{"--extra-experimental-features", "nix-command"}, args...)...)
		cmd.Env = append(os.Environ(), "NIX_STORE_DIR=/frx/store", "HOME="+dir, "NIX_CONF_DIR="+dir, "XDG_CACHE_HOME="+dir,
			"NIX_CONFIG=build-users-group =\ntrusted-public-keys = "+k.Public().String())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	local := filepath.Join(dir, "store")
	run("copy", "--from", url, "--to", local, paths[2]) // Nix checks the signatures
	run("copy", "--from", baking(t, s, k, paths), "--to", filepath.Join(dir, "baked"), paths[2])
	cacheDir := filepath.Join(dir, "cache")
	secret := filepath.Join(dir, "key")
	if err := os.WriteFile(secret, []byte(k.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, compression := range []string{"xz", "zstd", "bzip2", "gzip", "none"} {
		to := cacheDir + compression
		run("copy", "--from", local, "--to", "file://"+to+"?compression="+compression+"&secret-key="+secret, paths[2])
		c := newClient(t, []narinfo.PublicKey{k.Public()}, "file://"+to)
		found := c.find(paths[2])
		if len(found) != 3 {
			t.Fatalf("%s: %d offers, not 3; %v", compression, len(found), c.warns)
		}
		for _, p := range paths {
			if err := c.fetch(found[p]); err != nil {
				t.Errorf("%s: %v", compression, err)
			}
		}
	}
}

// baking serves a store whose archives are compressed already.
func baking(t *testing.T, s *store.Store, k narinfo.SecretKey, paths []string) (url string) {
	t.Helper()
	b := publish.NewBakery(s, publish.BakeryOptions{Folder: must(baked.New(t.TempDir(), time.Now, 0))(t)})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { b.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	server := httptest.NewServer(publish.Handler(s, publish.Options{Keys: []narinfo.SecretKey{k}, Compression: "zstd", Bakery: b}))
	t.Cleanup(server.Close)
	c := newClient(t, []narinfo.PublicKey{k.Public()}, server.URL)
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(2 * time.Millisecond) {
		answers := must(c.Survey(t.Context(), paths))(t)
		if len(answers[0].Offers) == len(paths) { // larger than nothing, they are told of when they are there
			return server.URL
		}
		if time.Now().After(end) {
			t.Fatal("the archives do not come")
		}
	}
}

// TestLzip fetches what Guix's build farm has, too: archives that lzip has compressed.
func TestLzip(t *testing.T) {
	s, k := newStore(t), key(t)
	p := chain(t, s, 1)[0]
	var plain, ours bytes.Buffer
	if err := s.DumpNAR(t.Context(), p, &plain); err != nil {
		t.Fatal(err)
	}
	w := must(lzip.NewWriter(&ours))(t)
	if _, err := w.Write(plain.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	bodies := map[string][]byte{"ours": ours.Bytes()}
	if program, err := exec.LookPath("lzip"); err == nil {
		cmd := exec.Command(program, "-9", "-c")
		cmd.Stdin = &plain
		bodies["lzip -9"] = must(cmd.Output())(t)
	}
	for name, right := range bodies {
		flipped := slices.Clone(right)
		flipped[len(flipped)-15] ^= 1 // in the trailer
		for what, body := range map[string][]byte{"whole": right, "flipped": flipped, "cut": right[:len(right)-1], "in two": slices.Concat(right, right)} {
			url, _ := serve(t, s, k, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if strings.HasPrefix(r.URL.Path, "/nar/") {
					w.Write(body)
					return
				}
				next.ServeHTTP(w, r)
			})
			c := newClient(t, []narinfo.PublicKey{k.Public()}, url)
			o := c.find(p)[p]
			o.Compression = "lzip"
			r := must(c.Open(t.Context(), o, nil))(t)
			got, err := io.ReadAll(r)
			r.Close()
			switch what {
			case "whole":
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if err := c.fetch(o); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			case "in two":
				if err != nil || int64(len(got)) != 2*o.NarSize {
					t.Errorf("%s, two members: %d bytes, %v", name, len(got), err)
				}
			default:
				if err == nil {
					t.Errorf("%s, %s: no error", name, what)
				}
			}
		}
	}
}

// TestRoutes looks at what a server answers besides.
func TestRoutes(t *testing.T) {
	s, k := newStore(t), key(t)
	p := chain(t, s, 1)[0]
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("fixed"), 0o644); err != nil {
		t.Fatal(err)
	}
	must(s.AddPath(t.Context(), "f", file, store.AddOptions{}))(t)
	url, _ := serve(t, s, k, nil)
	get := func(path, rang string) (int, string) {
		t.Helper()
		req := must(http.NewRequest(http.MethodGet, url+path, nil))(t)
		if rang != "" {
			req.Header.Set("Range", rang)
		}
		res := must(http.DefaultClient.Do(req))(t)
		defer res.Body.Close()
		b := must(io.ReadAll(res.Body))(t)
		return res.StatusCode, string(b)
	}
	base := p[len("/frx/store/"):]
	_, nar := get("/nar/none/"+base, "")
	_, zst := get("/nar/zstd/"+base, "")
	_, gz := get("/nar/gzip/"+base, "")
	for _, c := range []struct {
		path, rang string
		code       int
		body       string
	}{
		{"/nar/none/" + base, "bytes=100-", 206, nar[100:]},
		{"/nar/none/" + base, "bytes=5-9", 206, nar[5:10]},
		{"/nar/none/" + base, "bytes=0-0", 206, nar[:1]},
		{"/nar/none/" + base, "bytes=-7", 206, nar[len(nar)-7:]},
		{"/nar/none/" + base, "bytes=-9999999", 206, nar},
		{"/nar/none/" + base, "bytes=7-9999999", 206, nar[7:]},
		{"/nar/none/" + base, "bytes=9999999-", 416, ""},
		{"/nar/none/" + base, "bytes=-0", 416, ""},
		{"/nar/none/" + base, "bytes=9-5", 200, nar},
		{"/nar/none/" + base, "bytes=1-2,5-6", 200, nar},
		{"/nar/none/" + base, "lines=1-2", 200, nar},
		{"/nar/none/" + base, "bytes=-", 200, nar},
		{"/nar/zstd/" + base, "bytes=30-", 206, zst[30:]},
		{"/nar/zstd/" + base, "bytes=3-9", 206, zst[3:10]},
		{"/nar/zstd/" + base, "bytes=9999999-", 416, ""},
		{"/nar/gzip/" + base, "bytes=-5", 206, gz[len(gz)-5:]},
		{"/nar/none/" + base, "", 200, nar},
		{"/nar/lzma/" + base, "", 404, ""},
		{"/nar/none/..", "", 404, ""},
		{"/nar/none/x", "", 404, ""},
		{"/" + strings.Repeat("0", 32) + ".narinfo", "", 404, ""},
		{"/x.narinfo", "", 404, ""},
		{"/log/" + base, "", 404, ""},
		{"/file/f/sha256/1vrmmclz15frynzrpwk5n0rvi0ldm8ijqbsdrxk8lrzrrpfgbbm0", "", 404, ""},
		{"/file/f/sha256/" + fixedHash, "", 200, "fixed"},
		{"/file/g/sha256/" + fixedHash, "", 404, ""},
	} {
		code, body := get(c.path, c.rang)
		if code != c.code || c.body != "" && body != c.body {
			t.Errorf("%s %s: %d %.40q, want %d", c.path, c.rang, code, body, c.code)
		}
	}
	for body, want := range map[string]int{base + "\n": 200, "../../etc/passwd\n": 400, strings.Repeat("0", 32) + "-x\n": 200, "": 200} {
		res := must(http.Post(url+"/closure", "text/plain", strings.NewReader(body)))(t)
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("closure of %q: %d, want %d", body, res.StatusCode, want)
		}
	}
}

// fixedHash is the SHA-256 of "fixed".
const fixedHash = "992a93455c71fedd36ac9bbc439952c041cf61445958472af479269b8d873513"
