package lang

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fruix/store"
	"fruix/store/nar"
	"fruix/store/tree"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

// batched is a store as a session sees it.
type batched struct{ *store.Store }

func (b batched) NewBatch() (*store.Batch, error) { return b.Store.NewBatch(), nil }

// workerClient speaks with a worker as a program does: what it has written is answered
// when it reads.
type workerClient struct {
	testing.TB
	worker   *worker
	session  *Session
	requests bytes.Buffer
	answers  bytes.Buffer
	r        *wire.Reader
	w        *wire.Writer
}

// Read implements io.Reader.
func (c *workerClient) Read(b []byte) (int, error) {
	if c.answers.Len() == 0 && c.requests.Len() > 0 {
		text, err := c.worker.answer(c.Context(), c.requests.Bytes())
		c.requests.Reset()
		if err != nil {
			return 0, err
		}
		c.answers.Write(text)
	}
	return c.answers.Read(b)
}

func newWorkerClient(t testing.TB, build func(context.Context, []*Derivation) error) *workerClient {
	t.Helper()
	root, err := os.MkdirTemp("", "fruix-worker-")
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), store.Config{Root: root, Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(st.Close(), tree.Remove(root)); err != nil {
			t.Error(err)
		}
	})
	s := NewSession(Config{Store: batched{st}, Build: build})
	c := &workerClient{TB: t, session: s, worker: &worker{session: s, operations: operations()}}
	c.r, c.w = wire.NewReader(c, wire.DefaultLimits), wire.NewWriter(&c.requests)
	if v, err := wire.Greet(c.r, c.w); err != nil || v != wire.Current {
		t.Fatalf("version %v, %v", v, err)
	}
	return c
}

// asked does an operation; more is what follows the arguments.
func asked[A, R any](c *workerClient, call calls.Call[A, R], args A, more ...byte) (results R, err error) {
	call.Ask(c.w, args)
	c.w.Raw().Write(more)
	if err := c.w.Flush(); err != nil {
		c.Fatal(err)
	}
	if err := (&wire.Replies{In: c.r, Out: c.w}).Wait(); err != nil {
		return results, err
	}
	results = call.Results(c.r)
	return results, c.r.Err()
}

// archiveOf is the archive of a file.
func archiveOf(content string) []byte {
	var b bytes.Buffer
	w := nar.NewWriter(&b)
	if err := w.WriteHeader(nar.Header{Type: nar.Regular, Size: int64(len(content))}); err != nil {
		panic(err)
	}
	io.WriteString(w, content)
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestWorker(t *testing.T) {
	var built []string
	c := newWorkerClient(t, func(_ context.Context, drvs []*Derivation) error {
		for _, d := range drvs {
			built = append(built, filepath.Base(d.Path)[33:])
		}
		return nil
	})
	same := func(what string, err error, got, want any) {
		t.Helper()
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, %v; want %v", what, got, err, want)
		}
	}
	refused := func(what string, err error, words string) {
		t.Helper()
		var remote *wire.RemoteError
		if !errors.As(err, &remote) || !strings.Contains(remote.Message, words) || remote.Status != wire.StatusFailed {
			t.Errorf("%s: %v, want %q", what, err, words)
		}
	}
	_, err := asked(c, calls.SetOptions(wire.Current), wire.Options{KeepGoing: true, Pairs: [][2]string{{"x", "y"}}})
	same("options", err, nil, nil)

	// What is added is valid, and has the path that it would have otherwise.
	text, err := asked(c, calls.AddTextToStore(), calls.Text{Name: "text", Content: []byte("words")})
	same("text", err, strings.HasSuffix(text, "-text"), true)
	user, err := asked(c, calls.AddTextToStore(), calls.Text{Name: "user", Content: []byte(text), References: []string{text}})
	same("text", err, strings.HasSuffix(user, "-user"), true)
	archive := archiveOf("content")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("content"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, recursive := range []bool{true, false} {
		want, err := store.PathOf(t.Context(), c.session.Store.Dir(), "file", file, store.AddOptions{Recursive: recursive})
		if err != nil {
			t.Fatal(err)
		}
		got, err := asked(c, calls.AddToStore(), calls.Tree{Name: "file", Recursive: recursive, Algo: "sha256"}, archive...)
		same("tree", err, got, want)
	}
	_, err = asked(c, calls.AddToStore(), calls.Tree{Name: "file", Recursive: true, Algo: "sha0"}, archive...)
	refused("a hash function", err, "sha0")
	_, err = asked(c, calls.AddToStore(), calls.Tree{Name: "file", Algo: "sha256"}, []byte("no archive at all")...)
	refused("no archive", err, "")

	// What is asked.
	none := c.session.Store.Dir() + "/" + strings.Repeat("0", 32) + "-none"
	valid, err := asked(c, calls.IsValidPath(), user)
	same("valid", err, valid, true)
	valid, err = asked(c, calls.IsValidPath(), none)
	same("not valid", err, valid, false)
	several, err := asked(c, calls.QueryValidPaths(), []string{none, user})
	same("valid ones", err, several, []string{user})
	refs, err := asked(c, calls.QueryReferences(), user)
	same("references", err, refs, []string{text})
	info, err := asked(c, calls.QueryPathInfo(), user)
	same("info", err, info.References, []string{text})
	sum, err := asked(c, calls.QueryPathHash(), user)
	same("hash", err, sum, info.Hash)
	if b, err := hex.DecodeString(sum); err != nil || len(b) != 32 {
		t.Errorf("hash %q", sum)
	}
	for _, op := range []calls.Call[string, calls.None]{calls.EnsurePath(), calls.AddTempRoot()} {
		_, err = asked(c, op, user)
		same(op.Op.String(), err, nil, nil)
	}
	_, err = asked(c, calls.EnsurePath(), none)
	refused("what is not there", err, "is not valid, and nobody else is asked for it")
	has, err := asked(c, calls.HasSubstitutes(), none)
	same("substitutes", err, has, false)
	infos, err := asked(c, calls.QuerySubstitutableInfos(), []string{none})
	same("substitutes", err, len(infos), 0)
	builtins, err := asked(c, calls.BuiltinBuilders(), calls.None{})
	same("builders", err, builtins, []string{"download"})

	// Derivations.
	const drvText = `Derive([("out","%s","",""),("lib","%s","","")],[],[],"x86_64-linux","/b",[],[("name","d"),("out","%s"),("lib","%s")])`
	blank, err := asked(c, calls.AddTextToStore(), calls.Text{Name: "d.drv", Content: fmt.Appendf(nil, drvText, none, none, none, none)})
	if err == nil {
		_, err = asked(c, calls.QueryDerivationOutputs(), blank)
	}
	refused("a derivation with outputs of another", err, "")
	_, err = asked(c, calls.BuildPaths(), calls.Things{Names: []string{text, none + ".drv!out,lib"}})
	same("building", err, built, []string{"none.drv"})
	_, err = asked(c, calls.BuildPaths(), calls.Things{Names: []string{none}})
	refused("what is no derivation", err, "is not valid, and nobody else is asked for it")
	_, err = asked(c, calls.BuildPaths(), calls.Things{Names: []string{text}, Mode: wire.BuildCheck})
	refused("checking", err, "repairing and checking builds is not offered to programs that declare builds")
	_, err = asked(c, calls.QueryReferrers(), text)
	refused("what is for commands", err, "asking for referrers is not offered to programs that declare builds; use the command fruix for it")
	valid, err = asked(c, calls.IsValidPath(), text)
	same("afterwards", err, valid, true)
}

// TestWorkerNonsense sends what is no request.
func TestWorkerNonsense(t *testing.T) {
	whole := func(f func(w *wire.Writer)) []byte {
		var b bytes.Buffer
		w := wire.NewWriter(&b)
		f(w)
		w.Flush()
		return b.Bytes()
	}
	text := whole(func(w *wire.Writer) {
		calls.AddTextToStore().Ask(w, calls.Text{Name: "name", Content: []byte("content"), References: []string{"x"}})
	})
	for n := 1; n < len(text); n++ {
		c := newWorkerClientOnly(t)
		if _, err := c.worker.answer(t.Context(), slices.Clone(text[:n])); err == nil || err.Error() != "worker protocol: the message ends too early" {
			t.Errorf("%d bytes of a request: %v", n, err)
		}
	}
	for what, request := range map[string][]byte{
		"operation 9999 is unknown": whole(func(w *wire.Writer) { w.Number(9999) }),
		"not zero":                  append(whole(func(w *wire.Writer) { w.Number(uint64(wire.IsValidPath)); w.Number(1) }), "xxxxxxxx"...),
		"more than is allowed":      whole(func(w *wire.Writer) { w.Number(uint64(wire.IsValidPath)); w.Number(1 << 60) }),
	} {
		c := newWorkerClientOnly(t)
		if _, err := c.worker.answer(t.Context(), request); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	w := &worker{operations: operations()}
	if _, err := w.answer(t.Context(), whole(func(w *wire.Writer) { w.Number(1) })); err == nil || !strings.Contains(err.Error(), "does not greet as clients do") {
		t.Errorf("a stranger: %v", err)
	}
}

// newWorkerClientOnly is one that has greeted, whose worker has no store.
func newWorkerClientOnly(t testing.TB) *workerClient {
	t.Helper()
	return &workerClient{TB: t, worker: &worker{operations: operations(), greeted: 2, version: wire.Current}}
}
