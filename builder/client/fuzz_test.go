package client_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fruix/builder"
	"fruix/builder/client"
	"fruix/store"
	"fruix/store/hash"
	"fruix/store/wire"
)

// scripted is a daemon that says what it says, whatever it is asked.
type scripted struct {
	*bytes.Reader
	sent int
}

func (s *scripted) Write(b []byte) (int, error)      { s.sent += len(b); return len(b), nil }
func (s *scripted) Close() error                     { s.Reset(nil); return nil }
func (s *scripted) LocalAddr() net.Addr              { return nil }
func (s *scripted) RemoteAddr() net.Addr             { return nil }
func (s *scripted) SetDeadline(time.Time) error      { return nil }
func (s *scripted) SetReadDeadline(time.Time) error  { return nil }
func (s *scripted) SetWriteDeadline(time.Time) error { return nil }

// FuzzDaemon is a client of a daemon that answers with arbitrary bytes: whatever it
// does with them, it ends.
func FuzzDaemon(f *testing.F) {
	answer := func(write func(w *wire.Writer)) []byte {
		var b bytes.Buffer
		w := wire.NewWriter(&b)
		write(w)
		w.Flush()
		return b.Bytes()
	}
	p := "/frx/store/00000000000000000000000000000000-x.drv"
	for method := range 18 {
		f.Add(method, answer(func(w *wire.Writer) { w.Done(); w.Number(1) }))
		f.Add(method, answer(func(w *wire.Writer) { w.Done(); w.Text(p) }))
		f.Add(method, answer(func(w *wire.Writer) { w.Done(); w.Number(1); w.Done(); w.Texts([]string{p, p}) }))
		f.Add(method, answer(func(w *wire.Writer) { w.Log("@ fruix-failure {}\n@ build-log 1 5\nx"); w.Refuse("no", 100) }))
		f.Add(method, answer(func(w *wire.Writer) { w.Want(1 << 40); w.Data([]byte("x")); w.Done(); w.Pairs([][2]string{{p, p}}) }))
		f.Add(method, answer(func(w *wire.Writer) {
			w.Done()
			(&wire.PathInfo{Hash: "00", References: []string{p}}).Write(w)
		}))
	}
	dir := f.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
		f.Fatal(err)
	}
	place, err := store.NewPlace(dir, "", "")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method int, data []byte) {
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
		defer stop()
		greeting := answer(func(w *wire.Writer) {
			w.Number(wire.ServerMagic)
			w.Number(uint64(wire.Current))
			w.Done()
			w.Done()
		})
		dials := 0
		c, err := client.Connect(ctx, client.Options{Address: "x", Place: place, Dial: func(context.Context, string) (net.Conn, error) {
			if dials++; dials > 3 {
				return nil, net.ErrClosed
			}
			return &scripted{Reader: bytes.NewReader(append(bytes.Clone(greeting), data...))}, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		b := store.NewBatch(c)
		b.AddText("a", []byte("x"), nil)
		b.AddText("b", []byte("x"), nil)
		for _, f := range []func(){
			func() { c.IsValid(ctx, p) }, func() { c.ValidMany(ctx, []string{p}) }, func() { c.Info(ctx, p) }, func() { c.Closure(ctx, p) },
			func() { c.Why(ctx, p, p) }, func() { c.ReadDerivation(ctx, p) }, func() { b.Flush(ctx) },
			func() { c.AddPath(ctx, "file", file, store.AddOptions{Recursive: true}) }, func() { c.AddNAR(ctx, "x", bytes.NewReader(nil), hash.SHA256, nil) },
			func() { c.Build(ctx, nil, builder.Target{Drv: p}) }, func() { c.Check(ctx, nil, p) }, func() { c.Roots(ctx) },
			func() { c.Liveness(ctx, store.CollectOptions{KeepOutputs: true}) }, func() { c.Verify(ctx, true, func(store.Problem) {}, nil) },
			func() { c.Optimise(ctx, nil) }, func() { c.Export(ctx, io.Discard, []string{p}, true, true) },
			func() { c.Import(ctx, bytes.NewReader([]byte("data")), true) }, func() { c.AddRoot(ctx, filepath.Join(dir, "root"), p) },
		}[max(0, method%18):] {
			f()
			break
		}
		if ctx.Err() != nil {
			t.Error("it does not end")
		}
	})
}
