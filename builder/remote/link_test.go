package remote_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fruix/builder/buildtest"
	"fruix/builder/plan"
	"fruix/builder/remote"
	"fruix/builder/remote/protocol"
	"fruix/builder/remote/serve"
)

// cutting is a connection that breaks.
type cutting struct {
	io.ReadWriteCloser
	left *atomic.Int64 // bytes in both directions until it breaks
}

func (c *cutting) use(n int) error {
	if c.left.Add(-int64(n)) < 0 {
		c.ReadWriteCloser.Close()
		return errors.New("cut")
	}
	return nil
}

func (c *cutting) Read(b []byte) (int, error) {
	n, err := c.ReadWriteCloser.Read(b)
	if cut := c.use(n); cut != nil {
		return 0, cut
	}
	return n, err
}

func (c *cutting) Write(b []byte) (int, error) {
	if err := c.use(len(b)); err != nil {
		return 0, err
	}
	return c.ReadWriteCloser.Write(b)
}

// unavailable checks that an error says that the machine, not the build, is to blame.
func unavailable(t *testing.T, err error, lost bool) {
	t.Helper()
	var u *plan.UnavailableError
	var failed *plan.FailedError
	if !errors.As(err, &u) || errors.As(err, &failed) || u.Lost != lost {
		t.Errorf("%#v", err)
	}
}

// empty checks that nothing half made is left in a store.
func empty(t *testing.T, w *buildtest.World) {
	t.Helper()
	if l := w.Litter(); len(l) > 0 {
		t.Errorf("litter: %v", l)
	}
}

// TestCut breaks the connection after so many bytes, wherever that may be. Nothing
// hangs, nothing half made is believed, and the machine is clean afterwards.
func TestCut(t *testing.T) {
	w := buildtest.New(t)
	req := w.Request(w.Drv("d", "echo at work ; mkdir out ; add out a "+strings.Repeat("x", 300)+" ; add out b y", nil))
	limits := []int64{0, 100, 250, 400, 500, 700, 1000, 2000, 10000, 100000}
	for i := range 12 {
		limits = append(limits, 600_000+int64(i)*200_000)
	}
	done := 0
	for _, limit := range limits {
		f := newFar(t)
		left := new(atomic.Int64)
		left.Store(limit)
		dial := func(ctx context.Context) (io.ReadWriteCloser, error) {
			c, err := f.dial(ctx)
			return &cutting{c, left}, err
		}
		l, err := remote.Connect(w.Ctx, dial, remote.LinkOptions{Name: "far", Store: w.Store, Program: "test", Parallel: 1})
		if err != nil {
			var lost *remote.LostError
			if !errors.As(err, &lost) {
				t.Errorf("%d: %v", limit, err)
			}
		} else {
			res, log, err := w.Execute(w.Ctx, executor{l}, req)
			if err == nil {
				done++
				if b, err := os.ReadFile(res.Outputs["out"] + "/b"); string(b) != "y" || log.String() != "at work\n" {
					t.Errorf("%d: %q %v, log %q", limit, b, err, log)
				}
			} else {
				unavailable(t, err, true)
			}
			l.Close()
		}
		select {
		case <-f.ended:
		case <-time.After(10 * time.Second):
			t.Fatalf("%d: the server goes on", limit)
		}
		empty(t, &buildtest.World{TB: t, Ctx: t.Context(), Store: f.store})
	}
	if done == 0 || done == len(limits) {
		t.Errorf("%d of %d went well", done, len(limits))
	}
}

// TestKilled kills the machine's process in the midst of a build.
func TestKilled(t *testing.T) {
	w := buildtest.New(t)
	root := t.TempDir()
	far := buildtest.In(t, root, nil)
	var cmd *exec.Cmd
	dial := func(context.Context) (io.ReadWriteCloser, error) {
		exe, err := os.Executable()
		must(t, err)
		cmd = exec.Command(exe)
		cmd.Env = append(os.Environ(), envServe+"="+root)
		return remote.Start(cmd)
	}
	l, err := remote.Connect(w.Ctx, dial, remote.LinkOptions{Name: "far", Store: w.Store, Program: "test", Parallel: 1})
	must(t, err)
	defer l.Close()
	req := w.Request(w.Drv("d", "write out half ; echo here ; wait /never/killed", nil))
	place, err := w.Store.TempOutput(req.Outputs[0].Path)
	must(t, err)
	log := killer{kill: func() { cmd.Process.Kill() }}
	start := time.Now()
	_, err = executor{l}.Execute(w.Ctx, req, plan.IO{Scratch: filepath.Dir(place), Physical: w.Store.Physical, Log: &log})
	unavailable(t, err, true)
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("after %v", took)
	}
	must(t, w.Store.Discard(place))
	empty(t, w)
	// What was left over there goes with the next command.
	next, err := remote.Connect(w.Ctx, child(root), remote.LinkOptions{Name: "far", Store: w.Store, Program: "test", Parallel: 1})
	must(t, err)
	must(t, next.Close())
	empty(t, far)
	for start := time.Now(); running("/never/killed"); time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > 30*time.Second {
			t.Fatal("the builder goes on")
		}
	}
}

// running says whether a process has mark among its arguments.
func running(mark string) bool {
	processes, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range processes {
		if line, _ := os.ReadFile(p); bytes.Contains(line, []byte(mark+"\x00")) {
			return true
		}
	}
	return false
}

// killer calls kill at the first write.
type killer struct {
	kill func()
	once sync.Once
}

func (k *killer) Write(b []byte) (int, error) {
	k.once.Do(k.kill)
	return len(b), nil
}

// pretend connects to f, which plays the server.
func pretend(f func(in *bufio.Reader, c net.Conn)) remote.Dialer {
	return func(context.Context) (io.ReadWriteCloser, error) {
		here, there := net.Pipe()
		go func() {
			defer there.Close()
			f(bufio.NewReader(there), there)
		}()
		return here, nil
	}
}

func greeted(c net.Conn) {
	h := protocol.Hello{Versions: protocol.Versions(), StoreDir: "/frx/store", Program: "x", Cores: 1}
	h.Write(c)
}

// says is a server that greets and then says text, whatever it is asked. It leaves
// the end to the other side: a connection that it ended might be found lost by who
// writes before who reads finds that what came makes no sense.
func says(text []byte) func(in *bufio.Reader, c net.Conn) {
	return func(in *bufio.Reader, c net.Conn) {
		greeted(c)
		go c.Write(text)
		io.Copy(io.Discard, in)
	}
}

// TestStrangeServers: whatever the other side says, there is an error that tells of
// it, and soon.
func TestStrangeServers(t *testing.T) {
	w := buildtest.New(t)
	noise := make([]byte, 1<<16)
	rand.NewChaCha8([32]byte{7}).Read(noise)
	for name, c := range map[string]struct {
		server func(in *bufio.Reader, c net.Conn)
		want   string // of the error
	}{
		"nothing":      {func(*bufio.Reader, net.Conn) {}, "ended without a greeting"},
		"shell":        {func(_ *bufio.Reader, c net.Conn) { io.WriteString(c, "sh: fruix: not found\n") }, `says "sh: fruix: not found"`},
		"noise":        {func(_ *bufio.Reader, c net.Conn) { c.Write(noise) }, "does not greet as fruix does"},
		"version":      {func(_ *bufio.Reader, c net.Conn) { (&protocol.Hello{Versions: []int{9}, Program: "7"}).Write(c) }, "fruix 7 over there speaks version 9 of the protocol, this one 1"},
		"refusal":      {func(_ *bufio.Reader, c net.Conn) { serve.Refuse(c, errors.New("closed today")) }, "it refuses: closed today"},
		"then noise":   {says(noise), "makes no sense"},
		"then zeros":   {says(make([]byte, 1<<16)), "makes no sense"},
		"then text":    {says([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")), "makes no sense"},
		"then the end": {func(in *bufio.Reader, c net.Conn) { greeted(c); in.ReadString('\n') }, "is lost"},
		"then silence": {func(in *bufio.Reader, c net.Conn) { greeted(c); io.Copy(io.Discard, in) }, "does not answer any more"},
		"an echo":      {func(in *bufio.Reader, c net.Conn) { greeted(c); in.ReadString('\n'); io.Copy(c, in) }, "makes no sense"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			l, err := remote.Connect(w.Ctx, pretend(c.server), remote.LinkOptions{
				Name: "far", Store: w.Store, Program: "test", Parallel: 1, Heartbeat: 200 * time.Millisecond,
			})
			lost := strings.HasPrefix(name, "then") || strings.HasPrefix(name, "an")
			if err == nil {
				defer l.Close()
				_, _, err = w.Execute(w.Ctx, executor{l}, w.Request(w.Drv("d", "write out x", nil)))
				unavailable(t, err, lost)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Error(err)
			}
			if took := time.Since(start); took > 15*time.Second {
				t.Errorf("after %v", took)
			}
		})
	}
}

// TestLies plays a machine that answers, but wrongly. Nothing of that gets beyond
// the scratch folder, and the error is not taken for the build's.
func TestLies(t *testing.T) {
	w := buildtest.New(t)
	req := w.Request(w.Drv("d", "write out x", nil))
	base := filepath.Base(req.Outputs[0].Path)
	packer, err := protocol.NewPacker()
	must(t, err)
	var nar bytes.Buffer
	must(t, w.Store.DumpNAR(w.Ctx, w.Program, &nar))
	info, err := w.Store.Info(w.Ctx, w.Program)
	must(t, err)
	hash := fmt.Sprintf("sha256:%x", info.NarHash)
	object := func(name, hash string, size int64, archive []byte) func(*protocol.Writer) {
		return func(out *protocol.Writer) {
			out.SendObject(&protocol.Info{Name: name, NarHash: hash, NarSize: size}, func(to io.Writer) error {
				_, err := to.Write(archive)
				return err
			})
			out.Send(protocol.Done, protocol.Summary{})
		}
	}
	size := info.NarSize
	flood := func(out *protocol.Writer) {
		for out.Send(protocol.Log, "words ") == nil && out.Flush() == nil {
		}
	}
	req.Constraints.MaxLog = 1 << 20
	for name, c := range map[string]struct {
		answer func(out *protocol.Writer)
		want   string
	}{
		"another output": {object(filepath.Base(w.Program), hash, size, nar.Bytes()), "no output that was asked for"},
		"a path":         {object("../../../etc/passwd", hash, size, nar.Bytes()), "breaks the protocol"},
		"another hash":   {object(base, "sha256:"+strings.Repeat("0", 64), size, nar.Bytes()), "another hash"},
		"no hash":        {object(base, "", size, nar.Bytes()), "breaks the protocol"},
		"longer":         {object(base, hash, size-1, nar.Bytes()), ""},
		"shorter":        {object(base, hash, size+8, nar.Bytes()), "another hash"},
		"cut":            {object(base, hash, size, nar.Bytes()[:100000]), ""},
		"no archive":     {object(base, hash, 1000, []byte("hello, this is no archive at all, but some text")), ""},
		"the truth":      {object(base, hash, size, nar.Bytes()), "none"},
		"twice": {func(out *protocol.Writer) {
			for range 2 {
				out.SendObject(&protocol.Info{Name: base, NarHash: hash, NarSize: size}, func(to io.Writer) error {
					_, err := to.Write(nar.Bytes())
					return err
				})
			}
		}, "comes twice"},
		"no end":       {func(out *protocol.Writer) { out.Send(protocol.Started, nil) }, "without its last message"},
		"no message":   {func(out *protocol.Writer) { out.Send('?', nil) }, "a message of the kind"},
		"wrong type":   {func(out *protocol.Writer) { out.Send(protocol.Done, "[]") }, "breaks the protocol"},
		"out of place": {func(out *protocol.Writer) { out.Send(protocol.Have, "x") }, "a message of kind"},
		"flood": {func(out *protocol.Writer) {
			out.Send(protocol.Started, nil)
			flood(out)
		}, "it printed more than the limit"},
		"flood before": {flood, "breaks the protocol"},
		"flood behind": {func(out *protocol.Writer) {
			out.Send(protocol.Started, nil)
			object(base, hash, size, nar.Bytes())(out)
			flood(out)
		}, "none"},
	} {
		l, err := remote.Connect(w.Ctx, liar(packer, c.answer), remote.LinkOptions{Name: "far", Store: w.Store, Program: "test", Parallel: 1})
		must(t, err)
		place, err := w.Store.TempOutput(req.Outputs[0].Path)
		must(t, err)
		_, err = executor{l}.Execute(w.Ctx, req, plan.IO{Scratch: filepath.Dir(place), Physical: w.Store.Physical, Log: io.Discard})
		switch {
		case c.want == "none":
			must(t, err)
		case name == "flood": // it may well be the builder's
			if !strings.Contains(fmt.Sprint(err), c.want) {
				t.Errorf("%s: %v", name, err)
			}
		default:
			unavailable(t, err, false)
			if !strings.Contains(fmt.Sprint(err), c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		must(t, w.Store.Discard(place))
		must(t, l.Close())
	}
	empty(t, w)
}

// TestSlowOutput takes an output that comes slowly, from a machine that would be told if
// the build were to end.
func TestSlowOutput(t *testing.T) {
	w := buildtest.New(t)
	req := w.Request(w.Drv("d", "write out x", nil))
	req.Constraints.Timeout = time.Hour
	packer, err := protocol.NewPacker()
	must(t, err)
	var nar bytes.Buffer
	must(t, w.Store.DumpNAR(w.Ctx, w.Program, &nar))
	info, err := w.Store.Info(w.Ctx, w.Program)
	must(t, err)
	l, err := remote.Connect(w.Ctx, liar(packer, func(out *protocol.Writer) {
		out.Send(protocol.Started, nil)
		out.SendObject(&protocol.Info{
			Name: filepath.Base(req.Outputs[0].Path), NarHash: fmt.Sprintf("sha256:%x", info.NarHash), NarSize: info.NarSize,
		}, func(to io.Writer) error {
			half := nar.Len() / 2
			to.Write(nar.Next(half))
			time.Sleep(600 * time.Millisecond) // for longer than this side waits for a build that it ends
			_, err := to.Write(nar.Bytes())
			return err
		})
		out.Send(protocol.Done, protocol.Summary{})
	}), remote.LinkOptions{Name: "far", Store: w.Store, Program: "test", Parallel: 1})
	must(t, err)
	defer l.Close()
	place, err := w.Store.TempOutput(req.Outputs[0].Path)
	must(t, err)
	defer w.Store.Discard(place)
	_, err = executor{l}.Execute(w.Ctx, req, plan.IO{Scratch: filepath.Dir(place), Physical: w.Store.Physical, Log: io.Discard})
	must(t, err)
}

// liar connects to a machine that lacks nothing and answers builds so.
func liar(p *protocol.Packer, answer func(*protocol.Writer)) remote.Dialer {
	return pretend(func(in *bufio.Reader, c net.Conn) {
		greeted(c)
		in.ReadString('\n')
		mux := http.NewServeMux()
		mux.HandleFunc("/lack", func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			p.WriteText(w, nil)
		})
		mux.HandleFunc("/build", func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			out := p.NewWriter(w, nil)
			answer(out)
			out.Flush()
		})
		server := http.Server{Handler: mux, Protocols: protocol.Protocols()}
		server.Serve(protocol.Listen(protocol.Conn(in, c)))
	})
}
