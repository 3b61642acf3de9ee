package publish

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"
)

// TestLanes: who has less gets the next turn, and among equals who has waited longest.
func TestLanes(t *testing.T) {
	l := newLanes(2)
	ctx := t.Context()
	hold := func(whom string) func() {
		_, release, err := l.take(ctx, whom)
		if err != nil {
			t.Fatal(err)
		}
		return release
	}
	first, second := hold("a"), hold("a")
	came := make(chan string)
	releases := map[string]func(){}
	for i, whom := range []string{"a", "a", "b", "c"} {
		go func() {
			_, release, err := l.take(ctx, whom)
			if err != nil {
				t.Error(err)
				return
			}
			name := fmt.Sprint(whom, i)
			releases[name] = release // nobody else looks before it is told
			came <- name
		}()
		for { // they come in this order
			l.mu.Lock()
			n := len(l.waiting)
			l.mu.Unlock()
			if n == i+1 {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	// Who gives up loses nothing for others.
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := l.take(gone, "d"); !errors.Is(err, context.Canceled) {
		t.Errorf("who has gone: %v", err)
	}
	var order []string
	first()
	first() // once
	order = append(order, <-came)
	second()
	order = append(order, <-came)
	for n := range 2 {
		releases[order[n]]()
		order = append(order, <-came)
	}
	if want := []string{"b2", "a0", "c3", "a1"}; !slices.Equal(order, want) {
		t.Errorf("turns %q, want %q", order, want)
	}
	releases["c3"]()
	releases["a1"]()
	if l.free != 2 || len(l.going) != 0 || len(l.holders) != 0 {
		t.Errorf("%d are free, %v", l.free, l.going)
	}
}

// TestEvicted: who has all lanes for long leaves one to somebody who has none.
func TestEvicted(t *testing.T) {
	l := newLanes(2)
	l.patience = time.Millisecond
	take := func(whom string) (context.Context, func()) {
		held, release, err := l.take(t.Context(), whom)
		if err != nil {
			t.Fatal(err)
		}
		return held, release
	}
	first, leave := take("a")
	second, leave2 := take("a")
	go func() {
		<-first.Done()
		leave()
	}()
	_, leave3 := take("b")
	if second.Err() != nil {
		t.Error("both have to leave")
	}
	// Now each has one, and nobody has to.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := l.take(ctx, "c"); !errors.Is(err, context.DeadlineExceeded) || second.Err() != nil {
		t.Errorf("a third: %v, %v", err, second.Err())
	}
	leave2()
	leave3()
}

// fromAfar is a connection that comes from an address.
type fromAfar struct {
	net.Conn
	address string
}

func (f *fromAfar) RemoteAddr() net.Addr { return f }
func (f *fromAfar) Network() string      { return "tcp" }
func (f *fromAfar) String() string       { return f.address }

// TestGate: an address that has all connections leaves some to others, be it in many
// shapes.
func TestGate(t *testing.T) {
	g := newGate(nil, 4)
	var theirs []net.Conn
	come := func(address string) (out *guest) {
		ours, their := net.Pipe()
		theirs = append(theirs, their)
		return g.queue(&guest{Conn: &fromAfar{ours, address}, origin: origin(address), gate: g})
	}
	next := func(want string) net.Conn {
		t.Helper()
		c, err := g.Accept()
		if err != nil || c.RemoteAddr().String() != want {
			t.Fatalf("let in is %v, %v, not %s", c, err, want)
		}
		return c
	}
	for n := range 8 {
		if come(fmt.Sprintf("[2001:db8::%d]:1", n)); n < 4 {
			next(fmt.Sprintf("[2001:db8::%d]:1", n))
		}
	}
	// Nobody else can wait, so that the last of those that do goes.
	if out := come("192.0.2.1:5"); out == nil || out.RemoteAddr().String() != "[2001:db8::7]:1" {
		t.Errorf("out is %v", out)
	}
	mine := next("192.0.2.1:5")
	if n := len(g.guests); n != 4 || g.in["2001:db8::/64"] != 3 {
		t.Errorf("%d are in: %v", n, g.in)
	}
	if _, err := theirs[0].Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the oldest goes on: %v", err)
	}
	come("[::ffff:192.0.2.1]:6")
	next("[::ffff:192.0.2.1]:6")
	// What is fair already stays so: whoever comes waits until somebody leaves.
	come("192.0.2.1:7")
	mine.Close()
	next("192.0.2.1:7")
	g.end(net.ErrClosed)
	if _, err := g.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// served serves h within bounds.
func served(t *testing.T, h http.HandlerFunc, b Bounds) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, h, b) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// connected sends text over a connection of its own.
func connected(t *testing.T, address, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	return c
}

// TestStandStill: nobody holds the server by saying or taking nothing.
func TestStandStill(t *testing.T) {
	ended := make(chan error, 1)
	address := served(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, err := io.ReadAll(r.Body)
			ended <- err
			return
		}
		var err error
		for err == nil {
			_, err = w.Write(make([]byte, 1<<20))
		}
		ended <- err
	}, Bounds{Stall: 30 * time.Millisecond})
	for what, text := range map[string]string{
		"nothing": "", "half a head": "GET / HT", "half a body": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
	} {
		c := connected(t, address, text)
		if _, err := io.ReadAll(c); err != nil {
			t.Errorf("after %s: %v", what, err)
		}
	}
	if err := <-ended; err == nil {
		t.Error("half a body is all of it")
	}
	connected(t, address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if err := <-ended; err == nil {
		t.Error("an answer that nobody takes goes on")
	}
}

// TestConnections: no more are served at a time than there may be. Those over which
// nothing goes on make room.
func TestConnections(t *testing.T) {
	busy, on := make(chan bool), make(chan bool)
	address := served(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/busy" {
			busy <- true
			<-on
		}
	}, Bounds{Connections: 2})
	answered := func(c net.Conn) {
		t.Helper()
		if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
			t.Fatal(err)
		}
	}
	const busyly, quickly = "GET /busy HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	first := connected(t, address, busyly)
	<-busy
	idle := connected(t, address, quickly)
	answered(idle)
	second := connected(t, address, busyly)
	<-busy
	if _, err := io.ReadAll(idle); err != nil {
		t.Errorf("the idle connection: %v", err)
	}
	third := connected(t, address, busyly)
	select {
	case <-busy:
		t.Error("three are served at a time")
	case <-time.After(20 * time.Millisecond):
	}
	on <- true
	answered(first)
	first.Close()
	<-busy
	on <- true
	on <- true
	answered(second)
	answered(third)
}
