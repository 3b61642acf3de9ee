package publish_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

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
	dir := must(os.MkdirTemp("", "fruix-publish-"))(t)
	s := must(store.Open(t.Context(), store.Config{Root: dir, Relaxed: true}))(t)
	t.Cleanup(func() {
		s.Close()
		tree.Remove(dir)
	})
	return s
}

// object adds a tree of many files whose archive has some 500,000 bytes.
func object(t testing.TB, s *store.Store, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	for n := range 50 {
		sub := filepath.Join(dir, fmt.Sprint("dir", n%7))
		if err := os.MkdirAll(sub, 0o755); err != nil {
			t.Fatal(err)
		}
		text := make([]byte, 7000)
		rand.Read(text)
		text = append(text, bytes.Repeat([]byte(name), 1000)...)
		if err := os.WriteFile(filepath.Join(sub, fmt.Sprint("file", n)), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return must(s.AddPath(t.Context(), name, dir, store.AddOptions{Recursive: true}))(t)
}

// bakes is a server with a cache.
type bakes struct {
	t      testing.TB
	url    string
	dir    string // of the cache
	bakery *publish.Bakery

	mu    sync.Mutex
	warns []string
	now   time.Time
}

// serveBaked serves s with a cache in dir; compression is what is offered. With start the
// bakery runs.
func serveBaked(t testing.TB, s *store.Store, dir, compression string, bypass int64, l baked.Limits, start bool) *bakes {
	t.Helper()
	b := &bakes{t: t, dir: dir, now: time.Now()}
	clock := func() time.Time {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.now
	}
	b.bakery = publish.NewBakery(s, publish.BakeryOptions{
		Folder: must(baked.New(dir, clock, l.Age))(t), Bypass: bypass, Workers: 2, Limits: l, Now: clock,
		Warn: func(text string) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.warns = append(b.warns, text)
		},
	})
	k := must(narinfo.GenerateKey("test-1", rand.Reader))(t)
	server := httptest.NewServer(publish.Handler(s, publish.Options{Keys: []narinfo.SecretKey{k}, Compression: compression, Bakery: b.bakery}))
	t.Cleanup(server.Close)
	b.url = server.URL
	if start {
		b.run()
	}
	return b
}

// run lets the bakery run until the test ends.
func (b *bakes) run() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		b.bakery.Run(ctx)
		close(ended)
	}()
	b.t.Cleanup(func() {
		cancel()
		<-ended
	})
}

// wait waits until something is so.
func (b *bakes) wait(what string, so func() bool) {
	b.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("%s does not come", what)
		}
	}
}

func (b *bakes) get(path, rang string) (res *http.Response, body []byte) {
	b.t.Helper()
	req := must(http.NewRequest(http.MethodGet, b.url+path, nil))(b.t)
	if rang != "" {
		req.Header.Set("Range", rang)
	}
	res = must(http.DefaultClient.Do(req))(b.t)
	defer res.Body.Close()
	return res, must(io.ReadAll(res.Body))(b.t)
}

// info is what is told of an object; nil when nothing is.
func (b *bakes) info(p string) *narinfo.Info {
	b.t.Helper()
	res, text := b.get("/"+hashPart(p)+".narinfo", "")
	if res.StatusCode == http.StatusNotFound {
		return nil
	}
	return must(narinfo.Parse("/frx/store", text))(b.t)
}

func hashPart(p string) string { return p[len("/frx/store/"):][:32] }

// baked waits until the archive of p is in the cache.
func (b *bakes) baked(p string) *narinfo.Info {
	b.t.Helper()
	var i *narinfo.Info
	b.wait("the archive", func() bool {
		i = b.info(p)
		return i != nil && i.FileSize > 0
	})
	return i
}

// file is where the archive of p lies.
func (b *bakes) file(p string) string {
	b.t.Helper()
	found := must(filepath.Glob(filepath.Join(b.dir, "*", hashPart(p)+".baked")))(b.t)
	if len(found) != 1 {
		b.t.Fatalf("cached archives: %v", found)
	}
	return found[0]
}

func route(compression, p string) string {
	return "/nar/" + compression + "/" + p[len("/frx/store/"):]
}

func TestBaked(t *testing.T) {
	s := newStore(t)
	p := object(t, s, "tree")
	for _, compression := range []string{"zstd", "gzip"} {
		b := serveBaked(t, s, t.TempDir(), compression, 1<<30, baked.Limits{}, false)
		// It is small enough to be there at once, and compressed as it is sent.
		if i := b.info(p); i == nil || i.FileSize != 0 {
			t.Fatalf("told: %v", i)
		}
		res, direct := b.get(route(compression, p), "")
		tag := res.Header.Get("ETag")
		if res.ContentLength >= 0 {
			t.Error("the length is known before anything is compressed")
		}
		b.run()
		i := b.baked(p)
		sum := sha256.Sum256(direct)
		if i.FileSize != int64(len(direct)) || !bytes.Equal(i.FileHash.Sum, sum[:]) {
			t.Errorf("%s: %d bytes of hash %v; sent were %d", compression, i.FileSize, i.FileHash, len(direct))
		}
		for _, part := range []struct {
			rang string
			code int
			want []byte
		}{
			{"", 200, direct}, {"bytes=0-0", 206, direct[:1]}, {"bytes=300000-", 206, direct[300000:]},
			{"bytes=262100-262200", 206, direct[262100:262201]}, {"bytes=-7", 206, direct[len(direct)-7:]}, {"bytes=99999999-", 416, nil},
		} {
			if len(direct) < 301_000 {
				t.Fatalf("%d bytes are too few for this test", len(direct))
			}
			res, body := b.get("/"+i.URL, part.rang)
			if res.StatusCode != part.code || part.want != nil && (!bytes.Equal(body, part.want) || res.ContentLength != int64(len(part.want))) {
				t.Errorf("%s %q: status %d, %d bytes", compression, part.rang, res.StatusCode, len(body))
			}
			if res.Header.Get("ETag") != tag {
				t.Errorf("%s %q: the tag has changed from %s to %s", compression, part.rang, tag, res.Header.Get("ETag"))
			}
		}
		// What is not offered is neither kept nor missing.
		for _, other := range []string{"none", "zstd", "gzip"} {
			if res, _ := b.get(route(other, p), ""); res.StatusCode != 200 {
				t.Errorf("%s: status %d", other, res.StatusCode)
			}
		}
		if forms := must(os.ReadDir(b.dir))(t); len(forms) != 1 {
			t.Errorf("%v", forms)
		}
	}
}

// TestNotYet: a large object is not there before its archive is, but for who knows of it.
func TestNotYet(t *testing.T) {
	s := newStore(t)
	p := object(t, s, "tree")
	small := must(s.AddText(t.Context(), "small", []byte(p), []string{p}))(t)
	b := serveBaked(t, s, t.TempDir(), "zstd", 10_000, baked.Limits{}, false)
	closure := func() string {
		res := must(http.Post(b.url+"/closure", "text/plain", strings.NewReader(small[len("/frx/store/"):]+"\n")))(t)
		defer res.Body.Close()
		return string(must(io.ReadAll(res.Body))(t))
	}
	for range 3 {
		if i := b.info(p); i != nil {
			t.Fatalf("told: %v", i)
		}
		if text := closure(); strings.Contains(text, "StorePath: "+p) || !strings.Contains(text, "StorePath: "+small) {
			t.Fatalf("told:\n%s", text)
		}
	}
	if res, body := b.get(route("zstd", p), ""); res.StatusCode != 200 || len(body) == 0 {
		t.Errorf("status %d", res.StatusCode)
	}
	b.run()
	b.baked(p)
	if text := closure(); strings.Count(text, "StorePath: ") != 2 {
		t.Errorf("told:\n%s", text)
	}
}

// TestDamagedInCache: what is damaged is not sent, nobody notices, and it is made anew.
func TestDamagedInCache(t *testing.T) {
	s := newStore(t)
	p := object(t, s, "tree")
	b := serveBaked(t, s, t.TempDir(), "zstd", 1<<30, baked.Limits{}, true)
	right := b.baked(p)
	_, whole := b.get("/"+right.URL, "")
	file := b.file(p)
	text := must(os.ReadFile(file))(t)
	for what, change := range map[string]func() error{
		"a byte": func() error {
			damaged := bytes.Clone(text)
			damaged[280_000] ^= 1
			return os.WriteFile(file, damaged, 0o600)
		},
		"cut":   func() error { return os.Truncate(file, 300_000) },
		"empty": func() error { return os.Truncate(file, 0) },
		"gone":  func() error { return os.Remove(file) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if res, body := b.get("/"+right.URL, ""); res.StatusCode != 200 || !bytes.Equal(body, whole) {
			t.Errorf("%s: status %d, %d bytes of %d", what, res.StatusCode, len(body), len(whole))
		}
		b.wait("a new archive", func() bool {
			now, err := os.ReadFile(file)
			return err == nil && bytes.Equal(now, text)
		})
		if i := b.baked(p); i.FileSize != right.FileSize || !i.FileHash.Equal(right.FileHash) {
			t.Errorf("%s: another archive was made", what)
		}
	}
}

// TestSwept: what is no longer in the store goes, and so does what nobody asks for; with
// little room not all is kept, but all is served.
func TestSwept(t *testing.T) {
	s := newStore(t)
	other := func(f func(s *store.Store)) { // what has an object in hand keeps it
		s := must(store.Open(t.Context(), store.Config{Root: s.Root(), Relaxed: true}))(t)
		defer s.Close()
		f(s)
	}
	var p string
	other(func(s *store.Store) { p = object(t, s, "tree") })
	b := serveBaked(t, s, t.TempDir(), "zstd", 0, baked.Limits{Age: time.Hour}, true)
	b.baked(p)
	file := b.file(p)
	b.mu.Lock()
	b.now = b.now.Add(2 * time.Hour)
	b.mu.Unlock()
	sweep := func() {
		t.Helper()
		if err := b.bakery.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	sweep()
	if _, err := os.Stat(file); err == nil {
		t.Error("what nobody asks for stays")
	}
	b.baked(p)
	sweep()
	if _, err := os.Stat(file); err != nil {
		t.Errorf("what was asked for goes: %v", err)
	}
	other(func(s *store.Store) { must(s.Collect(t.Context(), store.CollectOptions{}))(t) })
	if _, err := s.Peek(t.Context(), p); err == nil {
		t.Fatal("it has not been collected")
	}
	sweep()
	if _, err := os.Stat(file); err == nil {
		t.Error("what is no longer in the store stays")
	}
}

func TestLittleRoom(t *testing.T) {
	s := newStore(t)
	one, two := object(t, s, "one"), object(t, s, "two")
	probe := serveBaked(t, s, t.TempDir(), "zstd", 0, baked.Limits{}, true)
	size := max(probe.baked(one).FileSize, probe.baked(two).FileSize)
	// There is room for one.
	b := serveBaked(t, s, t.TempDir(), "zstd", 0, baked.Limits{Bytes: size * 3 / 2}, true)
	b.baked(one)
	b.mu.Lock()
	b.now = b.now.Add(time.Hour)
	b.mu.Unlock()
	b.baked(two)
	b.wait("the sweep", func() bool { return len(must(filepath.Glob(filepath.Join(b.dir, "*", "*.baked")))(t)) == 1 })
	if b.info(two) == nil {
		t.Error("the one that was used last has gone")
	}
	// There is room for none.
	b = serveBaked(t, s, t.TempDir(), "zstd", 0, baked.Limits{Bytes: 1000}, true)
	b.wait("what is not kept", func() bool { return b.info(one) != nil })
	if res, body := b.get(route("zstd", one), ""); res.StatusCode != 200 || len(body) == 0 || b.info(one).FileSize != 0 {
		t.Errorf("status %d, %d bytes", res.StatusCode, len(body))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.warns) != 1 || !strings.Contains(b.warns[0], "larger than the cache may be") {
		t.Errorf("warnings %q", b.warns)
	}
}

// TestDamagedObject: the archive of an object that is not what was registered is not kept.
func TestDamagedObject(t *testing.T) {
	s := newStore(t)
	p := object(t, s, "tree")
	file := filepath.Join(s.Physical(p), "dir0", "file0")
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, make([]byte, 9000), 0o644); err != nil {
		t.Fatal(err)
	}
	b := serveBaked(t, s, t.TempDir(), "zstd", 0, baked.Limits{}, true)
	b.wait("what is not kept", func() bool { return b.info(p) != nil })
	var files []string
	if err := filepath.WalkDir(b.dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, name)
		}
		return err
	}); err != nil || len(files) > 0 {
		t.Errorf("%v %v", files, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.warns) != 1 || !strings.Contains(b.warns[0], "fruix store verify") {
		t.Errorf("warnings %q", b.warns)
	}
}

// TestUnreadableCache: what cannot be read is said once in a while, and not with each
// request; what is asked for comes all the same.
func TestUnreadableCache(t *testing.T) {
	s := newStore(t)
	p := object(t, s, "tree")
	b := serveBaked(t, s, t.TempDir(), "zstd", 0, baked.Limits{}, true)
	b.baked(p)
	file := b.file(p)
	// A link to itself cannot be opened, by root either.
	if err := errors.Join(os.Remove(file), os.Symlink(file, file)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if res, body := b.get(route("zstd", p), ""); res.StatusCode != http.StatusOK || len(body) == 0 {
			t.Errorf("%s, %d bytes", res.Status, len(body))
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.warns) != 1 || !strings.Contains(b.warns[0], "the cache cannot be read") {
		t.Errorf("warnings: %q", b.warns)
	}
}

// TestFailedSweep: after a sweep that has failed it is still known how much there is, so
// that the next archive that is too much has the folder swept.
func TestFailedSweep(t *testing.T) {
	s := newStore(t)
	first, second := object(t, s, "first"), object(t, s, "second")
	dir := t.TempDir()
	b := serveBaked(t, s, dir, "zstd", 0, baked.Limits{Bytes: 700_000}, true)
	b.baked(first)
	// Both may be made within one tick of the clock of files.
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(b.file(first), long, long); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.bakery.Sweep(ended); err == nil {
		t.Fatal("it has not failed")
	}
	b.info(second)
	b.wait("the end of the first", func() bool {
		list := must(filepath.Glob(filepath.Join(dir, "*", "*.baked")))(t)
		return len(list) == 1 && !strings.Contains(list[0], hashPart(first))
	})
}

// TestOneCacheForTwo: two servers with one cache make and give out the same.
func TestOneCacheForTwo(t *testing.T) {
	s := newStore(t)
	var objects []string
	for n := range 5 {
		objects = append(objects, object(t, s, fmt.Sprint("tree", n)))
	}
	dir := t.TempDir()
	servers := []*bakes{serveBaked(t, s, dir, "zstd", 1<<30, baked.Limits{}, true), serveBaked(t, s, dir, "zstd", 0, baked.Limits{}, true)}
	var all sync.WaitGroup
	for _, b := range servers {
		for _, p := range objects {
			all.Go(func() {
				b.baked(p)
				if err := b.bakery.Sweep(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	for _, p := range objects {
		_, first := servers[0].get(route("zstd", p), "")
		_, second := servers[1].get(route("zstd", p), "")
		if i := servers[0].info(p); i.FileSize != int64(len(first)) || !bytes.Equal(first, second) {
			t.Errorf("%s: %d and %d bytes", p, len(first), len(second))
		}
	}
}
