package repl

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fruix/interp"
)

// host is an engine with a server, whose owner does nothing but wait.
type host struct {
	server *Server
	mu     sync.Mutex
	warned []string
	stop   func()
}

func serve(t *testing.T, address string) *host {
	t.Helper()
	h := &host{}
	var err error
	h.server, err = Listen(address, "hello\n", func(text string) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.warned = append(h.warned, text)
	})
	if err != nil {
		t.Fatal(err)
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		e, err := interp.New(interp.Options{Stdlib: os.DirFS("../../../stdlib")})
		if err != nil {
			t.Error(err)
			return
		}
		h.server.Start(e)
		e.Idle(func(func(func())) { <-end })
		h.server.Close()
		e.Close()
	}()
	h.stop = sync.OnceFunc(func() {
		close(end)
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			t.Error("the server does not end")
		}
	})
	t.Cleanup(h.stop)
	return h
}

// client is the other end of a connection.
type client struct {
	t *testing.T
	c net.Conn
}

func (h *host) connect(t *testing.T) *client {
	t.Helper()
	network := "tcp"
	if strings.Contains(h.server.Address(), "/") {
		network = "unix"
	}
	c, err := net.Dial(network, h.server.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &client{t, c}
}

// expect reads up to a text and returns what came before.
func (c *client) expect(text string) string {
	c.t.Helper()
	c.c.SetReadDeadline(time.Now().Add(20 * time.Second))
	var b strings.Builder
	var one [1]byte
	for !strings.HasSuffix(b.String(), text) {
		if _, err := c.c.Read(one[:]); err != nil {
			c.t.Fatalf("%q does not come, only %q: %v", text, b.String(), err)
		}
		b.Write(one[:])
	}
	return strings.TrimSuffix(b.String(), text)
}

func (c *client) send(text string) { io.WriteString(c.c, text) }

const clientPrompt = "scheme@(guile-user)> "

// TestServer lets two clients talk at the same time: each has its module, its
// values and its ports.
func TestServer(t *testing.T) {
	h := serve(t, "0")
	a, b := h.connect(t), h.connect(t)
	if got := a.expect(clientPrompt); got != "hello\n" {
		t.Errorf("the banner is %q", got)
	}
	b.expect(clientPrompt)
	a.send("(define shared 41) (values 1 \"two\")\n")
	a.expect(clientPrompt) // of the second form
	if got := a.expect(clientPrompt); got != "$1 = 1\n$2 = \"two\"\n" {
		t.Errorf("a: %q", got)
	}
	b.send(",m (ice-9 match)\n")
	b.expect("scheme@(ice-9 match)> ")
	b.send("(@@ (guile-user) shared)\n")
	if got := b.expect("scheme@(ice-9 match)> "); got != "$1 = 41\n" {
		t.Errorf("b: %q", got)
	}
	a.send("(list $1 $2)\n")
	if got := a.expect(clientPrompt); got != "$3 = (1 \"two\")\n" {
		t.Errorf("a: %q", got)
	}
	b.send(",m (guile-user)\n")
	b.expect(clientPrompt)
	b.send("(list $1)\n")
	if got := b.expect(clientPrompt); got != "$2 = (41)\n" {
		t.Errorf("b: %q", got)
	}
	a.send("(list $1)\n")
	if got := a.expect(clientPrompt); got != "$4 = (1)\n" {
		t.Errorf("a: %q", got)
	}
	// One that does not end does not keep the other from working.
	b.send("(let loop () (loop))\n")
	a.send("(begin (display \"out\") (newline) (read-line))\na line\n")
	if got := a.expect(clientPrompt); got != "out\n$5 = \"a line\"\n" {
		t.Errorf("a: %q", got)
	}
	b.c.Close()
	a.send("(car 'x)\n")
	if got := a.expect("[1]> "); !strings.Contains(got, "Wrong type argument") || !strings.Contains(got, "Entering a new prompt") {
		t.Errorf("a: %q", got)
	}
	a.send(",q\n")
	a.expect(clientPrompt)
	a.send("(exit)\n")
	if rest, err := io.ReadAll(a.c); err != nil || len(rest) > 0 {
		t.Errorf("after (exit): %q, %v", rest, err)
	}
	// The server lives on.
	h.connect(t).expect(clientPrompt)
	h.stop()
	if _, err := net.Dial("tcp", h.server.Address()); err == nil {
		t.Error("it still listens")
	}
}

// TestServerRefusesHTTP speaks HTTP, at once and bit by bit.
func TestServerRefusesHTTP(t *testing.T) {
	h := serve(t, "0")
	for _, parts := range [][]string{
		{"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n(define broken 1)\n"},
		{"POST /x HT", "TP/1.1\r\n", "\r\n(define broken 1)\n"},
		{"OPTIONS * HTTP/1.0\n(define broken 1)\n"},
	} {
		c := h.connect(t)
		for _, p := range parts {
			c.send(p)
			time.Sleep(150 * time.Millisecond)
		}
		if all, _ := io.ReadAll(c.c); strings.Count(string(all), clientPrompt) > 1 {
			t.Errorf("%q: %q", parts, all)
		}
	}
	c := h.connect(t)
	c.expect(clientPrompt)
	c.send("(defined? 'broken)\n")
	if got := c.expect(clientPrompt); got != "$1 = #f\n" {
		t.Errorf("broken: %q", got)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.warned) != 3 || !strings.Contains(h.warned[0], "HTTP") {
		t.Errorf("warnings: %q", h.warned)
	}
}

// TestServerSocket makes a socket that only its owner reaches, takes over one
// that was left behind, and cleans up.
func TestServerSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	old, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	old.SetUnlinkOnClose(false)
	old.Close()
	h := serve(t, path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := Listen(path, "", nil); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second server: %v", err)
	}
	c := h.connect(t)
	c.expect(clientPrompt)
	c.send("(+ 1 2)\n")
	if got := c.expect(clientPrompt); got != "$1 = 3\n" {
		t.Errorf("%q", got)
	}
	h.stop()
	if _, err := os.Stat(path); err == nil {
		t.Error("the socket is left behind")
	}
	if rest, err := io.ReadAll(c.c); err != nil || len(rest) > 0 {
		t.Errorf("after the end: %q, %v", rest, err)
	}
	for _, bad := range []string{"70000", "-1", "localhost", "::1"} {
		if _, err := Listen(bad, "", nil); err == nil {
			t.Errorf("%s is taken for an address", bad)
		}
	}
}

// TestServerModule starts and stops a server from a program.
func TestServerModule(t *testing.T) {
	e, err := interp.New(interp.Options{Stdlib: os.DirFS("../../../stdlib")})
	if err != nil {
		t.Fatal(err)
	}
	natives, _, stop := Natives(e, "", func(string) {})
	e.Register(Module, natives...)
	defer e.Close()
	defer stop()
	ctx := context.Background()
	if _, err := e.Eval(ctx, `(use-modules (system repl server)) (define x 5)
(define server (make-tcp-server-socket #:port 0))
(define port ((@@ (fruix native repl) server-port) server))
(spawn-server server)`, "test"); err != nil {
		t.Fatal(err)
	}
	v, err := e.Eval(ctx, "port", "test")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.FormatInt(v.Fix(), 10))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := &client{t, conn}
	done := make(chan string)
	go func() {
		c.expect(clientPrompt)
		c.send("(set! x (+ x 1))\n")
		c.expect(clientPrompt)
		c.send("(* 7 x)\n")
		done <- c.expect(clientPrompt)
	}()
	var got string
	e.Idle(func(func(func())) { got = <-done })
	if got != "$1 = 42\n" {
		t.Errorf("%q", got)
	}
	if _, err := e.Eval(ctx, "(stop-server-and-clients!)", "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Eval(ctx, `(make-tcp-server-socket #:host "example.org")`, "test"); err == nil {
		t.Error("a foreign address is taken")
	}
}
