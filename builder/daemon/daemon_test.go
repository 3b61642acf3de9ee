package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fruix/builder"
	"fruix/builder/buildtest"
	"fruix/builder/plan"
	"fruix/builder/socket"
	"fruix/store"
	"fruix/store/drv"
	"fruix/store/nar"
	"fruix/store/narinfo"
	"fruix/store/path"
	"fruix/store/tree"
	"fruix/store/wire"
)

// Peers of tests: one who is not trusted, and another.
var (
	mallory = socket.Peer{Local: true, UID: 4711, GID: 4711, PID: 1}
	alice   = socket.Peer{Local: true, UID: 4712, GID: 4712, PID: 2}
	far     = socket.Peer{Address: "192.0.2.1:99"}
)

// toy carries builds out without a jail: the builder's arguments say what happens.
type toy struct {
	mu      sync.Mutex
	running map[string]int // by name
	begun   []string
	ended   []string
	most    int // at a time
}

// Execute implements plan.Executor. The arguments are "print N", to print N lines,
// "wait", to wait for the end, and "fail".
func (e *toy) Execute(ctx context.Context, r *plan.Request, io plan.IO) (*plan.Result, error) {
	e.count(r.Name, 1)
	defer e.count(r.Name, -1)
	for _, a := range r.Args {
		var n int
		switch {
		case a == "wait":
			<-ctx.Done()
			return nil, ctx.Err()
		case a == "fail":
			return nil, &plan.FailedError{Status: "exit code 1"}
		case strings.HasPrefix(a, "sleep"):
			time.Sleep(300 * time.Millisecond)
		}
		if _, err := fmt.Sscanf(a, "print %d", &n); err == nil {
			for i := range n {
				fmt.Fprintf(io.Log, "line %d %s\n", i, strings.Repeat("x", 200))
			}
		}
	}
	outputs := map[string]string{}
	for _, o := range r.Outputs {
		outputs[o.Name] = filepath.Join(io.Scratch, filepath.Base(o.Path))
		if err := os.WriteFile(outputs[o.Name], []byte(r.Name), 0o644); err != nil {
			return nil, err
		}
	}
	return &plan.Result{Outputs: outputs}, nil
}

func (e *toy) count(name string, n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running == nil {
		e.running = map[string]int{}
	}
	if e.running[name] += n; n < 0 {
		e.ended = append(e.ended, name)
		return
	}
	e.begun = append(e.begun, name)
	e.most = max(e.most, len(e.begun)-len(e.ended))
}

func (e *toy) runs(name string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.running[name]
}

// world is a server with its store.
type world struct {
	testing.TB
	*Server
	base    *store.Store
	toy     *toy
	ctx     context.Context
	faults  []string
	mu      sync.Mutex
	request Request // the last one
}

func newWorld(t testing.TB, change func(*Config)) *world {
	t.Helper()
	root, err := os.MkdirTemp("", "fruix-daemon-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tree.Remove(root); err != nil {
			t.Error(err)
		}
	})
	base, err := store.Open(t.Context(), store.Config{Root: root, Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t, base: base, toy: &toy{}, ctx: t.Context()}
	c := Config{
		EUID: 99, Defaults: Options{MaxJobs: 2}, Builtins: []string{"download"},
		Open: func(_ context.Context, limit func(*store.Config)) (*store.Store, func() error, error) {
			st := base.View(limit)
			return st, st.Close, nil
		},
		Builder: func(st *store.Store, r Request) (*builder.Builder, func(), error) {
			w.mu.Lock()
			w.request = r
			w.mu.Unlock()
			return builder.New(st, builder.Options{Progress: r.Progress, Executor: w.toy, MaxJobs: r.MaxJobs, Sharing: r.Sharing, Slot: r.Slot, Load: r.Load}), func() {}, nil
		},
		Log: func(detail bool, text string) {
			if !detail {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.faults = append(w.faults, text)
			}
		},
	}
	if change != nil {
		change(&c)
	}
	if c.Limits.Stall == 0 {
		c.Limits.Stall = 20 * time.Second
	}
	if c.Limits.Farewell == 0 {
		c.Limits.Farewell = 100 * time.Millisecond
	}
	w.Server = New(c)
	t.Cleanup(func() {
		w.wg.Wait()
		if err := base.Close(); err != nil {
			t.Error(err)
		}
		for _, f := range w.faults {
			t.Errorf("the administrator is told: %s", f)
		}
	})
	return w
}

// client is a raw client.
type client struct {
	*world
	conn *net.UnixConn
	r    *wire.Reader
	w    *wire.Writer
}

// dial connects; the greeting is not exchanged yet.
func (w *world) dial(peer socket.Peer) *client {
	w.Helper()
	ours, theirs := pair(w)
	w.wg.Go(func() { w.serve(w.ctx, theirs, peer, w.trusts(peer)) })
	w.Cleanup(func() { ours.Close() })
	return &client{w, ours, wire.NewReader(ours, wire.DefaultLimits), wire.NewWriter(ours)}
}

// pair is two connected sockets.
func pair(t testing.TB) (a, b *net.UnixConn) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(shortDir(t), "s"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err = net.DialUnix("unix", nil, l.Addr().(*net.UnixAddr))
	if err == nil {
		b, err = l.AcceptUnix()
	}
	if err != nil {
		t.Fatal(err)
	}
	return a, b
}

// shortDir is a folder whose name a socket's can begin with.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fd-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// connect greets.
func (w *world) connect(peer socket.Peer) *client {
	w.Helper()
	c := w.dial(peer)
	if _, err := wire.Greet(c.r, c.w); err != nil {
		w.Fatal(err)
	}
	return c
}

// send writes a request.
func (c *client) send(op wire.Op, args ...any) {
	c.w.Number(uint64(op))
	for _, a := range args {
		switch a := a.(type) {
		case string:
			c.w.Text(a)
		case int:
			c.w.Number(uint64(a))
		case []string:
			c.w.Texts(a)
		case []byte:
			c.w.Raw().Write(a)
		default:
			panic(a)
		}
	}
	c.w.Flush()
}

// answer waits for the end of an operation.
func (c *client) answer() error {
	c.conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	return (&wire.Replies{In: c.r, Out: c.w}).Wait()
}

// ask does an operation.
func (c *client) ask(op wire.Op, args ...any) error {
	c.send(op, args...)
	return c.answer()
}

// text does an operation whose result is a string.
func (c *client) text(op wire.Op, args ...any) string {
	c.Helper()
	if err := c.ask(op, args...); err != nil {
		c.Fatalf("%v: %v", op, err)
	}
	return c.r.Text()
}

// addText adds a text.
func (c *client) addText(name, content string, refs ...string) string {
	c.Helper()
	return c.text(wire.AddTextToStore, name, content, refs)
}

// drv adds a derivation of the toy.
func (c *client) drv(name string, args ...string) (drvPath, out string) {
	c.Helper()
	d := &drv.Derivation{
		Outputs: map[string]drv.Output{"out": {}}, Platform: buildtest.System(), Builder: "/toy", Args: args, Env: map[string]string{"name": name},
	}
	if err := drv.NewHasher(nil).FillOutputs(c.base.Dir(), name, d); err != nil {
		c.Fatal(err)
	}
	return c.addText(name+".drv", string(d.Marshal())), d.Outputs["out"].Path
}

// refused fails unless err is what a daemon refuses something with.
func refused(t testing.TB, what string, err error, words ...string) {
	t.Helper()
	var remote *wire.RemoteError
	if !errors.As(err, &remote) {
		t.Errorf("%s: %.300v", what, err)
		return
	}
	for _, w := range words {
		if !strings.Contains(remote.Message, w) {
			t.Errorf("%s: %.300q does not say %q", what, remote.Message, w)
		}
	}
}

// alive fails unless the connection can be used.
func (c *client) alive(what string) {
	c.Helper()
	if err := c.ask(wire.BuiltinBuilders); err != nil {
		c.Errorf("after %s the connection is of no use: %v", what, err)
		return
	}
	if b := c.r.Texts(); !slices.Equal(b, []string{"download"}) {
		c.Errorf("after %s the answer is %q", what, b)
	}
}

// over fails unless the daemon ends the connection.
func (c *client) over(what string) {
	c.Helper()
	c.conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.Copy(io.Discard, c.conn); err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		c.Errorf("after %s the connection goes on", what)
	}
}

// settled waits until nothing of connections is left, and fails unless the store is
// as it was: nothing half made, nothing locked.
func (w *world) settled(what string) {
	w.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		left, _ := filepath.Glob(w.base.Physical(w.base.Dir()) + "/.tmp/*/*/*")
		locks, _ := filepath.Glob(w.base.StatePath("locks", "*"))
		left = append(left, locks...)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			w.Errorf("after %s there is left: %v", what, left)
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// archive is that of a file.
func archive(content string) []byte {
	var b bytes.Buffer
	w := nar.NewWriter(&b)
	w.WriteHeader(nar.Header{Type: nar.Directory})
	w.WriteHeader(nar.Header{Type: nar.Regular, Path: "f", Size: int64(len(content))})
	io.WriteString(w, content)
	w.WriteHeader(nar.Header{Type: nar.Symlink, Path: "l", Target: "/etc"})
	w.Close()
	return b.Bytes()
}

func flatArchive(content string) []byte {
	var b bytes.Buffer
	w := nar.NewWriter(&b)
	w.WriteHeader(nar.Header{Type: nar.Regular, Size: int64(len(content))})
	io.WriteString(w, content)
	w.Close()
	return b.Bytes()
}

// request is the bytes of a request.
func request(f func(w *wire.Writer)) []byte { return frame(f) }

func addRequest(name string, recursive int, algo string, archive []byte) []byte {
	return request(func(w *wire.Writer) {
		w.Number(uint64(wire.AddToStore))
		w.Text(name)
		w.Number(1)
		w.Number(uint64(recursive))
		w.Text(algo)
		w.Raw().Write(archive)
	})
}

// TestAnswers asks everything that Guix's clients ask, as they ask it.
func TestAnswers(t *testing.T) {
	w := newWorld(t, nil)
	c := w.connect(mallory)
	a := c.addText("a", "hello")
	b := c.addText("b", "see a", a)
	tree := c.text(wire.AddToStore, "tree", 1, 1, "sha256", archive("x"))
	flat := c.text(wire.AddToStore, "flat", 1, 0, "sha512", flatArchive("x"))
	drvPath, out := c.drv("toy")
	number := func(op wire.Op, args ...any) uint64 {
		t.Helper()
		if err := c.ask(op, args...); err != nil {
			t.Errorf("%v: %v", op, err)
		}
		return c.r.Number()
	}
	list := func(op wire.Op, args ...any) []string {
		t.Helper()
		if err := c.ask(op, args...); err != nil {
			t.Errorf("%v: %v", op, err)
		}
		return c.r.Texts()
	}
	equal := func(what string, got, want any) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	equal("a tree is valid", number(wire.IsValidPath, tree), 1)
	equal("an output is not", number(wire.IsValidPath, out), 0)
	equal("nothing can be fetched", number(wire.HasSubstitutes, out), 0)
	equal("references", list(wire.QueryReferences, b), []string{a})
	equal("referrers", list(wire.QueryReferrers, a), []string{b})
	equal("outputs", list(wire.QueryDerivationOutputs, drvPath), []string{out})
	equal("names of outputs", list(wire.QueryDerivationNames, drvPath), []string{"out"})
	equal("valid paths", list(wire.QueryValidPaths, []string{b, out, a, a}), []string{b, a})
	equal("all paths", len(list(wire.QueryAllValidPaths)), 5)
	equal("failed paths", list(wire.QueryFailedPaths), []string{})
	equal("clear failed", number(wire.ClearFailedPaths, []string{a}), 1)
	equal("fetchable paths", list(wire.QuerySubstitutablePaths, []string{a, out}), []string{})
	equal("servers", list(wire.SubstituteURLs), []string{})
	equal("what can be fetched", number(wire.QuerySubstitutableInfos, []string{out}), 0)
	equal("what can be fetched of one", number(wire.QuerySubstitutableInfo, out), 0)
	equal("root", number(wire.AddTempRoot, a), 1)
	equal("sync", number(wire.SyncWithGC), 1)
	equal("by its hash", c.text(wire.QueryPathFromHashPart, a[11:43]), a)
	equal("by no hash", c.text(wire.QueryPathFromHashPart, strings.Repeat("0", 32)), "")
	equal("build", number(wire.BuildPaths, []string{drvPath + "!out", a}, 0), 1)
	equal("an output is valid", number(wire.IsValidPath, out), 1)
	equal("deriver", c.text(wire.QueryDeriver, out), drvPath)
	equal("no deriver", c.text(wire.QueryDeriver, a), "")
	equal("derivers", list(wire.QueryValidDerivers, out), []string{drvPath})
	equal("check", number(wire.BuildPaths, []string{drvPath}, 2), 1)
	equal("ensure", number(wire.EnsurePath, out), 1)
	equal("verify", number(wire.VerifyStore, 1, 0), 0)
	equal("optimise", number(wire.OptimiseStore), 1)
	info, err := w.base.Peek(t.Context(), flat)
	if err != nil {
		t.Fatal(err)
	}
	equal("hash", c.text(wire.QueryPathHash, flat), fmt.Sprintf("%x", info.NarHash))
	if err := c.ask(wire.QueryPathInfo, out); err != nil {
		t.Fatal(err)
	}
	if i := wire.ReadPathInfo(c.r); i.Deriver != drvPath || i.NarSize == 0 || i.Registered == 0 || len(i.Hash) != 64 {
		t.Errorf("info %+v", i)
	}
	link := filepath.Join(t.TempDir(), "link")
	if linkOf(t, mallory, w.base.Physical(a), link) {
		equal("indirect root", number(wire.AddIndirectRoot, link), 1)
		if err := c.ask(wire.FindRoots); err != nil {
			t.Fatal(err)
		}
		equal("roots", c.r.Pairs(), [][2]string{{link, a}})
	}
	c.alive("all of that")
	// A new connection uses nothing of it.
	c.conn.Close()
	c = w.connect(alice)
	collect := func(action wire.GCAction, paths ...string) []string {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			if err := c.ask(wire.CollectGarbage, int(action), paths, 0, -1, 0, 0, 0); err != nil {
				t.Fatalf("collecting: %v", err)
			}
			got := wire.ReadCollected(c.r).Paths
			if len(got) > 0 || time.Now().After(deadline) { // the old one may take a moment to go
				return got
			}
		}
	}
	equal("dead", len(collect(wire.ReturnDead)), 5)
	equal("live", collect(wire.ReturnLive), []string{a})
	equal("deleted", collect(wire.DeleteSpecific, b), []string{b})
	equal("collected", len(collect(wire.DeleteDead)), 4)
	refused(t, "deleting what is kept", c.ask(wire.CollectGarbage, int(wire.DeleteSpecific), []string{a}, 0, -1, 0, 0, 0), a, link)
	w.settled("all of that")
}

// TestInvalidPaths names what is not in the store wherever a path is taken.
func TestInvalidPaths(t *testing.T) {
	w := newWorld(t, nil)
	c := w.connect(mallory)
	for _, p := range []string{
		"", "/", "/etc/passwd", "relative", w.base.Dir(), w.base.Dir() + "/", w.base.Dir() + "/.links", w.base.Dir() + "/../../etc/passwd",
		w.base.Dir() + "/" + strings.Repeat("0", 32) + "-x/y", w.base.Dir() + "/" + strings.Repeat("0", 32) + "-x\x00y", w.base.Dir() + "/" + strings.Repeat("e", 32) + "-x",
		w.base.Dir() + "/" + strings.Repeat("0", 32) + "-" + strings.Repeat("x", 300), w.base.Physical(w.base.Dir()) + "/" + strings.Repeat("0", 32) + "-x", "/gnu/store/" + strings.Repeat("0", 32) + "-x",
	} {
		for _, op := range []wire.Op{
			wire.IsValidPath, wire.QueryPathHash, wire.QueryReferences, wire.QueryReferrers, wire.EnsurePath, wire.AddTempRoot,
			wire.QueryDeriver, wire.QueryDerivationOutputs, wire.QueryPathInfo, wire.QueryDerivationNames, wire.QueryPathFromHashPart, wire.QueryValidDerivers,
		} {
			refused(t, fmt.Sprintf("%v of %q", op, p), c.ask(op, p))
		}
		refused(t, fmt.Sprintf("exporting %q", p), c.ask(wire.ExportPath, p, 0))
		refused(t, fmt.Sprintf("validity of %q", p), c.ask(wire.QueryValidPaths, []string{p}))
		for _, mode := range []int{0, 1, 2} {
			refused(t, fmt.Sprintf("building %q", p), c.ask(wire.BuildPaths, []string{p}, mode))
			refused(t, fmt.Sprintf("building %q", p), c.ask(wire.BuildPaths, []string{p + ".drv"}, mode))
		}
		refused(t, fmt.Sprintf("a reference to %q", p), c.ask(wire.AddTextToStore, "t", "x", []string{p}))
		refused(t, fmt.Sprintf("deleting %q", p), c.ask(wire.CollectGarbage, int(wire.DeleteSpecific), []string{p}, 0, -1, 0, 0, 0))
	}
	for _, name := range []string{"", "a/b", "..", ".x", "a b", "a\x00", strings.Repeat("x", 300)} {
		refused(t, fmt.Sprintf("a text called %q", name), c.ask(wire.AddTextToStore, name, "x", []string{}))
		refused(t, fmt.Sprintf("a tree called %q", name), c.ask(wire.AddToStore, name, 1, 1, "sha256", archive("x")))
	}
	for _, root := range []string{"", "x", "/a/../b", "/a\nb", w.base.Dir() + "/" + strings.Repeat("0", 32) + "-x"} {
		refused(t, fmt.Sprintf("the root %q", root), c.ask(wire.AddIndirectRoot, root))
	}
	refused(t, "a hash function", c.ask(wire.AddToStore, "x", 1, 1, "sha0", archive("x")))
	refused(t, "a build mode", c.ask(wire.BuildPaths, []string{}, 3))
	refused(t, "an action", c.ask(wire.CollectGarbage, 4, []string{}, 0, 0, 0, 0, 0))
	c.alive("all of that")
	if all, err := w.base.All(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("added: %v, %v", all, err)
	}
}

// TestLies sends what is not what it says it is. The client is told why, and the
// connection ends.
func TestLies(t *testing.T) {
	t.Parallel() // it waits more than it works
	w := newWorld(t, func(c *Config) {
		c.Limits = Limits{Text: 1 << 20, Memory: 4 << 20, NAR: 300_000}
	})
	numbers := func(list ...uint64) []byte {
		return request(func(w *wire.Writer) {
			for _, n := range list {
				w.Number(n)
			}
		})
	}
	many := request(func(w *wire.Writer) {
		w.Number(uint64(wire.QueryValidPaths))
		w.Number(1 << 60)
		for range 200_000 {
			w.Text("")
		}
	})
	big := archive(strings.Repeat("x", 400_000))
	deep := request(func(w *wire.Writer) {
		w.Text("nix-archive-1")
		for range 1500 {
			for _, word := range []string{"(", "type", "directory", "entry", "(", "name", "d", "node"} {
				w.Text(word)
			}
		}
	})
	import_ := func(data []byte) []byte {
		return append(numbers(uint64(wire.ImportPaths)), request(func(w *wire.Writer) { w.Bytes(data) })...)
	}
	for name, c := range map[string]struct {
		bytes []byte
		says  string
	}{
		"a long string":                {numbers(uint64(wire.IsValidPath), 1<<40), "1099511627776 bytes"},
		"a longer string":              {numbers(uint64(wire.IsValidPath), 1<<64-1), "is more than is allowed"},
		"a string without zeros":       {append(numbers(uint64(wire.IsValidPath), 1), "abcdefgh"...), "not zero"},
		"many strings":                 {many, "is more than is allowed"},
		"an unknown operation":         {numbers(4242), "operation 4242"},
		"no operation":                 {numbers(0), "operation 0"},
		"an archive that is none":      {addRequest("x", 1, "sha256", []byte("not an archive at all, but long enough")), "archive"},
		"a large archive":              {addRequest("x", 1, "sha256", big), "is more than is allowed"},
		"a large file":                 {addRequest("x", 0, "sha256", flatArchive(strings.Repeat("x", 400_000))), "is more than is allowed"},
		"a folder as a file":           {addRequest("x", 0, "sha256", archive("x")), "regular file"},
		"a deep archive":               {addRequest("x", 1, "sha256", deep), "archive"},
		"a bad name, and no archive":   {addRequest("a/b", 1, "sha256", []byte("not an archive at all, but long enough")), "archive"},
		"more data than was asked for": {import_(make([]byte, 100<<10)), "larger than was asked for"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := w.connect(mallory)
			go conn.conn.Write(c.bytes)
			r := wire.Replies{In: conn.r, Out: wire.NewWriter(io.Discard), Source: strings.NewReader("")}
			conn.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
			refused(t, name, r.Wait(), c.says)
			conn.over(name)
			w.settled(name)
		})
	}
	if all, err := w.base.All(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("added: %v, %v", all, err)
	}
}

// TestGreetings speaks another language.
func TestGreetings(t *testing.T) {
	t.Parallel() // it waits more than it works
	w := newWorld(t, func(c *Config) { c.Limits.Stall = 200 * time.Millisecond })
	for name, b := range map[string][]byte{"HTTP": []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "nothing": nil, "a half": {0x63}} {
		c := w.dial(mallory)
		c.conn.Write(b)
		c.over(name)
	}
	c := w.dial(mallory)
	c.w.Number(wire.ClientMagic)
	c.w.Number(0x105)
	c.w.Flush()
	if c.r.Number() != wire.ServerMagic || c.r.Number() != uint64(wire.Current) {
		t.Error("no greeting")
	}
	refused(t, "an old version", c.answer(), "1.5")
	c.over("an old version")
}

// TestDisconnects ends a connection after every few bytes of requests.
func TestDisconnects(t *testing.T) {
	w := newWorld(t, nil)
	greeting := request(func(w *wire.Writer) {
		for _, n := range []uint64{wire.ClientMagic, uint64(wire.Current), 0, 1} {
			w.Number(n)
		}
	})
	text := request(func(w *wire.Writer) {
		w.Number(uint64(wire.AddTextToStore))
		w.Text("x")
		w.Text("content")
		w.Texts(nil)
	})
	all := slices.Concat(greeting, addRequest("tree", 1, "sha256", archive("x")), text, addRequest("flat", 0, "sha256", flatArchive("y")))
	for n := 0; n < len(all); n += 13 {
		c := w.dial(mallory)
		if _, err := c.conn.Write(all[:n]); err != nil {
			t.Fatal(err)
		}
		c.conn.Close()
	}
	w.settled("many disconnects")
	// What has come whole may have been added; it is whole.
	if err := w.base.Verify(t.Context(), true, func(p store.Problem) { t.Error(p) }, nil); err != nil {
		t.Error(err)
	}
}

// TestStalls lets a client stand still in the midst of things.
func TestStalls(t *testing.T) {
	t.Parallel() // it waits more than it works
	w := newWorld(t, func(c *Config) { c.Limits.Stall = 500 * time.Millisecond })
	add := addRequest("tree", 1, "sha256", archive(strings.Repeat("x", 10_000)))
	for _, n := range []int{1, 8, 30, 200, len(add) - 1} {
		c := w.connect(mallory)
		c.conn.Write(add[:n])
		// Others are not held up, not even by what would be the same path.
		p := w.connect(alice)
		if got := p.text(wire.AddToStore, "tree", 1, 1, "sha256", archive(strings.Repeat("x", 10_000))); got == "" {
			t.Error("nothing was added")
		}
		refused(t, fmt.Sprintf("a stall after %d bytes", n), c.answer(), "silent")
		c.over("a stall")
		p.conn.Close()
	}
	w.settled("stalls")
	// Between operations a client may be silent.
	c := w.connect(mallory)
	time.Sleep(1200 * time.Millisecond)
	c.alive("a rest")
}

// TestClientThatDoesNotRead asks without reading answers.
func TestClientThatDoesNotRead(t *testing.T) {
	t.Parallel() // it waits more than it works
	w := newWorld(t, func(c *Config) { c.Limits.Stall = 300 * time.Millisecond })
	c := w.connect(mallory)
	for i := range 300 {
		c.addText(fmt.Sprintf("text-%d-%s", i, strings.Repeat("x", 150)), "x")
	}
	all := request(func(w *wire.Writer) { w.Number(uint64(wire.QueryAllValidPaths)) })
	c.conn.SetWriteDeadline(time.Now().Add(20 * time.Second))
	var err error
	for err == nil {
		_, err = c.conn.Write(bytes.Repeat(all, 100))
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the daemon goes on reading, or waits for ever")
	}
	w.connect(alice).alive("somebody else's silence")
}

// linkOf makes a link that is the peer's, and says whether this process can do that.
func linkOf(t *testing.T, peer socket.Peer, target, link string) bool {
	t.Helper()
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	return os.Geteuid() == 0 && os.Lchown(link, peer.UID, peer.GID) == nil
}

// TestUsersRoots: a user has a bounded number of roots, which are links of his own, and
// is not told where those of others are.
func TestUsersRoots(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes links of others")
	}
	w := newWorld(t, func(c *Config) { c.Limits = Limits{Roots: 3} })
	hers, his, root := w.connect(alice), w.connect(mallory), w.connect(socket.Peer{Local: true, UID: 0})
	kept := his.addText("kept", "x")
	dir := t.TempDir()
	made := func(peer socket.Peer, name string) string {
		link := filepath.Join(dir, name)
		linkOf(t, peer, w.base.Physical(kept), link)
		return link
	}
	var links []string
	for i := range 4 {
		links = append(links, made(mallory, fmt.Sprint(i)))
	}
	add := func(c *client, link string) error {
		err := c.ask(wire.AddIndirectRoot, link)
		if err == nil {
			c.r.Number()
		}
		return err
	}
	for _, link := range append(links[:3:3], links[2]) { // what is there may be named again
		if err := add(his, link); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, "a root too many", add(his, links[3]), "3 roots already")
	// Those that lead nowhere make room.
	if err := errors.Join(add(root, links[3]), os.Remove(links[0]), add(his, links[3]), add(hers, made(alice, "hers"))); err != nil {
		t.Error(err)
	}
	// What is not there is as what is another's.
	file := filepath.Join(dir, "file")
	if err := errors.Join(os.WriteFile(file, nil, 0o644), os.Lchown(file, alice.UID, alice.GID)); err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{links[1], filepath.Join(dir, "nothing"), file, filepath.Join(file, "x")} {
		refused(t, "the root "+link, add(hers, link), fmt.Sprintf("%q cannot be a root: a link of your own", link))
	}
	for _, c := range []struct {
		of   *client
		want map[string]int
	}{
		{root, map[string]int{links[1]: 1, links[2]: 1, links[3]: 2, filepath.Join(dir, "hers"): 1}},
		{his, map[string]int{links[1]: 1, links[2]: 1, links[3]: 2, censored: 1}},
		{hers, map[string]int{censored: 4, filepath.Join(dir, "hers"): 1}},
	} {
		if err := c.of.ask(wire.FindRoots); err != nil {
			t.Fatal(err)
		}
		names := map[string]int{}
		for _, pair := range c.of.r.Pairs() {
			if !strings.HasPrefix(pair[0], "{temp") { // what goes on is no link
				names[pair[0]]++
			}
		}
		if !maps.Equal(names, c.want) {
			t.Errorf("roots %v, want %v", names, c.want)
		}
	}
}

// TestCounts opens many connections, sends much over them, and asks about much.
func TestCounts(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Limits = Limits{PerUser: 4, Connections: 6, Memory: 1 << 20, Text: 1 << 20, Protected: 1 << 20}
	})
	var held []*client
	for range 4 {
		held = append(held, w.connect(mallory))
	}
	c := w.dial(mallory)
	_, err := wire.Greet(c.r, c.w)
	refused(t, "a connection too many", err, "4 connections")
	c.over("a connection too many")
	held = append(held, w.connect(alice), w.connect(alice))
	c = w.dial(alice)
	_, err = wire.Greet(c.r, c.w)
	refused(t, "a connection too many of all", err, "too many connections")
	root := w.connect(socket.Peer{Local: true, UID: 0})
	root.alive("a full house")
	// Two large strings at a time; the second is too much.
	large := request(func(w *wire.Writer) {
		w.Number(uint64(wire.IsValidPath))
		w.Text(strings.Repeat("x", 600_000))
	})
	held[0].conn.Write(large[:len(large)-8])
	time.Sleep(50 * time.Millisecond)
	go held[1].conn.Write(large)
	refused(t, "too much at a time", held[1].answer(), "too much")
	// Somebody else's share is not touched.
	go held[4].conn.Write(large)
	refused(t, "a long path", held[4].answer())
	held[4].alive("a long path")
	held[0].conn.Write(large[len(large)-8:])
	refused(t, "a long path", held[0].answer())
	// Names of objects that are to be kept.
	var paths []string
	for i := range 12000 {
		q, err := path.MakeText(w.base.Dir(), fmt.Sprintf("%d-%s", i, strings.Repeat("x", 60)), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, q.In(w.base.Dir()))
	}
	for i := 0; i < len(paths); i += 500 {
		of := held[4+i/500%2] // all connections of a user count together
		if err = of.ask(wire.QueryValidPaths, paths[i:i+500]); err != nil {
			break
		}
		of.r.Texts()
	}
	refused(t, "names without end", err, "have been asked about")
	held[4].alive("names without end")
	if err := held[0].ask(wire.QueryValidPaths, paths[:500]); err != nil {
		t.Errorf("another's names: %v", err)
	}
	held[0].r.Texts()
	for _, c := range held {
		c.conn.Close()
	}
	// Whoever has gone makes room.
	for deadline := time.Now().Add(10 * time.Second); ; {
		c := w.dial(mallory)
		if _, err := wire.Greet(c.r, c.w); err == nil {
			c.alive("others have gone")
			break
		} else if time.Now().After(deadline) {
			t.Error(err)
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestPrivileges lets each kind of peer do what only some may.
func TestPrivileges(t *testing.T) {
	key, err := narinfo.GenerateKey("trusted-1", strings.NewReader(strings.Repeat("x", 64)))
	if err != nil {
		t.Fatal(err)
	}
	other, err := narinfo.GenerateKey("trusted-1", strings.NewReader(strings.Repeat("y", 64)))
	if err != nil {
		t.Fatal(err)
	}
	admin := socket.Peer{Local: true, UID: 1000}
	w := newWorld(t, func(c *Config) {
		c.Trusted = func(p socket.Peer) bool { return p.UID == admin.UID }
		c.Keys = func() ([]narinfo.PublicKey, error) { return []narinfo.PublicKey{key.Public()}, nil }
		c.URLs = func() ([]string, error) { return []string{"http://good"}, nil }
		c.Defaults = Options{MaxJobs: 3, Cores: 2, Timeout: time.Hour}
	})
	// Of these, one is made by a build, so that it has to be believed.
	from := newWorld(t, nil)
	fc := from.connect(alice)
	drvPath, out := fc.drv("toy")
	if err := fc.ask(wire.BuildPaths, []string{drvPath}, 0); err != nil {
		t.Fatal(err)
	}
	fc.r.Number()
	text := fc.addText("text", "x")
	export := func(p string, sign func([]byte) string) []byte {
		var b bytes.Buffer
		b.Write(request(func(w *wire.Writer) { w.Number(1) }))
		if err := from.base.ExportObject(t.Context(), &b, p, sign); err != nil {
			t.Fatal(err)
		}
		b.Write(request(func(w *wire.Writer) { w.Number(0) }))
		return b.Bytes()
	}
	signed := func(k narinfo.SecretKey) func([]byte) string { return k.SignExport }
	imports := func(peer socket.Peer, data []byte, options ...[2]string) error {
		c := w.connect(peer)
		defer c.conn.Close()
		if len(options) > 0 {
			c.w.Number(uint64(wire.SetOptions))
			o := wire.Options{Pairs: options}
			o.Write(c.w, wire.Current)
			c.w.Flush()
			if err := c.answer(); err != nil {
				t.Fatal(err)
			}
		}
		c.send(wire.ImportPaths)
		c.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		err := (&wire.Replies{In: c.r, Out: c.w, Source: bytes.NewReader(data)}).Wait()
		if err == nil {
			c.r.Texts()
		}
		c.alive("an import")
		return err
	}
	unsigned := [2]string{wire.OptionUnsigned, "1"}
	refused(t, "an object that is not signed", imports(mallory, export(out, nil)), "not signed")
	refused(t, "an object that who is not trusted vouches for", imports(mallory, export(out, nil), unsigned), "not signed")
	refused(t, "an object that is not signed, unasked", imports(admin, export(out, nil)), "not signed")
	refused(t, "junk for a signature", imports(mallory, export(out, func([]byte) string { return "junk" })), "signature")
	refused(t, "a key that is not trusted", imports(mallory, export(out, signed(other))), "not trusted")
	forged := bytes.Replace(export(out, signed(key)), []byte("toy\x00\x00\x00\x00\x00"), []byte("tox\x00\x00\x00\x00\x00"), 1)
	refused(t, "content that was changed", imports(mallory, forged), "changed")
	refused(t, "content that was changed, whoever sends it", imports(admin, forged), "changed")
	if valid, err := w.base.View(nil).IsValid(t.Context(), out); err != nil || valid {
		t.Fatalf("what nobody believes is valid: %v, %v", valid, err)
	}
	if err := imports(mallory, export(text, nil)); err != nil {
		t.Errorf("a text proves itself: %v", err)
	}
	if err := imports(mallory, export(out, signed(key))); err != nil {
		t.Errorf("signed by a trusted key: %v", err)
	}
	w2 := newWorld(t, nil)
	w2.Server.c.EUID = admin.UID
	w = w2
	if err := imports(admin, export(out, nil), unsigned); err != nil {
		t.Errorf("the owner of the store vouches: %v", err)
	}

	c := w.connect(mallory)
	refused(t, "repairing", c.ask(wire.BuildPaths, []string{out}, 1), "trust")
	refused(t, "repairing all", c.ask(wire.VerifyStore, 0, 1), "trust")
	refused(t, "ignoring what is in use", c.ask(wire.CollectGarbage, 2, []string{}, 1, -1, 0, 0, 0), "in use")
	refused(t, "signing without a key", c.ask(wire.ExportPath, out, 1), "key")
	f := w.connect(far)
	refused(t, "collecting from afar", f.ask(wire.CollectGarbage, 2, []string{}, 0, -1, 0, 0, 0), "machine")
	refused(t, "a root from afar", f.ask(wire.AddIndirectRoot, "/tmp/x"), "machine")
	f.alive("all of that")
}

// TestOptions sets options as one who is trusted and as one who is not.
func TestOptions(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.URLs = func() ([]string, error) { return []string{"http://good"}, nil }
		c.Defaults = Options{MaxJobs: 3, Cores: 2, Timeout: time.Hour, MaxSilent: time.Minute}
	})
	o := wire.Options{KeepFailed: true, KeepGoing: true, UseHook: true, UseSubstitutes: true, PrintTrace: true, Pairs: [][2]string{
		{wire.OptionMaxJobs, "50"}, {wire.OptionCores, "0"}, {wire.OptionTimeout, "0"}, {wire.OptionMaxSilent, "7"}, {wire.OptionRepeat, "99"},
		{wire.OptionURLs, "http://evil http://good/"}, {wire.OptionKeepOutputs, "true"}, {"unheard-of", "x"}, {"user-name", "root"},
	}}
	for _, x := range []struct {
		peer socket.Peer
		want Options
	}{
		{mallory, Options{MaxJobs: 3, Cores: 2, Timeout: time.Hour, MaxSilent: 7 * time.Second, Rounds: 8, KeepFailed: true, KeepGoing: true, Substitutes: true, URLs: []string{"http://good/"}}},
		{far, Options{MaxJobs: 3, Cores: 2, Timeout: time.Hour, MaxSilent: 7 * time.Second, Rounds: 8, KeepGoing: true, Substitutes: true, URLs: []string{"http://good/"}}},
		{socket.Peer{Local: true, UID: 99}, Options{MaxJobs: 50, MaxSilent: 7 * time.Second, Rounds: 100, KeepFailed: true, KeepGoing: true, Substitutes: true, URLs: []string{"http://evil", "http://good/"}, KeepOutputs: true}},
	} {
		c := w.connect(x.peer)
		c.w.Number(uint64(wire.SetOptions))
		o.Write(c.w, wire.Current)
		c.w.Flush()
		if err := c.answer(); err != nil {
			t.Fatal(err)
		}
		drvPath, _ := c.drv(fmt.Sprintf("toy-%d", x.peer.UID))
		if err := c.ask(wire.BuildPaths, []string{drvPath}, 0); err != nil {
			t.Fatal(err)
		}
		if got := w.request.Options; fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", x.want) {
			t.Errorf("%v:\ngot  %+v\nwant %+v", x.peer, got, x.want)
		}
	}
	c := w.connect(mallory)
	// Where nothing may be built on the daemon's machine, nobody has anything built there.
	none := newWorld(t, func(c *Config) { c.Defaults = Options{MaxJobs: -1} })
	for _, peer := range []socket.Peer{mallory, {Local: true, UID: 99}} {
		c := none.connect(peer)
		c.w.Number(uint64(wire.SetOptions))
		o.Write(c.w, wire.Current)
		c.w.Flush()
		if err := c.answer(); err != nil {
			t.Fatal(err)
		}
		drvPath, _ := c.drv(fmt.Sprintf("toy-%d", peer.UID))
		if err := c.ask(wire.BuildPaths, []string{drvPath}, 0); err == nil || none.request.MaxJobs != -1 {
			t.Errorf("%v may have %d jobs on a machine that builds nothing: %v", peer, none.request.MaxJobs, err)
		}
	}
	for name, value := range map[string]string{wire.OptionMaxJobs: "many", wire.OptionCores: "-1", wire.OptionTimeout: "99999999999"} {
		bad := wire.Options{Pairs: [][2]string{{name, value}}}
		c.w.Number(uint64(wire.SetOptions))
		bad.Write(c.w, wire.Current)
		c.w.Flush()
		refused(t, name, c.answer(), name, value)
	}
	c.alive("bad options")
}

// TestWhoLeaves ends connections while builds go on.
func TestWhoLeaves(t *testing.T) {
	t.Parallel() // it waits more than it works
	w := newWorld(t, nil)
	await := func(what string, f func() bool) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); !f(); time.Sleep(2 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal(what)
			}
		}
	}
	c := w.connect(mallory)
	alone, _ := c.drv("alone", "wait")
	c.send(wire.BuildPaths, []string{alone}, 0)
	await("it is not built", func() bool { return w.toy.runs("alone") == 1 })
	c.conn.Close()
	await("a build goes on that nobody waits for", func() bool { return w.toy.runs("alone") == 0 })

	a, b := w.connect(mallory), w.connect(alice)
	shared, out := a.drv("shared", "sleep", "sleep", "print 3")
	a.send(wire.BuildPaths, []string{shared}, 0)
	await("it is not built", func() bool { return w.toy.runs("shared") == 1 })
	var log bytes.Buffer
	answered := make(chan error, 1)
	b.send(wire.BuildPaths, []string{shared}, 0)
	go func() {
		answered <- (&wire.Replies{In: b.r, Out: b.w, Log: func(p []byte) { log.Write(p) }}).Wait()
	}()
	await("nobody joined", func() bool { return w.sharing.Waiting() == 2 })
	a.conn.Close()
	if err := <-answered; err != nil {
		t.Errorf("who waited: %v", err)
	}
	b.r.Number()
	if !strings.Contains(log.String(), "building "+shared) || !strings.Contains(log.String(), "line 2") {
		t.Errorf("who waited was told %q", log.String())
	}
	if valid, err := w.base.View(nil).IsValid(t.Context(), out); err != nil || !valid {
		t.Errorf("valid: %v, %v", valid, err)
	}
	if n := len(w.toy.ended); n != 2 {
		t.Errorf("%d builds", n)
	}
}

// TestNoisyBuild lets a builder print more than its client takes.
func TestNoisyBuild(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Stall = 5 * time.Minute })
	c := w.connect(mallory)
	noisy, _ := c.drv("noisy", "print 30000")
	c.send(wire.BuildPaths, []string{noisy}, 0)
	// The client takes nothing before the builder has ended.
	for deadline := time.Now().Add(2 * time.Minute); len(w.toy.done()) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the builder waits for its client")
		}
	}
	var log bytes.Buffer
	if err := (&wire.Replies{In: c.r, Out: c.w, Log: func(p []byte) { log.Write(p) }}).Wait(); err != nil {
		t.Fatal(err)
	}
	c.r.Number()
	if !strings.Contains(log.String(), "are left out") {
		t.Errorf("of %d bytes none is said to be left out", log.Len())
	}
	c.alive("a noisy build")
}

func (e *toy) done() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.ended)
}
