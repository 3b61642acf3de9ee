package daemon

import (
	"bytes"
	"path/filepath"
	"runtime"
	"testing"

	"fruix/builder/socket"
	"fruix/store/wire"
)

// bytesSource is a client that has sent all that it will.
type bytesSource struct{ *bytes.Reader }

func (s bytesSource) ready() bool { return s.Len() > 0 }
func (s bytesSource) expect(bool) {}

// counter counts what it is sent.
type counter struct{ n int }

func (c *counter) send(b []byte) error { c.n += len(b); return nil }
func (c *counter) spare(b []byte)      { c.n += len(b) }
func (c *counter) taken()              {}

// FuzzConnection serves clients that send arbitrary bytes. There must be no fault,
// no memory without end, and nothing half made.
func FuzzConnection(f *testing.F) {
	add := func(write func(w *wire.Writer)) { f.Add(frame(write)) }
	p := "/frx/store/00000000000000000000000000000000-x"
	for op := range operations() {
		add(func(w *wire.Writer) {
			w.Number(uint64(op))
			w.Text(p)
			w.Number(1)
			w.Number(1)
			w.Text("sha256")
		})
		add(func(w *wire.Writer) {
			w.Number(uint64(op))
			w.Texts([]string{p, p + ".drv!out"})
			w.Number(0)
		})
		add(func(w *wire.Writer) {
			w.Number(uint64(op))
			w.Number(2)
			w.Texts(nil)
			for range 9 {
				w.Number(0)
			}
			w.Pairs([][2]string{{wire.OptionCores, "1"}})
		})
	}
	f.Add(addRequest("x", 1, "sha256", archive("content")))
	f.Add(addRequest("x", 0, "sha1", flatArchive("content")))
	add(func(w *wire.Writer) {
		for _, refs := range [][]string{nil, {p}} {
			w.Number(uint64(wire.AddTextToStore))
			w.Text("x.drv")
			w.Text(`Derive([("out","/frx/store/00000000000000000000000000000000-x","","")],[],[],"s","/b",[],[("out","")])`)
			w.Texts(refs)
		}
	})
	add(func(w *wire.Writer) {
		w.Number(uint64(wire.ImportPaths))
		w.Bytes(frame(func(w *wire.Writer) {
			w.Number(1)
			w.Raw().Write(flatArchive("x"))
			w.Number(0x4558494e)
			w.Text(p)
			w.Texts([]string{p})
			w.Text("")
			w.Number(1)
			w.Text("key:AAAA")
			w.Number(0)
		}))
	})
	world := newWorld(f, func(c *Config) {
		c.Limits = Limits{Text: 1 << 16, Memory: 1 << 18, NAR: 1 << 16}
	})
	greeting := frame(func(w *wire.Writer) {
		for _, n := range []uint64{wire.ClientMagic, uint64(wire.Current), 0, 1} {
			w.Number(n)
		}
	})
	f.Fuzz(func(t *testing.T, data []byte) {
		acct, err := world.accounts.open(userOf(mallory), false)
		if err != nil {
			t.Fatal(err)
		}
		var out counter
		run := func(in []byte, peer socket.Peer) {
			c := &conn{s: world.Server, peer: peer, acct: acct, in: bytesSource{bytes.NewReader(in)}, out: &out}
			c.run(t.Context(), nil)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		run(data, mallory)
		run(append(bytes.Clone(greeting), data...), mallory)
		world.wg.Wait()
		runtime.ReadMemStats(&after)
		world.accounts.close(userOf(mallory))
		if acct.memory != 0 {
			t.Errorf("%d bytes are still charged", acct.memory)
		}
		if taken, bound := after.TotalAlloc-before.TotalAlloc, uint64(16<<20+4096*len(data)); taken > bound {
			t.Errorf("%d bytes were taken for %d", taken, len(data))
		}
		for _, left := range []string{world.base.Physical(world.base.Dir()) + "/.tmp/*", world.base.StatePath("locks", "*")} {
			if names, _ := filepath.Glob(left); len(names) > 0 {
				t.Errorf("left: %v", names)
			}
		}
		if len(world.faults) > 0 {
			t.Errorf("faults: %q", world.faults)
		}
	})
}
